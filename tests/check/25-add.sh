#!/bin/sh
# Adding printers by their addresses, finding them, the library and the record of prints: over real HTTP on loopback.
# P: another printop than $B/printop.
B=${B:-build}
P=${P:-$B/printop}
case $P in /*) ;; *) P=$PWD/$P ;; esac
PYTHON=${PYTHON:-python3}
tmp=$(mktemp -d) || exit 1
pids=
trap 'stop_all; rm -rf "$tmp"' EXIT
export XDG_CONFIG_HOME="$tmp/xdg" XDG_STATE_HOME="$tmp/state" LC_ALL=C.UTF-8 TERM=dumb HOME="$tmp"
# No daemon of this machine: its mDNS would be asked.
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$tmp/no-bus"
unset PRINTOP_CONFIG NO_COLOR SSH_CONNECTION
cd "$tmp" || exit 1
d="$tmp/xdg/printop/printers.d"

# ---- helpers ----

stop_all() {
	[ -z "$pids" ] || kill $pids 2>/dev/null
	for p in $pids; do wait "$p" 2>/dev/null; done
	pids=
}

result() { # NAME: passes when standard input is empty
	echo x >>"$tmp/count"
	n=$(wc -l <"$tmp/count")
	if grep . >"$tmp/why"; then
		echo "not ok $n - $1"
		sed 's/^/# /' "$tmp/why" | head -n 20
	else
		echo "ok $n - $1"
	fi
}

run() {
	begun=$(date +%s%N)
	timeout 20 "$P" "$@" >out 2>err </dev/null
	st=$?
	took_ms=$((($(date +%s%N) - begun) / 1000000))
}

is() { # NAME STATUS [PATTERN]...
	name=$1 want=$2
	shift 2
	{
		[ "$st" = "$want" ] || echo "status $st, not $want"
		for pattern in "$@"; do
			cat out err | grep -Eq -e "$pattern" || echo "no line matches: $pattern"
		done
	} >"$tmp/bad"
	[ ! -s "$tmp/bad" ] || sed 's/^/> /' out err >>"$tmp/bad"
	result "$name" <"$tmp/bad"
}

json() { "$PYTHON" -c "import json,sys; d=json.load(open('out')); $1"; }

farm() { # NAME ADDRESS PORT DIALECT N SPEED
	"$P" sim --printers "$5" --seed 7 --idle --speed "$6" --address "$2" --port "$3" --dialect "$4" --conf "$1.conf" >"$1.out" 2>&1 &
	pids="$pids $!"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		curl -s -m 2 -o /dev/null "http://$2:$3/sim/printers" && break
		sleep 0.1
	done
}

tell() { # URL PATH JSON
	curl -s -o /dev/null -m 5 -X POST -H 'Content-Type: application/json' -d "$3" "$1$2"
}

farm moon 127.0.25.1 7125 moonraker 3 3
farm octo 127.0.25.3 5000 octoprint 1 1
farm outside 127.0.25.9 7125 moonraker 1 1
key=$(sed -n 's/.*key = "\([^"]*\)".*/\1/p' octo.conf)
moon=http://127.0.25.1:7125
octo=http://127.0.25.3:5000

# ---- add ----

run add 127.0.25.1 --dry-run --yes
is "--dry-run says what it would add" 0 '^would add sim-001: Moonraker 0.11.0 at http://127.0.25.1:7125, access full$'
ls "$d" 2>&1 | grep -v 'No such file' | result "... and writes nothing"
run add 127.0.25.1
is "several servers on a host are offered" 2 '1  Moonraker http://127.0.25.1:7125 ' '3  Moonraker http://127.0.25.1:7127 ' \
	'write the port'
run add 127.0.25.1:7125 --tag petg --tag left --group wall
is "without any configuration: found, named, written" 0 '^added sim-001: Moonraker 0.11.0 at http://127.0.25.1:7125, access full'
{
	[ "$(stat -c %a "$d/sim-001.conf")" = 600 ] || stat -c '%a %n' "$d/sim-001.conf"
	[ ! -e "$tmp/xdg/printop/printers.conf" ] || echo "printers.conf was made"
	ls "$d" | grep -v '^sim-001.conf$'
} 2>&1 | result "one file, mode 0600, and printers.conf is not touched"
run status tag:petg,left --fields name,state --no-header
is "and it is a printer at once" 0 '^sim-001 +idle'
run add 127.0.25.1:7125/
is "the same server again: who has it" 2 'in the fleet already: sim-001'
run add 127.0.25.1:7126 --name SIM-001
is "the same name" 2 'there is a printer sim-001 already'
run add 127.0.25.1:7126 --name 'a b'
is "a name that is none" 2 'no spaces'
run add 'ftp://127.0.25.1'
is "no address" 2 'only http and https'
run add
is "no address at all" 2 'one address'
run --config new/printers.conf add "$moon"
is "a configuration that is named and not there is made" 0 'in new/printers.d/sim-001.conf$'
run --config other/printers.conf add http://127.0.0.1:1
is "... but not when nothing was found" 3 'connection refused'
ls other/printers.d 2>/dev/null | result "... and leaves nothing"

# ---- what is there, and what is not ----

run add 127.0.25.200
is "nothing there" 3 "no printer's server on any of the usual ports"
[ "$took_ms" -lt 3000 ] || echo "after $took_ms ms" | result "... within three seconds"
run add nobody.invalid
is "a name without an address" 3 'nobody.invalid: no such host'
for fault in spa:3 garbage:3 http500:3 refuse:3 empty:3 hang:6; do
	tell "$moon" /sim/fault "{\"kind\":\"${fault%:*}\",\"printer\":\"sim-002\"}"
	sleep 0.1
	run add 127.0.25.1:7126
	{
		[ "$st" != 0 ] || echo "added"
		[ "$took_ms" -lt 3000 ] || echo "after $took_ms ms"
		[ -s err ] || echo "no reason"
		cat out
	} | result "a server that answers with ${fault%:*} is none, within three seconds"
done
tell "$moon" /sim/fault '{"kind":"idle","printer":"sim-002"}'

# ---- keys ----

run add "$octo" --no-key
is "--no-key adds it as it is" 0 'access protected'
run remove 127.0.25.3
is "remove" 0 '127.0.25.3.conf is gone'
echo wrong >wrong.key
run add "$octo" --key-file wrong.key
is "a wrong key: 5, nothing is added" 5 'does not accept this key'
ls "$d" | grep -v '^sim-001.conf$' | result "... and nothing is written"
echo "$key" | timeout 20 "$P" add "$octo" --key-stdin --name mk4 --json >out 2>err
st=$?
is "--key-stdin" 0
json 'assert d[0]["name"] == "mk4" and d[0]["has_key"] is True and d[0]["access"] == "full" and d[0]["version"] == "1.11.8", d' 2>&1 |
	result "add --json"
grep -l "$key" out err 2>/dev/null | result "the key is never printed"
grep -c "key = \"$key\"" "$d/mk4.conf" | grep -vx 1 | result "... but in its file"
run check mk4
is "... and it works" 0 'mk4 .*full'
run rename mk4 mk5
is "rename" 0 '^mk4 is mk5 now'
{ [ -e "$d/mk5.conf" ] && [ ! -e "$d/mk4.conf" ] || ls "$d"; grep -L 'name = "mk5"' "$d/mk5.conf"; } | result "... its file, too"
run rename mk5 sim-001
is "rename to a name that is taken" 2 'sim-001'
run remove nobody
is "remove what is not there" 2 "no printer 'nobody'"
run remove mk5

# ---- press Allow ----

run add "$octo" --timeout 0.6
is "nobody presses Allow: 6" 6 'press Allow at http://127.0.25.3:5000' 'nobody pressed Allow in time'
tell "$octo" /sim/decide '{"answer":"deny"}'
run add "$octo"
is "denied: 5" 5 'denied'
tell "$octo" /sim/decide '{"answer":"wait"}'
{ sleep 1.3; tell "$octo" /sim/decide '{"answer":"allow"}'; } &
run add "$octo"
is "allowed: added with its key, named by its server" 0 '^added sim-001-2: OctoPrint 1.11.8 .*access full'
grep -c "key = \"$key\"" "$d/sim-001-2.conf" | grep -vx 1 | result "... the key is in its file"

# ---- printers.conf is the user's ----

mkdir hand && cat >hand/printers.conf <<EOF
# mine
printers = ( { name = "by-hand"; url = "$moon"; } );
EOF
cp hand/printers.conf before
run --config hand/printers.conf remove by-hand
is "remove of what is written by hand says where" 4 'hand/printers.conf:2'
run --config hand/printers.conf rename by-hand other
is "... rename, too" 4 'hand/printers.conf:2'
run --config hand/printers.conf add 127.0.25.1:7127
is "add beside it" 0 '^added sim-003'
cmp hand/printers.conf before 2>&1 | result "printers.conf is the same as before"

# ---- a login, unseen ----

cat >login.py <<'EOF'
import http.server, json, os, pty, re, select, sys, termios, threading, time

class Moonraker(http.server.BaseHTTPRequestHandler):
    def say(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if self.path == "/access/info":
            self.say(200, {"result": {"default_source": "moonraker", "login_required": True, "trusted": False}})
        elif self.path == "/access/api_key" and self.headers.get("Authorization") == "Bearer t.o.k":
            self.say(200, {"result": "the-api-key"})
        elif self.path == "/server/info" and self.headers.get("X-Api-Key") == "the-api-key":
            self.say(200, {"result": {"moonraker_version": "v0.9", "klippy_state": "ready"}})
        elif self.headers.get("X-Api-Key") == "the-api-key":
            self.say(404, {"error": {"code": 404, "message": "Not Found"}})
        else:
            self.say(401, {"error": {"code": 401, "message": "Unauthorized"}})
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body == {"username": "jo", "password": "sesame", "source": "moonraker"}:
            self.say(200, {"result": {"token": "t.o.k", "refresh_token": "r"}})
        else:
            self.say(400, {"error": {"code": 400, "message": "Invalid Password"}})
    def log_message(self, *a):
        pass

server = http.server.ThreadingHTTPServer(("127.0.25.5", 0), Moonraker)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "http://127.0.25.5:%d" % server.server_address[1]

def login(password):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1], "add", url, "--user", "jo", "--name", "moon-login"])
    seen, sent, end = b"", False, time.time() + 15
    while time.time() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            chunk = os.read(fd, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
        if b"Password of jo" in seen and not sent:
            time.sleep(0.1)
            assert not termios.tcgetattr(fd)[3] & termios.ECHO, "the password would be shown"
            os.write(fd, password + b"\n")
            sent = True
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen

status, seen = login(b"wrong")
assert status == 5 and b"Invalid Password" in seen and b"wrong" not in seen, (status, seen)
status, seen = login(b"sesame")
assert status == 0 and b"added moon-login" in seen, (status, seen)
assert b"sesame" not in seen and b"the-api-key" not in seen and b"t.o.k" not in seen
text = open(sys.argv[2] + "/moon-login.conf").read()
assert 'key = "the-api-key"' in text and "t.o.k" not in text and "sesame" not in text
EOF
timeout 20 "$PYTHON" login.py "$P" "$d" 2>&1 | result "--user: the password is not shown, the key is fetched and kept"
run add 127.0.25.3:5000 --name x --user jo
is "--user without a terminal" 2

# ---- discover ----

rm -rf "$d"
run discover --timeout 1
is "no mDNS here: says so, and how to go on" 0 'no mDNS' 'nothing was found; --range'
run discover --range 127.0.25.0/29
is "a range is not asked without --yes" 2 'would ask 6 addresses of 127.0.25.0/29 .* add --yes'
run discover 127.0.25.0/29 --yes
is "a range is looked through" 0 '^http://127.0.25.1:7125 +Moonraker' '^http://127.0.25.1:7127 +Moonraker' \
	'^http://127.0.25.3:5000 +OctoPrint .*protected'
grep 127.0.25.9 out err | result "... and nothing outside of it"
run discover --range 127.0.25.0/29 --yes --json
json '
assert len(d) == 4, d
assert list(d[0]) == ["url", "dialect", "name", "access", "version", "printer", "announced"], list(d[0])
assert {x["url"] for x in d if x["dialect"] == "octoprint"} == {"http://127.0.25.3:5000"}
assert len({x["name"] for x in d}) == 4, d' 2>&1 | result "discover --json"
run add 127.0.25.1:7126
run discover --range 127.0.25.1/32 --yes
is "what is in the fleet is said to be" 0 '7126 .*in the fleet already'
run discover 10.0.0.0/16 --yes
is "a range that is too large" 2 'too large'
run discover nonsense --yes
is "a range that is none" 2 'no range'

# ---- library ----

run library
is "no library" 2 'write library = '
mkdir -p lib/sub
printf ';FLAVOR:Marlin\n;TIME:3600\n;TIME_ELAPSED:12\n;Filament used: 1.5m\n;Generated with Cura_SteamEngine 5.4.0\n' >lib/cura.gcode
printf 'G28\n; filament used [g] = 12.5\n; estimated printing time (normal mode) = 1h 2m 3s\n; filament_type = PETG\n; generated by PrusaSlicer 2.7.1\n' \
	>lib/sub/lid.gcode
printf 'library = "~/lib";\npoll_idle = 0.5;\npoll_active = 0.3;\n' >"$tmp/xdg/printop/printers.conf"
run library
is "library: the table" 0 '^NAME +TIME +GRAMS +TYPE' '^cura.gcode +1:00 ' '^sub/lid.gcode +1:02 +12.5 +PETG .*PrusaSlicer'
run library --search 'petg LID' --json
json 'assert len(d) == 1 and d[0]["time_s"] == 3723 and d[0]["filament_g"] == 12.5 and d[0]["path"].endswith("/lib/sub/lid.gcode"), d' 2>&1 |
	result "library --search --json"
run library --sort -time_s --format '{name}'
printf 'sub/lid.gcode\ncura.gcode\n' | diff - out | result "library --sort"
run upload "$tmp/lib/sub/lid.gcode" -t sim-002
is "a file of it goes to a printer" 0 '^sim-002  ok'

# ---- prints ----

run prints
is "no prints yet" 0
timeout 20 "$P" watch --for 6 >/dev/null 2>&1 &
pids="$pids $!"
sleep 0.7
run start lid.gcode -t sim-002
is "a print begins" 0 '^sim-002  ok'
sleep 0.5
run cancel sim-002
sleep 0.7
run prints --json
json '
assert len(d) == 1, d
p = d[0]
assert list(p) == ["started_at", "printer", "file", "who", "duration_s", "outcome", "ended_at", "text"], list(p)
assert p["printer"] == "sim-002" and p["file"] == "lid.gcode" and p["outcome"] == "cancelled" and p["who"], p
assert 0 < p["duration_s"] < 10 and abs(p["ended_at"] - p["started_at"] - p["duration_s"]) < 0.01, p' 2>&1 |
	result "prints: who, what, where, how it ended, how long"
run prints --csv --since 1h --fields printer,file,outcome
printf 'printer,file,outcome\nsim-002,lid.gcode,cancelled\n' | diff - out | result "prints --csv --since"
run prints --since 2099-01-01 --json
is "prints --since: none" 0 '^\[\]$'
echo "1..$(wc -l <"$tmp/count")"
