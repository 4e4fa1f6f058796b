"""Files and the views beside the fleet: upload from the keyboard, files, starting one, the printer, log and transfers."""
import json
import os
import re
import time

from tmux import QUICK, Farm, Place, Proxy, Screen, check, tap, until

place = Place()
farm = Farm(place, 5)
ROWS = farm.config(mo1="sim-001", oc1="sim-002", mo2="sim-003", gone="sim-004", busy="sim-005")
ROWS[0]["notes"] = "## Voron 2.4\n\n- nozzle **0.4 hardened**\n- PETG only\n\nRun `G28` first.\n"
proxy = Proxy(ROWS[0]["url"])
ROWS[0]["url"] = proxy.url
place.configure(ROWS, QUICK + 'sort = "name";\n')
for name, text in (("first.gcode", "G28\nM104 S200\nG1 X1\n" * 300), ("zwei Wörter.gcode", "G28\nG1 X2\n" * 50),
                   ("third.gcode", "G28\n" * 10), ("notes.txt", "no g-code\n"), ("empty.gcode", "")):
    place.write("gcode/" + name, text)
size = {name: os.path.getsize(place.path("gcode", name)) for name in os.listdir(place.path("gcode"))}
farm.scene("sim-004", "refuse")
farm.scene("sim-005", "printing")
s = Screen(place, cols=100, rows=30)


def open_dialog(*names):
    s.home()
    s.keys("u")
    for name in names:
        s.go_to(name)
        if len(names) > 1:
            s.keys("Space")
    s.keys("U")
    s.wait_for("^printop upload")


def type_path(path):
    s.keys("C-e", "C-u")
    s.type(path)
    s.wait_for(re.escape(path[-30:]))


def upload():
    with tap.test("U: the marked printers are ticked, others are there with their state"):
        open_dialog("mo1", "oc1")
        s.wait_for(r"^ \[x\] mo1 +READY +\S.* ok")
        s.wait_for(r"^ \[x\] oc1 +READY +\S.* ok")
        s.wait_for(r"^ \[ \] mo2 +READY")
        s.wait_for(r"^ \[ \] busy +PRINT ")
        s.wait_for(r"^ \[-\] gone +NO NET .*connection refused")
        s.wait_for("2 printers")
    with tap.test("... with the free space of those that tell"):
        s.wait_for(r"^ TO +STATE +FREE +FIT")
        s.wait_for(r"^ \[x\] mo1 +READY +[\d.]+ GB +ok")
        s.wait_for(r"^ \[ \] mo2 +READY +- +ok")
    with tap.test("... Tab completes the path, what it is stands below"):
        type_path(place.path("gcode", "fir"))
        s.wait_for("no such file")
        s.keys("Tab")
        s.wait_for(r"FILE +\S*/gcode/first\.gcode")
        s.wait_for(r"6\.3 kB|6300 B|6\.\d kB")
    with tap.test("... the equivalent command is shown and follows"):
        s.wait_for(r"printop upload \S*/first\.gcode -t mo1,oc1")
        s.keys("Tab", "Down")
        time.sleep(0.2)
    with tap.test("... ticks: Space, *, ~"):
        s.keys("Space")
        s.wait_for("1 printer|3 printers")
        s.keys("*")
        s.wait_for(r"^.\[x\] mo2")
        s.wait_for(r"^.\[x\] busy")
        s.wait_for(r"^.\[-\] gone")
        s.keys("~")
        s.wait_for(r"^.\[ \] mo2")
        s.keys("~")
        s.wait_for(r"^.\[x\] mo2")
    with tap.test("... Enter sends to all that are ticked; the files arrive whole"):
        s.keys("Enter")
        for name in ("mo1", "oc1", "mo2", "busy"):
            s.wait_for(r"%s +.*first\.gcode +.*ok +sent" % name)
        for sim in ("sim-001", "sim-002", "sim-003", "sim-005"):
            check(farm.files(sim).get("first.gcode") == size["first.gcode"], "%s has %s" % (sim, farm.files(sim)))
        s.wait_for("^printop upload")
    with tap.test("... nothing was started by that"):
        check(farm.state("sim-001") == "standby" and farm.state("sim-002") == "Operational", farm.state("sim-001"))
        check(not [b for _, path, b in proxy.changes() if b"start" in b and b"first" in b and b'name="print"' in b
                   and b"true" in b], "print was asked for")
    with tap.test("... Esc leaves; 7 shows the transfers"):
        s.keys("Escape")
        s.wait_for("^printop fleet")
        s.keys("7")
        s.wait_for("^printop transfers: 0 run, 4 ended")
        s.wait_for(r"mo2 +upload +first|mo2 +.*first")
        s.keys("1")
    with tap.test("the file picker: Ctrl-O opens it in the last folder"):
        open_dialog("mo1")
        s.keys("C-u")
        s.keys("C-o")
        s.wait_for(r"first\.gcode")
        s.wait_for(r"zwei Wörter\.gcode")
        s.wait_for("third")
        s.keys("Escape")
        s.wait_for("^printop upload")
        s.wait_gone("third")
    with tap.test("a name with blanks and umlauts, into a folder, started at once"):
        type_path(place.path("gcode", "zwei"))
        s.keys("Tab")
        s.wait_for(r"FILE +\S*gcode/zwei\\? Wörter\.gcode")
        for field in range(6):
            if re.search(r"^>\s?THEN|^>THEN", s.text(), re.M):
                break
            s.keys("Tab")
            time.sleep(0.15)
        s.keys("Space")
        s.wait_for(r"\(o\) start now")
        s.keys("Tab", "Tab")
        time.sleep(0.1)
        s.type("petg/new")
        s.wait_for(r"printop upload .*--folder petg/new .*--start .*-t mo1|printop upload .*--start.*--folder petg/new.*-t mo1|"
                   r"printop upload .*-t mo1.*--folder petg/new")
        s.keys("Enter")
        until(lambda: farm.state("sim-001") == "printing", lambda: str(s.failure("not started: " + farm.state("sim-001"))))
        check(farm.files("sim-001").get("petg/new/zwei Wörter.gcode") == size["zwei Wörter.gcode"], farm.files("sim-001"))
        s.keys("Escape")
        s.home()
        s.wait_row("mo1", "HEAT|PRINT", "zwei")
        check(len([1 for method, path, _ in proxy.changes() if "upload" in path]) == 2, proxy.changes())
    with tap.test("start now on several asks for their number"):
        open_dialog("oc1", "mo2")
        type_path(place.path("gcode", "third.gcode"))
        for field in range(6):
            if re.search(r"^>\s?THEN|^>THEN", s.text(), re.M):
                break
            s.keys("Tab")
            time.sleep(0.15)
        s.keys("Space")
        s.wait_for(r"\(o\) start now")
        s.keys("Enter")
        s.wait_for("Type the number of printers, 2, and Enter")
        s.keys("Escape")
        time.sleep(0.3)
        check("third.gcode" not in farm.files("sim-003") and farm.state("sim-003") == "standby", farm.files("sim-003"))
        s.keys("Enter")
        s.wait_for("Type the number of printers, 2, and Enter")
        s.keys("2", "Enter")
        until(lambda: farm.state("sim-003") == "printing", "sim-003 does not print: " + farm.state("sim-003"))
        until(lambda: farm.state("sim-002") == "Printing", "sim-002 does not print: " + farm.state("sim-002"))
        s.keys("Escape")
    for sim in ("sim-001", "sim-002", "sim-003"):
        farm.scene(sim, "idle")
    s.home()
    s.wait_row("mo1", "READY|DONE|CANCLD")
    with tap.test("no file, a missing one, an empty one, no printer: says so, sends nothing"):
        proxy.log.clear()
        open_dialog("mo1")
        for path, pattern in (("missing.gcode", "no such file"), ("empty.gcode", "empty")):
            type_path(place.path("gcode", path))
            s.keys("Enter")
            s.wait_for(pattern)
        type_path(place.path("gcode", "third.gcode"))
        s.keys("Tab")
        s.keys("Space")
        s.wait_for(r"^ \[ \] mo1|^>\[ \] mo1|^.\[ \] mo1")
        s.keys("Enter")
        s.wait_for("no printer is ticked")
        check(not proxy.changes(), proxy.changes())
        s.keys("Escape")
    with tap.test("a failed upload says why and how to try again; the local file stays"):
        proxy.refuse = 500
        s.home()
        s.go_to("mo1")
        s.command("upload %s" % place.path("gcode", "third.gcode"))
        s.wait_for("FAILED.*500|500.*", 15)
        proxy.refuse = None
        s.keys("7")
        s.wait_for("^printop transfers")
        s.wait_for(r"mo1 +.*third.*FAILED")
        check(os.path.getsize(place.path("gcode", "third.gcode")) == size["third.gcode"], "the local file has changed")
        s.keys("g", "r")
        until(lambda: farm.files("sim-001").get("third.gcode") == size["third.gcode"],
              lambda: str(s.failure("not tried again")))
        s.keys("1")


def slow_upload():
    with tap.test("a big upload: progress and rate, Ctrl-K stops it, nothing is left there"):
        with open(place.path("gcode", "big.gcode"), "wb") as f:
            f.truncate(3 << 30)
        s.home()
        s.go_to("mo2")
        s.command("upload %s" % place.path("gcode", "big.gcode"))
        s.keys("7")
        s.wait_for(r"^printop transfers: 1 run")
        s.wait_for(r"mo2 .*big.*/s")
        s.keys("Q")                                     # asks while one runs
        s.wait_for("upload is still running")
        s.keys("n")
        s.wait_gone("upload is still running")
        s.keys("g", "C-k")
        s.wait_for(r"^printop transfers: 0 run")
        s.wait_for(r"mo2 .*big.*stopped")
        check("big.gcode" not in farm.files("sim-003"), farm.files("sim-003"))
        s.keys("1")
    os.unlink(place.path("gcode", "big.gcode"))


def files():
    with tap.test("3 lists the files with size and time, folders first"):
        s.home()
        s.go_to("mo1")
        s.keys("3")
        s.wait_for("^files on mo1")
        s.wait_for(r"^..calibration/")
        s.wait_for(r"^..petg/")
        s.wait_for(r"first\.gcode +6\.3 kB|first\.gcode +6\.\d kB")
        s.wait_for(r"GB free")
    with tap.test("... / filters, Esc clears"):
        s.keys("/")
        s.wait_for("^/")
        s.type("hook")
        s.keys("Enter")
        s.wait_for("hook_50")
        s.wait_gone(r"first\.gcode")
        s.keys("Escape")
        s.wait_for(r"first\.gcode")
    with tap.test("... Enter opens a folder, Esc or q leads up"):
        s.keys("/")
        s.wait_for("^/")
        s.type("petg")
        s.keys("Enter")
        s.wait_gone(r"first\.gcode")
        s.keys("g", "j", "Enter")
        s.wait_for(r"clip_v2\.gcode")
        s.keys("Escape")
        s.home()
    with tap.test("S starts the chosen file, after a question that names it"):
        s.go_to("mo1")
        proxy.log.clear()
        s.keys("S")
        s.wait_for("^files on mo1")
        s.wait_for(r"first\.gcode")
        s.keys("/")
        s.wait_for("^/")
        s.type("first")
        s.keys("Enter")
        s.wait_for("filter: first")
        s.keys("g", "S")
        s.wait_for("─ start print ─")
        s.wait_for(r"mo1 +first\.gcode")
        s.keys("n")
        s.wait_gone("─ start print ─")
        time.sleep(0.3)
        check(not proxy.changes(), proxy.changes())
        s.keys("S")
        s.wait_for("─ start print ─")
        s.keys("y")
        until(lambda: farm.state("sim-001") == "printing", lambda: str(s.failure("not started")))
        check(len(proxy.changes()) == 1, proxy.changes())
        s.home()
        s.wait_row("mo1", "HEAT|PRINT", "first")
    with tap.test("S on a printer that prints says why not"):
        s.home()
        s.go_to("busy")
        s.command("start first.gcode -t busy")
        s.wait_for(r"busy: .*print")
        s.must_not("y = yes")
    farm.scene("sim-001", "printing")


def printer_view():
    big = Screen(place, cols=140, rows=40)
    with tap.test("Enter opens the printer; the graph is there at once, over 20 minutes"):
        big.wait_row("mo1", "PRINT")
        for name, first in (("mo1", "PRINTING"), ("busy", "PRINTING")):
            big.go_to(name)
            big.keys("Enter")
            big.wait_for("^%s  %s" % (name, first))
            # The server remembers 20 minutes: the curve begins at the left end, and only minutes after the start of the program.
            big.wait_for(r"┤[⠁-⣿]{30,}")
            big.wait_for(r"└.*┬")
            big.keys("Escape")
            big.wait_for("^printop fleet")
    with tap.test("... heaters with power, job with layers and source of the estimate, notes from Markdown"):
        big.go_to("mo1")
        big.keys("Enter")
        big.wait_for(r"nozzle +\d+/\d+ .*%")
        big.wait_for(r"bed +\d+/\d+")
        big.wait_for(r"layer \d+/\d+")
        big.wait_for(r"left \d+:\d\d \(?slicer|left .*slicer")
        big.wait_for(r"^ ?Voron 2\.4")
        big.wait_for(r"[•*-] nozzle 0\.4 hardened")
        big.wait_for(r"Run G28 first")
        big.must_not(r"\*\*|`G28`|## ")
    with tap.test("... no line of it is there twice"):
        lines = [line.split("│")[-1].strip() for line in big.lines()]
        for line in lines:
            check(not re.match("(progress by|layer|elapsed|left|ends)", line) or lines.count(line) == 1, "twice: " + line)
    with tap.test("... ] and [ go to the next and the previous printer"):
        big.keys("]")
        big.wait_for("^(oc1|mo2|gone|busy)  ")
        big.keys("[")
        big.wait_for("^mo1  ")
    with tap.test("... + and - change the span of the graph"):
        big.wait_for("TEMPERATURE  20 min")
        big.keys("-")
        big.wait_for("TEMPERATURE  10 min")
        big.keys("-")
        big.wait_for("TEMPERATURE  5 min")
        big.keys("+", "+")
        big.wait_for("TEMPERATURE  20 min")
        big.keys("+")
        big.wait_for("20 minutes is the longest")
    with tap.test("... z gives a pane the whole screen and back"):
        big.keys("z")
        big.wait_gone("HEATERS")
        big.keys("z")
        big.wait_for("HEATERS")
    with tap.test("... keys that act work on this printer, after the same questions"):
        big.keys("X")
        big.wait_for("─ cancel print ─")
        big.keys("n")
        big.wait_gone("─ cancel print ─")
        big.keys("P")
        big.wait_for("^mo1  PAUSED")
        big.keys("R")
        big.wait_for("^mo1  (PRINTING|PREPARING)")
        big.keys("q")
        big.wait_for("^printop fleet")
    for graph, pattern in (("block", "┤[▁▂▃▄▅▆▇█▀▐▌▖-▟]{30}"), ("ascii", r"┤[.,_~'*:-]{30}")):
        with tap.test("... :set graph %s" % graph):
            big.command("set graph %s" % graph)
            big.go_to("mo1")
            big.keys("Enter")
            big.wait_for(pattern)
            check(not re.search("[⠁-⣿]", big.text()), big.text())
            big.keys("q")
    big.end()


def log_view():
    with tap.test("6 is the log: what happened and what was done, newest first, whole text below"):
        s.home()
        s.keys("6")
        s.wait_for("^printop log")
        s.wait_for(r"mo1 +.*(started|start)")
        s.wait_for(r"first\.gcode")
        s.keys("/")
        s.wait_for("^/")
        s.type("big")
        s.keys("Enter")
        s.wait_for("big")
        s.wait_gone(r"first\.gcode")
        s.keys("Escape")
        s.wait_for(r"first\.gcode")
        s.keys("q")
        s.wait_for("^printop fleet")
    with tap.test("the journal has every action once, with who, what and how it ended"):
        rows = [e for e in place.journal() if e["kind"] == "action"]
        ended = [e for e in rows if e["phase"] != "sent"]
        check(len(ended) >= 8, "too few actions", rows)
        for e in rows:
            check(e["who"] and e["from"].startswith("screen ") and e["action"] and e["at"] > 1e9, e)
        for e in ended:
            check(e["result"], e)
        for phase in (False, True):
            sent = [e["printer"] for e in rows if e["action"] == "upload" and e["name"] == "first.gcode" and
                    (e["phase"] == "sent") == phase]
            check(sorted(sent) == ["busy", "mo1", "mo2", "oc1"], phase, sent)
        check(any("500" in json.dumps(e) for e in ended), "the failed one is missing")


s.wait_row("mo1", "READY")
s.wait_row("gone", "NO NET")
upload()
slow_upload()
files()
printer_view()
log_view()
with tap.test("Q ends with status 0, nothing on stderr"):
    s.home()
    s.keys("Q")
    check(s.status() == 0 and s.read("stderr") == "", s.status(), s.read("stderr"))
tap.end()
