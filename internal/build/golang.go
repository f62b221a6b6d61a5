package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"atoll/internal/hint"
)

// nonroot is the user of images without a Dockerfile, the one that distroless images have too.
const nonroot = 65532

// goMain is a Go main package.
type goMain struct {
	path string // import path
	name string // of the program
}

const installGo = "install Go from https://go.dev/dl/, or docker, podman or buildah with a Dockerfile"

// mainPackage finds the main package of the project.
func (p *project) mainPackage(ctx context.Context) (goMain, error) {
	if _, err := os.Stat(filepath.Join(p.dir, "go.mod")); err != nil {
		return goMain{}, hint.Errorf("write a Dockerfile there, or name the folder that has one, or a go.mod",
			"%s has neither a Dockerfile nor a Go module: there is nothing to build", p.dir)
	}
	if _, err := p.Machine.LookPath("go"); err != nil {
		return goMain{}, hint.Errorf(installGo, "%s holds a Go module, and Go is not installed", p.dir)
	}
	patterns := "./..."
	if p.Main != "" {
		patterns = "./" + filepath.ToSlash(filepath.Clean(p.Main))
	}
	out, err := p.Machine.Run(ctx, p.goEnv(), "go", "-C", p.dir, "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, patterns)
	if err != nil {
		return goMain{}, failed("looking for the Go main package", mend, err)
	}
	found := strings.Fields(out)
	module, err := p.Machine.Run(ctx, p.goEnv(), "go", "-C", p.dir, "list", "-m")
	if err != nil {
		return goMain{}, failed("looking for the Go main package", mend, err)
	}
	module, _, _ = strings.Cut(strings.TrimSpace(module), "\n")
	return choose(p.dir, module, found)
}

// choose takes the only main package, the one in the module's own folder, or the one that has the module's name.
func choose(dir, module string, found []string) (goMain, error) {
	name := programName(module)
	switch {
	case len(found) == 0:
		return goMain{}, hint.Errorf("write a Dockerfile, or name the folder of the module with the app", "%s has no Dockerfile, and its Go module no main package", dir)
	case len(found) == 1:
		return goMain{found[0], programName(found[0])}, nil
	case slices.Contains(found, module):
		return goMain{module, name}, nil
	case slices.Contains(found, module+"/cmd/"+name):
		return goMain{module + "/cmd/" + name, name}, nil
	}
	short := make([]string, len(found))
	for i, f := range found {
		short[i] = strings.TrimPrefix(strings.TrimPrefix(f, module), "/")
	}
	return goMain{}, hint.Errorf("--main "+short[0], "%s has several Go main packages: %s", dir, strings.Join(short, ", "))
}

// programName is what go build would name a program: the last part of its path that is no version.
func programName(importPath string) string {
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" && path.Dir(importPath) != "." {
		return path.Base(path.Dir(importPath))
	}
	return base
}

func (p *project) goEnv() []string {
	env := []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + p.Platform.Architecture}
	if v := strings.TrimPrefix(p.Platform.Variant, "v"); v != "" && p.Platform.Architecture == "arm" {
		env = append(env, "GOARM="+v)
	}
	return env
}

// buildGo makes an image of the Go main package.
func (p *project) buildGo(ctx context.Context) (_ *Built, err error) {
	m, err := p.mainPackage(ctx)
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "atoll-build-")
	if err != nil {
		return nil, fmt.Errorf("building: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	program := filepath.Join(temp, "program")
	// Time zones are in the program: the image has no others. Go asks Git too, and fails where Git refuses to answer.
	args := []string{"go", "-C", p.dir, "build", "-trimpath", "-tags", "timetzdata", "-ldflags", "-s -w", "-o", program}
	if p.revision == "" {
		args = append(args, "-buildvcs=false")
	}
	_, err = p.Machine.Run(ctx, p.goEnv(), append(args, m.path)...)
	if err != nil {
		return nil, failed("building the Go package "+m.path, mend, err)
	}
	image, err := p.assemble(program, m.name, temp)
	if err != nil {
		return nil, fmt.Errorf("making the image: %w", err)
	}
	return &Built{Image: image, Builder: Go, temp: temp}, nil
}

// assemble makes an image of a program. What changes seldom is a layer of its own.
func (p *project) assemble(program, name, temp string) (v1.Image, error) {
	base, err := baseFiles(p.Machine)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for i, l := range []struct {
		what  string
		files []file
	}{
		{"certificates, user, temporary folder", base},
		{"program", []file{{name: name, mode: 0o755, from: program}}},
	} {
		layer, err := writeLayer(filepath.Join(temp, fmt.Sprintf("layer%d.tar.gz", i)), l.files)
		if err != nil {
			return nil, err
		}
		image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{CreatedBy: "atoll build: " + l.what, Created: v1.Time{Time: epoch}}})
		if err != nil {
			return nil, err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant, config.Created = p.Platform.OS, p.Platform.Architecture, p.Platform.Variant, v1.Time{Time: epoch}
	config.Config = v1.Config{
		Entrypoint: []string{"/" + name},
		User:       fmt.Sprintf("%d:%d", nonroot, nonroot),
		WorkingDir: "/",
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SSL_CERT_FILE=/" + certificates},
		Labels:     p.labels(),
	}
	return mutate.ConfigFile(image, config)
}

// epoch is the time of all files, so that the same program makes the same image.
var epoch = time.Unix(0, 0).UTC()
