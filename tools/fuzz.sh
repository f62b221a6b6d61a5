#!/usr/bin/env bash
# Runs every fuzz target for a while, one on each core: fuzz.sh [TIME]. A finding fails the run; Go keeps its input under testdata/fuzz.
set -euo pipefail
export time=${1:-60s}

fuzz() {
	local out
	if ! out=$(go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -parallel 1 "$1" 2>&1); then
		printf '== %s %s\n%s\n' "$1" "$2" "$out"
		return 1
	fi
	printf '%-60s %s\n' "$1 $2" "$(grep -o 'execs: [0-9]*' <<<"$out" | tail -n 1)"
}
export -f fuzz

grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9]*' internal |
	sed -E 's|^(.*)/[^/]*:func (.*)|./\1 \2|' | sort |
	xargs -P "$(nproc)" -L 1 bash -c 'fuzz "$@"' fuzz
