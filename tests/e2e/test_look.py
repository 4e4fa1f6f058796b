"""The screen at all its sizes, while it is resized, without a configuration, without a terminal, and what the demo shows."""
import re
import time

from tmux import LABELS, Place, Screen, check, find_rows, run, tap, until

SIZES = ((80, 24), (140, 40), (60, 24), (20, 5), (300, 100))
COUNTS = r"22: .*\d+ ?(print|prt|error|err)\b"
# Sorted by attention: these rows of the demo want a person and stay as they are.
NEEDY = ("voron-05", "mk3-01", "ender-5", "ender-2", "octo-3")


def check_edges(s):
    """Nothing is written into the last cell, no line is longer than the screen."""
    until(lambda: len(s.lines()) == s.rows and len(s.lines()[-1]) < s.cols,
          lambda: str(s.failure("the last cell of the last line is written")), 3)


def check_layout(s):
    cols, rows = s.cols, s.rows
    s.wait_for(COUNTS)
    top = s.lines()[0]
    if cols < 40:
        # The counts and the rows that want a person, the worst first.
        s.wait_for(r"^[ >]!.voron-05")
        check(re.match(r"22: \d+err", top), "the counts begin with the errors", top)
    elif cols < 80:
        s.wait_for(r"^ +NAME +STATE +DONE +LEFT")
        check(top.startswith("printop 22: "), top)
        s.must_not("PROGRESS")
    else:
        s.wait_for(r"^ +NAME +STATE +PROGRESS +LEFT +END +NOZZLE +BED +JOB / REASON")
        check(top.startswith("printop fleet"), top)
    if cols >= 60 and rows >= 24:
        s.wait_for(r"^\S*\?\s?help")
        s.wait_for(r"^.. ?voron-05")                      # the strip, or the first row
    if cols >= 110:
        s.wait_for(r"│ voron-05 .*halted|│ voron-05 .*shutdown")
        s.wait_for(r"^── EVENTS ─")
        s.wait_for(r"!! E-STOP *$")
    if rows >= 40:
        check(len(find_rows(s.text())) == 22, "22 rows", find_rows(s.text()))
        check(find_rows(s.text()).get("cr10-old") == "OFF", find_rows(s.text()))
    check_edges(s)


def demo_states():
    wanted = set(LABELS.values()) - {"?"}
    s = Screen(Place(), "--demo", cols=140, rows=40)
    seen = {}
    texts = {}
    start = time.monotonic()
    with tap.test("the demo shows every state within 10 s"):
        while time.monotonic() - start < 10 and not wanted <= set(seen):
            text = s.text()
            for name, label in find_rows(text).items():
                if label not in seen:
                    seen[label] = "%s after %.1f s" % (name, time.monotonic() - start)
                    texts[label] = (s.row(name) or {"rest": ""})["rest"].split("│")[0].strip()
            time.sleep(0.03)
        check(wanted <= set(seen), "missing: %s" % sorted(wanted - set(seen)), seen, s.text())
    with tap.test("the demo's first frame comes at once, with every printer"):
        check("READY" in seen and float(seen["OFF"].split()[2]) < 2, seen)
    for label, pattern in (("NO NET", "connection refused|no answer"), ("KEY?", "key"), ("BOOT", "starting"),
                           ("HALTED", "Timer too close"), ("ERROR", "Thermal Runaway"), ("CLOSED", "."),
                           ("OFF", "waits for a new hotend")):
        with tap.test("demo: a row with %s says why" % label):
            name = seen[label].split()[0]
            row = s.wait_row(name, re.escape(label), pattern)
            check(row["rest"], row)
    with tap.test("demo: a finished job stands at 100 %, a print has temperatures, time left and an end"):
        s.wait_row("voron-04", "DONE", r"100%")
        s.wait_row("voron-02", "PRINT", r"\d+% +\d+:\d\d +\d\d:\d\d +\d+/\d+ +\d+/\d+ +case_top")
    s.end()


def sizes():
    for cols, rows in SIZES:
        with tap.test("%dx%d" % (cols, rows)):
            s = Screen(Place(), "--demo", cols=cols, rows=rows)
            check_layout(s)
            s.end()
    with tap.test("resized while it runs: every size is laid out anew, the cursor stays on its printer"):
        s = Screen(Place(), "--demo", cols=80, rows=24)
        s.wait_for(COUNTS)
        s.wait_for("ender-2")
        s.go_to("ender-2")
        for cols, rows in ((140, 40), (60, 24), (20, 5), (300, 100), (1, 1), (2, 3), (80, 24)):
            s.resize(cols, rows)
            if cols >= 20:
                s.wait_for(r"^>!.ender-2")
                check_edges(s)
            else:
                s.keys("j", "k")
        s.wait_for(r"^>!.ender-2 +PAUSED")
    with tap.test("a storm of sizes ends with the right picture"):
        for i in range(15):
            s.resize(30 + 9 * i, 10 + 2 * i)
        s.resize(140, 40)
        s.wait_for(r"│ ender-2 ")
        s.wait_for(r"!! E-STOP *$")
        s.must_not("crashed")
        check_edges(s)
    s.end()


def first_run():
    place = Place()
    s = Screen(place, cols=80, rows=24)
    with tap.test("no configuration: how to add a printer, and where"):
        s.wait_for("No printers yet")
        s.wait_for(re.escape(place.conf[-40:]))
        s.wait_for(r'printers = \(')
        s.wait_for("url = ")
        s.wait_for("--demo")
    with tap.test("... r reads the file once it is there"):
        place.configure([{"name": "first", "url": "http://127.0.0.1:9"}])
        s.keys("r")
        s.wait_row("first", r"NO NET|\?")
    s.end()
    place = Place()
    s = Screen(place, cols=80, rows=24)
    with tap.test("... d opens the demo"):
        s.wait_for("No printers yet")
        s.keys("d")
        s.wait_row("voron-02", "PRINT", "%")
    with tap.test("... and Q leaves it"):
        s.keys("Q")
        check(s.status() == 0, "status %d" % s.status())
        s.check_restored()
    s.end()
    for cols, rows in ((140, 40), (60, 24), (20, 5)):
        with tap.test("the first page at %dx%d" % (cols, rows)):
            s = Screen(Place(), cols=cols, rows=rows)
            s.wait_for("No printers yet")
            check_edges(s)
            s.end()


def no_terminal():
    with tap.test("without a terminal and without --no-tui: says so, 2"):
        p = run(Place(), "--demo")
        check(p.returncode == 2, "status %d" % p.returncode)
        check("--no-tui" in p.stderr and not p.stdout, p.stderr, p.stdout)
    with tap.test("an unreadable configuration: says so before the screen opens"):
        place = Place()
        place.write("config/printop/printers.conf", "printers = (\n  { name = \"a\"; ulr = \"x\"; } );\n")
        s = Screen(place)
        check(s.status() == 2, "status %d" % s.status())
        check("printers.conf:2" in s.read("stderr") and "url" in s.read("stderr"), s.read("stderr"))
        s.check_restored()
        s.end()


def many_views():
    s = Screen(Place(), "--demo", cols=80, rows=24)
    with tap.test("digits are views, q and Esc lead back, the fleet stays"):
        s.wait_row("voron-05", "HALTED")
        for key, title in (("2", "voron-05  SHUTDOWN"), ("3", "files on voron-05"), ("6", "printop log"),
                           ("7", "printop transfers"), ("?", "printop help")):
            s.keys(key)
            s.wait_for("^" + title)
            s.keys("1")
            s.wait_for(r"^printop fleet")
        s.keys("6")
        s.wait_for("^printop.*log")
        s.keys("q")
        s.wait_for("^printop fleet")
        s.keys("Enter")
        s.wait_for("^voron-05  SHUTDOWN")
        s.keys("Escape")
        s.wait_for("^printop fleet")
    with tap.test("every view at every size, opened, moved in and left"):
        for cols, rows in SIZES + ((40, 12),):
            s.resize(cols, rows)
            for view in ("2", "3", "6", "7", "?"):
                s.keys("1", view, "j", "PageDown", "G", "g", "k", "Tab", "z", "z")
                time.sleep(0.15)
                check_edges(s)
                s.keys("q")
        s.resize(80, 24)
        s.keys("1")
        s.wait_for("^printop fleet")
        s.wait_row("voron-05", "HALTED")
    s.end()


demo_states()
sizes()
first_run()
no_terminal()
many_views()
tap.end()
