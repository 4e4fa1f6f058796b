#!/usr/bin/env python3
"""Cura's print over network against printop serve and a simulated farm of both dialects, through a strict stand-in for Cura."""
import gzip
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
import zipfile

from cura_client import API, Connection, Cura

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/printop")
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "cura")
TOP = tempfile.mkdtemp(prefix="printop-cura-")
tests = []


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as f:
        return f.read()


GCODE, UFP, GRIFFIN = fixture("model.gcode"), fixture("good.ufp"), fixture("griffin.gcode")


def test(name):
    def add(fn):
        tests.append((name, fn))
        return fn
    return add


def wait(what, fn, limit=12):
    end = time.time() + limit
    while time.time() < end:
        got = fn()
        if got:
            return got
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {limit} s")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Farm:
    """printop sim: sim-001 and sim-003 are Moonraker, sim-002 and sim-004 OctoPrint."""

    def __init__(self, count=4):
        self.conf = os.path.join(TOP, "farm.conf")
        self.process = subprocess.Popen([PROGRAM, "sim", "--printers", str(count), "--idle", "--seed", "3", "--speed", "20",
                                         "--conf", self.conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait("the simulated farm", lambda: os.path.exists(self.conf) and ");" in open(self.conf).read())
        self.text = open(self.conf).read()
        self.printers = {n: (u, d, k) for n, u, d, k in re.findall(
            r'name = "([^"]*)"; url = "([^"]*)"; dialect = "([^"]*)";(?: key = "([^"]*)")?', self.text)}
        self.any = next(iter(self.printers.values()))[0]

    def call(self, url, body=None, key=None, method=None):
        req = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None,
                                     {"Content-Type": "application/json"}, method=method)
        if key:
            req.add_header("X-Api-Key", key)
        with urllib.request.urlopen(req, timeout=10) as r:
            data = r.read()
        return json.loads(data) if data[:1] in b"{[" and data else data

    def fault(self, printer, kind):
        self.call(self.any + "/sim/fault", {"kind": kind, "printer": printer})

    def advance(self, seconds):
        self.call(self.any + "/sim/advance", {"s": seconds})

    def files(self, name):
        url, dialect, key = self.printers[name]
        if dialect == "moonraker":
            return {f["path"]: f["size"] for f in self.call(url + "/server/files/list?root=gcodes")["result"]}
        return {f["path"]: f.get("size") for f in self.call(url + "/api/files?recursive=true", key=key)["files"]}

    def start(self, name, filename):
        """Somebody at the printer starts a file that is there."""
        url, dialect, key = self.printers[name]
        if dialect == "moonraker":
            self.call(url + "/printer/print/start", {"filename": filename})
        else:
            self.call(f"{url}/api/files/local/{filename}", {"command": "select", "print": True}, key)

    def stop(self):
        self.process.terminate()
        self.process.wait(5)


class Gateway:
    count = 0
    running = set()             # what a failed test leaves behind

    def __init__(self, farm, **settings):
        Gateway.count += 1
        self.dir = os.path.join(TOP, f"g{Gateway.count}")
        os.makedirs(self.dir)
        self.port = free_port()
        self.process = None
        self.settings = {"gateway_cura": True, "gateway_cura_start": True, "gateway_cura_control": True, "gateway_cura_announce": False,
                         "poll_idle": 0.5, "poll_active": 0.2, "poll_offline": 1, "reply_timeout": 1, "gateway_listen": f'"127.0.0.1:{self.port}"',
                         **settings}
        self.config = os.path.join(self.dir, "printers.conf")
        self.configure(farm.text)

    def configure(self, printers):
        self.printers = printers
        with open(self.config, "w") as f:
            os.chmod(self.config, 0o600)
            f.write(printers + "".join(f"{k} = {str(v).lower() if isinstance(v, bool) else v};\n" for k, v in self.settings.items()))

    def state(self, *path):
        return os.path.join(self.dir, "state", "printop", *path)

    def folders(self):
        """The queue's jobs on disk."""
        return [d for d in os.listdir(self.state("queue")) if os.path.isdir(self.state("queue", d))]

    def start(self):
        env = dict(os.environ, HOME=self.dir, XDG_STATE_HOME=os.path.join(self.dir, "state"),
                   XDG_CONFIG_HOME=os.path.join(self.dir, "config"))
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.process = subprocess.Popen([PROGRAM, "--config", self.config, "--log-level", "info", "serve"], env=env,
                                        stdout=self.log, stderr=self.log)
        Gateway.running.add(self.process)
        wait("the gateway", self.is_up)
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError("printop ended: " + self.text()[-600:])
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def cura(self):
        return Cura("127.0.0.1", self.port)

    def text(self):
        with open(os.path.join(self.dir, "log"), errors="replace") as f:
            return f.read()

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            status = self.process.wait(5)
            Gateway.running.discard(self.process)
            self.process = None
            assert status == (0 if how == signal.SIGTERM else -how), f"ended with {status}: {self.text()[-2000:]}"
            assert "Sanitizer" not in self.text(), self.text()[-3000:]


farm = Farm()


def calm():
    """Every printer idle and empty-handed."""
    for name in farm.printers:
        farm.fault(name, "none")
        farm.fault(name, "idle")


def opened(**settings):
    calm()
    g = Gateway(farm, **settings).start()
    c = g.cura()
    wait("all printers idle", lambda: all(p["status"] == "idle" for p in c.printers()))
    return g, c


def named(c, name):
    return next((j for j in c.jobs() if j["name"] == name), None)


def on(c, printer):
    return c.cards().get(printer)


def ufp(gcode, slash="/"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(slash + "3D/model.gcode", gcode)
        z.writestr(slash + "Metadata/thumbnail.png", fixture("good.ufp")[:0] or b"\x89PNG\r\n\x1a\n" + bytes(40))
    return out.getvalue()


def like(seed):
    """G-code that is nobody else's."""
    return GCODE + f"; {seed}\n".encode()


# ---- adding it ----

@test("add by IP: all seven keys, and lists that Cura reads")
def add_by_ip():
    g, c = opened()
    s = c.system()
    assert s["firmware"] >= "4.4" and s["hardware"]["typeid"] == "9066.0", s
    assert [p["friendly_name"] for p in c.printers()] == list(farm.printers)
    assert c.printers(API + "/printers/") == c.printers()
    assert c.jobs() == c.jobs(API + "/print_jobs/") == []
    assert c.get(API + "/materials")[0] == 404          # Cura is quiet then
    assert len({p["uuid"] for p in c.printers()}) == 4
    for page in ("/print_jobs", "/printers", "/cloud_connect", "/settings"):
        status, headers, body = c.get(page)
        assert status == 200 and headers["content-type"].startswith("text/html") and b"sim-001" in body, page
    g.stop()


@test("nothing of it answers while gateway_cura is off")
def off():
    g = Gateway(farm, gateway_cura=False).start()
    c = g.cura()
    for path in (API + "/printers", API + "/print_jobs", "/api/v1/system", "/printers"):
        assert c.get(path)[0] == 404, path
    assert c.upload("x.gcode", GCODE)[0] == 404
    assert g.folders() == []
    g.stop()


# ---- uploads ----

@test("each format ends as the same G-code, on both dialects")
def formats():
    g, c = opened(gateway_cura_start=False)
    size = len(GCODE)
    sent = {
        "plain.gcode": GCODE, "one.gcode.gz": fixture("one.gz"), "two.gcode.gz": fixture("two.gz"), "packed.ufp": UFP,
        "bare.ufp": fixture("no-slash.ufp"),
    }
    for i, (name, data) in enumerate(sent.items()):
        for printer in ("sim-001", "sim-002"):
            status, body = c.upload(name, data, printer=printer, lower=bool(i % 2), first=bool(i % 3))
            assert status == 200, (name, status, body)
    for name in sent:
        want = name.split(".")[0] + ".gcode"
        for printer in ("sim-001", "sim-002"):
            wait(f"{want} on {printer}", lambda w=want, p=printer: farm.files(p).get(w) == size)
    digest = hashlib.sha256(GCODE).hexdigest()
    assert len(g.folders()) == 10, g.folders()
    for d in g.folders():
        with open(g.state("queue", d, "file"), "rb") as f:
            assert hashlib.sha256(f.read()).hexdigest() == digest
    assert not [f for f in os.listdir(g.state("cura")) if f.startswith("in-")], "an upload was left behind"
    assert not c.cards() or all(j["status"] == "sent_to_printer" for j in c.cards().values())
    g.stop()


@test("a body with line ends and boundary-like bytes is stored byte for byte")
def tricky_bytes():
    g, c = opened(gateway_cura_start=False)
    data = b"G28\r\n--boundary_.oOo._\r\n\r\n--\r\n" + bytes(range(1, 256)) * 300 + b"\r\n--boundary_.oOo._x--\r\n\r\n-"
    assert c.upload("t.gcode", data, printer="sim-001")[0] == 200
    wait("the file", lambda: farm.files("sim-001").get("t.gcode") == len(data))
    with open(g.state("queue", c_id(g, "t.gcode"), "file"), "rb") as f:
        assert f.read() == data
    g.stop()


def c_id(g, name):
    for d in g.folders():
        with open(g.state("queue", d, "job.json")) as f:
            if json.load(f)["name"] == name:
                return d
    raise AssertionError(name)


@test("refused uploads are read to the end, answered, and shown as jobs in error")
def refusals():
    g, c = opened(gateway_max_upload_mb=1)
    cases = {
        "cut.ufp": (fixture("cut.ufp"), 400), "damaged.ufp": (fixture("damaged.ufp"), 400),
        "bomb.ufp": (fixture("bomb.ufp"), 413), "bomb.gcode.gz": (fixture("bomb.gz"), 413),
        "many.ufp": (fixture("many.ufp"), 413), "none.ufp": (fixture("no-model.ufp"), 400),
        "big.gcode": (b"G1 X1\n" * 400000, 413), "short.gcode.gz": (fixture("one.gz")[:-9], 400), "x.stl": (b"solid", 415),
        "empty.gcode": (b"", 400), "big.gcode.gz": (gzip.compress(os.urandom(1 << 19).hex().encode() * 2), 413),
    }
    for name, (data, want) in cases.items():
        status, body = c.upload(name, data)
        assert status == want, (name, status, body)
        job = named(c, name)
        assert job and job["status"] == "error" and job["impediments_to_printing"], name
        assert job["impediments_to_printing"][0]["severity"] == "UNFIXABLE"
        assert c.delete(job["uuid"]) == 204 and not named(c, name), name
    for head in ("Content-Type: text/plain", "Content-Type: multipart/form-data", "X: y"):
        status = c.raw(f"POST {API}/print_jobs/ HTTP/1.1\r\nHost: x\r\n{head}\r\nContent-Length: 5\r\n\r\nhello".encode())[0]
        assert status == 400, (head, status)
    assert not [f for f in os.listdir(g.state("cura")) if f.startswith("in-")]
    assert g.folders() == [], "something of a refused upload is left"
    g.stop()


@test("names cannot leave the queue's folder")
def names():
    g, c = opened(gateway_cura_start=False)
    for name in ("../../../x.gcode", "/etc/y.gcode", "a\x01b.gcode", ".ufp", " .ufp", "n" * 300 + ".gcode", "..-..-etc-passwd.ufp",
                 "Gr\u00fc\u00dfe (2).ufp"):
        data = UFP if name.endswith(".ufp") else GCODE
        assert c.upload(name, data, printer="sim-003")[0] == 200, name
    for job in c.jobs():
        assert "/" not in job["name"] and not job["name"].startswith(".") and len(job["name"].encode()) < 256, job["name"]
    assert named(c, "cura-job.gcode") and named(c, "Gr\u00fc\u00dfe (2).gcode")
    g.stop()


@test("an upload that comes twice is one job; the same again later is another")
def twins():
    g, c = opened(gateway_cura_start=False)
    data = c.upload_bytes("twin.ufp", UFP)
    for _ in range(3):                                  # the answer is lost: Qt sends it again
        conn = Connection("127.0.0.1", g.port)
        conn.send(data)
        conn.close()
    assert c.upload("twin.ufp", UFP)[0] == 200
    wait("the job", lambda: named(c, "twin.gcode"))
    time.sleep(0.5)
    assert len(g.folders()) == 1
    conn = Connection("127.0.0.1", g.port)              # half an upload is none
    conn.send(c.upload_bytes("half.ufp", UFP)[:-700])
    conn.close()
    time.sleep(0.3)
    assert not named(c, "half.gcode")
    assert c.upload("twin.ufp", ufp(like(1)))[0] == 200
    assert len(g.folders()) == 2
    g.stop()


# ---- printing ----

@test("a chosen printer prints, is paused, resumed and aborted, in both dialects")
def chosen():
    g, c = opened()
    for i, printer in enumerate(("sim-001", "sim-002")):
        unique = next(p["unique_name"] for p in c.printers() if p["friendly_name"] == printer)
        assert c.upload(f"chosen {i}.ufp", ufp(like(10 + i)), printer=unique)[0] == 200
        job = wait("it prints", lambda p=printer: (on(c, p) or {}).get("status") == "printing" and on(c, p))
        assert job["name"] == f"chosen {i}.gcode" and job["owner"] == "operator" and job["started"] is True, job
        assert job["time_total"] >= job["time_elapsed"] >= 0
        for word, status in (("pause", "paused"), ("print", "printing"), ("abort", "wait_cleanup")):
            assert c.action(job["uuid"], word) == 204, word
            wait(f"{printer} {status}", lambda p=printer, s=status: (on(c, p) or {}).get("status") == s)
        ended = on(c, printer)
        assert ended["uuid"] == job["uuid"] and ended["time_total"] > ended["time_elapsed"], "Cura would say finished"
        assert c.action(job["uuid"], "pause") == 409 and c.move_to_top(job["uuid"]) == 409
    assert c.action("00000000-0000-4000-8000-000000000000", "pause") == 404
    g.stop()


@test("a bare word as body, and bad bodies")
def bodies():
    g, c = opened()
    assert c.upload("bare.gcode", like(20), printer="sim-002")[0] == 200
    job = wait("it prints", lambda: (on(c, "sim-002") or {}).get("status") == "printing" and on(c, "sim-002"))
    path = f"{API}/print_jobs/{job['uuid']}/action"
    for bad in ("", "{}", "[]", "jump", '{"action": 7}', '{"action": "jump"}', "{", '{"action": "pause"'):
        assert c.send_json("PUT", path, bad)[0] == 400, bad
    assert c.send_json("PUT", path, "pause")[0] == 204          # as Cura 4.1 sends it
    wait("it is paused", lambda: (on(c, "sim-002") or {}).get("status") == "paused")
    assert c.send_json("PUT", f"{API}/print_jobs/{job['uuid']}", '{"force": false}')[0] == 400
    assert c.send_json("PUT", f"{API}/print_jobs/{job['uuid']}", "nonsense")[0] == 400
    assert c.delete(job["uuid"]) == 409, "a running job was deleted"
    assert c.send_json("PATCH", path, "{}")[0] == 405
    assert c.get(API + "/nothing")[0] == 404
    g.stop()


@test("automatic: the first idle printers take the jobs, the others wait in one queue")
def automatic():
    g, c = opened()
    for i in range(6):
        assert c.upload(f"auto {i}.ufp", ufp(like(30 + i)))[0] == 200
    wait("four print", lambda: len([j for j in c.cards().values() if j["status"] == "printing"]) == 4)
    queued = [j["name"] for j in c.jobs() if j["status"] == "queued"]
    assert queued == ["auto 4.gcode", "auto 5.gcode"], queued
    assert all("assigned_to" not in j for j in c.jobs() if j["status"] == "queued")
    last = named(c, "auto 5.gcode")["uuid"]
    assert c.move_to_top(last) == 204
    assert [j["name"] for j in c.jobs() if j["status"] == "queued"] == ["auto 5.gcode", "auto 4.gcode"]
    old = named(c, "auto 4.gcode")["uuid"]
    status = c.send_json("PUT", f"{API}/print_jobs/{old}/move_to_position", '{"to_position": 0}')[0]    # Cura 4.0
    assert status == 204 and [j["name"] for j in c.jobs() if j["status"] == "queued"][0] == "auto 4.gcode"
    assert c.delete(last) == 204 and not named(c, "auto 5.gcode")
    farm.advance(900)
    wait("the fifth prints, too", lambda: any(j["name"] == "auto 4.gcode" and j["status"] in ("pre_print", "printing")
                                             for j in c.cards().values()))
    g.stop()


@test("a finished print stays on its card as finished")
def finished():
    g, c = opened()
    assert c.upload("done.gcode", like(40), printer="sim-003")[0] == 200
    wait("it prints", lambda: (on(c, "sim-003") or {}).get("status") == "printing")
    farm.advance(1200)
    job = wait("it is done", lambda: (on(c, "sim-003") or {}).get("status") == "wait_cleanup" and on(c, "sim-003"))
    assert job["time_elapsed"] == job["time_total"], "Cura would say aborted"
    assert all(p["status"] == "idle" for p in c.printers())
    assert c.delete(job["uuid"]) == 204
    g.stop()


@test("a print that was started elsewhere is a job that can be paused and aborted")
def elsewhere():
    g, c = opened(gateway_cura_start=False)
    for printer in ("sim-001", "sim-002"):
        name = f"there-{printer}.gcode"
        assert c.upload(name, like(50), printer=printer)[0] == 200
        wait("it is there", lambda p=printer, n=name: n in farm.files(p))
        farm.start(printer, name)
        job = wait("it is shown", lambda p=printer: (on(c, p) or {}).get("status") == "printing" and on(c, p))
        assert job["name"] == name
        uuid = job["uuid"]
        assert c.action(uuid, "pause") == 204
        wait("paused", lambda p=printer: (on(c, p) or {}).get("status") == "paused")
        assert on(c, printer)["uuid"] == uuid
        assert c.action(uuid, "abort") == 204
        wait("ended", lambda p=printer: (on(c, p) or {"status": "wait_cleanup"})["status"] == "wait_cleanup")
    g.stop()


@test("without gateway_cura_start a file is brought to the printer and not started")
def upload_only():
    g, c = opened(gateway_cura_start=False)
    assert c.upload("stay.gcode", like(60), printer="sim-004")[0] == 200
    wait("it is there", lambda: "stay.gcode" in farm.files("sim-004"))
    job = wait("it is shown", lambda: (on(c, "sim-004") or {}).get("status") == "sent_to_printer" and on(c, "sim-004"))
    assert c.action(job["uuid"], "print") == 403
    time.sleep(0.7)
    assert all(p["status"] == "idle" for p in c.printers())
    assert c.delete(job["uuid"]) == 204
    g.stop()


@test("without gateway_cura_control Cura may only send")
def no_control():
    g, c = opened(gateway_cura_control=False)
    assert c.upload("keep.gcode", like(61), printer="sim-001")[0] == 200
    job = wait("it prints", lambda: (on(c, "sim-001") or {}).get("status") == "printing" and on(c, "sim-001"))
    assert c.action(job["uuid"], "abort") == 403 and c.delete(job["uuid"]) == 403 and c.move_to_top(job["uuid"]) == 403
    time.sleep(0.5)
    assert on(c, "sim-001")["status"] == "printing"
    g.stop()


@test("an unknown printer's job is held and shown, not lost; a printer that is away is waited for")
def unknown_printer():
    g, c = opened()
    assert c.upload("lost.gcode", like(70), printer="never-heard-of")[0] == 200
    job = named(c, "lost.gcode")
    assert job["status"] == "error" and "never-heard-of" in job["impediments_to_printing"][0]["translation_key"]
    assert c.delete(job["uuid"]) == 204
    without = re.sub(r'  \{ name = "sim-004".*\n', "", farm.text).replace(" },\n);", " }\n);")
    g.stop()
    g.configure(re.sub(r",\s*\);", "\n);", without))
    g.start()
    c.close()
    assert len(c.printers()) == 3
    assert c.upload("later.gcode", like(71), printer="sim-004")[0] == 200
    assert named(c, "later.gcode")["status"] == "queued"
    g.stop()
    g.configure(farm.text)
    g.start()
    c.close()
    wait("it prints there", lambda: (on(c, "sim-004") or {}).get("status") == "printing")
    assert on(c, "sim-004")["name"] == "later.gcode"
    g.stop()


# ---- the Griffin guard ----

@test("a Griffin file is not started; Override starts it only where the operator allows it")
def griffin():
    for allowed in (False, True):
        g, c = opened(gateway_cura_override=allowed)
        assert c.upload(f"griffin {int(allowed)}.ufp", ufp(GRIFFIN))[0] == 200
        time.sleep(0.8)
        job = named(c, f"griffin {int(allowed)}.gcode")
        assert job["status"] == "queued" and job.get("assigned_to"), "the card would not say: action required"
        change = job["configuration_changes_required"]
        assert len(change) == 1 and change[0]["type_of_change"] == "material_change", change
        assert not c.cards() and not any("griffin" in f for p in farm.printers for f in farm.files(p))
        assert c.action(job["uuid"], "print") == 409
        printer = next(p["friendly_name"] for p in c.printers() if p["uuid"] == job["assigned_to"])
        assert c.force(job["uuid"]) == (204 if allowed else 403)
        if allowed:
            wait("it prints where the card was", lambda p=printer: (on(c, p) or {}).get("name") == "griffin 1.gcode")
            assert not named(c, "griffin 1.gcode")["configuration_changes_required"]
            assert named(c, "griffin 1.gcode")["force"] is True
        else:
            time.sleep(0.5)
            assert not c.cards()
        g.stop()


# ---- trouble ----

@test("a printer that goes down and comes back: nothing lost, its job waits for it")
def down_and_back():
    g, c = opened()
    farm.fault("sim-002", "hang")
    wait("it is unreachable", lambda: next(p for p in c.printers() if p["friendly_name"] == "sim-002")["status"] == "unreachable",
         20)
    assert c.upload("patient.gcode", like(80), printer="sim-002")[0] == 200
    time.sleep(1)
    assert named(c, "patient.gcode")["status"] == "queued"
    farm.fault("sim-002", "none")
    wait("it prints", lambda: (on(c, "sim-002") or {}).get("status") == "printing", 20)
    assert on(c, "sim-002")["name"] == "patient.gcode"
    g.stop()


@test("kill -9 in the middle: ids, queue and prints are the same afterwards")
def killed():
    g, c = opened()
    for i in range(6):
        assert c.upload(f"kill {i}.ufp", ufp(like(90 + i)))[0] == 200
    wait("four print", lambda: len([j for j in c.cards().values() if j["status"] == "printing"]) == 4)
    before = {p["friendly_name"]: (p["uuid"], p["unique_name"]) for p in c.printers()}
    jobs_before = {j["name"]: j["uuid"] for j in c.jobs()}
    g.stop(signal.SIGKILL)
    c.close()
    g.start()
    wait("four print again", lambda: len([j for j in c.cards().values() if j["status"] == "printing"]) == 4)
    assert {p["friendly_name"]: (p["uuid"], p["unique_name"]) for p in c.printers()} == before
    assert {j["name"]: j["uuid"] for j in c.jobs()} == jobs_before
    assert [j["name"] for j in c.jobs() if j["status"] == "queued"] == ["kill 4.gcode", "kill 5.gcode"]
    g.stop()


@test("kill -9 during an upload leaves nothing, and the repeated one is one job")
def killed_upload():
    g, c = opened(gateway_cura_start=False)
    data = c.upload_bytes("torn.ufp", ufp(like(99)))
    conn = Connection("127.0.0.1", g.port)
    conn.send(data[:-100])
    time.sleep(0.2)
    g.stop(signal.SIGKILL)
    conn.close()
    g.start()
    assert c.jobs() == []
    assert not [f for f in os.listdir(g.state("cura")) if f.startswith("in-")]
    assert c.upload("torn.ufp", ufp(like(99)))[0] == 200
    wait("the job", lambda: named(c, "torn.gcode"))
    assert len(c.jobs()) == 1
    g.stop()


@test("kill -9 at random moments of uploads: each file is one job, none is lost")
def killed_often():
    rounds = int(os.environ.get("CURA_ROUNDS", "8"))
    g, c = opened(gateway_cura_start=False)
    rng = random.Random(7)
    for i in range(rounds):
        name, data = f"round {i}.ufp", ufp(like(1000 + i) + bytes(rng.randrange(32, 127) for _ in range(200000)))
        sent = threading.Event()

        def send():
            while not sent.is_set():                    # Qt sends an unanswered upload again
                cura = g.cura()
                try:
                    if cura.upload(name, data)[0] == 200:
                        sent.set()
                except OSError:
                    time.sleep(0.05)
                cura.close()

        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(rng.random() * 0.06)
        g.stop(signal.SIGKILL)
        g.start()
        sender.join(20)
        assert sent.is_set(), f"round {i}: never answered"
    c.close()
    wait("all are there", lambda: len(g.folders()) >= rounds)
    names = sorted(json.load(open(g.state("queue", d, "job.json")))["name"] for d in g.folders())
    assert names == sorted(f"round {i}.gcode" for i in range(rounds)), names
    assert not [f for f in os.listdir(g.state("cura")) if f.startswith("in-")]
    g.stop()


@test("every printer hangs: lists come at once and are complete")
def all_hang():
    g, c = opened()
    for name in farm.printers:
        farm.fault(name, "hang")
    wait("all unreachable", lambda: all(p["status"] == "unreachable" for p in c.printers()), 20)
    worst = 0
    for _ in range(40):
        began = time.time()
        assert len(c.printers()) == 4 and c.jobs() == []
        worst = max(worst, time.time() - began)
    assert worst < 0.1, f"{worst * 1000:.0f} ms"
    g.stop()


@test("six connections at once are all served, an upload and previews between them")
def six():
    g, c = opened(gateway_cura_start=False)
    big = ufp(like(100) + os.urandom(3 << 20).hex().encode())
    errors = []

    def work(fn):
        try:
            fn()
        except Exception as e:
            errors.append(repr(e))

    def polls():
        for _ in range(30):
            c.printers()
            for job in c.jobs():
                assert c.preview(job["uuid"])[0] in (200, 404)

    threads = [threading.Thread(target=work, args=(polls,)) for _ in range(8)]
    threads.append(threading.Thread(target=work, args=(lambda: c.upload("six.ufp", big),)))
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert not errors, errors[:3]
    assert named(c, "six.gcode")
    g.stop()


# ---- pictures, materials, digest, camera ----

@test("preview: the picture of the .ufp, of the G-code, or a placeholder; never a hang")
def preview():
    g, c = opened()
    assert c.upload("pic.ufp", UFP, printer="nobody")[0] == 200
    with zipfile.ZipFile(io.BytesIO(UFP)) as z:
        want = z.read("/Metadata/thumbnail.png")
    status, kind, body = c.preview(named(c, "pic.gcode")["uuid"])
    assert (status, kind, body) == (200, "image/png", want)
    assert c.upload("plain.gcode", like(110), printer="nobody")[0] == 200
    job = named(c, "plain.gcode")
    status, kind, body = c.preview(job["uuid"])
    assert status in (200, 404)
    body = wait("the placeholder", lambda: c.preview(job["uuid"])[0] == 200 and c.preview(job["uuid"])[2])
    assert body.startswith(b"\x89PNG") and body != want
    assert c.preview("00000000-0000-4000-8000-000000000000")[0] == 404
    g.stop()
    c.close()
    g.start()                                           # kept over a restart
    assert c.preview(named(c, "pic.gcode")["uuid"])[2] == want
    g.stop()


@test("materials: posted profiles are listed, and have names in jobs")
def materials():
    g, c = opened(gateway_cura_materials=True, gateway_cura_start=False)
    status, _, body = c.get(API + "/materials")
    assert status == 200 and json.loads(body) == []
    with zipfile.ZipFile(io.BytesIO(UFP)) as z:
        xml = z.read("/Materials/generic_pla.xml.fdm_material")
    assert c.material(xml)[0] == 200
    want = [{"guid": "506c9f0d-e3aa-4bd4-b2d2-23e2425b1aa9", "version": 3}]
    assert json.loads(c.get(API + "/materials/")[2]) == want
    status, _, body = c.material(b"<nonsense/>")
    assert status == 400 and b"not added" in body
    assert c.upload("named.ufp", UFP, printer="sim-001")[0] == 200
    assert named(c, "named.gcode")["configuration"][0]["material"]["material"] == "PLA"
    g.stop()
    c.close()
    g.start()
    assert json.loads(c.get(API + "/materials")[2]) == want
    g.stop()


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@test("the digest of Cura 5.11: a key for everybody, and with checking on 401, nonce, 200")
def digest():
    g = Gateway(farm, gateway_cura_digest=True).start()
    c = g.cura()
    status, _, body = c.send_json("POST", "/api/v1/auth/request", '{"application": "Ultimaker Cura", "user": "me@pc"}')
    got = json.loads(body)
    assert status == 200 and isinstance(got["id"], str) and isinstance(got["key"], str)
    path = API + "/printers"

    def sign(nonce, method="GET", where=path, key=got["key"]):
        response = sha(":".join([sha(f"{got['id']}:Jedi-API:{key}"), nonce, "00000001", "0123456789abcdef", "auth",
                                 sha(f"{method}:{where}")]))
        return (f'Authorization: Digest username="{got["id"]}", realm="Jedi-API", nonce="{nonce}", uri="{where}", nc=00000001, '
                f'cnonce="0123456789abcdef", qop=auth, response="{response}", algorithm="SHA-256"\r\n')

    status, headers, _ = c.get(path)
    assert status == 401
    nonce = re.search(r'nonce="([^"]*)"', headers["www-authenticate"]).group(1)
    c.headers = sign("invented")
    assert c.get(path)[0] == 401
    c.headers = sign(nonce, key="wrong")
    assert c.get(path)[0] == 401
    c.headers = sign(nonce)
    assert len(c.printers()) == 4
    assert c.get(API + "/print_jobs")[0] == 401         # signed for another path
    c.headers = ""
    assert c.upload("free.gcode", like(120), printer="nobody")[0] == 200        # uploads are never asked for it
    g.stop()


@test("cameras: one stream for each printer, one question at a time to its camera, off by default")
def cameras():
    asked = []

    def camera(sock):
        while True:
            try:
                conn = sock.accept()[0]
            except OSError:
                return
            conn.recv(2000)
            asked.append(time.time())
            time.sleep(0.05)
            body = b"\xff\xd8\xff\xe0" + b"x" * 5000 + b"\xff\xd9"
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" %
                         len(body) + body)
            conn.close()

    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(8)
    threading.Thread(target=camera, args=(sock,), daemon=True).start()
    with_camera = farm.text.replace('name = "sim-001";', f'name = "sim-001"; camera = "http://127.0.0.1:'
                                    f'{sock.getsockname()[1]}/webcam/?action=stream";')
    calm()
    g = Gateway(farm, gateway_cura_cameras=True)
    g.configure(with_camera)
    g.start()
    c = g.cura()
    address = c.printers()[0]["ip_address"]
    assert address == f"127.0.0.1:{g.port}/cam/sim-001#", address
    assert "#" not in c.printers()[1]["ip_address"]
    path = "/" + (address + ":8080/?action=stream").split("#")[0].split("/", 1)[1]
    viewers = [socket.create_connection(("127.0.0.1", g.port), 5) for _ in range(3)]
    for v in viewers:
        v.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Keep-Alive\r\n\r\n".encode())
    for v in viewers:
        v.settimeout(8)
        data = b""
        while data.count(b"\xff\xd8\xff\xe0") < 3:
            piece = v.recv(65536)
            assert piece, "the stream ended"
            data += piece
        assert b"multipart/x-mixed-replace" in data and data.startswith(b"HTTP/1.1 200")
    assert len(asked) < 8, f"{len(asked)} pictures were asked for"
    for v in viewers:
        v.close()
    time.sleep(1.2)
    count = len(asked)
    time.sleep(1.5)
    assert len(asked) <= count + 1, "the camera is asked though nobody looks"
    assert c.get("/cam/sim-002")[0] == 404 and c.get("/cam/x")[0] == 404
    g.stop()
    sock.close()
    g = Gateway(farm).start()
    assert g.cura().get("/cam/sim-001")[0] == 404
    g.stop()


@test("strangers are turned away, big headers and slow senders do not harm")
def limits():
    g = Gateway(farm, gateway_allow='"10.9.9.0/24"').start()
    c = g.cura()
    assert c.get(API + "/printers")[0] == 403
    g.stop()
    g, c = opened()
    conn = Connection("127.0.0.1", g.port)
    conn.send(b"GET " + API.encode() + b"/printers HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200000 + b"\r\n\r\n")
    try:
        assert conn.answer()[0] in (400, 413, 431)
    except (ConnectionError, OSError):
        pass
    for host in ("evil\"/><x", "a/b?c#", "x" * 400, ""):
        status, _, body = c.raw(f"GET {API}/printers HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert status == 400 or json.loads(body)[0]["ip_address"] == "127.0.0.1", host
    assert len(c.printers()) == 4
    g.stop()


AVAHI = r"""
cd "$1" || exit 1
ip link set lo up
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$1/bus"
dbus-daemon --config-file=bus.conf --nofork --nopidfile 2>/dev/null & bus=$!
sleep 0.3
daemon() { avahi-daemon -f avahi.conf --no-drop-root --no-chroot --no-rlimits 2>/dev/null & avahi=$!; sleep 1; }
daemon
"$2" --config printers.conf --log-level info serve 2>log & serve=$!
sleep 1.5
timeout 5 avahi-browse -rpt _ultimaker._tcp >seen.first
kill $avahi; wait $avahi; daemon; sleep 2
timeout 5 avahi-browse -rpt _ultimaker._tcp >seen.again
kill $serve; wait $serve; echo $? >status
kill $avahi $bus; wait
"""
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth><policy context="default"><allow user="*"/>
<allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow send_type="*"/></policy></busconfig>
"""


@test("a real avahi announces it, and again when its daemon comes back")
def announced():
    tools = ("dbus-daemon", "avahi-daemon", "avahi-browse", "unshare", "ip")
    if not all(shutil.which(t, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") for t in tools) or \
            subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL).returncode:
        print("# no avahi, or no network namespaces here: not tried")
        return
    folder = os.path.join(TOP, "avahi")
    os.makedirs(folder)
    for name, text in (("bus.conf", BUS % folder), ("run.sh", AVAHI), ("printers.conf", farm.text + 'gateway_listen = "127.0.0.1:80";'
                       ' gateway_cura = true; gateway_cura_name = "Our Fleet";\n'),
                       ("avahi.conf", "[server]\nhost-name=fleetbox\nuse-ipv6=no\nallow-interfaces=lo\n")):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    env = dict(os.environ, XDG_STATE_HOME=folder + "/state", PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
    subprocess.run(["unshare", "-n", "sh", folder + "/run.sh", folder, PROGRAM], env=env, timeout=40,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if "avahi" in open(folder + "/log").read() and "built without" in open(folder + "/log").read():
        print("# built without avahi: not tried")
        return
    names = set()
    for seen in ("seen.first", "seen.again"):
        with open(os.path.join(folder, seen)) as f:
            found = [line for line in f if line.startswith("=")]
        assert len(found) == 1, (seen, open(folder + "/log").read())
        for word in ('"type=printer"', '"name=Our Fleet"', '"machine=9066.0"', '"cluster_size=4"', '"firmware_version=5.2.0"', ";80;"):
            assert word in found[0], (word, found[0])
        names.add(found[0].split(";")[3])
    assert len(names) == 1 and names.pop().startswith("printop-")
    assert open(folder + "/status").read().strip() == "0"


@test("SIGTERM ends it within a second, in the middle of uploads and streams")
def ends():
    g, c = opened()
    conns = [Connection("127.0.0.1", g.port) for _ in range(4)]
    for conn in conns:
        conn.send(c.upload_bytes("x.ufp", UFP)[:-50])
    time.sleep(0.2)
    began = time.time()
    g.stop()
    assert time.time() - began < 1
    assert "goodbye" not in g.text()


def main():
    only, failed = os.environ.get("ONLY", ""), 0
    print(f"1..{len(tests)}", flush=True)
    for n, (name, fn) in enumerate(tests, 1):
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
    for left in Gateway.running:
        left.kill()
    farm.stop()
    if not (failed and os.environ.get("KEEP")):
        shutil.rmtree(TOP, ignore_errors=True)
    else:
        print("# kept: " + TOP)
    return 1 if failed else 0


sys.exit(main())
