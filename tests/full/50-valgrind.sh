#!/bin/sh
# The shell verbs on a simulated farm under valgrind: no error, and nothing lost at the end. Hostile
# JSON and text, too, for the libraries that a sanitizer does not see into.
B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
P=$B/printop
top=$PWD
supp=$PWD/tests/tools/valgrind.supp
tmp=$(mktemp -d) || exit 1
sim=
n=0
lost=definite,indirect,possible
trap 'stop_sim; rm -rf "$tmp"' EXIT
export XDG_CONFIG_HOME="$tmp/xdg" XDG_STATE_HOME="$tmp/state" HOME="$tmp" LC_ALL=C.UTF-8 TERM=dumb
unset PRINTOP_CONFIG NO_COLOR
cd "$tmp" || exit 1

stop_sim() {
	[ -z "$sim" ] || kill "$sim" 2>/dev/null
	[ -z "$sim" ] || wait "$sim" 2>/dev/null
	sim=
}

# Valgrind's own status is 77; the program's must be the expected one.
grind() { # NAME STATUS PROGRAM ARGUMENT...
	name=$1 want=$2
	shift 2
	n=$((n + 1))
	timeout 40 valgrind -q --error-exitcode=77 --leak-check=full --suppressions="$supp" \
		--show-leak-kinds="$lost" --errors-for-leak-kinds="$lost" --log-file="$tmp/report" \
		"$@" >out 2>err </dev/null
	st=$?
	if [ "$st" = "$want" ] && [ ! -s "$tmp/report" ]; then
		echo "ok $n - valgrind: $name"
	else
		echo "not ok $n - valgrind: $name (status $st, not $want)"
		cat "$tmp/report" err | head -n 30 | sed 's/^/# /'
	fi
}

check() { # STATUS VERB...
	st=$1
	shift
	grind "printop $*" "$st" "$P" "$@"
}

seeds() { # TARGET
	(cd "$top" && . tests/fuzz/seeds.sh && make_seeds "$1" "$tmp/seeds/$1")
	grind "fuzz seeds: $1" 0 "$B/fuzz-replay/$1" "$tmp/seeds/$1"
}

command -v valgrind >/dev/null || { echo "not ok 1 - valgrind is not installed"; exit 1; }
"$P" sim --printers 4 --seed 7 --idle --conf "$tmp/farm.conf" >sim.out 2>&1 &
sim=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ -s farm.conf ] && "$P" --config "$tmp/farm.conf" status >/dev/null 2>&1 && break
	sleep 0.3
done
export PRINTOP_CONFIG="$tmp/farm.conf"
chmod 600 farm.conf
printf 'G28\nG1 X10 Y10 F3000\nM104 S0\n' >cube.gcode
cp farm.conf dead.conf && chmod 600 dead.conf
sed -i 's|http://127.0.0.1:[0-9]*|http://127.0.0.1:1|' dead.conf
printf 'printers = ( { name = "a"; url = "x y"; key = 1; } );\nnonsense = 3;\n' >bad.conf
printf 'printers = ( { name = ' >broken.conf
url=$(sed -n 's/.*name = "sim-001"; url = "\([^"]*\)".*/\1/p' farm.conf)
scene() { # PRINTER KIND
	curl -s -o /dev/null -m 5 -X POST -H 'Content-Type: application/json' \
		-d "{\"kind\":\"$2\",\"printer\":\"$1\",\"progress\":0.4}" "$url/sim/fault"
}

check 0 status
check 0 status --json
check 0 status --csv
check 0 upload cube.gcode -t sim-001
check 0 files sim-001
check 0 files sim-002 --json
scene sim-003 printing
scene sim-004 printing
check 0 pause sim-003 sim-004
check 0 resume sim-003
check 0 cancel sim-003 sim-004 --yes
check 0 wait sim-001 --state idle --timeout 20
check 0 check
check 0 keys
check 0 events
check 0 watch --for 2
check 0 start cube.gcode -t sim-001 --yes --dry-run
check 3 --config dead.conf status
check 2 --config bad.conf check
check 2 --config broken.conf status
check 2 pause nobody
check 0 --demo status

(cd "$top" && sh tests/check/30-fuzz-replay.sh >/dev/null 2>&1)
for name in text octoprint moonraker config; do
	seeds "$name"
done
echo "1..$n"
