"""Pairing, heartbeats and snapshots."""
import glob
import json
import os
import re
import time

from harness import Connector, MockCloud, connected, end, farm, original, test, wait


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
