"""Fifty clients that send at the same time, while some printers hang: all are answered, every file arrives whole."""
import hashlib
import os
import sys
import threading
import time

import rig
from slicers import SLICERS

CLIENTS = 50


def main():
    r = rig.Rig(printers=6, speed=120, faults="hang=2", tags={"sim-%03d" % i: ["all"] for i in range(1, 7)})
    failed, slow, sums = [], [], {}
    try:
        key = r.key("crowd", "--start")
        r.start()
        kinds = list(SLICERS.values())

        def one(i):
            name = "crowd-%02d.gcode" % i
            data = rig.gcode(600 << 10, name)
            sums[name] = hashlib.sha256(data).hexdigest()
            base = ("", "/tag/all", "/library")[i % 3]
            began = time.time()
            try:
                kinds[i % len(kinds)](r.port, base, key).send(name, data, base != "/library" and i % 2 == 0)
            except Exception as e:
                failed.append("%s: %r" % (name, e))
            slow.append(time.time() - began)
        threads = [threading.Thread(target=one, args=(i,)) for i in range(CLIENTS)]
        began = time.time()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        rig.result(not failed, "%d clients at once are all answered (%.1f s, the slowest %.1f s)" %
                   (CLIENTS, time.time() - began, max(slow)), "\n".join(failed))
        jobs = {j["name"]: j for j in r.jobs()}
        wrong = []
        for name, want in sums.items():
            path = r.dir + "/library/" + name
            if os.path.exists(path):
                with open(path, "rb") as f:
                    got = hashlib.sha256(f.read()).hexdigest()
            elif name in jobs and jobs[name]["state"] != "sent":
                got = jobs[name]["sha256"]
                with open(r.dir + "/state/printop/queue/" + jobs[name]["id"] + "/file", "rb") as f:
                    if hashlib.sha256(f.read()).hexdigest() != want:
                        got = "another file on disk"
            else:
                got = jobs.get(name, {}).get("sha256", "not there")
            if got != want:
                wrong.append((name, got))
        rig.result(not wrong, "every file arrived whole", wrong)
        names = [j["name"] for j in r.jobs()]
        rig.result(len(names) == len(set(names)), "each is one job", len(names))
        took, status = r.terminate()
        rig.result(took < 1 and status == 0, "SIGTERM ends it within a second, printers hanging", (took, status))
    finally:
        r.stop()
    return rig.done()


if __name__ == "__main__":
    sys.exit(main())
