package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/hint"
	"atoll/internal/machine"
)

// Go is the builder that needs a Go toolchain alone.
const Go = "go"

// engines are the builders of Dockerfiles, in the order in which they are looked for.
var engines = []string{"docker", "podman", "buildah"}

// Builders names the builders.
func Builders() []string { return append(slices.Clone(engines), Go) }

// Options say how to build.
type Options struct {
	Machine  machine.Machine
	File     string       // Dockerfile, from the current folder; "": the one in the project, if it has one
	Main     string       // Go main package, from the project's folder; "": the only one
	Platform *v1.Platform // nil: linux on this machine's processor
	Builder  string       // one of Builders; "": the best that works
	Note     func(format string, args ...any)
}

// Built is an image, and what is known of its making. Its content is there until Close.
type Built struct {
	v1.Image
	Builder  string
	Platform v1.Platform
	Revision string // of the project's Git commit, with "-dirty" where there are changes; "" without Git

	temp string // folder of its content, "" for none
}

// Close removes the image's content from the disk.
func (b *Built) Close() error {
	if b.temp == "" {
		return nil
	}
	return os.RemoveAll(b.temp)
}

// Bytes gives the sum of the compressed layers and the configuration, which is what a first push sends.
func (b *Built) Bytes() (int64, error) {
	m, err := b.Manifest()
	if err != nil {
		return 0, fmt.Errorf("reading the image: %w", err)
	}
	size := m.Config.Size
	for _, l := range m.Layers {
		size += l.Size
	}
	return size, nil
}

// Image builds the image of a project's folder. The caller closes it.
func Image(ctx context.Context, dir string, o Options) (*Built, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, hint.Errorf("name the folder that holds the Dockerfile or the Go main package", "there is no folder %s", dir)
	}
	if o.Note == nil {
		o.Note = func(string, ...any) {}
	}
	if o.Builder != "" && !slices.Contains(Builders(), o.Builder) {
		return nil, hint.Errorf("one of "+strings.Join(Builders(), ", "), "there is no builder %s", o.Builder)
	}
	if o.Platform == nil {
		o.Platform = &v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	}
	if o.Platform.OS != "linux" {
		return nil, hint.Errorf("--platform linux/amd64 or linux/arm64", "tasks run on Linux, not on %s", o.Platform)
	}
	file, err := dockerfile(dir, o.File)
	if err != nil {
		return nil, err
	}
	p := &project{Options: o, dir: dir, dockerfile: file, revision: revision(ctx, o.Machine, dir)}
	built, err := p.build(ctx)
	if err != nil {
		return nil, err
	}
	built.Platform, built.Revision = *o.Platform, p.revision
	return built, nil
}

// project is a folder that is being built.
type project struct {
	Options
	dir        string
	dockerfile string // "" for none
	revision   string
}

func (p *project) build(ctx context.Context) (*Built, error) {
	if p.Builder == Go || p.dockerfile == "" && p.Builder == "" {
		return p.buildGo(ctx)
	}
	if p.dockerfile == "" {
		return nil, hint.Errorf("write a Dockerfile, or leave --builder out", "%s has no Dockerfile for %s to build", p.dir, p.Builder)
	}
	e, missing := p.engine(ctx)
	if e != "" {
		built, err := p.buildDockerfile(ctx, e)
		if err == nil || p.Builder != "" || ctx.Err() != nil {
			return built, err
		}
		if missing = p.lacking(ctx, e); len(missing) == 0 {
			return nil, err
		}
		if _, none := p.mainPackage(ctx); none != nil {
			return nil, err
		}
		return p.insteadOf(ctx, missing)
	}
	if p.Builder != "" {
		return nil, hint.Errorf("start it, or leave --builder out", "%s", strings.Join(missing, "; "))
	}
	if _, err := p.mainPackage(ctx); err != nil {
		return nil, hint.Errorf("install docker, podman or buildah, or start the one that is there", "nothing here can build %s: %s", p.dockerfile, strings.Join(missing, "; "))
	}
	return p.insteadOf(ctx, missing)
}

// insteadOf makes the image of the Go main package, and says why the Dockerfile is not used.
func (p *project) insteadOf(ctx context.Context, missing []string) (*Built, error) {
	p.Note("Note: %s is not used, for nothing here can build it (%s). The image is made of the Go main package.", filepath.Base(p.dockerfile), strings.Join(missing, "; "))
	return p.buildGo(ctx)
}

// dockerfile finds the Dockerfile of a project.
func dockerfile(dir, named string) (string, error) {
	if named != "" {
		if info, err := os.Stat(named); err != nil || info.IsDir() {
			return "", hint.Errorf("check the path after --file", "there is no Dockerfile %s", named)
		}
		return named, nil
	}
	for _, name := range []string{"Dockerfile", "Containerfile"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return filepath.Join(dir, name), nil
		}
	}
	return "", nil
}

// revision gives the project's Git commit.
func revision(ctx context.Context, m machine.Machine, dir string) string {
	if _, err := m.LookPath("git"); err != nil {
		return ""
	}
	commit, err := m.Run(ctx, nil, "git", "-C", dir, "rev-parse", "HEAD")
	if err != nil {
		return "" // not a working copy
	}
	commit = strings.TrimSpace(commit)
	if changes, err := m.Run(ctx, nil, "git", "-C", dir, "status", "--porcelain", "--", "."); err != nil || strings.TrimSpace(changes) != "" {
		commit += "-dirty"
	}
	return commit
}

// labels are what images tell of themselves. https://github.com/opencontainers/image-spec/blob/main/annotations.md
func (p *project) labels() map[string]string {
	if p.revision == "" {
		return nil
	}
	return map[string]string{"org.opencontainers.image.revision": p.revision}
}

// failed tells of a build's failure, with the last lines of its output.
func failed(what, try string, err error) error {
	if e, ok := errors.AsType[*machine.CommandError](err); ok {
		return hint.Errorf(try, "%s failed: %w", what, e)
	}
	return fmt.Errorf("%s: %w", what, err)
}

const mend = "mend what the last lines name, and run the same again"
