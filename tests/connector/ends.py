"""How it ends: signals, reloads, the command line, kill -9."""
import base64
import glob
import json
import os
import random
import re
import signal
import subprocess
import time

from harness import B64, Connector, GCODE, MockCloud, PROGRAM, TOP, connected, end, farm, original, outputs, test, tree, wait


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
