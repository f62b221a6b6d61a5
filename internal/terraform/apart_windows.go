package terraform

import "syscall"

// apart keeps a child out of the console's process group: Ctrl-C reaches this process alone.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
