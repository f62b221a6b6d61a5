package cli

import "syscall"

// detached makes a child that outlives the terminal: one without a console, in a group of its own.
// https://learn.microsoft.com/windows/win32/procthread/process-creation-flags
func detached() *syscall.SysProcAttr {
	const detachedProcess = 0x8
	return &syscall.SysProcAttr{CreationFlags: detachedProcess | syscall.CREATE_NEW_PROCESS_GROUP}
}
