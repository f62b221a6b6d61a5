package daemon

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// dropProgram takes the pages of the program's file out of this process's memory: the start needs most of them, waiting few. Those
// that are needed come back from the kernel's cache, by some microseconds each time. Mappings that hold anything else than
// the file's own content are left alone.
func dropProgram() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return err
	}
	for _, m := range cleanMappings(string(smaps), program) {
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("madvise of %x-%x: %w", m.start, m.end, errno)
		}
	}
	return nil
}

// mapping is a range of addresses.
type mapping struct{ start, end uintptr }

// cleanMappings gives the mappings of a file that cannot be written to and in which nothing differs from the file, by the text of
// /proc/PID/smaps (https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html).
func cleanMappings(smaps, file string) (clean []mapping) {
	var m mapping
	candidate := false
	for line := range strings.Lines(smaps) {
		fields := strings.Fields(line)
		switch {
		case len(fields) >= 5 && !strings.HasSuffix(fields[0], ":"):
			_, path, _ := strings.Cut(line, " /")
			n, err := fmt.Sscanf(fields[0], "%x-%x", &m.start, &m.end)
			candidate = err == nil && n == 2 && "/"+strings.TrimSuffix(path, "\n") == file && !strings.Contains(fields[1], "w")
		case candidate && fields[0] == "Anonymous:":
			if fields[1] == "0" {
				clean = append(clean, m)
			}
			candidate = false
		}
	}
	return clean
}
