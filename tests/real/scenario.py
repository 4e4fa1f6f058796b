"""One scenario on real OctoPrint, real Moonraker and the simulated farm, and the faults of the real ones.

Every step is looked at three times: what the server itself says, what `--json` says, and what the row on the full
screen says. Prints TAP. Usage: scenario.py PRINTOP [only-these-targets ...]
"""
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import gcode
import servers
from harness import Program, Screen, Tap, until

FOLDER, NAME = "Größe Ω", "Käse Würfel №1.gcode"
REMOTE = FOLDER + "/" + NAME
READY = {"idle", "complete", "cancelled", "failed"}
WORKING = {"printing", "preparing"}
SETTINGS = "poll_active = 1.0;\npoll_idle = 1.0;\npoll_offline = 2.0;\nstale_after = 8.0;\n"
WRONG_KEY = "0123456789abcdef0123456789abcdef"


class Abandoned(Exception):
    """A step failed on which the next ones stand."""


class Sim:
    """`printop sim` as one more server; its printers come from the printers.conf that it writes."""

    def __init__(self, path, folder, dialect):
        self.path, self.dialect = path, dialect
        self.conf, self.log = os.path.join(folder, "sim.conf"), os.path.join(folder, "sim.log")
        self.first_port = servers.free_ports(1)[0]
        self.port = self.key = self.process = None
        os.makedirs(folder, exist_ok=True)

    def start(self, wait=True):
        self.process = servers.Process([self.path, "sim", "--printers", "1", "--dialect", self.dialect, "--idle",
                                        "--tick", "250", "--seed", "7", "--speed", "2", "--port",
                                        str(self.first_port), "--conf", self.conf], self.log)
        if wait:
            self.wait()

    def wait(self):
        def listed():
            try:
                with open(self.conf, encoding="utf-8") as f:
                    return f.read()
            except OSError:
                return ""
        text = servers.wait_for("the sim's printers.conf", listed, 20)
        for entry in re.findall(r"\{(.*?)\}", text, re.DOTALL):
            value = dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', entry))
            if value.get("dialect") == self.dialect:
                self.port, self.key = int(value["url"].rsplit(":", 1)[1]), value.get("key")
                break
        servers.wait_for("the sim", lambda: truth(self) != {"offline"}, 20)

    def kill_server(self):
        self.process.end(signal.SIGKILL)

    def stop(self):
        if self.process:
            self.process.end(signal.SIGKILL)


# ---- what a server itself says, without printop ------------------------------------------------------

def octoprint_truth(server):
    status, job = servers.http_json(server.port, "/api/job", server.key)
    if status != 200:
        return {"offline", "starting"}
    text = job.get("state", "")
    return {"Offline": {"disconnected"}, "Operational": READY, "Starting": WORKING, "Printing": WORKING,
            "Paused": {"paused"}, "Offline after error": {"error"}, "Error": {"error"}}.get(text, {text.lower()})


def moonraker_truth(server):
    status, reply = servers.http_json(
        server.port, "/printer/objects/query", server.key, "POST",
        {"objects": {"webhooks": ["state"], "print_stats": ["state"]}})
    if status != 200:
        return {"offline", "starting", "disconnected"}
    objects = reply["result"]["status"]
    if objects["webhooks"]["state"] != "ready":
        return {objects["webhooks"]["state"]}
    state = objects["print_stats"]["state"]
    return {"standby": READY, "printing": WORKING, "error": {"failed"}}.get(state, {state})


def truth(server):
    if server.port is None:
        return {"offline"}
    return octoprint_truth(server) if server.dialect == "octoprint" else moonraker_truth(server)


def recover(server):
    """Brings a printer back to where a step can start, without printop."""
    def post(path, body):
        servers.http_json(server.port, path, server.key, "POST", body, timeout=20)

    now = truth(server)
    if now & READY:
        return
    if server.dialect == "octoprint":
        if now & {"disconnected", "error"}:
            post("/api/connection", {"command": "connect"})
        else:
            post("/api/job", {"command": "cancel"})
    elif now & {"shutdown", "error"}:
        post("/printer/firmware_restart", {})
    else:
        post("/printer/print/cancel", {})
    until(lambda: truth(server) & READY, 20)


# ---- one printer --------------------------------------------------------------------------------------

class Printer:
    """A printer under test: its server, its name in printers.conf, and the three ways to look at it."""

    def __init__(self, label, name, server, world):
        self.label, self.name, self.server, self.world = label, name, server, world

    def ok(self, good, step, why=""):
        return self.world.tap.ok(good, "%s: %s" % (self.label, step), why)

    def must(self, good, step, why=""):
        if not self.ok(good, step, why):
            raise Abandoned(step)

    def run(self, *args, **kw):
        return self.world.program.run(*args, **kw)

    def json(self):
        return self.world.program.printer(self.name)

    def row(self):
        return self.world.screen.row(self.name)

    def requests(self):
        """Commands that reached Klippy so far; none where nobody counts them."""
        if not hasattr(self.server, "requests"):
            return []
        with open(self.server.requests, encoding="utf-8") as f:
            return [r["params"].get("script", r["method"]).split(" ")[0] for r in map(json.loads, f)
                    if r["method"].split("/")[0] in ("gcode", "pause_resume", "emergency_stop")
                    and r["method"] != "gcode/subscribe_output"]

    def see(self, step, states, reason=None, limit_s=15):
        """The printer is seen in one of the states, by the tool and on the screen. Its JSON."""
        states = {states} if isinstance(states, str) else states
        seen = {}

        def in_json():
            seen["json"] = self.json()
            return seen["json"].get("state") in states and re.search(reason or "", seen["json"].get("reason") or "")

        def on_screen():
            seen["row"] = self.row()
            return seen["row"][0] in states and re.search(reason or "", seen["row"][1])

        self.must(until(in_json, limit_s), step + ", in --json",
                  "wanted %s %s, saw %s; the server says %s" % (states, reason or "", seen["json"], truth(self.server)))
        if not self.ok(until(on_screen, limit_s), step + ", on the screen",
                       "wanted %s %s, saw %s in\n%s" % (states, reason or "", seen.get("row"),
                                                       self.world.screen.text())):
            return seen["json"]
        return seen["json"]

    def really(self, step, states, limit_s=5):
        """The server itself says so."""
        states = {states} if isinstance(states, str) else states
        self.must(until(lambda: truth(self.server) & states, limit_s), step + ", by the server's own word",
                  "wanted %s, the server says %s" % (states, truth(self.server)))

    def do(self, verb, *args, status=0):
        result = self.run(verb, *args)
        self.must(result.status == status, "%s exits with %d" % (verb, status), result)
        return result

    def refused(self, step, *args):
        """Refused by the state, and nothing was sent."""
        before = self.requests()
        result = self.run(*args)
        self.ok(result.status == 4, step + " is refused: exit 4", result)
        if hasattr(self.server, "requests"):
            self.ok(self.requests() == before, step + ": nothing reached Klippy", self.requests()[len(before):])

    def watch_rising(self, step, from_json, from_row, rise, limit_s=40):
        """A value climbs by at least `rise`, in --json and in the row, and never falls on the way."""
        values = ([], [])

        def climbed():
            for kept, value in zip(values, (from_json(self.json()), from_row(self.row()[1]))):
                if value is not None and (not kept or value != kept[-1]):
                    kept.append(value)
            return all(kept and kept[-1] - kept[0] >= rise for kept in values)

        until(climbed, limit_s)
        for kept, where in zip(values, ("in --json", "on the screen")):
            self.ok(len(kept) > 1 and kept[-1] - kept[0] >= rise and kept == sorted(kept),
                    "%s, %s" % (step, where), "%s\n%s" % (kept, self.world.screen.text()))


def heater_c(printer, name="extruder"):
    found = [h["actual_c"] for h in printer.get("heaters") or [] if h["name"] == name]
    return found[0] if found else None


def row_nozzle_c(rest):
    m = re.search(r"(\d+)/(\d+)", rest)
    return int(m.group(1)) if m else None


def row_percent(rest):
    m = re.search(r"(\d+)%", rest)
    return int(m.group(1)) if m else None


# ---- the scenario -------------------------------------------------------------------------------------

def detect(p):
    found = until(lambda: p.json() if p.json().get("dialect") else None, 20) or {}
    p.must(found.get("dialect") == p.server.dialect, "the dialect is found", found)
    result = p.run("check", p.name)
    p.ok(result.status in (0, 1) and p.server.dialect in result.out.lower() and re.search(r"\d+\.\d+\.\d+", result.out),
         "check says dialect and version", result)


def connect(p):
    if p.json().get("state") != "disconnected":
        p.do("disconnect", p.name)
    p.see("serial port closed", "disconnected")
    p.refused("pause with the port closed", "pause", p.name)
    p.do("connect", p.name)
    p.see("connected", READY)
    p.really("connected", READY)


def upload(p):
    data = gcode.job(seconds=40)
    local = p.world.file(NAME, data)
    p.do("upload", local, "-t", p.name, "--folder", FOLDER)
    if hasattr(p.server, "uploads"):
        p.ok(p.server.read(REMOTE) == data, "the uploaded bytes are the same")
    files = p.world.program.json("files", p.name, "--json")
    found = [f for f in files if f.get("path") == REMOTE]
    p.must(found and found[0]["size_bytes"] == len(data), "files lists the name and its size", files)
    with p.world.screen.keyboard:
        p.world.screen.go_to(p.name)
        p.world.screen.type("f")
        p.ok(until(lambda: FOLDER + "/" in p.world.screen.text(), 8), "the folder is in the files view",
             p.world.screen.text())
        for _ in range(20):
            if re.search(r"^\W*%s/" % FOLDER, p.world.screen.line_at_cursor()):
                break
            p.world.screen.keys("Down")
            time.sleep(0.2)
        p.world.screen.keys("Enter")
        p.ok(until(lambda: NAME in p.world.screen.text(), 8), "the file is in the files view",
             p.world.screen.text())
        p.world.screen.type("1")


def start_and_watch(p):
    p.do("start", REMOTE, "-t", p.name)
    p.really("started", WORKING)
    p.watch_rising("the nozzle heats", heater_c, row_nozzle_c, 8)
    seen = p.see("printing", "printing", limit_s=40)
    p.ok(seen.get("file") == REMOTE, "the job's file is named", seen)
    p.ok(NAME[:8] in p.row()[1], "the job's file is in the row", p.world.screen.text())
    p.watch_rising("progress grows", lambda j: j.get("progress"), row_percent, 0.02)
    p.ok(0 <= (p.json().get("progress") or -1) <= 1, "progress is between 0 and 1", p.json())


def upload_meanwhile(p):
    """While it prints: the same file is in use, another one is stored and not started."""
    result = p.run("upload", p.world.file(NAME, gcode.job(seconds=26)), "-t", p.name, "--folder", FOLDER)
    p.ok(result.status == 4, "the file in print cannot be replaced: exit 4", result)
    data = gcode.job(seconds=3)
    result = p.run("upload", p.world.file("next.gcode", data), "-t", p.name, "--start")
    p.ok(result.status == 4, "upload --start beside a print: exit 4", result)
    files = p.world.program.json("files", p.name, "--json")
    p.ok([f for f in files if f["path"] == "next.gcode" and f["size_bytes"] == len(data)], "but it is stored", files)
    seen = p.see("the print goes on", "printing")
    p.ok(seen.get("file") == REMOTE, "it is still the same job", seen)


def pause_resume_cancel(p):
    p.do("pause", p.name)
    p.really("paused", "paused")
    p.see("paused", "paused")
    p.refused("start while paused", "start", REMOTE, "-t", p.name)
    p.really("still paused", "paused")
    p.do("resume", p.name)
    p.really("resumed", WORKING)
    p.see("resumed", "printing")
    p.do("cancel", p.name)
    p.really("cancelled", READY | {"cancelled"})
    p.see("cancelled", READY)
    for verb in ("resume", "cancel", "pause"):
        p.refused(verb + " without a job", verb, p.name)
    p.ok(p.run("start", "not there.gcode", "-t", p.name).status == 1, "start of a file that is not there: exit 1")
    p.really("still ready", READY | {"cancelled"})


def by_keys(p):
    """A job that is uploaded and started in one go, paused while it heats, resumed and cancelled with keys."""
    local = p.world.file("keys.gcode", gcode.job(seconds=40, nozzle_c=240))
    p.do("upload", local, "-t", p.name, "--start")
    p.really("upload --start prints", WORKING)
    p.see("upload --start prints", WORKING)     # before that the screen would rightly refuse a pause
    p.world.screen.act(p.name, "P")
    p.ok(until(lambda: p.row()[0] == "pausing", 6, 0.1), "P while it heats: the row says that it will pause",
         p.world.screen.text())
    p.really("P pauses when it is hot", "paused", 60)
    p.see("P pauses when it is hot", "paused")
    p.world.screen.act(p.name, "R")
    p.really("R resumes", WORKING, 10)
    p.see("R resumes", "printing")
    p.world.screen.act(p.name, "X", "n")
    time.sleep(1)
    p.really("X and another key leaves it alone", WORKING)
    p.world.screen.act(p.name, "X", "y")
    p.really("X y cancels", READY | {"cancelled"}, 10)
    p.see("X y cancels", READY)


def complete(p):
    local = p.world.file("short.gcode", gcode.job(seconds=6, layers=6, nozzle_c=240))
    p.do("upload", local, "-t", p.name, "--start")
    waited = p.run("wait", p.name, "--state", "complete", "--timeout", "90")
    p.must(waited.status == 0, "wait --state complete", waited)
    seen = p.see("complete", "complete")
    p.ok(seen.get("progress") == 1, "complete: progress is 1", seen)


def emergency_stop(p):
    """While it heats: other commands would wait in the queue now."""
    local = p.world.file("long.gcode", gcode.job(seconds=60, nozzle_c=260))
    p.do("upload", local, "-t", p.name, "--start")
    p.really("heating before the emergency stop", WORKING)
    halted = "shutdown" if p.server.dialect == "moonraker" else "error"
    result = p.do("estop", p.name)
    p.really("emergency stop", halted, 0)
    p.ok(result.seconds < 5, "the emergency stop does not wait", result)
    p.see("emergency stop", halted, reason="webhooks request|emergency stop")
    p.refused("start after the emergency stop", "start", REMOTE, "-t", p.name)
    p.do("restart" if p.server.dialect == "moonraker" else "connect", p.name)
    p.really("usable again", READY)
    p.see("usable again", READY)


def killed(p):
    """The server dies in a print and comes back: offline, perhaps starting, then what is true."""
    p.do("start", "long.gcode", "-t", p.name)
    p.see("printing before the server dies", "printing", limit_s=60)
    p.server.kill_server()
    p.see("the server is killed", "offline", reason="refused|reset|closed", limit_s=20)
    p.ok(p.run("pause", p.name).status == 3, "killed: pause exits with 3")
    time.sleep(2.5)     # long enough for a watch that polls every second to see it, too
    p.server.start(wait=False)
    states, labels = [], []

    def back():
        states.append(p.json().get("state"))
        labels.append(p.row()[0])
        now = truth(p.server)
        return "offline" not in now and states[-1] in now and labels[-1] in now

    until(back, servers.START_LIMIT_S, 0.2)
    p.server.wait()
    now = truth(p.server)
    p.ok(states[-1] in now, "back: --json says what is true", "%s, true is %s" % (states, now))
    p.ok(labels[-1] in now, "back: the screen says what is true", "%s, true is %s" % (labels, now))
    between = now | {"offline", "starting", "disconnected"}
    p.ok(set(states) | set(labels) <= between, "back: nothing untrue on the way", (states, labels))
    if p.label == "octoprint":
        p.ok("starting" in states, "back: seen starting", states)
    if p.label == "moonraker":
        p.ok(now == WORKING, "back: Klippy printed on and the row says so", now)
        p.do("cancel", p.name)
    if p.label == "octoprint":
        p.do("connect", p.name)
        p.see("connected once more", READY)


def sent_once(p):
    """All that changed the printer, as Klippy heard it: nothing twice, nothing unasked."""
    if p.label == "moonraker":
        wanted = {"SDCARD_PRINT_FILE": 5, "pause_resume/pause": 2, "pause_resume/resume": 2, "pause_resume/cancel": 3,
                  "emergency_stop": 1, "FIRMWARE_RESTART": 1}
        heard = dict(collections.Counter(p.requests()))
        p.ok(heard == wanted, "every command was sent once", "wanted %s, heard %s" % (wanted, heard))


STEPS = [detect, connect, upload, start_and_watch, upload_meanwhile, pause_resume_cancel, by_keys, complete,
         emergency_stop, killed, sent_once]


def scenario(p):
    for step in STEPS:
        if step is connect and p.server.dialect != "octoprint":
            continue
        start = time.monotonic()
        try:
            step(p)
        except Abandoned as e:
            p.world.note("%s %s: abandoned at %s" % (p.label, step.__name__, e))
            recover(p.server)
        p.world.note("%s %s: %.1f s" % (p.label, step.__name__, time.monotonic() - start))


# ---- faults of the real servers -----------------------------------------------------------------------

def wrong_keys(world, op, mr):
    for name, label in (("op-badkey", "octoprint"), ("mr-badkey", "moonraker")):
        p = Printer(label + " with a wrong key", name, op.server if label == "octoprint" else mr.server, world)
        p.see("unauthorized", "unauthorized", reason="key")
        p.ok(p.run("pause", name).status == 5, "pause exits with 5", p.run("pause", name))
        result = p.run("upload", world.file("key.gcode", gcode.job()), "-t", name)
        p.ok(result.status == 5, "upload exits with 5", result)
        p.ok(p.run("status", name).status == 5, "status exits with 5", p.run("status", name))


def nobody_there(world):
    p = Printer("nobody there", "nobody", Sim(world.path, world.folder, "octoprint"), world)
    p.see("offline", "offline", reason="connection refused")
    for args in (("pause", "nobody"), ("status", "nobody"), ("files", "nobody"),
                 ("upload", world.file("nobody.gcode", gcode.job()), "-t", "nobody")):
        result = p.run(*args)
        p.ok(result.status == 3, args[0] + " exits with 3", result)


def many_at_once(world, op, mr):
    """Uploads to several, one of which is not there; 30 MB arrive whole; two in one second on one host."""
    data = gcode.big(30 * 1000 * 1000 + 7)
    path = world.file("big Ω.gcode", data)
    result = world.program.run("upload", path, "-t", op.name + "," + mr.name)
    world.tap.ok(result.status == 0, "30 MB to both at once: exit 0", result)
    for p in (op, mr):
        stored = p.server.read("big Ω.gcode")
        p.ok(stored == data, "30 MB arrived unchanged", "%d bytes" % len(stored))
    path = world.file("part.gcode", gcode.job())
    result = world.program.run("upload", path, "-t", mr.name + ",nobody," + op.name)
    world.tap.ok(result.status == 1 and "nobody" in result.out + result.err and "printop upload" in
                 result.out + result.err, "one of three not there: exit 1, its name and how to retry", result)
    for n in range(3):
        data = gcode.job(seconds=20 + n) + gcode.big(2000000)
        result = world.program.run("upload", world.file("same.gcode", data), "-t", mr.name + ",mr3")
        stored = [world.servers[name].read("same.gcode") for name in (mr.name, "mr3")]
        world.tap.ok(result.status == 0 and stored == [data, data], "two Moonrakers on one host in one second", result)


def cold(world, op, mr):
    """One look at a printer that nothing is known of yet has its temperatures."""
    until(lambda: (servers.http_json(op.server.port, "/api/printer", op.server.key)[1] or {}).get("temperature"), 10)
    for p in (op, mr):
        looks = [p.json() for _ in range(5)]
        p.ok(all(heater_c(j) is not None and heater_c(j, "bed") is not None for j in looks),
             "a single status has the temperatures", looks)
    looks = [world.program.json("status", "--json") for _ in range(5)]
    bare = [j["name"] for look in looks for j in look if j["name"] in (op.name, mr.name) and heater_c(j) is None]
    world.tap.ok(all(looks) and not bare, "a status of the whole fleet has the temperatures", bare)


def job_fails(mr):
    local = mr.world.file("bad.gcode", gcode.job(seconds=4, layers=8, nozzle_c=180, bad_line="G1 X9999"))
    mr.do("upload", local, "-t", mr.name, "--start")
    waited = mr.run("wait", mr.name, "--state", "complete", "--fail-on", "failed", "--timeout", "60")
    mr.ok(waited.status == 1, "wait --fail-on failed exits with 1", waited)
    mr.see("a job that fails", "failed", reason="Move out of")


def firmware_stops(op, mr):
    servers.http_json(mr.server.port, "/printer/gcode/script", mr.server.key, "POST",
                      {"script": '_FAULT MSG="Heater bed not heating"'})
    mr.see("Klipper stops", "shutdown", reason="Heater bed not heating")
    mr.do("restart", mr.name)
    mr.see("restarted", READY)
    servers.http_json(op.server.port, "/api/printer/command", op.server.key, "POST",
                      {"command": "!!DEBUG:trigger_fatal_error_marlin"})
    op.see("the firmware stops", "error", reason="[Tt]hermal")
    op.do("connect", op.name)
    op.see("connected again", READY)


def hung_and_dead(mr):
    mr.server.klippy.send_signal(signal.SIGSTOP)
    seen = mr.see("Klippy hangs", {"disconnected", "error", "unknown", "offline", "starting"}, reason="[Kk]lippy|Klipper",
                  limit_s=30)
    mr.ok(seen.get("state") != "offline", "Klippy hangs: the host is not called offline", seen)
    mr.server.klippy.send_signal(signal.SIGCONT)
    mr.see("Klippy goes on", READY, limit_s=30)
    mr.server.process.send_signal(signal.SIGSTOP)
    seen = mr.see("Moonraker hangs", "offline", limit_s=30)
    mr.ok(not re.search("[Kk]lipp", seen.get("reason") or ""), "Moonraker hangs: Klippy is not blamed", seen)
    mr.server.process.send_signal(signal.SIGCONT)
    mr.see("Moonraker goes on", READY, limit_s=30)
    mr.server.klippy.end(signal.SIGKILL)
    mr.see("Klippy is killed", "disconnected", limit_s=20)
    mr.server.start_klippy()
    mr.see("Klippy is back", READY, limit_s=30)


def waiting(world, op, mr):
    start = time.monotonic()
    result = world.program.run("wait", op.name, "--state", "printing", "--timeout", "2")
    world.tap.ok(result.status == 6 and time.monotonic() - start < 10, "wait --timeout exits with 6", result)
    result = world.program.run("wait", op.name, mr.name, "--state", "idle,complete,cancelled,failed", "--timeout", "20")
    world.tap.ok(result.status == 0, "wait for two printers", result)
    servers.http_json(mr.server.port, "/printer/gcode/script", mr.server.key, "POST", {"script": "M140 S45"})
    result = world.program.run("wait", mr.name, "--temp", "bed:>=40", "--timeout", "30")
    world.tap.ok(result.status == 0, "wait --temp", result)
    result = world.program.run("cancel", op.name, mr.name)
    world.tap.ok(result.status == 2, "cancel on two without --yes exits with 2", result)


def read_only(world, mr):
    before = mr.requests()
    p = subprocess.run([world.path, "--config", world.program.conf, "-r", "--no-tui", "estop", mr.name],
                       env=world.program.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                       check=False)
    world.tap.ok(p.returncode == 4 and mr.requests() == before, "-r: nothing is sent", (p, mr.requests()))


def faults(world, op, mr):
    steps = [lambda: cold(world, op, mr), lambda: wrong_keys(world, op, mr), lambda: nobody_there(world), lambda: many_at_once(world, op, mr),
             lambda: waiting(world, op, mr), lambda: read_only(world, mr), lambda: job_fails(mr),
             lambda: firmware_stops(op, mr), lambda: hung_and_dead(mr)]
    for step in steps:
        try:
            step()
        except Abandoned as e:
            world.note("faults: abandoned at %s" % e)
            recover(op.server)
            recover(mr.server)


# ---- what was written down meanwhile ------------------------------------------------------------------

class Watch:
    """`printop watch` beside it all: every change as a JSON line."""

    def __init__(self, world, names):
        self.world, self.names = world, names
        self.path = os.path.join(world.folder, "watch.jsonl")
        with open(self.path, "wb") as out:
            self.child = subprocess.Popen([world.path, "--config", world.program.conf, "watch", "--json", *names],
                                          env=world.program.env, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.DEVNULL)

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
        try:
            return self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return "none"

    def check(self):
        status = self.end()
        self.world.tap.ok(status == 130, "watch ended by SIGINT exits with 130", status)
        states = {name: [] for name in self.names}
        with open(self.path, encoding="utf-8") as f:
            for line in map(json.loads, f):
                kept = states[line["printer"]["name"]]
                kept += [line["printer"]["state"]] if kept[-1:] != [line["printer"]["state"]] else []
        for name, seen in states.items():
            rest = iter(seen)
            wanted = ["printing", "paused", "printing", "complete", "offline"]
            self.world.tap.ok(all(state in rest for state in wanted), "watch: %s went through it all" % name,
                              "wanted %s in this order, saw %s" % (wanted, seen))


def check_journal(world, names):
    """Several copies wrote into one file: whole lines only, and no key in anything that was kept."""
    state = world.program.env["XDG_STATE_HOME"]
    kept = b"".join(servers.read_file(folder, f) for folder, _, files in os.walk(state) for f in files)
    broken = [line for line in servers.read_file(state, "printop/journal.jsonl").split(b"\n")[:-1]
              if not re.fullmatch(rb"\{.*\}", line) or not json.loads(line)]
    world.tap.ok(kept and not broken, "the journal's lines are whole", broken)
    world.tap.ok(not [s for s in world.servers.values() if s.key and s.key.encode() in kept], "no key is kept")
    events = world.program.json("events", "-n", "0", "--json")
    for name in names:
        kinds = {e.get("kind") for e in events if e.get("printer") == name}
        world.tap.ok({"started", "paused", "resumed", "finished", "cancelled", "failed", "offline", "action"} <= kinds,
                     "the journal has all that happened to %s" % name, kinds)


# ---- the world ----------------------------------------------------------------------------------------

class World:
    """Everything that is started, and ended again whatever happens."""

    def __init__(self, path, only):
        self.path, self.only = os.path.abspath(path), only
        self.tap = Tap()
        self.folder = tempfile.mkdtemp(prefix="printop-real-")
        self.began = time.monotonic()
        self.servers, self.screen = {}, None

    def note(self, text):
        print("# %5.1f s  %s" % (time.monotonic() - self.began, text), file=sys.stderr, flush=True)

    def file(self, name, data):
        path = os.path.join(self.folder, "local", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "wb") as f:
            f.write(data)
        os.replace(path + ".new", path)
        return path

    def wanted(self, name):
        return not self.only or name in self.only

    def start(self):
        if self.wanted("octoprint") or self.wanted("moonraker") or self.wanted("faults"):
            servers.install()
            self.note("servers are installed")
        ports = servers.free_ports(6)
        if self.wanted("octoprint"):
            self.servers["op1"] = servers.Octoprint(self.sub("op1"), ports[0], autoconnect=False)
        if self.wanted("moonraker") or self.wanted("faults"):
            self.servers["mr1"] = servers.Moonraker(self.sub("mr1"), ports[1], trusted=False)
        if self.wanted("faults"):
            self.servers["op2"] = servers.Octoprint(self.sub("op2"), ports[2], autoconnect=True)
            self.servers["mr2"] = servers.Moonraker(self.sub("mr2"), ports[3], True, self.sub("tmp"))
            self.servers["mr3"] = servers.Moonraker(self.sub("mr3"), ports[5], True, self.sub("tmp"))
        for dialect in ("octoprint", "moonraker"):
            if self.wanted("sim-" + dialect):
                self.servers["sim-" + dialect[0]] = Sim(self.path, self.sub("sim-" + dialect), dialect)
        for server in self.servers.values():
            server.start(wait=False)
        for server in self.servers.values():
            server.wait()
        self.note("servers are up")
        rows = [servers.conf_printer(n, s.port, None if getattr(s, "trusted", False) else s.key)
                for n, s in self.servers.items()]
        if self.wanted("faults"):
            rows += [servers.conf_printer("op-badkey", ports[2], WRONG_KEY),
                     servers.conf_printer("mr-badkey", ports[1], WRONG_KEY),
                     servers.conf_printer("nobody", ports[4])]
        conf = os.path.join(self.folder, "printers.conf")
        servers.write_conf(conf, rows, SETTINGS)
        self.program = Program(self.path, conf, os.path.join(self.folder, "home"))
        os.makedirs(self.program.env["HOME"])
        self.screen = Screen(self.program)

    def sub(self, name):
        return os.path.join(self.folder, name)

    def end(self):
        if self.screen:
            self.screen.end()
        for server in self.servers.values():
            server.stop()
        if not os.environ.get("PRINTOP_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def thread(self, label, work, *args):
        def run():
            try:
                work(*args)
            except Exception as e:      # a broken test is a failed test, not a lost one
                self.tap.ok(False, "%s: the test itself ran" % label, repr(e))
                raise
        thread = threading.Thread(target=run, name=label, daemon=True)
        thread.start()
        return thread

    def run(self):
        threads, names = [], []
        for label, name in (("octoprint", "op1"), ("moonraker", "mr1"), ("sim-octoprint", "sim-o"),
                            ("sim-moonraker", "sim-m")):
            if self.wanted(label):
                names.append(name)
                threads.append(self.thread(label, scenario, Printer(label, name, self.servers[name], self)))
        if self.wanted("faults"):
            op, mr = (Printer(n, n, self.servers[n], self) for n in ("op2", "mr2"))
            threads.append(self.thread("faults", faults, self, op, mr))
        watch = Watch(self, names) if names else None
        for thread in threads:
            thread.join()
        if watch:
            watch.check()
            check_journal(self, names)


def main():
    world = World(sys.argv[1], sys.argv[2:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        world.start()
        world.run()
    except servers.Failed as e:
        world.tap.ok(False, "the servers start", e)
    finally:
        world.end()
    world.tap.plan()
    sys.exit(1 if world.tap.failed else 0)


if __name__ == "__main__":
    main()
