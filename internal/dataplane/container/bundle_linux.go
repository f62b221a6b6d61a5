package container

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// capabilities are those that containers have by default, as Docker and Fargate give them.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html
func capabilities() []string {
	return []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE", "NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP"}
}

// writeBundle writes what an OCI runtime needs beside the root file system.
// https://github.com/opencontainers/runtime-spec/blob/main/config.md
func writeBundle(dir string, groups cgroups, s *Spec) error {
	config, err := runtimeConfig(groups, s)
	if err != nil {
		return err
	}
	b, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), b, 0o600)
}

func runtimeConfig(groups cgroups, s *Spec) (*specs.Spec, error) {
	who, err := lookUp(s.Root, s.User)
	if err != nil {
		return nil, err
	}
	caps := capsOf(s)
	config := &specs.Spec{
		Version: "1.0.2", Hostname: s.Hostname, Root: &specs.Root{Path: s.Root, Readonly: s.ReadOnlyRoot},
		Process: &specs.Process{
			User: specs.User{UID: who.UID, GID: who.GID, AdditionalGids: who.Groups}, Args: s.Args, Env: environment(s.Env, who.Home), Cwd: s.Dir,
			NoNewPrivileges: false, Rlimits: rlimits(s.Ulimits),
			Capabilities: &specs.LinuxCapabilities{Bounding: caps, Permitted: caps, Effective: caps},
		},
		Mounts: mounts(s),
		Linux: &specs.Linux{
			CgroupsPath: "/" + filepath.Join(groups.parent, s.Group, s.ID), Namespaces: namespaces(s.Network, groups.unified), Resources: resources(s.Limits),
			MaskedPaths:   []string{"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"},
			ReadonlyPaths: []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}
	if s.Dir == "" {
		config.Process.Cwd = "/"
	}
	if who.UID != 0 { // others than root get what a program's file gives them
		config.Process.Capabilities.Permitted, config.Process.Capabilities.Effective = nil, nil
	}
	return config, nil
}

func capsOf(s *Spec) []string {
	have := map[string]bool{}
	for _, c := range capabilities() {
		have[c] = true
	}
	if slices.Contains(s.DropCaps, "ALL") {
		clear(have)
	}
	for _, c := range s.DropCaps {
		delete(have, c)
	}
	for _, c := range s.AddCaps {
		have[c] = true
	}
	var out []string
	for _, c := range slices.Sorted(maps.Keys(have)) {
		out = append(out, "CAP_"+c)
	}
	return out
}

// environment adds what every program expects.
func environment(env []string, home string) []string {
	has := func(name string) bool {
		return slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	}
	out := slices.Clone(env)
	if !has("PATH") {
		out = append(out, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	if !has("HOME") {
		out = append(out, "HOME="+home)
	}
	return out
}

// rlimits gives a program the limits asked for, and at most what this process may give.
func rlimits(limits []Ulimit) []specs.POSIXRlimit {
	if !slices.ContainsFunc(limits, func(l Ulimit) bool { return l.Name == "nofile" }) { // Fargate's default
		limits = append(slices.Clone(limits), Ulimit{"nofile", 65535, 65535})
	}
	var files unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	out := []specs.POSIXRlimit{}
	for _, l := range limits {
		if l.Name == "nofile" && err == nil {
			l.Soft, l.Hard = min(l.Soft, files.Max), min(l.Hard, files.Max)
		}
		out = append(out, specs.POSIXRlimit{Type: "RLIMIT_" + strings.ToUpper(l.Name), Soft: l.Soft, Hard: l.Hard})
	}
	return out
}

func mounts(s *Spec) []specs.Mount {
	out := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}},
		// programs size themselves by their limits, such as a JVM its heap
		{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{"nosuid", "noexec", "nodev", "relatime", "ro"}},
	}
	for _, dir := range slices.Sorted(maps.Keys(s.Tmpfs)) {
		options := []string{"nosuid", "nodev"}
		if s.Tmpfs[dir] != "" {
			options = append(options, strings.Split(s.Tmpfs[dir], ",")...)
		}
		out = append(out, specs.Mount{Destination: dir, Type: "tmpfs", Source: "tmpfs", Options: options})
	}
	for _, m := range s.Mounts {
		options := []string{"rbind", "rw"}
		if m.ReadOnly {
			options = []string{"rbind", "ro"}
		}
		out = append(out, specs.Mount{Destination: m.Target, Type: "bind", Source: m.Source, Options: options})
	}
	return out
}

func namespaces(network string, unified bool) []specs.LinuxNamespace {
	out := []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace}, {Type: specs.MountNamespace}}
	if unified { // without it, a mount of version 2 shows the machine's groups; of version 1, runc shows the container's own alone
		out = append(out, specs.LinuxNamespace{Type: specs.CgroupNamespace})
	}
	if network != "" {
		out = append(out, specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: network})
	}
	return out
}

// period of the CPU quota, in microseconds, as the kernel has it by default.
const period = 100_000

func resources(l Limits) *specs.LinuxResources {
	r := &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}}
	if l.CPUs > 0 || l.Shares > 0 {
		r.CPU = &specs.LinuxCPU{}
		if l.CPUs > 0 {
			r.CPU.Quota, r.CPU.Period = new(int64(l.CPUs*period)), new(uint64(period))
		}
		if l.Shares > 0 {
			r.CPU.Shares = new(max(uint64(l.Shares), 2))
		}
	}
	if l.Memory > 0 {
		r.Memory = &specs.LinuxMemory{Limit: &l.Memory}
	}
	return r
}
