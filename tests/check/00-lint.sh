#!/bin/sh
# The rules of the code that a machine can hold: layers, owners of libraries, banned calls, sizes, documents made from tables.
B=${B:-build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# result NAME: passes when standard input is empty, else prints it.
result() {
	echo x >>"$tmp/count"
	n=$(wc -l <"$tmp/count")
	cat >"$tmp/out"
	if [ -s "$tmp/out" ]; then
		echo "not ok $n - $1"
		sed 's/^/#   /' "$tmp/out" | head -n 40
	else
		echo "ok $n - $1"
	fi
}

# ---- layers ----
for layer in base model driver text net sim app tui batch gateway connector serve; do
	nm "$B"/src/$layer/*.o 2>/dev/null | awk '$2 ~ /[TDBRC]/ { print $3 }' | sort -u >"$tmp/def.$layer"
	nm -u "$B"/src/$layer/*.o 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u >"$tmp/use.$layer"
done

# Names and arguments of verbs are plain data that everybody who submits one needs.
plain_data='verb_name\|verb_from_name\|verb_args_done\|verb_args_copy'

# forbid LAYER OTHER...: LAYER uses nothing that OTHER defines.
forbid() {
	layer=$1
	shift
	for other in "$@"; do
		comm -12 "$tmp/use.$layer" "$tmp/def.$other" | grep -vx "$plain_data" | sed "s/^/$layer uses $other: /"
	done
}
{
	forbid base model driver text net sim app tui batch
	forbid model driver text net sim app tui batch
	forbid driver text net sim app tui batch
	forbid text model driver net sim app tui batch
	forbid net model driver text sim app tui batch
	forbid sim model driver text app tui batch
	forbid app net sim tui batch
	forbid tui driver net sim batch
	forbid batch driver net sim tui
	forbid connector driver sim tui batch gateway serve	# net: requests go to a cloud, too
	for below in base model driver text net sim app tui batch; do
		forbid $below connector
	done
} | result "layers use only what is below them"

# The model and the drivers are pure: no files, clock, environment or log.
for layer in model driver; do
	grep -E '^(f?open|fopen|read|write|getenv|time|clock_gettime|gettimeofday|log_write|printf|puts|fprintf|loop_.*|uv_.*|curl_.*)$' \
		"$tmp/use.$layer" | sed "s/^/$layer calls /"
done | result "model and drivers are pure"

# owner HEADER FILE...: only these include it.
owner() {
	header=$1
	shift
	grep -rlE "#include <$header>" src include | while read -r f; do
		case " $* " in *" $f "*) ;; *) echo "$f includes $header" ;; esac
	done
}
{
	owner uv.h src/base/loop.c
	owner cjson/cJSON.h src/base/json.c
	owner cmark.h src/text/md.c src/text/md_roff.c
	owner libconfig.h src/text/theme.c src/app/config.c src/app/config_read.c src/app/config_read.h
	owner curl/curl.h src/net/transport_curl.c src/net/curl_target.h src/net/curl_upload.h
	owner microhttpd.h src/net/httpd.c
	owner zip.h src/gateway/ufp_libzip.c
	owner zlib.h src/gateway/gunzip.c src/connector/tar.c
	owner curses.h src/tui/term.c
	owner avahi-client/client.h src/net/mdns_avahi.c
	owner ncurses.h
} | result "each library has one owner"

# ---- banned calls ----
nm -uA "$B"/src/*/*.o "$B"/src/main.o |
	grep -E ' U (__)?(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|system|popen|scanf|sscanf|mktemp|tmpnam)(_chk)?$' |
	result "no banned function is called"

# ---- state ----
nm -A "$B"/src/*/*.o | awk '$(NF-1) ~ /^[BDC]$/ { print }' | grep -v 'data.rel.ro' |
	while read -r line; do
		# Tables of constants with pointers live in .data.rel.ro and are shown as D.
		obj=${line%%:*} sym=${line##* }
		section=$(objdump -t "$obj" | awk -v s="$sym" '$NF == s { print $(NF-2); exit }')
		case $section in .data.rel.ro*) ;; *) echo "$obj exports the variable $sym" ;; esac
	done | result "no exported variables"

# ---- sizes ----
awk 'FNR == 1 { name = "" } /^[a-z].*[^;]$/ { name = $0 } /^{/ { start = FNR }
	/^}/ && start { if (FNR - start - 1 > 80) print FILENAME ": " FNR - start - 1 " lines: " name; start = 0 }' \
	src/*.c src/*/*.c | result "no function is longer than 80 lines"
wc -l src/*.c src/*/*.[ch] include/printop/*.h | awk '$2 != "total" && $1 > 1000 { print $2 ": " $1 " lines" }' |
	result "no file is longer than 1000 lines"
awk 'length($0) > 132 { print FILENAME ":" FNR ": " length($0) " columns" }' src/*.c src/*/*.[ch] include/printop/*.h |
	result "no line is wider than 132 columns"
for f in src/*.c src/*/*.[ch] include/printop/*.h include/printop/*.def; do
	head -n 1 "$f" | grep -q '^/\*' || echo "$f does not say what it is for"
done | result "every file opens with what it is for"
grep -nE '^[[:space:]]+default:' src/driver/*.c src/model/*.c | result "no default in a switch over our own enums"

# ---- what must not be committed ----
git ls-files 2>/dev/null | grep -vE '^(tests/lint|tests/check/00-lint.sh)' | xargs -r grep -nIE '(^|[^a-z.])/(work|root|tmp/lead)/|shared/(facts|fixtures|design|screens)' 2>/dev/null |
	result "no machine paths in the tree"
ls -A | grep -vxE 'src|include|themes|tests|man|Makefile|printers.conf.example|README.md|LICENSE|build|\.git|\.ci|\.clang-format|\.editorconfig|\.gitignore' |
	result "the top level holds only what belongs there"

# ---- documents made from the tables ----
for pair in "example printers.conf.example" "printop.1 man/printop.1" "printers.conf.5 man/printers.conf.5" \
	"bash man/completions/printop.bash" "zsh man/completions/_printop" "fish man/completions/printop.fish"; do
	what=${pair% *} file=${pair#* }
	"$B"/printop docs "$what" >"$tmp/doc" 2>&1 || { echo "printop docs $what failed"; continue; }
	cmp -s "$tmp/doc" "$file" || echo "$file is old: run make docs"
done | result "documents agree with the tables"
sh tests/tools/readme.sh | diff - README.md | result "the keys in the README are the keys of the program"
echo "1..$(wc -l <"$tmp/count")"
