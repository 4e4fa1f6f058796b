#!/bin/sh
# Manual pages without warnings, completions that their shells read, and bash's at work.
B=${B:-build}
n=0
tap() {	# status name
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

if command -v groff >/dev/null; then
	for page in man/printop.1 man/printers.conf.5; do
		groff -man -ww -z "$page" >"$tmp/warnings" 2>&1
		[ ! -s "$tmp/warnings" ]
		tap $? "$page has no roff warnings"
	done
fi

bash -n man/completions/printop.bash
tap $? "bash reads its completion"
for shell in zsh:_printop fish:printop.fish; do
	command -v "${shell%%:*}" >/dev/null || continue
	"${shell%%:*}" -n "man/completions/${shell#*:}"
	tap $? "${shell%%:*} reads its completion"
done

# The completion at work, with two printers where nobody listens.
cat >"$tmp/printers.conf" <<'EOF'
printers = ( { name = "voron-01"; url = "http://127.0.0.1:9"; }, { name = "mk4-01"; url = "http://127.0.0.1:9/x"; } );
EOF
complete_words() {	# words of a command line, the last one unfinished
	PATH=$(cd "$B" && pwd):$PATH PRINTOP_CONFIG=$tmp/printers.conf timeout 20 bash --norc -c '
		. man/completions/printop.bash
		compopt() { :; }
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_printop
		echo "${COMPREPLY[*]}"' bash "$@"
}
set -f
while IFS='|' read -r line expected; do
	# shellcheck disable=SC2086
	got=$(complete_words $line)
	[ "$got" = "$expected" ]
	status=$?
	tap $status "bash completes '$line'"
	[ $status -eq 0 ] || echo "# got: $got"
done <<'EOF'
printop pau|pause
printop --no-tui sta|start status
printop wait --state fin|finishing
printop wait --state complete,fai|complete,failed
printop status --no|--no-header
printop status state:shu|state:shutdown
printop status vor|voron-01
printop pause mk|mk4-01
printop upload x.gcode -t voron-01,mk|voron-01,mk4-01
printop cancel -q --y|--yes
printop --lo|--log-level
printop help est|estop
EOF
echo "1..$n"
