package provider

import (
	"os"
	"os/exec"
)

func isolate(*exec.Cmd) {}

// interrupt ends the process at once: Windows has no signal for it alone.
func interrupt(leader *os.Process) error { return leader.Kill() }

func killGroup(*os.Process) {}
