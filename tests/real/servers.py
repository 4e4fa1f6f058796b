"""Real OctoPrint and Moonraker for tests: installs them from PyPI once, configures, starts and stops them.

Also a tool for people:
    python3 tests/real/servers.py install         both programs into build/ (about a minute, once)
    python3 tests/real/servers.py up --dir DIR    starts some, prints addresses and keys, writes DIR/printers.conf
    python3 tests/real/servers.py down --dir DIR
"""
import argparse
import base64
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VENVS = os.environ.get("PRINTOP_VENV_DIR") or os.path.join(ROOT, "build")
PACKAGES = {"octoprint": "OctoPrint==1.11.8", "moonraker": "moonraker==0.11.0"}
DEAD_PORT = 1               # nobody listens there, and nobody is given it as a free one
START_LIMIT_S = 120         # a quiet machine needs 1 to 5 s, a busy one was seen to need 36 s


class Failed(Exception):
    """A server that could not be installed or did not start; the text says why."""


# ---- installing ---------------------------------------------------------------------------------------

def venv_program(name):
    return os.path.join(VENVS, "venv-" + name, "bin", name)


def install_one(name):
    venv = os.path.join(VENVS, "venv-" + name)
    marker = os.path.join(venv, "printop-installed")
    want = "%s %s python %s\n" % (PACKAGES[name], venv, sys.version.split()[0])
    os.makedirs(VENVS, exist_ok=True)
    with open(venv + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)        # another run may be installing the same
        with contextlib.suppress(OSError), open(marker, encoding="utf-8") as f:
            if f.read() == want:
                return
        python = sys.executable or "python3"
        for argv in ([python, "-m", "venv", "--clear", venv],
                     [os.path.join(venv, "bin", "pip"), "install", "-q", "--disable-pip-version-check",
                      "--no-compile", PACKAGES[name]]):
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=900, check=False)
            if done.returncode != 0:
                raise Failed("%s: %s" % (" ".join(argv), done.stdout[-1500:]))
        with open(marker, "w", encoding="utf-8") as f:
            f.write(want)


def install():
    """Both at once: they wait for the network, not for each other."""
    errors = []

    def one(name):
        try:
            install_one(name)
        except (Failed, OSError, subprocess.TimeoutExpired) as e:
            errors.append("%s: %s" % (name, e))

    threads = [threading.Thread(target=one, args=(name,)) for name in PACKAGES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise Failed("\n".join(errors))


# ---- small things -------------------------------------------------------------------------------------

def free_ports(n):
    """Ports nobody listens on now; held together so that they differ."""
    socks = [socket.socket() for _ in range(n)]
    for sock in socks:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in socks]
    for sock in socks:
        sock.close()
    return ports


def http_json(port, path, key=None, method="GET", body=None, timeout=5):
    """(status, JSON or None); (0, None) when nobody answers in HTTP."""
    headers = {"X-Api-Key": key} if key else {}
    if body is not None:
        body, headers["Content-Type"] = json.dumps(body), "application/json"
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        conn.request(method, path, body, headers)
        reply = conn.getresponse()
        data = reply.read()
    except (OSError, http.client.HTTPException):
        return 0, None
    finally:
        conn.close()
    try:
        return reply.status, json.loads(data)
    except ValueError:
        return reply.status, None


def wait_for(what, probe, limit_s=START_LIMIT_S, every_s=0.2):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        value = probe()
        if value:
            return value
        time.sleep(every_s)
    raise Failed("%s: not within %d s" % (what, limit_s))


class Process:
    """A server process in a session of its own, so that what it starts dies with it."""

    def __init__(self, argv, log, env=None):
        with open(log, "ab") as out:
            self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          start_new_session=True, env={**os.environ, **(env or {})})
        self.pid = self.child.pid

    def send_signal(self, sig):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, sig)

    def end(self, sig=signal.SIGTERM):
        """Ends it; a process that does not listen is killed."""
        self.send_signal(sig)
        self.send_signal(signal.SIGCONT)
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGKILL)
            self.child.wait(5)
        self.send_signal(signal.SIGKILL)     # what it may have left


def write(path, text, mode=0o600):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as f:
        f.write(text)


def read_file(folder, path):
    """A file below a server's folder, b"" when it is not there."""
    with contextlib.suppress(OSError), open(os.path.join(folder, path), "rb") as f:
        return f.read()
    return b""


# ---- OctoPrint ----------------------------------------------------------------------------------------

def passlib_hash(password):
    """The $pbkdf2-sha256$ form that OctoPrint reads, without passlib."""
    def ab64(data):
        return base64.b64encode(data, b"./").decode().rstrip("=")
    salt = secrets.token_bytes(16)
    return "$pbkdf2-sha256$29000$%s$%s" % (ab64(salt), ab64(hashlib.pbkdf2_hmac("sha256", password, salt, 29000)))


class Octoprint:
    dialect = "octoprint"

    def __init__(self, folder, port, autoconnect):
        self.folder, self.port, self.key = folder, port, secrets.token_urlsafe(32)
        self.uploads = os.path.join(folder, "uploads")
        self.process = None
        os.makedirs(folder, exist_ok=True)
        # JSON is YAML.
        write(os.path.join(folder, "config.yaml"), json.dumps({
            "server": {"firstRun": False, "onlineCheck": {"enabled": False},
                       "pluginBlacklist": {"enabled": False}, "pythonEolCheck": {"enabled": False}},
            "plugins": {"_disabled": ["discovery", "pluginmanager", "softwareupdate", "tracking",
                                      "errortracking", "announcements"],
                        "virtual_printer": {"enabled": True, "simulated_errors": [], "_config_version": 1}},
            "serial": {"port": "VIRTUAL", "autoconnect": autoconnect},
            "temperature": {"profiles": []}, "webcam": {"webcamEnabled": False}}))
        write(os.path.join(folder, "users.yaml"), json.dumps({
            "operator": {"active": True, "apikey": self.key, "groups": ["users", "admins"], "permissions": [],
                         "password": passlib_hash(secrets.token_bytes(8)), "roles": ["user", "admin"],
                         "settings": {}}}))

    def start(self, wait=True):
        self.process = Process([venv_program("octoprint"), "serve", "--iknowwhatimdoing", "--host", "127.0.0.1",
                                "--port", str(self.port), "--basedir", self.folder],
                               os.path.join(self.folder, "stdout.log"))
        if wait:
            self.wait()

    def wait(self):
        wait_for("OctoPrint on port %d" % self.port,
                 lambda: http_json(self.port, "/api/version", self.key)[0] == 200)

    def read(self, path):
        return read_file(self.uploads, path)

    def processes(self):
        return [self.process]

    def kill_server(self):
        self.process.end(signal.SIGKILL)

    def stop(self):
        if self.process:
            self.process.end(signal.SIGKILL)    # a clean end takes seconds and leaves nothing we need


# ---- Moonraker ----------------------------------------------------------------------------------------

class Moonraker:
    dialect = "moonraker"

    def __init__(self, folder, port, trusted, temp=None):
        """temp: folder for uploads under way; two that share one, as on one host, can spoil each other's."""
        self.folder, self.port, self.trusted = folder, port, trusted
        self.temp = temp or os.path.join(folder, "tmp")
        self.key = None
        self.uploads = os.path.join(folder, "gcodes")
        self.requests = os.path.join(folder, "klippy-requests.log")
        # A socket's path is at most 107 bytes long: not in the folder, which may be deep.
        self.socket = "/tmp/printop-klippy-%d-%d.sock" % (os.getpid(), port)
        self.process = self.klippy = None
        for sub in ("config", "logs", "gcodes", "klipper/config", "klipper/docs"):
            os.makedirs(os.path.join(folder, sub), exist_ok=True)
        open(self.requests, "a", encoding="utf-8").close()
        write(os.path.join(folder, "config", "moonraker.conf"), "\n".join([
            "[server]", "host: 127.0.0.1", "port: %d" % port, "klippy_uds_address: " + self.socket,
            "[machine]", "provider: none", "validate_service: False",
            "[authorization]", "force_logins: False",
            "trusted_clients: 127.0.0.0/8" if trusted else "cors_domains: localhost",
            "[announcements]", "dev_mode: True",    # reads no feed from outside
            "[octoprint_compat]", "[history]", ""]))

    def start_klippy(self):
        self.klippy = Process([sys.executable, os.path.join(HERE, "klippy.py"), "--socket", self.socket,
                               "--gcodes", self.uploads, "--log", self.requests],
                              os.path.join(self.folder, "klippy.log"))

    def start_moonraker(self):
        os.makedirs(self.temp, exist_ok=True)
        self.process = Process([venv_program("moonraker"), "-d", self.folder],
                               os.path.join(self.folder, "stdout.log"), {"TMPDIR": self.temp})

    def start(self, wait=True):
        if not self.klippy:
            self.start_klippy()
        self.start_moonraker()
        if wait:
            self.wait()

    def read_key(self):
        try:
            db = sqlite3.connect("file:%s/database/moonraker-sql.db?mode=ro" % self.folder, uri=True)
            with contextlib.closing(db):
                return db.execute("SELECT password FROM authorized_users WHERE username = '_API_KEY_USER_'"
                                  ).fetchone()[0]
        except (sqlite3.Error, TypeError):
            return None

    def wait(self):
        self.key = wait_for("Moonraker's key", self.read_key)
        wait_for("Moonraker on port %d" % self.port, lambda: (http_json(
            self.port, "/server/info", self.key)[1] or {}).get("result", {}).get("klippy_state") == "ready")

    def read(self, path):
        return read_file(self.uploads, path)

    def processes(self):
        return [self.process, self.klippy]

    def kill_server(self):
        self.process.end(signal.SIGKILL)

    def stop(self):
        for process in self.processes():
            if process:
                process.end(signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.unlink(self.socket)


# ---- printers.conf ------------------------------------------------------------------------------------

def conf_printer(name, port, key=None, extra=""):
    key = ' key = "%s";' % key if key else ""
    return '  { name = "%s"; url = "http://127.0.0.1:%d"; dialect = "auto";%s%s }' % (name, port, key, extra)


def write_conf(path, rows, settings=""):
    write(path, "%sprinters = (\n%s\n);\n" % (settings, ",\n".join(rows)))


# ---- the tool -----------------------------------------------------------------------------------------

def up(folder, octoprints, moonrakers):
    folder = os.path.abspath(folder)
    os.makedirs(folder, exist_ok=True)
    install()
    ports = free_ports(octoprints + moonrakers)
    servers = {}
    for i in range(octoprints):
        servers["op%d" % (i + 1)] = Octoprint(os.path.join(folder, "op%d" % (i + 1)), ports.pop(), i > 0)
    for i in range(moonrakers):
        servers["mr%d" % (i + 1)] = Moonraker(os.path.join(folder, "mr%d" % (i + 1)), ports.pop(), i > 0)
    try:
        for server in servers.values():
            server.start(wait=False)
        for server in servers.values():
            server.wait()
    except Failed:
        for server in servers.values():
            server.stop()
        raise
    with open(os.path.join(folder, "pids"), "w", encoding="utf-8") as f:
        json.dump({"pids": [p.pid for s in servers.values() for p in s.processes()],
                   "sockets": [s.socket for s in servers.values() if s.dialect == "moonraker"]}, f)
    rows = [conf_printer(n, s.port, None if getattr(s, "trusted", False) else s.key, ' tags = [ "real" ];')
            for n, s in servers.items()]
    rows += [conf_printer(n + "-badkey", s.port, "0123456789abcdef0123456789abcdef")
             for n, s in servers.items() if n in ("op2", "mr1")]
    rows.append(conf_printer("nobody", DEAD_PORT))
    conf = os.path.join(folder, "printers.conf")
    write_conf(conf, rows)
    for name, server in servers.items():
        print("%-4s http://127.0.0.1:%d  key %s  files %s" % (name, server.port, server.key, server.uploads))
    print("printop --config %s" % conf)
    print("stop: python3 %s down --dir %s" % (os.path.relpath(__file__), folder))


def down(folder):
    path = os.path.join(folder, "pids")
    with open(path, encoding="utf-8") as f:
        left = json.load(f)
    for pid in left["pids"]:
        with contextlib.suppress(OSError), open("/proc/%d/cmdline" % pid, encoding="utf-8") as f:
            if os.path.abspath(folder) in f.read():     # not a stranger that got the number
                os.killpg(pid, signal.SIGKILL)
    for sock in left["sockets"]:
        with contextlib.suppress(OSError):
            os.unlink(sock)
    os.unlink(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("command", choices=["install", "up", "down"])
    parser.add_argument("--dir", help="folder for configuration and data")
    parser.add_argument("--octoprint", type=int, default=2, help="how many")
    parser.add_argument("--moonraker", type=int, default=2, help="how many")
    options = parser.parse_args()
    if options.command != "install" and not options.dir:
        parser.error("--dir is needed")
    try:
        if options.command == "install":
            install()
        elif options.command == "up":
            up(options.dir, options.octoprint, options.moonraker)
        else:
            down(options.dir)
    except Failed as e:
        sys.exit("servers.py: %s" % e)


if __name__ == "__main__":
    main()
