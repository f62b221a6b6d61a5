//go:build !linux

package rootless

import (
	"os"
	"syscall"
)

// Inside is false: only Linux has user namespaces.
func Inside() bool { return false }

// User gives this process's user and group.
func User() (uid, gid int) { return os.Geteuid(), os.Getegid() }

// Enter does nothing.
func Enter(*syscall.SysProcAttr) {}

// As does nothing: nobody is Inside.
func As(*syscall.SysProcAttr, int, int) {}
