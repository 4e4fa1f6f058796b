#!/bin/sh
# Puts the table of keys into README.md; `make docs` calls it, the lint compares.
B=${B:-build}
"$B/printop" docs keys.md | awk '
	FNR == NR { keys = keys $0 "\n"; next }
	/^<!-- keys:/ { print; printf "%s", keys; skip = 1; next }
	/^<!-- \/keys -->/ { skip = 0 }
	!skip { print }' - "${1:-README.md}"
