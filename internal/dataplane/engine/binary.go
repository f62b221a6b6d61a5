package engine

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// BinaryVariable names the program of network containers where it does not lie beside atoll.
const BinaryVariable = "ATOLL_LINUX_BINARY"

// Binary finds the program of network containers, a static atoll for Linux: what $ATOLL_LINUX_BINARY names, else on Linux this program itself,
// else atoll-linux-ARCH beside it.
func Binary(getenv func(string) string) (string, error) {
	if path := getenv(BinaryVariable); path != "" {
		if !static(path) {
			return "", fmt.Errorf("%s is no static program for Linux ($%s)", path, BinaryVariable)
		}
		return path, nil
	}
	const own = "/proc/self/exe" // also where the file has been replaced since
	if runtime.GOOS == "linux" && static(own) {
		return own, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding atoll itself: %w", err)
	}
	path := filepath.Join(filepath.Dir(self), "atoll-linux-"+runtime.GOARCH)
	if static(path) {
		return path, nil
	}
	return "", fmt.Errorf("containers get their network by atoll's program for Linux, linked statically: put it at %s (make build does), or name it in $%s", path, BinaryVariable)
}

// static reports whether a file is a program for Linux that needs no dynamic linker.
func static(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}
