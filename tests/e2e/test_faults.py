"""Every fault of the simulated servers: what its row says, that nothing of it reaches the terminal, and that keys stay quick."""
import os
import re
import statistics
import time

from tmux import QUICK, Farm, Place, Pty, Screen, check, find_rows, run, tap, until

# What the row of a Moonraker and of an OctoPrint says: state, and the reason behind it. The fault is there from the beginning.
FAULTS = (
    ("refuse", ("NO NET", "connection refused"), ("NO NET", "connection refused")),
    ("hang", ("NO NET", "no answer in time"), ("NO NET", "no answer in time")),
    ("drip", ("NO NET", "no answer in time"), ("NO NET", "no answer in time")),
    ("reset", ("NO NET", "connection cut"), ("NO NET|BOOT", "connection cut")),
    ("empty", ("NO NET", "closed without an answer"), ("NO NET", "closed without an answer")),
    ("unauthorized", ("KEY?", "401.*key"), ("KEY?", "403.*key")),
    ("http401", ("KEY?", "401"), ("KEY?", "401")),
    ("http403", ("KEY?|?", "403"), ("KEY?", "403")),
    ("http500", ("?", "500"), ("?", "500")),
    ("proxy502", ("NO NET", "502.*proxy"), ("NO NET", "502.*proxy")),
    ("redirect", ("?|NO NET", "302: a redirection"), ("?|NO NET", "302: a redirection")),
    ("spa", ("NO NET|?", "web page"), ("NO NET|?", "web page")),
    ("garbage", ("?", "not JSON"), ("?", "not JSON")),
    ("truncated", ("?", "not JSON"), ("?", "not JSON")),
    ("huge", ("?", "too big"), ("?", "too big")),
    ("types", ("?", "state"), ("?", "state")),
    ("starting", ("BOOT", "klippy is starting"), ("BOOT", "starting: no HTTP yet")),
    ("klippy-hang", ("CLOSED", "Klippy does not answer"), None),
    ("klippy-down", ("CLOSED", "Klippy is not connected"), ("CLOSED", ".")),
    ("disconnected", ("CLOSED", "Klippy is not connected"), ("CLOSED", ".")),
    ("config-error", ("ERROR", r"Option 'pin' in section 'fan' must be"), ("ERROR|CLOSED", ".")),
    ("shutdown", ("HALTED", "klippy shutdown: MCU 'mcu' shutdown: Timer too close"), ("ERROR", "M112")),
    ("thermal", ("HALTED", "Heater extruder not heating"), ("ERROR", "Thermal Runaway")),
    ("connect-fails", ("CLOSED|BOOT|CONN", "."), ("CLOSED|CONN", ".?")),
    ("failed", ("FAILED", "Move out of"), ("CLOSED|READY|ERROR", "")),
    ("nan", ("READY", ""), ("READY", "")),
    ("control", ("READY", ""), ("READY", "")),
    ("clock", ("PRINT", r"\d+%"), ("PRINT", r"\d+%")),
)

place = Place()
farm = Farm(place, 2 * len(FAULTS) + 2)
names = {}
for i, (kind, _, octo) in enumerate(FAULTS):
    names["m_" + kind.replace("-", "_")] = "sim-%03d" % (2 * i + 1)
    if octo:
        names["o_" + kind.replace("-", "_")] = "sim-%03d" % (2 * i + 2)
rows = farm.config(well="sim-%03d" % (2 * len(FAULTS) + 1), **names)
for new, old in names.items():
    farm.scene(old, new[2:].replace("_", "-"))
place.configure(rows, QUICK + 'sort = "name"; bell = false; title = false; notify = "off";\n')


def labels(words):
    """"KEY?|?" as a pattern."""
    return "|".join(re.escape(word) for word in words.split("|"))


def rows_say():
    s = Screen(place, cols=160, rows=100)
    s.wait_row("well", "READY")
    for kind, moon, octo in FAULTS:
        for name, wanted in (("m-" + kind, moon), ("o-" + kind, octo)):
            if not wanted:
                continue
            with tap.test("%s: %s, %s" % (name, wanted[0], wanted[1] or "nothing else")):
                row = s.wait_row(name, labels(wanted[0]), wanted[1])
                if row["label"] not in ("READY", "PRINT", "FAILED"):
                    check(row["sign"] in "~!", "no sign of old values or an alarm", row)
    with tap.test("nothing invented: no nan, no inf, no Infinity, no escape"):
        text = s.text()
        check(not re.search(r"\bnan\b(?!  )|-?\binf\b|Infinity|\^\[|\[31m|\[2J", text.replace("m-nan", "").replace("o-nan", "")), text)
    with tap.test("an answer twice in one reason is no reason"):
        m = re.search(r"HTTP (\d+): HTTP \1", s.text())
        check(not m, m and m.group(0))
    with tap.test("a clock three days ahead: the end of the print is by our own clock"):
        row = s.wait_row("m-clock", "PRINT", r"%")
        check(not re.search(r"%.*\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", row["rest"].split("│")[0]) or
              re.search(r"% +\d\d:", row["rest"]), row)
    with tap.test("faults that come later: the last values stay, dim and with their age"):
        farm.scene(names["m_clock"], "printing")
        s.wait_row("m-clock", "PRINT", r"\d+%")
        farm.scene(names["m_clock"], "garbage")
        s.wait_row("m-clock", "PRINT", r"\d+%.*~\d+ s")
        check(s.row("m-clock")["sign"] == "~", s.row("m-clock"))
    with tap.test("... and a server that goes away takes them with its reason"):
        farm.scene(names["m_clock"], "refuse")
        s.wait_row("m-clock", "NO NET", "connection refused")
    with tap.test("... and all is well again when it comes back"):
        farm.scene(names["m_clock"], "idle")
        s.wait_row("m-clock", "READY")
        check(s.row("m-clock")["sign"] == "", s.row("m-clock"))
    with tap.test("all faults healed at once: every row is ready"):
        for old in names.values():
            farm.scene(old, "idle")

        def ready():
            seen = find_rows(s.text())
            return all(seen.get(new.replace("_", "-")) in ("READY", "DONE", "CANCLD") for new in names)
        until(ready, lambda: str(s.failure("not all are ready")), 20)
    s.keys("Q")
    with tap.test("... and the program ends with status 0"):
        check(s.status() == 0, "status %d" % s.status())
    s.end()


def hostile_bytes():
    for kind in ("control", "garbage", "types", "nan"):
        farm.scene("sim-001", kind)
        farm.scene("sim-002", kind)
        farm.scene("sim-003", "none")
        place.configure(farm.config(mo="sim-001", oc="sim-002", well="sim-003"), QUICK +
                        'bell = false; title = false; notify = "off"; color = "never";\n')
        with tap.test("%s: nothing of it reaches the terminal, in any view" % kind):
            p = Pty(place, cols=120, rows=40, NO_COLOR="1", TERM="xterm-256color")
            p.wait_for(b"well")
            p.quiet(0.6, 5)
            for keys in (b"j", b"2", b"3", b"q", b"q", b"j", b"2", b"3", b"q", b"q", b"6", b"q", b":pause m\t\t", b"\x03"):
                p.send(keys)
                p.quiet(0.2, 2)
            p.end()
            # Without colours the program itself sends none of these.
            for bad in (b"\033[31m", b"\a", "\u202e".encode(), b"\xc2\x9b", b"\x9b2J", b"\0"):
                where = p.out.find(bad)
                check(where < 0, "%r has left" % bad, p.out[max(0, where - 200):where + 50])
            p.out.decode("utf-8")
        with tap.test("%s: the command line, too: no control characters in status and check" % kind):
            for args in (("status",), ("status", "--json"), ("check",), ("files", "mo", "oc")):
                out = run(place, *args, text=False)
                both = out.stdout + out.stderr
                bad = [b for b in both if b < 32 and b not in b"\n\t" or b == 127]
                check(not bad, "%s: control characters %r" % (args, bytes(bad[:10])), both[:500])
                check("\u202e".encode() not in both and b"\xc2\x9b" not in both, "%s: bidi or C1" % (args,))
    for name in ("sim-001", "sim-002"):
        farm.scene(name, "idle")


def quick():
    """100 printers that hang, refuse, drip and send 40 MB: a key is on the screen at once."""
    there = Place()
    bad = Farm(there, 60, "--faults", "hang=15,refuse=10,drip=10,huge=5,garbage=5,reset=5")
    there.configure(bad.config(), QUICK + 'sort = "name"; title = false; bell = false;\n')
    p = Pty(there, cols=80, rows=24)
    p.wait_for(b"sim-010")
    time.sleep(0.3)
    p.quiet(0.05, 2)
    took = []
    with tap.test("keys stay quick beside faults: median < 100 ms, none over 500 ms"):
        for i in range(40):
            p.quiet(0.02, 0.3)
            start = time.monotonic()
            p.send(b"j" if i % 2 == 0 else b"k")
            mark = len(p.out)
            # The cursor's row is drawn anew: its name or sign is in what comes.
            while b">" not in p.out[mark:] and time.monotonic() - start < 2:
                p.read(0.5)
            took.append((time.monotonic() - start) * 1000)
        check(statistics.median(took) < 100, "median %.0f ms" % statistics.median(took), took)
        check(max(took) < 500, "max %.0f ms" % max(took), took)
    print("# key to screen: median %.1f ms, max %.1f ms" % (statistics.median(took), max(took)))
    with tap.test("... and the program ends at once in the middle of it"):
        start = time.monotonic()
        status = p.end()
        check(os.waitstatus_to_exitcode(status) == 143, os.waitstatus_to_exitcode(status))
        check(time.monotonic() - start < 2, "%.1f s" % (time.monotonic() - start))
    bad.end()


rows_say()
hostile_bytes()
quick()
tap.end()
