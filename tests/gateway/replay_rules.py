"""What holds for every client: keys and rights, names and folders, errors as each client shows them, limits, repeats."""
import hashlib
import json
import os
import sys
import threading
import time
import traceback

import rig
from rig import Wire, exchange
from slicers import CuraMoonraker, CuraOctoPrint, OrcaMoonraker, PrusaMoonraker, PrusaOctoPrint, Shown

R = None            # the rig
KEYS = {}
TESTS = []


def test(name):
    def keep(fn):
        TESTS.append((name, fn))
        return fn
    return keep


def head(method, path, key="start", extra=(), host="x"):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + host, "User-Agent: rules/1"]
    if key:
        lines.append("X-Api-Key: " + KEYS.get(key, key))
    return ("\r\n".join(lines + list(extra)) + "\r\n\r\n").encode()


def get(path, key="start", **more):
    return exchange(R.port, head("GET", path, key, **more))


def post(path, body, key="start", kind="application/json"):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return exchange(R.port, head("POST", path, key, ["Content-Type: " + kind, "Content-Length: %d" % len(body)]), body)


def form(parts, b="b+/="):
    """parts: (header lines, data); returns content type and body."""
    out = b""
    for headers, data in parts:
        out += b"--" + b.encode() + b"\r\n" + headers.encode() + b"\r\n\r\n" + data + b"\r\n"
    return 'multipart/form-data; boundary="%s"' % b, out + b"--" + b.encode() + b"--\r\n"


def part(name, value):
    return 'Content-Disposition: form-data; name="%s"' % name, value.encode()


def file_part(filename, data):
    return 'Content-Disposition: form-data; name="file"; filename="%s"' % filename, data


def send(path, filename, data, fields=(), key="start", extra=(), piece=None, expect=False):
    kind, body = form([part(n, v) for n, v in fields] + [file_part(filename, data)])
    more = ["Content-Type: " + kind, "Content-Length: %d" % len(body)] + list(extra)
    if expect:
        more.append("Expect: 100-continue")
    return exchange(R.port, head("POST", path, key, more), body, piece)


OCTO, MOON = "/printer/sim-002/api/files/local", "/printer/sim-001/server/files/upload"
STORE = "/printer/sim-004/api/files/local"      # a printer that only stores here


def ok(condition, detail=None):
    if not condition:
        raise AssertionError(repr(detail))


# ---- keys ----

@test("without a key, or with a wrong one, nothing is told: 403 and 401")
def no_key():
    for key in (None, "po_wrong"):
        for base in ("", "/printer/sim-001", "/tag/room", "/library", "/printer/nobody"):
            r = get(base + "/api/version", key)
            ok(r.status == 403 and r.header("content-type") == "text/plain" and r.reason == r.body.decode(), r)
            r = get(base + "/server/info", key)
            ok(r.status == 401 and r.json()["error"]["code"] == 401 and r.json()["error"]["message"] == r.reason, r)
            ok(set(r.json()) == {"error"} and "traceback" not in r.body.decode(), r)
    ok(get("/access/info", None).status == 200)
    ok(get("/api/version?apikey=" + KEYS["start"], None).status == 200)
    ok(exchange(R.port, head("GET", "/api/version", None, ["Authorization: Bearer " + KEYS["start"]])).status == 200)


@test("a key that may only look: the test is green, sending is refused with a sentence")
def look_only():
    ok(get("/api/version", "look").status == 200)
    for path in (OCTO, MOON, "/library/api/files/local"):
        r = send(path, "a.gcode", b"G28\n", key="look", expect=True)
        ok(r.status == 403 and "may not send files" in r.reason, r)
    ok(not [j for j in R.jobs() if j["owner"] == "look"])


@test("a key that may send but not start: kept, and said not to be started")
def upload_only():
    r = send(STORE, "upload-only.gcode", rig.gcode(seed="u"), [("print", "true")], key="upload")
    ok(r.status == 201 and r.json()["effectivePrint"] is False and "may not start" in r.json()["message"], r)
    r = send("/printer/sim-003/server/files/upload", "upload-only-m.gcode", rig.gcode(seed="m"), [("print", "true")], key="upload")
    ok(r.json()["print_started"] is False and r.json()["result"]["print_queued"] is False, r)
    r = post("/printer/sim-003/printer/print/start", {"filename": "upload-only-m.gcode"}, "upload")
    ok(r.status == 403 and "may not start" in r.json()["error"]["message"], r)
    ok(R.wait_job("upload-only.gcode", ("sent",)) and R.wait_job("upload-only-m.gcode", ("sent",)))
    time.sleep(0.5)
    ok(R.job("upload-only-m.gcode")["state"] == "sent")


@test("a key taken away does not work any more, at once")
def taken_away():
    key = R.key("short-lived")
    ok(get("/api/version", key).status == 200)
    R.run("key", "remove", "short-lived")
    ok(get("/api/version", key).status == 403)
    ok(key not in open(R.dir + "/config/printop/clients.json").read())
    ok(os.stat(R.dir + "/config/printop/clients.json").st_mode & 0o777 == 0o600)


@test("a one-shot token works once")
def token():
    t = get("/printer/sim-001/access/oneshot_token").json()["result"]
    ok(get("/printer/sim-001/server/info?token=" + t, None).status == 200)
    ok(get("/printer/sim-001/server/info?token=" + t, None).status == 401)
    ok(get("/server/info?token=", None).status == 401)
    t = get("/printer/sim-001/access/oneshot_token").json()["result"]
    ok(post("/printer/sim-001/printer/print/start?token=" + t, {"filename": "none.gcode"}, None).status == 404)
    t = get("/printer/sim-001/access/oneshot_token").json()["result"]
    ok(send(STORE + "?token=" + t, "token.gcode", rig.gcode(seed="token"), key=None).status == 201)


# ---- what the server is ----

@test("the looks of OctoPrint: shapes, no secrets, no redirects")
def octoprint_looks():
    for base in ("", "/printer/sim-002", "/printer/sim-002/", "/tag/room", "//tag//room", "/library", "/library/"):
        v = get(base + "/api/version").json()
        ok(list(v) == ["api", "server", "text"] and v["text"].startswith("OctoPrint ") and "Moonraker" not in v["text"], v)
        ok(get(base + "/api/server").json() == {"version": v["server"], "safemode": None})
        s = get(base + "/api/settings")
        ok(s.status == 200 and s.json()["feature"]["sdSupport"] is False and KEYS["start"] not in s.body.decode(), s)
        ok(get(base + "/api/printerprofiles").json()["profiles"]["_default"]["extruder"]["count"] == 1)
        p = get(base + "/api/printer").json()
        ok(p["state"]["text"] == "Operational" and p["state"]["flags"]["ready"] and "tool0" in p["temperature"], p)
        ok(get(base + "/api/job").json()["state"] in ("Operational", "Printing"))
        ok(post(base + "/api/login", {"passive": True}).json()["session"])
        for path in ("/plugin/appkeys/probe", "/api/v1/storage", "/api/nothing", "/websocket", "/server/config"):
            ok(get(base + path).status == 404, path)
    ok(get("/printer/nobody/api/version").status == 404)
    ok(get("/tag/nothing/api/version").status == 404)
    ok(exchange(R.port, head("DELETE", "/api/version")).status == 405)


@test("the looks of Moonraker: result first, ready, one writable root")
def moonraker_looks():
    for base in ("", "/printer/sim-001", "/tag/room", "/library"):
        r = get(base + "/server/info")
        ok(r.body.startswith(b'{"result":'), r)
        o = r.json()["result"]
        ok(o["moonraker_version"] and o["klippy_connected"] and o["klippy_state"] == "ready", o)
        ok([(x["name"], x["permissions"]) for x in get(base + "/server/files/roots").json()["result"]] == [("gcodes", "rw")])
        ok(get(base + "/printer/info").json()["result"]["state"] == "ready")
        ok(get(base + "/printer/objects/query?print_stats").json()["result"]["status"]["print_stats"]["state"])
    R.fault("sim-005", "refuse")
    ok(get("/printer/sim-005/server/info").json()["result"]["klippy_state"] == "ready")     # it is queued for


@test("a page at each base, without a key, that asks by fetch() only")
def page():
    for base in ("/", "/printer/sim-001", "/printer/sim-001/", "/tag/room", "/library"):
        r = get(base, None)
        ok(r.status == 200 and r.header("content-type").startswith("text/html"), r)
        text = r.body.decode()
        ok("fetch(" in text and "XMLHttpRequest" not in text and "src=" not in text and "sim-001" not in text)
    ok(get("/printop/jobs").json()["result"] is not None)


@test("Host is used for nothing")
def host():
    for h in ("", "evil.example", "127.0.0.1", "[::1]:1"):
        r = send(STORE, "host.gcode", rig.gcode(seed=h), extra=["X-Forwarded-Host: evil.example"])
        ok(r.status == 201 and r.header("location") == "/printer/sim-004/api/files/local/host.gcode", r)
        ok(get("/api/version", host=h).status == 200)


# ---- names, folders, fields ----

@test("names are kept, cleaned or refused, and lead nowhere")
def names():
    for sent, kept in (("b\u00fcste (1).gcode", "b\u00fcste (1).gcode"), ('a "b" c.gcode', "a b c.gcode"), ("q\\\"r\\\\s.gcode", None),
                       ("pct%22x.gcode", "pctx.gcode"), ("../../up.gcode", "up.gcode"), ("/abs.gcode", "abs.gcode"),
                       ("C:\\dir\\win.gcode", "win.gcode"), (".hidden.gcode", "hidden.gcode"), ("x" * 300 + ".gcode", None),
                       ("\u00e9" * 200 + ".gcode", None), ("ctl\x01\x1b[31m.gcode", "ctl[31m.gcode"), ("caf%C3%A9.gcode", "caf%C3%A9.gcode")):
        r = send(STORE, sent, rig.gcode(seed=sent))
        ok(r.status == 201, (sent, r))
        name = r.json()["files"]["local"]["name"]
        ok(kept is None or name == kept, (sent, name))
        ok(name.endswith(".gcode") and len(name.encode()) <= 255 and "/" not in name, name)
        ok(R.job(name), name)
    for sent in ("", ".gcode", "..", "\x01\x02"):
        ok(send(STORE, sent, b"G28\n").status in (400, 415), sent)
    for root, _, files in os.walk(R.dir + "/state"):
        ok("up.gcode" not in files)


@test("folders: made with slashes of either kind, never out of the place")
def folders():
    for path, remote in (("a/b", "a/b/f.gcode"), ("a\\b\\c", "a/b/c/f.gcode"), ("", "f.gcode"), ("/", "f.gcode"), ("x//y/", "x/y/f.gcode")):
        r = send("/printer/sim-003/server/files/upload", "f.gcode", rig.gcode(seed=path), [("root", "gcodes"), ("path", path)])
        ok(r.status == 201 and r.json()["item"]["path"] == remote, (path, r))
    for path in ("..", "a/../../b", "/etc", "C:\\x", "a\\..\\..", "x" * 600):
        r = send("/printer/sim-003/server/files/upload", "f.gcode", b"G28\n", [("path", path)])
        ok(r.status == 400, (path, r))
    r = send("/library/api/files/local", "deep.gcode", b"G28\n", [("path", "../../out")])
    ok(r.status == 400 and not os.path.exists(R.dir + "/deep.gcode"), r)
    r = send(MOON, "f.gcode", b"G28\n", [("root", "config")])
    ok(r.status == 400 and "config" in r.json()["error"]["message"], r)


@test("any order of parts, unknown and empty ones, in single bytes")
def odd_parts():
    data = b"G28\r\n--b+/\r\n\x00\xff" + rig.gcode(seed="odd")
    parts = [part("userdata", "{}"), ("content-disposition: form-data; name=path", b""), file_part("odd.gcode", data),
             ("Content-Type: text/plain\r\ncontent-disposition: form-data; name=print", b"false"), part("plateindex", "1"), part("x", "")]
    kind, body = form(parts)
    more = ["Content-Type: " + kind, "Content-Length: %d" % len(body)]
    r = exchange(R.port, head("POST", STORE, "start", more), body, piece=1)
    ok(r.status == 201, r)
    job = R.job("odd.gcode")
    ok(job["bytes"] == len(data) and job["sha256"] == hashlib.sha256(data).hexdigest() and not job["start"], job)
    r = exchange(R.port, head("POST", STORE, "start", ["Transfer-Encoding: chunked", "Content-Type: " + kind.replace('"', "")]),
                 b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
    ok(r.status == 201, r)


@test("a broken upload is refused with a sentence and leaves nothing")
def broken():
    before = len(R.jobs())
    ok(send(STORE, "empty.gcode", b"").status == 400)
    kind, body = form([part("print", "true")])
    more = ["Content-Type: " + kind, "Content-Length: %d" % len(body)]
    ok(exchange(R.port, head("POST", STORE, "start", more), body).status == 400)        # no file
    ok(post(STORE, b"hello", kind="text/plain").status == 400)
    ok(exchange(R.port, head("POST", STORE, "start", ["Content-Length: 0"])).status == 400)
    kind, body = form([file_part("one.gcode", b"G28\n"), file_part("two.gcode", b"G28\n")])
    more = ["Content-Type: " + kind, "Content-Length: %d" % len(body)]
    ok(exchange(R.port, head("POST", STORE, "start", more), body).status == 400)        # two files
    kind, body = form([file_part("cut.gcode", rig.gcode(seed="cut"))])
    body = body[:-12]                                                                    # no last delimiter
    more = ["Content-Type: " + kind, "Content-Length: %d" % len(body)]
    ok("cut off" in exchange(R.port, head("POST", STORE, "start", more), body).reason)
    r = send(MOON, "sum.gcode", b"G28\n", [("checksum", "0" * 64)])
    ok(r.status == 422 and "damaged" in r.reason, r)
    ok(len(R.jobs()) == before and not [n for n in os.listdir(R.dir + "/state/printop/queue") if n.startswith(".in-")])


@test("a client that goes in the middle leaves no file and no job")
def gone():
    kind, body = form([file_part("gone.gcode", rig.gcode(1 << 20))])
    for path in (STORE, "/library/api/files/local"):
        w = Wire(R.port)
        w.send(head("POST", path, "start", ["Content-Type: " + kind, "Content-Length: %d" % len(body)]) + body[:500000])
        time.sleep(0.2)
        w.close()
    rig.Rig.wait_for(lambda: not [n for n in os.listdir(R.dir + "/state/printop/queue") if n.startswith(".in-")], "the sweep")
    ok(R.job("gone.gcode") is None and not [n for n in os.listdir(R.dir + "/library") if n.startswith((".", "gone"))])


@test("a kind of file that the printer cannot read: 415")
def kinds():
    for path, name, status in ((STORE, "a.jpg", 415), (STORE, "a.bgcode", 415), (STORE, "a.gcode.3mf", 415), (STORE, "a.ufp", 415),
                               (STORE, "noextension", 415), (STORE, "a.GCO", 201), (MOON, "a.ufp", 201), (MOON, "a.g", 201),
                               ("/library/api/files/local", "a.bgcode", 201), ("/library/api/files/local", "a.exe", 415)):
        r = send(path, name, rig.gcode(seed=name + path))
        ok(r.status == status and len(r.reason) < 110, (name, r))


# ---- errors as clients show them ----

@test("what users of each slicer read is one sentence")
def shown():
    for cls, base in ((PrusaOctoPrint, "/printer/sim-002"), (PrusaMoonraker, "/printer/sim-001"), (OrcaMoonraker, "/printer/sim-001"),
                      (CuraMoonraker, "/printer/sim-001"), (CuraOctoPrint, "/printer/sim-002")):
        for name, words in (("x.jpg", "cannot read .jpg files"), ("", "no usable name")):
            s = cls(R.port, base, KEYS["start"])
            try:
                s.send(name, b"G28\n", False)
                ok(False, "no error")
            except Shown as e:
                ok(words in str(e), (cls.__name__, str(e)))
    try:
        CuraOctoPrint(R.port, "/printer/sim-002", KEYS["look"]).send("a.gcode", b"G28\n", False)
        ok(False, "no error")
    except Shown as e:
        ok("not allowed to upload" in str(e), str(e))


# ---- limits ----

@test("too large: at once for those that ask first, behind the whole body for others")
def too_large():
    big = rig.gcode(5 << 20)
    for path in (OCTO, MOON, "/library/api/files/local"):
        began = time.time()
        r = send(path, "big.gcode", big, expect=True)
        ok(r.status == 413 and "larger than" in r.reason, r)
        r = send(path, "big.gcode", big)
        ok(r.status == 413 and "larger than" in r.reason, r)
        kind, body = form([file_part("big.gcode", big)])
        r = exchange(R.port, head("POST", path, "start", ["Transfer-Encoding: chunked", "Content-Type: " + kind]),
                     b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
        ok(r.status == 413, r)
        ok(time.time() - began < 10)
    ok(R.job("big.gcode") is None and not os.path.exists(R.dir + "/library/big.gcode"))


@test("Expect is answered with the key checked first")
def expect_first():
    kind, body = form([file_part("e.gcode", b"G28\n")])
    w = Wire(R.port)
    w.send(head("POST", STORE, "po_wrong", ["Content-Type: " + kind, "Content-Length: 99999999", "Expect: 100-continue"]))
    ok(w.reply().status == 403)
    w.close()
    w = Wire(R.port)
    w.send(head("POST", STORE, "start", ["Content-Type: " + kind, "Content-Length: %d" % len(body), "Expect: 100-continue"]))
    ok(w.reply().status == 100)
    w.send(body)
    ok(w.reply().status == 201)
    w.close()


@test("one connection serves many requests; a hundred clients that poll are not turned away")
def polling():
    w = Wire(R.port)
    for i in range(20):
        w.send(head("GET", "/printer/sim-001/api/job"))
        ok(w.reply().status == 200)
    w.close()
    failed = []

    def poll():
        try:
            mine = Wire(R.port)
            for _ in range(10):
                mine.send(head("GET", "/printer/sim-002/api/printer"))
                if mine.reply().status != 200:
                    failed.append(1)
            mine.close()
        except OSError as e:
            failed.append(e)
    threads = [threading.Thread(target=poll) for _ in range(100)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    ok(not failed, failed[:3])


@test("nothing waits on a printer that hangs")
def hanging():
    R.fault("sim-006", "hang")
    slowest = 0
    for i in range(20):
        for path in ("api/version", "api/printer", "api/job", "server/info", "printer/objects/query?x"):
            began = time.time()
            ok(get("/printer/sim-006/" + path).status == 200)
            slowest = max(slowest, time.time() - began)
    began = time.time()
    r = send("/printer/sim-006/api/files/local", "hang.gcode", rig.gcode(seed="hang"), [("print", "true")])
    ok(r.status == 201, r)
    ok(max(slowest, time.time() - began) < 0.5, slowest)


# ---- busy, down, repeated ----

@test("a printer that is down: queued, said so, and printed when it is back")
def down():
    R.fault("sim-007", "refuse")
    time.sleep(1.5)
    r = send("/printer/sim-007/server/files/upload", "down.gcode", rig.gcode(seed="down"), [("print", "true")])
    ok(r.status == 201 and r.json()["print_queued"] is True and r.json()["print_started"] is False, r)
    ok("sim-007" in r.json()["message"], r)
    job = R.job("down.gcode")
    ok(job["state"] == "waiting" and job["reason"], job)
    R.fault("sim-007", "none")
    ok(R.wait_job("down.gcode", ("done",)), R.job("down.gcode"))


@test("a printer that prints: the next job waits and is printed behind it; Cura is not told that it is busy")
def busy():
    first = send("/printer/sim-008/api/files/local", "first.gcode", rig.gcode(seed="1", minutes=4), [("print", "true")])
    ok(first.json()["effectivePrint"] is True, first)
    ok(R.wait_job("first.gcode", ("printing",)), R.job("first.gcode"))
    ok(get("/printer/sim-008/api/job").json()["job"]["file"]["name"] == "first.gcode")
    CuraOctoPrint(R.port, "/printer/sim-008", KEYS["start"]).send("second.gcode", rig.gcode(seed="2"), True)
    job = R.job("second.gcode")
    ok(job["state"] == "waiting", job)
    # The same name as the file in print: kept until that one is done, then replaced; no conflict is shown.
    r = send("/printer/sim-008/api/files/local", "first.gcode", rig.gcode(seed="3"), [("print", "true")])
    ok(r.status == 201 and r.json()["queued"], r)
    ok(R.wait_job("second.gcode", ("done",)), R.job("second.gcode"))
    end = time.time() + 20
    while time.time() < end and len([j for j in R.jobs() if j["name"] == "first.gcode" and j["state"] == "done"]) < 2:
        time.sleep(0.1)
    ok(len([j for j in R.jobs() if j["name"] == "first.gcode" and j["state"] == "done"]) == 2)


@test("ready again after a cancelled print")
def cancelled():
    send("/printer/sim-009/server/files/upload", "c.gcode", rig.gcode(seed="c", minutes=30), [("print", "true")])
    ok(R.wait_job("c.gcode", ("printing",)), R.job("c.gcode"))
    r = post("/printer/sim-009/printer/print/cancel", {}, "start")
    ok(r.status == 403, r)
    r = post("/printer/sim-009/printer/print/cancel", {}, "control")
    ok(r.status == 200, r)
    ok(R.wait_job("c.gcode", ("cancelled",)), R.job("c.gcode"))
    ok(get("/printer/sim-009/api/printer").json()["state"]["text"] == "Operational")


@test("an upload that is repeated unanswered is one job, and so is a start")
def repeated():
    data = rig.gcode(seed="twin")
    kind, body = form([file_part("twin.gcode", data), part("print", "false")])
    request = head("POST", MOON, "start", ["Content-Type: " + kind, "Content-Length: %d" % len(body)]) + body
    w = Wire(R.port)
    w.send(request)
    w.close()                           # goes before the answer
    ok(R.wait_job("twin.gcode", ("sent",)))
    w = Wire(R.port)
    w.send(request)
    ok(w.reply().status == 201)
    w.close()
    ok(len([j for j in R.jobs() if j["name"] == "twin.gcode"]) == 1)
    for text in (b'{"filename": "twin.gcode"}', b'{"filename": "\\u0074win.gcode"}', b'{"filename":"\\/twin.gcode"}'):
        r = post("/printer/sim-001/printer/print/start", text)
        ok(r.status == 200 and r.json() == {"result": "ok"}, r)
    ok(R.wait_job("twin.gcode", ("done",)), R.job("twin.gcode"))
    ok(len(R.prints(R.printer("sim-001"))["twin.gcode"]) == 1)
    r = post("/printer/sim-001/printer/print/start", {"filename": "twin.gcode"})
    ok(r.status == 400 and "send it again" in r.reason, r)
    ok(post("/printer/sim-001/printer/print/start", {"filename": "never-sent.gcode"}).status == 404)
    ok(post("/printer/sim-001/printer/print/start", {}).status == 400)
    ok(post("/library/printer/print/start", {"filename": "x.gcode"}).status == 400)


@test("select and print, OctoPrint's way to start")
def select():
    send("/printer/sim-010/api/files/local", "sel.gcode", rig.gcode(seed="sel"), [("path", "dir")])
    ok(R.wait_job("sel.gcode", ("sent",)))
    ok(post("/printer/sim-010/api/files/local/dir/sel.gcode", {"command": "select", "print": False}).status == 204)
    ok(post("/printer/sim-010/api/files/local/dir/sel.gcode", {"command": "select", "print": True}).status == 204)
    ok(R.wait_job("sel.gcode", ("done",)), R.job("sel.gcode"))


@test("a key with names of its own never replaces a file")
def own_names():
    got = set()
    for i in range(2):
        r = send(STORE, "same.gcode", rig.gcode(seed="same %d" % i), key="own")
        got.add(r.json()["files"]["local"]["name"])
        r = send("/library/api/files/local", "same.gcode", rig.gcode(seed="same %d" % i), key="own")
        ok(r.status == 201 and os.path.exists(R.dir + "/library/" + r.json()["files"]["local"]["name"]), r)
    ok(len(got) == 2 and all(n.startswith("same-") and n.endswith(".gcode") for n in got), got)
    for i in range(2):
        r = send("/library/api/files/local", "replaced.gcode", b"G28\n%d\n" % i)
    with open(R.dir + "/library/replaced.gcode", "rb") as f:
        ok(f.read() == b"G28\n1\n")


@test("a file for an Ultimaker is held, and released by a person only")
def griffin():
    data = b";START_OF_HEADER\n;HEADER_VERSION:0.1\n;FLAVOR:Griffin\n;END_OF_HEADER\nG280\n" + rig.gcode()
    r = send("/printer/sim-010/api/files/local", "um.gcode", data, [("print", "true")])
    ok(r.status == 201 and not r.json()["effectivePrint"] and "Griffin" in r.json()["message"], r)
    job = R.job("um.gcode")
    ok(job["state"] == "held", job)
    r = send("/printer/sim-010/api/files/local", "um2.gcode", data + b";2\n")
    r = post("/printer/sim-010/printer/print/start", {"filename": "um2.gcode"})
    ok(r.status == 400 or R.wait_job("um2.gcode", ("held",)), r)
    R.run("queue", "remove", job["id"])
    ok(R.job("um.gcode") is None)


@test("the queue from the shell: order, hold, release, assign, remove")
def shell():
    R.fault("sim-005", "refuse")
    time.sleep(1.5)
    for n in "xyz":
        send("/printer/sim-005/server/files/upload", n + ".gcode", rig.gcode(seed=n), [("print", "true")])

    def order():
        return "".join(j["name"][0] for j in R.jobs() if j["target"] == "sim-005" and j["state"] in ("waiting", "held"))
    ok(order() == "xyz", order())
    z = R.job("z.gcode")["id"]
    R.run("queue", "move", z[:8], "0")
    ok(order() == "zxy", order())
    R.run("queue", "hold", z[:8], "--reason", "black spool")
    ok(R.job("z.gcode")["reason"] == "black spool")
    ok(R.run("queue", "release", "ffffffff", check=False).returncode == 2)
    ok(R.run("queue", "release", z[:2], check=False).returncode == 2)
    R.run("queue", "assign", z, "sim-010")
    R.run("queue", "release", z)
    ok(R.wait_job("z.gcode", ("done",)), R.job("z.gcode"))
    ok(R.job("z.gcode")["printer"] == "sim-010")
    R.run("queue", "remove", R.job("x.gcode")["id"], R.job("y.gcode")["id"])
    ok(order() == "")
    ok("FILE" in R.run("queue").stdout)


@test("refusals are in the journal")
def journal():
    lines = [e for e in R.journal() if e["kind"] == "gateway"]
    ok([e for e in lines if "not known here" in e["outcome"]], len(lines))
    ok([e for e in lines if e["outcome"].startswith("refused: the file is larger")], len(lines))
    ok(not any(k in str(lines) for k in KEYS.values()))


@test("one size of memory: 300 MB in, printop stays small")
def memory():
    def rss():
        with open("/proc/%d/status" % R.serve.pid) as f:
            return int(next(line for line in f if line.startswith("VmRSS")).split()[1])
    before = rss()
    kind, _ = form([])
    chunk = (b";" + b"x" * 98 + b"\n") * 10000
    start = b"--b+/=\r\nContent-Disposition: form-data; name=\"file\"; filename=\"large.gcode\"\r\n\r\n"
    end = b"\r\n--b+/=--\r\n"
    w = Wire(R.port, timeout=60)
    w.send(head("POST", "/library/api/files/local", "start", ["Content-Type: " + kind, "Transfer-Encoding: chunked"]))
    w.send(b"%x\r\n" % len(start) + start + b"\r\n")
    most = 0
    for i in range(300):
        w.send(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
        if i % 50 == 0:
            most = max(most, rss())
    w.send(b"%x\r\n" % len(end) + end + b"\r\n0\r\n\r\n")
    r = w.reply()
    ok(r.status == 201, r)
    ok(os.path.getsize(R.dir + "/library/large.gcode") == 300 * len(chunk))
    ok(max(most, rss()) - before < 4000, (before, most, rss()))


def run(tests):
    only = os.environ.get("ONLY")
    for name, fn in tests:
        if only and only not in fn.__name__:
            continue
        began = time.time()
        try:
            fn()
            rig.result(True, "%s (%.1f s)" % (name, time.time() - began))
        except Exception:
            rig.result(False, name, traceback.format_exc())


def main():
    global R
    R = rig.Rig(printers=10, speed=60, tags={"sim-001": ["room"], "sim-002": ["room"]}, settings="gateway_max_upload_mb = 4;\n")
    try:
        KEYS.update(start=R.key("start", "--start"), upload=R.key("upload"), look=R.key("look", "--look"),
                    control=R.key("control", "--control"), own=R.key("own", "--new-names"))
        R.start()
        time.sleep(1)
        run(TESTS[:-1])
        rig.result(R.serve.poll() is None, "printop serve is still there", R.log_text()[-1500:])
        R.kill()
        with open(R.dir + "/config/printop/printers.conf", "a") as f:
            f.write("")
        path = R.dir + "/config/printop/printers.conf"
        text = open(path).read().replace("gateway_max_upload_mb = 4", "gateway_max_upload_mb = 1024")
        open(path, "w").write(text)
        R.start()
        run(TESTS[-1:])
    finally:
        R.stop()
    return rig.done()


if __name__ == "__main__":
    sys.exit(main())
