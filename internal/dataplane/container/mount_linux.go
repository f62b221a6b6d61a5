package container

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// mountRoot makes a container's file system the root of the calling thread, which is in a mount namespace of its own.
func mountRoot(s *Spec) error {
	root := s.Root
	steps := []struct {
		what string
		do   func() error
	}{
		{"keeping mounts to itself", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"mounting the root", func() error { return unix.Mount(root, root, "", unix.MS_BIND|unix.MS_REC, "") }},
		{"mounting /proc", func() error {
			return mountAt(root, "/proc", "proc", "proc", unix.MS_NOSUID|unix.MS_NOEXEC|unix.MS_NODEV, "")
		}},
		{"making /dev", func() error { return makeDev(root) }},
		{"mounting what is asked for", func() error { return mountAsked(s) }},
		{"making the working directory", func() error {
			at, err := within(root, orRoot(s.Dir))
			if err != nil {
				return nil //nolint:nilerr // links may lead there
			}
			return os.MkdirAll(at, 0o755) //nolint:gosec // as images have it
		}},
		{"making the root read-only", func() error {
			if !s.ReadOnlyRoot {
				return nil
			}
			return makeReadOnly(root)
		}},
		{"changing the root", func() error { return changeRoot(root) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// within gives a path of the container as one of the machine, without following links out of the root.
func within(root, path string) (string, error) {
	at := root
	for part := range strings.SplitSeq(strings.Trim(filepath.Clean(path), "/"), "/") {
		at = filepath.Join(at, part)
		if info, err := os.Lstat(at); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return "", &StartError{path + " is below a symbolic link"}
		}
	}
	return at, nil
}

func mountAt(root, path, source, kind string, flags uintptr, data string) error {
	at, err := within(root, path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(at, 0o755); err != nil { //nolint:gosec // as images have it
		return err
	}
	return unix.Mount(source, at, kind, flags, data)
}

// makeDev gives the devices that every container has.
func makeDev(root string) error {
	if err := mountAt(root, "/dev", "tmpfs", "tmpfs", unix.MS_NOSUID|unix.MS_STRICTATIME, "mode=755,size=65536k"); err != nil {
		return err
	}
	for name, minor := range map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		if err := makeDevice(filepath.Join(root, "dev"), name, minor); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"} {
		if err := os.Symlink(target, filepath.Join(root, "dev", name)); err != nil {
			return err
		}
	}
	if err := mountAt(root, "/dev/pts", "devpts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"); err != nil {
		return err
	}
	return mountAt(root, "/dev/shm", "shm", "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC|unix.MS_NODEV, "mode=1777,size=65536k")
}

// makeDevice makes a device of memory's; in a user namespace, where nobody may, the machine's is taken.
func makeDevice(dir, name string, minor uint32) error {
	path := filepath.Join(dir, name)
	err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, minor)))
	if err == unix.EPERM {
		f, err := os.Create(path)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		return unix.Mount("/dev/"+name, path, "", unix.MS_BIND, "")
	}
	if err != nil {
		return err
	}
	return os.Chmod(path, 0o666) //nolint:gosec // devices for everyone
}

// makeReadOnly makes a mounted directory read-only, and leaves alone what else a mount forbids: whoever did not mount it may not lift that.
func makeReadOnly(at string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(at, &st); err != nil {
		return err
	}
	flags := uintptr(unix.MS_BIND | unix.MS_REMOUNT | unix.MS_RDONLY)
	for told, flag := range map[int64]uintptr{
		unix.ST_NOSUID: unix.MS_NOSUID, unix.ST_NODEV: unix.MS_NODEV, unix.ST_NOEXEC: unix.MS_NOEXEC,
		unix.ST_NOATIME: unix.MS_NOATIME, unix.ST_NODIRATIME: unix.MS_NODIRATIME, unix.ST_RELATIME: unix.MS_RELATIME,
	} {
		if st.Flags&told != 0 {
			flags |= flag
		}
	}
	return unix.Mount("", at, "", flags, "")
}

func mountAsked(s *Spec) error {
	for _, dir := range slices.Sorted(maps.Keys(s.Tmpfs)) {
		if err := mountAt(s.Root, dir, "tmpfs", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, s.Tmpfs[dir]); err != nil {
			return err
		}
	}
	for _, m := range s.Mounts {
		if err := bind(s.Root, m); err != nil {
			return fmt.Errorf("%s: %w", m.Target, err)
		}
	}
	return nil
}

func bind(root string, m Mount) error {
	at, err := within(root, m.Target)
	if err != nil {
		return err
	}
	info, err := os.Stat(m.Source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(at, 0o755) //nolint:gosec // as images have it
	} else if err = os.MkdirAll(filepath.Dir(at), 0o755); err == nil { //nolint:gosec // as images have it
		var f *os.File
		if f, err = os.OpenFile(at, os.O_CREATE|os.O_RDONLY, 0o644); err == nil { //nolint:gosec // a place to mount at
			err = f.Close()
		}
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(m.Source, at, "", unix.MS_BIND|unix.MS_REC, ""); err != nil || !m.ReadOnly {
		return err
	}
	return makeReadOnly(at)
}

// changeRoot makes a mounted directory the root, and leaves nothing of the old one.
func changeRoot(root string) error {
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil { // the old root lies over the new one now
		return err
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return unix.Chdir("/")
}

// capabilityNumbers are the kernel's. https://github.com/torvalds/linux/blob/master/include/uapi/linux/capability.h
func capabilityNumbers() []string {
	return []string{"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE",
		"NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT",
		"SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
		"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"}
}

// dropCapabilities takes from what the thread starts every capability but some, for good.
func dropCapabilities(keep []string) error {
	for n, name := range capabilityNumbers() {
		if slices.Contains(keep, "CAP_"+name) {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(n), 0, 0, 0); err != nil && err != unix.EINVAL { // EINVAL: the kernel does not know it
			return fmt.Errorf("dropping the capability %s: %w", name, err)
		}
	}
	return nil
}
