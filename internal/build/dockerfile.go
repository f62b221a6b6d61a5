package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"atoll/internal/machine"
)

// engine gives the first engine that works, or why none does.
func (p *project) engine(ctx context.Context) (found string, missing []string) {
	for _, e := range engines {
		if p.Builder != "" && p.Builder != e {
			continue
		}
		if _, err := p.Machine.LookPath(e); err != nil {
			missing = append(missing, e+" is not installed")
			continue
		}
		if err := p.works(ctx, e); err != nil {
			missing = append(missing, e+" is installed and does not work: "+firstLine(err))
			continue
		}
		return e, nil
	}
	return "", missing
}

// works asks an engine for something that it must have to build: docker's is a server, which may not run.
func (p *project) works(ctx context.Context, engine string) error {
	args := map[string][]string{
		"docker": {"docker", "version", "--format", "{{.Server.Version}}"}, "podman": {"podman", "info", "--format", "{{.Host.Arch}}"}, "buildah": {"buildah", "info"},
	}[engine]
	_, err := p.Machine.Run(ctx, nil, args...)
	return err
}

// lacking pulls the images that the Dockerfile begins from, and says of the first that cannot be had why; it says nothing where all can.
func (p *project) lacking(ctx context.Context, engine string) (missing []string) {
	raw, err := os.ReadFile(p.dockerfile)
	if err != nil {
		return nil
	}
	for _, image := range bases(string(raw)) {
		if _, err := p.Machine.Run(ctx, nil, engine, "pull", image); err != nil {
			return []string{engine + " cannot pull " + image + ": " + firstLine(err)}
		}
	}
	return nil
}

// bases gives the images that the stages of a Dockerfile begin from. Those whose names are put together from arguments are left out.
// https://docs.docker.com/reference/dockerfile/#from
func bases(dockerfile string) []string {
	var out []string
	stages := map[string]bool{"scratch": true}
	for line := range strings.Lines(dockerfile) {
		words := slices.DeleteFunc(strings.Fields(line), func(w string) bool { return strings.HasPrefix(w, "--") })
		if len(words) < 2 || !strings.EqualFold(words[0], "FROM") {
			continue
		}
		if image := words[1]; !stages[strings.ToLower(image)] && !strings.Contains(image, "$") && !slices.Contains(out, image) {
			out = append(out, image)
		}
		if len(words) == 4 && strings.EqualFold(words[2], "AS") {
			stages[strings.ToLower(words[3])] = true
		}
	}
	return out
}

// firstLine words an engine's failure by the last line that it said, which names the cause.
func firstLine(err error) string {
	if e, ok := errors.AsType[*machine.CommandError](err); ok && len(e.Output) > 0 {
		return strings.TrimSpace(e.Output[len(e.Output)-1])
	}
	return err.Error()
}

// buildDockerfile has an engine build the Dockerfile, and takes the image out of its store as an archive.
func (p *project) buildDockerfile(ctx context.Context, engine string) (_ *Built, err error) {
	temp, err := os.MkdirTemp("", "atoll-build-")
	if err != nil {
		return nil, fmt.Errorf("building: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	idFile, archive := filepath.Join(temp, "id"), filepath.Join(temp, "image.tar")
	args := []string{engine, "build", "--platform", p.Platform.String(), "--file", p.dockerfile, "--iidfile", idFile}
	labels := p.labels()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		args = append(args, "--label", name+"="+labels[name])
	}
	// Attestations would make an index of the image.
	if _, err := p.Machine.Run(ctx, []string{"BUILDX_NO_DEFAULT_ATTESTATIONS=1", "DOCKER_BUILDKIT=1"}, append(args, p.dir)...); err != nil {
		try := mend
		if _, none := p.mainPackage(ctx); none == nil && ctx.Err() == nil {
			try += "\n--builder go      (makes the image of the Go main package, without the Dockerfile)"
		}
		return nil, failed("building "+p.dockerfile+" with "+engine, try, err)
	}
	raw, err := os.ReadFile(idFile)
	if err != nil {
		return nil, fmt.Errorf("reading what %s has built: %w", engine, err)
	}
	id := strings.TrimSpace(string(raw))
	save := map[string][]string{
		"docker": {"docker", "save", "--output", archive, id}, "podman": {"podman", "save", "--format", "docker-archive", "--output", archive, id},
		"buildah": {"buildah", "push", id, "docker-archive:" + archive},
	}[engine]
	if _, err := p.Machine.Run(ctx, nil, save...); err != nil {
		return nil, fmt.Errorf("taking the image out of %s: %w", engine, err)
	}
	image, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		return nil, fmt.Errorf("reading what %s has built: %w", engine, err)
	}
	return &Built{Image: image, Builder: engine, temp: temp}, nil
}
