"""Terminal types, colours, character sets, the mouse, and what is left of it all when the program is gone."""
import os
import re
import signal
import time

from tmux import QUICK, Farm, Place, Pty, Screen, check, program, tap, until

ESCAPES = rb"\033\[[0-9;?]*[A-Za-z]|\033[()][0AB]|\033[=>78M]|\033\][^\a\033]*(\a|\033\\)|\0337|\0338"
COLOR = r"\033\[([0-9;]*;)?(3[0-7]|9[0-7]|4[0-7]|[34]8;[25];\d+)(;[0-9;]*)?m"


def types():
    for term, utf8, color in (("xterm-256color", True, True), ("screen-256color", True, True), ("tmux-256color", True, True),
                              ("linux", False, True), ("vt100", False, False), ("xterm-mono", True, False)):
        with tap.test("TERM=%s: %s glyphs, %s" % (term, "Unicode" if utf8 else "ASCII", "colours" if color else "no colours")):
            s = Screen(Place(), "--demo", TERM=term)
            s.wait_row("voron-02", "PRINT", r"63%")
            s.wait_row("voron-05", "HALTED", "Timer too close")
            text = s.text()
            check(bool(re.search("[█─]", text)) == utf8, text)
            check(bool(re.search(COLOR, s.colored())) == color, repr(s.colored()[:2000]))
            s.keys("?")
            s.wait_for("^printop.*help")
            s.keys("Q")
            check(s.status() == 0, "status %d" % s.status())
            s.check_restored()
            s.end()
    with tap.test("NO_COLOR: no colours, the words and the cursor tell"):
        s = Screen(Place(), "--demo", TERM="xterm-256color", NO_COLOR="1")
        s.wait_row("voron-02", "PRINT", r"63%")
        check(not re.search(COLOR, s.colored()), repr(s.colored()[:2000]))
        s.wait_for("^>")
        s.end()
    for term, text in (("no-such-terminal", "no-such-terminal"), ("dumb", "dumb")):
        with tap.test("TERM=%s: says so and leaves the terminal alone" % term):
            s = Screen(Place(), "--demo", TERM=term)
            check(s.status() == 2, "status %d" % s.status())
            check(text in s.read("stderr") and "crashed" not in s.read("stderr"), s.read("stderr"))
            s.check_restored()
            s.end()


def bytes_sent():
    for lang in ("C", None):
        with tap.test("LANG=%s: only ASCII bytes leave" % lang):
            p = Pty(Place(), "--demo", LANG=lang, TERM="xterm-256color")
            p.wait_for(rb"voron-02")
            p.wait_for(rb"Zahnr")
            for key in b"?1261 jj*P":
                p.send(bytes([key]))
                p.quiet(0.1, 2)
            p.send(b"\033")
            p.quiet(0.2, 2)
            p.end()
            high = [b for b in p.out if b > 126]
            check(not high, "bytes above 126: %r" % bytes(high[:20]))
            rest = re.sub(ESCAPES, b"", p.out)
            odd = {b for b in rest if b < 32} - set(b"\r\n\b\a\x0e\x0f\t")
            check(not odd, "control characters %r" % odd)
    with tap.test("UTF-8: whole characters, and the file's own name"):
        p = Pty(Place(), "--demo", cols=140, rows=40, TERM="xterm-256color")
        p.wait_for("Zahnräder".encode())
        p.end()
        re.sub(ESCAPES, b"", p.out).decode("utf-8")
    with tap.test("an unchanged screen costs no bytes"):
        place = Place()
        farm = Farm(place, 2)
        place.configure(farm.config(), QUICK + "title = false;\n")
        p = Pty(place)
        p.wait_for(rb"READY")
        p.quiet(1, 6)
        before = len(p.out)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            p.read(0.2)
        p.end()
        farm.end()
        # The clock's minute may turn and a temperature may move by a degree.
        check(len(p.out) - before < 1500, "%d bytes in 2 s: %r" % (len(p.out) - before, p.out[before:before + 500]))


def click(s, y, x=10, button=0):
    for end in "Mm":
        s.raw(b"\033[<%d;%d;%d%s" % (button, x, y, end.encode()))


def line_of(s, name):
    return until(lambda: next((i for i, line in enumerate(s.lines(), 1) if re.match(r"[ >].." + name, line)), 0),
                 "no row of " + name)


def mouse():
    place = Place()
    farm = Farm(place, 40)
    place.configure(farm.config(), QUICK + 'mouse = true; sort = "name";\n')
    s = Screen(place)
    with tap.test("mouse: a click selects"):
        s.wait_row("sim-005", "READY")
        until(lambda: s.flag("mouse_any_flag") == "1", "the mouse is not asked for")
        click(s, line_of(s, "sim-005"))
        s.wait_for("^>..sim-005")
    with tap.test("mouse: the wheel scrolls"):
        s.raw(b"\033[<65;10;8M" * 4)
        until(lambda: not s.row("sim-005") or not s.row("sim-005")["cursor"], "the wheel does not move")
        s.raw(b"\033[<64;10;8M" * 8)
        s.wait_for("^>..sim-001")
    with tap.test("mouse: a double click opens, other buttons do nothing"):
        y = line_of(s, "sim-003")
        click(s, y, button=2)
        click(s, y, button=1)
        click(s, y)
        s.wait_for("^>..sim-003")
        s.raw(b"\033[<0;10;%dM\033[<0;10;%dm\033[<0;10;%dM\033[<0;10;%dm" % (y, y, y, y))
        s.wait_for("^sim-003  IDLE")
        s.keys("Escape")
        s.wait_for("^printop fleet")
    with tap.test("mouse: :set mouse off gives it back"):
        s.command("set mouse off")
        until(lambda: s.flag("mouse_any_flag") == "0", "the mouse is still taken")
        s.command("set mouse on")
        until(lambda: s.flag("mouse_any_flag") == "1", "the mouse is not taken")
        s.keys("Q")
        check(s.status() == 0, "status")
        s.check_restored()
    s.end()
    farm.end()


def ends():
    place = Place()
    farm = Farm(place, 2)
    place.configure(farm.config(), QUICK)
    for signo, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGSEGV, 139), (signal.SIGABRT, 134),
                          (signal.SIGBUS, 135)):
        with tap.test("%s: the terminal is as before, status %d" % (signo.name, status)):
            s = Screen(place)
            s.wait_row("sim-001", "READY")
            check(s.flag("alternate_on") == "1", "no alternate screen")
            os.kill(s.pid(), signo)
            check(s.status() == status, "status %d" % s.status())
            s.check_restored()
            if status in (143, 130):
                check(s.read("stderr") == "", s.read("stderr"))
            s.end()
    with tap.test("SIGSEGV with the mouse on and a dialog open"):
        s = Screen(place)
        s.wait_row("sim-001", "READY")
        s.command("set mouse on")
        until(lambda: s.flag("mouse_any_flag") == "1", "the mouse is not taken")
        s.keys(":")
        s.wait_for("^:")
        os.kill(s.pid(), signal.SIGSEGV)
        check(s.status() == 139, "status %d" % s.status())
        s.check_restored()
        s.end()
    with tap.test("the terminal goes away: the program ends and leaves nothing running"):
        s = Screen(place)
        s.wait_row("sim-001", "READY")
        pid = s.pid()
        s.tmux("kill-session")

        def gone():
            try:
                with open("/proc/%d/stat" % pid, encoding="ascii") as f:
                    return f.read().rsplit(")", 1)[1].split()[0] == "Z"
            except OSError:
                return True
        until(gone, "process %d still runs" % pid)
    with tap.test("Q and q leave with status 0"):
        for key in "Qq":
            s = Screen(place)
            s.wait_row("sim-001", "READY")
            s.keys(key)
            check(s.status() == 0, "status %d" % s.status())
            s.check_restored()
            s.end()
    farm.end()


def suspend():
    place = Place()
    farm = Farm(place, 2)
    place.configure(farm.config(), QUICK)
    shell = Screen(place, argv=["bash", "--norc", "--noprofile", "-i"], PS1="ready$ ")
    with tap.test("Ctrl-Z: back in the shell, the terminal as it was"):
        shell.wait_for(r"^ready\$")
        shell.type("stty -a >%s; %s" % (place.path("before"), program()))
        shell.keys("Enter")
        shell.wait_row("sim-001", "READY")
        shell.keys("C-z")
        shell.wait_for(r"Stopped")
        check(shell.flag("alternate_on") == "0", "the alternate screen is on")
        check(shell.flag("cursor_flag") == "1", "no cursor")
        shell.type("stty -a >%s; echo restored" % place.path("after"))
        shell.keys("Enter")
        shell.wait_for("^restored")
        with open(place.path("before"), encoding="ascii") as a, open(place.path("after"), encoding="ascii") as b:
            # bash' line editor is not at work while a command runs: both are the terminal's own settings.
            check(a.read() == b.read(), "stty -a differs")
    with tap.test("... resized meanwhile, fg: the screen is drawn anew and alive"):
        farm.scene("sim-001", "printing")
        shell.resize(100, 30)
        shell.type("fg")
        shell.keys("Enter")
        shell.wait_row("sim-001", "PRINT")
        until(lambda: shell.flag("alternate_on") == "1", "no alternate screen")
        shell.keys("G")
        shell.wait_for("^>..sim-00.")
        check(len(shell.lines()[0].rstrip()) > 85, "not laid out for 100 columns", shell.lines()[0])
    with tap.test("... SIGTSTP does the same, and the shell gets its status"):
        shell.keys("C-z")
        shell.wait_for(r"Stopped")
        shell.type("fg; echo status $?")
        shell.keys("Enter")
        shell.wait_row("sim-001", "PRINT")
        shell.keys("Q")
        shell.wait_for("^status 0")
    shell.end()
    with tap.test("Ctrl-Z where there is no shell to go back to: says so and goes on"):
        s = Screen(place)
        s.wait_row("sim-002", "READY")
        s.keys("C-z")
        s.wait_for("no shell")
        s.keys("Q")
        check(s.status() == 0, "status")
        s.end()
    farm.end()


types()
bytes_sent()
mouse()
ends()
suspend()
tap.end()
