# bash completion for printop; made by `make docs`.

# Names come from the configuration; the limit keeps an unreachable fleet from holding up the shell.
_printop_printers() {
	printop --no-tui "${_printop_config[@]}" status --format '{name}' --timeout 0.1 2>/dev/null
	echo 'all tag: state: group: model:'
}

_printop_options() {
	case $1 in
	sim) echo '--printers --seed --port --address --speed --dialect --idle --tick --faults --demo --conf --help' ;;
	files) echo '-t --to --json --csv --format --fields --no-header --sort --color --timeout --folders -h --help' ;;
	library) echo '--json --csv --format --fields --no-header --sort --color --search -h --help' ;;
	pause) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	resume) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	cancel) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	upload) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout --folder --name --start -h --help' ;;
	start) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	delete) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	home) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout --axes -h --help' ;;
	connect) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	disconnect) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	restart) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	estop) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet -y --yes --dry-run --timeout -h --help' ;;
	add) echo '--json --csv --format --fields --no-header --color -y --yes --dry-run --timeout --name --key-file --key-stdin --user --no-key --tag --group --ca-file --pin --insecure -h --help' ;;
	remove) echo '-h --help' ;;
	rename) echo '-h --help' ;;
	discover) echo '--json --csv --format --fields --no-header --color -y --yes --timeout --range -h --help' ;;
	status) echo '-t --to --json --csv --format --fields --no-header --sort --color -q --quiet --timeout -h --help' ;;
	watch) echo '-t --to --json --csv --format --fields --no-header --color --for -h --help' ;;
	wait) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet --timeout --state --temp --progress --any --fail-on -h --help' ;;
	check) echo '-t --to --json --csv --format --fields --no-header --color -q --quiet --timeout -h --help' ;;
	events) echo '-t --to --json --csv --format --fields --no-header --color -n --lines --kind --since -h --help' ;;
	prints) echo '-t --to --json --csv --format --fields --no-header --color -n --lines --since -h --help' ;;
	keys) echo '--json --csv --format --fields --no-header --color -h --help' ;;
	sim) echo '-h --help' ;;
	serve) echo '-h --help' ;;
	connector) echo '-h --help' ;;
	metrics) echo '-h --help' ;;
	queue) echo '--json --csv --format --fields --no-header --color --force --reason -h --help' ;;
	key) echo '--json --csv --format --fields --no-header --color --start --upload --control --look --new-names -h --help' ;;
	esac
}

# The part behind the last comma is completed, the rest stays.
_printop_list() {
	local cur=$1 words=$2 head=
	[[ $cur == *,* ]] && head=${cur%,*},
	mapfile -t COMPREPLY < <(compgen -P "$head" -W "$words" -- "${cur##*,}")
}

_printop() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb= i
	local verbs='files library pause resume cancel upload start delete home connect disconnect restart estop add remove rename discover status watch wait check events prints keys sim serve connector metrics queue key help version'
	local selector_verbs='files pause resume cancel home connect disconnect restart estop status watch wait check events prints'
	local states='unknown offline starting unauthorized disconnected connecting idle busy preparing printing pausing paused resuming cancelling finishing complete cancelled failed error shutdown parked'
	local fields='name url dialect state reason message age_s progress progress_source file elapsed_s left_s left_source ends_at layer layers heaters tags parked nozzle bed chamber z_mm speed flow fan group version firmware hostname access latency_ms'
	local _printop_config=()

	# bash splits words at ':': put tag:petg together again.
	if declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n : cur prev
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--config) _printop_config=(--config "${COMP_WORDS[i + 1]}"); ((i++)) ;;
		-*) ;;
		*) [[ -z $verb && " $verbs " == *" ${COMP_WORDS[i]} "* ]] && verb=${COMP_WORDS[i]} ;;
		esac
	done

	COMPREPLY=()
	case $prev in
	--config | --conf) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--log-level) mapfile -t COMPREPLY < <(compgen -W 'error warn info debug' -- "$cur"); return ;;
	--dialect) mapfile -t COMPREPLY < <(compgen -W 'octoprint moonraker' -- "$cur"); return ;;
	--color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur"); return ;;
	--state | --fail-on) _printop_list "$cur" "$states"; return ;;
	--fields | --sort) _printop_list "$cur" "$fields"; return ;;
	-t | --to) _printop_list "$cur" "$(_printop_printers)"; return ;;
	esac
	if [[ -z $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs --no-tui --config --demo --read-only --log-level --help --version" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_printop_options "$verb")" -- "$cur")
	elif [[ $cur == state:* ]]; then
		mapfile -t COMPREPLY < <(compgen -P state: -W "$states" -- "${cur#state:}")
	elif [[ $verb == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
	elif [[ $verb == upload ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	elif [[ " $selector_verbs " == *" $verb "* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_printop_printers)" -- "$cur")
	fi
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$cur"
	fi
}
complete -F _printop printop
