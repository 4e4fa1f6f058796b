"""The machine behind the Klippy stand-in: heaters, moves, scripts, and the virtual SD card's job.

Time is real but for moves, which take a tenth of theirs (as on OctoPrint's virtual printer); G4 takes all of it.
"""
import asyncio
import math
import os
import re
import shlex
import time

AMBIENT_C = 24.0
MOVE_SPEEDUP = 10.0         # moves take a tenth of their time; G4 takes all of it
READ_AHEAD_S = 0.05         # shortest sleep worth making

READY = "Printer is ready"
STARTUP = ("\nPrinter is not ready\nThe klippy host software is attempting to connect.  Please\n"
           "retry in a few moments.\n")
SHUTDOWN_HELP = ('\nOnce the underlying issue is corrected, use the\n"FIRMWARE_RESTART" command to reset the '
                 'firmware, reload the\nconfig, and restart the host software.\nPrinter is shutdown\n')
MCU_IS_SHUTDOWN = ("Can not update MCU 'mcu' config as it is shutdown\nOnce the underlying issue is corrected, "
                   'use the\n"FIRMWARE_RESTART" command to reset the firmware, reload the\nconfig, and restart the '
                   "host software.\nError configuring printer\n")


class GcodeError(Exception):
    """Ends a script; its text is the answer."""


class Heater:
    """First order: full power heats at rate_c_s, everything else is loss to the room."""

    def __init__(self, rate_c_s, max_c):
        self.actual, self.target, self.power = AMBIENT_C, 0.0, 0.0
        self.rate, self.max = rate_c_s, max_c
        self.loss = rate_c_s / (max_c * 2)

    def step(self, dt, powered):
        self.power = 0.0
        if powered and self.target > 0:
            hold = self.loss * (self.target - AMBIENT_C) / self.rate
            self.power = min(1.0, max(0.0, (self.target - self.actual) / self.rate + hold))
        self.actual += dt * (self.power * self.rate - self.loss * (self.actual - AMBIENT_C))

    def set(self, target):
        if not 0 <= target <= self.max:
            raise GcodeError("Requested temperature (%.1f) out of range (0.0:%.1f)" % (target, self.max))
        self.target = target

    def status(self):
        return {"temperature": round(self.actual, 2), "target": self.target, "power": round(self.power, 3)}


class Job:
    """print_stats and virtual_sdcard: the file in print, its position and its clocks."""

    def __init__(self):
        self.state, self.message, self.name, self.path = "standby", "", "", None
        self.data, self.pos, self.progress = b"", 0, 0.0
        self.active = False
        self.total = self.printed = self.filament = 0.0
        self.layer = self.layers = None

    def load(self, name, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.name, self.path = name, path

    def step(self, dt):
        if self.state in ("printing", "paused"):
            self.total += dt
        if self.state == "printing" and self.filament > 0:
            self.printed += dt

    def next_line(self):
        end = self.data.find(b"\n", self.pos)
        end = len(self.data) if end < 0 else end + 1
        line, self.pos = self.data[self.pos:end], end
        return line.decode("utf-8", "replace").strip()

    def close(self, state, progress):
        self.state, self.progress, self.path, self.active = state, progress, None, False

    def stats(self):
        return {"filename": self.name, "total_duration": self.total, "print_duration": self.printed,
                "filament_used": self.filament, "state": self.state, "message": self.message,
                "info": {"total_layer": self.layers, "current_layer": self.layer}}

    def sdcard(self):
        if self.path and self.data:
            self.progress = self.pos / len(self.data)
        return {"file_path": self.path, "progress": self.progress, "is_active": self.active,
                "file_position": self.pos, "file_size": len(self.data)}


class Printer:
    def __init__(self, gcodes):
        self.gcodes = gcodes
        self.mcu_dead = False
        self.reply = lambda text: None      # set by the server: a line of G-code output
        self.restart = lambda firmware: None
        self.reset()

    def reset(self):
        """What a restart leaves: everything at rest, temperatures kept."""
        old = getattr(self, "heaters", None)
        self.heaters = {"extruder": Heater(16.0, 300.0), "heater_bed": Heater(12.0, 130.0)}
        for name, heater in self.heaters.items():
            heater.actual = old[name].actual if old else AMBIENT_C
        self.state, self.message = "startup", STARTUP
        self.job, self.mutex = Job(), asyncio.Lock()
        self.worker = None
        self.halted = asyncio.Event()
        self.is_paused = False
        self.pos, self.feed = {a: 0.0 for a in "XYZE"}, 1500.0
        self.absolute = self.absolute_e = True
        self.homed, self.debt = "", 0.0
        self.speed = self.flow = 1.0
        self.fan, self.m73, self.text = 0.0, None, None
        self.busy_at = -1e9

    def ready(self):
        self.state, self.message = ("error", MCU_IS_SHUTDOWN) if self.mcu_dead else ("ready", READY)

    def step(self, dt):
        for heater in self.heaters.values():
            heater.step(dt, self.state == "ready")
        self.job.step(dt)

    # ---- status objects -----------------------------------------------------------------------------

    def status(self):
        live = self.state not in ("startup", "error")
        now = asyncio.get_running_loop().time()
        heaters = {n: h.status() if live else {"temperature": 0.0, "target": 0.0, "power": 0.0}
                   for n, h in self.heaters.items()}
        heaters["extruder"].update(can_extrude=self.heaters["extruder"].actual >= 170, pressure_advance=0.0,
                                   smooth_time=0.04, motion_queue=None)
        xyze = [self.pos[a] for a in "XYZE"]
        sdcard = self.job.sdcard()
        busy = self.mutex.locked() or self.job.active or now - self.busy_at < 1
        return {
            "webhooks": {"state": self.state, "state_message": self.message},
            "print_stats": self.job.stats(), "virtual_sdcard": sdcard,
            "display_status": {"progress": sdcard["progress"] if self.m73 is None else self.m73,
                               "message": self.text},
            "pause_resume": {"is_paused": self.is_paused},
            "idle_timeout": {"state": "Printing" if busy else "Ready", "printing_time": self.job.total,
                             "idle_timeout": 1800.0},
            "heaters": {"available_heaters": list(self.heaters), "available_monitors": [],
                        "available_sensors": list(self.heaters) + ["temperature_sensor chamber"]},
            **heaters,
            "temperature_sensor chamber": {"temperature": 31.0 if live else 0.0, "measured_min_temp": 30.9,
                                           "measured_max_temp": 31.1},
            "fan": {"speed": self.fan, "rpm": None},
            "toolhead": {"homed_axes": self.homed, "position": xyze, "extruder": "extruder",
                         "axis_minimum": [0.0] * 4, "axis_maximum": [220.0, 220.0, 250.0, 0.0],
                         "print_time": now, "estimated_print_time": now, "stalls": 0, "max_velocity": 300.0,
                         "max_accel": 3000.0, "minimum_cruise_ratio": 0.5, "square_corner_velocity": 5.0},
            "gcode_move": {"speed_factor": self.speed, "extrude_factor": self.flow, "speed": self.feed,
                           "absolute_coordinates": self.absolute, "absolute_extrude": self.absolute_e,
                           "homing_origin": [0.0] * 4, "position": xyze, "gcode_position": xyze,
                           "axis_map": {"X": 0, "Y": 1, "Z": 2, "E": 3}},
            "motion_report": {"live_position": xyze, "steppers": [], "trapq": [],
                              "live_velocity": self.feed / 60 if self.job.active else 0.0,
                              "live_extruder_velocity": 0.0},
            "mcu": {"mcu_version": "stand-in", "mcu_build_versions": "", "mcu_constants": {"MCU": "linux"},
                    "last_stats": {"freq": 50000000}},
            "system_stats": {"sysload": 0.1, "cputime": time.process_time(), "memavail": 1000000},
            "configfile": {"config": {"virtual_sdcard": {"path": self.gcodes}}, "warnings": [],
                           "settings": {"virtual_sdcard": {"path": self.gcodes}},
                           "save_config_pending": False, "save_config_pending_items": {}},
        }

    # ---- scripts ------------------------------------------------------------------------------------

    async def run_script(self, script):
        async with self.mutex:
            for line in script.split("\n"):
                await self.run_line(line)
            await self.settle()

    async def run_line(self, line):
        line = line.strip()
        word = re.match(r"([A-Za-z_][A-Za-z_0-9]*(?:\.\d+)?)", line)
        if not word:
            return
        name = word.group(1).upper()
        if self.state != "ready" and name not in ("M105", "M115", "M112", "RESTART", "FIRMWARE_RESTART"):
            raise GcodeError(self.message)
        command = getattr(self, "cmd_" + name, None)
        if command is None:
            self.reply('// Unknown command:"%s"' % name)
            return
        if re.fullmatch(r"[GM]\d+", name):
            rest = line[word.end():].split(";")[0]
            args = dict(re.findall(r"([A-Za-z])\s*([-+]?[\d.]+)", rest)) if name != "M117" else rest.strip()
        else:
            words = shlex.split(line[word.end():].split(";")[0] if '"' not in line else line[word.end():])
            args = dict(w.split("=", 1) for w in words if "=" in w)
            args = {k.upper(): v for k, v in args.items()}
        if isinstance(args, dict):
            args = {k.upper(): v for k, v in args.items()}
        result = command(args)
        if result is not None:
            await result

    async def sleep(self, seconds):
        """A wait that an emergency stop ends."""
        self.busy_at = asyncio.get_running_loop().time() + seconds
        try:
            await asyncio.wait_for(self.halted.wait(), seconds)
        except asyncio.TimeoutError:
            return
        raise GcodeError(self.message)

    async def settle(self):
        """Waits for the moves that were planned."""
        debt, self.debt = self.debt, 0.0
        if debt > 0:
            await self.sleep(debt)

    def cmd_G1(self, a):
        to = dict(self.pos)
        for axis in "XYZE":
            if axis in a:
                relative = not (self.absolute_e if axis == "E" else self.absolute)
                to[axis] = float(a[axis]) + (self.pos[axis] if relative else 0)
        moved = [x for x in "XYZ" if to[x] != self.pos[x]]
        if any(x.lower() not in self.homed for x in moved):
            raise GcodeError("Must home axis first: %.3f %.3f %.3f [%.3f]" % tuple(to[x] for x in "XYZE"))
        if any(not -1 <= to[x] <= 250 for x in moved):
            raise GcodeError("Move out of range: %.3f %.3f %.3f [%.3f]" % tuple(to[x] for x in "XYZE"))
        extruded = to["E"] - self.pos["E"]
        if extruded > 0 and self.heaters["extruder"].actual < 170:
            raise GcodeError("Extrude below minimum temp\nSee the 'min_extrude_temp' config option for details")
        self.feed = float(a.get("F", self.feed))
        length = math.dist([self.pos[x] for x in "XYZ"], [to[x] for x in "XYZ"]) or abs(extruded)
        self.pos = to
        if self.job.active:
            self.job.filament += extruded
        self.debt += length / max(self.feed / 60, 0.1) / MOVE_SPEEDUP / self.speed
        return self.settle() if self.debt > READ_AHEAD_S else None

    cmd_G0 = cmd_G1

    async def cmd_G4(self, a):
        await self.settle()
        await self.sleep(float(a.get("P", 0)) / 1000 + float(a.get("S", 0)))

    async def cmd_G28(self, a):
        await self.settle()
        await self.sleep(0.6)
        axes = [x for x in "XYZ" if x in a] or "XYZ"
        self.homed = "".join(x for x in "xyz" if x in self.homed or x.upper() in axes)
        for axis in axes:
            self.pos[axis] = 0.0

    def cmd_G90(self, a):
        self.absolute = True

    def cmd_G91(self, a):
        self.absolute = False

    def cmd_M82(self, a):
        self.absolute_e = True

    def cmd_M83(self, a):
        self.absolute_e = False

    def cmd_G92(self, a):
        for axis in "XYZE":
            if axis in a:
                self.pos[axis] = float(a[axis])

    def set_heater(self, name, target, wait):
        if name not in self.heaters:
            raise GcodeError("The value '%s' is not valid for HEATER" % name)
        heater = self.heaters[name]
        heater.set(target)
        return self.wait_heater(heater) if wait and target > 0 else None

    async def wait_heater(self, heater):
        while heater.target > 0 and heater.actual < heater.target - 1:
            self.reply("B:%.1f /%.1f T0:%.1f /%.1f" % tuple(
                v for n in ("heater_bed", "extruder") for v in (self.heaters[n].actual, self.heaters[n].target)))
            await self.sleep(0.5)

    def cmd_M104(self, a):
        return self.set_heater("extruder", float(a.get("S", 0)), False)

    def cmd_M109(self, a):
        return self.set_heater("extruder", float(a.get("S", 0)), True)

    def cmd_M140(self, a):
        return self.set_heater("heater_bed", float(a.get("S", 0)), False)

    def cmd_M190(self, a):
        return self.set_heater("heater_bed", float(a.get("S", 0)), True)

    def cmd_SET_HEATER_TEMPERATURE(self, a):
        return self.set_heater(a.get("HEATER", ""), float(a.get("TARGET", 0)), False)

    def cmd_TURN_OFF_HEATERS(self, a):
        for heater in self.heaters.values():
            heater.target = 0.0

    def cmd_M106(self, a):
        self.fan = float(a.get("S", 255)) / 255

    def cmd_M107(self, a):
        self.fan = 0.0

    def cmd_M220(self, a):
        self.speed = float(a.get("S", 100)) / 100

    def cmd_M221(self, a):
        self.flow = float(a.get("S", 100)) / 100

    def cmd_M73(self, a):
        self.m73 = float(a.get("P", 0)) / 100

    def cmd_M117(self, text):
        self.text = text or None

    def cmd_M105(self, a):
        self.reply("T0:%.1f" % self.heaters["extruder"].actual)

    def cmd_M115(self, a):
        self.reply("FIRMWARE_NAME:Klipper")

    async def cmd_M400(self, a):
        await self.settle()

    def cmd_M112(self, a):
        self.shutdown("Shutdown due to M112 command")

    def cmd_SET_PRINT_STATS_INFO(self, a):
        if "TOTAL_LAYER" in a:
            self.job.layers, self.job.layer = int(a["TOTAL_LAYER"]), 0
        if "CURRENT_LAYER" in a:
            self.job.layer = int(a["CURRENT_LAYER"])

    def cmd_RESTART(self, a):
        self.restart(False)

    def cmd_FIRMWARE_RESTART(self, a):
        self.restart(True)

    def cmd__FAULT(self, a):
        """For tests: the shutdown of a broken machine, with the text that is given."""
        self.shutdown(a.get("MSG", "Heater extruder not heating at expected rate"))

    # ---- jobs ---------------------------------------------------------------------------------------

    def cmd_SDCARD_PRINT_FILE(self, a):
        if self.job.active:
            raise GcodeError("SD busy")
        name = a.get("FILENAME", "").lstrip("/")
        path = os.path.join(self.gcodes, name)
        self.job = Job()        # also when the file is not there: the last result is gone then
        if not os.path.isfile(path):
            raise GcodeError("Unable to open file")
        self.job.load(name, path)
        self.m73 = None
        self.reply("File opened:%s Size:%d" % (name, len(self.job.data)))
        self.go_on()

    def cmd_SDCARD_RESET_FILE(self, a):
        if self.job.active:
            raise GcodeError("SDCARD_RESET_FILE cannot be run from the sdcard")
        self.job = Job()

    def cmd_PAUSE(self, a):
        if self.is_paused:
            self.reply("// Print already paused")
            return
        self.is_paused = True
        if self.job.active:
            self.job.active, self.job.state = False, "paused"

    def cmd_RESUME(self, a):
        if not self.is_paused:
            self.reply("// Print is not paused, resume aborted")
            return
        self.is_paused = False
        if self.job.path and not self.job.active:
            self.go_on()

    def cmd_CLEAR_PAUSE(self, a):
        self.is_paused = False

    async def cmd_CANCEL_PRINT(self, a):
        self.cmd_TURN_OFF_HEATERS(a)
        self.is_paused, self.job.active = False, False
        await self.sleep(0.3)       # a macro that parks the head
        if self.job.path:
            self.job.close("cancelled", 0.0)
            self.job.data, self.job.pos = b"", 0

    def go_on(self):
        self.job.active, self.job.state = True, "printing"
        self.worker = asyncio.ensure_future(self.work(self.job))

    async def work(self, job):
        """Reads the file line by line; other scripts get in between two lines."""
        try:
            while job.active and job.pos < len(job.data):
                async with self.mutex:
                    if job.active:
                        await self.run_line(job.next_line())
                await asyncio.sleep(0)
            if job.active:
                await self.settle()
                job.close("complete", 1.0)
        except GcodeError as e:
            if self.state == "shutdown":
                job.active, job.state = False, "paused"
            else:
                self.reply("!! " + str(e))
                job.message = str(e)
                job.close("error", job.pos / max(1, len(job.data)))
                self.cmd_TURN_OFF_HEATERS({})

    def shutdown(self, why):
        if self.state != "ready":
            return
        self.state, self.message, self.mcu_dead = "shutdown", why + SHUTDOWN_HELP, True
        self.halted.set()
        if self.job.active:
            self.job.active, self.job.state = False, "paused"
        self.is_paused = False
