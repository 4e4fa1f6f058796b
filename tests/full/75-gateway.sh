#!/bin/sh
# Slicers replayed against printop serve and simulated printers: each slicer, the rules for all, a crowd, kill -9.
# ROUNDS=200 for a long run of kill -9.
export B="${B:-build}"
PYTHON=${PYTHON:-python3}
n=0
status=0
for file in tests/gateway/replay_*.py; do
	timeout -k 10 "${LIMIT:-600}" "$PYTHON" -B "$file" >"$B/replay.out" 2>&1 || status=1
	# One plan for all of them.
	while read -r line; do
		case $line in
		"ok "* | "not ok "*)
			n=$((n + 1))
			echo "$line" | sed "s/ok [0-9]* - /ok $n - $(basename "$file" .py | sed 's/replay_//'): /"
			;;
		1..*) ;;
		*) echo "# $line" ;;
		esac
	done <"$B/replay.out"
done
rm -f "$B/replay.out"
echo "1..$n"
exit $status
