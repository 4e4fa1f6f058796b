#!/usr/bin/env python3
"""The connector from outside: what a cloud made for printer-connector sees of it, and what becomes of a printer."""
import base64
import glob
import hashlib
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import time

from harness import Connector, Farm, MockCloud, PROGRAM, Proxy, TOP, outputs, run_all, test, wait

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


# ---- pairing ----

@test("--once pairs, stores the identity and ends with 0")
def _():
    farm.reset()
    cloud = MockCloud()
    cloud.polling = {"commands_seconds": 7, "snapshots_seconds": 0}
    c = Connector(cloud, original=original(cloud, extra={"kept": [1, 2]}))
    assert c.run("--once") == 0, c.text()
    body = cloud.seen("register")[0]
    assert "authorization" not in body.headers
    assert body.headers["user-agent"].startswith("printer-connector/0.1.0"), body.headers
    assert body.headers["accept"] == "application/json" and body.headers["content-type"] == "application/json"
    j = body.json()
    assert j["pairing_token"] == cloud.token and j["site_name"] == "Test"
    assert j["printers"] == [{"name": "voron", "ui_port": 4408}], j
    assert j["device"]["ui_port"] == 4408 and j["device"]["os"] == "linux" and j["device"]["arch"] and j["device"]["hostname"]
    saved = json.load(open(c.config))
    assert saved["connector_id"] == "77" and saved["connector_secret"] == cloud.secret and "pairing_token" not in saved
    assert saved["moonraker"][0]["printer_id"] == 11 and saved["moonraker"][0]["ui_port"] == 4408
    assert saved["poll_commands_seconds"] == 7 and saved["extra"] == {"kept": [1, 2]}
    assert os.stat(c.config).st_mode & 0o777 == 0o600
    assert not glob.glob(c.config + ".*"), "a temporary file is left"
    for kind in ("heartbeat", "commands", "snapshots", "cameras"):
        assert cloud.count(kind) == 1, (kind, cloud.count(kind))
    hb = cloud.seen("heartbeat")[0].json()
    assert hb["printers"] == [{"printer_id": 11, "reachable": True}], hb
    assert set(hb["status"]) == {"uptime_seconds", "version"}
    assert cloud.snapshots[0]["printer_id"] == 11 and "print_stats" in cloud.snapshots[0]["payload"]["result"]["status"]
    assert c.run("--once") == 0             # paired already: the same again without a token
    assert cloud.count("register") == 1
    end(cloud, c)


@test("commands for the new ids work in the process that paired")
def _():
    cloud, c = connected()
    assert cloud.count("register") == 1
    cloud.command("one", "sync_files", printer_id=11)
    cloud.command("two", "sync_files", printer_id=12)
    assert cloud.wait_done("one")["status"] == "succeeded" and cloud.wait_done("two")["status"] == "succeeded"
    end(cloud, c)


@test("a registration without id or secret is refused, the token is kept and tried again")
def _():
    farm.reset()
    for reply in (b"null", b"{}", b'{"connector":{"id":1}}', b'{"credentials":{"secret":"x"}}', b"not json"):
        cloud = MockCloud()
        cloud.script("register", reply)
        c = Connector(cloud, original=original(cloud))
        before = open(c.config).read()
        assert c.run("--once") == 1, (reply, c.text())
        assert open(c.config).read() == before
        c.start()                           # and without --once it goes on by itself
        wait("pairing at the next try", lambda: "connector_secret" in open(c.config).read())
        end(cloud, c)


@test("a token that the cloud does not take ends it with 1; a cloud that is away does not")
def _():
    cloud = MockCloud()
    cloud.script("register", 401)
    c = Connector(cloud, original=original(cloud))
    assert c.run(limit=10) == 1
    assert cloud.token in open(c.config).read()
    cloud.script("register", 503, "cut", (429, [("Retry-After", "2")]))
    began = time.time()
    c.start()
    wait("pairing after trouble", lambda: "connector_secret" in open(c.config).read(), 15)
    times = [s.at for s in cloud.seen("register")[1:]]
    assert 0.7 <= times[1] - times[0] <= 1.6 and 1.4 <= times[2] - times[1] <= 2.9, times
    assert times[3] - times[2] >= 2, times
    assert time.time() - began < 15
    end(cloud, c)


@test("a group of printers.conf: its own identity file, token file deleted, a new token pairs again")
def _():
    farm.reset()
    cloud = MockCloud()
    c = Connector(cloud, farm)
    conf = open(c.config).read()
    token = os.path.join(c.dir, "token")
    Connector.write(token, cloud.token + "\n")
    Connector.write(c.config, conf.replace(f'pairing_token = "{cloud.token}";', 'pairing_token_file = "token";'))
    assert c.run("--once") == 0, c.text()
    assert not os.path.exists(token)
    identity = os.path.join(c.state, "identity.json")
    assert os.stat(identity).st_mode & 0o777 == 0o600 and os.stat(c.state).st_mode & 0o777 == 0o700
    assert cloud.token not in open(identity).read()
    assert c.run("--once") == 0 and cloud.count("register") == 1
    cloud.token, cloud.token_used, cloud.connector_id = "another-token-secret", False, "78"
    Connector.write(c.config, conf.replace('"tok-0451-secret"', '"another-token-secret"'))
    assert c.run("--once") == 0 and cloud.count("register") == 2
    assert json.load(open(identity))["connector_id"] == "78"
    end(cloud, c)


@test("the secret of one cloud is not shown to another")
def _():
    farm.reset()
    cloud, other = MockCloud(), MockCloud()
    c = Connector(cloud, farm)
    assert c.run("--once") == 0
    conf = open(c.config).read().replace(cloud.url, other.url).replace(f'pairing_token = "{cloud.token}";', "")
    Connector.write(c.config, conf)
    assert c.run("--once") == 1
    assert "another cloud" in c.text() and not other.log
    other.stop()
    end(cloud, c)


# ---- heartbeat, snapshots ----

@test("heartbeats keep their pace, whatever the other requests do")
def _():
    cloud = MockCloud()
    cloud.always["commands"] = 1.2
    cloud.always["snapshots"] = "hang"
    cloud, c = connected(cloud)
    since = time.time()
    time.sleep(4.2)
    times = [s.at for s in cloud.seen("heartbeat") if s.at > since]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert len(gaps) >= 6 and all(0.45 <= g <= 0.55 for g in gaps), gaps
    body = cloud.seen("heartbeat")[-1].json()
    assert body["printers"] == [{"printer_id": 11, "reachable": True}, {"printer_id": 12, "reachable": True}]
    assert isinstance(body["status"]["uptime_seconds"], int) and body["status"]["version"]
    end(cloud, c)


@test("a printer that does not answer is reported as not reachable, and the others go on")
def _():
    cloud, c = connected()
    farm.moon.hang = "/"
    wait("moon not reachable", lambda: cloud.seen("heartbeat")[-1].json()["printers"] ==
         [{"printer_id": 11, "reachable": False}, {"printer_id": 12, "reachable": True}], 15)
    n = len(cloud.snapshots)
    wait("snapshots of the other", lambda: [s for s in cloud.snapshots[n:] if s["printer_id"] == 12])
    assert not [s for s in cloud.snapshots[n + 2:] if s["printer_id"] == 11]
    farm.moon.hang = None
    wait("moon reachable again", lambda: cloud.seen("heartbeat")[-1].json()["printers"][0]["reachable"], 15)
    end(cloud, c)


@test("snapshots have the shape of 5.5 for both dialects")
def _():
    cloud, c = connected()
    wait("snapshots of both", lambda: {s["printer_id"] for s in cloud.snapshots} == {11, 12})
    for s in cloud.snapshots:
        assert set(s) == {"printer_id", "captured_at", "payload"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", s["captured_at"])
        status = s["payload"]["result"]["status"]
        assert set(status) == {"print_stats", "virtual_sdcard", "extruder", "heater_bed", "toolhead", "pause_resume"}, status.keys()
        assert status["print_stats"]["state"] == "standby"
        assert isinstance(status["extruder"]["temperature"], (int, float))
        assert status["pause_resume"]["is_paused"] is False
        assert isinstance(s["payload"]["result"]["eventtime"], (int, float))
    for batch in cloud.seen("snapshots"):
        assert len({s["captured_at"] for s in batch.json()["snapshots"]}) == 1
    asked = [s for s in farm.moon.log if s.path == "/printer/objects/query" and b'"virtual_sdcard":null' in s.data]
    assert asked and json.loads(asked[0].data) == {"objects": {k: None for k in (
        "print_stats", "virtual_sdcard", "extruder", "heater_bed", "toolhead", "pause_resume")}}
    end(cloud, c)


@test("snapshots of the time without the cloud are sent later, oldest first, and commands go on")
def _():
    cloud, c = connected()
    cloud.stop()
    gone = time.time()
    time.sleep(3.5)
    before = len(cloud.snapshots)
    cloud.start()
    back = time.time()
    wait("the missed ones", lambda: len(cloud.snapshots) >= before + 10, 12)
    times = [s["captured_at"] for s in cloud.snapshots[before:]]
    assert times == sorted(times)
    as_text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(gone + 1.5))
    assert [t for t in times if t <= as_text], (times[:4], as_text)
    cloud.command("after", "sync_files")
    assert cloud.wait_done("after")["status"] == "succeeded"
    assert time.time() - back < 12
    end(cloud, c)


@test("a refused batch is halved until the bad snapshot is alone and dropped")
def _():
    cloud = MockCloud()
    cloud.script("snapshots", *[503] * 2, *[422] * 3)
    cloud, c = connected(cloud)
    wait("snapshots after refusals", lambda: len(cloud.snapshots) > 4, 20)
    assert "refuses a snapshot: dropped" in c.text() or cloud.count("snapshots") > 5
    end(cloud, c)


# ---- the ten actions ----

def run_actions(printer_id, proxy, files, state_is):
    cloud, c = connected()
    cloud.command("up", "upload_file", {"filename": "parts/test cube.gcode", "content": B64}, printer_id)
    r = cloud.wait_done("up")
    assert r["status"] == "succeeded" and r["result"]["filename"] == "parts/test cube.gcode" and \
        r["result"]["size"] == len(GCODE) and r["result"]["action"] == "upload_file", r
    assert files()["parts/test cube.gcode"] == len(GCODE)
    cloud.command("ls", "sync_files", None, printer_id)
    r = cloud.wait_done("ls")["result"]
    entry = [f for f in r["files"] if f["path"] == "parts/test cube.gcode"][0]
    assert r["count"] == len(r["files"]) == len(files()) and entry["size"] == len(GCODE)
    assert set(entry) == {"path", "modified", "size", "permissions"}
    cloud.command("home", "homing", {"axes": ["X", "y"]}, printer_id)
    r = cloud.wait_done("home")
    assert r["status"] == "succeeded" and r["result"]["axes"] == ["X", "Y"], r
    cloud.command("home2", "homing", {}, printer_id)
    assert cloud.wait_done("home2")["result"]["axes"] == "all"
    cloud.command("go", "start_print", {"filename": "parts/test cube.gcode"}, printer_id)
    r = cloud.wait_done("go")
    assert r["status"] == "succeeded" and r["result"]["filename"] == "parts/test cube.gcode", r
    assert state_is("printing")
    cloud.command("home3", "homing", {}, printer_id)        # not into a print
    r = cloud.wait_done("home3")
    assert r["status"] == "failed" and r["error_message"], r
    cloud.command("again", "start_print", {"filename": "parts/test cube.gcode"}, printer_id)
    assert cloud.wait_done("again")["status"] == "failed"
    cloud.command("pause", "pause", {}, printer_id)
    assert cloud.wait_done("pause") == {"status": "succeeded", "result": {"action": "pause", "post_snapshot": "captured"}}
    assert state_is("paused")
    cloud.command("resume", "resume", None, printer_id)
    assert cloud.wait_done("resume")["status"] == "succeeded" and state_is("printing")
    cloud.command("cancel", "cancel", None, printer_id)
    assert cloud.wait_done("cancel", 20)["status"] == "succeeded" and not state_is("printing")
    cloud.command("rm", "delete_file", {"filename": "parts/test cube.gcode"}, printer_id)
    r = cloud.wait_done("rm")
    assert r["status"] == "succeeded" and r["result"]["filename"] == "parts/test cube.gcode", r
    assert "parts/test cube.gcode" not in files()
    cloud.command("rm2", "delete_file", {"filename": "parts/test cube.gcode"}, printer_id)
    assert cloud.wait_done("rm2")["status"] == "failed"
    cloud.command("past", "import_history", {"limit": 3}, printer_id)
    r = cloud.wait_done("past")
    jobs = r["result"]["history"]["result"]["jobs"]
    assert r["status"] == "succeeded" and r["result"]["count"] == len(jobs) <= 3
    for job in jobs:
        assert {"filename", "status", "start_time", "end_time"} <= set(job)
    for results in cloud.completions.values():
        assert len(results) == 1
        assert "post_snapshot" in results[0]["result"] or results[0]["status"] == "failed", results
    end(cloud, c)


@test("all actions on Moonraker")
def _():
    run_actions(11, farm.moon, farm.moon_files, lambda s: farm.moon_state() == s)
    asked = [s.path for s in farm.moon.log]
    assert [p for p in asked if p == "/server/history/list?limit=3"]
    upload = [s for s in farm.moon.log if s.path == "/server/files/upload"][0]
    assert b'name="path"\r\n\r\nparts\r\n' in upload.data and b'filename="test cube.gcode"' in upload.data
    assert b'name="root"\r\n\r\ngcodes\r\n' in upload.data
    assert [s for s in farm.moon.log if b"G28 X Y" in s.data]
    assert [s for s in farm.moon.log if s.method == "DELETE" and s.path == "/server/files/gcodes/parts/test%20cube.gcode"]


@test("all actions on OctoPrint")
def _():
    run_actions(12, farm.octo, farm.octo_files,
                lambda s: farm.octo_state()["flags"]["printing" if s == "printing" else "paused"])
    bodies = [(s.path, s.data) for s in farm.octo.log if s.method == "POST"]
    assert ("/api/printer/printhead", b'{"command":"home","axes":["x","y"]}') in bodies
    assert [b for p, b in bodies if p.endswith("test%20cube.gcode") and b == b'{"command":"select","print":true}']


@test("the snapshot after a command arrives before its completion")
def _():
    cloud, c = connected()
    for i in range(5):
        cloud.command(i, "homing", {"axes": ["X"]})
        cloud.wait_done(i)
    order = [s for s in cloud.log if s.kind in ("snapshots", "complete")]
    for i, s in enumerate(order):
        if s.kind == "complete":
            before = [x for x in order[:i] if x.kind == "snapshots" and len(x.json()["snapshots"]) == 1 and
                      x.json()["snapshots"][0]["printer_id"] == 11]
            assert before, "no snapshot before the completion"
    cloud.script("snapshots", *["hang"] * 3)        # it is not waited for for ever
    cloud.command("late", "homing", {"axes": ["X"]})
    assert cloud.wait_done("late", 9)["result"]["post_snapshot"] == "captured"
    end(cloud, c)


@test("a file of 30 MB arrives whole")
def _():
    cloud, c = connected()
    big = random.Random(1).randbytes(30 << 20)
    cloud.command("big", "upload_file", {"filename": "big.gcode", "content": base64.b64encode(big).decode()})
    r = cloud.wait_done("big", 40)
    assert r["status"] == "succeeded" and r["result"]["size"] == len(big), r
    assert farm.moon_files()["big.gcode"] == len(big)
    upload = [s for s in farm.moon.log if s.path == "/server/files/upload"][0]
    assert big in upload.data
    assert not os.listdir(os.path.join(c.state, "spool")), "the decoded file is left"
    cloud.command("rm", "delete_file", {"filename": "big.gcode"})
    cloud.wait_done("rm")
    end(cloud, c)


# ---- what is refused ----

@test("each error of 5.4, and each unsafe path")
def _():
    cloud, c = connected()
    rows = [
        ("pause", None, 99, "unknown printer_id 99"),
        ("fly", {}, 11, "unsupported action: fly"),
        ("start_print", {}, 11, "missing params.filename for start_print"),
        ("upload_file", {"content": B64}, 11, "missing params.filename for upload_file"),
        ("delete_file", None, 11, "missing params.filename for delete_file"),
        ("upload_file", {"filename": "x.gcode"}, 11, "missing params.content for upload_file"),
        ("upload_file", {"filename": "x.gcode", "content": "%%%"}, 11, "base64"),
        ("create_backup", {}, 11, "missing params.backup_id"),
        ("create_backup", {"backup_id": "b"}, 11, "missing params.presigned_url"),
        ("create_backup", {"backup_id": "b", "presigned_url": "https://x/", "include": {}}, 11, "no directories selected"),
        ("delete_file", {"filename": "../config/printer.cfg"}, 11, "not a path below"),
        ("start_print", {"filename": "/etc/passwd"}, 11, "not a path below"),
        ("upload_file", {"filename": "a/../../x.gcode", "content": B64}, 11, "not a path below"),
        ("homing", {"axes": ["Q"]}, 11, "X, Y and Z"),
        ("pause", None, 11, "not printing"),
        ("resume", None, 12, "not paused"),
        ("start_print", {"filename": "no such.gcode"}, 11, "no such file"),
    ]
    for i, (action, params, printer, _) in enumerate(rows):
        cloud.command(i + 1, action, params, printer)
    for i, (action, params, printer, error) in enumerate(rows):
        r = cloud.wait_done(i + 1)
        assert r["status"] == "failed" and error in r["error_message"], (rows[i], r)
        assert len(r["error_message"]) <= 500 and "\n" not in r["error_message"] and "Traceback" not in r["error_message"]
        assert r["result"] == ({"printer_id": 99} if printer == 99 else r["result"])
        assert printer == 99 or r["result"]["action"] == action
    assert not [s for s in farm.moon.changes() if "/server/files/metadata" not in s.path], \
        [(s.method, s.path) for s in farm.moon.changes()]
    end(cloud, c)


@test("one bad command holds up no other")
def _():
    cloud, c = connected()
    cloud.raw_commands = json.dumps([
        7, None, "text", [], {"action": "pause", "printer_id": 11}, {"id": None, "action": "sync_files", "printer_id": 11},
        {"id": {"a": 1}, "action": "sync_files", "printer_id": 11},
        {"id": "bad1", "printer_id": "11", "action": "sync_files"}, {"id": "bad2", "printer_id": 11},
        {"id": "bad3", "printer_id": 11, "action": ["sync_files"]}, {"id": "bad4", "printer_id": 11, "action": "sync_files", "params": "x"},
        {"id": "good/1 ?", "printer_id": 11, "action": "sync_files"}, {"id": 4711, "printer_id": 12, "action": "sync_files"}]).encode()
    assert cloud.wait_done("good/1 ?")["status"] == "succeeded" and cloud.wait_done(4711)["status"] == "succeeded"
    for bad in ("bad1", "bad2", "bad3", "bad4"):
        assert cloud.wait_done(bad)["status"] == "failed"
    assert sorted(cloud.completions) == sorted(["bad1", "bad2", "bad3", "bad4", "good/1 ?", "4711"]), cloud.completions.keys()
    assert c.text().count("without a usable id: not run") == 7
    assert [s for s in cloud.seen("complete") if s.path == "/api/v1/commands/good%2F1%20%3F/complete"]
    for raw in (b"{not json", b'{"commands":[]}', b"", b"null", b'[{"id":1', b"\xff\xfe"):
        cloud.raw_commands = raw
        time.sleep(0.4)
    cloud.command("later", "sync_files")
    assert cloud.wait_done("later", 20)["status"] == "succeeded"
    end(cloud, c)


@test("the operator's leash: what is not allowed is not done")
def _():
    cloud, c = connected(group='allow = ["sync_files", "import_history"];')
    for i, action in enumerate(["pause", "resume", "cancel", "start_print", "homing", "upload_file", "delete_file", "create_backup"]):
        cloud.command(i + 1, action, {"filename": "a.gcode", "content": B64, "backup_id": "b", "presigned_url": "https://x/"})
        r = cloud.wait_done(i + 1)
        assert r["status"] == "failed" and "not allowed by the operator" in r["error_message"], r
    cloud.command(20, "sync_files")
    assert cloud.wait_done(20)["status"] == "succeeded"
    assert not farm.moon.changes()
    end(cloud, c)


@test("read-only: looks, and nothing else")
def _():
    cloud = MockCloud()
    c = Connector(cloud, farm)
    Connector.write(c.config, open(c.config).read() + "read_only = true;\n")
    farm.reset()
    c.start()
    cloud.command(1, "homing")
    cloud.command(2, "import_history")
    r = cloud.wait_done(1)
    assert r["status"] == "failed" and "read-only" in r["error_message"]
    assert cloud.wait_done(2)["status"] == "succeeded"
    wait("snapshots", lambda: cloud.snapshots)
    assert not farm.moon.changes()
    end(cloud, c)


# ---- once, and only once ----

@test("a completion that fails is sent again, over restarts too; a command that comes again is not run again")
def _():
    cloud, c = connected()
    cloud.redeliver = True
    cloud.script("complete", 500, "cut", 503, 400, (429, [("Retry-After", "1")]))
    cloud.command("h", "homing", {"axes": ["Z"]})
    assert cloud.wait_done("h", 25)["status"] == "succeeded"
    assert len(farm.moon.changes("G28 Z")) == 1
    first = cloud.done("h")[0]
    wait("the stored completion again", lambda: len(cloud.done("h")) >= 3)
    assert all(x == first for x in cloud.done("h"))
    cloud.always["complete"] = 500
    cloud.command("h2", "homing", {"axes": ["Y"]})
    wait("h2 was run", lambda: len(farm.moon.changes("G28 Y")) == 1)
    wait("h2 in the ledger", lambda: '"h2","phase":"done"' in open(os.path.join(c.state, "commands.jsonl")).read())
    c.stop(signal.SIGKILL)
    cloud.always.clear()
    c.start()
    assert cloud.wait_done("h2")["status"] == "succeeded"
    time.sleep(1)
    assert len(farm.moon.changes("G28 Y")) == 1 and len(farm.moon.changes("G28 Z")) == 1
    assert os.stat(os.path.join(c.state, "commands.jsonl")).st_mode & 0o777 == 0o600
    end(cloud, c)


@test("404 of a completion drops it; the others are not held up by one that fails")
def _():
    cloud, c = connected()
    cloud.script("complete", 404)
    cloud.command("gone", "sync_files")
    wait("asked once", lambda: cloud.count("complete") == 1)
    with cloud.lock:
        cloud.commands = []
    time.sleep(2.5)
    assert cloud.count("complete") == 1, "tried again after 404"
    cloud.script("complete", *[500] * 3)
    cloud.command("a", "sync_files")
    wait("a failed once", lambda: cloud.count("complete") >= 2)
    cloud.scripts["complete"] = []
    cloud.command("b", "sync_files")
    cloud.wait_done("b", 3)
    cloud.wait_done("a", 10)
    end(cloud, c)


@test("slow commands delay neither heartbeats nor other printers, and a cancel overtakes them")
def _():
    cloud, c = connected()
    farm.moon.slow["/server/jsonrpc"] = 3.0
    since = time.time()
    cloud.command("slow", "homing", {}, 11)
    cloud.command("behind", "homing", {"axes": ["X"]}, 11)
    cloud.command("other", "homing", {}, 12)
    cloud.wait_done("other", 2)
    assert not cloud.done("slow")
    cloud.command("look", "sync_files", None, 11)
    cloud.wait_done("look", 2)
    assert cloud.wait_done("slow", 6)["status"] == "succeeded"
    assert not cloud.done("behind")
    assert cloud.wait_done("behind", 8)["status"] == "succeeded"
    times = [s.at for s in cloud.seen("heartbeat") if s.at > since]
    assert max(b - a for a, b in zip(times, times[1:])) < 0.6
    end(cloud, c)


@test("a command for a printer that hangs fails by itself; the rest goes on")
def _():
    cloud, c = connected()
    farm.moon.hang = "/"
    cloud.command("m", "sync_files", None, 11)
    cloud.command("h", "homing", None, 11)
    for i in range(5):
        cloud.command(i, "sync_files", None, 12)
    for i in range(5):
        cloud.wait_done(i, 3)
    r = cloud.wait_done("h", 30)
    assert r["status"] == "failed" and r["error_message"], r
    end(cloud, c)


# ---- the cloud's moods ----

@test("401 three times: asks no more but rarely; a secret that is taken again wakes it")
def _():
    cloud, c = connected()
    cloud.always.update({k: 401 for k in ("heartbeat", "commands", "snapshots", "cameras", "complete")})
    time.sleep(2)
    n = len(cloud.log)
    time.sleep(3)
    assert len(cloud.log) == n, [s.kind for s in cloud.log[n:]]
    assert "not authorised" in c.text()
    cloud.always.clear()
    c.stop()
    c.start()
    wait("it works after a restart", lambda: cloud.seen("heartbeat")[-1].at > time.time() - 1)
    end(cloud, c)


@test("5xx: backoff that doubles, with jitter; 429 and 503: Retry-After")
def _():
    cloud, c = connected()
    cloud.always["commands"] = 500
    mark = time.time()
    time.sleep(8.5)
    times = [s.at for s in cloud.seen("commands") if s.at > mark]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert 0.7 <= gaps[0] <= 1.35 and 1.45 <= gaps[1] <= 2.6 and 2.9 <= gaps[2] <= 5.1, gaps
    end(cloud, c)
    for status in (429, 503):
        cloud, c = connected()
        cloud.script("commands", (status, [("Retry-After", "3")]))
        wait("it was told to wait", lambda: not cloud.scripts["commands"])
        at = cloud.seen("commands")[-1].at
        wait("the next one", lambda: cloud.seen("commands")[-1].at > at)
        assert cloud.seen("commands")[-1].at - at >= 2.9, status
        end(cloud, c)


@test("redirects are not followed, and the secret does not travel")
def _():
    elsewhere = MockCloud()
    cloud = MockCloud()
    cloud.script("commands", (302, [("Location", elsewhere.url + "/api/v1/connectors/77/commands?limit=20")]))
    cloud.script("heartbeat", (307, [("Location", elsewhere.url + "/x")]), (301, [("Location", elsewhere.url + "/x")]))
    cloud, c = connected(cloud)
    time.sleep(1)
    assert not elsewhere.log
    assert not [s for s in cloud.log if "referer" in s.headers]
    elsewhere.stop()
    end(cloud, c)


@test("a kept connection that is cut: questions are asked again, and nothing is lost")
def _():
    cloud = MockCloud()
    cloud.script("heartbeat", "cut", "cut")
    cloud.script("commands", "cut", "cut", "cut")
    cloud, c = connected(cloud)
    cloud.command("x", "sync_files")
    assert cloud.wait_done("x")["status"] == "succeeded"
    end(cloud, c)


# ---- cameras ----

def picture(cloud, id, limit=15):
    wait(f"picture {id}", lambda: str(id) in cloud.pictures, limit)
    return cloud.pictures[str(id)]


def original_with_camera(camera, **more):
    """A connector paired by config.json whose camera is a proxy of its own."""
    cloud = MockCloud()
    port = int(camera.url.rsplit(":", 1)[1])
    c = Connector(cloud, original=original(cloud, moonraker=[
        {"name": "voron", "base_url": farm.moon.url, "ui_port": port}], heartbeat_seconds=1, poll_commands_seconds=1), **more)
    return cloud, c


@test("a picture by each of Moonraker's three paths, and by its list of webcams")
def _():
    farm.reset()
    camera = Proxy("http://127.0.0.1:1")
    paths = ["/webcam/?action=snapshot", "/webcam/snapshot", "/server/webcam/snapshot"]
    cloud, c = original_with_camera(camera)
    camera.replies = {p: (404, "text/html", b"no") for p in paths}
    c.start()
    for i, path in enumerate(paths):
        camera.replies[path] = (200, "image/jpeg", JPEG + bytes([i]))
        cloud.cameras.append({"id": i, "printer_id": 11, "created_at": "2026-01-01T00:00:00Z"})
        assert picture(cloud, i) == [("image/jpeg", "11", JPEG + bytes([i]))]
        camera.replies[path] = (404, "text/html", b"no")
    end(cloud, c)
    cloud, c = original_with_camera(camera)
    farm.moon.replies["/server/webcams/list"] = (200, "application/json", json.dumps({"result": {"webcams": [
        {"name": "off", "enabled": False, "snapshot_url": "/off"},
        {"name": "on", "enabled": True, "snapshot_url": "/mine/?action=snapshot"}]}}).encode())
    camera.replies["/mine/?action=snapshot"] = (200, "image/png", b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    c.start()
    wait("the list of webcams was asked for", lambda: [s for s in farm.moon.log if s.path == "/server/webcams/list"])
    time.sleep(0.5)
    cloud.cameras.append({"id": "w", "printer_id": 11})
    assert picture(cloud, "w")[0][0] == "image/png"
    end(cloud, c)
    camera.stop()


@test("OctoPrint's camera; a camera in printers.conf; no camera, no questions")
def _():
    camera = Proxy("http://127.0.0.1:1")
    camera.replies["/snap?x=1"] = (200, "image/jpeg", JPEG)
    farm.reset()
    url, key = farm.real["octoprint"]
    octo = f'{{ name = "octo"; url = "{farm.octo.url}"; dialect = "octoprint"; key = "{key}"; }}'
    farm.octo.replies["/api/settings"] = (200, "application/json", json.dumps(
        {"webcam": {"webcamEnabled": True, "snapshotUrl": camera.url + "/snap?x=1"}}).encode())
    cloud = MockCloud()
    c = Connector(cloud, printers=octo).start()
    cloud.cameras.append({"id": 1, "printer_id": 11})
    assert picture(cloud, 1) == [("image/jpeg", "11", JPEG)]
    assert "x-api-key" not in camera.log[-1].headers
    end(cloud, c)
    farm.octo.replies["/api/settings"] = (200, "application/json", b'{"webcam":{"webcamEnabled":true,"snapshotUrl":""}}')
    cloud = MockCloud()
    c = Connector(cloud, printers=octo).start()
    time.sleep(4)
    assert cloud.count("cameras") == 0 and cloud.count("heartbeat") > 4
    end(cloud, c)
    cloud = MockCloud()
    c = Connector(cloud, printers=octo.replace("; }", f'; camera = "{camera.url}/snap?x=1"; }}')).start()
    cloud.cameras.append({"id": 1, "printer_id": 11})
    assert picture(cloud, 1)[0][2] == JPEG
    end(cloud, c)
    camera.stop()


@test("what is no picture, too large a one, and an unknown printer are told once, not every 2 s")
def _():
    farm.reset()
    camera = Proxy("http://127.0.0.1:1")
    path = "/webcam/?action=snapshot"
    cloud, c = original_with_camera(camera)
    c.start()
    rows = [(200, "text/html", b"<html>login</html>"), (200, "image/jpeg", b"<html>login, it says</html>"),
            (500, "text/plain", b"x"), (200, "image/jpeg", JPEG + b"x" * (10 << 20))]
    for i, reply in enumerate(rows):
        camera.replies = {p: (404, "text/html", b"no") for p in ("/webcam/snapshot", "/server/webcam/snapshot")}
        camera.replies[path] = reply
        cloud.cameras.append({"id": i, "printer_id": 11})
        assert picture(cloud, i) == [("application/json", "11", b"")], i
    cloud.cameras.append({"id": "who", "printer_id": 4})
    assert picture(cloud, "who") == [("application/json", "4", b"")]
    with cloud.lock:        # the cloud goes on asking for what it was told
        cloud.pictures.clear()
    n = len(camera.log)
    time.sleep(5)
    assert len(camera.log) == n and not cloud.pictures
    end(cloud, c)
    camera.stop()


@test("a camera that hangs delays nobody")
def _():
    farm.reset()
    good, bad = Proxy("http://127.0.0.1:1"), Proxy("http://127.0.0.1:1")
    good.replies["/p"] = (200, "image/jpeg", JPEG)
    bad.hang = "/"
    url, key = farm.real["octoprint"]
    cloud = MockCloud()
    c = Connector(cloud, printers=(
        f'{{ name = "a"; url = "{farm.moon.url}"; dialect = "moonraker"; camera = "{bad.url}/p"; }}, '
        f'{{ name = "b"; url = "{farm.octo.url}"; dialect = "octoprint"; key = "{key}"; camera = "{good.url}/p"; }}')).start()
    wait("paired", lambda: cloud.count("cameras"))
    cloud.cameras += [{"id": 1, "printer_id": 11}, {"id": 2, "printer_id": 12}]
    picture(cloud, 2, 7)
    assert "1" not in cloud.pictures
    cloud.cameras.append({"id": 3, "printer_id": 12})
    picture(cloud, 3, 4)
    end(cloud, c)
    good.stop()
    bad.stop()


# ---- backups ----

def tree(c):
    root = os.path.join(c.dir, "printer_data")
    for name, data in {"config/printer.cfg": b"[printer]\n", "config/sub/a.conf": b"x" * 5000, "database/data.mdb": os.urandom(200000),
                       "gcodes/a.gcode": GCODE, "logs/klippy.log": b"log\n", "private.key": b"k"}.items():
        os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
        open(os.path.join(root, name), "wb").write(data)
    os.symlink("/etc/passwd", os.path.join(root, "config/passwd.cfg"))
    os.symlink("../../printers.conf", os.path.join(root, "config/out.cfg"))
    return root


@test("a backup holds what include names, arrives whole, and nothing stays here")
def _():
    farm.reset()
    cloud = MockCloud()
    c = Connector(cloud, farm, group='backup_roots = ["printer_data"]; insecure_http = true;')
    root = tree(c)
    c.start()
    url = f"{cloud.url}/bucket/b1?X-Signature=sig-0815-secret"
    cloud.command(1, "create_backup", {"backup_id": "b1", "presigned_url": url, "printer_data_root": root,
                                       "include": {"config": True, "database": True, "gcodes": True, "logs": False}})
    r = cloud.wait_done(1)
    assert r["status"] == "succeeded", r
    put = cloud.archives["b1"]
    assert put.path == "/bucket/b1?X-Signature=sig-0815-secret"
    assert put.headers["content-type"] == "application/gzip" and int(put.headers["content-length"]) == len(put.data)
    assert not {"authorization", "x-connector-id", "referer", "expect"} & set(put.headers), put.headers
    result = r["result"]
    assert result["backup_id"] == "b1" and result["size_bytes"] == len(put.data)
    assert result["sha256"] == hashlib.sha256(put.data).hexdigest()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["uploaded_at"])
    names = {m.name for m in tarfile.open(fileobj=io.BytesIO(put.data))}
    assert names == {"config/printer.cfg", "config/sub/a.conf", "database/data.mdb", "gcodes/a.gcode"}, names
    assert result["left_out_count"] == 2 and sorted(x.split(":")[0] for x in result["left_out"]) == \
        ["config/out.cfg", "config/passwd.cfg"]
    assert not glob.glob(c.state + "/*.tar.gz")
    cloud.command(2, "create_backup", {"backup_id": "b2", "presigned_url": f"{cloud.url}/bucket/b2"})
    assert cloud.wait_done(2)["status"] == "succeeded"      # the first root, config alone
    assert {m.name for m in tarfile.open(fileobj=io.BytesIO(cloud.archives["b2"].data))} == {"config/printer.cfg", "config/sub/a.conf"}
    for status in (302, 403, 500):
        cloud.script("put", (status, [("Location", cloud.url + "/bucket/elsewhere")]))
        cloud.command(f"f{status}", "create_backup", {"backup_id": "b3", "presigned_url": f"{cloud.url}/bucket/b3?{'sig-0815-secret'}"})
        r = cloud.wait_done(f"f{status}")
        assert r["status"] == "failed" and str(status) in r["error_message"] and "sig" not in r["error_message"], r
    assert "elsewhere" not in cloud.archives and not glob.glob(c.state + "/*.tar.gz")
    end(cloud, c)


@test("backups keep to allowed folders, https and allowed hosts")
def _():
    farm.reset()
    cloud = MockCloud()
    c = Connector(cloud, farm, group='backup_roots = ["printer_data"]; backup_hosts = ["*.storage.example"];')
    root = tree(c)
    os.symlink("/etc", os.path.join(c.dir, "printer_data", "etc"))
    c.start()
    good = "https://x.storage.example/b"
    rows = [({"printer_data_root": "/etc", "presigned_url": good}, "no folder that may be packed"),
            ({"printer_data_root": root + "/../..", "presigned_url": good}, "no folder that may be packed"),
            ({"printer_data_root": root + "/etc", "presigned_url": good}, "no folder that may be packed"),
            ({"presigned_url": cloud.url + "/bucket/b"}, "must be https"),
            ({"presigned_url": "https://evil.example/b"}, "may not be sent"),
            ({"presigned_url": "ftp://x/"}, "no address"),
            ({"presigned_url": "https://user:pw@x.storage.example/b"}, "no address"),
            ({"presigned_url": good, "backup_id": "../x"}, "params.backup_id")]
    for i, (params, error) in enumerate(rows):
        cloud.command(i, "create_backup", dict({"backup_id": "b"}, **params))
        r = cloud.wait_done(i)
        assert r["status"] == "failed" and error in r["error_message"], (params, r)
    assert not cloud.archives and not glob.glob(c.state + "/*.tar.gz")
    end(cloud, c)
    cloud, c = connected()          # no folder is allowed until the operator names one
    cloud.command(1, "create_backup", {"backup_id": "b", "presigned_url": good})
    assert "backup_roots is not set" in cloud.wait_done(1)["error_message"]
    end(cloud, c)


# ---- ends ----

@test("SIGTERM ends it within a second: in a backoff, an upload, a backup, a hanging request")
def _():
    cloud = MockCloud()
    c = Connector(cloud, farm, group='backup_roots = ["printer_data"]; insecure_http = true;')
    root = tree(c)
    with open(os.path.join(root, "gcodes/big.gcode"), "wb") as f:
        for _ in range(60):
            f.write(os.urandom(1 << 20))
    c.start()
    wait("paired", lambda: cloud.count("heartbeat"))
    cloud.command(1, "create_backup", {"backup_id": "b", "presigned_url": cloud.url + "/bucket/b", "include": {"gcodes": True}})
    wait("an archive grows", lambda: glob.glob(c.state + "/*.tar.gz"))
    status, took = c.stop()
    assert status == 0 and took < 1, (status, took)
    assert not glob.glob(c.state + "/*.tar.gz")
    c.start()                       # and it is made after all
    assert cloud.wait_done(1, 30)["status"] == "succeeded"
    os.remove(os.path.join(root, "gcodes/big.gcode"))
    farm.moon.slow["/server/files/upload"] = 5
    cloud.command(2, "upload_file", {"filename": "slow.gcode", "content": B64})
    wait("the upload runs", lambda: farm.moon.changes("/server/files/upload"))
    status, took = c.stop()
    assert status == 0 and took < 1, (status, took)
    farm.moon.slow = {}
    cloud.always["commands"] = cloud.always["heartbeat"] = 500
    c.start()
    time.sleep(1.5)
    status, took = c.stop()
    assert status == 0 and took < 1, (status, took)
    cloud.always = {"commands": "hang"}
    c.start()
    time.sleep(1)
    status, took = c.stop(signal.SIGINT)
    assert status == 0 and took < 1, (status, took)
    cloud.always = {}
    c.start()
    assert cloud.wait_done(2)["status"] == "succeeded"
    end(cloud, c)


@test("printop serve runs it beside the rest, and a reload changes it")
def _():
    farm.reset()
    cloud = MockCloud()
    c = Connector(cloud, farm)
    log = open(c.log, "a")
    serve = subprocess.Popen([PROGRAM, "--config", c.config, "--log-level", "info", "serve"], stdout=log, stderr=log, env=c.env)
    try:
        cloud.command(1, "sync_files")
        assert cloud.wait_done(1)["status"] == "succeeded"
        Connector.write(c.config, open(c.config).read().replace("poll_commands_seconds", 'allow = ["pause"]; poll_commands_seconds'))
        serve.send_signal(signal.SIGHUP)
        time.sleep(1)
        cloud.command(2, "sync_files")
        assert "not allowed" in cloud.wait_done(2)["error_message"]
        assert cloud.count("register") == 1
        began = time.time()
        serve.terminate()
        assert serve.wait(3) == 0 and time.time() - began < 1
    finally:
        serve.kill()
        serve.wait()
    end(cloud, c)


@test("two copies on one state folder: the second one is refused")
def _():
    cloud, c = connected()
    other = subprocess.run([PROGRAM, "connector", "--config", c.config, "--once"], capture_output=True, text=True, env=c.env, timeout=10)
    assert other.returncode == 1 and "another copy" in other.stderr, other
    end(cloud, c)


@test("the command line and its exit statuses")
def _():
    cloud = MockCloud()
    c = Connector(cloud, original=original(cloud))

    def run(*args, env=None):
        r = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=20, env=dict(c.env, **(env or {})))
        return r.returncode, r.stdout, r.stderr
    assert run("connector", "--version")[:2] == (0, "printer-connector version 0.1.0 (printop)\n")
    assert run("connector", "-version")[0] == 0 and run("connector", "-h")[0] == 0 and run("connector", "--help")[0] == 0
    assert run("connector", "--log-level", "loud")[0] == 2 and run("connector", "--nonsense")[0] == 2
    assert run("connector", "--config")[0] == 2
    assert run("connector", env={"XDG_CONFIG_HOME": c.dir + "/none"})[0] == 2
    assert run("connector", "--config", c.dir + "/none.json")[0] == 1
    assert run("connector", "-config", c.config, "-once")[0] == 0 and cloud.count("register") == 1
    assert run("connector", f"--config={c.config}", "--once", "--log-level=warn")[0] == 0
    broken = os.path.join(c.dir, "broken.json")
    for text, error in (("{}", "moonraker must have at least one entry"), ("[]", "no JSON object"), ('{"pairing_token": ', "no JSON")):
        Connector.write(broken, text)
        status, out, err = run("connector", "--config", broken, "--once")
        assert status == 1 and error in err, (text, err)
    for kind in ("heartbeat", "commands", "snapshots", "cameras"):
        cloud.script(kind, 500)
        assert run("connector", "--config", c.config, "--once")[0] == 1, kind
    assert run("connector", "--config", c.config, "--once", env={"CLOUD_URL": "http://127.0.0.1:1"})[0] == 1
    end(cloud, c)


@test("http:// is only for private hosts, unless it is switched on")
def _():
    cloud = MockCloud()
    for url, group, status in (("http://203.0.113.7:1", "", 1), ("http://cloud.example.com", "", 1)):
        c = Connector(cloud, farm, group=group)
        Connector.write(c.config, open(c.config).read().replace(cloud.url, url))
        assert c.run("--once") == status and "insecure_http" in c.text()
        c.close()
    assert not cloud.log
    cloud.stop()


@test("less than half the original's requests for each printer")
def _():
    farm.reset()
    cloud = MockCloud()
    c = Connector(cloud, farm)
    conf = open(c.config).read()
    for name in ("poll_commands_seconds", "push_snapshots_seconds", "heartbeat_seconds"):
        conf = re.sub(name + r" = [\d.]+;", "", conf)
    Connector.write(c.config, conf)
    c.start()
    time.sleep(12)
    n = len(cloud.log)
    end(cloud, c)
    per_hour = n * 3600 / 12
    assert per_hour / 2 < 3584 / 2, per_hour     # the original: 3,584 for each printer


# ---- killed ----

@test("kill -9 at any moment: nothing lost, nothing done twice")
def _():
    rounds = int(os.environ.get("CONNECTOR_ROUNDS", "40"))
    rnd = random.Random(int(os.environ.get("CONNECTOR_SEED", "7")))
    farm.reset()
    cloud = MockCloud()
    c = Connector(cloud, farm, group="")
    conf = re.sub(r"(poll_commands_seconds) = [\d.]+", r"\1 = 0.2", open(c.config).read())
    Connector.write(c.config, conf)
    names = {}
    for i in range(rounds):
        kind = rnd.choice(["home", "upload", "sync", "both"])
        id = f"r{i}"
        names[id] = kind
        if kind in ("home", "both"):
            axes = rnd.choice([["X"], ["Y"], ["Z"], ["X", "Z"]])
            cloud.command(id, "homing", {"axes": axes}, rnd.choice([11, 12]))
        if kind == "upload":
            cloud.command(id, "upload_file", {"filename": f"kill-{i}.gcode", "content": base64.b64encode(GCODE + str(i).encode()).decode()},
                          rnd.choice([11, 12]))
        if kind == "sync":
            cloud.command(id, "sync_files", None, rnd.choice([11, 12]))
        if kind == "both":
            cloud.command(id + "b", "upload_file", {"filename": f"kill-{i}.gcode", "content": B64}, rnd.choice([11, 12]))
            names[id + "b"] = "upload"
        if rnd.random() < 0.3:
            cloud.script("complete", rnd.choice([500, "cut", 503]))
        if rnd.random() < 0.3:
            cloud.redeliver = not cloud.redeliver
        c.start()
        time.sleep(rnd.uniform(0.02, 0.9))
        c.stop(signal.SIGKILL)
    cloud.redeliver = False
    c.start()
    for id in names:
        cloud.wait_done(id, 60)
    c.stop()
    assert cloud.count("register") <= 1 or not cloud.token_used
    # Each homing reached a printer at most once; one that the kill cut short is answered as interrupted.
    homed = len([s for s in farm.moon.changes("G28") if s.path == "/server/jsonrpc"]) + len(farm.octo.changes("/api/printer/printhead"))
    homings = [id for id, kind in names.items() if kind in ("home", "both")]
    good = [id for id in homings if cloud.done(id)[0]["status"] == "succeeded"]
    assert len(good) <= homed <= len(homings), (len(good), homed, len(homings))
    for id in homings:
        r = cloud.done(id)[0]
        assert r["status"] == "succeeded" or "interrupted" in r["error_message"] or "cannot move now" in r["error_message"], r
    there = dict(farm.moon_files(), **farm.octo_files())
    for id, kind in names.items():
        assert all(x == cloud.done(id)[0] for x in cloud.done(id)), f"{id} has different completions"
        if kind == "upload":
            r = cloud.done(id)[0]
            name = f"kill-{id[1:].rstrip('b')}.gcode"
            assert r["status"] == "succeeded" and name in there, (id, r)
    assert not glob.glob(c.state + "/spool/*"), "spooled files are left"
    end(cloud, c)


@test("kill -9 while it pairs: the token works or the identity is whole")
def _():
    farm.reset()
    rnd = random.Random(11)
    for i in range(12):
        cloud = MockCloud()
        cloud.script("register", 0.03)
        c = Connector(cloud, original=original(cloud))
        c.start()
        time.sleep(rnd.uniform(0.005, 0.12))
        c.stop(signal.SIGKILL)
        saved = json.load(open(c.config))
        paired = "connector_secret" in saved
        time.sleep(0.1)
        assert paired != ("pairing_token" in saved), saved
        if not paired and cloud.token_used:     # the reply was lost with the process: the cloud gives a new token
            cloud.token_used = False
        assert c.run("--once") == 0, c.text()
        end(cloud, c)


@test("no secret is in any log, completion or state that others can read")
def _():
    secrets = ["tok-0451-secret", "another-token-secret", "s3cret-of-the-cloud", "sig-0815-secret", farm.real["octoprint"][1]]
    assert len(outputs) > 40
    for where, text in outputs:
        for secret in secrets:
            assert secret not in text, f"{where}: {secret}"
    for path in glob.glob(TOP + "/c*/**", recursive=True):
        if os.path.isfile(path) and not os.path.islink(path) and "/printer_data/" not in path:
            data = open(path, "rb").read()
            if any(s.encode() in data for s in secrets):
                assert os.stat(path).st_mode & 0o077 == 0, path


if __name__ == "__main__":
    status = 1
    try:
        status = run_all()
    finally:
        farm.stop()
    sys.exit(status)
