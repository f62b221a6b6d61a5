//go:build unix

package provider_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"atoll/internal/disk"
	"atoll/internal/hint"
	"atoll/internal/machine"
	"atoll/tools/provider"
)

// buildInChild makes this test binary call Build in the folder that the variable names, in a process of its own.
const buildInChild = "ATOLL_TEST_BUILD_IN"

// plenty is a disk that has room, whatever this machine's has.
func plenty(string) (disk.Space, error) { return disk.Space{Free: 1 << 40}, nil }

func TestMain(m *testing.M) {
	dir := os.Getenv(buildInChild)
	if dir == "" {
		os.Exit(m.Run())
	}
	_, err := provider.Build(context.Background(), provider.Options{
		CacheDir: dir,
		Free:     plenty,
		Progress: func(e provider.Event) { os.Stdout.WriteString(string(e.Phase) + "\n") },
	})
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

// fakeGo puts a go command on PATH that knows three packages, of which two are not built yet. Its build subcommand runs the
// given shell script, with the output's path in $output. It gives the folder in which the script's relative paths are.
func fakeGo(t *testing.T, buildScript string) string {
	t.Helper()
	bin, work := t.TempDir(), t.TempDir()
	script := `#!/bin/sh
work='` + work + `'
case "$1" in
env) echo '{"GOVERSION": "go1.26.0", "GOCACHE": "'$work'/build", "GOMODCACHE": "'$work'/modules"}' ;;
version) echo go version go1.26.0 linux/amd64 ;;
list)
	grep -q 'terraform-provider-aws => ' go.mod || { echo not in the module >&2; exit 1; }
	echo 'go: downloading example.com/one v1.0.0' >&2
	echo 'go: downloading example.com/two v1.0.0' >&2
	printf '%s\n' 'false fmt' 'true example.com/one' 'true example.com/two' 'true github.com/hashicorp/terraform-provider-aws' ;;
build)
	echo "$GOFLAGS $GOWORK $*" >>"$work/builds"
	while [ "$1" != -o ]; do shift; done
	output=$2
	cd "$work"
	` + buildScript + `
	;;
esac
`
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	return work
}

func fifo(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const buildsWell = `
echo example.com/one >&2
echo example.com/two >&2
echo github.com/hashicorp/terraform-provider-aws >&2
echo provider >"$output"; chmod +x "$output"`

// builds counts how often the fake go command was asked to build.
func builds(t *testing.T, work string) int {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(work, "builds"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(log), "\n")
}

// wantClean fails unless the cache holds neither a provider nor anything half done.
func wantClean(t *testing.T, cache string) {
	t.Helper()
	if path, ok := provider.Built(cache); ok {
		t.Errorf("there is a provider at %s", path)
	}
	entries, err := os.ReadDir(provider.Mirror(cache))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "src" && name != "build.lock" {
			t.Errorf("%s was left behind", name)
		}
	}
}

func TestBuild(t *testing.T) {
	work, cache := fakeGo(t, buildsWell), t.TempDir()
	var events []string
	path, err := provider.Build(t.Context(), provider.Options{CacheDir: cache, Free: plenty, Progress: func(e provider.Event) {
		e.Elapsed = 0
		events = append(events, e.String())
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		binary := provider.Binary(provider.Mirror(cache), host, provider.Version)
		if content, err := os.ReadFile(binary); string(content) != "provider\n" {
			t.Errorf("%s holds %q, %v", binary, content, err)
		}
	}
	if want := provider.Binary(filepath.Join(cache, "provider"), "registry.terraform.io", "6.34.0"); path != want {
		t.Errorf("path = %s, want %s", path, want)
	}
	want := []string{
		"downloading the AWS provider's source, 0 modules so far, 0 s",
		"compiling 1 of 3 packages, 0 s",
		"linking the AWS provider, 0 s",
		"built the AWS provider 6.34.0 in 0 s",
	}
	if got := strings.Join(events, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("events:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	log, _ := os.ReadFile(filepath.Join(work, "builds"))
	for _, part := range []string{"-mod=readonly off build -v", "-X github.com/hashicorp/terraform-provider-aws/version.ProviderVersion=6.34.0"} {
		if !strings.Contains(string(log), part) {
			t.Errorf("the build ran as %q, want %q in it", log, part)
		}
	}
}

func TestBuildTakesWhatTheCacheHas(t *testing.T) {
	work, cache := fakeGo(t, buildsWell), t.TempDir()
	for range 2 {
		if _, err := provider.Build(t.Context(), provider.Options{CacheDir: cache, Free: plenty}); err != nil {
			t.Fatal(err)
		}
	}
	if n := builds(t, work); n != 1 {
		t.Errorf("%d builds, want 1", n)
	}
	// A cache that was made before OpenTofu's host was served, and a provider that was replaced.
	other := provider.Binary(provider.Mirror(cache), "registry.opentofu.org", provider.Version)
	for _, damage := range []func() error{
		func() error { return os.Remove(other) },
		func() error { return errors.Join(os.Remove(other), os.WriteFile(other, []byte("old"), 0o755)) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if _, err := provider.Build(t.Context(), provider.Options{CacheDir: cache, Free: plenty}); err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(other); string(content) != "provider\n" {
			t.Errorf("%s holds %q, %v", other, content, err)
		}
	}
}

func TestTwoProcessesMakeOneBuild(t *testing.T) {
	work, cache := fakeGo(t, `echo started >started; read go <release`+buildsWell), t.TempDir()
	started, release := fifo(t, work, "started"), fifo(t, work, "release")

	start := func() (*exec.Cmd, *io.PipeReader) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), buildInChild+"="+cache)
		out, w := io.Pipe()
		cmd.Stdout, cmd.Stderr = w, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, out
	}
	wait := func(cmd *exec.Cmd) {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		cmd.Stdout.(*io.PipeWriter).Close()
	}

	first, firstOut := start()
	var drained sync.WaitGroup
	drained.Go(func() { io.Copy(io.Discard, firstOut) })
	if _, err := os.ReadFile(started); err != nil { // returns once the first process builds
		t.Fatal(err)
	}
	second, secondOut := start()
	line := make([]byte, len("waiting\n"))
	if _, err := io.ReadFull(secondOut, line); err != nil || string(line) != "waiting\n" {
		t.Fatalf("the second process says %q, %v; want that it waits", line, err)
	}
	drained.Go(func() { io.Copy(io.Discard, secondOut) })
	if err := os.WriteFile(release, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	wait(first)
	wait(second)
	drained.Wait()
	if n := builds(t, work); n != 1 {
		t.Errorf("%d builds, want 1", n)
	}
	if _, ok := provider.Built(cache); !ok {
		t.Error("there is no provider")
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	work, cache := fakeGo(t, `echo started >started; read go <release`+buildsWell), t.TempDir()
	started, release := fifo(t, work, "started"), fifo(t, work, "release")
	var building sync.WaitGroup
	building.Go(func() {
		if _, err := provider.Build(t.Context(), provider.Options{CacheDir: cache, Free: plenty}); err != nil {
			t.Error(err)
		}
	})
	if _, err := os.ReadFile(started); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := provider.Build(ctx, provider.Options{CacheDir: cache, Free: plenty, Progress: func(provider.Event) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	if err := os.WriteFile(release, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	building.Wait()
}

func TestCancelEndsEveryChild(t *testing.T) {
	// The background child ignores the interrupt, as a shell makes it do, and holds alive open until it ends.
	work := fakeGo(t, `
echo half >"$output"
sleep 600 >alive 2>/dev/null &
echo started >started
wait`)
	cache := t.TempDir()
	started, alive := fifo(t, work, "started"), fifo(t, work, "alive")
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupt := errors.New("interrupt")
	failed := make(chan error, 1)
	go func() {
		_, err := provider.Build(ctx, provider.Options{CacheDir: cache, Free: plenty})
		failed <- err
	}()
	ended := make(chan error, 1)
	reading := make(chan struct{})
	go func() {
		f, err := os.Open(alive) // returns once the child has it open
		close(reading)
		if err == nil {
			_, err = io.Copy(io.Discard, f) // returns once nobody has it open
		}
		ended <- err
	}()
	if _, err := os.ReadFile(started); err != nil {
		t.Fatal(err)
	}
	<-reading
	cancel(interrupt)
	if err := <-failed; !errors.Is(err, context.Canceled) || !errors.Is(err, interrupt) {
		t.Errorf("error = %v, want context.Canceled and its cause", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	wantClean(t, cache)
}

func TestBuildFailureShowsTheTail(t *testing.T) {
	fakeGo(t, `
echo example.com/one >&2
i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo "noise $i" >&2; done
echo '# example.com/two' >&2
printf 'two.go:7:1: undefined: three' >&2
echo half >"$output"
exit 2`)
	cache := t.TempDir()
	_, err := provider.Build(t.Context(), provider.Options{CacheDir: cache, Free: plenty})
	command, ok := errors.AsType[*machine.CommandError](err)
	if !ok {
		t.Fatalf("error = %v, want a *machine.CommandError", err)
	}
	if len(command.Output) != 20 {
		t.Errorf("%d lines of output, want 20", len(command.Output))
	}
	for _, part := range []string{"building the AWS provider: ", "/go build -v ", "exit status 2", "noise 100", "two.go:7:1: undefined: three"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error = %v, want %q in it", err, part)
		}
	}
	if strings.Contains(err.Error(), "noise 1\n") || strings.Contains(err.Error(), "example.com/one\n") {
		t.Errorf("error = %v, want only what matters", err)
	}
	wantClean(t, cache)
}

func TestBuildWithoutMemory(t *testing.T) {
	fakeGo(t, `
echo '# example.com/two' >&2
echo '/usr/lib/go/pkg/tool/linux_amd64/compile: signal: killed' >&2
exit 1`)
	_, err := provider.Build(t.Context(), provider.Options{CacheDir: t.TempDir(), Free: plenty})
	if err == nil {
		t.Fatal("no error")
	}
	if message, try := hint.Split(err); !strings.Contains(message, "out of memory") || !strings.Contains(try, "10 GB") {
		t.Errorf("error = %v, want that memory is short and what to do", err)
	}
}

func TestBuildAfterAKilledOne(t *testing.T) {
	fakeGo(t, buildsWell)
	cache := t.TempDir()
	left := filepath.Join(provider.Mirror(cache), "tmp", "go-build1")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Build(t.Context(), provider.Options{CacheDir: cache, Free: plenty}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there", left)
	}
}

func TestBuildChecksSpace(t *testing.T) {
	const gigabyte = 1 << 30
	for _, test := range []struct {
		name   string
		free   func(path string) disk.Space
		want   string // in the error; "" for none
		builds int
	}{
		{"one volume with room", func(string) disk.Space { return disk.Space{Free: 20 * gigabyte, Volume: "a"} }, "", 1},
		{"one volume too small for all", func(string) disk.Space { return disk.Space{Free: 8 * gigabyte, Volume: "a"} }, "needs 8.7 GB", 0},
		{"no room for the provider", func(path string) disk.Space {
			if strings.HasSuffix(path, "/build") {
				return disk.Space{Free: 20 * gigabyte, Volume: "a"}
			}
			return disk.Space{Free: gigabyte, Volume: "b"}
		}, "1.0 GB are free", 0},
		{"three volumes with just enough", func(path string) disk.Space {
			switch filepath.Base(path) {
			case "build":
				return disk.Space{Free: 5 * gigabyte, Volume: "a"} // two of three packages are to be compiled
			case "modules":
				return disk.Space{Free: 2 * gigabyte, Volume: "b"}
			default:
				return disk.Space{Free: 2 * gigabyte, Volume: "c"}
			}
		}, "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			work, cache := fakeGo(t, buildsWell), t.TempDir()
			free := func(path string) (disk.Space, error) { return test.free(path), nil }
			_, err := provider.Build(t.Context(), provider.Options{CacheDir: cache, Free: free})
			if n := builds(t, work); n != test.builds {
				t.Errorf("%d builds, want %d", n, test.builds)
			}
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			message, try := hint.Split(err)
			if !strings.Contains(message, test.want) || !strings.Contains(try, "free ") {
				t.Errorf("error = %v, want %q and what to free in it", err, test.want)
			}
			wantClean(t, cache)
		})
	}
}

func TestBuildNeedsANewGo(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"none", "", "the go command is needed"},
		{"before toolchains", `echo '{"GOVERSION": "go1.20.3"}'`, "is go1.20.3, and go1.26 is needed"},
		{"toolchain pinned", `if [ "$1" = version ]; then
	echo go version go1.24.1 linux/amd64
else
	echo 'go: go.mod requires go >= 1.26 (running go 1.24.1; GOTOOLCHAIN=local)' >&2; exit 1
fi`, "is go1.24.1, and go1.26 is needed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bin := t.TempDir()
			if test.script != "" {
				if err := os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\n"+test.script+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", bin)
			_, err := provider.Build(t.Context(), provider.Options{CacheDir: t.TempDir(), Free: plenty})
			if err == nil {
				t.Fatal("no error")
			}
			message, try := hint.Split(err)
			if !strings.Contains(message, test.want) || !strings.Contains(try, "go.dev/dl") {
				t.Errorf("error = %v, want %q and where to get Go in it", err, test.want)
			}
		})
	}
}
