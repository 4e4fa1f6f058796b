#!/bin/sh
# Manual pages without warnings and with an example of each verb; completions that their shells read, bash's at work.
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
printop sim --dia|--dialect
printop sim --dialect oc|octoprint
printop keys vor|
EOF

if command -v fish >/dev/null; then
	got=$(PATH=$(cd "$B" && pwd):$PATH PRINTOP_CONFIG=$tmp/printers.conf timeout 20 fish --no-config -c '
		source man/completions/printop.fish
		complete -C "printop status vor"; complete -C "printop wait --state complete,fai"' | cut -f 1 | xargs)
	[ "$got" = "voron-01 complete,failed" ]
	tap $? "fish completes names and lists"
fi

# What the tables do not hold is held here: sim's options, and an example for each verb.
for option in $("$B/printop" sim --help | sed -n 's/^  \(--[a-z]*\).*/\1/p'); do
	for file in printop.bash _printop; do
		grep -q -e "$option[[ ']" "man/completions/$file" || echo "$file lacks $option"
	done
	grep -q -e "from sim' -l ${option#--} " man/completions/printop.fish || echo "printop.fish lacks $option"
done >"$tmp/missing"
[ ! -s "$tmp/missing" ]
tap $? "completions know the options of sim"
sed 's/^/# /' "$tmp/missing"
for verb in $("$B/printop" help | sed -n '/^verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	case $verb in help | version) continue ;; esac
	grep -q "^    .*printop $verb" man/printop.1.md || echo "no example of $verb"
done >"$tmp/missing"
[ ! -s "$tmp/missing" ]
tap $? "the manual has an example of each verb"
sed 's/^/# /' "$tmp/missing"
echo "1..$n"
