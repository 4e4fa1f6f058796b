"""Keys that act: who is asked what, what reaches a printer and what never does, how it went, and trying again."""
import re
import time

from tmux import LABELS, QUICK, Farm, Place, Proxy, Screen, check, tap, until

place = Place()
farm = Farm(place, 6)
PRINTERS = {"mo1": "sim-001", "oc1": "sim-002", "mo2": "sim-003", "oc2": "sim-004", "mo3": "sim-005", "oc3": "sim-006"}
rows = farm.config(**PRINTERS)
proxies = {}
for row in rows:
    proxies[row["name"]] = Proxy(row["url"])
    row["url"] = proxies[row["name"]].url
place.configure(rows, QUICK + 'sort = "name";\n')
s = Screen(place, cols=100, rows=30)


def put(kind, *names):
    """These printers into this state, and the screen shows it."""
    for name in names or PRINTERS:
        farm.scene(PRINTERS[name], kind)
    for name in names or PRINTERS:
        s.wait_row(name, re.escape(LABELS[kind]))


def forget():
    for p in proxies.values():
        p.log.clear()


def sent():
    """{name: [(method, path, body), ...]} of what would have changed a printer."""
    return {name: p.changes() for name, p in proxies.items() if p.changes()}


def nothing_sent(for_s=0.3):
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        check(not sent(), "a request that changes a printer has left", sent())
        time.sleep(0.05)


def mark(*names):
    s.keys("u")
    s.wait_gone(r"\d+ marked")
    for name in names:
        s.go_to(name)
        s.keys("Space")
    s.wait_for("%d marked" % len(names))


def answer(keys, asked, *wrong):
    """Keys that open a question, then an answer that must be a no."""
    s.keys(*keys)
    s.wait_for(asked)
    s.keys(*wrong)
    s.wait_gone(asked)
    nothing_sent()


def one_printer():
    put("printing")
    forget()
    s.go_to("mo1")
    for wrong in ("n", "Enter", "Escape", "C-c", "q", "Y", "X", "Space", "Q", "1", "Up", "F1"):
        with tap.test("cancel asks; %s is a no and sends nothing" % wrong):
            answer("X", r"─ cancel print ─", wrong)
    with tap.test("... the question names printer, file, per cent, time spent and left"):
        s.keys("X")
        s.wait_for(r"mo1  \S+\.gcode  \d+ %, \d+:\d\d spent, \d+:\d\d left")
        s.wait_for(r"Cancel it\?   y = yes   any other key = no")
    with tap.test("... y cancels, once"):
        s.keys("y")
        s.wait_row("mo1", "CANCLD")
        until(lambda: farm.state("sim-001") == "cancelled", "the server does not say cancelled")
        check(list(sent()) == ["mo1"] and len(sent()["mo1"]) == 1, sent())
        check(b"print.cancel" in sent()["mo1"][0][2] or "print/cancel" in sent()["mo1"][0][1], sent())
    with tap.test("... OctoPrint's the same"):
        forget()
        s.go_to("oc1")
        answer("X", r"─ cancel print ─", "n")
        s.keys("X")
        s.wait_for(r"─ cancel print ─")
        s.keys("y")
        s.wait_row("oc1", r"READY|CANCLD")
        check(list(sent()) == ["oc1"] and [b for _, _, b in sent()["oc1"]] == [sent()["oc1"][0][2]], sent())
        check(b'"cancel"' in sent()["oc1"][0][2], sent())
    for name, verb in (("mo2", b"pause"), ("oc2", b"pause")):
        with tap.test("pause of one asks nothing: %s" % name):
            forget()
            s.go_to(name)
            s.keys("P")
            s.wait_row(name, "PAUSED")
            check(list(sent()) == [name] and len(sent()[name]) == 1 and
                  verb in sent()[name][0][2] + sent()[name][0][1].encode(), sent())
            s.wait_for("%s: paused in " % name)
        with tap.test("resume of one asks nothing: %s" % name):
            forget()
            s.keys("R")
            s.wait_row(name, "PRINT|HEAT")
            check(list(sent()) == [name] and len(sent()[name]) == 1, sent())


def never():
    put("printing")
    forget()
    with tap.test("Ctrl-C touches no printer and does not leave; it says what does"):
        s.keys("C-c")
        s.wait_for(r"Ctrl-C .*Q leaves")
        nothing_sent()
    with tap.test("Ctrl-C and Esc many times, with marks and in every view"):
        mark("mo1", "oc1")
        for view in ("1", "2", "3", "6", "7", "?", ":", "/", "'"):
            s.keys(view)
            time.sleep(0.1)
            s.keys("C-c")
            time.sleep(0.1)
            s.keys("Escape")
            time.sleep(0.1)
        s.home()
        nothing_sent()
        s.wait_row("mo1", "PRINT")
    with tap.test("pasted text is no row of keys"):
        s.home()
        place.write("paste", "PXy!!3\n3\n")
        s.tmux("send-keys", "-l", "\033[200~PXy!!33 Xy\033[201~")
        s.wait_for("pasted text is ignored")
        nothing_sent()
        s.must_not("cancel print")
    with tap.test("lower case only looks: every small letter, digit and sign, marks set"):
        for key in "abcdefghijklmnoprstuvwxyz0123456789+-=[]{}<>,;_@#%^&()|\\\"$":
            s.keys(key)
            time.sleep(0.02)
            s.keys("Escape")
            time.sleep(0.06)
        s.home()
        nothing_sent()
    with tap.test("the fleet is still printing"):
        for name in PRINTERS:
            s.wait_row(name, "PRINT")


def stop():
    put("printing")
    s.keys("u")
    s.go_to("mo3")
    forget()
    for wrong in ("Escape", "C-c", "y", "Enter", "q"):
        with tap.test("emergency stop: ! and then %s sends nothing" % wrong):
            answer("!", r"─ EMERGENCY STOP ─", wrong)
    with tap.test("... the question says what is lost and shows the time that runs out"):
        s.keys("!")
        s.wait_for(r"mo3  heaters and motors off at once, the print is lost")
        s.wait_for(r"Press ! again within 5 s\.  Any other key = no\. +\S+")
        first = s.wait_for(r"any other key = no\. +(\S+)|Any other key = no\. +(\S+)").group(0)
        start = time.monotonic()
        until(lambda: first not in s.text(), "the bar stands still", 3)
    with tap.test("... after 5 s it is gone, and another ! asks anew"):
        s.wait_gone(r"─ EMERGENCY STOP ─", 8)
        check(3 < time.monotonic() - start + 0.5 < 8, "%.1f s" % (time.monotonic() - start))
        nothing_sent()
        s.keys("!")
        s.wait_for(r"─ EMERGENCY STOP ─")
        nothing_sent()
        s.keys("n")
        s.wait_gone(r"─ EMERGENCY STOP ─")
        nothing_sent()
    with tap.test("... ! ! stops this printer and no other"):
        s.keys("!")
        s.wait_for(r"─ EMERGENCY STOP ─")
        s.keys("!")
        s.wait_row("mo3", "HALTED", "shutdown")
        check(list(sent()) == ["mo3"] and len(sent()["mo3"]) == 1, sent())
    with tap.test("... on the marked ones it names them all"):
        forget()
        mark("mo1", "oc1")
        s.keys("!")
        s.wait_for(r"mo1 \d+ % +oc1 \d+ %")
        s.keys("!")
        s.wait_row("mo1", "HALTED")
        s.wait_row("oc1", "ERROR|HALTED|CLOSED")
        check(sorted(sent()) == ["mo1", "oc1"], sent())
        s.wait_for(r"E-STOP 2 printers: 2 ok")
        s.keys("Enter")
        s.wait_gone(r"E-STOP 2 printers")
        s.keys("u")
    with tap.test("... and K restarts the firmware, after a question"):
        forget()
        s.go_to("mo3")
        answer("K", "─ restart firmware ─", "n")
        s.keys("K")
        s.wait_for("─ restart firmware ─")
        s.keys("y")
        s.wait_row("mo3", "READY")
        check(list(sent()) == ["mo3"], sent())
    put("idle")


def several():
    put("printing")
    mark("mo1", "oc1", "mo2")
    forget()
    asked = r"Type the number of printers, 3, and Enter"
    for wrong in (("y",), ("2", "Enter"), ("33", "Enter"), ("Enter",), ("Escape",), ("C-c",), ("3", "Escape"), ("3", "q")):
        with tap.test("several want their number typed: %s is a no" % " ".join(wrong)):
            answer("X", asked, *wrong)
    with tap.test("... pause of several asks as well, resume too"):
        answer("P", r"─ pause 3 prints ─", "y")
        s.keys("P")
        s.wait_for(asked)
        s.wait_for(r"mo1 \d+ % +mo2 \d+ % +oc1 \d+ %|mo1 \d+ % +oc1 \d+ % +mo2 \d+ %")
        s.keys("3", "Enter")
        s.wait_for(r"pause 3 printers: 3 ok")
        for name in ("mo1", "oc1", "mo2"):
            s.wait_for(r"%s +ok +paused in [\d.]+ s" % name)
        check(sorted(sent()) == ["mo1", "mo2", "oc1"], sent())
        s.keys("Enter")
        for name in ("mo1", "oc1", "mo2"):
            s.wait_row(name, "PAUSED")
    with tap.test("... what cannot be is left out of the question and named"):
        forget()
        mark("mo1", "oc1", "oc2")
        s.keys("R")
        s.wait_for(r"Type the number of printers, 2, and Enter")
        s.wait_for(r"left out: oc2: .*print")
        s.keys("2", "Enter")
        s.wait_for(r"resume 2 printers: 2 ok")
        check(sorted(sent()) == ["mo1", "oc1"], sent())
        s.keys("Enter")
        s.wait_gone("resume 2 printers")
        s.keys("u")
    put("idle")


def marks():
    s.keys("u", "g")
    s.wait_for("^>..mo1")
    with tap.test("Space marks and goes down"):
        s.keys("Space", "Space")
        s.wait_for("2 marked")
        s.wait_for("^ .\\*mo1")
        s.wait_for("^ .\\*mo2")
        s.wait_for("^>..mo3")
    with tap.test("~ turns the marks round"):
        s.keys("~")
        s.wait_for("4 marked")
        s.wait_for("^ .[^*]mo1")
        s.wait_for("^>.\\*mo3")
    with tap.test("* marks all that is shown"):
        s.keys("*")
        s.wait_for("6 marked")
        s.keys("u", "/")
        s.wait_for("^/")
        s.type("oc")
        s.keys("Enter")
        s.wait_gone("^.. ?mo1")
        s.keys("*")
        s.wait_for("3 marked")
        s.keys("Escape")
        s.wait_for("^ .[^*]mo1")
        s.wait_for("^ .\\*oc1")
    with tap.test("u takes them away, Space on a marked row as well"):
        s.keys("u")
        s.wait_gone(r"\d+ marked")
        s.go_to("mo1")
        s.keys("Space")
        s.wait_for("1 marked")
        s.keys("k", "Space")
        s.wait_gone(r"\d+ marked")


def forbidden():
    put("idle")
    s.keys("u")
    forget()
    for name, key, why in (("mo1", "P", "idle"), ("oc1", "P", "idle"), ("mo1", "X", "idle"), ("oc1", "X", "idle"),
                           ("mo1", "R", "idle"), ("mo1", "C", "Moonraker|serial"), ("oc1", "K", "Moonraker|OctoPrint")):
        with tap.test("%s on %s, which is idle: says why, sends nothing" % (key, name)):
            s.command("set bell off")       # so that no older line is mistaken for the answer
            s.wait_for("bell is (off|false) now")
            s.go_to(name)
            s.keys(key)
            s.wait_for(r"^.{0,3}%s: .*(%s)" % (name, why))
            s.must_not("y = yes")
            nothing_sent(0.1)
    put("paused", "mo2")
    put("printing", "oc2")
    forget()
    with tap.test("start while paused on Moonraker would kill the job: refused"):
        s.go_to("mo2")
        s.command("start bracket_x12.gcode")
        s.wait_for(r"mo2: .*(paused|print)")
        s.must_not("y = yes")
        nothing_sent(0.2)
    with tap.test("verbs that cannot be are dim in the footer, those that can are not"):
        s.go_to("oc2")
        footer = until(lambda: next((l for l in s.colored().split("\n") if "ause" in l and "esume" in l), None), "no footer")
        styles = {word: re.search(r"\x1b\[([0-9;]*)m" + word, footer) for word in ("P", "R")}
        check(styles["P"] and styles["R"] and styles["P"].group(1) != styles["R"].group(1), repr(footer))
    put("idle")


def results():
    put("printing", "mo1", "oc1", "mo2")
    mark("mo1", "oc1", "mo2")
    proxies["oc1"].refuse = 500
    forget()
    with tap.test("result window: a line a printer, ok and FAILED with the reason"):
        s.keys("P")
        s.wait_for("Type the number")
        s.keys("3", "Enter")
        s.wait_for(r"pause 3 printers: 2 ok, 1 failed")
        s.wait_for(r"oc1 +FAILED +.*500")
        s.wait_for(r"mo1 +ok +paused in")
        s.wait_for(r"r retry the failed")
        check({name: len(log) for name, log in sent().items()} == {"mo1": 1, "oc1": 1, "mo2": 1}, sent())
    with tap.test("... r sends only the failed one again"):
        proxies["oc1"].refuse = None
        forget()
        s.keys("r")
        s.wait_for(r"pause 3 printers: 3 ok")
        check({name: len(log) for name, log in sent().items()} == {"oc1": 1}, sent())
        s.wait_row("oc1", "PAUSED")
        s.keys("r")
        nothing_sent_again = len(sent()["oc1"])
        time.sleep(0.2)
        check(len(sent()["oc1"]) == nothing_sent_again == 1, "r with nothing failed sends", sent())
    with tap.test("... l goes to the log, which has them all"):
        s.keys("l")
        s.wait_for(r"^printop log")
        s.wait_for(r"oc1 .*pause.*500")
        s.wait_for(r"oc1 .*paused in")
        s.wait_for(r"mo2 .*paused in")
        s.keys("1")
    with tap.test("one printer that fails gets the window, too"):
        s.keys("u")
        proxies["mo1"].refuse = 500
        s.go_to("mo1")
        s.keys("R")
        s.wait_for(r"resume 1 printer: 0 ok, 1 failed")
        proxies["mo1"].refuse = None
        s.wait_row("mo1", "PAUSED")
        s.keys("r")
        s.wait_for(r"resume 1 printer: 1 ok")
        s.keys("Enter")
        s.wait_row("mo1", "PRINT|HEAT")
    with tap.test("a command that the server swallows waits and Ctrl-K stops the waiting, sent once"):
        forget()
        proxies["oc1"].swallow = True
        s.go_to("oc1")
        s.command("resume oc1 mo2")
        s.wait_for("Type the number")
        s.keys("2", "Enter")
        s.wait_for(r"resume 2 printers: 1 ok, 1 waits")
        s.wait_for(r"oc1 +waits .*tries until \d\d:\d\d:\d\d")
        s.keys("C-k")
        s.wait_for(r"oc1 +stopped")
        proxies["oc1"].swallow = False
        s.keys("Enter")
        s.wait_gone("resume 2 printers")
        check(len(sent()["oc1"]) == 1, sent())
    put("idle")


s.wait_row("mo1", "READY")
one_printer()
several()
marks()
forbidden()
results()
stop()
never()
with tap.test("after all that the program ends as it should"):
    s.home()
    s.keys("Q")
    check(s.status() == 0, "status %d" % s.status())
    check(s.read("stderr") == "", s.read("stderr"))
    s.check_restored()
tap.end()
