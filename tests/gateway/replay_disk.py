"""A disk that is nearly full: refused with 507 and a sentence, nothing half kept, ended jobs give way. Needs a mount of its own."""
import os
import subprocess
import sys
import time
import traceback

import rig
from slicers import OrcaMoonraker, PrusaOctoPrint, Shown

SMALL = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=8m none "$XDG_STATE_HOME" && exec "$@"', "sh"]


def jobs(r, key):
    head = ("GET /printop/jobs HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\n\r\n" % key).encode()
    return rig.exchange(r.port, head).json()["result"]


def refused(slicer, name, data):
    try:
        slicer.send(name, data, False)
    except Shown as e:
        return str(e)
    raise AssertionError("it was taken")


def check(r, key):
    prusa, orca = (k(r.port, "/printer/sim-001", key) for k in (PrusaOctoPrint, OrcaMoonraker))
    r.fault("sim-001", "refuse")
    time.sleep(1.5)
    prusa.send("first.gcode", rig.gcode(5 << 20, "first"), False)
    for s in (prusa, orca):         # one asks first, the other sends it all
        text = refused(s, "second.gcode", rig.gcode(5 << 20, "second"))
        if "507" not in text or "no room" not in text:
            raise AssertionError(text)
    if [j["name"] for j in jobs(r, key)] != ["first.gcode"]:
        raise AssertionError(jobs(r, key))
    r.fault("sim-001", "none")
    end = time.time() + 20
    while time.time() < end and jobs(r, key)[0]["state"] != "sent":
        time.sleep(0.1)
    prusa.send("third.gcode", rig.gcode(5 << 20, "third"), False)       # what has ended gives way
    if [j["name"] for j in jobs(r, key)] != ["third.gcode"]:
        raise AssertionError(jobs(r, key))


def main():
    probe = subprocess.run([*SMALL[:3], "-c", "mount -t tmpfs none /tmp"], capture_output=True)
    if probe.returncode:
        print("ok 1 - a full disk # SKIP no mount of its own here")
        print("1..1")
        return 0
    r = rig.Rig(printers=1 + 1)
    try:
        key = r.key("disk")
        os.makedirs(r.env["XDG_STATE_HOME"], exist_ok=True)
        r.start(SMALL)
        try:
            check(r, key)
            rig.result(True, "a full disk: 507 with a sentence, nothing half kept, ended jobs give way")
        except Exception:
            rig.result(False, "a full disk: 507 with a sentence, nothing half kept, ended jobs give way", traceback.format_exc())
    finally:
        r.stop()
    return rig.done()


if __name__ == "__main__":
    sys.exit(main())
