package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// leftovers ends the servers that a killed daemon left running in this directory.
func (s *Supervisor) leftovers(ctx context.Context) error {
	found, err := filepath.Glob(filepath.Join(s.place.servers(), "*", "*", "postmaster.pid"))
	if err != nil {
		return err
	}
	found2, err := filepath.Glob(filepath.Join(s.place.templates(), "*", "postmaster.pid"))
	if err != nil {
		return err
	}
	var failed error
	for _, path := range append(found, found2...) {
		pid, ok := orphan(ctx, path)
		if !ok {
			continue
		}
		s.config.Logger.Info("ending a PostgreSQL server that was left running", "pid", pid, "data", filepath.Dir(path))
		gone := make(chan struct{})
		go func() { // ends with the process, or with its three time limits in end
			defer close(gone)
			tick := time.NewTicker(readyPoll) // another process's child: there is nothing to wait on
			defer tick.Stop()
			for deadline := time.Now().Add(fastStop + 3*hardStop); alive(pid) && time.Now().Before(deadline); {
				<-tick.C
			}
		}()
		failed = errors.Join(failed, s.end(ctx, pid, sigFast, gone))
		<-gone
	}
	return failed
}

// orphan gives the process that a server's pid file names, if it is still that server: its working directory is the data directory
// or, where that cannot be asked, it started when the file says.
func orphan(ctx context.Context, path string) (pid int, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	var lines []string
	for in := bufio.NewScanner(f); in.Scan() && len(lines) < 3; {
		lines = append(lines, in.Text())
	}
	if len(lines) < 3 {
		return 0, false
	}
	pid, err1 := strconv.Atoi(lines[0])
	started, err2 := strconv.ParseInt(lines[2], 10, 64)
	if errors.Join(err1, err2) != nil || pid <= 1 || !alive(pid) {
		return 0, false
	}
	if runtime.GOOS == "linux" {
		cwd, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid))
		if err == nil {
			data, err := os.Stat(filepath.Dir(path))
			return pid, err == nil && os.SameFile(cwd, data)
		}
		if !errors.Is(err, fs.ErrPermission) { // else it is in a user namespace of its own
			return 0, false
		}
	}
	at, err := startOf(ctx, pid)
	return pid, err == nil && at.Sub(time.Unix(started, 0)).Abs() <= 2*time.Second
}

// startOf tells when a server's process started.
func startOf(ctx context.Context, pid int) (time.Time, error) {
	if runtime.GOOS == "linux" {
		return startByAge(pid)
	}
	out, err := exec.CommandContext(ctx, "ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return time.Time{}, err
	}
	text := strings.Join(strings.Fields(string(out)), " ")
	at, err := time.ParseInLocation(time.ANSIC, text, time.Local)
	if err != nil {
		at, err = time.ParseInLocation("Mon Jan 2 15:04:05 2006", text, time.Local)
	}
	return at, err
}

// startByAge tells when a process started, by its age and the system's. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func startByAge(pid int) (time.Time, error) {
	stat, err1 := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	uptime, err2 := os.ReadFile("/proc/uptime")
	if err := errors.Join(err1, err2); err != nil {
		return time.Time{}, err
	}
	_, rest, _ := strings.Cut(string(stat), "(postgres) ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return time.Time{}, fmt.Errorf("process %d is no PostgreSQL server", pid)
	}
	const tick = time.Second / 100 // of the times that the kernel tells users
	ticks, err1 := strconv.ParseInt(fields[19], 10, 64)
	up, err2 := strconv.ParseFloat(strings.Fields(string(uptime))[0], 64)
	if err := errors.Join(err1, err2); err != nil {
		return time.Time{}, err
	}
	return time.Now().Add(-time.Duration(up * float64(time.Second))).Add(time.Duration(ticks) * tick), nil
}
