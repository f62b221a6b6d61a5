#!/usr/bin/env bash
# Runs every fuzz target for a while, one on each core: fuzz.sh [TIME]. A finding fails the run; Go keeps its input under testdata/fuzz.
# Interesting inputs are made smaller by 100 steps at most: Go's default, 60 s each, leaves a short run no time to look for others.
set -euo pipefail
export time=${1:-60s}

once() {
	go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 100x -parallel 1 "$1" 2>&1
}

# Up to Go 1.26 a run may end with its own deadline as an error, without any input (https://go.dev/issue/75804): that run found
# nothing and is made once more.
unfinished() {
	grep -qx ' *context deadline exceeded' <<<"$1" && ! grep -qE 'Failing input written|panic:|_test\.go:' <<<"$1"
}

fuzz() {
	local out
	if ! out=$(once "$@") && ! { unfinished "$out" && out=$(once "$@"); }; then
		printf '== %s %s\n%s\n' "$1" "$2" "$out"
		return 1
	fi
	printf '%-60s %s\n' "$1 $2" "$(grep -o 'execs: [0-9]*' <<<"$out" | tail -n 1)"
}
export -f once unfinished fuzz

grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9]*' internal |
	sed -E 's|^(.*)/[^/]*:func (.*)|./\1 \2|' | sort |
	xargs -P "$(nproc)" -L 1 bash -c 'fuzz "$@"' fuzz
