//go:build unix

package database

import (
	"os"
	"syscall"
)

// apart keeps a child out of the reach of the terminal's Ctrl-C, which psql takes for the query that it runs.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func interrupt(p *os.Process) error { return p.Signal(os.Interrupt) }
