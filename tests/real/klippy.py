"""A stand-in for Klippy: its API socket, heaters, moves and virtual SD card, for a real Moonraker to talk to.

Behaviour seen on Klipper v0.13: queries are answered on a 0.25 s tick, scripts run one at a time behind the
running line, an emergency stop jumps that queue and leaves print_stats "paused", a host restart after a shutdown
ends in "error", a firmware restart drops the socket for a moment. Every request goes to a log, one JSON line
each, so that a test can say what never arrived.
"""
import argparse
import asyncio
import json
import os
import signal
import time

from klippy_printer import GcodeError, Printer

TICK_S = 0.25               # status answers and updates, as the real one
DOWN_S, STARTUP_S = 0.8, 1.5    # a restart: socket gone, then "startup"
ENDPOINTS = ["info", "emergency_stop", "list_endpoints", "register_remote_method", "objects/list", "objects/query",
             "objects/subscribe", "gcode/help", "gcode/script", "gcode/restart", "gcode/firmware_restart",
             "gcode/subscribe_output", "pause_resume/pause", "pause_resume/resume", "pause_resume/cancel",
             "query_endstops/status"]


class Server:
    """Klippy's API: JSON objects ended by 0x03 on a unix stream socket."""

    def __init__(self, path, printer, log):
        self.path, self.printer, self.log = path, printer, log
        self.server, self.writers = None, set()
        self.subscriptions = {}         # writer -> [template, objects, last status]
        self.listeners = {}             # writer -> template of G-code output
        self.tick = asyncio.Event()
        printer.reply, printer.restart = self.gcode_output, self.restart

    async def listen(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.server = await asyncio.start_unix_server(self.client, self.path, limit=1 << 24)

    def restart(self, firmware):
        asyncio.ensure_future(self.restart_task(firmware))

    async def restart_task(self, firmware):
        self.printer.halted.set()
        self.server.close()
        os.unlink(self.path)
        for writer in list(self.writers):
            writer.close()
        if firmware:
            self.printer.mcu_dead = False
        await asyncio.sleep(DOWN_S)
        self.printer.reset()
        await self.start()

    async def start(self):
        await self.listen()
        await asyncio.sleep(STARTUP_S)
        self.printer.ready()

    async def client(self, reader, writer):
        self.writers.add(writer)
        try:
            while True:
                message = json.loads((await reader.readuntil(b"\x03"))[:-1])
                asyncio.ensure_future(self.answer(writer, message))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for table in (self.subscriptions, self.listeners):
                table.pop(writer, None)
            self.writers.discard(writer)
            writer.close()

    def send(self, writer, obj):
        if not writer.is_closing():
            writer.write(json.dumps(obj).encode() + b"\x03")

    async def answer(self, writer, message):
        method, params = message.get("method", ""), message.get("params", {})
        if method not in ("objects/query", "info"):
            self.log.write(json.dumps({"at": round(time.time(), 3), "method": method, "params": params}) + "\n")
            self.log.flush()
        handler = getattr(self, "do_" + method.replace("/", "_"), None)
        try:
            if handler is None:
                raise GcodeError("webhooks: No registered callback for path '%s'" % method)
            result = await handler(writer, params)
            reply = {"id": message.get("id"), "result": result or {}}
        except GcodeError as e:
            reply = {"id": message.get("id"), "error": {"error": "WebRequestError", "message": str(e)}}
            self.gcode_output("!! " + str(e))
        if "id" in message:
            self.send(writer, reply)

    async def do_info(self, writer, params):
        p, home = self.printer, os.path.dirname(self.printer.gcodes)
        return {"state": p.state, "state_message": p.message, "hostname": "stand-in",
                "klipper_path": os.path.join(home, "klipper"), "python_path": "/usr/bin/python3",
                "log_file": os.path.join(home, "klippy.log"),
                "config_file": os.path.join(home, "config", "printer.cfg"),
                "software_version": "v0.13.0-stand-in", "cpu_info": "2 core",
                "process_id": os.getpid(), "user_id": os.getuid(), "group_id": os.getgid()}

    async def do_list_endpoints(self, writer, params):
        return {"endpoints": ENDPOINTS}

    async def do_register_remote_method(self, writer, params):
        return {}

    async def do_gcode_subscribe_output(self, writer, params):
        self.listeners[writer] = params.get("response_template", {})

    def gcode_output(self, text):
        for writer, template in list(self.listeners.items()):
            self.send(writer, {**template, "params": {"response": text}})

    async def do_emergency_stop(self, writer, params):
        self.printer.shutdown("Shutdown due to webhooks request")

    async def do_gcode_script(self, writer, params):
        await self.printer.run_script(params.get("script", ""))

    async def do_gcode_restart(self, writer, params):
        self.restart(False)

    async def do_gcode_firmware_restart(self, writer, params):
        self.restart(True)

    async def do_gcode_help(self, writer, params):
        return {n[4:]: "G-Code command" for n in dir(self.printer) if n.startswith("cmd_") and len(n) > 8}

    async def do_pause_resume_pause(self, writer, params):
        await self.printer.run_script("PAUSE")

    async def do_pause_resume_resume(self, writer, params):
        await self.printer.run_script("RESUME")

    async def do_pause_resume_cancel(self, writer, params):
        await self.printer.run_script("CANCEL_PRINT")

    async def do_query_endstops_status(self, writer, params):
        return {"x": "open", "y": "open", "z": "open"}

    async def do_objects_list(self, writer, params):
        return {"objects": list(self.printer.status())}

    async def do_objects_query(self, writer, params):
        if self.printer.state != "startup":
            await self.tick.wait()
        return self.pick(params.get("objects", {}))

    async def do_objects_subscribe(self, writer, params):
        result = await self.do_objects_query(writer, params)
        self.subscriptions[writer] = [params.get("response_template", {}), params.get("objects", {}),
                                      result["status"]]
        return result

    def pick(self, objects):
        status, picked = self.printer.status(), {}
        for name, fields in objects.items():
            if fields is not None and not isinstance(fields, list):
                raise GcodeError("Invalid argument")
            have = status.get(name, {})
            picked[name] = have if fields is None or not have else {f: have.get(f) for f in fields}
        return {"eventtime": asyncio.get_running_loop().time(), "status": picked}

    def update(self, writer, subscription):
        template, objects, last = subscription
        now = self.pick(objects)
        changed = {}
        for name, fields in now["status"].items():
            diff = {k: v for k, v in fields.items() if last.get(name, {}).get(k) != v}
            if diff:
                changed[name] = diff
        subscription[2] = now["status"]
        if changed:
            self.send(writer, {**template, "params": {"eventtime": now["eventtime"], "status": changed}})

    async def run_ticks(self):
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(TICK_S)
            self.printer.step(min(loop.time() - last, 1.0))
            last = loop.time()
            for writer, subscription in list(self.subscriptions.items()):
                self.update(writer, subscription)
            self.tick.set()
            self.tick = asyncio.Event()


async def serve(options):
    os.makedirs(options.gcodes, exist_ok=True)
    with open(options.log, "a", encoding="utf-8") as log:
        server = Server(options.socket, Printer(os.path.abspath(options.gcodes)), log)
        done = asyncio.Event()
        for sig in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sig, done.set)
        tasks = [asyncio.ensure_future(server.run_ticks()), asyncio.ensure_future(server.start())]
        await done.wait()
        for task in tasks:
            task.cancel()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--socket", required=True)
    parser.add_argument("--gcodes", required=True, help="folder that Moonraker stores into")
    parser.add_argument("--log", required=True, help="file for the requests that came in")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
