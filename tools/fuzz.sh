#!/usr/bin/env bash
# Runs every fuzz target for a while: fuzz.sh [TIME]. A finding fails the run, and Go keeps its input under testdata/fuzz.
set -euo pipefail
time=${1:-60s}
for dir in $(grep -rl --include='*_test.go' '^func Fuzz' internal | xargs -n1 dirname | sort -u); do
	for target in $(go test -list '^Fuzz' "./$dir" | grep '^Fuzz'); do
		echo "== $dir $target $time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$dir" | tail -n 3
	done
done
