#!/bin/sh
# Started without standard input, output or error, as daemons start programs: nothing is written into another file.
B=${B:-build}
P=${P:-$B/printop}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export XDG_STATE_HOME="$tmp/state" HOME="$tmp" LC_ALL=C.UTF-8
echo 'printers = ( { name = "dead"; url = "http://127.0.0.1:1"; } );' >"$tmp/printers.conf"
chmod 600 "$tmp/printers.conf"

status() { timeout 20 "$P" --config "$tmp/printers.conf" status "$@"; }
n=0
result() { # NAME STATUS WANTED
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# exit status $2, not $3"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
	fi
}

: >"$tmp/out" >"$tmp/err"
status >"$tmp/out" 2>"$tmp/err" <&-
result "standard input is closed" $? 3
grep -q dead "$tmp/out"
result "standard input is closed: the table is there" $? 0
status 2>"$tmp/err" </dev/null >&-
result "standard output is closed: an error" $? 1
grep -q 'cannot write the output' "$tmp/err"
result "standard output is closed: it says so" $? 0
status >"$tmp/out" </dev/null 2>&-
result "standard error is closed" $? 3
status <&- >&- 2>&-
result "all are closed" $? 1
echo "1..$n"
