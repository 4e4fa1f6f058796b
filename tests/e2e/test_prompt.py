"""The lines at the bottom and the menus: filter, command, goto, sort, theme; settings, reload, and the keys as they are bound."""
import os
import re
import signal
import time

from tmux import QUICK, Farm, Place, Screen, check, run, tap, until

place = Place()
farm = Farm(place, 5)
NAMES = {"voron_1": "sim-001", "voron_2": "sim-003", "mk3_1": "sim-002", "mk3_2": "sim-004", "ender_1": "sim-005"}
ROWS = farm.config(**NAMES)
for row in ROWS:
    row["tags"] = ["petg", "room-1"] if row["name"].startswith("voron") else ["pla"]
    row["group"] = "left" if row["name"].endswith("1") else "right"
TEXT = QUICK + 'sort = "name";\n'
place.configure(ROWS, TEXT)


def names(s):
    return [m.group(1) for m in re.finditer(r"^[ >].[ *]([a-z]\S+-\d)(?= )", s.text(), re.M)]


def wait_names(s, *wanted):
    until(lambda: names(s) == list(wanted), lambda: str(s.failure("wanted the rows %s, there are %s" % (
        list(wanted), names(s)))))


def filters(s):
    everybody = ("ender-1", "mk3-1", "mk3-2", "voron-1", "voron-2")
    with tap.test("/ filters while it is typed"):
        s.keys("/")
        s.wait_for("^/")
        s.type("vor")
        wait_names(s, "voron-1", "voron-2")
        s.type("on-2")
        wait_names(s, "voron-2")
        s.keys("BSpace", "BSpace")
        wait_names(s, "voron-1", "voron-2")
    with tap.test("... Enter keeps it and the line above names it"):
        s.keys("Enter")
        s.wait_for("^filter: voron")
        wait_names(s, "voron-1", "voron-2")
        s.wait_gone("^/")
    with tap.test("... n and N go from match to match, round the end"):
        s.keys("g")
        s.wait_for("^>..voron-1")
        s.keys("n")
        s.wait_for("^>..voron-2")
        s.keys("n")
        s.wait_for("^>..voron-1")
        s.keys("N")
        s.wait_for("^>..voron-2")
    with tap.test("... Esc takes it away, the cursor stays"):
        s.keys("Escape")
        s.wait_for("^filter: none")
        wait_names(s, *everybody)
        s.wait_for("^>..voron-2")
    with tap.test("... Esc while typing takes it away, too"):
        s.keys("/")
        s.wait_for("^/")
        s.type("mk3")
        wait_names(s, "mk3-1", "mk3-2")
        s.keys("Escape")
        wait_names(s, *everybody)
    for text, wanted in (("tag:petg", ("voron-1", "voron-2")), ("!tag:petg", ("ender-1", "mk3-1", "mk3-2")),
                         ("state:pri", ("mk3-2",)), ("group:left !ender", ("mk3-1", "voron-1")), ("nothing", ())):
        with tap.test("the filter knows selectors: %s" % text):
            s.keys("/")
            s.wait_for("^/")
            s.type(text)
            wait_names(s, *wanted)
            if not wanted:
                s.wait_for("no printer matches")
            s.keys("Escape")
            wait_names(s, *everybody)


def commands(s):
    with tap.test(": completes commands, Tab and Tab"):
        s.keys(":")
        s.wait_for("^:")
        s.type("pau")
        s.keys("Tab")
        s.wait_for("^:pause")
        s.type("tag:")
        s.keys("Tab")
        s.wait_for(r"petg +pla +room-1")
    with tap.test("... and selectors, and shows live what would happen"):
        s.type("pl")
        s.keys("Tab")
        s.wait_for("^:pause tag:pla")
        s.wait_for(r"would pause 1 printer: mk3-2.*2 left out")
    with tap.test("... why it could not"):
        s.keys("C-u")
        s.type("pause mk3-1")
        s.wait_for("mk3-1: .*idle")
        s.keys("C-u")
        s.type("pause mk3-9")
        s.wait_for("no printer 'mk3-9'")
        s.keys("C-u")
        s.type("paws")
        s.wait_for('no command "paws"')
    with tap.test("... Esc and Ctrl-C leave it, nothing has happened"):
        s.keys("Escape")
        s.wait_gone("^:")
        s.keys(":")
        s.wait_for("^:")
        s.type("pause all")
        s.keys("C-c")
        s.wait_gone("^:")
        check(farm.state("sim-004") == "Printing", farm.state("sim-004"))
    with tap.test("... Enter runs it: one printer, no question"):
        s.command("pause state:printing")
        s.wait_row("mk3-2", "PAUSED")
        s.command("resume mk3-2")
        s.wait_row("mk3-2", "PRINT")
    with tap.test("... a broken one says why"):
        s.command("puase all")
        s.wait_for('no command "puase"')
        s.command("set poll_active 0")
        s.wait_for("poll_active")
    with tap.test("... Up recalls, down to what was typed"):
        s.keys(":")
        s.wait_for("^:")
        s.type("res")
        s.keys("Up")
        s.wait_for("^:set poll_active 0")
        s.keys("Up", "Up")
        s.wait_for("^:resume mk3-2")
        s.keys("Down", "Down", "Down")
        s.wait_for("^:res$")
        s.keys("Escape")
        s.wait_gone("^:")
    with tap.test("... readline's keys: C-a C-e C-w C-k, Left, Right"):
        s.keys(":")
        s.wait_for("^:")
        s.type("alpha beta")
        s.keys("C-a")
        s.type("x")
        s.wait_for("^:xalpha beta")
        s.keys("C-e", "C-w")
        s.wait_for("^:xalpha *$")
        s.keys("C-a", "Right", "C-k")
        s.wait_for("^:x$")
        s.keys("Escape")
        s.wait_gone("^:")
    with tap.test(":printer NAME opens it, :log, :transfers, :help and :fleet their views"):
        s.command("printer voron-2")
        s.wait_for("^voron-2  ")
        s.command("log")
        s.wait_for("^printop log")
        s.command("transfers")
        s.wait_for("^printop transfers")
        s.command("fleet")
        s.wait_for("^printop fleet")


def history_on_disk():
    with tap.test("the command history is on disk, for the user's eyes only"):
        kept = os.path.join(place.state, "commands")
        with open(kept, encoding="utf-8") as f:
            check("resume mk3-2\n" in f.read(), "not in " + kept)
        check(os.stat(kept).st_mode & 0o077 == 0, "mode %o" % os.stat(kept).st_mode)
    with tap.test("... and the next copy of the program recalls it"):
        s = Screen(place)
        s.wait_row("voron-1", "READY")
        s.keys(":")
        s.wait_for("^:")
        s.keys("Up")
        s.wait_for("^:fleet$")
        s.end()


def moving(s):
    with tap.test("' goes to a printer by the beginning of its name"):
        s.keys("'")
        s.wait_for("^go to:")
        s.type("mk3-2")
        s.keys("Enter")
        s.wait_for("^>..mk3-2")
    with tap.test("... Tab completes, the cursor follows, Esc goes back to where it was"):
        s.keys("'")
        s.wait_for("^go to:")
        s.type("v")
        s.wait_for("^>..voron-1")
        s.keys("Tab")
        s.wait_for("^go to: voron-$")
        s.keys("Escape")
        s.wait_for("^>..mk3-2")
    with tap.test("j k g G, arrows, Home, End, PgUp, PgDn, Ctrl-N, Ctrl-P"):
        for key, name in (("g", "ender-1"), ("j", "mk3-1"), ("Down", "mk3-2"), ("k", "mk3-1"), ("Up", "ender-1"), ("G", "voron-2"),
                          ("Home", "ender-1"), ("End", "voron-2"), ("PPage", "ender-1"), ("NPage", "voron-2"),
                          ("C-p", "voron-1"), ("C-n", "voron-2")):
            s.keys(key)
            s.wait_for("^>..%s" % name)


def sorting(s):
    with tap.test("s opens the orders, Enter takes one"):
        s.keys("s")
        s.wait_for("─ sort by ─")
        for word in ("attention", "name", "state", "left", "progress"):
            s.wait_for(word)
        s.keys("Escape")
        s.wait_gone("─ sort by ─")
        wait_names(s, "ender-1", "mk3-1", "mk3-2", "voron-1", "voron-2")
        s.keys("s")
        s.wait_for("─ sort by ─")
        s.keys("g", "Enter")
        s.wait_for("sort: attention")
        until(lambda: names(s)[0] == "mk3-2", "what prints comes first")
    with tap.test("r turns it round, :sort name sets it"):
        s.command("sort name")
        wait_names(s, "ender-1", "mk3-1", "mk3-2", "voron-1", "voron-2")
        s.keys("r")
        wait_names(s, "voron-2", "voron-1", "mk3-2", "mk3-1", "ender-1")
        s.wait_for("sort: name, reversed")
        s.keys("r")
        wait_names(s, "ender-1", "mk3-1", "mk3-2", "voron-1", "voron-2")


def themes(s):
    with tap.test(":theme previews each while the cursor moves, Esc brings the old one back"):
        s.keys("g")
        s.wait_for("^>..ender-1")
        time.sleep(0.2)
        head = s.colored().split("\n")[0]
        s.command("theme")
        s.wait_for("─ theme ─")
        looks = set()
        for _ in range(6):
            s.keys("j")
            time.sleep(0.15)
            looks.add(s.colored().split("\n")[0])
        check(len(looks) >= 3, "no preview: %d looks" % len(looks), looks)
        s.keys("Escape")
        s.wait_gone("─ theme ─")
        until(lambda: s.colored().split("\n")[0] == head, "the old theme is not back: %r %r" % (
            head, s.colored().split("\n")[0]), 3)
    with tap.test(":theme NAME sets it, an unknown one is named"):
        s.command("theme mono")
        until(lambda: not re.search(r"\x1b\[([0-9;]*;)?[34]8;5", s.colored()), "mono has colours", 3)
        s.command("theme no-such")
        s.wait_for("no-such")
        s.command("theme dark")
        until(lambda: re.search(r"\x1b\[([0-9;]*;)?38;5", s.colored()), "dark has no colours", 3)


def settings(s):
    with tap.test(":set changes a setting at once, and says what it is"):
        s.command("set sort state")
        s.wait_for("sort is state now")
        s.wait_for("sort: state")
        s.command("set sort name")
        s.wait_for("sort: name")
    for line, pattern in (("set sotr name", 'no setting "sotr".*sort'), ("set poll_active 99999", "poll_active.*3600"),
                          ("set mouse perhaps", "mouse"), ("set sort upwards", "sort.*attention"),
                          ("set read_only off", "read_only is decided when printop starts")):
        with tap.test(":%s is refused" % line):
            s.command(line)
            s.wait_for(pattern)
    with tap.test(":set completes names and choices and shows the sentence"):
        s.keys(":")
        s.wait_for("^:")
        s.type("set alert_f")
        s.keys("Tab")
        s.wait_for(r"alert_fail +alert_finish")
        s.type("in")
        s.keys("Tab")
        s.wait_for("^:set alert_finish")
        s.wait_for("alert when a print is finished")
        s.keys("Escape")
        s.wait_gone("^:")


def reloading(s):
    def state():
        return s.row("mk3-2") and s.row("mk3-2")["label"]

    more = ROWS + [{"name": "brand-new", "url": "http://127.0.0.1:9"}]
    for how, act in ((":reload", lambda: s.command("reload")), ("SIGHUP", lambda: os.kill(s.pid(), signal.SIGHUP))):
        with tap.test("%s reads a good file: a new printer comes, the others keep their state" % how):
            place.configure(more, TEXT)
            act()
            s.wait_for("configuration read.*6 printers")
            s.wait_row("brand-new", r"NO NET|\?")
            check(state() == "PRINT", "mk3-2 is %s" % state())
        with tap.test("%s with a broken file keeps the old one and says where and why" % how):
            with open(place.conf, encoding="utf-8") as f:
                good = f.read()
            place.write("config/printop/printers.conf", good.replace('name = "brand-new"', 'nmae = "brand-new"'))
            line = 2 + good[:good.index("brand-new")].count("\n") - 1
            act()
            s.wait_for(r"not reloaded: .*printers\.conf:%d" % line if s.cols > 100 else "not reloaded: ")
            s.wait_row("brand-new", r"NO NET|\?")
            check(state() == "PRINT", "mk3-2 is %s" % state())
        with tap.test("%s takes a printer away" % how):
            place.configure(ROWS, TEXT)
            act()
            s.wait_for("configuration read.*5 printers")
            s.wait_gone("^...brand-new")
    with tap.test("syntax errors have their line, too"):
        place.write("config/printop/printers.conf", TEXT + "printers = (\n  { name = = };\n);\n")
        s.command("reload")
        s.wait_for(r"not reloaded: .*printers\.conf:4")
        place.configure(ROWS, TEXT)
        s.command("reload")
        s.wait_for("configuration read")


def rebinding():
    place.configure(ROWS, TEXT + '''keys = (
  { key = "ctrl-y"; action = "pause"; },
  { key = "P"; action = "none"; },
  { key = "f8"; action = "estop"; },
  { key = "m"; action = "mark"; view = "fleet"; }
);
''')
    s = Screen(place, cols=140, rows=40)
    s.wait_row("mk3-2", "PRINT")
    with tap.test("rebound keys are in the footer, freed ones are not"):
        s.wait_for(r"\^Y pause")
        s.must_not(r"\bP pause")
    with tap.test("... and in the help, from the live bindings"):
        s.keys("?")
        s.wait_for("^printop help")
        s.wait_for(r"\^Y +pause the print")
        s.must_not(r"^.*\bP +pause the print")
        s.keys("q")
        s.wait_for("^printop fleet")
    with tap.test("... and in printop keys"):
        p = run(place, "keys", "--format", "{keys} {action}")
        check(re.search(r"^ctrl-y pause$", p.stdout, re.M), p.stdout)
        check(re.search(r"^f8 !? ?estop$|^! f8 estop$", p.stdout, re.M), p.stdout)
    with tap.test("... they work, the freed key does nothing"):
        s.go_to("mk3-2")
        s.keys("P")
        time.sleep(0.3)
        check(farm.state("sim-004") == "Printing", farm.state("sim-004"))
        s.keys("C-y")
        s.wait_row("mk3-2", "PAUSED")
        s.keys("m")
        s.wait_for("1 marked")
        s.keys("u")
    with tap.test("... an emergency stop on another key asks for that key again"):
        s.go_to("voron-2")
        s.keys("F8")
        s.wait_for(r"Press (F8|!) again")
        s.keys("Escape")
        s.wait_gone("EMERGENCY")
        s.keys("F8")
        s.wait_for("EMERGENCY")
        s.keys("F8")
        s.wait_row("voron-2", "HALTED")
    with tap.test("help lists no key that does not work there"):
        s.keys("?")
        s.wait_for("^printop help: fleet")
        seen = set()
        for _ in range(8):
            seen.update(s.lines())
            s.keys("NPage")
            time.sleep(0.1)
        text = "\n".join(seen)
        check("next printer" not in text, "the printer view's keys are in the fleet's help", text)
        check("mark the row" in text, text)
    s.end()
    with tap.test("a key that must lead out cannot be bound"):
        place.configure(ROWS, TEXT + 'keys = ( { key = "ctrl-c"; action = "estop"; } );\n')
        p = run(place, "--no-tui")
        check(p.returncode == 2 and "ctrl-c" in p.stderr and "printers.conf:3" in p.stderr, p.returncode, p.stderr)
    place.configure(ROWS, TEXT)


farm.scene("sim-004", "printing")
screen = Screen(place, cols=120, rows=24)
screen.wait_row("mk3-2", "PRINT")
filters(screen)
commands(screen)
moving(screen)
sorting(screen)
themes(screen)
settings(screen)
reloading(screen)
with tap.test("Q ends it all with status 0 and a quiet stderr"):
    screen.command("fleet")
    screen.keys("Q")
    check(screen.status() == 0 and screen.read("stderr") == "", screen.status(), screen.read("stderr"))
    screen.check_restored()
history_on_disk()
rebinding()
tap.end()
