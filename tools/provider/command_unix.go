//go:build unix

package provider

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// isolate gives a command a process group, so that the terminal's Ctrl-C reaches it only through interrupt, once.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// interrupt asks a group to end. The go command then removes its temporary files; other signals leave gigabytes behind.
func interrupt(leader *os.Process) error {
	err := syscall.Kill(-leader.Pid, syscall.SIGINT)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// killGroup ends what is left of a group whose leader has ended. Nothing may be left, which is no error.
func killGroup(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGKILL) }
