//go:build unix

package cli

import "syscall"

// detached makes a child that outlives the terminal: a session of its own.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
