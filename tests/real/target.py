"""A printer under test and the ways to look at it: its server's own word, `--json`, the row on the screen."""
import json
import os
import re
import signal

import servers
from harness import until

READY = {"idle", "complete", "cancelled", "failed"}
WORKING = {"printing", "preparing"}


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
