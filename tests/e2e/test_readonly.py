"""-r: no key that acts works, and no request but GET and Moonraker's query ever leaves; seen by proxies before the servers."""
import time

from tmux import QUICK, Farm, Place, Proxy, Screen, check, run, tap

place = Place()
farm = Farm(place, 4)
for sim, kind in (("sim-001", "printing"), ("sim-002", "printing"), ("sim-003", "paused"), ("sim-004", "idle")):
    farm.scene(sim, kind)
ROWS = farm.config(mo1="sim-001", oc1="sim-002", mo2="sim-003", oc2="sim-004")
proxies = {}
for row in ROWS:
    proxies[row["name"]] = Proxy(row["url"])
    row["url"] = proxies[row["name"]].url
place.configure(ROWS, QUICK + 'sort = "name";\n')
place.write("x.gcode", "G28\n")
ACTING = "PRXUSCK!"


def nothing_sent():
    for name, p in proxies.items():
        check(not p.changes(), "%s was sent" % name, p.changes())


def screen(title, *args):
    s = Screen(place, *args, cols=110, rows=24)
    s.wait_row("mo1", "PRINT")
    s.wait_row("mo2", "PAUSED")
    with tap.test("%s: the title says so, the footer has no key that acts" % title):
        s.wait_for("^printop fleet.*read-only")
        footer = s.lines()[-1]
        check("pause" not in footer and "E-STOP" not in footer and "help" in footer, footer)
    for view in ("1", "2", "3"):
        for key in ACTING:
            with tap.test("%s: %s in view %s answers read-only" % (title, key, view)):
                s.keys("1")
                s.wait_for("^printop fleet")
                s.command("set poll_idle %d" % (5 + ACTING.index(key)))
                s.wait_for("poll_idle is")              # what the last key said is gone
                s.go_to("mo1" if key in "PX!" else "mo2" if key == "R" else "oc2")
                if view != "1":
                    s.keys(view)
                    s.wait_gone("^printop fleet")
                s.keys(key)
                s.wait_for("read-only")
                s.wait_for("^.{0,3}read-only: no action is sent|read-only: ")
                s.keys("!", "y", "Enter")
                time.sleep(0.1)
                nothing_sent()
    s.home()
    for line in ("pause all", "cancel mo1", "estop all", "start x.gcode -t oc2", "upload %s -t all" % place.path("x.gcode"),
                 "restart mo1", "disconnect oc1", "resume mo2", "connect oc2"):
        with tap.test("%s: :%s answers read-only" % (title, line.replace(place.dir, ""))):
            s.command("set poll_idle 3")
            s.wait_for("poll_idle is")
            s.command(line)
            s.wait_for("^.{0,3}read-only")
            s.keys("y", "Enter")
            time.sleep(0.1)
            nothing_sent()
    with tap.test("%s: it cannot be taken back while it runs" % title):
        s.command("set read_only off")
        s.wait_for("read_only is decided when printop starts")
        s.command("pause mo1")
        s.wait_for("^.{0,3}read-only")
    with tap.test("%s: looking works: help, log, files, filter, marks, refresh" % title):
        for key in ("?", "q", "6", "q", "7", "q", "*", "u", "C-r", "C-l", "s", "Escape", "3"):
            s.keys(key)
            time.sleep(0.1)
        s.wait_for("^files on")
        s.wait_for("GB free")
        s.home()
    with tap.test("%s: after all that only questions have left" % title):
        time.sleep(0.5)
        nothing_sent()
        for name, p in proxies.items():
            check(len(p.log) > 10, "%s was not asked" % name)
        for sim, state in (("sim-001", "printing"), ("sim-002", "Printing"), ("sim-003", "paused"), ("sim-004", "Operational")):
            check(farm.state(sim) == state, "%s is %s" % (sim, farm.state(sim)))
    s.keys("Q")
    check(s.status() == 0, "status %d" % s.status())
    s.end()


def shell():
    for verb in (("pause", "mo1"), ("cancel", "mo1", "--yes"), ("estop", "all", "--yes"), ("upload", place.path("x.gcode"), "-t", "all"),
                 ("start", "hook_50.gcode", "-t", "oc2"), ("restart", "mo1"), ("disconnect", "oc1")):
        with tap.test("printop -r %s: 4, nothing sent" % verb[0]):
            p = run(place, "-r", *verb)
            check(p.returncode == 4 and "read-only" in p.stdout + p.stderr, p.returncode, p.stdout, p.stderr)
            nothing_sent()
    for verb in (("status",), ("files", "mo1", "oc1"), ("check",)):
        with tap.test("printop -r %s works" % verb[0]):
            p = run(place, "-r", *verb)
            check(p.returncode == 0, p.returncode, p.stdout, p.stderr)
            nothing_sent()


screen("-r", "-r")
shell()
place.configure(ROWS, QUICK + 'sort = "name"; read_only = true;\n')
with tap.test("read_only = true in the file does the same"):
    t = Screen(place, cols=110)
    t.wait_row("mo1", "PRINT")
    t.go_to("mo1")
    t.keys("P")
    t.wait_for("^.{0,3}read-only")
    nothing_sent()
    place.configure(ROWS, QUICK + 'sort = "name";\n')
    t.command("reload")                                 # a reload cannot open what was closed
    t.wait_for("configuration read")
    t.keys("P")
    t.wait_for("^.{0,3}read-only")
    nothing_sent()
    t.end()
tap.end()
