package build_test

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"atoll/internal/build"
	"atoll/internal/hint"
	"atoll/internal/machine"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T { t.Helper(); check(t, err); return v }
}

const hello = "package main\n\nfunc main() { println(\"hello\") }\n"

// project writes files, by pairs of name and content, into a new folder.
func project(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for pair := range slices.Chunk(files, 2) {
		path := filepath.Join(dir, pair[0])
		check(t, os.MkdirAll(filepath.Dir(path), 0o755))
		check(t, os.WriteFile(path, []byte(pair[1]), 0o644))
	}
	return dir
}

// only is the machine with some of its programs alone.
func only(programs ...string) machine.Machine {
	m := machine.Real()
	look := m.LookPath
	m.LookPath = func(name string) (string, error) {
		if !slices.Contains(programs, name) {
			return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
		}
		return look(name)
	}
	return m
}

func image(t testing.TB, dir string, o build.Options) *build.Built {
	t.Helper()
	if o.Machine.Run == nil {
		o.Machine = only("go")
	}
	b := must(build.Image(t.Context(), dir, o))(t)
	t.Cleanup(func() { check(t, b.Close()) })
	check(t, validate.Image(b))
	return b
}

func digest(t testing.TB, i v1.Image) v1.Hash { t.Helper(); return must(i.Digest())(t) }

func TestGoImage(t *testing.T) {
	files := []string{"go.mod", "module example.com/hello/v2\n\ngo 1.25\n", "main.go", hello}
	first, second := image(t, project(t, files...), build.Options{}), image(t, project(t, files...), build.Options{})
	if a, b := digest(t, first), digest(t, second); a != b {
		t.Errorf("the same files make %s and %s", a, b)
	}
	if changed := image(t, project(t, "go.mod", files[1], "main.go", strings.Replace(hello, "hello", "bye", 1)), build.Options{}); digest(t, changed) == digest(t, first) {
		t.Error("other files make the same image")
	}
	config := must(first.ConfigFile())(t)
	if c := config.Config; config.OS != "linux" || config.Architecture != runtime.GOARCH || !slices.Equal(c.Entrypoint, []string{"/hello"}) || c.User != "65532:65532" || c.Labels != nil {
		t.Errorf("got %+v", config)
	}
	content := mutate.Extract(first)
	defer content.Close()
	found := map[string]*tar.Header{}
	program := filepath.Join(t.TempDir(), "hello")
	for r := tar.NewReader(content); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		found[h.Name] = h
		if h.Name == "hello" {
			check(t, os.WriteFile(program, must(io.ReadAll(r))(t), 0o755))
		}
	}
	for name, mode := range map[string]int64{"hello": 0o755, "etc/passwd": 0o644, "tmp": 0o1777, "home/nonroot": 0o700, "etc/ssl/certs/ca-certificates.crt": 0o644} {
		if h := found[name]; h == nil || h.Mode != mode || !h.ModTime.IsZero() && h.ModTime.Unix() != 0 {
			t.Errorf("%s: %+v", name, h)
		}
	}
	if runtime.GOOS == "linux" {
		if out, err := exec.CommandContext(t.Context(), program).CombinedOutput(); string(out) != "hello\n" || err != nil {
			t.Errorf("the program says %s, %v", out, err)
		}
	}
	arm := image(t, project(t, files...), build.Options{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}})
	if c := must(arm.ConfigFile())(t); c.Architecture != "arm64" || digest(t, arm) == digest(t, first) && runtime.GOARCH != "arm64" {
		t.Errorf("got %+v", c)
	}
}

func TestRevision(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := project(t, "go.mod", "module hello\n", "main.go", hello)
	git := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		return strings.TrimSpace(string(must(cmd.Output())(t)))
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-qm", "one")
	o := build.Options{Machine: only("go", "git")}
	want := git("rev-parse", "HEAD")
	if b := image(t, dir, o); b.Revision != want || must(b.ConfigFile())(t).Config.Labels["org.opencontainers.image.revision"] != want {
		t.Errorf("got %s, want %s", b.Revision, want)
	}
	check(t, os.WriteFile(filepath.Join(dir, "more.go"), []byte("package main\n"), 0o644))
	if b := image(t, dir, o); b.Revision != want+"-dirty" {
		t.Errorf("got %s", b.Revision)
	}
}

func TestMainPackages(t *testing.T) {
	mod := []string{"go.mod", "module example.com/shop\n\ngo 1.25\n"}
	for name, test := range map[string]struct {
		files []string
		main  string
		want  string // entrypoint, or a part of the error
	}{
		"in a folder":       {[]string{"cmd/web/main.go", hello, "shop.go", "package shop"}, "", "/web"},
		"the module's own":  {[]string{"main.go", hello, "tools/gen/main.go", hello}, "", "/shop"},
		"by the module":     {[]string{"cmd/shop/main.go", hello, "cmd/admin/main.go", hello}, "", "/shop"},
		"several":           {[]string{"cmd/a/main.go", hello, "cmd/b/main.go", hello}, "", "several Go main packages: cmd/a, cmd/b\nTry: --main cmd/a"},
		"named":             {[]string{"cmd/a/main.go", hello, "cmd/b/main.go", hello}, "cmd/b", "/b"},
		"none":              {[]string{"shop.go", "package shop"}, "", "its Go module no main package"},
		"does not compile":  {[]string{"main.go", "package main\n\nfunc main() { undefinedThing() }"}, "", "undefined: undefinedThing\nTry: mend"},
		"is not a language": {[]string{"main.go", "hello"}, "", "expected 'package', found hello"},
	} {
		o := build.Options{Machine: only("go"), Main: test.main}
		b, err := build.Image(t.Context(), project(t, append(mod, test.files...)...), o)
		switch {
		case err == nil:
			if got := must(b.ConfigFile())(t).Config.Entrypoint[0]; got != test.want {
				t.Errorf("%s: got %s", name, got)
			}
			check(t, b.Close())
		case !strings.Contains(err.Error(), test.want):
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// engine is a machine on which docker has no server, and podman, if it is there, builds what it is given.
type engine struct {
	built v1.Image
	ran   []string
	fails bool
}

func (e *engine) machine(programs ...string) machine.Machine {
	m := only("go")
	look, run := m.LookPath, m.Run
	m.LookPath = func(name string) (string, error) {
		if slices.Contains(programs, name) {
			return "/bin/" + name, nil
		}
		return look(name)
	}
	m.Run = func(ctx context.Context, env []string, args ...string) (string, error) {
		if args[0] == "go" {
			return run(ctx, env, args...)
		}
		e.ran = append(e.ran, strings.Join(args, " "))
		fail := func(line string) error {
			return &machine.CommandError{Args: args, Output: []string{"first", line}, Err: errors.New("exit status 1")}
		}
		after := func(flag string) string { return args[slices.Index(args, flag)+1] }
		switch {
		case args[0] == "docker":
			return "", fail("Cannot connect to the Docker daemon")
		case args[1] == "pull" && args[2] == "golang:1.26":
			return "", fail("no such host")
		case args[1] == "build" && e.fails:
			return "", fail("RUN make: exit code 2")
		case args[1] == "build":
			return "", os.WriteFile(after("--iidfile"), []byte("sha256:abc\n"), 0o600)
		case args[1] == "save":
			return "", tarball.WriteToFile(after("--output"), name.MustParseReference("example.com/app:v1"), e.built)
		}
		return "", nil
	}
	return m
}

func TestDockerfile(t *testing.T) {
	e := &engine{built: must(random.Image(1000, 2))(t)}
	dir := project(t, "Dockerfile", "FROM scratch\n")
	b := image(t, dir, build.Options{Machine: e.machine("docker", "podman")})
	if b.Builder != "podman" || len(must(b.Layers())(t)) != 2 {
		t.Errorf("got %+v", b)
	}
	if want := "podman build --platform linux/" + runtime.GOARCH + " --file " + filepath.Join(dir, "Dockerfile"); !slices.ContainsFunc(e.ran, func(s string) bool { return strings.HasPrefix(s, want) }) {
		t.Errorf("ran %q", e.ran)
	}
	e.fails = true
	_, err := build.Image(t.Context(), dir, build.Options{Machine: e.machine("podman")})
	if err == nil || !strings.Contains(err.Error(), "RUN make: exit code 2") || !strings.HasSuffix(err.Error(), "Try: mend what the last lines name, and run the same again") {
		t.Errorf("got %v", err)
	}
}

// TestWithoutBaseImages has an engine that cannot pull what the Dockerfile begins from.
func TestWithoutBaseImages(t *testing.T) {
	e := &engine{fails: true}
	var notes []string
	o := build.Options{Machine: e.machine("podman"), Note: func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }}
	const dockerfile = "FROM --platform=$BUILDPLATFORM golang:1.26 AS build\nFROM build\nFROM $BASE\nFROM scratch\n"
	dir := project(t, "Dockerfile", dockerfile, "go.mod", "module hello\n", "main.go", hello)
	if b := image(t, dir, o); b.Builder != build.Go || len(notes) != 1 || !strings.Contains(notes[0], "(podman cannot pull golang:1.26: no such host)") {
		t.Errorf("got %+v, %q", b, notes)
	}
	if pulled := slices.DeleteFunc(slices.Clone(e.ran), func(s string) bool { return !strings.Contains(s, "pull") }); !slices.Equal(pulled, []string{"podman pull golang:1.26"}) {
		t.Errorf("ran %q", pulled)
	}
	for dir, o := range map[string]build.Options{
		dir:                                  {Machine: o.Machine, Builder: "podman"},
		project(t, "Dockerfile", dockerfile): {Machine: o.Machine},
		project(t, "Dockerfile", "FROM debian\n", "go.mod", "module hello\n", "main.go", hello): {Machine: o.Machine},
	} {
		if _, err := build.Image(t.Context(), dir, o); err == nil || !strings.Contains(err.Error(), "RUN make: exit code 2") {
			t.Errorf("got %v", err)
		}
	}
}

func TestWithoutEngines(t *testing.T) {
	e := &engine{}
	var notes []string
	o := build.Options{Machine: e.machine("docker"), Note: func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }}
	dir := project(t, "Dockerfile", "FROM scratch\n", "go.mod", "module hello\n", "main.go", hello)
	if b := image(t, dir, o); b.Builder != build.Go || len(notes) != 1 || !strings.Contains(notes[0], "Dockerfile is not used") || !strings.Contains(notes[0], "docker is installed and does not work: Cannot connect to the Docker daemon") {
		t.Errorf("got %+v, %q", b, notes)
	}
	for _, test := range []struct {
		dir  string
		o    build.Options
		want string
		try  string
	}{
		{project(t, "Dockerfile", "FROM scratch\n"), build.Options{Machine: e.machine("docker")}, "nothing here can build", "install docker, podman or buildah, or start the one that is there"},
		{dir, build.Options{Machine: e.machine("docker"), Builder: "docker"}, "docker is installed and does not work", "start it, or leave --builder out"},
		{project(t), build.Options{Machine: only("go")}, "neither a Dockerfile nor a Go module", "write a Dockerfile there, or name the folder that has one, or a go.mod"},
		{project(t, "go.mod", "module x\n"), build.Options{Machine: only()}, "Go is not installed", "install Go from https://go.dev/dl/, or docker, podman or buildah with a Dockerfile"},
		{project(t), build.Options{Machine: only("go"), Builder: "podman"}, "has no Dockerfile for podman to build", "write a Dockerfile, or leave --builder out"},
		{dir, build.Options{Machine: only("go"), Builder: "kaniko"}, "no builder kaniko", "one of docker, podman, buildah, go"},
		{dir, build.Options{Machine: only("go"), File: "nowhere"}, "no Dockerfile nowhere", "check the path after --file"},
		{dir, build.Options{Machine: only("go"), Platform: &v1.Platform{OS: "windows"}}, "not on windows", "--platform linux/amd64 or linux/arm64"},
		{"/nowhere", build.Options{Machine: only("go")}, "no folder /nowhere", "name the folder that holds the Dockerfile or the Go main package"},
	} {
		_, err := build.Image(t.Context(), test.dir, test.o)
		if err == nil {
			t.Errorf("%s: no error", test.want)
			continue
		}
		if message, try := hint.Split(err); !strings.Contains(message, test.want) || try != test.try {
			t.Errorf("got %q, %q; want %q, %q", message, try, test.want, test.try)
		}
	}
}

// TestRealEngines builds with the engines that are here.
func TestRealEngines(t *testing.T) {
	for _, name := range []string{"docker", "podman", "buildah"} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, "Dockerfile", "FROM scratch\nCOPY file /file\nENTRYPOINT [\"/file\"]\n", "file", "content")
			b, err := build.Image(t.Context(), dir, build.Options{Machine: machine.Real(), Builder: name})
			if err != nil && strings.Contains(err.Error(), "Try: start it") {
				t.Skip(err)
			}
			check(t, err)
			defer b.Close()
			check(t, validate.Image(b))
			if c := must(b.ConfigFile())(t); c.Config.Entrypoint[0] != "/file" {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	b := image(t, project(t, "go.mod", "module hello\n", "main.go", hello), build.Options{})
	dir := filepath.Join(t.TempDir(), "layout")
	check(t, build.Write(b, b.Platform, dir))
	index := must(must(layout.FromPath(dir))(t).ImageIndex())(t)
	if m := must(index.IndexManifest())(t).Manifests; len(m) != 1 || m[0].Digest != digest(t, b) || m[0].Platform.Architecture != runtime.GOARCH {
		t.Errorf("got %+v", m)
	}
	check(t, validate.Index(index))
	if err := build.Write(b, b.Platform, dir); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("got %v", err)
	}
	archive := filepath.Join(t.TempDir(), "image.tar")
	check(t, build.Write(b, b.Platform, archive))
	f := must(os.Open(archive))(t)
	defer f.Close()
	var names []string
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		names = append(names, h.Name)
	}
	if !slices.Contains(names, "oci-layout") || !slices.Contains(names, "blobs/sha256/"+digest(t, b).Hex) {
		t.Errorf("got %v", names)
	}
}

// TestExample builds what the binary carries.
func TestExample(t *testing.T) {
	b, err := build.ExampleImage(t.Context(), filepath.Join(t.TempDir(), "guestbook"), build.Options{Machine: only("go")})
	check(t, err)
	defer b.Close()
	if c := must(b.ConfigFile())(t).Config; b.Builder != build.Go || c.Entrypoint[0] != "/guestbook" {
		t.Errorf("got %+v", c)
	}
	if size := must(b.Bytes())(t); size < 2<<20 || size > 50<<20 {
		t.Errorf("it has %d bytes", size)
	}
}
