#!/bin/sh
# The full screen end to end: the real binary in tmux on the simulated farm, two test programs at a time.
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
# The longest first, so that both processors are busy to the end.
programs="act files faults events look terminals prompt readonly"
for name in $programs; do
	[ -f "tests/e2e/test_$name.py" ] || { echo "not ok - tests/e2e/test_$name.py is missing"; exit 1; }
done
PYTHONDONTWRITEBYTECODE=1 B=$B out=$out PYTHON=${PYTHON:-python3} export PYTHONDONTWRITEBYTECODE B out PYTHON
for name in $programs; do echo "$name"; done | xargs -n 1 -P 2 sh -c '
	timeout -k 10 240 "$PYTHON" "tests/e2e/test_$1.py" "$B/printop" >"$out/$1" 2>"$out/$1.err"
	echo $? >"$out/$1.status"' sh
failed=0
for name in $programs; do
	sed "s/^\(not \)\{0,1\}ok [0-9]* - /&$name: /" "$out/$name"
	if [ "$(cat "$out/$name.status")" -ne 0 ] && ! grep -q '^not ok' "$out/$name"; then
		echo "not ok - $name ended with status $(cat "$out/$name.status")"
		tail -n 5 "$out/$name.err" | sed 's/^/# /'
	fi
	[ "$(cat "$out/$name.status")" -eq 0 ] || failed=1
done
exit $failed
