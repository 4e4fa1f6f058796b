"""What the connector's tests share: TAP, a simulated farm, the program, and folders that go away again."""
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

from mock_cloud import MockCloud, Proxy

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/printop")
TOP = tempfile.mkdtemp(prefix="printop-connector-")
tests = []
outputs = []                    # every log and every completion: searched for secrets at the end


def test(name):
    def add(fn):
        tests.append((name, fn))
        return fn
    return add


def wait(what, fn, limit=10):
    end = time.time() + limit
    while time.time() < end:
        got = fn()
        if got:
            return got
        time.sleep(0.03)
    raise AssertionError(f"{what}: not within {limit} s")


class Farm:
    """printop sim: one Moonraker, one OctoPrint, both idle, each behind a proxy that counts."""

    def __init__(self):
        conf = os.path.join(TOP, "farm.conf")
        self.process = subprocess.Popen([PROGRAM, "sim", "--printers", "2", "--idle", "--seed", "3", "--speed", "20", "--conf", conf],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait("the simulated farm", lambda: os.path.exists(conf) and ");" in open(conf).read())
        self.real = {}
        for name, url, dialect, key in re.findall(
                r'name = "([^"]*)"; url = "([^"]*)"; dialect = "([^"]*)";(?: key = "([^"]*)")?', open(conf).read()):
            self.real[dialect] = (url, key)
        self.moon = Proxy(self.real["moonraker"][0])
        self.octo = Proxy(self.real["octoprint"][0])

    def reset(self):
        """Both idle again, and nothing counted."""
        for proxy in (self.moon, self.octo):
            proxy.hang, proxy.replies, proxy.slow = None, {}, {}
        wait("an idle farm", self.calm, 20)
        for proxy in (self.moon, self.octo):
            proxy.log = []

    def calm(self):
        moon = self.moon_state()
        octo = self.octo_state()
        if moon in ("printing", "paused"):
            self.post(self.real["moonraker"][0] + "/printer/print/cancel", {})
        if octo["flags"]["printing"] or octo["flags"]["paused"] or octo["flags"]["pausing"]:
            self.post(self.real["octoprint"][0] + "/api/job", {"command": "cancel"}, self.real["octoprint"][1])
        return moon not in ("printing", "paused") and octo["text"] == "Operational"

    @staticmethod
    def post(url, body, key=None):
        req = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        if key:
            req.add_header("X-Api-Key", key)
        try:
            with urllib.request.urlopen(req, timeout=10) as r:
                return r.read()
        except urllib.error.HTTPError as e:
            return e.read()

    @staticmethod
    def get(url, key=None):
        req = urllib.request.Request(url)
        if key:
            req.add_header("X-Api-Key", key)
        with urllib.request.urlopen(req, timeout=10) as r:
            return json.load(r)

    def moon_state(self):
        return self.get(self.real["moonraker"][0] + "/printer/objects/query?print_stats")["result"]["status"]["print_stats"]["state"]

    def octo_state(self):
        url, key = self.real["octoprint"]
        return self.get(url + "/api/printer", key)["state"]

    def moon_files(self):
        return {f["path"]: f["size"] for f in self.get(self.real["moonraker"][0] + "/server/files/list?root=gcodes")["result"]}

    def octo_files(self):
        url, key = self.real["octoprint"]
        out = {}

        def walk(files):
            for f in files:
                if f["type"] == "folder":
                    walk(f.get("children", []))
                else:
                    out[f["path"]] = f.get("size")
        walk(self.get(url + "/api/files?recursive=true", key)["files"])
        return out

    def stop(self):
        self.process.terminate()
        self.process.wait(5)
        self.moon.stop()
        self.octo.stop()


class Connector:
    """A folder with a configuration, and the program that runs on it."""

    count = 0
    running = []                # processes that a failed test left behind are ended after it

    def __init__(self, cloud, farm=None, original=None, args=(), group="", env=None, printers=None):
        Connector.count += 1
        self.dir = os.path.join(TOP, f"c{Connector.count}")
        os.makedirs(self.dir)
        self.state = os.path.join(self.dir, "state")
        self.cloud, self.args = cloud, list(args)
        self.env = dict(os.environ, HOME=self.dir, XDG_STATE_HOME=os.path.join(self.dir, "xdg"), **(env or {}))
        self.env.pop("CLOUD_URL", None)
        if env and "CLOUD_URL" in env:
            self.env["CLOUD_URL"] = env["CLOUD_URL"]
        if original is not None:
            self.config = os.path.join(self.dir, "config.json")
            original.setdefault("state_dir", self.state)
            self.write(self.config, json.dumps(original, indent=2) + "\n")
        else:
            self.config = os.path.join(self.dir, "printers.conf")
            if printers is None:
                url, key = farm.real["octoprint"]
                printers = (f'{{ name = "moon"; url = "{farm.moon.url}"; dialect = "moonraker"; }}, '
                            f'{{ name = "octo"; url = "{farm.octo.url}"; dialect = "octoprint"; key = "{key}"; }}')
            self.write(self.config, f"""printers = ( {printers} );
poll_idle = 0.5;
poll_active = 0.3;
poll_offline = 1;
connector = {{
  cloud_url = "{cloud.url}";
  pairing_token = "{cloud.token}";
  state_dir = "{self.state}";
  poll_commands_seconds = 0.3;
  push_snapshots_seconds = 0.5;
  heartbeat_seconds = 0.5;
  {group}
}};
""")
        self.process = None
        self.log = os.path.join(self.dir, "log")

    @staticmethod
    def write(path, text):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(text)

    def start(self, *more):
        self.process = subprocess.Popen([PROGRAM, "connector", "--config", self.config, "--log-level", "debug", *self.args, *more],
                                        stdout=open(self.log, "a"), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.env)
        Connector.running.append(self.process)
        return self

    def run(self, *more, limit=20):
        """To its end; the exit status."""
        self.start(*more)
        status = self.process.wait(limit)
        self.process = None
        return status

    def stop(self, how=signal.SIGTERM, limit=3):
        """Ends it; (exit status, seconds)."""
        if not self.process:
            return None, 0
        began = time.time()
        self.process.send_signal(how)
        status = self.process.wait(limit)
        self.process = None
        return status, time.time() - began

    def text(self):
        return open(self.log, errors="replace").read() if os.path.exists(self.log) else ""

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        outputs.append((self.dir, self.text()))
        for trouble in ("Sanitizer", "runtime error", "Assertion"):
            assert trouble not in self.text(), self.text()[-4000:]


farm = Farm()
GCODE = b"; made for a test\nG28\nG1 X10 F3000\n" + b"G4 P1000\n" * 400
B64 = base64.b64encode(GCODE).decode()
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100


def connected(cloud=None, **more):
    """A paired connector that runs, with both printers known to be there."""
    farm.reset()
    cloud = cloud or MockCloud()
    c = Connector(cloud, farm, **more).start()
    wait("both printers reachable", lambda: [s for s in cloud.seen("heartbeat")
                                             if all(p["reachable"] for p in s.json()["printers"])])
    return cloud, c


def end(cloud, c):
    c.stop()
    c.close()
    outputs.append(("completions", json.dumps(cloud.completions)))
    cloud.stop()


def original(cloud, **more):
    return dict({"cloud_url": cloud.url, "pairing_token": cloud.token, "site_name": "Test",
                 "moonraker": [{"name": "voron", "base_url": farm.real["moonraker"][0], "ui_port": 4408}]}, **more)


def tree(c):
    root = os.path.join(c.dir, "printer_data")
    for name, data in {"config/printer.cfg": b"[printer]\n", "config/sub/a.conf": b"x" * 5000, "database/data.mdb": os.urandom(200000),
                       "gcodes/a.gcode": GCODE, "logs/klippy.log": b"log\n", "private.key": b"k"}.items():
        os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
        open(os.path.join(root, name), "wb").write(data)
    os.symlink("/etc/passwd", os.path.join(root, "config/passwd.cfg"))
    os.symlink("../../printers.conf", os.path.join(root, "config/out.cfg"))
    return root


def run_all():
    n = failed = 0
    only = os.environ.get("ONLY", "")
    print(f"1..{len(tests)}", flush=True)
    for name, fn in tests:
        n += 1
        if only and only not in name:
            continue
        began = time.time()
        try:
            fn()
            print(f"ok {n} - {name}  # {time.time() - began:.1f} s", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {n} - {name}", flush=True)
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
        while Connector.running:
            process = Connector.running.pop()
            if process.poll() is None:
                process.kill()
                process.wait()
    if failed and os.environ.get("KEEP"):
        print(f"# kept: {TOP}")
    else:
        shutil.rmtree(TOP, ignore_errors=True)
    return 1 if failed else 0
