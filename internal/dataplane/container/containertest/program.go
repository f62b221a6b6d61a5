package containertest

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"testing"
)

// Program is a Go program for the containers of tests. It needs no libraries, and is built when a test first asks for it.
type Program struct {
	Package string // such as ./testdata/program

	once sync.Once
	root string
	err  error
	out  []byte
}

// Root gives a folder that holds the program, by the last part of its package's path, and nothing else.
func (p *Program) Root(tb testing.TB) string {
	tb.Helper()
	p.once.Do(func() {
		if p.root, p.err = os.MkdirTemp("", "atoll-program-"); p.err != nil {
			return
		}
		cmd := exec.CommandContext(tb.Context(), "go", "build", "-o", filepath.Join(p.root, path.Base(p.Package)), p.Package)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		p.out, p.err = cmd.CombinedOutput()
	})
	if p.err != nil {
		tb.Fatalf("building %s: %v\n%s", p.Package, p.err, p.out)
	}
	return p.root
}

// Remove removes what was built: for TestMain, after the tests.
func (p *Program) Remove() {
	if p.root != "" {
		_ = os.RemoveAll(p.root)
	}
}
