#!/bin/sh
# The services of printop serve on a simulated farm: metrics for Prometheus, MQTT over a real broker.
B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
tmp=$(mktemp -d) || exit 1
pids=
trap 'kill $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$tmp"' EXIT
export XDG_CONFIG_HOME="$tmp/config" XDG_STATE_HOME="$tmp/state" LC_ALL=C.UTF-8
cd "$tmp" || exit 1

result() {	# result NAME: passes when standard input is empty
	echo x >>count
	n=$(wc -l <count)
	if grep . >why; then
		echo "not ok $n - $1"
		sed 's/^/#   /' why | head -n 20
	else
		echo "ok $n - $1"
	fi
}
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
wait_for() {	# wait_for COMMAND...: up to 10 s
	i=0
	while ! "$@" >/dev/null 2>&1 && [ $i -lt 100 ]; do
		sleep 0.1
		i=$((i + 1))
	done
}
want() { grep -Eq -e "$1" "$2" || echo "no line of $2 matches: $1"; }

"$B/printop" sim --printers 2 --seed 3 --conf farm.conf >/dev/null 2>&1 &
pids=$!
wait_for test -s farm.conf
mport=$(free_port)
bport=$(free_port)
{
	cat farm.conf
	echo "metrics_listen = \"127.0.0.1:$mport\"; mqtt_host = \"127.0.0.1\"; mqtt_port = $bport;"
	echo 'mqtt_commands = "pause resume";'
} >printers.conf
chmod 600 printers.conf

# ---- without a broker it runs all the same ----
"$B/printop" --config printers.conf serve >serve.out 2>serve.err &
serve=$!
pids="$pids $serve"
wait_for curl -sf -m 2 "http://127.0.0.1:$mport/metrics"
sleep 1
curl -s -m 5 -D head "http://127.0.0.1:$mport/metrics" >metrics
{
	want '^Content-Type: application/openmetrics-text' head
	want '^printop_printer_up\{printer="sim-001"\} 1$' metrics
	want '^printop_printer_state\{printer="sim-002",printop_printer_state="[a-z]+"\} 1$' metrics
	want '^printop_temperature_celsius\{printer="sim-001",heater="extruder"\} [0-9.]+$' metrics
	want '^printop_polls_total\{printer="sim-001"\} [1-9]' metrics
	[ "$(tail -n 1 metrics)" = "# EOF" ] || echo "the last line is not # EOF"
	[ "$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' metrics | sort | uniq -d)" = "" ] || echo "a family comes twice"
} | result "metrics: OpenMetrics text of the fleet"
"$B/printop" --config printers.conf metrics >once 2>&1
want '^printop_printer_up\{printer="sim-002"\} 1$' once | result "printop metrics prints the same once"
{
	[ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$mport/")" = 404 ] || echo "GET / is not 404"
	[ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' -X POST "http://127.0.0.1:$mport/metrics")" = 405 ] || echo "POST is not 405"
} | result "metrics: only GET /metrics"

# ---- the broker comes later ----
if command -v mosquitto >/dev/null && ! grep -q 'built without libmosquitto' serve.err; then
	printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$bport" >broker.conf
	mosquitto -c broker.conf >broker.log 2>&1 &
	broker=$!
	pids="$pids $broker"
	sub() { timeout 6 mosquitto_sub -p "$bport" -W "$1" -v -t "$2" 2>/dev/null; }
	wait_for grep -q 'mqtt: connected' serve.err
	sleep 1.5
	sub 2 'printop/#' >topics
	{
		want '^printop/status online$' topics
		want '^printop/sim-001/state \{.*"state":"' topics
		want '^printop/sim-002/state \{' topics
	} | result "mqtt: states are there for who comes later"
	sub 2 'homeassistant/#' >ha
	{
		want '^homeassistant/sensor/printop_sim-001/progress/config \{.*"unique_id":"printop_sim-001_progress"' ha
		want '^homeassistant/button/printop_sim-002/pause/config ' ha
		! grep -q '/cancel/config' ha || echo "a button for a command that is not allowed"
		sed 's/^[^ ]* //' ha | python3 -c 'import json,sys
for line in sys.stdin: json.loads(line)' 2>&1
	} | result "mqtt: Home Assistant finds the printers"
	(sub 4 'printop/+/result' >results) &
	listener=$!
	sleep 0.5
	mosquitto_pub -p "$bport" -t printop/sim-001/command -m pause
	mosquitto_pub -p "$bport" -t printop/sim-001/command -m estop
	mosquitto_pub -p "$bport" -t printop/sim-002/command -m '{"command":"fly"}'
	wait $listener
	{
		want '^printop/sim-001/result .*"command":"pause","ok":' results
		want '^printop/sim-001/result .*"command":"estop","ok":false,"text":"not allowed' results
		want '^printop/sim-002/result .*"command":"fly","ok":false' results
	} | result "mqtt: allowed commands run, others are refused in words"
	kill $broker
	wait $broker 2>/dev/null
	mosquitto -c broker.conf >broker.log 2>&1 &
	pids="$pids $!"
	wait_for sh -c '[ $(grep -c "mqtt: connected" serve.err) -ge 2 ]'
	[ "$(grep -c 'mqtt: connected' serve.err)" -ge 2 ] || echo "not connected again" >again
	cat again 2>/dev/null | result "mqtt: a broker that comes back is found"
	start=$(date +%s%N)
	kill -TERM $serve
	wait $serve
	st=$?
	ms=$((($(date +%s%N) - start) / 1000000))
	{
		[ $st -eq 0 ] || echo "status $st"
		[ $ms -lt 1000 ] || echo "took $ms ms"
		sub 1 printop/status >status
		want '^printop/status offline$' status
	} | result "SIGTERM: clean within a second, and the broker knows"
fi
grep -iE 'password|X-Api-Key|api key|secret' serve.err serve.out | result "no secret is logged"
"$B/printop" --config farm.conf serve >none 2>&1
st=$?
{ [ $st -eq 2 ] || echo "status $st"; want 'nothing to serve' none; } | result "nothing to serve: says how, exit 2"
echo "1..$(wc -l <count)"
