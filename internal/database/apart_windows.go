package database

import (
	"os"
	"syscall"
)

// apart keeps a child out of the reach of the console's Ctrl-C, which psql takes for the query that it runs.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// interrupt ends a child: Windows has no signals for processes of other groups.
func interrupt(p *os.Process) error { return p.Kill() }
