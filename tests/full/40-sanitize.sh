#!/bin/sh
# The unit tests, the shell verbs, the fuzz seeds and the full screen under AddressSanitizer and
# UndefinedBehaviorSanitizer.
B=${B:-build}
san=address,undefined
out=$B/san-address-undefined
case $out in /*) full=$out ;; *) full=$PWD/$out ;; esac
tmp=$(mktemp -d) || exit 1
socket=printop-san-$$
trap 'tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$tmp"' EXIT
n=0

result() { # NAME: passes when standard input is empty
	n=$((n + 1))
	if grep . >"$tmp/why"; then
		echo "not ok $n - $1"
		sed 's/^/# /' "$tmp/why" | head -n 30
	else
		echo "ok $n - $1"
	fi
}

# What the sanitizers had to say since the last time.
reports() {
	cat "$tmp"/report.* 2>/dev/null | head -n 25
	rm -f "$tmp"/report.*
}

suite() { # NAME COMMAND...: a suite that prints TAP, or counts
	name=$1
	shift
	timeout 170 "$@" >"$tmp/tap" 2>"$tmp/err"
	st=$?
	{
		grep -A 5 '^not ok' "$tmp/tap"
		[ "$st" = 0 ] || { echo "status $st"; tail -n 5 "$tmp/err"; }
		reports
	} >"$tmp/bad"
	result "$name" <"$tmp/bad"
}

${MAKE:-make} --no-print-directory -j2 SAN=$san OPT=-O1 all unit-build >"$tmp/build" 2>&1 ||
	{ tail -n 20 "$tmp/build" | sed 's/^/# /'; echo "not ok 1 - the build with sanitizers"; exit 1; }

export ASAN_OPTIONS="log_path=$tmp/report:detect_stack_use_after_return=1:strict_string_checks=1"
export UBSAN_OPTIONS="log_path=$tmp/report:print_stacktrace=1"
export LSAN_OPTIONS="suppressions=$PWD/tests/tools/lsan.supp:print_suppressions=0"

suite "unit and golden tests under the sanitizers" env B="$out" tests/run "$out"/tests/test_*
suite "the shell verbs under the sanitizers" env P="$full/printop" sh tests/check/20-batch.sh
suite "fuzz seeds under the sanitizers" env B="$out" SAN=$san sh tests/check/30-fuzz-replay.sh

# ---- the full screen: 200 repaints ----

tm() { tmux -L "$socket" -f /dev/null "$@"; }

press() { # KEY...
	tm send-keys -t demo "$@"
	sleep 0.06
}

# Every view, the dialogs, the prompts and a few commands; each key is a repaint.
walk() {
	for key in j j k Space d d Enter 2 Escape F g G Tab PageDown PageUp Escape '?' j j Escape \
		3 j Escape 4 Escape 5 Escape; do
		press "$key"
	done
	press : && press 'sort name' && press Enter
	press : && press 'pause voron-01' && press Enter && press Escape
	press / && press vor && press Escape
	press p && press n && press c && press Escape && press Escape
	press '!' && press Escape && press U && press Tab && press Escape && press Escape
}

resize() { # COLS ROWS
	tm resize-window -t demo -x "$1" -y "$2"
	sleep 0.1
}

screen() {
	XDG_STATE_HOME=$tmp/state XDG_CONFIG_HOME=$tmp/config LC_ALL=C.UTF-8 tm new-session -d \
		-s demo -x 120 -y 36 "'$full/printop' --demo; echo \$? >'$tmp/status'; sleep 60"
	sleep 1.5
	for size in 120x36 80x24 40x12 20x5 200x60; do
		resize "${size%x*}" "${size#*x}"
		walk
	done
	resize 3 2
	resize 140 40
	for i in 1 2 3 4 5 6 7 8 9 10; do
		tm capture-pane -p -t demo >"$tmp/screen"
		grep -q voron "$tmp/screen" && break
		sleep 0.3
	done
	press Escape && press q && press y
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -s "$tmp/status" ] && break
		sleep 0.3
	done
	grep -q voron "$tmp/screen" || { echo "the fleet is not on the screen:"; cat "$tmp/screen"; }
	st=$(cat "$tmp/status" 2>/dev/null)
	[ "$st" = 0 ] || echo "it ended with status ${st:-none}"
	reports
}

screen >"$tmp/bad" 2>&1
result "the full screen: keys in every view and size, without a report" <"$tmp/bad"
echo "1..$n"
