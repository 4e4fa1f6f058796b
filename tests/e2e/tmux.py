"""What the end-to-end tests share: the program in tmux and in a bare pty, the simulated farm, a proxy that keeps a log.

Every test program has a tmux server and a folder of its own; both are gone when it ends. Waits look again and again.
"""
import atexit
import contextlib
import fcntl
import http.client
import http.server
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import urllib.request

POLL_S = 0.05
LIMIT_S = 10                    # generous: the machine may be busy
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# The state words of the rows, as a user reads them.
LABELS = {"unknown": "?", "offline": "NO NET", "starting": "BOOT", "unauthorized": "KEY?", "disconnected": "CLOSED",
          "connecting": "CONN", "idle": "READY", "busy": "BUSY", "preparing": "HEAT", "printing": "PRINT",
          "pausing": "PAUSE", "paused": "PAUSED", "resuming": "RESUME", "cancelling": "CANCEL", "finishing": "FINISH",
          "complete": "DONE", "cancelled": "CANCLD", "failed": "FAILED", "error": "ERROR", "shutdown": "HALTED",
          "parked": "OFF"}
ANY_LABEL = "|".join(re.escape(word) for word in sorted(LABELS.values(), key=len, reverse=True))
# Cursor, sign and mark in three columns, then name and state.
ROW = r"^([ >▶›])([ !~])([ *])(%s) +(" + ANY_LABEL + r")(?= |$)(.*)$"

# Polls often, so that tests need not wait; the limits are short enough for a test and long enough for a busy machine.
QUICK = "poll_active = 0.3; poll_idle = 0.5; poll_offline = 1.0; connect_timeout = 2.0; reply_timeout = 2.0;\n"


class Failure(Exception):
    """A test that did not go as it should; its text says what was expected and what was there."""


# ---- results ----

class Tap:
    def __init__(self):
        self.n = self.failed = 0

    @contextlib.contextmanager
    def test(self, name):
        """The block is one test: it passes when it raises nothing."""
        why = None
        try:
            yield
        except Failure as e:
            why = str(e)
        except (OSError, ValueError, KeyError, IndexError, TypeError, subprocess.SubprocessError) as e:
            why = "%s: %s" % (type(e).__name__, e)
        self.n += 1
        self.failed += why is not None
        print("%sok %d - %s" % ("not " if why is not None else "", self.n, name))
        for line in (why or "").split("\n") if why is not None else []:
            print("# " + line)
        sys.stdout.flush()

    def end(self):
        print("1..%d" % self.n)
        sys.exit(1 if self.failed else 0)


def check(good, text, *more):
    """Raises Failure with text when it is not good."""
    if not good:
        raise Failure("\n".join(str(part) for part in (text,) + more))


def until(probe, text, limit_s=LIMIT_S):
    """The first true value of probe(); Failure when it never comes. text may be a function, for what was there at last."""
    end = time.monotonic() + limit_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(text() if callable(text) else text)
        time.sleep(POLL_S)


# ---- the program ----

class Place:
    """A folder with the configuration, state and home of one user of the program."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="printop-e2e-")
        self.conf = os.path.join(self.dir, "config", "printop", "printers.conf")
        self.state = os.path.join(self.dir, "state", "printop")
        for sub in ("config/printop", "state", "home"):
            os.makedirs(os.path.join(self.dir, sub))
        atexit.register(shutil.rmtree, self.dir, True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def configure(self, printers, text=QUICK):
        """printers.conf with these printers (dicts of its keys) and this text."""
        rows = []
        for p in printers:
            keys = []
            for name, value in p.items():
                if isinstance(value, (list, tuple)):
                    keys.append("%s = [%s]" % (name, ", ".join('"%s"' % v for v in value)))
                elif value is not None:
                    keys.append('%s = "%s"' % (name, value.replace('"', '\\"').replace("\n", "\\n")))
            rows.append("  { %s; }" % "; ".join(keys))
        return self.write(os.path.relpath(self.conf, self.dir), "%sprinters = (\n%s\n);\n" % (text, ",\n".join(rows)))

    def env(self, **more):
        env = {"PATH": os.environ["PATH"], "HOME": self.path("home"), "LANG": "C.UTF-8", "TZ": "UTC",
               "XDG_CONFIG_HOME": self.path("config"), "XDG_STATE_HOME": self.path("state"), "SHELL": "/bin/sh",
               "TERM": "screen-256color"}
        for name, value in os.environ.items():          # so that a sanitized build says where
            if name.endswith("SAN_OPTIONS"):
                env[name] = value
        env.update(more)
        return {name: value for name, value in env.items() if value is not None}

    def journal(self):
        """The lines of the journal, parsed; a torn one is a Failure."""
        try:
            with open(os.path.join(self.state, "journal.jsonl"), encoding="utf-8") as f:
                lines = f.read().split("\n")
        except FileNotFoundError:
            return []
        check(lines[-1] == "", "the journal does not end with a newline", lines[-1])
        events = []
        for line in lines[:-1]:
            try:
                events.append(json.loads(line))
            except ValueError as e:
                raise Failure("a torn line in the journal: %r" % line) from e
        return events


def program():
    return os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, os.environ.get("B", "build"), "printop"))


def run(place, *args, limit_s=30, text=True, **env):
    """The program as a command; CompletedProcess with text, or with bytes."""
    return subprocess.run([program(), *args], env=place.env(**env), stdin=subprocess.DEVNULL, capture_output=True,
                          text=text, errors="replace" if text else None, timeout=limit_s, check=False)


# ---- tmux ----

class Server:
    """The tmux server of this test program."""
    socket = "printop-e2e-%d" % os.getpid()
    sessions = 0
    conf = None

    @classmethod
    def call(cls, *args):
        if not cls.conf:
            fd, cls.conf = tempfile.mkstemp(prefix="printop-e2e-tmux-")
            os.write(fd, b"set -g exit-empty off\nset -g status off\nset -g escape-time 0\nset -g history-limit 50\n"
                         b"set -g bell-action any\nset -g visual-bell off\nset -g monitor-bell on\n")
            os.close(fd)
            atexit.register(cls.end)
        p = subprocess.run(["tmux", "-L", cls.socket, "-f", cls.conf, *args], stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=20, check=False,
                           env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "screen-256color"})
        return p.stdout.decode("utf-8", "replace")

    @classmethod
    def end(cls):
        cls.call("kill-server")
        os.unlink(cls.conf)


# Remembers the terminal's settings before and after; what remains is a shell that waits.
WRAPPER = """dir=$1; shift
stty -a >"$dir/tty.before"
(echo "$(exec sh -c 'echo $PPID')" >"$dir/pid.new"; mv "$dir/pid.new" "$dir/pid"; exec "$@") 2>"$dir/stderr"
echo $? >"$dir/status.new"
stty -a >"$dir/tty.after"
mv "$dir/status.new" "$dir/status"
exec sleep 1000
"""


class Screen:
    """The program on a terminal of tmux."""

    def __init__(self, place, *args, cols=80, rows=24, argv=None, **env):
        Server.sessions += 1
        self.name = "s%d" % Server.sessions
        self.place = place
        self.dir = place.path(self.name)
        os.makedirs(self.dir)
        self.cols, self.rows = cols, rows
        env = place.env(**env)
        command = argv or ["sh", "-c", WRAPPER, "sh", self.dir, program(), *args]
        Server.call("new-session", "-d", "-s", self.name, "-x", str(cols), "-y", str(rows), "env", "-i",
                    *["%s=%s" % item for item in env.items()], *command)

    def tmux(self, command, *args):
        return Server.call(command, "-t", self.name, *args)

    def end(self):
        with contextlib.suppress(OSError, ValueError):
            os.kill(self.pid(), signal.SIGKILL)
        self.tmux("kill-session")

    # what is on it

    def text(self):
        return self.tmux("capture-pane", "-p")

    def colored(self):
        return self.tmux("capture-pane", "-p", "-e")

    def lines(self):
        return self.text().split("\n")[:self.rows]

    def row(self, name):
        """{state, cursor, sign, mark, rest} of a printer in the fleet view, None when it is not on the screen."""
        return find_row(self.text(), name)

    def flag(self, name):
        return Server.call("display-message", "-p", "-t", self.name, "#{%s}" % name).strip()

    # keys

    def keys(self, *keys):
        """Keys by tmux' names: Enter, Escape, C-c, Up, F1; or characters."""
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", "--", text)

    def raw(self, data):
        self.tmux("send-keys", "-H", *["%02x" % byte for byte in data])

    def resize(self, cols, rows):
        self.cols, self.rows = cols, rows
        self.tmux("resize-window", "-x", str(cols), "-y", str(rows))

    # waiting

    def failure(self, text):
        return Failure("%s; the screen (%dx%d):\n%s" % (text, self.cols, self.rows, "\n".join(
            "|" + line for line in self.lines())))

    def wait_for(self, pattern, limit_s=LIMIT_S):
        """Waits until the screen matches; the match."""
        wanted = re.compile(pattern, re.M)
        end = time.monotonic() + limit_s
        while True:
            m = wanted.search(self.text())
            if m:
                return m
            if time.monotonic() > end:
                raise self.failure("no /%s/ within %g s" % (pattern, limit_s))
            time.sleep(POLL_S)

    def wait_gone(self, pattern, limit_s=LIMIT_S):
        unwanted = re.compile(pattern, re.M)
        end = time.monotonic() + limit_s
        while unwanted.search(self.text()):
            if time.monotonic() > end:
                raise self.failure("/%s/ is still there after %g s" % (pattern, limit_s))
            time.sleep(POLL_S)

    def wait_row(self, name, label, rest="", limit_s=LIMIT_S):
        """Waits until the printer's row has this state word (a pattern) and the rest matches."""
        end = time.monotonic() + limit_s
        while True:
            row = self.row(name)
            if row and re.fullmatch(label, row["label"]) and re.search(rest, row["rest"]):
                return row
            if time.monotonic() > end:
                raise self.failure("row of %s: wanted %s /%s/" % (name, label, rest))
            time.sleep(POLL_S)

    def must_not(self, pattern):
        m = re.search(pattern, self.text(), re.M)
        if m:
            raise self.failure("/%s/ must not be there" % pattern)

    # moving about

    def home(self):
        """Back to the fleet, nothing open, no filter."""
        for _ in range(8):
            self.keys("Escape")
            time.sleep(0.1)
            if re.search(r"^printop.* \d+:", self.text(), re.M) and "filter: none" in self.text():
                break
        self.keys("1")

    def go_to(self, name):
        """The cursor onto a printer of the fleet view."""
        for _ in range(3):
            self.keys("'")
            with contextlib.suppress(Failure):
                self.wait_for("^go to:", 3)
                self.type(name)
                self.wait_for("^go to: " + re.escape(name) + r"\s*$", 3)
                self.keys("Enter")
                until(lambda: (self.row(name) or {"cursor": ""})["cursor"].strip(), "", 3)
                return
        raise self.failure("the cursor does not get onto " + name)

    def command(self, line):
        self.keys(":")
        try:
            self.wait_for("^:", 3)
        except Failure:         # something that an earlier test left open
            self.keys("Escape")
            time.sleep(0.2)
            self.keys(":")
            self.wait_for("^:")
        self.type(line)
        self.keys("Enter")
        self.wait_gone("^:" + re.escape(line[:20]))

    # the process

    def pid(self):
        with open(os.path.join(self.dir, "pid"), encoding="ascii") as f:
            return int(f.read())

    def read(self, name):
        with open(os.path.join(self.dir, name), encoding="utf-8", errors="replace") as f:
            return f.read()

    def status(self, limit_s=LIMIT_S):
        """Waits for the end of the program; its exit status."""
        path = os.path.join(self.dir, "status")
        until(lambda: os.path.exists(path), lambda: str(self.failure("the program does not end")), limit_s)
        return int(self.read("status"))

    def check_restored(self):
        """After the end: the terminal is as it was before."""
        until(lambda: self.flag("alternate_on") == "0", "the alternate screen is still on", 3)
        check(self.read("tty.before") == self.read("tty.after"), "stty -a differs", self.read("tty.before"),
              self.read("tty.after"))
        for flag, wanted in (("cursor_flag", "1"), ("mouse_any_flag", "0"), ("keypad_flag", "0"),
                             ("keypad_cursor_flag", "0"), ("insert_flag", "0"), ("wrap_flag", "1")):
            check(self.flag(flag) == wanted, "%s is %s" % (flag, self.flag(flag)))


def find_row(text, name):
    m = re.search(ROW % re.escape(name), text, re.M)
    if not m:
        return None
    cursor, sign, mark, _, label, rest = m.groups()
    return {"cursor": cursor.strip(), "sign": sign.strip(), "mark": mark.strip(), "label": label, "rest": rest.strip()}


def find_rows(text):
    """{name: label} of all rows on a fleet screen."""
    return {m.group(4): m.group(5) for m in re.finditer(ROW % r"\S+", text, re.M)}


# ---- a bare pty: the bytes themselves, and their timing ----

class Pty:
    def __init__(self, place, *args, cols=80, rows=24, **env):
        env = place.env(**env)
        self.out = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            os.execve(program(), [program(), *args], env)

    def read(self, limit_s):
        """What comes within the limit, at once when there is something; b"" when nothing does or the program has ended."""
        ready, _, _ = select.select([self.fd], [], [], limit_s)
        data = b""
        if ready:
            with contextlib.suppress(OSError):
                data = os.read(self.fd, 65536)
        self.out += data
        return data

    def quiet(self, s=0.2, limit_s=10):
        """Reads until nothing has come for so long."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end and self.read(s):
            pass

    def wait_for(self, pattern, limit_s=LIMIT_S):
        end = time.monotonic() + limit_s
        while not re.search(pattern, self.out, re.S):
            if time.monotonic() > end:
                raise Failure("no %r in the terminal's bytes; their end: %r" % (pattern, self.out[-1500:]))
            self.read(0.1)

    def send(self, data):
        os.write(self.fd, data)

    def end(self):
        """Ends the program by SIGTERM; its wait status."""
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
        status = None
        end = time.monotonic() + 5
        while status is None and time.monotonic() < end:
            self.read(0.05)
            done, code = os.waitpid(self.pid, os.WNOHANG)
            status = code if done else None
        if status is None:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        self.quiet(0.05, 1)
        os.close(self.fd)
        return status


# ---- the farm ----

class Farm:
    """`printop sim`: printers by name, each a dict with url, dialect and key."""

    def __init__(self, place, n, *options, idle=True):
        self.place = place
        self.process = subprocess.Popen([program(), "sim", "--printers", str(n), "--conf", place.path("farm.conf"),
                                         *(["--idle"] if idle else []), *options], env=place.env(),
                                        stdin=subprocess.DEVNULL)
        atexit.register(self.end)
        until(lambda: os.path.exists(place.path("farm.conf")), "the farm does not start")
        with open(place.path("farm.conf"), encoding="utf-8") as f:
            self.admin = re.findall(r'url = "([^"]+)"', f.read())[-1]
        self.printers = {p["name"]: p for p in json.loads(self.http(self.admin + "/sim/printers"))}

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    @staticmethod
    def http(url, body=None, headers=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, headers or {})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as reply:
            return reply.read().decode("utf-8", "replace")

    def get(self, name, path):
        """A path of a printer's server, parsed."""
        p = self.printers[name]
        return json.loads(self.http(p["url"] + path, headers={"X-Api-Key": p["key"]} if p.get("key") else None))

    def scene(self, name, kind):
        self.http(self.admin + "/sim/fault", {"printer": name, "kind": kind})

    def advance(self, s):
        self.http(self.admin + "/sim/advance", {"s": s})

    def config(self, names=None, **renamed):
        """Rows for Place.configure(): these printers, or NEW = "sim-001" for other names."""
        rows = [(name, name) for name in (names or ([] if renamed else self.printers))] + list(renamed.items())
        return [{"name": new.replace("_", "-"), "url": self.printers[old]["url"], "dialect": self.printers[old]["dialect"],
                 "key": self.printers[old].get("key")} for new, old in rows]

    def files(self, name):
        """{path: size} of all files on a printer."""
        if self.printers[name]["dialect"] == "moonraker":
            return {f["path"]: f["size"] for f in self.get(name, "/server/files/list?root=gcodes")["result"]}
        found = {}

        def walk(rows):
            for f in rows:
                walk(f.get("children", []))
                if f.get("type") != "folder":
                    found[f["path"]] = f.get("size")
        walk(self.get(name, "/api/files?recursive=true")["files"])
        return found

    def state(self, name):
        """The server's own word: standby, printing, Operational, Printing ..."""
        if self.printers[name]["dialect"] == "moonraker":
            return self.get(name, "/printer/objects/query?print_stats")["result"]["status"]["print_stats"]["state"]
        return self.get(name, "/api/job")["state"]


class Proxy:
    """Stands between the program and a printer: passes everything on and keeps (method, path, body)."""

    def __init__(self, target):
        host = target.split("//")[1]
        log = self.log = []
        self.refuse = None      # this status for all that changes something
        self.swallow = False    # answers 204 to all that changes something, and does nothing
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                log.append((self.command, self.path, body))
                if (proxy.refuse or proxy.swallow) and not proxy.only_asks(self.command, self.path, body):
                    self.answer(proxy.refuse or 204, [], b"")
                    return
                c = http.client.HTTPConnection(host, timeout=30)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "expect")}
                c.request(self.command, self.path, body or None, headers)
                reply = c.getresponse()
                self.answer(reply.status, reply.getheaders(), reply.read())
                c.close()

            def answer(self, status, headers, data):
                self.send_response(status)
                for k, v in headers:
                    if k.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                        self.send_header(k, v)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = pass_on

            def log_message(self, *args):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass            # a connection that the program has left

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()
        atexit.register(self.server.shutdown)

    def changes(self):
        """Requests that could change something: all but GET and Moonraker's query."""
        return [(method, path, body) for method, path, body in list(self.log) if not self.only_asks(method, path, body)]

    @staticmethod
    def only_asks(method, path, body):
        if method in ("GET", "HEAD", "OPTIONS"):
            return True
        if path.startswith("/printer/objects/query"):
            return True
        return path.startswith("/server/jsonrpc") and re.search(
            rb'"method" *: *"(printer\.objects\.(query|list)|server\.info|printer\.info)"', body) is not None


tap = Tap()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
