"""Events: once in the journal and once to the hooks, however many copies run; the bell, the title, the terminal's message."""
import json
import os
import re
import signal
import subprocess
import time

from tmux import QUICK, Farm, Place, Pty, Screen, Server, check, program, tap, until

place = Place()
farm = Farm(place, 6)
NAMES = ["sim-%03d" % i for i in range(1, 7)]
HOOKS = place.path("hooks.jsonl")
TEXT = QUICK + 'sort = "name";\n'
# One write a line: several may run at once.
HOOK = place.write("hook.sh", "x=$(cat)\nprintf '%%s\\n' \"$x\" >>%s\n" % HOOKS)
HOOK_TEXT = 'hooks = ( { on = [ "all" ]; run = [ "sh", "%s" ]; timeout = 5; } );\n' % HOOK


def hooks():
    try:
        with open(HOOKS, encoding="utf-8") as f:
            return [json.loads(line) for line in f.read().split("\n") if line.strip()]
    except FileNotFoundError:
        return []


def count(kind, printer, since):
    return len([e for e in place.journal()[since:] if e.get("event") == kind and e.get("printer") == printer])


def two_copies():
    for sim in NAMES:
        farm.scene(sim, "printing")
    place.configure(farm.config(), TEXT + HOOK_TEXT)
    a, b = Screen(place, cols=100, rows=30), Screen(place, cols=100, rows=30)
    for s in (a, b):
        for sim in NAMES:
            s.wait_row(sim, "PRINT")
    time.sleep(0.3)
    start, hooked = len(place.journal()), len(hooks())
    with tap.test("nothing happened before the first look: no events for printers that print already"):
        check(not [e for e in place.journal() if e.get("event") in ("started", "finished", "failed")], place.journal())
    steps = (("sim-001", "complete", "finished", "DONE"), ("sim-002", "thermal", "failed", "ERROR"),
             ("sim-003", "paused", "paused", "PAUSED"), ("sim-004", "refuse", "offline", "NO NET"),
             ("sim-005", "cancelled", "cancelled", "CANCLD"), ("sim-006", "unauthorized", "refused", r"KEY\?"))
    for sim, kind, event, label in steps:
        farm.scene(sim, kind)
    for s in (a, b):
        for sim, kind, event, label in steps:
            s.wait_row(sim, label)
    time.sleep(0.3)
    for sim, kind, event, label in steps:
        with tap.test("two copies, one journal: %s of %s is there once" % (event, sim)):
            until(lambda: count(event, sim, start), lambda: "no %s; %s" % (event, place.journal()[start:]))
            check(count(event, sim, start) == 1, "%d times" % count(event, sim, start), place.journal()[start:])
        with tap.test("... and its hook has run once, with JSON on stdin"):
            until(lambda: [h for h in hooks()[hooked:] if h["event"] == event], "no hook")
            got = [h for h in hooks()[hooked:] if h["event"] == event and h["printer"]["name"] == sim]
            check(len(got) == 1, "%d times" % len(got), hooks())
            check(got[0]["text"] and got[0]["at"] > 1e9 and got[0]["printer"]["state"], got[0])
    with tap.test("... both screens show it in their event lines"):
        for s in (a, b):
            s.wait_for(r"\d\d:\d\d \S* ?.*sim-00[1-6] .*(finished|cancelled|Runaway|refused|paused|no answer|connection|key)")
    first_pids = a.pid()
    start, hooked = len(place.journal()), len(hooks())
    with tap.test("the copy that records is killed: the other one goes on, again once each"):
        os.kill(first_pids, signal.SIGKILL)
        a.status()
        again = ("sim-001", "sim-002", "sim-005")
        for sim in again:
            farm.scene(sim, "printing")
        for sim in again:
            b.wait_row(sim, "PRINT")
        for sim in again:
            until(lambda name=sim: count("started", name, start), lambda: "no event; %s" % place.journal()[start:])
        time.sleep(0.3)
        for sim in again:
            check(count("started", sim, start) == 1, "%d times" % count("started", sim, start), place.journal()[start:])
            got = [h for h in hooks()[hooked:] if h["event"] == "started" and h["printer"]["name"] == sim]
            check(len(got) == 1, "hook: %d times" % len(got))
    a.end()
    with tap.test("many copies write actions at once: no torn line, every action once"):
        start = len(place.journal())
        farm.scene("sim-003", "printing")
        jobs = [subprocess.Popen([program(), *args], env=place.env(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
                for args in (("pause", "sim-001"), ("pause", "sim-003"), ("cancel", "sim-002", "--yes"),
                             ("files", "sim-001"), ("upload", place.write("y.gcode", "G28\n" * 5000), "-t", "sim-001,sim-003,sim-005"))]
        for job in jobs:
            job.wait(30)
        until(lambda: len([e for e in place.journal()[start:] if e["kind"] == "action" and e["phase"] != "sent"]) >= 6,
              lambda: "actions: %s" % place.journal()[start:])
        seen = {}
        for e in place.journal()[start:]:
            if e["kind"] == "action":
                key = (e["action"], e["printer"], e["phase"] == "sent")
                seen[key] = seen.get(key, 0) + 1
        check(all(n == 1 for n in seen.values()), seen)
        check(("pause", "sim-001", False) in seen and ("upload", "sim-005", True) in seen, seen)
    with tap.test("a hook that never ends is stopped at its time limit, the program goes on"):
        place.configure(farm.config(), TEXT + 'hooks = ( { on = [ "started" ]; run = [ "sh", "-c", "sleep 60" ]; timeout = 1; } );\n')
        b.command("reload")
        b.wait_for("configuration read")
        farm.scene("sim-002", "idle")
        b.wait_row("sim-002", "READY|CANCLD")
        farm.scene("sim-002", "printing")
        b.wait_row("sim-002", "PRINT")
        b.keys("6")
        b.wait_for("hook sh was stopped after 1 s")
        b.keys("1")
    with tap.test("a hook that is not there or fails is told, too"):
        b.home()
        place.configure(farm.config(), TEXT + 'hooks = ( { on = [ "cancelled" ]; run = [ "sh", "-c", "exit 3" ]; } );\n')
        b.command("reload")
        b.wait_for("configuration read")
        farm.scene("sim-002", "cancelled")
        b.wait_row("sim-002", "CANCLD|READY")
        b.keys("6")
        b.wait_for("hook sh ended with status 3")
    b.end()


def bells():
    rung = place.path("bells")
    Server.call("set-hook", "-g", "alert-bell", "run-shell 'echo >>%s'" % rung)

    def n():
        return os.path.getsize(rung) if os.path.exists(rung) else 0

    for sim in NAMES:
        farm.scene(sim, "printing")
    place.configure(farm.config(), TEXT)
    s = Screen(place, cols=100, rows=30)
    for sim in NAMES:
        s.wait_row(sim, "PRINT")
    with tap.test("the window title has the counts"):
        until(lambda: s.flag("pane_title") == "printop: 6 printing", lambda: s.flag("pane_title"))
    for sim, kind, label in (("sim-001", "complete", "DONE"), ("sim-002", "thermal", "ERROR"), ("sim-003", "paused", "PAUSED"),
                             ("sim-004", "refuse", "NO NET")):
        with tap.test("%s rings the bell" % kind):
            before = n()
            farm.scene(sim, kind)
            s.wait_row(sim, label)
            until(lambda: n() > before, "no bell for " + kind)
    with tap.test("... and is in the title"):
        until(lambda: re.match(r"printop: 2 printing, [34] needs? you$", s.flag("pane_title")), lambda: s.flag("pane_title"))
    with tap.test("a cancel does not ring"):
        before = n()
        farm.scene("sim-005", "cancelled")
        s.wait_row("sim-005", "CANCLD")
        time.sleep(0.3)
        check(n() == before, "it rings")
    with tap.test("` goes to the printer of the latest alarm, . takes it away"):
        s.wait_for(r"\(` jumps, \. hides\)")
        s.go_to("sim-001")
        s.keys("`")
        s.wait_for("^>..sim-004")
        for _ in range(8):
            s.keys(".")
        s.wait_gone(r"\(` jumps")
        s.keys("`")
        s.wait_for("no alarm")
    for setting, sim, kind, label in (("alert_finish", "sim-005", "complete", "DONE"), ("alert_fail", "sim-005", "thermal", "HALTED|ERROR"),
                                      ("alert_pause", "sim-005", "paused", "PAUSED"), ("bell", "sim-005", "paused", "PAUSED")):
        with tap.test(":set %s off: no bell" % setting):
            farm.scene(sim, "printing")
            s.wait_row(sim, "PRINT")
            s.command("set %s off" % setting)
            s.wait_for("%s is (off|false)" % setting)
            if setting == "bell":
                s.command("set alert_pause on")
                s.wait_for("alert_pause is (on|true)")
            before = n()
            farm.scene(sim, kind)
            s.wait_row(sim, label)
            time.sleep(0.4)
            check(n() == before, "it rings")
    s.end()
    Server.call("set-hook", "-gu", "alert-bell")


def messages():
    for notify, wanted in (("osc9", rb"\033\]9;printop: sim-001 [^\a\033]*finished[^\a]*\a"),
                           ("osc777", rb"\033\]777;notify;printop;sim-001 [^\a\033]*finished[^\a]*\a")):
        with tap.test("notify = %s: a message through the terminal" % notify):
            farm.scene("sim-001", "printing")
            place.configure(farm.config(["sim-001"]), TEXT + 'notify = "%s";\n' % notify)
            p = Pty(place, cols=80, rows=24, TERM="xterm-256color")
            p.wait_for(rb"PRINT")
            p.quiet(0.3, 3)
            farm.scene("sim-001", "complete")
            try:
                p.wait_for(wanted)
                check(b"\a" in re.sub(rb"\033\][^\a\033]*\a", b"", p.out), "no bell beside it")
            finally:
                p.end()
    with tap.test('title = false, notify = "off", bell = false: nothing of the kind leaves'):
        farm.scene("sim-001", "printing")
        place.configure(farm.config(["sim-001"]), TEXT + 'notify = "off"; title = false; bell = false;\n')
        p = Pty(place, cols=80, rows=24, TERM="xterm-256color")
        p.wait_for(rb"PRINT")
        farm.scene("sim-001", "complete")
        p.wait_for(rb"DONE")
        p.quiet(0.3, 3)
        p.end()
        check(b"\a" not in p.out and b"\033]" not in p.out, re.findall(rb"\033\][^\a]*\a", p.out))


two_copies()
farm.end()
os.unlink(place.path("farm.conf"))
farm = Farm(place, 6)
bells()
messages()
tap.end()
