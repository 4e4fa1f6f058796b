"""The ten actions, what is refused, and each command once."""
import base64
import json
import os
import random
import signal
import time

from harness import B64, Connector, GCODE, MockCloud, connected, end, farm, test, wait


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
    farm.moon.slow = {}
    cloud.command("up", "upload_file", {"filename": "long.gcode", "content": B64})
    cloud.command("go", "start_print", {"filename": "long.gcode"})
    cloud.wait_done("go")
    farm.moon.slow["/server/jsonrpc"] = 3.0
    cloud.command("pause", "pause")
    wait("the pause is under way", lambda: farm.moon.changes("printer.print.pause"))
    cloud.command("cancel", "cancel")
    wait("the cancel, too", lambda: farm.moon.changes("printer.print.cancel"), 2)
    assert not cloud.done("pause")
    assert cloud.wait_done("cancel", 15)["status"] == "succeeded"
    end(cloud, c)


@test("commands sent together are done one after the other, each when the printer is ready for it")
def _():
    cloud, c = connected()
    for printer, proxy in ((11, farm.moon), (12, farm.octo)):
        name = f"row-{printer}.gcode"
        row = [("upload_file", {"filename": name, "content": B64}), ("homing", {}), ("homing", {"axes": ["X"]}),
               ("start_print", {"filename": name}), ("pause", None), ("resume", None)]
        for part, commands in enumerate((row, [("cancel", None), ("delete_file", {"filename": name})])):
            with cloud.lock:
                for i, (action, params) in enumerate(commands):
                    cloud.command(f"{printer}-{part}-{i}", action, params, printer)
            for i, (action, params) in enumerate(commands):
                r = cloud.wait_done(f"{printer}-{part}-{i}", 40)
                assert r["status"] == "succeeded", (printer, action, r)
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
