//go:build unix

package engine

import "syscall"

// maxFiles is how many files this process may have open at most; 0 where that is not known.
func maxFiles() uint64 {
	var own syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil {
		return 0
	}
	return own.Max
}
