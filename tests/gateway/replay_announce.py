"""Each base is announced as an OctoPrint with its path, through a real avahi daemon on a D-Bus of its own, on loopback alone."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import rig

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s/bus</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""
AVAHI = """[server]
host-name=printop-gateway-test
use-ipv6=no
allow-interfaces=lo
[publish]
publish-workstation=no
"""


def browse():
    """{name: (port, TXT strings)}"""
    out = subprocess.run(["avahi-browse", "-rptk", "_octoprint._tcp"], capture_output=True, text=True, timeout=20).stdout
    found = {}
    for line in out.splitlines():
        f = line.split(";")
        if f[0] == "=" and len(f) > 9:
            name = f[3].replace("\\032", " ").replace("\\046", ".")
            found[name] = (int(f[8]), sorted(w.strip('"') for w in f[9].split('" "')))
    return found


def main():
    if not all(shutil.which(t) for t in ("avahi-daemon", "avahi-browse", "dbus-daemon")):
        print("ok 1 - mDNS # SKIP there is no avahi-daemon or no avahi-browse")
        print("1..1")
        return 0
    tmp = tempfile.mkdtemp(prefix="printop-avahi-")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=%s/bus" % tmp
    with open(tmp + "/bus.conf", "w") as f:
        f.write(BUS % tmp)
    with open(tmp + "/avahi.conf", "w") as f:
        f.write(AVAHI)
    log = open(tmp + "/log", "w")
    children = [subprocess.Popen(["dbus-daemon", "--config-file=" + tmp + "/bus.conf", "--nofork"], stdout=log, stderr=log)]
    r = None
    try:
        time.sleep(0.5)
        children.append(subprocess.Popen(["avahi-daemon", "-f", tmp + "/avahi.conf", "--no-drop-root", "--no-rlimits", "--no-chroot"],
                                         stdout=log, stderr=log))
        rig.Rig.wait_for(lambda: "startup complete" in open(tmp + "/log").read(), "avahi-daemon")
        r = rig.Rig(printers=2, tags={"sim-001": ["room 1"]}, settings='gateway_announce = "yes";\n')
        r.start()
        want = {"printop any printer": "/", "printop library": "/library", "printop printer sim-001": "/printer/sim-001",
                "printop printer sim-002": "/printer/sim-002", "printop tag room 1": "/tag/room%201"}
        end = time.time() + 20
        found = {}
        while time.time() < end and not set(want) <= set(found):
            found = browse()
        rig.result(found == {n: (r.port, ["path=" + p, "version=1.11.8"]) for n, p in want.items()},
                   "one instance for each base, with its path and no empty string", found)
        took, status = r.terminate()
        rig.result(took < 1 and status == 0, "SIGTERM ends it within a second", (took, status))
        end = time.time() + 10
        while time.time() < end and browse():
            time.sleep(0.2)
        rig.result(not browse(), "nothing is announced any more", browse())
    finally:
        if r:
            r.stop()
        for c in reversed(children):
            c.terminate()
            c.wait()
        log.close()
        shutil.rmtree(tmp, ignore_errors=True)
    return rig.done()


if __name__ == "__main__":
    sys.exit(main())
