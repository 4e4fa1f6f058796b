"""One scenario on real OctoPrint, real Moonraker and the simulated farm, and the faults of the real ones.

Every step is looked at three times: what the server itself says, what `--json` says, and what the row on the full
screen says. Prints TAP. Usage: scenario.py PRINTOP [octoprint|moonraker|sim-octoprint|sim-moonraker|faults ...]
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import servers
from faults import faults
from harness import Program, Screen, Tap
from steps import scenario
from target import Printer, Sim

SETTINGS = "poll_active = 1.0;\npoll_idle = 1.0;\npoll_offline = 2.0;\nstale_after = 8.0;\n"
WRONG_KEY = "0123456789abcdef0123456789abcdef"


class Watch:
    """`printop watch` beside it all: every change as a JSON line."""

    def __init__(self, world, names):
        self.world, self.names = world, names
        self.path = os.path.join(world.folder, "watch.jsonl")
        with open(self.path, "wb") as out:
            self.child = subprocess.Popen([world.path, "--config", world.program.conf, "watch", "--json", *names],
                                          env=world.program.env, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.DEVNULL)

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
        try:
            return self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return "none"

    def check(self):
        status = self.end()
        self.world.tap.ok(status == 130, "watch ended by SIGINT exits with 130", status)
        states = {name: [] for name in self.names}
        with open(self.path, encoding="utf-8") as f:
            for line in map(json.loads, f):
                kept = states[line["printer"]["name"]]
                kept += [line["printer"]["state"]] if kept[-1:] != [line["printer"]["state"]] else []
        for name, seen in states.items():
            rest = iter(seen)
            wanted = ["printing", "paused", "printing", "complete", "offline"]
            self.world.tap.ok(all(state in rest for state in wanted), "watch: %s went through it all" % name,
                              "wanted %s in this order, saw %s" % (wanted, seen))


def check_journal(world, names):
    """Several copies wrote into one file: whole lines only, and no key in anything that was kept."""
    state = world.program.env["XDG_STATE_HOME"]
    kept = b"".join(servers.read_file(folder, f) for folder, _, files in os.walk(state) for f in files)
    broken = [line for line in servers.read_file(state, "printop/journal.jsonl").split(b"\n")[:-1]
              if not re.fullmatch(rb"\{.*\}", line) or not json.loads(line)]
    world.tap.ok(kept and not broken, "the journal's lines are whole", broken)
    world.tap.ok(not [s for s in world.servers.values() if s.key and s.key.encode() in kept], "no key is kept")
    events = world.program.json("events", "-n", "0", "--json")
    for name in names:
        kinds = {e.get("kind") for e in events if e.get("printer") == name}
        world.tap.ok({"started", "paused", "resumed", "finished", "cancelled", "failed", "offline", "action"} <= kinds,
                     "the journal has all that happened to %s" % name, kinds)


# ---- the world ----------------------------------------------------------------------------------------

class World:
    """Everything that is started, and ended again whatever happens."""

    def __init__(self, path, only):
        self.path, self.only = os.path.abspath(path), only
        self.tap = Tap()
        self.folder = tempfile.mkdtemp(prefix="printop-real-")
        self.began = time.monotonic()
        self.servers, self.screen = {}, None

    def note(self, text):
        print("# %5.1f s  %s" % (time.monotonic() - self.began, text), file=sys.stderr, flush=True)

    def file(self, name, data):
        path = os.path.join(self.folder, "local", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "wb") as f:
            f.write(data)
        os.replace(path + ".new", path)
        return path

    def wanted(self, name):
        return not self.only or name in self.only

    def start(self):
        if self.wanted("octoprint") or self.wanted("moonraker") or self.wanted("faults"):
            servers.install()
            self.note("servers are installed")
        ports = servers.free_ports(5)
        if self.wanted("octoprint"):
            self.servers["op1"] = servers.Octoprint(self.sub("op1"), ports[0], autoconnect=False)
        if self.wanted("moonraker") or self.wanted("faults"):
            self.servers["mr1"] = servers.Moonraker(self.sub("mr1"), ports[1], trusted=False)
        if self.wanted("faults"):
            self.servers["op2"] = servers.Octoprint(self.sub("op2"), ports[2], autoconnect=True)
            self.servers["mr2"] = servers.Moonraker(self.sub("mr2"), ports[3], True, self.sub("tmp"))
            self.servers["mr3"] = servers.Moonraker(self.sub("mr3"), ports[4], True, self.sub("tmp"))
        for dialect in ("octoprint", "moonraker"):
            if self.wanted("sim-" + dialect):
                self.servers["sim-" + dialect[0]] = Sim(self.path, self.sub("sim-" + dialect), dialect)
        for server in self.servers.values():
            server.start(wait=False)
        for server in self.servers.values():
            server.wait()
        self.note("servers are up")
        rows = [servers.conf_printer(n, s.port, None if getattr(s, "trusted", False) else s.key)
                for n, s in self.servers.items()]
        if self.wanted("faults"):
            rows += [servers.conf_printer("op-badkey", ports[2], WRONG_KEY),
                     servers.conf_printer("mr-badkey", ports[1], WRONG_KEY),
                     servers.conf_printer("nobody", servers.DEAD_PORT)]
        conf = os.path.join(self.folder, "printers.conf")
        servers.write_conf(conf, rows, SETTINGS)
        self.program = Program(self.path, conf, os.path.join(self.folder, "home"))
        os.makedirs(self.program.env["HOME"])
        self.screen = Screen(self.program)

    def sub(self, name):
        return os.path.join(self.folder, name)

    def end(self):
        if self.screen:
            self.screen.end()
        for server in self.servers.values():
            server.stop()
        if not os.environ.get("PRINTOP_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def thread(self, label, work, *args):
        def run():
            try:
                work(*args)
            except Exception as e:      # a broken test is a failed test, not a lost one
                self.tap.ok(False, "%s: the test itself ran" % label, repr(e))
                raise
        thread = threading.Thread(target=run, name=label, daemon=True)
        thread.start()
        return thread

    def run(self):
        threads, names = [], []
        for label, name in (("octoprint", "op1"), ("moonraker", "mr1"), ("sim-octoprint", "sim-o"),
                            ("sim-moonraker", "sim-m")):
            if self.wanted(label):
                names.append(name)
                threads.append(self.thread(label, scenario, Printer(label, name, self.servers[name], self)))
        if self.wanted("faults"):
            op, mr = (Printer(n, n, self.servers[n], self) for n in ("op2", "mr2"))
            threads.append(self.thread("faults", faults, self, op, mr))
        watch = Watch(self, names) if names else None
        for thread in threads:
            thread.join()
        if watch:
            watch.check()
            check_journal(self, names)


def main():
    world = World(sys.argv[1], sys.argv[2:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        world.start()
        world.run()
    except servers.Failed as e:
        world.tap.ok(False, "the servers start", e)
    finally:
        world.end()
    world.tap.plan()
    sys.exit(1 if world.tap.failed else 0)


if __name__ == "__main__":
    main()
