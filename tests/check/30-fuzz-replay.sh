#!/bin/sh
# Every fuzz target on its seeds, with small seeded changes, in the plain build: what a fuzzer found
# once stays fixed.
B=${B:-build}
out=$B/fuzz-replay
. tests/fuzz/seeds.sh
mkdir -p "$out"
# A build with sanitizers needs them at the link, too.
flags=$(make --no-print-directory -s fuzz-flags) libs=$(make --no-print-directory -s fuzz-libs)
limit=10
n=0

changes() { # TARGET: of each seed; the fixtures are many
	case $1 in
	http | moonraker | octoprint) echo 3 ;;
	tui | gateway_request) echo 20 ;;
	*) echo 100 ;;
	esac
}

build() { # TARGET
	# shellcheck disable=SC2086
	${CC:-cc} $flags -O1 -o "$out/$1" "tests/fuzz/fuzz_$1.c" tests/fuzz/replay.c \
		"$B/libprintop.a" $libs
}

replay() { # TARGET
	rm -rf "$out/seeds/$1"
	make_seeds "$1" "$out/seeds/$1"
	inputs=$(timeout "$limit" "$out/$1" -m "$(changes "$1")" "$out/seeds/$1" 2>"$out/$1.err")
}

for file in tests/fuzz/fuzz_*.c; do
	name=${file#tests/fuzz/fuzz_} name=${name%.c}
	n=$((n + 1))
	if build "$name" 2>"$out/$name.err" && replay "$name"; then
		echo "ok $n - fuzz replay: $name, $inputs inputs"
	else
		echo "not ok $n - fuzz replay: $name"
		tail -n 8 "$out/$name.err" | sed 's/^/# /'
	fi
done
rm -rf "$out/seeds"
echo "1..$n"
