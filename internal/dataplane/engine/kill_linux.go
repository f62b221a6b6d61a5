package engine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// RunKill kills the processes of a command that Exec has begun, by its id, as often as there are any: atoll container-kill ID. It runs where
// they are seen, and gives the exit code.
func RunKill(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, KillCommand+": the command's id is missing")
		return 2
	}
	wanted := []byte(mark + "=" + args[0])
	for {
		files, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		found := false
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil { // it has ended
				continue
			}
			for variable := range bytes.SplitSeq(b, []byte{0}) {
				if !bytes.Equal(variable, wanted) {
					continue
				}
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file))) // its name is a number
				found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
			}
		}
		if !found {
			return 0
		}
	}
}
