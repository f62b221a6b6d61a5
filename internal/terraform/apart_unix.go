//go:build unix

package terraform

import "syscall"

// apart keeps a child out of the terminal's process group: Ctrl-C reaches this process alone.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
