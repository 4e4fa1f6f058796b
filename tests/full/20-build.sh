#!/bin/sh
# The build itself: clang beside gcc without a warning, install and uninstall, the demo without a terminal.
B=${B:-build}
MAKE=${MAKE:-make}
n=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

check() {		# check NAME COMMAND...: passes when the command does
	name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		tail -n 20 "$tmp/log" | sed 's/^/#   /'
	fi
}

builds_with_clang() {
	command -v clang >/dev/null || return 1
	$MAKE --no-print-directory -j2 CC=clang WERROR=1 OPT=-O1 B="$B/clang" all unit-build
}

install_and_uninstall() {
	$MAKE --no-print-directory install DESTDIR="$tmp/root" PREFIX=/usr || return 1
	for f in bin/printop share/man/man1/printop.1 share/man/man5/printers.conf.5 share/printop/themes/dark.theme \
		share/bash-completion/completions/printop share/doc/printop/printers.conf.example; do
		[ -f "$tmp/root/usr/$f" ] || { echo "$f is not installed"; return 1; }
	done
	$MAKE --no-print-directory uninstall DESTDIR="$tmp/root" PREFIX=/usr || return 1
	left=$(find "$tmp/root" ! -type d)
	[ -z "$left" ] || { echo "left behind: $left"; return 1; }
}

demo_without_terminal() {
	$MAKE --no-print-directory demo </dev/null >"$tmp/demo" 2>&1 || return 1
	grep -q '^voron-01 ' "$tmp/demo" || { cat "$tmp/demo"; return 1; }
}

no_terminal_no_screen() {
	"$B/printop" --demo </dev/null >"$tmp/out" 2>&1
	[ $? -eq 2 ] && grep -q -- '--no-tui' "$tmp/out"
}

help_lists_targets() {
	$MAKE --no-print-directory help >"$tmp/help" || return 1
	for t in demo check test install uninstall docs bench fuzz; do
		grep -q "make $t" "$tmp/help" || { echo "make help does not name $t"; return 1; }
	done
}

check "clang builds without a warning" builds_with_clang
check "install puts the files there, uninstall leaves nothing" install_and_uninstall
check "make demo without a terminal prints the fleet" demo_without_terminal
check "without a terminal the screen says what to do and exits 2" no_terminal_no_screen
check "make help lists the targets" help_lists_targets
echo "1..$n"
