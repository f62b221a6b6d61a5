package container_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/container/containertest"
	"atoll/internal/dataplane/engine"
	"atoll/internal/dataplane/engine/enginetest"
	"atoll/internal/dataplane/rootless"
)

var program = containertest.Program{Package: "./testdata/program"}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == container.StageCommand {
		os.Exit(container.Stage(os.Args[2:]))
	}
	code := m.Run()
	enginetest.Clean()
	program.Remove()
	os.Exit(code)
}

func root(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:100:App:/home/app:/bin/sh\n", "etc/group": "users:x:100:\nextra:x:2000:app\n"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(program.Root(t), "program"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "program"), b, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// kind is a runtime to test.
type kind struct {
	open func(ctx context.Context, dir string) (container.Runtime, error)
	// root has a Spec run what is in a directory.
	root func(t *testing.T, r container.Runtime, s *container.Spec, dir string)
}

// kinds gives the runtimes; those of an engine only where there is one.
func kinds(t *testing.T) map[string]kind {
	logger := slog.New(slog.DiscardHandler)
	getenv := sync.OnceValue(func() func(string) string { return enginetest.Start(t) })
	own := func(_ *testing.T, _ container.Runtime, s *container.Spec, dir string) { s.Root = dir }
	return map[string]kind{
		"runc": {func(ctx context.Context, dir string) (container.Runtime, error) {
			return container.NewRunc(ctx, dir, logger)
		}, own},
		"process": {func(_ context.Context, dir string) (container.Runtime, error) {
			return container.NewProcess(dir, logger)
		}, own},
		"docker": {func(_ context.Context, dir string) (container.Runtime, error) {
			return enginetest.Open(t, getenv(), dir), nil
		}, func(t *testing.T, r container.Runtime, s *container.Spec, dir string) {
			image := enginetest.Image(t, dir)
			digest, err := image.Digest()
			if err != nil {
				t.Fatal(err)
			}
			if s.Image, err = r.(*engine.Engine).Load(t.Context(), digest, image); err != nil {
				t.Fatal(err)
			}
		}},
	}
}

func names() []string { return []string{"runc", "process", "docker"} }

func (k kind) opened(t *testing.T, dir string) container.Runtime {
	t.Helper()
	r, err := k.open(t.Context(), dir)
	if errors.Is(err, container.ErrUnavailable) {
		t.Skipf("%v: install runc, and run the tests as root, to have it tested", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lines is a writer that lets a test wait for a line.
type lines struct {
	io.Writer
	all    bytes.Buffer
	mu     sync.Mutex
	waited string
	seen   chan struct{}
}

func awaiting(line string) *lines { return &lines{waited: line, seen: make(chan struct{})} }

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	had := strings.Contains(l.all.String(), l.waited)
	l.all.Write(b)
	if !had && strings.Contains(l.all.String(), l.waited) {
		close(l.seen)
	}
	return len(b), nil
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func TestRuntimes(t *testing.T) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			k := kinds(t)[name]
			testRuntime(t, k, k.opened(t, t.TempDir()))
		})
	}
}

func testRuntime(t *testing.T, k kind, r container.Runtime) {
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	group := "test-" + r.Name() + "-" + time.Now().Format("150405.000000")
	if err := r.Group(group, container.Limits{Memory: 64 << 20, CPUs: 0.5}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.RemoveGroup(group); err != nil {
			t.Error(err)
		}
		gone(t, group)
	})
	n := 0
	start := func(t *testing.T, s container.Spec, args ...string) (container.Container, *lines) {
		t.Helper()
		n++
		out := awaiting("ready\n")
		s.ID, s.Group, s.Stdout, s.Stderr = group+"-"+string(rune('a'+n)), group, out, out
		s.Args = append([]string{"/program"}, args...)
		k.root(t, r, &s, root(t))
		c, err := r.Start(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return c, out
	}
	t.Run("exit code and output", func(t *testing.T) {
		c, out := start(t, container.Spec{}, "exit", "3")
		if exit := c.Wait(); exit.Code != 3 || exit.OutOfMemory || out.text() != "out\nerr\n" && out.text() != "err\nout\n" {
			t.Errorf("%+v %q", exit, out.text())
		}
	})
	t.Run("user, host name, directory", func(t *testing.T) {
		c, out := start(t, container.Spec{User: "app", Hostname: "ip-10-0-0-1", Dir: "/etc", Env: []string{"A=b"}}, "whoami")
		c.Wait()
		want := "1000 100 [2000] ip-10-0-0-1 /etc /home/app b 1\n"
		if rootless.Inside() { // other groups are nobody's to give, and it is below a process 1
			want = "1000 100 [] ip-10-0-0-1 /etc /home/app b "
		}
		// Engines name the first group among the others too.
		if got := strings.Replace(out.text(), "[100 2000]", "[2000]", 1); !strings.HasPrefix(got, want) {
			t.Errorf("%q", got)
		}
	})
	t.Run("out of memory", func(t *testing.T) {
		c, _ := start(t, container.Spec{}, "eat")
		if exit := c.Wait(); exit.Code != 137 || !exit.OutOfMemory {
			t.Errorf("%+v", exit)
		}
	})
	t.Run("a directory that is not there", func(t *testing.T) {
		c, out := start(t, container.Spec{Dir: "/some/where", ReadOnlyRoot: true}, "whoami")
		if c.Wait(); !strings.Contains(out.text(), " /some/where ") {
			t.Errorf("%q", out.text())
		}
	})
	t.Run("limits are seen", func(t *testing.T) {
		if r.Name() == "process" {
			t.Skip("plain processes see no control groups")
		}
		c, out := start(t, container.Spec{Limits: container.Limits{Memory: 32 << 20}}, "limit")
		if c.Wait(); out.text() != "33554432\n" {
			t.Errorf("%q", out.text())
		}
	})
	t.Run("open files", func(t *testing.T) {
		c, out := start(t, container.Spec{Ulimits: []container.Ulimit{{Name: "nofile", Soft: 512, Hard: 768}}}, "files", "768")
		if c.Wait(); out.text() != "768\n" {
			t.Errorf("%q", out.text())
		}
	})
	t.Run("signals", func(t *testing.T) {
		c, out := start(t, container.Spec{}, "wait")
		<-out.seen
		if err := c.Signal(t.Context(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if exit := c.Wait(); exit.Code != 0 || !strings.Contains(out.text(), "terminated") {
			t.Errorf("%+v %q", exit, out.text())
		}
	})
	t.Run("commands within", func(t *testing.T) {
		c, out := start(t, container.Spec{}, "sleep")
		<-out.seen
		var got bytes.Buffer
		code, err := c.Exec(t.Context(), container.ExecSpec{Args: []string{"/program", "exit", "4"}, Stdout: &got})
		if err != nil || code != 4 || got.String() != "out\n" {
			t.Errorf("%d %v %q", code, err, got.String())
		}
		got.Reset()
		code, err = c.Exec(t.Context(), container.ExecSpec{Args: []string{"/program", "exit", "0"}, TTY: true, Stdout: &got})
		if err != nil || code != 0 || strings.ReplaceAll(got.String(), "\r", "") != "out\nerr\n" {
			t.Errorf("%d %v %q", code, err, got.String())
		}
		if err := c.Signal(t.Context(), os.Kill); err != nil {
			t.Fatal(err)
		}
		if exit := c.Wait(); exit.Code != 137 || exit.OutOfMemory {
			t.Errorf("%+v", exit)
		}
	})
	t.Run("commands on terminals", func(t *testing.T) {
		c, out := start(t, container.Spec{User: "1000:100"}, "sleep")
		<-out.seen
		for asRoot, want := range map[bool]string{true: "0 0", false: "1000 100"} {
			var got bytes.Buffer
			code, err := c.Exec(t.Context(), container.ExecSpec{Args: []string{"/program", "whoami"}, Root: asRoot, TTY: true, Stdout: &got})
			if err != nil || code != 0 || !strings.HasPrefix(got.String(), want) {
				t.Errorf("%d %v %q", code, err, got.String())
			}
		}
		var got bytes.Buffer
		code, err := c.Exec(t.Context(), container.ExecSpec{Args: []string{"/program", "cat"}, TTY: true, Stdin: strings.NewReader("typed\n\x04"), Stdout: &got})
		if err != nil || code != 0 || strings.Count(got.String(), "typed") != 2 { // its echo, and what the program says
			t.Errorf("%d %v %q", code, err, got.String())
		}
		var bad *container.StartError
		for _, tty := range []bool{true, false} {
			_, err = c.Exec(t.Context(), container.ExecSpec{Args: []string{"/bin/sh"}, TTY: tty})
			if !errors.As(err, &bad) || !strings.Contains(bad.Reason, "/bin/sh") {
				t.Errorf("without a shell: %v", err)
			}
		}
		if err := c.Signal(t.Context(), os.Kill); err != nil {
			t.Fatal(err)
		}
		c.Wait()
	})
	t.Run("read-only root", func(t *testing.T) {
		c, out := start(t, container.Spec{ReadOnlyRoot: true}, "write", "/x")
		if c.Wait(); !strings.Contains(out.text(), "read-only file system") {
			t.Errorf("%q", out.text())
		}
		c, out = start(t, container.Spec{ReadOnlyRoot: true, Tmpfs: map[string]string{"/tmp": "size=1m"}}, "write", "/tmp/x")
		if c.Wait(); out.text() != "<nil>\n" {
			t.Errorf("%q", out.text())
		}
	})
	t.Run("what cannot start", func(t *testing.T) {
		for _, s := range []container.Spec{{Args: []string{"/none"}}, {Args: []string{"/program"}, User: "nobody-here"}} {
			n++
			s.ID, s.Group = group+"-"+string(rune('a'+n)), group
			k.root(t, r, &s, root(t))
			_, err := r.Start(t.Context(), s)
			var bad *container.StartError
			if !errors.As(err, &bad) {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("usage", func(t *testing.T) {
		c, out := start(t, container.Spec{}, "sleep")
		<-out.seen
		u, err := r.Usage(group)
		if err != nil || u.CPU <= 0 || u.Memory <= 0 {
			t.Errorf("%+v %v", u, err)
		}
		if err := c.Signal(t.Context(), os.Kill); err != nil {
			t.Fatal(err)
		}
		c.Wait()
		if after, err := r.Usage(group); err != nil || after.CPU < u.CPU {
			t.Errorf("%+v %v, before %+v", after, err, u)
		}
	})
}

// A runtime ends what an earlier one has left.
func TestLeftovers(t *testing.T) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) { testLeftovers(t, kinds(t)[name]) })
	}
}

func testLeftovers(t *testing.T, k kind) {
	dir := t.TempDir()
	first := k.opened(t, dir)
	group := "test-leftover-" + time.Now().Format("150405.000000")
	if err := first.Group(group, container.Limits{}); err != nil {
		t.Fatal(err)
	}
	out := awaiting("ready\n")
	spec := container.Spec{ID: group, Group: group, Args: []string{"/program", "sleep"}, Stdout: out}
	k.root(t, first, &spec, root(t))
	c, err := first.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	<-out.seen
	second := k.opened(t, dir)
	t.Cleanup(func() {
		if err := second.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case <-c.Done():
	case <-ctx.Done():
		t.Fatal("it still runs")
	}
	if err := first.RemoveGroup(group); err != nil {
		t.Error(err)
	}
	gone(t, group)
}

// gone wants that no control group of a name is there, with any controller.
func gone(t *testing.T, group string) {
	t.Helper()
	for _, pattern := range []string{"/sys/fs/cgroup/atoll-*/", "/sys/fs/cgroup/*/atoll-*/"} {
		if left, err := filepath.Glob(pattern + group); err != nil || len(left) > 0 {
			t.Errorf("left: %q, %v", left, err)
		}
	}
}
