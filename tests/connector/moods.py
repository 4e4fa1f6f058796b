"""The cloud's moods, cameras and backups."""
import glob
import hashlib
import io
import json
import os
import re
import tarfile
import time

from harness import Connector, GCODE, JPEG, MockCloud, Proxy, connected, end, farm, original, test, tree, wait


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
