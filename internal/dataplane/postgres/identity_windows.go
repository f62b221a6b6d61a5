package postgres

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"atoll/internal/hint"
)

type identity struct {
	uid, gid int
	drop     bool
}

func whoami() (identity, error) {
	return identity{}, hint.Errorf("run atoll within WSL", "databases do not run on Windows itself")
}

func (identity) own(string) error { return nil }

func (identity) become(*exec.Cmd) {}

func endGroup(p *os.Process) error { return p.Kill() }

const (
	sigFast      = syscall.SIGINT
	sigImmediate = syscall.SIGQUIT
	sigReload    = syscall.SIGHUP
	sigKill      = syscall.SIGKILL
)

func signal(int, syscall.Signal) error { return errors.ErrUnsupported }

func alive(int) bool { return false }

func private(os.FileInfo) bool { return false }

func (identity) owns(os.FileInfo) bool { return true }
