"""A cloud as printer-connector knows it, and a proxy that counts what reaches a printer. Both misbehave on request."""
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit
import urllib.request
import urllib.error


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *args):
        self.open = set()
        super().__init__(*args)

    def handle_error(self, request, client_address):
        pass

    def get_request(self):
        got = super().get_request()
        self.open.add(got[0])
        return got

    def shutdown_request(self, request):
        self.open.discard(request)
        super().shutdown_request(request)

    def end(self):
        """Nothing listens any more, and kept connections are cut."""
        self.shutdown()
        self.server_close()
        for s in list(self.open):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *args):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            data = b""
            while True:
                n = int(self.rfile.readline().split(b";")[0], 16)
                data += self.rfile.read(n)
                self.rfile.readline()
                if not n:
                    return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, data=b"", headers=(), kind="application/json"):
        self.send_response(status)
        if data or kind != "application/json":
            self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status not in (204, 304):
            self.wfile.write(data)

    def cut(self):
        """Closes without an answer."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class Seen:
    """One request."""

    def __init__(self, handler, data):
        self.at = time.time()
        self.method = handler.command
        self.path = handler.path
        self.headers = {k.lower(): v for k, v in handler.headers.items()}
        self.data = data
        self.status = None

    def json(self):
        return json.loads(self.data)


class MockCloud:
    """
    Hands out commands until they are completed, as the real one does. script(kind, step...) makes the next answers of a kind
    bad ones: a status, (status, headers), "cut", "hang", a number of seconds as a float, or bytes for a raw 200 body.
    Kinds: register, heartbeat, commands, complete, snapshots, cameras, picture, put.
    """

    def __init__(self, token="tok-0451-secret", secret="s3cret-of-the-cloud", connector_id="77", first_printer_id=11):
        self.token, self.secret, self.connector_id = token, secret, connector_id
        self.first_printer_id = first_printer_id
        self.token_used = False
        self.register_reply = None
        self.polling = {}
        self.lock = threading.RLock()
        self.commands, self.cameras = [], []
        self.log, self.completions, self.snapshots, self.pictures, self.archives = [], {}, [], {}, {}
        self.scripts = {}
        self.always = {}
        self.raw_commands = None
        self.redeliver = False          # hands out commands though they are completed
        self.server = None
        self.port = 0
        self.start()

    # ---- life ----

    def start(self):
        cloud = self

        class Cloud(Handler):
            def do_any(self):
                cloud.handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_any

        self.server = Server(("127.0.0.1", self.port), Cloud)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        """start() comes back on the same port."""
        self.server.end()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # ---- what tests do ----

    def script(self, kind, *steps):
        with self.lock:
            self.scripts.setdefault(kind, []).extend(steps)

    def command(self, id, action, params=None, printer_id=None):
        with self.lock:
            item = {"id": id, "printer_id": self.first_printer_id if printer_id is None else printer_id, "action": action}
            if params is not None:
                item["params"] = params
            self.commands.append(item)

    def done(self, id):
        with self.lock:
            return list(self.completions.get(str(id), []))

    def wait_done(self, id, limit=10, n=1):
        end = time.time() + limit
        while time.time() < end:
            got = self.done(id)
            if len(got) >= n:
                return got[-1]
            time.sleep(0.02)
        raise AssertionError(f"command {id}: {len(self.done(id))} of {n} completions after {limit} s")

    def count(self, kind, since=0):
        with self.lock:
            return len([s for s in self.log if s.kind == kind and s.at >= since])

    def seen(self, kind):
        with self.lock:
            return [s for s in self.log if s.kind == kind]

    # ---- what clients get ----

    @staticmethod
    def kind_of(method, path):
        parts = [unquote(p) for p in urlsplit(path).path.split("/")[1:]]
        if parts[:2] == ["api", "v1"]:
            parts = parts[2:]
            if method == "POST" and parts == ["connectors", "register"]:
                return "register", parts
            if method == "POST" and parts[0] == "connectors" and parts[2:] == ["heartbeat"]:
                return "heartbeat", parts
            if method == "GET" and parts[0] == "connectors" and parts[2:] == ["commands"]:
                return "commands", parts
            if method == "GET" and parts[0] == "connectors" and parts[2:] == ["webcam_requests"]:
                return "cameras", parts
            if method == "POST" and parts[0] == "commands" and parts[2:] == ["complete"]:
                return "complete", parts
            if method == "POST" and parts == ["snapshots", "batch"]:
                return "snapshots", parts
            if method == "PUT" and parts[0] == "webcam_requests" and parts[2:] == ["upload"]:
                return "picture", parts
        if method == "PUT" and parts[0] == "bucket":
            return "put", parts
        return "other", parts

    def next_step(self, kind):
        with self.lock:
            steps = self.scripts.get(kind)
            if steps:
                return steps.pop(0)
            return self.always.get(kind)

    def handle(self, h):
        kind, parts = self.kind_of(h.command, h.path)
        data = h.body()
        seen = Seen(h, data)
        seen.kind = kind
        with self.lock:
            self.log.append(seen)
        step = self.next_step(kind)
        if step == "cut":
            h.cut()
            return
        if step == "hang":
            time.sleep(30)
            h.cut()
            return
        if isinstance(step, float):
            time.sleep(step)
        elif isinstance(step, bytes):
            h.answer(200, step)
            return
        elif step is not None:
            status, headers = step if isinstance(step, tuple) else (step, ())
            h.answer(status, b'{"error":"told to ' + self.secret.encode() + b'"}', headers)
            return
        if kind not in ("register", "put", "other") and (
                seen.headers.get("authorization") != f"Bearer {self.secret}" or
                seen.headers.get("x-connector-id") != self.connector_id):
            h.answer(401, b'{"error":"who are you"}')
            return
        getattr(self, "on_" + kind)(h, parts, seen)

    def on_other(self, h, parts, seen):
        h.answer(404, b"{}")

    def on_register(self, h, parts, seen):
        body = seen.json()
        with self.lock:
            if body.get("pairing_token") != self.token or self.token_used:
                h.answer(401, b'{"error":"invalid token"}')
                return
            self.token_used = True
            reply = self.register_reply or {
                "connector": {"id": int(self.connector_id)}, "credentials": {"secret": self.secret},
                "printers": [{"id": self.first_printer_id + i, "name": p["name"]} for i, p in enumerate(body["printers"])],
                "polling": self.polling}
        h.answer(201, json.dumps(reply).encode())

    def on_heartbeat(self, h, parts, seen):
        h.answer(204)

    def on_commands(self, h, parts, seen):
        with self.lock:
            if self.raw_commands is not None:
                raw, self.raw_commands = self.raw_commands, None
                h.answer(200, raw)
                return
            items = [c for c in self.commands if self.redeliver or str(c.get("id")) not in self.completions]
        limit = int(urlsplit(h.path).query.split("=")[1])
        h.answer(200, json.dumps(items[:limit]).encode())

    def on_complete(self, h, parts, seen):
        with self.lock:
            self.completions.setdefault(parts[1], []).append(seen.json())
        h.answer(200, b"{}")

    def on_snapshots(self, h, parts, seen):
        batch = seen.json()["snapshots"]
        with self.lock:
            self.snapshots.extend(batch)
        h.answer(200, json.dumps({"inserted": len(batch)}).encode())

    def on_cameras(self, h, parts, seen):
        with self.lock:
            items = [c for c in self.cameras if str(c["id"]) not in self.pictures]
        h.answer(200, json.dumps(items).encode())

    def on_picture(self, h, parts, seen):
        with self.lock:
            self.pictures.setdefault(parts[1], []).append(
                (seen.headers.get("content-type"), seen.headers.get("x-printer-id"), seen.data))
        h.answer(200, b"{}")

    def on_put(self, h, parts, seen):
        with self.lock:
            self.archives[parts[1]] = seen
        h.answer(200)


class Proxy:
    """In front of a printer's server: passes on, counts, and can hang, refuse or answer itself."""

    def __init__(self, target):
        self.target = target
        self.lock = threading.Lock()
        self.log = []
        self.hang = None                # a path prefix whose requests never get an answer
        self.replies = {}               # path -> (status, type, bytes)
        self.slow = {}                  # path prefix -> seconds
        proxy = self

        class Pass(Handler):
            def do_any(self):
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_any

        self.server = Server(("127.0.0.1", 0), Pass)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.end()

    def handle(self, h):
        data = h.body()
        seen = Seen(h, data)
        with self.lock:
            self.log.append(seen)
        if self.hang is not None and h.path.startswith(self.hang):
            time.sleep(20)
            h.cut()
            return
        for prefix, seconds in self.slow.items():
            if h.path.startswith(prefix):
                time.sleep(seconds)
        if h.path in self.replies:
            status, kind, body = self.replies[h.path]
            h.answer(status, body, kind=kind)
            return
        headers = {k: v for k, v in h.headers.items() if k.lower() not in ("host", "connection", "content-length")}
        req = urllib.request.Request(self.target + h.path, data=data if data or h.command in ("POST", "PUT") else None,
                                     headers=headers, method=h.command)
        try:
            with urllib.request.urlopen(req, timeout=20) as r:
                status, out, kind = r.status, r.read(), r.headers.get("Content-Type")
        except urllib.error.HTTPError as e:
            status, out, kind = e.code, e.read(), e.headers.get("Content-Type")
        except OSError:
            h.cut()
            return
        seen.status = status
        h.answer(status, out, kind=kind or "text/plain")

    def changes(self, *words):
        """Requests that act on the printer and hold one of the words in path or body; all without words."""
        with self.lock:
            log = list(self.log)
        acts = [s for s in log if s.method in ("POST", "DELETE", "PUT") and "objects/query" not in s.path]
        if not words:
            return acts
        return [s for s in acts if any(w in s.path or w.encode() in s.data[:4000] for w in words)]
