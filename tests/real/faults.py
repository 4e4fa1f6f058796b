"""What goes wrong with real servers, and what they are asked besides a scenario."""
import re
import signal
import socket
import subprocess
import time

import gcode
import servers
from harness import until
from target import READY, Abandoned, Printer, Sim, heater_c, recover, truth


def wrong_keys(world, op, mr):
    for name, label in (("op-badkey", "octoprint"), ("mr-badkey", "moonraker")):
        p = Printer(label + " with a wrong key", name, op.server if label == "octoprint" else mr.server, world)
        p.see("unauthorized", "unauthorized", reason="key")
        p.ok(p.run("pause", name).status == 5, "pause exits with 5", p.run("pause", name))
        result = p.run("upload", world.file("key.gcode", gcode.job()), "-t", name)
        p.ok(result.status == 5, "upload exits with 5", result)
        p.ok(p.run("status", name).status == 5, "status exits with 5", p.run("status", name))


def nobody_there(world):
    p = Printer("nobody there", "nobody", Sim(world.path, world.folder, "octoprint"), world)
    p.see("offline", "offline", reason="connection refused")
    for args in (("pause", "nobody"), ("status", "nobody"), ("files", "nobody"),
                 ("upload", world.file("nobody.gcode", gcode.job()), "-t", "nobody")):
        result = p.run(*args)
        p.ok(result.status == 3, args[0] + " exits with 3", result)


def many_at_once(world, op, mr):
    """Uploads to several, one of which is not there; 30 MB arrive whole; two in one second on one host."""
    data = gcode.big(30 * 1000 * 1000 + 7)
    path = world.file("big Ω.gcode", data)
    result = world.program.run("upload", path, "-t", op.name + "," + mr.name)
    world.tap.ok(result.status == 0, "30 MB to both at once: exit 0", result)
    for p in (op, mr):
        stored = p.server.read("big Ω.gcode")
        p.ok(stored == data, "30 MB arrived unchanged", "%d bytes" % len(stored))
    path = world.file("part.gcode", gcode.job())
    result = world.program.run("upload", path, "-t", mr.name + ",nobody," + op.name)
    world.tap.ok(result.status == 1 and "nobody" in result.out + result.err and
                 re.search(r"^retry: printop .*upload ", result.err, re.M),
                 "one of three not there: exit 1, its name and how to retry", result)
    for n in range(3):
        data = gcode.job(seconds=20 + n) + gcode.big(2000000)
        result = world.program.run("upload", world.file("same.gcode", data), "-t", mr.name + ",mr3")
        stored = [world.servers[name].read("same.gcode") for name in (mr.name, "mr3")]
        world.tap.ok(result.status == 0 and stored == [data, data], "two Moonrakers on one host in one second", result)


def cold(world, op, mr):
    """One look at a printer that nothing is known of yet has its temperatures."""
    until(lambda: (servers.http_json(op.server.port, "/api/printer", op.server.key)[1] or {}).get("temperature"), 10)
    for p in (op, mr):
        looks = [p.json() for _ in range(5)]
        p.ok(all(heater_c(j) is not None and heater_c(j, "bed") is not None for j in looks),
             "a single status has the temperatures", looks)
    looks = [world.program.json("status", "--json") for _ in range(5)]
    bare = [j["name"] for look in looks for j in look if j["name"] in (op.name, mr.name) and heater_c(j) is None]
    world.tap.ok(all(looks) and not bare, "a status of the whole fleet has the temperatures", bare)


def job_fails(mr):
    local = mr.world.file("bad.gcode", gcode.job(seconds=4, layers=8, nozzle_c=180, bad_line="G1 X9999"))
    mr.do("upload", local, "-t", mr.name, "--start")
    waited = mr.run("wait", mr.name, "--state", "complete", "--fail-on", "failed", "--timeout", "60")
    mr.ok(waited.status == 1, "wait --fail-on failed exits with 1", waited)
    mr.see("a job that fails", "failed", reason="Move out of")


def firmware_stops(op, mr):
    servers.http_json(mr.server.port, "/printer/gcode/script", mr.server.key, "POST",
                      {"script": '_FAULT MSG="Heater bed not heating"'})
    mr.see("Klipper stops", "shutdown", reason="Heater bed not heating")
    mr.do("restart", mr.name)
    mr.see("restarted", READY)
    servers.http_json(op.server.port, "/api/printer/command", op.server.key, "POST",
                      {"command": "!!DEBUG:trigger_fatal_error_marlin"})
    op.see("the firmware stops", "error", reason="[Tt]hermal")
    op.do("connect", op.name)
    op.see("connected again", READY)


def is_interim(server):
    """OctoPrint's server for its first moments, which answers without a status line."""
    try:
        with socket.create_connection(("127.0.0.1", server.port), 1) as conn:
            conn.settimeout(1)
            conn.sendall(b"GET /api/job HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return conn.recv(40).startswith(b"Not found")
    except OSError:
        return False


def booting(op):
    """It lasts 0.3 s on a fast machine: a look counts when the interim server was there before and after it."""
    seen = []
    for _ in range(6):
        op.server.kill_server()
        op.server.start(wait=False)
        end = time.monotonic() + servers.START_LIMIT_S
        while truth(op.server) & {"offline"} and time.monotonic() < end:
            before, state = is_interim(op.server), op.json().get("state")
            seen += [state] if before and is_interim(op.server) else []
        op.server.wait()
        if seen:
            break
    op.ok(seen and set(seen) == {"starting"}, "while OctoPrint starts it is starting", seen)
    op.see("started", READY, limit_s=30)


def hung_and_dead(mr):
    mr.server.klippy.send_signal(signal.SIGSTOP)
    seen = mr.see("Klippy hangs", {"disconnected", "error", "unknown", "offline", "starting"},
                  reason="[Kk]lippy|Klipper", limit_s=30)
    mr.ok(seen.get("state") != "offline", "Klippy hangs: the host is not called offline", seen)
    mr.server.klippy.send_signal(signal.SIGCONT)
    mr.see("Klippy goes on", READY, limit_s=30)
    mr.server.process.send_signal(signal.SIGSTOP)
    seen = mr.see("Moonraker hangs", "offline", limit_s=30)
    mr.ok(not re.search("[Kk]lipp", seen.get("reason") or ""), "Moonraker hangs: Klippy is not blamed", seen)
    mr.server.process.send_signal(signal.SIGCONT)
    mr.see("Moonraker goes on", READY, limit_s=30)
    mr.server.klippy.end(signal.SIGKILL)
    mr.see("Klippy is killed", "disconnected", limit_s=20)
    mr.server.start_klippy()
    mr.see("Klippy is back", READY, limit_s=30)


def waiting(world, op, mr):
    start = time.monotonic()
    result = world.program.run("wait", op.name, "--state", "printing", "--timeout", "2")
    world.tap.ok(result.status == 6 and time.monotonic() - start < 10, "wait --timeout exits with 6", result)
    result = world.program.run("wait", op.name, mr.name, "--state", "idle,complete,cancelled,failed", "--timeout", "20")
    world.tap.ok(result.status == 0, "wait for two printers", result)
    servers.http_json(mr.server.port, "/printer/gcode/script", mr.server.key, "POST", {"script": "M140 S45"})
    result = world.program.run("wait", mr.name, "--temp", "bed:>=40", "--timeout", "30")
    world.tap.ok(result.status == 0, "wait --temp", result)
    result = world.program.run("cancel", op.name, mr.name)
    world.tap.ok(result.status == 2, "cancel on two without --yes exits with 2", result)


def read_only(world, mr):
    before = mr.requests()
    p = subprocess.run([world.path, "--config", world.program.conf, "-r", "--no-tui", "estop", mr.name],
                       env=world.program.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                       check=False)
    world.tap.ok(p.returncode == 4 and mr.requests() == before, "-r: nothing is sent", (p, mr.requests()))


def faults(world, op, mr):
    steps = [lambda: cold(world, op, mr), lambda: wrong_keys(world, op, mr), lambda: nobody_there(world),
             lambda: many_at_once(world, op, mr), lambda: waiting(world, op, mr), lambda: read_only(world, mr),
             lambda: job_fails(mr), lambda: firmware_stops(op, mr), lambda: hung_and_dead(mr), lambda: booting(op)]
    for step in steps:
        try:
            step()
        except Abandoned as e:
            world.note("faults: abandoned at %s" % e)
            recover(op.server)
            recover(mr.server)
