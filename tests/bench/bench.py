#!/usr/bin/env python3
"""Measured figures of printop, each beside its target.

  make bench                        all of them, about eight minutes
  tests/bench/bench.py poll start   only these parts: poll memory idle terminal start keys sweep
                                    upload
  tests/bench/bench.py --tap        the light form of `make test`: what a busy machine cannot change

How it is measured, so that the figures mean the same everywhere:
 - Counts before times, ratios before absolute values. What a poll costs is the difference of two
   run lengths, so start-up falls out. Times are medians, or the best of alternating runs.
 - The yardstick (min_poller.c) is the least that libcurl and cJSON need: it asks the same questions
   over one kept connection and reads the same values. An OctoPrint poll is two requests, a
   Moonraker poll is one.
 - Answers come through a relay that holds each of them back for some ms as a real server does:
   else it would matter who of client and server is quicker today. System calls are also counted
   without it.
 - The servers are `printop sim`. The screen runs in a pseudo terminal of 140 columns and 40 rows
   whose bytes are counted.
 - Anonymous memory is smaps_rollup's: what is the program's own. CPU seconds are schedstat's,
   wake-ups are voluntary context switches.
 - Start, key to cell and upload run with real-time priority where that is allowed, or the rest of a
   busy machine would be measured.
 - Key to cell: from the write of a key to the byte that shows it, at the `:` prompt.
 - A sweep ends when the last living printer has answered; both runs wait for the same printers.
 - Upload: the time that 800 MB more cost, so that start-up and the proof afterwards fall out.
"""
import fcntl
import json
import os
import pty
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("B", "build"))
PRINTOP = os.path.join(BUILD, "printop")
TAP = "--tap" in sys.argv

# ---- results ----

failures = 0
count = 0


def row(what, value, unit="", most=None, least=None):
    """One figure beside its target."""
    global failures, count
    count += 1
    good = (most is None or value <= most) and (least is None or value >= least)
    target = f"at most {most:g}" if most is not None else ""
    target = f"at least {least:g}" if least is not None else target
    failures += not good
    shown = f"{value:.3f}" if isinstance(value, float) and abs(value) < 10 else f"{value:.0f}"
    if TAP:
        print(f"{'ok' if good else 'not ok'} {count} - {what}: {shown} {unit} {target}", flush=True)
    else:
        verdict = "" if not target else "ok" if good else "MISSED"
        print(f"  {what:<54} {shown:>8} {unit:<6} {target:<16} {verdict}", flush=True)


def note(text):
    print(f"# {text}" if TAP else f"\n{text}", flush=True)


# ---- programs ----

tmp = tempfile.TemporaryDirectory(prefix="printop-bench-")


def path(name):
    return os.path.join(tmp.name, name)


def program(name):
    """One of tests/bench, built with the flags of the rest."""
    out = os.path.join(BUILD, "tests/bench", name)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    subprocess.run(["make", "-s", "-C", TOP, "B=" + os.environ.get("B", "build"),
                    os.path.join(os.environ.get("B", "build"), "tests/bench", name)],
                   check=True, env=env, stdout=sys.stderr)
    return out


def environment():
    return {"PATH": os.environ["PATH"], "HOME": tmp.name, "XDG_STATE_HOME": path("state"),
            "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}


class Farm:
    """`printop sim` with all printers in one state."""

    def __init__(self, printers, scene="printing"):
        self.conf = tempfile.mktemp(suffix=".conf", dir=tmp.name)
        state = ["--idle"] if scene == "idle" else ["--faults", f"{scene}={printers}"]
        self.process = subprocess.Popen(
            [PRINTOP, "sim", "--printers", str(printers), "--seed", "5", "--conf", self.conf] +
            state, env=environment(), stdout=subprocess.DEVNULL)
        text = self._wait()
        self.rows = re.findall(r"\{ name = .*?\}", text)
        self.names = re.findall(r'name = "([^"]*)"', text)
        self.urls = re.findall(r'url = "([^"]*)"', text)
        key = re.search(r'key = "([^"]*)"', text)
        self.key = key.group(1) if key else ""

    def _wait(self):
        for _ in range(600):
            if os.path.exists(self.conf):
                text = open(self.conf).read()
                if text.rstrip().endswith(");"):
                    return text
            time.sleep(0.05)
        raise TimeoutError("printop sim did not start")

    def first(self, n):
        """A configuration of the first n printers."""
        name = path(f"first-{n}-{os.path.basename(self.conf)}")
        with open(name, "w") as f:
            f.write('journal = "none";\nprinters = (\n' + ",\n".join(self.rows[:n]) + "\n);\n")
        os.chmod(name, 0o600)
        return name

    def scene(self, kind, name):
        body = json.dumps({"kind": kind, "printer": name}).encode()
        request = urllib.request.Request(self.urls[0] + "/sim/fault", data=body)
        urllib.request.urlopen(request, timeout=20).read()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Screen:
    """The full screen in a pseudo terminal; every byte it writes is kept with its time."""

    def __init__(self, conf, columns=140, rows=40):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.chunks = []
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [PRINTOP, "--config", conf], stdin=slave, stdout=slave, stderr=slave,
            env=environment(), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self.chunks.append((time.monotonic(), data))

    def bytes(self):
        return sum(len(data) for _, data in list(self.chunks))

    def when(self, text, since=0, timeout=10):
        """The moment at which the text was written, by one write or several."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            seen = b""
            for at, data in list(self.chunks)[since:]:
                seen = seen[-200:] + data
                if text in seen:
                    return at
            time.sleep(0.0005)
        raise TimeoutError(f"the screen never showed {text!r}")

    def press(self, keys):
        os.write(self.master, keys)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


class BeforeOthers:
    """Real-time priority, where that is allowed."""

    def __enter__(self):
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
        except PermissionError:
            pass

    def __exit__(self, *_):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


# ---- poll: instructions and system calls ----

class Relay:
    """Forwards to a server and holds each answer back."""

    def __init__(self, url, delay_s):
        self.to, self.delay = ("127.0.0.1", int(url.rsplit(":", 1)[1])), delay_s
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(self.to)
            for pair in (client, server, 0), (server, client, self.delay):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    @staticmethod
    def _pump(a, b, delay):
        try:
            while data := a.recv(1 << 16):
                time.sleep(delay)
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def instructions(cmd):
    out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"] + cmd,
                         capture_output=True, text=True, timeout=240, check=True)
    return int(re.search(r"Collected : (\d+)", out.stderr).group(1))


def system_calls(cmd):
    name = tempfile.mktemp(dir=tmp.name)
    subprocess.run(["strace", "-f", "-c", "-o", name] + cmd, capture_output=True, timeout=240,
                   check=True)
    total = [line.split() for line in open(name) if line.rstrip().endswith(" total")][0]
    return int(total[3] if len(total) > 4 and total[3].isdigit() else total[2])


def per_poll(jobs, measure, short, long):
    """{name: command of a number of polls} -> {name: cost of one more}; all at the same time."""
    cost = {}

    def one(name, n):
        cost[name, n] = measure(jobs[name](n))

    threads = [threading.Thread(target=one, args=(name, n)) for name in jobs for n in (short, long)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return {name: (cost[name, long] - cost[name, short]) / (long - short) for name in jobs}


def poll_commands(farm, urls):
    """Commands for n polls. What the engine asks once is in every run, and falls out."""
    engine, yardstick = program("poll_bench"), program("min_poller")
    question = subprocess.run([engine, "8", farm.urls[0], "moonraker", ""], capture_output=True,
                              text=True, timeout=60, check=True).stdout.splitlines()[1]
    return {
        ("octoprint", "printop"):
            lambda n: [engine, str(2 * n + 4), urls[1], "octoprint", farm.key],
        ("octoprint", "minimal"):
            lambda n: [yardstick, str(n), urls[1], "octoprint", farm.key],
        ("moonraker", "printop"):
            lambda n: [engine, str(n + 4), urls[0], "moonraker", ""],
        ("moonraker", "minimal"):
            lambda n: [yardstick, str(n), urls[0], "moonraker", "", question],
    }


def rows_of_instructions(cost):
    for d in "octoprint", "moonraker":
        ours, least = cost[d, "printop"], cost[d, "minimal"]
        if not TAP:
            row(f"{d}: instructions a poll", ours)
            row(f"{d}: instructions of the minimal poller", least)
        row(f"{d}: instructions, ratio", ours / least, most=1.15)


def rows_of_system_calls(cost, how):
    for d, requests in ("octoprint", 2), ("moonraker", 1):
        ours, least = cost[d, "printop"], cost[d, "minimal"]
        row(f"{d}: system calls a request, answers {how}", ours / requests, most=9)
        if not TAP:
            row(f"{d}: system calls a poll, answers {how}", ours, most=9)
            row(f"{d}: system calls of the minimal poller", least)


def part_poll():
    note("A poll, beside the least that libcurl and cJSON need")
    farm = Farm(2)
    short, long = (10, 40) if TAP else (20, 100)
    try:
        relays = [Relay(url, 0.06).url for url in farm.urls]
        late = poll_commands(farm, relays)
        rows_of_instructions(per_poll(late, instructions, short, long))
        rows_of_system_calls(per_poll(late, system_calls, short, long), "late")
        if not TAP:
            at_once = poll_commands(farm, farm.urls)
            rows_of_system_calls(per_poll(at_once, system_calls, short, long), "at once")
    finally:
        farm.stop()


# ---- memory ----

def memory(pid):
    """Resident and anonymous KiB."""
    text = open(f"/proc/{pid}/smaps_rollup").read()
    return [int(re.search(rf"^{what}:\s+(\d+)", text, re.M).group(1))
            for what in ("Rss", "Anonymous")]


def rows_of_memory(farm, n):
    conf = farm.first(n)
    screen = Screen(conf)
    watch = subprocess.Popen([PRINTOP, "--config", conf, "watch"], env=environment(),
                             stdout=subprocess.DEVNULL)
    time.sleep(8 if TAP else 20)
    for what, process in ("screen", screen.process), ("watch", watch):
        resident, anonymous = memory(process.pid)
        if not TAP:
            row(f"{what}, {n} printers: resident", resident, "KiB")
        row(f"{what}, {n} printers: anonymous", anonymous, "KiB", most=4096 + 12 * n)
    watch.terminate()
    watch.wait()
    screen.stop()


def part_memory():
    note("Memory of the full screen and of watch")
    farm = Farm(100 if TAP else 1000)
    try:
        for n in (1, 100) if TAP else (1, 100, 1000):
            rows_of_memory(farm, n)
    finally:
        farm.stop()


# ---- what runs by itself: idle costs and bytes to the terminal ----

def cpu_s(pid):
    tasks = os.listdir(f"/proc/{pid}/task")
    return sum(int(open(f"/proc/{pid}/task/{t}/schedstat").read().split()[0]) for t in tasks) / 1e9


def sleeps(pid):
    """How often it went to sleep, and so woke up."""
    text = open(f"/proc/{pid}/status").read()
    return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M).group(1))


def minute(scene):
    """{printers: CPU seconds, wake-ups and bytes of a minute of the full screen}"""
    farm = Farm(100, scene)
    screens = {n: Screen(farm.first(n)) for n in (1, 10, 100)}

    def look(s):
        return cpu_s(s.process.pid), sleeps(s.process.pid), s.bytes()

    try:
        time.sleep(15)
        before = {n: look(s) for n, s in screens.items()}
        time.sleep(60)
        return {n: [b - a for a, b in zip(before[n], look(s))] for n, s in screens.items()}
    finally:
        for s in screens.values():
            s.stop()
        farm.stop()


def part_idle():
    note("An idle fleet on the full screen at the default periods, a minute")
    for n, (cpu, woken, written) in minute("idle").items():
        row(f"{n} idle printers: CPU seconds", cpu, "s", most=0.6 if n == 100 else None)
        row(f"{n} idle printers: wake-ups", woken)
        row(f"{n} idle printers: bytes to the terminal", written)


def quiet_bytes(seconds):
    """Bytes written while nothing changes; not over the turn of a minute, when the clock does."""
    farm = Farm(4, "disconnected")
    screen = Screen(farm.first(4))
    try:
        screen.when(b"sim-004")
        time.sleep(4)
        if time.time() % 60 > 58 - seconds:
            time.sleep(61 - time.time() % 60)
        before = screen.bytes()
        time.sleep(seconds)
        return screen.bytes() - before
    finally:
        screen.stop()
        farm.stop()


def part_terminal():
    note("Bytes written to the terminal")
    if not TAP:
        for n, (_, _, written) in minute("printing").items():
            row(f"{n} printing, a minute", written, "", most=20000 if n == 1 else None)
    row("nothing changes, 8 s", quiet_bytes(8), "", most=0)


# ---- start ----

def first_frame_ms(conf):
    screen = Screen(conf)
    try:
        return (screen.when(b"help") - screen.started) * 1000  # the footer is drawn last
    finally:
        screen.stop()


def part_start():
    note("Start to the first full frame")
    farm = Farm(1000)
    try:
        for n in 1, 100, 1000:
            conf = farm.first(n)
            with BeforeOthers():
                times = [first_frame_ms(conf) for _ in range(11)]
            row(f"{n} printers, median of 11", statistics.median(times), "ms", most=50)
    finally:
        farm.stop()


# ---- keys ----

def key_ms(screen, key):
    since, pressed = len(screen.chunks), time.monotonic()
    screen.press(key)
    return (screen.when(key, since, timeout=2) - pressed) * 1000


def many_keys(conf):
    """Milliseconds from key to cell, sorted."""
    screen = Screen(conf)
    times = []
    try:
        time.sleep(20)
        screen.press(b":")
        time.sleep(0.5)
        for i in range(400):
            times.append(key_ms(screen, b"@^~#"[i % 4:i % 4 + 1]))
            time.sleep(0.013 + 0.0007 * (i % 50))
            screen.press(b"\x7f")
            time.sleep(0.05)
        return sorted(times)
    finally:
        screen.stop()


def part_keys():
    note("Key to changed cell, 1000 printers of which 100 hang")
    farm = Farm(1000)
    try:
        for name in farm.names[4::10]:
            farm.scene("hang", name)
        with BeforeOthers():
            times = many_keys(farm.first(1000))
        row("median of 400", statistics.median(times), "ms", most=2)
        row("99th percentile", times[int(len(times) * 0.99)], "ms", most=10)
    finally:
        farm.stop()


# ---- sweep ----

def part_sweep():
    note("1000 printers until the living have answered, beside 50 that hang and 50 that refuse")
    sweeper = program("sweep_bench")
    farm = Farm(1000)
    conf, dead = farm.first(1000), farm.names[4::10]
    living, beside = [], []

    def sweep():
        out = subprocess.run([sweeper, conf] + dead, capture_output=True, text=True, timeout=120,
                             check=True)
        return int(out.stdout.split()[0])

    try:
        for _ in range(5):
            for name in dead:
                farm.scene("printing", name)
            living.append(sweep())
            for i, name in enumerate(dead):
                farm.scene("hang" if i % 2 else "refuse", name)
            beside.append(sweep())
        row("all living, best of 5", min(living), "ms")
        row("beside the dead, best of 5", min(beside), "ms")
        row("ratio", min(beside) / min(living), most=1.2)
    finally:
        farm.stop()


# ---- upload ----

def write_gcode(name, megabytes):
    line = b"G1 X100.123 Y100.456 E0.04321 ; one of very many moves\n"
    with open(name, "wb") as f:
        for _ in range(megabytes):
            f.write(line * (1000000 // len(line)))


def seconds(cmd):
    with BeforeOthers():
        start = time.monotonic()
        subprocess.run(cmd, check=True, env=environment(), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=120)
        return time.monotonic() - start


def rates(commands, small, large):
    """{who: MB/s} of what large has more than small; the best of alternating runs."""
    best = {}
    for _ in range(5):
        for who, command in commands.items():
            for file in small, large:
                best[who, file] = min(seconds(command(file)), best.get((who, file), 1e9))
    more = (os.path.getsize(large) - os.path.getsize(small)) / 1e6
    return {who: more / (best[who, large] - best[who, small]) for who in commands}


def part_upload():
    note("Upload rate beside curl's")
    with BeforeOthers():
        farm = Farm(2, "idle")
    small, large = path("small.gcode"), path("large.gcode")
    write_gcode(small, 100)
    write_gcode(large, 900)
    to = {"moonraker": ["-F", "root=gcodes", farm.urls[0] + "/server/files/upload"],
          "octoprint": ["-H", "X-Api-Key: " + farm.key, farm.urls[1] + "/api/files/local"]}
    try:
        for i, (dialect, where) in enumerate(to.items()):
            rate = rates({
                "curl": lambda file: ["curl", "-sf", "-F", "file=@" + file] + where,
                "printop": lambda file: [PRINTOP, "--config", farm.conf, "upload", file,
                                         "-t", farm.names[i]],
            }, small, large)
            row(f"{dialect}: curl", rate["curl"], "MB/s")
            row(f"{dialect}: printop", rate["printop"], "MB/s")
            row(f"{dialect}: ratio", rate["printop"] / rate["curl"], least=0.95)
    finally:
        farm.stop()


PARTS = {"poll": part_poll, "memory": part_memory, "idle": part_idle, "terminal": part_terminal,
         "start": part_start, "keys": part_keys, "sweep": part_sweep, "upload": part_upload}
LIGHT = ["poll", "memory", "terminal"]


def main():
    names = [a for a in sys.argv[1:] if a != "--tap"]
    unknown = [n for n in names if n not in PARTS]
    if unknown:
        sys.exit(f"bench.py: there is no part {unknown[0]}; there are {' '.join(PARTS)}")
    for name in names or (LIGHT if TAP else PARTS):
        PARTS[name]()
    if TAP:
        print(f"1..{count}")
    elif failures:
        print(f"\n{failures} of the targets missed")
    return 1 if failures and TAP else 0


if __name__ == "__main__":
    sys.exit(main())
