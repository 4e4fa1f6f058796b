"""A simulated farm, printop serve in front of it, and raw sockets: what the replays of slicers stand on."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

B = os.environ.get("B", "build")
PRINTOP = os.path.join(B, "printop")

_lock = threading.Lock()
_count = 0
_failed = 0


def result(good, name, detail=""):
    global _count, _failed
    with _lock:
        _count += 1
        _failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", _count, name), flush=True)
        if not good:
            for line in str(detail).splitlines()[:20]:
                print("#   " + line, flush=True)
    return good


def done():
    print("1..%d" % _count, flush=True)
    return 1 if _failed else 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def gcode(size=2000, seed="", minutes=1):
    """A small Marlin file without heating, so that a simulated print is short; seed makes it one of its kind."""
    head = ";FLAVOR:Marlin\n;TIME:%d\n;seed %s\nM82\n" % (minutes * 60, seed)
    body = "".join("G1 X%d Y%d E%d\n" % (i % 200, i % 180, i) for i in range(60))
    rest = max(0, size - len(head) - len(body))
    return (head + body + (";" + "x" * 98 + "\n") * (rest // 100 + (rest > 0))).encode()


class Rig:
    """Everything in a folder of its own; stop() leaves nothing running."""

    def __init__(self, printers=4, speed=60, settings="", dialect=None, tags=None, faults=None):
        self.dir = tempfile.mkdtemp(prefix="printop-gateway-")
        self.port = free_port()
        self.settings = settings
        self.serve = None
        self.env = dict(os.environ, XDG_CONFIG_HOME=self.dir + "/config", XDG_STATE_HOME=self.dir + "/state",
                        HOME=self.dir)
        os.makedirs(self.dir + "/config/printop", mode=0o700)
        conf = self.dir + "/farm.conf"
        command = [PRINTOP, "sim", "--printers", str(printers), "--idle", "--seed", "5", "--speed", str(speed),
                   "--conf", conf]
        if dialect:
            command += ["--dialect", dialect]
        if faults:
            command += ["--faults", faults]
        self.sim = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL)
        self.wait_for(lambda: os.path.exists(conf) and os.path.getsize(conf), "the farm")
        self.printers = self.read_farm(conf)
        self.write_conf(tags or {})

    @staticmethod
    def wait_for(what, name, limit=20.0):
        end = time.time() + limit
        while time.time() < end:
            value = what()
            if value:
                return value
            time.sleep(0.02)
        raise RuntimeError("waited too long for " + name)

    @staticmethod
    def read_farm(conf):
        with open(conf) as f:
            text = f.read()
        url = text.split('url = "')[1].split('"')[0]
        with urllib.request.urlopen(url + "/sim/printers", timeout=10) as r:
            return json.load(r)

    def write_conf(self, tags):
        rows = []
        for p in self.printers:
            row = '{ name = "%s"; url = "%s"; dialect = "%s";' % (p["name"], p["url"], p["dialect"])
            if p["key"]:
                row += ' key = "%s";' % p["key"]
            if tags.get(p["name"]):
                row += ' tags = [%s];' % ", ".join('"%s"' % t for t in tags[p["name"]])
            rows.append(row + " }")
        path = self.dir + "/config/printop/printers.conf"
        with open(path, "w") as f:
            f.write("printers = (\n  %s\n);\n" % ",\n  ".join(rows))
            f.write('gateway_listen = "127.0.0.1:%d";\nlibrary = "%s/library";\n' % (self.port, self.dir))
            f.write("poll_active = 0.2; poll_idle = 0.5; poll_offline = 1;\n" + self.settings)
        os.chmod(path, 0o600)

    def run(self, *args, check=True):
        r = subprocess.run([PRINTOP, *args], env=self.env, capture_output=True, text=True, timeout=60)
        if check and r.returncode:
            raise RuntimeError("printop %s: %s" % (" ".join(args), r.stderr))
        return r

    def key(self, name, *rights):
        return self.run("key", "new", name, *rights).stdout.strip()

    def start(self, wrapper=()):
        self.log = open(self.dir + "/serve.log", "ab")
        self.serve = subprocess.Popen([*wrapper, PRINTOP, "--log-level", "info", "serve"], env=self.env, stdout=self.log,
                                      stderr=self.log)
        self.wait_for(self.is_up, "printop serve")

    def is_up(self):
        if self.serve.poll() is not None:
            raise RuntimeError("printop serve ended: " + self.log_text()[-1000:])
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
            return True
        except OSError:
            return False

    def log_text(self):
        with open(self.dir + "/serve.log", errors="replace") as f:
            return f.read()

    def kill(self):
        if self.serve:
            self.serve.kill()
            self.serve.wait()
            self.log.close()
        self.serve = None

    def terminate(self):
        """SIGTERM; the seconds it took, and the exit status."""
        began = time.time()
        self.serve.send_signal(signal.SIGTERM)
        status = self.serve.wait(timeout=20)
        self.serve = None
        self.log.close()
        return time.time() - began, status

    def stop(self):
        self.kill()
        self.sim.terminate()
        self.sim.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- what printop and the printers say ----

    def jobs(self):
        return json.loads(self.run("queue", "--json").stdout)

    def job(self, name):
        found = [j for j in self.jobs() if j["name"] == name]
        return found[0] if len(found) == 1 else None

    def wait_job(self, name, states, limit=30.0):
        """The job when it is in one of the states; None when it does not get there."""
        end = time.time() + limit
        while time.time() < end:
            job = self.job(name)
            if job and job["state"] in states:
                return job
            time.sleep(0.1)
        return None

    def journal(self):
        path = self.dir + "/state/printop/journal.jsonl"
        if not os.path.exists(path):
            return []
        with open(path) as f:
            return [json.loads(line) for line in f]

    def printer(self, name):
        return next(p for p in self.printers if p["name"] == name)

    def ask_printer(self, p, path, body=None):
        headers = {"X-Api-Key": p["key"]} if p["key"] else {}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(p["url"] + path, data, headers), timeout=10) as r:
            text = r.read()
        return json.loads(text) if text[:1] in b"[{" else text

    def fault(self, name, kind):
        other = next(p for p in self.printers if p["name"] != name)     # the farm listens at each of its printers
        self.ask_printer(other, "/sim/fault", {"kind": kind, "printer": name})

    def prints(self, p):
        """{path: prints begun} on that printer, those that are over and the one under way."""
        counts = {}
        if p["dialect"] == "moonraker":
            for job in self.ask_printer(p, "/server/history/list?limit=100")["result"]["jobs"]:
                counts.setdefault(job["filename"], set()).add(job["job_id"])
            return counts
        for f in self.ask_printer(p, "/api/files?recursive=true")["files"]:
            n = f.get("prints", {})
            total = n.get("success", 0) + n.get("failure", 0)
            if total:
                counts[f["path"]] = set(range(total))
        return counts


# ---- HTTP, byte for byte ----

class Reply:
    def __init__(self, status, reason, headers, body):
        self.status, self.reason, self.headers, self.body = status, reason, headers, body

    def header(self, name):
        return self.headers.get(name.lower())

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%s %s %r %r" % (self.status, self.reason, self.headers, self.body[:300])


class Wire:
    """One connection."""

    def __init__(self, port, timeout=20):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("closed after %r" % self.rest[:200])
        self.rest += data

    def head(self):
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        version, status, reason = (lines[0].split(" ", 2) + [""])[:3]
        assert version == "HTTP/1.1", lines[0]
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        return int(status), reason, headers

    def reply(self):
        status, reason, headers = self.head()
        if status == 204 or status == 100:
            return Reply(status, reason, headers, b"")
        length = int(headers["content-length"])
        while len(self.rest) < length:
            self._more()
        body, self.rest = self.rest[:length], self.rest[length:]
        return Reply(status, reason, headers, body)


def exchange(port, head, body=b"", piece=None):
    """A connection for one request, as libcurl's easy interface makes it. Waits for 100 Continue when it asked."""
    w = Wire(port)
    try:
        w.send(head)
        if b"\r\nexpect: 100-continue\r\n" in head.lower():
            r = w.reply()
            if r.status != 100:
                return r
        if piece:
            for i in range(0, len(body), piece):
                w.send(body[i:i + piece])
        else:
            w.send(body)
        return w.reply()
    finally:
        w.close()


def boundary_curl():
    return "-" * 24 + "".join(random.choice("0123456789abcdef") for _ in range(16))
