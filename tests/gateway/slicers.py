"""
The slicers, as they are on the wire: order of headers and form fields, boundaries, quoting, one connection a request or
kept ones, and what each of them takes for a success. A slicer raises Shown with the text that its user would read.
"""
import base64
import json
import os
import urllib.parse

from rig import Wire, boundary_curl, exchange


class Shown(Exception):
    """An error message on the user's screen."""


def escape_old(name):
    return name.replace("\\", "\\\\").replace('"', '\\"')        # libcurl before 7.81


def escape_new(name):
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


class Libcurl:
    """PrusaSlicer, SuperSlicer, OrcaSlicer, BambuStudio: a connection for each request."""
    agent = "PrusaSlicer/2.9.4"
    expect = True
    escape = staticmethod(escape_new)
    good_upload = staticmethod(lambda status: status < 400)

    def __init__(self, port, base, key):
        self.port, self.base, self.key = port, base, key
        self.host = "127.0.0.1:%d" % port

    def head(self, method, path, extra=(), host=None):
        lines = ["%s %s/%s HTTP/1.1" % (method, self.base, path), "Host: " + (host or self.host),
                 "User-Agent: " + self.agent, "Accept: */*"]
        if self.key:            # an empty key is no header at all
            lines.append("X-Api-Key: " + self.key)
        return ("\r\n".join(lines + list(extra)) + "\r\n\r\n").encode()

    def get(self, path, host=None):
        r = exchange(self.port, self.head("GET", path, host=host))
        if 300 <= r.status < 400:
            raise Shown("a redirect")
        return r

    def get_json(self, path, host=None):
        r = self.get(path, host)
        if r.status >= 400:
            raise Shown("HTTP %d: %s" % (r.status, r.body.decode()))
        try:
            return r.json()
        except ValueError:
            raise Shown("Could not parse server response")

    def form(self, fields, name, data):
        b = boundary_curl()
        out = b""
        for field, value in fields:
            out += ("--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n" % (b, field, value)).encode()
        out += ("--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                "Content-Type: application/octet-stream\r\n\r\n" % (b, self.escape(name))).encode()
        return b, out + data + ("\r\n--%s--\r\n" % b).encode()

    def upload(self, path, fields, name, data, host=None):
        b, body = self.form(fields, name, data)
        extra = ["Content-Length: %d" % len(body), "Content-Type: multipart/form-data; boundary=" + b]
        if self.expect and len(body) > 1 << 20:
            extra.append("Expect: 100-continue")
        r = exchange(self.port, self.head("POST", path, extra, host), body)
        if not self.good_upload(r.status):
            raise Shown("HTTP %d: %s" % (r.status, r.body.decode()))
        return r

    def post_json(self, path, text):
        body = text.encode()
        r = exchange(self.port, self.head("POST", path, ["Content-Type: application/json", "Content-Length: %d" % len(body)]),
                     body)
        if r.status >= 400:
            raise Shown("HTTP %d: %s" % (r.status, r.body.decode()))
        return r


class OctoPrintType(Libcurl):
    host_of_upload = None

    def test(self):
        v = self.get_json("api/version", self.host_of_upload)
        if "api" not in v:
            raise Shown("")
        text = v.get("text")
        if text is not None and not text.startswith("OctoPrint"):
            raise Shown("Mismatched type of print host: " + text)

    def fields(self, start, folder):
        return [("print", "true" if start else "false"), ("path", folder)]

    def send(self, name, data, start, folder=""):
        self.test()
        return self.upload("api/files/local", self.fields(start, folder), name, data, self.host_of_upload)


class PrusaOctoPrint(OctoPrintType):
    escape = staticmethod(escape_old)


class PrusaOctoPrintWindows(PrusaOctoPrint):
    host_of_upload = "127.0.0.1"        # resolved, without its port


class PrusaLink(OctoPrintType):
    def test(self):
        v = self.get_json("api/version")
        if not v.get("text", "").startswith(("PrusaLink", "OctoPrint")):
            raise Shown("Mismatched type of print host: %s" % v.get("text"))
        if v.get("capabilities", {}).get("upload-by-put"):
            raise Shown("this replay does not PUT")

    def send(self, name, data, start, folder=""):
        r = self.get("api/v1/storage")      # when the dialog opens
        if r.status == 200 and next(iter(r.json())) != "storage_list":
            raise Shown("Could not parse server response")
        return super().send(name, data, start, folder)


class SuperOctoPrint(OctoPrintType):
    agent = "SuperSlicer/2.5.59"


class SuperKlipper(SuperOctoPrint):
    pass


class BambuOctoPrint(OctoPrintType):
    agent = "BambuStudio/01.00.01"
    good_upload = staticmethod(lambda status: status == 200)


class OrcaOctoPrint(OctoPrintType):
    agent = "OrcaSlicer/2.4.0"
    expect = False
    good_upload = staticmethod(lambda status: 200 <= status < 300)


class PrusaMoonraker(Libcurl):
    def test(self):
        o = self.get_json("server/info")
        if not o or next(iter(o)) != "result":
            raise Shown("Could not parse server response")
        if "moonraker_version" not in o["result"]:
            raise Shown("Could not parse server response")

    def send(self, name, data, start, folder=""):
        self.test()
        fields = [("root", "gcodes")]
        if folder:
            fields.append(("path", folder))
        if start:
            fields.append(("print", "true"))
        return self.upload("server/files/upload", fields, name, data)


class OrcaMoonraker(Libcurl):
    agent = "OrcaSlicer/2.4.0"
    expect = False
    good_upload = staticmethod(lambda status: 200 <= status < 300)

    def test(self):
        if "klippy_state" not in (self.get_json("server/info").get("result") or {}):
            raise Shown("The host responded but it doesn't look like Moonraker (missing result.klippy_state).")

    def root(self):
        roots = [r["name"] for r in self.get_json("server/files/roots")["result"] if "w" in r["permissions"]]
        return roots[0]         # what is offered first

    def start(self, name):
        self.post_json("printer/print/start", json.dumps({"filename": name}).replace("/", "\\/"))

    def send(self, name, data, start, folder=""):       # a typed folder is lost
        root = self.root()
        self.test()
        r = self.upload("server/files/upload", [("root", root)], name, data)
        path = (r.json().get("result") or {}).get("item", {}).get("path", name)
        if start:
            self.start(path)
        return r


class OrcaPrintWrapped(OrcaMoonraker):
    """Change 15032, first form: looks below result."""
    def flags(self, r):
        return r.json().get("result") or {}

    def send(self, name, data, start, folder=""):
        root = self.root()
        self.test()
        r = self.upload("server/files/upload", [("root", root), ("print", "true" if start else "false")], name, data)
        o = self.flags(r)
        if start and not o.get("print_started") and not o.get("print_queued"):
            self.start(o.get("item", {}).get("path", name))
        return r


class OrcaPrintBare(OrcaPrintWrapped):
    def flags(self, r):
        return r.json()


class OrcaAgent(OrcaMoonraker):
    """Its WebSocket is always at the root; where there is none it goes on by plain requests."""
    def test(self):
        for path in ("server/info", "printer/objects/query?print_stats&virtual_sdcard", "printer/objects/list"):
            r = self.get(path)
            if r.status != 200 or "result" not in r.json():
                raise Shown("HTTP %d at %s" % (r.status, path))

    def send(self, name, data, start, folder=""):
        self.test()
        r = self.upload("server/files/upload", [("root", "gcodes"), ("print", "false")], name, data)
        if start:
            self.start(name)
        return r


class Qt:
    """Cura's plugins: kept-alive connections, quoted boundaries, quotes in names not escaped."""
    lower = True            # recent Qt 6

    def __init__(self, port, base, key):
        self.port, self.base, self.key = port, base, key
        self.wire = None

    def ask(self, method, path, extra=(), body=b""):
        lines = ["%s %s/%s HTTP/1.1" % (method, self.base, path), "Host: 127.0.0.1:%d" % self.port]
        lines += self.own_headers() + list(extra)
        if body or method == "POST":
            lines.append("Content-Length: %d" % len(body))
        lines += ["Connection: Keep-Alive", "Accept-Encoding: gzip, deflate", "Accept-Language: en-US,*"]
        if self.wire is None:
            self.wire = Wire(self.port)
        self.wire.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        r = self.wire.reply()
        if (r.header("connection") or "").lower() == "close":
            self.wire.close()
            self.wire = None
        if "location" in r.headers and 300 <= r.status < 400:
            raise Shown("a redirect becomes a GET")
        return r

    def form(self, parts):
        """parts: (name, filename or None, type or None, data)"""
        b = "boundary_.oOo._" + base64.b64encode(os.urandom(12)).decode()[:-1] + "/+="
        out = b""
        for name, filename, kind, data in parts:
            disposition = 'form-data; name="%s"' % name
            if filename is not None:
                disposition += '; filename="%s"' % filename
            headers = [("Content-Disposition", disposition)]
            if kind:
                headers.insert(0, ("Content-Type", kind))
            out += ("--%s\r\n" % b).encode()
            for n, v in headers:
                out += ("%s: %s\r\n" % (n.lower() if self.lower else n, v)).encode()
            out += b"\r\n" + data + b"\r\n"
        return ['Content-Type: multipart/form-data; boundary="%s"' % b, "MIME-Version: 1.0"], out + ("--%s--\r\n" % b).encode()


class CuraOctoPrint(Qt):
    def own_headers(self):
        return ["X-Api-Key: " + self.key, "User-Agent: Ultimaker Cura/5.6.0 OctoPrintPlugin/3.7.3"]

    def need(self, r, path):
        if r.status != 200:
            raise Shown("%d at %s" % (r.status, path))
        return r.json()

    def test(self):
        r = self.ask("GET", "plugin/appkeys/probe")
        if r.status not in (204, 404):
            raise Shown("appkeys: %d" % r.status)
        s = self.need(self.ask("GET", "api/settings"), "api/settings")
        if s["feature"]["sdSupport"] not in (True, False) or "streamUrl" not in s["webcam"] or "plugins" not in s:
            raise Shown("settings")
        self.need(self.ask("GET", "api/version"), "api/version")
        self.need(self.ask("POST", "api/login", ["Content-Type: application/json"], b'{"passive": true}'), "api/login")
        if not self.need(self.ask("GET", "api/printerprofiles"), "api/printerprofiles")["profiles"]:
            raise Shown("profiles")

    def poll(self):
        p = self.need(self.ask("GET", "api/printer"), "api/printer")
        flags = p["state"]["flags"]
        for f in ("error", "closedOrError", "paused", "pausing", "printing", "cancelling", "ready", "operational"):
            flags[f]            # a missing one is a Python error
        for heater in p["temperature"].values():
            heater["actual"], heater["target"]
        j = self.need(self.ask("GET", "api/job"), "api/job")
        j["state"], j["job"]["file"]["name"]
        for k in ("printTime", "completion", "printTimeLeft"):
            j["progress"][k]
        return flags["operational"] and not (flags["printing"] or flags["paused"] or flags["error"])

    def send(self, name, data, start, folder=""):
        self.test()
        if not self.poll():
            raise Shown("OctoPrint is busy. Unable to start a new job.")
        parts = [("path", None, "text/plain", folder.encode()), ("file", name, None, data)]
        if start:
            parts += [("select", None, "text/plain", b"true"), ("print", None, "text/plain", b"true")]
        extra, body = self.form(parts)
        r = self.ask("POST", "api/files/local", extra, body)
        if r.status in (401, 403):
            raise Shown("You are not allowed to upload files to OctoPrint with the configured API key.")
        if r.status == 409:
            raise Shown("the same name as the one that is currently printing")
        if r.status >= 400:
            if r.header("content-type") == "text/plain":
                raise Shown(r.body.decode()[:100] or r.reason)
            raise Shown("OctoPrint responded with an unknown error")
        location = r.header("location")
        if location is None:
            raise Shown("a Python error: no Location")
        stored = urllib.parse.unquote(location.split("api/", 1)[1])
        if not stored.startswith("files/local/"):
            raise Shown("a wrong path: " + stored)
        return r


class CuraOctoPrintQt5(CuraOctoPrint):
    lower = False


class CuraMoonraker(Qt):
    def own_headers(self):
        return ["X-Api-Key: " + self.key, "User-Agent: Cura Plugin Moonraker"]

    def test(self):
        r = self.ask("GET", "server/info")
        if r.status >= 400:
            raise Shown("server replied: " + r.reason)
        state = r.json()["result"]["klippy_state"]
        if state != "ready":
            raise Shown("The status of the printer is '%s'" % state)

    def send(self, name, data, start, folder=""):
        self.test()
        parts = [("file", name, None, data), ("root", None, None, b"gcodes")]
        if folder:
            parts.append(("path", None, None, folder.encode()))
        if start:
            parts.append(("print", None, None, b"true"))
        extra, body = self.form(parts)
        r = self.ask("POST", "server/files/upload", extra, body)
        if r.status >= 400:
            raise Shown("server replied: " + r.reason)
        return r


SLICERS = {
    "prusa-octoprint": PrusaOctoPrint,
    "prusa-octoprint-windows": PrusaOctoPrintWindows,
    "prusa-prusalink": PrusaLink,
    "prusa-moonraker": PrusaMoonraker,
    "super-octoprint": SuperOctoPrint,
    "super-klipper": SuperKlipper,
    "bambu-octoprint": BambuOctoPrint,
    "orca-octoprint": OrcaOctoPrint,
    "orca-moonraker": OrcaMoonraker,
    "orca-moonraker-print-wrapped": OrcaPrintWrapped,
    "orca-moonraker-print-bare": OrcaPrintBare,
    "orca-agent": OrcaAgent,
    "cura-octoprint": CuraOctoPrint,
    "cura-octoprint-qt5": CuraOctoPrintQt5,
    "cura-moonraker": CuraMoonraker,
}
