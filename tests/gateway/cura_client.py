"""
A strict stand-in for Cura 4.13's network printing. Its requests are what Cura puts on the wire, byte for byte; what it reads it
judges as Cura's models do: Crash where the real one opens its crash report and ends, Dropped where it ignores a whole list.
"""
import base64
import json
import os
import socket
import threading

COMMON = "Connection: Keep-Alive\r\nAccept-Encoding: gzip, deflate\r\nAccept-Language: en,*\r\n"
API = "/cluster-api/v1"


class Crash(Exception):
    """Cura ends here."""


class Dropped(Exception):
    """Cura ignores the whole answer."""


class Hung(Exception):
    """No whole answer in time: a connection of six is lost."""


# ---- models: (key, types, required, what a wrong type does) ----

ANY = object()
PRINTER = [
    ("enabled", ANY, True, None), ("firmware_version", ANY, True, None), ("friendly_name", ANY, True, None),
    ("ip_address", ANY, True, None), ("machine_variant", str, True, Crash), ("status", ANY, True, None),
    ("unique_name", ANY, True, None), ("uuid", ANY, True, None), ("configuration", list, True, Crash),
]
JOB = [
    ("created_at", ANY, True, None), ("force", ANY, True, None), ("machine_variant", ANY, True, None), ("name", ANY, True, None),
    ("started", ANY, True, None), ("status", str, True, Crash), ("time_total", ANY, True, None), ("uuid", str, True, Crash),
    ("configuration", list, True, Crash),
]
# Cura 4.13 would take more; every version takes these.
STRICT_PRINTER = {"enabled": bool, "firmware_version": str, "friendly_name": str, "ip_address": str, "machine_variant": str,
                  "status": str, "unique_name": str, "uuid": str, "configuration": list, "build_plate": dict,
                  "maintenance_required": bool, "reserved_by": str, "firmware_update_status": str}
STRICT_JOB = {"created_at": str, "force": bool, "machine_variant": str, "name": str, "started": bool, "status": str,
              "time_total": int, "time_elapsed": int, "uuid": str, "configuration": list, "constraints": list, "owner": str,
              "configuration_changes_required": list, "impediments_to_printing": list, "build_plate": dict}
PRINTER_WORDS = {"idle", "printing", "pre_print", "error", "maintenance", "booting", "unreachable"}
JOB_WORDS = {"queued", "error", "sent_to_printer", "pre_print", "printing", "pausing", "paused", "resuming", "post_print",
             "wait_cleanup", "finished", "aborting", "aborted", "failed", "none"}


def model(o, rows):
    if not isinstance(o, dict):
        raise Dropped(f"an element is {o!r}")
    for key, kind, required, wrong in rows:
        if key not in o:
            if required:
                raise Dropped(f"{key} is missing")
        elif kind is not ANY and not isinstance(o[key], kind):
            if kind is list and (o[key] is None or isinstance(o[key], (int, float, bool))):
                raise Dropped(f"{key} is {o[key]!r}")
            raise wrong(f"{key} is {o[key]!r}")


def strict(o, types):
    for key, kind in types.items():
        value = o.get(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise AssertionError(f"{key} is {value!r}, not {kind.__name__}")


def configuration(items):
    if not items:
        raise AssertionError("no extruder: the card logs QML errors")
    for item in items:
        if not isinstance(item, dict):
            raise Crash(f"an extruder is {item!r}")
        if "extruder_index" not in item:
            raise Dropped("extruder_index is missing")
        if isinstance(item.get("material"), str):
            raise Crash("material is text")
        strict(item, {"extruder_index": int, "print_core_id": str, "material": dict})
        strict(item["material"], {"guid": str, "brand": str, "color": str, "material": str})


def printers(text):
    answer = json.loads(text)
    if not isinstance(answer, list):
        raise Dropped("no list")
    for p in answer:
        model(p, PRINTER)
        if "build_plate" in p and not (p["build_plate"] is None or isinstance(p["build_plate"], dict)):
            raise Crash("build_plate")
        if isinstance(p.get("material_station"), str):
            raise Crash("material_station")
        configuration(p["configuration"])
        strict(p, STRICT_PRINTER)
        assert p["status"] in PRINTER_WORDS, p["status"]
    return answer


def jobs(text):
    answer = json.loads(text)
    if not isinstance(answer, list):
        raise Dropped("no list")
    seen = set()
    for j in answer:
        model(j, JOB)
        if j["time_total"] is None and j.get("assigned_to"):
            raise Crash("time_total is null on a card")
        configuration(j["configuration"])
        strict(j, STRICT_JOB)
        assert j["status"] in JOB_WORDS, j["status"]
        for change in j["configuration_changes_required"]:
            strict(change, {"type_of_change": str, "target_id": str, "origin_id": str, "index": int, "target_name": str,
                            "origin_name": str})
        for impediment in j["impediments_to_printing"]:
            strict(impediment, {"translation_key": str, "severity": str})
        for key in ("assigned_to", "printer_uuid"):
            assert key not in j or isinstance(j[key], str), f"{key} is {j[key]!r}: it would not un-assign"
        if j.get("assigned_to"):
            assert j["assigned_to"] not in seen, "two jobs on one card"
            seen.add(j["assigned_to"])
    return answer


def system(text):
    answer = json.loads(text)
    if not isinstance(answer, dict):
        raise Crash("a list as answer")
    for key in ("guid", "firmware", "hostname", "name", "platform", "variant", "hardware"):
        if key not in answer:
            raise Dropped(f"{key} is missing")
    if not isinstance(answer["firmware"], str) or not isinstance(answer["name"], str) or not isinstance(answer["hardware"], dict):
        raise Crash("wrong type in /system")
    assert str(answer["hardware"].get("typeid", "")).startswith(("9066", "9511", "9051", "214475", "213482")), "cannot be added"
    return answer


# ---- the wire ----

class Connection:
    """One kept-alive connection of Qt's six."""

    def __init__(self, host, port, limit=5):
        self.limit = limit
        self.sock = socket.create_connection((host, port), limit)
        self.sock.settimeout(limit)
        self.rest = b""

    def send(self, data):
        self.sock.sendall(data)

    def _more(self):
        try:
            piece = self.sock.recv(65536)
        except socket.timeout as e:
            raise Hung("no answer") from e
        if not piece:
            raise ConnectionError("closed without a whole answer")
        self.rest += piece

    def answer(self):
        """(status, headers, body); it must be complete and say how long it is."""
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        status = int(lines[0].split()[1])
        if "content-length" not in headers:
            if status == 204:
                return status, headers, b""
            raise AssertionError("an answer without Content-Length")
        want = int(headers["content-length"])
        while len(self.rest) < want:
            self._more()
        body, self.rest = self.rest[:want], self.rest[want:]
        return status, headers, body

    def close(self):
        self.sock.close()


class Cura:
    CONNECTIONS = 6

    def __init__(self, host, port, limit=5):
        self.host, self.port, self.limit = host, port, limit
        self.idle, self.busy = [], 0
        self.lock = threading.Condition()
        self.assigned = {}              # what Cura's models keep: null never un-assigns
        self.headers = ""               # more of them, for the digest of 5.11

    def _take(self):
        with self.lock:
            while not self.idle and self.busy >= self.CONNECTIONS:
                if not self.lock.wait(self.limit):
                    raise Hung("all six connections are taken")
            self.busy += 1
            if self.idle:
                return self.idle.pop()
        return Connection(self.host, self.port, self.limit)

    def _give(self, conn):
        with self.lock:
            self.busy -= 1
            if conn:
                self.idle.append(conn)
            self.lock.notify()

    def raw(self, data, method="GET"):
        conn, fresh = None, False
        try:
            conn = self._take()
            fresh = not conn.rest and getattr(conn, "used", 0) == 0
            conn.used = 1
            conn.send(data)
            got = conn.answer()
            if got[1].get("connection", "").lower() == "close":
                conn.close()
                conn = None
            self._give(conn)
            return got
        except (ConnectionError, OSError):
            if conn:
                conn.close()
            self._give(None)
            if fresh:
                raise
            return self.raw(data, method)       # Qt sends it again on a new connection, a POST as well
        except Hung:
            conn.close()
            self._give(None)
            raise

    def host_line(self):
        return f"Host: {self.host}\r\n" if self.port == 80 else f"Host: {self.host}:{self.port}\r\n"

    def get(self, path):
        return self.raw((f"GET {path} HTTP/1.1\r\n{self.host_line()}{self.headers}Content-Type: application/json\r\n{COMMON}"
                         "User-Agent: Mozilla/5.0\r\n\r\n").encode())

    def send_json(self, method, path, body):
        body = body.encode()
        return self.raw((f"{method} {path} HTTP/1.1\r\n{self.host_line()}{self.headers}Content-Type: application/json\r\n"
                         f"Content-Length: {len(body)}\r\n{COMMON}User-Agent: Mozilla/5.0\r\n\r\n").encode() + body)

    def printers(self, path=API + "/printers"):
        status, _, body = self.get(path)
        assert status == 200, status
        return printers(body)

    def jobs(self, path=API + "/print_jobs"):
        status, _, body = self.get(path)
        assert status == 200, status
        got = jobs(body)
        for j in got:
            if j.get("assigned_to"):
                self.assigned[j["uuid"]] = j["assigned_to"]
        self.assigned = {u: p for u, p in self.assigned.items() if any(j["uuid"] == u for j in got)}
        return got

    def cards(self):
        """What is on each printer's card, by its friendly name: the last one in the list wins, and nothing un-assigns."""
        names = {p["uuid"]: p["friendly_name"] for p in self.printers()}
        on = {}
        for j in self.jobs():
            where = j.get("assigned_to") or self.assigned.get(j["uuid"])
            if where in names and j["status"] not in ("queued", "error"):
                on[names[where]] = j
        return on

    def system(self):
        status, _, body = self.get("/api/v1/system")
        assert status == 200, status
        return system(body)

    def action(self, uuid, word):
        return self.send_json("PUT", f"{API}/print_jobs/{uuid}/action", '{"action": "%s"}' % word)[0]

    def move_to_top(self, uuid):
        return self.send_json("POST", f"{API}/print_jobs/{uuid}/action/move", '{"to_position": 0, "list": "queued"}')[0]

    def force(self, uuid):
        return self.send_json("PUT", f"{API}/print_jobs/{uuid}", '{"force": true}')[0]

    def delete(self, uuid):
        return self.raw((f"DELETE {API}/print_jobs/{uuid} HTTP/1.1\r\n{self.host_line()}{self.headers}"
                         f"Content-Type: application/json\r\n{COMMON}User-Agent: Mozilla/5.0\r\n\r\n").encode())[0]

    def preview(self, uuid):
        status, headers, body = self.get(f"{API}/print_jobs/{uuid}/preview_image")
        return status, headers.get("content-type"), body

    @staticmethod
    def boundary():
        """Qt's, with the characters that must be quoted."""
        return "boundary_.oOo._" + base64.b64encode(os.urandom(21)).decode() + "+/="

    def upload_bytes(self, filename, data, printer=None, owner="operator", lower=False, first=False):
        b = self.boundary()
        disposition = "content-disposition" if lower else "Content-Disposition"
        ctype = "content-type" if lower else "Content-Type"
        name = lambda n, v: (f"--{b}\r\n{disposition}: form-data; name={n}\r\n{ctype}: text/plain\r\n\r\n").encode() + \
            v.encode() + b"\r\n"
        target = name("require_printer_name", printer) if printer is not None else b""
        body = (target if first else b"") + name("owner", owner)
        body += f'--{b}\r\n{disposition}: form-data; name="file"; filename="{filename}"\r\n\r\n'.encode() + data + b"\r\n"
        body += (b"" if first else target) + f"--{b}--\r\n".encode()
        return (f"POST {API}/print_jobs/ HTTP/1.1\r\n{self.host_line()}User-Agent: cura/4.13.0 \r\n"
                f'Content-Type: multipart/form-data; boundary="{b}"\r\nMIME-Version: 1.0\r\n'
                f"Content-Length: {len(body)}\r\n{COMMON}\r\n").encode() + body

    def upload(self, filename, data, **more):
        """Any complete answer counts as sent; a connection that closes makes Qt send it again."""
        status, _, body = self.raw(self.upload_bytes(filename, data, **more), "POST")
        return status, body

    def material(self, xml, filename="ultimaker_pla_yellow.xml.fdm_material"):
        b = self.boundary()
        body = (f'--{b}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n').encode() + xml + \
            f"\r\n--{b}--\r\n".encode()
        return self.raw((f"POST {API}/materials/ HTTP/1.1\r\n{self.host_line()}User-Agent: cura/4.13.0 \r\n"
                         f'Content-Type: multipart/form-data; boundary="{b}"\r\nMIME-Version: 1.0\r\n'
                         f"Content-Length: {len(body)}\r\n{COMMON}\r\n").encode() + body, "POST")

    def close(self):
        for conn in self.idle:
            conn.close()
        self.idle = []
