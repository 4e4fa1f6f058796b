#!/bin/sh
# The shell verbs on a simulated farm: every verb, output form, selector and exit status, over real HTTP on loopback.
# P: another printop than $B/printop.
B=${B:-build}
P=${P:-$B/printop}
case $P in /*) ;; *) P=$PWD/$P ;; esac
tmp=$(mktemp -d) || exit 1
sim=
trap 'stop_sim; rm -rf "$tmp"' EXIT
export XDG_CONFIG_HOME="$tmp/xdg" XDG_STATE_HOME="$tmp/state" LC_ALL=C.UTF-8 TERM=dumb HOME="$tmp"
unset PRINTOP_CONFIG NO_COLOR SSH_CONNECTION
cd "$tmp" || exit 1

# ---- helpers ----

stop_sim() {
	[ -z "$sim" ] || kill "$sim" 2>/dev/null
	[ -z "$sim" ] || wait "$sim" 2>/dev/null
	sim=
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

# Runs printop; leaves its streams in out and err and its status in st.
run() {
	timeout 20 "$P" "$@" >out 2>err </dev/null
	st=$?
}

is() { # NAME STATUS [PATTERN]...: the last run's status, and extended patterns that its output (out and err) holds
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

url() { sed -n "s/.*name = \"$1\"; url = \"\([^\"]*\)\".*/\1/p" farm.conf; }
scene() { # PRINTER KIND [MEMBERS]
	curl -s -o /dev/null -m 5 -X POST -H 'Content-Type: application/json' \
		-d "{\"kind\":\"$2\",\"printer\":\"$1\"$3}" "$(url sim-001)/sim/fault"
}
json() { python3 -c "import json,sys; d=json.load(open('out')); $1"; }
same() { [ "$2" = "$3" ] && : || echo "$1: \"$2\" is not \"$3\""; }

# ---- without a configuration ----

run --no-tui
is "no configuration at all: says how to add a printer" 2 'no printers are configured' 'printers.conf' -- '--demo'
run
is "no terminal and no --no-tui: says so" 2 'no terminal' -- '--no-tui'
mkdir -p "$XDG_CONFIG_HOME/printop"
echo 'printers = ( );' >"$XDG_CONFIG_HOME/printop/printers.conf"
run status --json
is "an empty configuration is an empty fleet" 0 '^\[\]$' 'has no printers'
run pause all
is "... but nothing to act on" 2 'has no printers'
rm -r "$XDG_CONFIG_HOME"

# ---- the farm: sim-001 and every second speak Moonraker, sim-002 ... OctoPrint ----

"$P" sim --printers 8 --seed 7 --idle --speed 1 --conf farm.conf >sim.out 2>&1 &
sim=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ -s farm.conf ] && curl -s -m 2 -o /dev/null "$(url sim-008)/sim/printers" && break
	sleep 0.2
done
dead=http://127.0.0.1:1
{
	sed '/^);/d; s/\(sim-00[12]".*[^ ]\) *},*$/\1 tags = [ "left" ]; }/; s/}$/},/' farm.conf
	echo "{ name = \"dead\"; url = \"$dead\"; dialect = \"moonraker\"; tags = [ \"gone\" ]; },"
	echo "{ name = \"dead2\"; url = \"$dead\"; tags = [ \"gone\" ]; },"
	echo "{ name = \"badkey\"; url = \"$(url sim-008)\"; key = \"wrong\"; dialect = \"octoprint\"; },"
	echo "{ name = \"shelf\"; url = \"$dead\"; parked = \"waits for a hotend\"; }"
	echo ");"
} >fleet.conf
chmod 600 fleet.conf
export PRINTOP_CONFIG="$tmp/fleet.conf"
scene sim-003 printing ',"progress":0.4'
scene sim-004 printing ',"progress":0.5'
scene sim-005 paused
scene sim-006 idle
scene sim-007 shutdown

# ---- status ----

run --no-tui
is "printop --no-tui prints the table" 0 '^NAME +STATE +DONE +LEFT +END +NOZZLE +BED +JOB / REASON$' \
	'^sim-003 +printing +[0-9]+%' '^dead +offline .*connection refused$' '^badkey +unauthorized' \
	'^shelf +parked .*waits for a hotend$' '^sim-007 +shutdown .*MCU'
run --no-tui status
cp out table
run status
{ cut -c1-24 table >a; cut -c1-24 out >b; diff a b; } | result "printop status is printop --no-tui status"
run --no-tui --json
json '
assert [p["name"] for p in d] == ["sim-%03d" % i for i in range(1, 9)] + ["dead", "dead2", "badkey", "shelf"]
keys = ("name url dialect state reason message age_s progress progress_source file elapsed_s left_s left_source "
        "ends_at layer layers heaters tags parked").split()
by = {p["name"]: p for p in d}
assert all(list(p) == keys for p in d), list(d[0])
assert by["sim-004"]["state"] == "printing" and 0.3 < by["sim-004"]["progress"] < 0.7, by["sim-004"]
assert by["sim-004"]["reason"] is None and by["sim-004"]["dialect"] == "octoprint"
assert by["dead"]["state"] == "offline" and by["dead"]["progress"] is None and by["dead"]["heaters"] == []
assert by["dead2"]["dialect"] is None
assert by["badkey"]["state"] == "unauthorized" and by["shelf"]["parked"] == "waits for a hotend"
h = by["sim-003"]["heaters"][0]
assert list(h) == ["name", "actual_c", "target_c", "power"] and h["name"] == "extruder" and h["actual_c"] > 20
assert by["sim-001"]["tags"] == ["left"]
' 2>&1 | result "status --json: one array, the agreed members, null for unknown"
sed -e '1{/^\[$/d}' -e '${/^\]$/d}' out | grep -vE '^\{.*\},?$' | result "... one printer a line"
run status --csv --fields name,state,tags,progress tag:left
printf 'name,state,tags,progress\nsim-001,idle,left,\nsim-002,idle,left,\n' | diff - out | result "--csv and --fields"
run status --csv --no-header --fields state,reason shelf dead
printf 'offline,connection refused\nparked,\n' | diff - out | result "--no-header"
run status --format '{name}\t{state}\t{layers}\t{state:text}{{}}' sim-001
printf 'sim-001\tidle\t-\tidle{}\n' | diff - out | result "--format: fields, escapes, unknown values"
run status --fields name --no-header --sort -name 'sim-00[1-3]'
printf 'sim-003\nsim-002\nsim-001\n' | diff - out | result "--sort -FIELD, globs"
run status --fields name --no-header 'sim-*' '!sim-00[2-8]'
printf 'sim-001\n' | diff - out | result "!not takes away"
run status --fields name --no-header -t state:printing,paused
printf 'sim-003\nsim-004\nsim-005\n' | diff - out | result "state: asks first, then chooses"
run status --json state:cancelling
is "a state that nobody has is an empty answer" 0 '^\[\]$'
printf 'sim-002\n\n sim-001 \n' | timeout 20 "$P" status - --fields name --no-header >out
printf 'sim-001\nsim-002\n' | diff - out | result "- reads names from standard input"
run status - --json
is "no names on standard input: nobody" 0 '^\[\]$'
run status dead
is "one printer that is unreachable: 3" 3 offline
run status tag:gone --json
is "... all of them: 3" 3 '"reason":"connection refused"'
run status badkey
is "a refused key: 5" 5 unauthorized
run status dead badkey
is "both kinds: 1" 1
run status dead sim-001
is "one that answers is enough: 0" 0
run status shelf
is "a parked printer is no failure" 0 parked
run status dead -q
{ same status "$st" 3; cat out err; } | result "-q prints nothing, the status tells"
run status --color always sim-003
{ grep -q "$(printf '\033')\[" out || echo "no colour"; } | result "--color always"
run status sim-003
grep "$(printf '\033')" out | result "no colour but on a terminal"
LC_ALL=C run status --fields name,note shelf
LC_ALL=C grep -n '[^ -~]' out | result "ASCII in an ASCII locale"

# ---- mistakes ----

run status --jsno
is "unknown option" 2 "did you mean '--json'"
run status --fields name,stat
is "unknown field" 2 "unknown field \"stat\"; did you mean 'state'"
run status --format '{nam}'
is "unknown field in a template" 2 "did you mean 'name'"
run status --sort nmae
is "unknown field to sort by" 2 "did you mean 'name'"
run status --json --csv
is "two formats" 2 'only one of'
run statsu
is "unknown verb" 2 "did you mean 'status'"
run status sim-0001
is "unknown printer" 2 "no printer 'sim-0001'; did you mean 'sim-001'"
run status tag:lefft
is "unknown tag" 2 "did you mean 'left'"
run status state:printign
is "unknown state" 2 "did you mean 'printing'"
run pause
is "a verb that acts wants to know on whom" 2 'which printers'
run pause --start all
is "an option of another verb" 2 'belongs to: upload'
run status --config x
is "an option of the program behind the verb" 2 'comes before the verb'
run --config "$tmp/nothing.conf" status
is "a configuration that is not there" 2 'nothing.conf'
echo 'printers = ( { name = "x"; ulr = "http://a"; } );' >broken.conf
chmod 600 broken.conf
run --config broken.conf status
is "a broken configuration: file, line, the nearest key" 2 "broken.conf:1" "url"
run status sim-001 --timeout never
is "a wrong time" 2 'not a time'

# ---- acting ----

run pause sim-003 sim-004
is "pause: a line a printer, when its state shows it" 0 '^sim-003  ok +paused in [0-9.]+ s' '^sim-004  ok +paused in'
run resume sim-003 --json
json '
assert len(d) == 1
r = d[0]
assert list(r) == ["name", "verb", "file", "ok", "phase", "code", "text", "took_s", "remote_path"], list(r)
assert r["name"] == "sim-003" and r["verb"] == "resume" and r["ok"] is True and r["phase"] == "done"
assert r["code"] is None and 0 <= r["took_s"] < 15' 2>&1 | result "resume --json"
run pause sim-001 sim-002
is "refused by state: 4, nothing sent, and what to run" 4 '^sim-001  FAILED +.*idle' \
	'^retry: printop pause -t sim-001,sim-002$' '2 of 2 failed'
cp fleet.conf "other fleet.conf"
run --config "other fleet.conf" pause sim-001
is "... with the configuration that was given" 4 "^retry: printop --config 'other fleet.conf' pause -t sim-001\$"
run pause sim-003 sim-001 dead badkey --json
json '
by = {r["name"]: r for r in d}
assert [r["name"] for r in d] == ["sim-001", "sim-003", "dead", "badkey"], d
assert by["sim-003"]["ok"] and not by["sim-001"]["ok"] and by["sim-001"]["code"] == "refused"
assert by["dead"]["code"] == "unreachable" and by["badkey"]["code"] == "auth" and by["badkey"]["phase"] == "failed"
' 2>&1 | result "mixed results --json"
is "partial failure: 1, who, why, how to retry" 1 '^printop: dead: pause: .*connection refused' \
	'^printop: badkey: pause: ' '3 of 4 failed' '^retry: printop pause -t sim-001,dead,badkey$'
run pause dead
is "unreachable: 3" 3 '^dead  FAILED'
run pause badkey
is "key refused: 5" 5 '^badkey  FAILED'
run pause shelf
is "parked: refused" 4 parked
run pause 'd*' shelf
is "... and left out when it was not named" 1
run pause state:idle,printing -q
{ same status "$st" 4; cat out; } | result "-q prints only what failed, on stderr"
run pause state:cancelling
is "nobody matches: nothing to do" 0 'nothing to do'
run cancel sim-003 sim-004 --dry-run
is "--dry-run prints the requests" 0 '^sim-003  would +POST http.*printer.print.cancel' \
	'^sim-004  would +POST http.*/api/job .*"cancel"'
run cancel sim-001 --dry-run
is "--dry-run of what would be refused" 4 '^sim-001  FAILED'
run status --format '{state}' sim-003 sim-004
printf 'paused\npaused\n' | diff - out | result "... and nothing was sent"
run cancel sim-003 sim-004
is "several at once want --yes" 2 'cancel on 2 printers: add --yes' 'nothing was sent'
run -r cancel sim-003
is "read-only: 4" 4 'read-only'
run cancel sim-003 sim-004 --yes
is "cancel --yes" 0 '^sim-003  ok' '^sim-004  ok'
run estop sim-001
is "one printer needs no --yes" 0 '^sim-001  ok'
run restart sim-001
is "restart" 0 '^sim-001  ok'
scene sim-008 hang
timeout -s INT 2 "$P" estop sim-008 sim-001 --yes >out 2>err </dev/null
st=$?
is "a stop waits for no hanging printer" 124 '^sim-001  ok' '^sim-008  stopped +interrupted'
scene sim-008 none
run restart sim-001
is "... and restart again" 0 '^sim-001  ok'
run disconnect sim-002
is "disconnect" 0 '^sim-002  ok'
run connect sim-002
is "connect" 0 '^sim-002  ok'

# ---- files ----

printf 'G28\nM104 S200\nG1 X1\nM104 S0\n' >small.gcode
cp small.gcode 'two words ü.gcode'
run upload small.gcode 'two words ü.gcode' -t sim-001,sim-002 --folder petg/new
is "upload: every file to every printer" 0 '^sim-001  ok +small.gcode: sent' '^sim-002  ok +two words ü.gcode: sent'
run files sim-001 sim-002 --csv --no-header --fields printer,path,size_bytes
grep petg/new out >got
printf '%s\n' "sim-001,petg/new/small.gcode,28" "sim-001,petg/new/two words ü.gcode,28" \
	"sim-002,petg/new/small.gcode,28" "sim-002,petg/new/two words ü.gcode,28" | diff - got | result "... and there they are"
run files sim-001
is "files: the table of one printer" 0 '^PATH +SIZE +TIME +MODIFIED$' '^petg/new/small.gcode +28 B'
run files sim-001 --json --folders --sort -size_bytes
json '
assert any(f["folder"] and f["path"] == "petg/new/" for f in d), d
sizes = [f["size_bytes"] for f in d if f["size_bytes"] is not None]
assert sizes == sorted(sizes, reverse=True) and len(sizes) > 2
assert all(f["printer"] == "sim-001" and "modified_at" in f for f in d)' 2>&1 | result "files --json --folders --sort"
run files sim-001 dead
is "files: one of two failed" 1 'dead: .*refused'
run files sim-001 --sort size_byte
is "files: unknown field to sort by" 2 "did you mean 'size_bytes'"
run upload small.gcode --name other.gcode -t sim-001 --json
json 'assert d[0]["ok"] and d[0]["remote_path"] == "other.gcode" and d[0]["file"] == "small.gcode", d' 2>&1 |
	result "upload --name"
: >empty.gcode
run upload small.gcode empty.gcode -t sim-001
is "an empty file: nothing is sent" 2 'empty.gcode is empty'
run upload missing.gcode -t sim-001
is "a missing file" 2 'missing.gcode: No such file'
run upload "$tmp" -t sim-001
is "a folder" 2 'is a folder'
mkfifo pipe.gcode
run upload pipe.gcode -t sim-001
is "a pipe" 2 'not a regular file'
mkdir -p sub && cp small.gcode sub
run upload small.gcode sub/small.gcode -t sim-001
is "two files of one name" 2 'same name'
run upload small.gcode 'two words ü.gcode' --start -t sim-001
is "--start with two files" 2 'one file'
run upload small.gcode --start -t sim-001,sim-002
is "a start on several wants --yes" 2 'add --yes' 'nothing was sent'
run upload small.gcode
is "upload to nobody" 2 'which printers'
run upload small.gcode -t sim-001 --dry-run
is "upload --dry-run" 0 '^sim-001  would +POST .*small.gcode'
run upload small.gcode -t dead,badkey
is "failed uploads: the command to retry" 1 '^retry: printop upload small.gcode -t dead,badkey$'
run start petg/new/small.gcode sim-001
is "start takes one file" 2 'one file'
run start petg/new/nothing.gcode -t sim-001
is "start of a file that is not there" 1 'no such file'
run start bracket_x12.gcode -t sim-003 --dry-run
run files sim-004 --csv --no-header --fields path
job=$(head -n 1 out)
run start "$job" -t sim-004
is "start" 0 '^sim-004  ok +started'
run upload small.gcode --start -t sim-004
is "--start on a busy printer: the file arrives or the printer is refused" 4 '^sim-004  FAILED' '^retry: printop'

# ---- wait, watch ----

run wait sim-004 --state printing,preparing --timeout 5
is "wait for a state" 0 '^sim-004  ok +(printing|preparing) after'
run wait sim-001 sim-002 --state printing --timeout 0.5
is "time limit: 6, and what was seen" 6 '^sim-001  FAILED +time limit; idle' '2 of 2 failed'
run wait sim-001 sim-004 --any --state printing,preparing --timeout 5 --json
json 'assert [r["name"] for r in d] == ["sim-004"] and d[0]["verb"] == "wait"' 2>&1 | result "wait --any"
run wait sim-001 --temp 'extruder:<=60' --temp 'bed:>=10' --timeout 5
is "wait for temperatures" 0 'extruder [0-9.]+ C, bed [0-9.]+ C'
run wait sim-001 --temp chambre:\>5 --timeout 0.5
is "... of a heater that it has not" 6 'no heater chambre'
run wait sim-007 --state idle --fail-on shutdown,error --timeout 5
is "--fail-on: 1" 1 '^sim-007  FAILED +shutdown'
run wait sim-007 --state ready --fail-on 'shut*' --timeout 5 --json
is "... and its name in JSON" 1 '"code":"fail-on"'
run wait badkey --state idle --timeout 5
is "waiting does not mend a key: 5" 5 unauthorized
run wait sim-001
is "wait for nothing" 2 'what for'
run wait sim-001 --state idel
is "wait for an unknown state" 2 "did you mean 'idle'"
run wait sim-001 --temp bed
is "a wrong temperature" 2 'HEATER:>=T'

timeout 20 "$P" watch sim-005 sim-006 >watch.out 2>err </dev/null &
watch=$!
until_lines() { # N PATTERN: waits until watch.out has so many lines that match
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		[ "$(grep -c "$2" watch.out)" -ge "$1" ] && return
		sleep 0.2
	done
}
until_lines 2 sim
run resume sim-005
until_lines 1 '"changed":\[.*"state".*sim-005'
kill -INT $watch
wait $watch
same "SIGINT ends watch" $? 130 >got
python3 -c '
import json
lines = [json.loads(line) for line in open("watch.out")]
first = [l for l in lines if l["changed"] == []]
rest = [l for l in lines if l["changed"] != []]
assert sorted(l["printer"]["name"] for l in first) == ["sim-005", "sim-006"] and lines[0] in first, lines[:2]
later = [l for l in rest if "state" in l["changed"] and l["printer"]["name"] == "sim-005"]
assert later and later[-1]["printer"]["state"] in ("printing", "resuming", "preparing"), rest
assert all(l["at"] > 1e9 and "age_s" not in l["changed"] for l in rest)' >>got 2>&1
result "watch: the state first, then a JSON line for a change" <got
timeout 20 "$P" watch sim-006 --format '{name} {state}' --for 1 >out 2>err
{ same status $? 0; printf 'sim-006 idle\n' | diff - out; } | result "watch --format: only changes of what is shown; --for"

# ---- ends ----

timeout 20 "$P" wait sim-001 --state printing >out 2>err </dev/null &
pid=$!
sleep 0.7
kill -INT $pid
wait $pid
st=$?
is "SIGINT: 130 and what is known" 130 '^sim-001  stopped +interrupted; idle'
timeout 20 "$P" watch sim-001 >out 2>err </dev/null &
pid=$!
sleep 0.5
kill -TERM $pid
wait $pid
st=$?
is "SIGTERM: 143" 143
truncate -s 1000M big.gcode		# a checksum goes with it: seconds of work
timeout 20 "$P" upload big.gcode -t sim-001 >out 2>err </dev/null &
pid=$!
sleep 0.5
kill -INT $pid
wait $pid
st=$?
is "SIGINT ends a running upload" 130 '^sim-001  stopped +interrupted' '^retry: printop upload big.gcode -t sim-001$'
run files sim-001 --csv --fields path
grep big.gcode out | result "... and leaves nothing of it there"
rm big.gcode
(timeout 20 "$P" status --json; echo $? >piped) 2>err | head -n 1 >/dev/null
{ same status "$(cat piped)" 0; cat err; } | result "a closed pipe is quiet"
timeout 20 "$P" status sim-001 >/dev/full 2>err
{ same status $? 1; grep -q 'cannot write the output' err || cat err; } | result "a full disk is an error"

# ---- check, events, keys, help ----

run check sim-001 sim-002 dead badkey shelf
is "check: dialect, version, access and what is wrong" 1 'fleet.conf: 12 printers' \
	'^sim-001 +yes +moonraker +[0-9.]+ ' '^sim-002 +yes +octoprint +1\.[0-9.]+ +full' \
	'^dead +no .*is the host on' '^badkey +no .*mend its key in .*fleet.conf:[0-9]+' '^shelf +yes ' \
	'^printop: .*fleet.conf:[0-9]+: warning: dead2 has the same url as dead '
run check sim-001 sim-002 -q
{ same status "$st" 0; cat out; } | result "check: all well"
run check badkey --json
json 'assert d[0]["ok"] is False and d[0]["dialect"] == "octoprint" and d[0]["where"].split(":")[0].endswith("fleet.conf")' 2>&1 |
	result "check --json"
run --config broken.conf check
is "check of a broken configuration" 2 'broken.conf:1'
run events -n 0 --kind action --json
json '
assert len(d) > 20, len(d)
assert all(e["kind"] == "action" and e["who"] and e["from"].startswith("batch ") and e["at"] > 1e9 for e in d)
assert any(e["action"] == "upload" and e["result"] == "done" and e["file"] == "small.gcode" for e in d)
refused = [e for e in d if e["printer"] == "sim-001" and e["action"] == "pause"]
assert refused and all(e["result"] == "refused" and e["code"] == "refused" for e in refused), refused
' 2>&1 | result "events: every action is in the journal, what was refused before it was sent as refused"
run events -n 3 sim-003
is "events of one printer" 0 '^WHEN +PRINTER +KIND +WHAT$' 'sim-003 +action +cancel done'
grep -c sim-003 out | grep -vx '[1-3]' | result "... the last three"
run events --since 1h --kind finished --csv
is "no such events" 0 '^at,printer,kind'
run events --kind finsihed
is "unknown kind" 2 "did you mean 'finished'"
run events --since yesterday
is "a wrong time" 2 'is no time'
run keys
is "keys" 0 '^KEYS +ACTION +VIEW' '^X +cancel +any +cancel the print'
run keys --json
json '
assert len(d) > 40
by = {k["action"]: k for k in d}
assert by["pause"]["keys"] == "P" and by["pause"]["from_user"] is False' 2>&1 | result "keys --json"
sed '$a keys = ( { key = "ctrl-p"; action = "pause"; } );' fleet.conf >keys.conf
chmod 600 keys.conf
run --config keys.conf keys --format '{keys} {action}'
{ grep -q '^ctrl-p.* pause$' out || cat out; } | result "keys of the user"
for verb in status watch wait pause resume cancel start upload files estop connect disconnect restart check events keys; do
	timeout 5 "$P" "$verb" --help >out 2>err || echo "$verb --help fails"
	grep -q "^usage: printop $verb" out || echo "$verb --help has no usage line"
	grep -q -- '--help' out || echo "$verb --help names no options"
	timeout 5 "$P" help "$verb" | cmp - out
	awk -v v="$verb" 'length($0) > 80 && !/^usage/ { print v ": " $0 }' out
done | result "help of every verb, at most 80 columns"
run help
is "help" 0 '^  status ' '^  upload ' 'exit status'
run help pasue
is "help of an unknown verb" 2 "did you mean 'pause'"
run version
is "version" 0 '^printop [0-9.]+$'
run docs nothing
is "an unknown document" 2
run docs fields.md
is "a document" 0 'progress_source'
run --demo status --json voron-01
json 'assert d[0]["name"] == "voron-01" and d[0]["state"] == "printing", d' 2>&1 | result "--demo status"

echo "1..$(wc -l <"$tmp/count")"
