//go:build !linux

package engine

import (
	"fmt"
	"os"
)

// RunKill fails: there are no containers to be in.
func RunKill([]string) int {
	fmt.Fprintln(os.Stderr, KillCommand+" runs on Linux")
	return 1
}
