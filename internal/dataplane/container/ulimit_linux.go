package container

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// resource gives the kernel's number of what a Ulimit names. https://man7.org/linux/man-pages/man2/getrlimit.2.html
func resource(name string) (int, bool) {
	n, ok := map[string]int{
		"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE, "locks": unix.RLIMIT_LOCKS,
		"memlock": unix.RLIMIT_MEMLOCK, "msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE, "nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC,
		"rss": unix.RLIMIT_RSS, "rtprio": unix.RLIMIT_RTPRIO, "rttime": unix.RLIMIT_RTTIME, "sigpending": unix.RLIMIT_SIGPENDING, "stack": unix.RLIMIT_STACK,
	}[name]
	return n, ok
}

// setLimits gives a process that has just been started its limits. Those that nobody has asked for are given as far as that is allowed.
func setLimits(pid int, limits []Ulimit) error {
	for _, l := range rlimits(limits) {
		name := strings.ToLower(strings.TrimPrefix(l.Type, "RLIMIT_"))
		n, ok := resource(name)
		if !ok {
			return &StartError{"there is no limit " + name}
		}
		asked := slices.ContainsFunc(limits, func(l Ulimit) bool { return l.Name == name })
		if err := unix.Prlimit(pid, n, &unix.Rlimit{Cur: l.Soft, Max: l.Hard}, nil); asked && err != nil && err != unix.ESRCH {
			return &StartError{fmt.Sprintf("limiting %s to %d: %v", name, l.Hard, err)}
		}
	}
	return nil
}
