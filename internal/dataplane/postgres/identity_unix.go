//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"atoll/internal/dataplane/rootless"
	"atoll/internal/hint"
)

// identity is the user as whom servers run. PostgreSQL refuses to run as root.
type identity struct {
	uid, gid int  // whose the files are
	drop     bool // this process is root: children change to the user, and files are given to it
	inside   bool // this process is root of a namespace without other users: children are the same user under these numbers, which its passwd knows
	as       struct{ uid, gid int }
}

// whoami gives the current user or, for root, "postgres" where there is such a user and "nobody" otherwise.
func whoami() (identity, error) {
	i := identity{uid: os.Geteuid(), gid: os.Getegid(), drop: rootless.Privileged(), inside: rootless.Inside()}
	if i.inside {
		i.as.uid, i.as.gid = rootless.User()
	}
	if !i.drop && (!i.inside || i.as.uid != 0) {
		return i, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2); err != nil || uid == 0 {
			continue
		}
		if i.inside {
			i.as.uid, i.as.gid = uid, gid
		} else {
			i.uid, i.gid = uid, gid
		}
		return i, nil
	}
	return identity{}, hint.Errorf("run atoll as an ordinary user, or add one called postgres: useradd --system postgres",
		"PostgreSQL refuses to run as root, and there is no user postgres or nobody that it could run as")
}

// own gives a file to the user.
func (i identity) own(path string) error {
	if !i.drop {
		return nil
	}
	return os.Lchown(path, i.uid, i.gid)
}

// become has a command run as the user, in a process group of its own so that a Ctrl-C in the terminal does not reach it.
func (i identity) become(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if i.drop {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(i.uid), Gid: uint32(i.gid)}
	}
	if i.inside {
		rootless.As(c.SysProcAttr, i.as.uid, i.as.gid)
	}
}

// endGroup ends a child that became the user, with its own children.
func endGroup(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return os.ErrProcessDone
}

// Signals to a postmaster. https://www.postgresql.org/docs/current/server-shutdown.html
const (
	sigFast      = syscall.SIGINT
	sigImmediate = syscall.SIGQUIT
	sigReload    = syscall.SIGHUP
	sigKill      = syscall.SIGKILL
)

// signal sends a signal to a process; one that is gone is no error.
func signal(pid int, s syscall.Signal) error {
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %v to process %d: %w", s, pid, err)
	}
	return nil
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// private checks that a directory is the current user's alone.
func private(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && info.Mode().Perm()&0o077 == 0 && int(st.Uid) == os.Geteuid()
}

// owns reports whether a file is the user's.
func (i identity) owns(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == i.uid
}
