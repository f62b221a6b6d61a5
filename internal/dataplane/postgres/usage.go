package postgres

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Usage is what a server takes of the machine.
type Usage struct {
	CPU         time.Duration // since the server's start; only Linux tells, 0 elsewhere
	Memory      int64         // bytes: what its processes have for themselves, and the shared part once; likewise
	Storage     int64         // bytes of its data
	Connections int           // of clients
}

// Usage measures a server that runs.
func (s *Supervisor) Usage(ctx context.Context, name string) (Usage, error) {
	srv := s.find(name)
	if srv == nil || !srv.primary.Load().up() {
		return Usage{}, fmt.Errorf("the server %s does not run", name)
	}
	n := srv.primary.Load()
	count, err := s.place.one(ctx, n.port, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename <> "+quote(superuser))
	if err != nil {
		return Usage{}, err
	}
	u := Usage{Storage: size(n.data)}
	if u.Connections, err = strconv.Atoi(count); err != nil {
		return Usage{}, fmt.Errorf("counting connections: %w", err)
	}
	u.CPU, u.Memory = processes(n.cmd.Process.Pid)
	return u, nil
}

// size gives the bytes of the files below a directory; files may come and go meanwhile.
func size(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

// tick is the unit of times in /proc: USER_HZ is 100 on all of Linux's platforms that Go runs on.
const tick = 10 * time.Millisecond

// processes sums a process and its children, those that have ended included. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func processes(pid int) (cpu time.Duration, memory int64) {
	pids := []string{strconv.Itoa(pid)}
	if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)); err == nil {
		pids = append(pids, strings.Fields(string(raw))...)
	}
	var shared int64
	for i, p := range pids {
		raw, err := os.ReadFile("/proc/" + p + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])) // from the third on: the second may have spaces
		const utime, stime, cutime, cstime = 14 - 3, 15 - 3, 16 - 3, 17 - 3
		if len(fields) <= cstime {
			continue
		}
		wanted := []int{utime, stime}
		if i == 0 {
			wanted = append(wanted, cutime, cstime)
		}
		for _, f := range wanted {
			if n, err := strconv.ParseInt(fields[f], 10, 64); err == nil {
				cpu += time.Duration(n) * tick
			}
		}
		own, common := resident(p)
		memory, shared = memory+own, max(shared, common)
	}
	return cpu, memory + shared
}

// resident gives the memory that a process has for itself and what it has touched of shared memory, in bytes.
func resident(pid string) (own, shared int64) {
	f, err := os.Open("/proc/" + pid + "/status")
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		words := strings.Fields(in.Text())
		if len(words) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(words[1], 10, 64)
		switch words[0] {
		case "RssAnon:":
			own = n << 10
		case "RssShmem:":
			shared = n << 10
		}
	}
	return own, shared
}
