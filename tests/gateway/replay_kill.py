"""
kill -9 at random moments of upload, queue and start, ROUNDS times (30): no job that was taken is lost, none is printed
twice, and an upload that is sent again because nobody answered is still one job.
"""
import os
import random
import sys
import threading
import time

import rig
from slicers import CuraOctoPrint, OrcaMoonraker, OrcaPrintBare, PrusaMoonraker, PrusaOctoPrint, Shown

ROUNDS = int(os.environ.get("ROUNDS", "30"))
SEED = int(os.environ.get("SEED", "1"))
BASES = ["/printer/sim-001", "/printer/sim-002", "/tag/pool", ""]
KINDS = [PrusaOctoPrint, PrusaMoonraker, OrcaMoonraker, OrcaPrintBare, CuraOctoPrint]


class Client(threading.Thread):
    """A person with a slicer: sends, and sends the same again when it got no answer."""

    def __init__(self, r, key, number):
        super().__init__(daemon=True)
        self.r, self.key, self.number = r, key, number
        self.random = random.Random(SEED * 1000 + number)
        self.acked, self.tried = {}, set()
        self.open = None            # (slicer, base, name, data): not answered yet
        self.stop = False
        self.count = 0

    def next(self):
        self.count += 1
        name = "c%d-%04d.gcode" % (self.number, self.count)
        size = self.random.choice((2000, 60000, 400000))
        return (self.random.choice(KINDS), self.random.choice(BASES), name, rig.gcode(size, name))

    def run(self):
        while not self.stop or self.open:
            if self.open is None:
                self.open = self.next()
            kind, base, name, data = self.open
            self.tried.add(name)
            try:
                kind(self.r.port, base, self.key).send(name, data, True)
                self.acked[name] = base
                self.open = None
                time.sleep(self.random.uniform(0, 0.9))
            except Shown as e:      # an answer, though not a good one
                print("# %s: %s" % (name, e), flush=True)
                self.acked.setdefault(name, base)
                self.open = None
            except (OSError, AssertionError, ValueError):
                time.sleep(0.05)    # nobody there, or cut off


def collect(r, seen):
    """The prints that the printers know of, added up over the rounds: their own memories are short."""
    for p in r.printers:
        for path, ids in r.prints(p).items():
            seen.setdefault(path, set()).update((p["name"], i) for i in ids)


def main():
    chance = random.Random(SEED)
    # Two printers for the bases of one printer, six for the rest; prints of some tenths of a second.
    tags = {"sim-%03d" % i: ["pool"] for i in range(3, 9)}
    r = rig.Rig(printers=8, speed=120, tags=tags)
    seen, restarts = {}, 0
    try:
        key = r.key("killed", "--start")
        clients = [Client(r, key, i) for i in range(3)]
        r.start()
        for c in clients:
            c.start()
        for i in range(ROUNDS):
            time.sleep(chance.uniform(0.05, 1.0))
            r.kill()
            restarts += 1
            collect(r, seen)
            r.start()
        for c in clients:
            c.stop = True
        for c in clients:
            c.join(timeout=30)
        names = set().union(*[set(c.acked) for c in clients])
        jobs = {}
        for _ in range(600):
            jobs = {}
            for j in r.jobs():
                jobs.setdefault(j["name"], []).append(j)
            if all(j["state"] in ("done", "held", "failed", "cancelled") for js in jobs.values() for j in js):
                break
            collect(r, seen)
            time.sleep(0.1)
        collect(r, seen)
        lost = sorted(names - set(jobs))
        doubled = sorted(n for n, js in jobs.items() if len(js) != 1)
        states = {}
        for js in jobs.values():
            for j in js:
                states[j["state"]] = states.get(j["state"], 0) + 1
        print("# %d rounds, %d uploads answered, jobs: %s" % (restarts, len(names), states), flush=True)
        for js in jobs.values():
            for j in js:
                if j["state"] not in ("done",):
                    print("# %s is %s: %s" % (j["name"], j["state"], j["reason"]), flush=True)
        rig.result(len(names) >= ROUNDS, "uploads were answered in between", len(names))
        rig.result(not lost, "no job that was taken is lost", lost)
        rig.result(not doubled, "an upload that is sent again is one job", doubled)
        twice = {n: sorted(ids) for n, ids in seen.items() if len(ids) > 1 and n in jobs}
        rig.result(not twice, "no job is printed twice", twice)
        unprinted = [n for n, js in jobs.items() if js[0]["state"] == "done" and not seen.get(n)]
        rig.result(not unprinted, "what is said to be done was printed", unprinted)
        stuck = [n for n, js in jobs.items() if js[0]["state"] not in ("done", "held", "failed", "cancelled")]
        rig.result(not stuck, "every job came to an end", [(n, jobs[n]) for n in stuck[:5]])
        rig.result(states.get("done", 0) >= 0.8 * sum(states.values()), "nearly all of them well", states)
        left = [n for n in os.listdir(r.dir + "/state/printop/queue") if n.startswith((".in-", ".rm-"))]
        rig.result(not left, "nothing half done is left on the disk", left)
    finally:
        if os.environ.get("KEEP"):
            print("# kept: " + r.dir)
            r.kill()
            r.sim.terminate()
        else:
            r.stop()
    return rig.done()


if __name__ == "__main__":
    sys.exit(main())
