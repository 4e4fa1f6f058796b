"""The scenario that every server goes through, step by step: OctoPrint, Moonraker and the simulated farm."""
import collections
import re
import time

import gcode
import servers
from harness import until
from target import READY, WORKING, Abandoned, heater_c, recover, row_nozzle_c, row_percent, truth

FOLDER, NAME = "Größe Ω", "Käse Würfel №1.gcode"
REMOTE = FOLDER + "/" + NAME


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
    p.ok(until(lambda: NAME[:8] in p.row()[1], 10), "the job's file is in the row", p.world.screen.text())
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
    p.ok(p.world.screen.act(p.name, "P", until_row="pausing"), "P while it heats: the row says that it will pause",
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
    """Uploaded and started with the dialog of the full screen, and left alone."""
    local = p.world.file("short.gcode", gcode.job(seconds=6, layers=6, nozzle_c=240))
    text = p.world.screen.upload(p.name, local)
    p.must(", started" in text, "the dialog uploads and starts", text)
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
    states, labels = [], ["offline"]

    def back():
        states.append(p.json().get("state"))
        labels.append(p.row()[0] or labels[-1])     # somebody may look at another view
        now = truth(p.server)
        return "offline" not in now and states[-1] in now and labels[-1] in now

    until(back, servers.START_LIMIT_S, 0.2)
    p.server.wait()
    now = truth(p.server)
    p.ok(states[-1] in now, "back: --json says what is true", "%s, true is %s" % (states, now))
    p.ok(labels[-1] in now, "back: the screen says what is true", "%s, true is %s" % (labels, now))
    between = now | {"offline", "starting", "disconnected"}
    p.ok(set(states) | set(labels) <= between, "back: nothing untrue on the way", (states, labels))
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
