"""What the real-server suites share: TAP lines, the program run as a command, and its full screen in tmux."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
import time

COLUMNS, LINES = 140, 40
# The state words of the screen, as a user reads them.
LABELS = {"offline": "NO NET", "starting": "BOOT", "unauthorized": "KEY?", "disconnected": "CLOSED",
          "connecting": "CONN", "idle": "READY", "busy": "BUSY", "preparing": "HEAT", "printing": "PRINT",
          "pausing": "PAUSE", "paused": "PAUSED", "resuming": "RESUME", "cancelling": "CANCEL",
          "finishing": "FINISH", "complete": "DONE", "cancelled": "CANCLD", "failed": "FAILED", "error": "ERROR",
          "shutdown": "HALTED", "parked": "OFF", "unknown": "?"}
STATES = {label: state for state, label in LABELS.items()}
ROW = r"^\W*%s\s+(" + "|".join(re.escape(w) for w in sorted(STATES, key=len, reverse=True)) + r")(?=\s|$)(.*)$"


class Tap:
    """Numbers and prints results; safe to use from several threads."""

    def __init__(self):
        self.n = self.failed = 0
        self.lock = threading.Lock()

    def ok(self, good, name, why=""):
        with self.lock:
            self.n += 1
            if not good:
                self.failed += 1
            lines = ["%sok %d - %s" % ("" if good else "not ", self.n, name)]
            if not good:
                lines += ["# " + line for line in str(why).split("\n")]
            print("\n".join(lines), flush=True)
        return bool(good)

    def plan(self):
        print("1..%d" % self.n, flush=True)


class Result:
    def __init__(self, argv, status, out, err, seconds):
        self.argv, self.status, self.out, self.err, self.seconds = argv, status, out, err, seconds

    def __str__(self):
        return "%s\nexit %s in %.1f s\nstdout: %s\nstderr: %s" % (
            " ".join(self.argv), self.status, self.seconds, self.out[-1500:], self.err[-1500:])


class Program:
    """Runs the batch tool with one configuration, in a home of its own."""

    def __init__(self, path, conf, home):
        self.path, self.conf = os.path.abspath(path), conf
        self.env = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
                    "XDG_STATE_HOME": os.path.join(home, "state"), "XDG_CONFIG_HOME": os.path.join(home, "config")}
        for name, value in os.environ.items():      # so that a sanitized build says where
            if name.endswith("SAN_OPTIONS"):
                self.env[name] = value

    def run(self, *args, limit_s=150):
        argv = [self.path, "--config", self.conf, "--no-tui", *args]
        start = time.monotonic()
        try:
            p = subprocess.run(argv, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               errors="replace", timeout=limit_s, check=False)
            status, out, err = p.returncode, p.stdout, p.stderr
        except subprocess.TimeoutExpired as e:
            status, out, err = "none (ended by the test)", str(e.stdout), str(e.stderr)
        return Result(argv[3:], status, out, err, time.monotonic() - start)

    def json(self, *args):
        """The parsed output, [] when there is none."""
        with contextlib.suppress(ValueError):
            return json.loads(self.run(*args).out)
        return []

    def printer(self, name):
        rows = self.json("status", name, "--json")
        return rows[0] if rows else {}


class Screen:
    """The full screen in a tmux server of its own."""

    def __init__(self, program):
        self.socket = os.path.join(program.env["HOME"], "tmux")
        self.keyboard = threading.Lock()        # one sequence of keys at a time
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), "env", "-i",
                  *["%s=%s" % item for item in program.env.items()], "TERM=screen-256color",
                  program.path, "--config", program.conf)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", str(COLUMNS), "-y", str(LINES))

    def tmux(self, *args):
        p = subprocess.run([shutil.which("tmux") or "tmux", "-S", self.socket, *args], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, errors="replace", timeout=20, check=False,
                           env={**os.environ, "LC_ALL": "C.UTF-8"})
        return p.stdout

    def text(self):
        return self.tmux("capture-pane", "-p")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def row(self, name):
        """(state, rest of the row) of a printer in the fleet view; ("", "") when it is not there."""
        text = self.text()
        for line in text.split("\n") if text.startswith("printop fleet") else []:
            m = re.match(ROW % re.escape(name), line)
            if m:
                return STATES[m.group(1)], m.group(2)
        return "", ""

    def line_at_cursor(self):
        """The row of a list that the cursor is on."""
        lines = [line for line in self.text().split("\n") if line.startswith((">", "▶", "▸", "►", "❯"))]
        return lines[0] if lines else ""

    def go_to(self, name):
        self.type("'")
        time.sleep(0.2)
        self.type(name)
        self.keys("Enter")
        time.sleep(0.2)

    def act(self, name, *keys, until_row=None):
        """Puts the cursor on a printer of the fleet view and presses keys there; was its row seen in that state?"""
        with self.keyboard:
            self.go_to(name)
            for key in keys:
                self.type(key)
                time.sleep(0.4)
            return until(lambda: self.row(name)[0] == until_row, 6, 0.1) if until_row else True

    def upload(self, name, path):
        """Sends a file with the dialog, to be started at once; the text of the screen when it says so."""
        with self.keyboard:
            self.go_to(name)
            self.type("U")
            time.sleep(0.4)
            self.type(path)
            time.sleep(0.2)
            for key in ("Tab", "Tab", "Right", "Enter"):    # the printers, what then, start now, send
                self.keys(key)
                time.sleep(0.2)
            until(lambda: ", started" in self.text(), 15)
            text = self.text()
            self.keys("Escape")
            until(lambda: self.row(name)[0], 5)
            return text

    def end(self):
        self.tmux("kill-server")


def until(probe, limit_s, every_s=0.3):
    """Calls probe() until it answers something true; its last answer."""
    end = time.monotonic() + limit_s
    while True:
        value = probe()
        if value or time.monotonic() > end:
            return value
        time.sleep(every_s)
