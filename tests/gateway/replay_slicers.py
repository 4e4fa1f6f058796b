"""Every slicer on a printer of either dialect, on a tag, on any printer, and into the library: test, send, send and print."""
import os
import sys
import threading
import traceback

import rig
from slicers import SLICERS, Shown

SIZE = 1200 << 10       # large enough for Expect


def attempt(name, fn):
    try:
        fn()
        rig.result(True, name)
    except Shown as e:
        rig.result(False, name, "the user reads: %s" % e)
    except Exception:
        rig.result(False, name, traceback.format_exc())


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


class Case:
    """One slicer with two printers of its own."""

    def __init__(self, r, key, slicer, moon, octo, tag):
        self.r, self.key, self.slicer = r, key, slicer
        self.moon, self.octo, self.tag = moon, octo, tag

    def open(self, base):
        return SLICERS[self.slicer](self.r.port, base, self.key)

    def store(self, base, printers):
        name = "%s-%s.gcode" % (self.slicer, base.strip("/").replace("/", "-"))
        data = rig.gcode(SIZE, name)
        s = self.open(base)
        s.test()
        s.send(name, data, False)
        job = self.r.wait_job(name, ("sent",))
        expect(job, "not stored: %r" % self.r.job(name))
        expect(job["printer"] in printers and not job["start"] and job["bytes"] == len(data), job)
        expect(job["remote_path"] == name, job)

    def print(self, base, printers):
        name = "%s-%s-p.gcode" % (self.slicer, base.strip("/").replace("/", "-"))
        self.open(base).send(name, rig.gcode(SIZE, name), True)
        job = self.r.wait_job(name, ("printing", "done"))
        expect(job, "not printed: %r" % self.r.job(name))
        expect(job["printer"] in printers, job)
        expect(self.r.wait_job(name, ("done",)), "not done: %r" % self.r.job(name))
        p = self.r.printer(job["printer"])
        expect(len(self.r.prints(p).get(name, ())) == 1, "printed %r" % self.r.prints(p))

    def library(self):
        name = "%s-library.gcode" % self.slicer
        data = rig.gcode(SIZE, name)
        s = self.open("/library")
        s.test()
        s.send(name, data, False)
        with open(os.path.join(self.r.dir, "library", name), "rb") as f:
            expect(f.read() == data, "another file")
        expect(self.r.job(name) is None, "it became a job")

    def run(self):
        for what, base, printers in (("moonraker printer", "/printer/" + self.moon, [self.moon]),
                                     ("octoprint printer", "/printer/" + self.octo, [self.octo]),
                                     ("tag", "/tag/" + self.tag, [self.moon, self.octo])):
            attempt("%s: %s: send" % (self.slicer, what), lambda: self.store(base, printers))
            attempt("%s: %s: print" % (self.slicer, what), lambda: self.print(base, printers))
        attempt("%s: library" % self.slicer, self.library)


def main():
    names = list(SLICERS)
    tags = {}
    for i in range(len(names)):
        for k in (2 * i + 1, 2 * i + 2):
            tags["sim-%03d" % k] = ["set %d" % i]
    r = rig.Rig(printers=2 * len(names), speed=60, tags=tags, settings="uploads = 8;\n")
    try:
        key = r.key("replay", "--start")
        r.start()
        cases = [Case(r, key, n, "sim-%03d" % (2 * i + 1), "sim-%03d" % (2 * i + 2), "set%%20%d" % i) for i, n in enumerate(names)]
        threads = [threading.Thread(target=c.run) for c in cases]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        any_base = Case(r, key, "prusa-octoprint", "", "", "")
        everyone = [p["name"] for p in r.printers]
        attempt("prusa-octoprint: any printer: print", lambda: any_base.print("", everyone))
        lines = [e for e in r.journal() if e["kind"] == "gateway" and e.get("outcome", "").startswith("starts on")]
        rig.result(lines and all(e["key"] == "replay" and e["client"] and e["file"] and e["job"] for e in lines),
                   "client, key, file, target and outcome are in the journal", lines[:3])
        rig.result(key not in r.log_text() and key not in str(r.journal()), "the key is in no log")
        took, status = r.terminate()
        rig.result(took < 1 and status == 0, "SIGTERM ends it within a second", (took, status))
    finally:
        r.stop()
    return rig.done()


if __name__ == "__main__":
    sys.exit(main())
