package rootless

import (
	"fmt"
	"os"
	"sync"
	"syscall"
)

// outside gives the number by which the system knows the only user of the namespace that this process is in; ok is false in
// namespaces with several users, such as the system's own. kind is uid or gid.
func outside(kind string) (id int, ok bool) {
	raw, err := os.ReadFile("/proc/self/" + kind + "_map")
	if err != nil {
		return 0, false
	}
	var inside, length int
	var more string
	n, _ := fmt.Sscan(string(raw), &inside, &id, &length, &more) // "0 1000 1"
	return id, n == 3 && length == 1
}

// Inside reports whether this process is in a namespace that Enter has made.
func Inside() bool { return inside() }

// inside is asked once: no process with threads changes its user namespace.
var inside = sync.OnceValue(func() bool {
	_, ok := outside("uid")
	return ok
})

// User gives the numbers by which the system knows this process's user and group, inside as outside.
func User() (uid, gid int) {
	uid, gid = os.Geteuid(), os.Getegid()
	if id, ok := outside("uid"); ok {
		uid = id
	}
	if id, ok := outside("gid"); ok {
		gid = id
	}
	return uid, gid
}

// Enter has a child be root of a new user namespace, with a mount namespace of its own.
func Enter(child *syscall.SysProcAttr) {
	child.Cloneflags |= syscall.CLONE_NEWNS
	as(child, 0, 0)
}

// As has a child of a process that is Inside run under other numbers of user and group. Its files are the same user's.
func As(child *syscall.SysProcAttr, uid, gid int) {
	as(child, uid, gid)
	child.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}
}

func as(child *syscall.SysProcAttr, uid, gid int) {
	child.Cloneflags |= syscall.CLONE_NEWUSER
	child.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Geteuid(), Size: 1}}
	child.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: os.Getegid(), Size: 1}}
}
