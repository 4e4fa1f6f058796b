# Seeds of the fuzz targets: tests/fuzz/corpus/TARGET, and what the repository has anyway. Sourced
# by run and the replay.

# A header file and its body make what a server sent.
join_replies() { # DIR
	for head in tests/fixtures/*/*/*.http; do
		base=${head%.http}
		[ ! -f "$base.json" ] || cat "$head" "$base.json" >"$1/$(echo "${base#tests/fixtures/}" | tr / -)"
	done
}

make_seeds() { # TARGET DIR
	mkdir -p "$2"
	[ ! -d "tests/fuzz/corpus/$1" ] || cp -R "tests/fuzz/corpus/$1/." "$2"
	case $1 in
	octoprint | moonraker)
		for dir in tests/fixtures/"$1"/*; do
			mkdir -p "$2/${dir##*/}" && cp "$dir"/*.json "$2/${dir##*/}"
		done ;;
	http) join_replies "$2" ;;
	config) cp printers.conf.example "$2" ;;
	theme) cp themes/*.theme "$2" ;;
	ufp) cp tests/fixtures/cura/*.ufp "$2" ;;
	gzip) cp tests/fixtures/cura/*.gz "$2" ;;
	md) cp README.md "$2" && cp tests/fixtures/README.md "$2/fixtures.md" ;;
	esac
}

# Words that the code under test looks for, out of its own sources: they cannot get old.
source_words() { # FILE...
	cat "$@" 2>/dev/null | grep -o '"[A-Za-z_@/.-][A-Za-z0-9_@/.: -]\{1,30\}"' | sort -u
}

make_dict() { # TARGET FILE
	{
		[ ! -f "tests/fuzz/dict/$1.dict" ] || cat "tests/fuzz/dict/$1.dict"
		case $1 in
		octoprint) source_words src/driver/octoprint*.c src/driver/driver_util.c ;;
		moonraker) source_words src/driver/moonraker*.c src/driver/driver_util.c ;;
		http) source_words src/driver/*.c ;;
		config) source_words include/printop/*.def src/app/config*.c ;;
		theme) source_words include/printop/roles.def src/text/theme.c ;;
		cloud) source_words include/printop/cloud_actions.def src/connector/protocol*.c ;;
		tui | keys)
			source_words include/printop/actions.def include/printop/settings.def \
				src/app/select.c ;;
		esac
	} >"$2"
}
