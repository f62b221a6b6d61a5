package container

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// parentOf names the control group that holds those of a runtime, by the runtime's directory.
func parentOf(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "atoll-" + hex.EncodeToString(sum[:6])
}

// cgroups is the machine's control groups, of version 1 or 2, from their root on.
// https://docs.kernel.org/admin-guide/cgroup-v1/ https://docs.kernel.org/admin-guide/cgroup-v2.html
type cgroups struct {
	root    string
	parent  string // of all groups, below the root
	unified bool
}

// recordsDir has a file for each runtime whose control groups are there, with the runtime's directory: a hash tells nobody whose they are.
// Like control groups it ends with the machine's run.
const recordsDir = "/run/atoll/runtimes"

// machineCgroups finds the control groups for a runtime's directory. ok is false where they cannot be changed.
func machineCgroups(dir string) (c cgroups, ok bool) {
	c.root, c.parent = "/sys/fs/cgroup", parentOf(dir)
	var s unix.Statfs_t
	c.unified = unix.Statfs(c.root, &s) == nil && s.Type == unix.CGROUP2_SUPER_MAGIC
	ok = true
	for _, dir := range c.dirs("") {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			ok = false
		}
	}
	if ok && c.unified {
		ok = c.delegate(c.root) == nil && c.delegate(filepath.Join(c.root, c.parent)) == nil
	}
	if err := os.MkdirAll(recordsDir, 0o755); err == nil { // without it, groups may stay behind
		_ = os.WriteFile(filepath.Join(recordsDir, c.parent), []byte(dir), 0o600)
	}
	c.removeDead()
	return c, ok
}

// removeDead removes the groups of runtimes whose directory is gone, as after a cloud was killed and its directory removed. Groups that have
// processes stay: the kernel refuses.
func (c cgroups) removeDead() {
	records, err := os.ReadDir(recordsDir)
	if err != nil {
		return
	}
	for _, record := range records {
		dir, err := os.ReadFile(filepath.Join(recordsDir, record.Name()))
		if err != nil || record.Name() != parentOf(string(dir)) {
			continue
		}
		if _, err := os.Stat(string(dir)); errors.Is(err, fs.ErrNotExist) && record.Name() != c.parent {
			dead := c
			dead.parent = record.Name()
			dead.sweep(dead.removeNow, true)
		}
	}
}

// delegate lets the children of a version 2 group have limits.
func (c cgroups) delegate(dir string) error {
	return os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+cpu +memory"), 0)
}

// dirs are the directories of a group.
func (c cgroups) dirs(group string) []string {
	if c.unified {
		return []string{filepath.Join(c.root, c.parent, group)}
	}
	return []string{filepath.Join(c.root, "memory", c.parent, group), filepath.Join(c.root, "cpu", c.parent, group), filepath.Join(c.root, "cpuacct", c.parent, group)}
}

// everywhere gives the directories of a group with all controllers: runc makes them with each that the machine has.
func (c cgroups) everywhere(group string) []string {
	if c.unified {
		return c.dirs(group)
	}
	found, err := filepath.Glob(filepath.Join(c.root, "*", c.parent, group))
	if err != nil { // a pattern in a name
		return c.dirs(group)
	}
	return found
}

func (c cgroups) file(controller, group, name string) string {
	if c.unified {
		controller = ""
	}
	return filepath.Join(c.root, controller, c.parent, group, name)
}

func (c cgroups) create(group string, l Limits) error {
	for _, dir := range c.dirs(group) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	type setting struct{ controller, file, value string }
	var set []setting
	if c.unified {
		if err := c.delegate(c.dirs(group)[0]); err != nil {
			return err
		}
		if l.Memory > 0 {
			set = append(set, setting{"", "memory.max", strconv.FormatInt(l.Memory, 10)}, setting{"", "memory.swap.max", "0"})
		}
		if l.CPUs > 0 {
			set = append(set, setting{"", "cpu.max", fmt.Sprintf("%d %d", int64(l.CPUs*period), period)})
		}
	} else {
		set = append(set, setting{"memory", "memory.use_hierarchy", "1"})
		if l.Memory > 0 {
			set = append(set, setting{"memory", "memory.limit_in_bytes", strconv.FormatInt(l.Memory, 10)})
		}
		if l.CPUs > 0 {
			set = append(set, setting{"cpu", "cpu.cfs_period_us", strconv.Itoa(period)}, setting{"cpu", "cpu.cfs_quota_us", strconv.FormatInt(int64(l.CPUs*period), 10)})
		}
	}
	for _, s := range set {
		err := os.WriteFile(c.file(s.controller, group, s.file), []byte(s.value), 0)
		optional := s.file == "memory.use_hierarchy" || s.file == "memory.swap.max" // not on every kernel
		if err != nil && !optional {
			return fmt.Errorf("setting the limits of %s: %w", group, err)
		}
	}
	return nil
}

// remove removes a group and what is below it, once their processes are gone: the kernel lets go of a group a moment after its last thread.
func (c cgroups) remove(group string) error {
	var err error
	for range 100 {
		if err = c.removeNow(group); !errors.Is(err, unix.EBUSY) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

func (c cgroups) removeNow(group string) error {
	for _, dir := range c.everywhere(group) {
		children, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, child := range children {
			if child.IsDir() {
				if err := unix.Rmdir(filepath.Join(dir, child.Name())); err != nil {
					return fmt.Errorf("removing %s/%s: %w", dir, child.Name(), err)
				}
			}
		}
		if err := unix.Rmdir(dir); err != nil {
			return fmt.Errorf("removing %s: %w", dir, err)
		}
	}
	return nil
}

// sweep removes all groups by one of the methods to remove one, and their parent where last is set; what still runs in them stays.
func (c cgroups) sweep(remove func(group string) error, last bool) {
	for _, dir := range c.everywhere("") {
		groups, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, g := range groups {
			if g.IsDir() {
				_ = remove(g.Name())
			}
		}
	}
	if last && remove("") == nil {
		_ = os.Remove(filepath.Join(recordsDir, c.parent))
	}
}

// outOfMemory counts how often the kernel has ended a process of a group, and of a container in it.
func (c cgroups) outOfMemory(group, id string) int64 {
	var n int64
	for _, g := range []string{group, filepath.Join(group, id)} {
		name := "memory.oom_control"
		if c.unified {
			name = "memory.events.local"
		}
		n += field(c.file("memory", g, name), "oom_kill")
	}
	return n
}

// field gives a number of a file whose lines are names with numbers; 0 if it is not there.
func field(path, name string) int64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if value, ok := strings.CutPrefix(s.Text(), name+" "); ok {
			n, _ := strconv.ParseInt(value, 10, 64)
			return n
		}
	}
	return 0
}

func (c cgroups) usage(group string) (Usage, error) {
	cpuFile, memoryFile, cache := c.file("cpuacct", group, "cpuacct.usage"), c.file("memory", group, "memory.usage_in_bytes"), "total_inactive_file"
	if c.unified {
		memoryFile, cache = c.file("memory", group, "memory.current"), "inactive_file"
	}
	memory, err := count(memoryFile)
	if err != nil {
		return Usage{}, err
	}
	memory = max(memory-field(c.file("memory", group, "memory.stat"), cache), 0)
	if c.unified {
		return Usage{time.Duration(field(c.file("cpu", group, "cpu.stat"), "usage_usec")) * time.Microsecond, memory}, nil
	}
	cpu, err := count(cpuFile)
	return Usage{time.Duration(cpu), memory}, err
}

func count(path string) (int64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
}
