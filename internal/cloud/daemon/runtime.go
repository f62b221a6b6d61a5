package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"

	"atoll/internal/cloud"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/engine"
	"atoll/internal/dataplane/postgres"
	"atoll/internal/dataplane/rootless"
)

// Runtime names what tasks run with.
type Runtime string

// The runtimes.
const (
	Auto    Runtime = "auto" // the best that the machine has
	Runc    Runtime = "runc"
	Docker  Runtime = "docker" // Docker's API: Docker Engine, Docker Desktop, Podman
	Process Runtime = "process"
	None    Runtime = "none" // tasks are records
)

// Runtimes are those that can be asked for.
func Runtimes() []Runtime { return []Runtime{Auto, Runc, Docker, Process, None} }

// Rootless reports whether a cloud needs a user namespace (see package rootless) to run tasks with this runtime: where its user
// is not root, on Linux, and no container engine answers.
func (r Runtime) Rootless(ctx context.Context, getenv func(string) string) bool {
	if goruntime.GOOS != "linux" || os.Geteuid() == 0 || r != Process && r != Auto {
		return false
	}
	if r == Process {
		return true
	}
	_, err := engine.Find(ctx, getenv)
	return err != nil
}

// runtime is what was opened.
type runtime struct {
	name  Runtime
	about string
	lacks string
	wants bool
	plane *cloud.DataPlane
}

// openRuntime opens the runtime that is asked for. Auto ends with None where nothing can run; one that was named must be there.
func openRuntime(ctx context.Context, config *Config) (*runtime, error) {
	if config.Runtime == None {
		return &runtime{name: None, lacks: "the cloud was started with --runtime none"}, nil
	}
	dir := filepath.Join(config.Dir.Data(), "containers")
	out := &runtime{plane: &cloud.DataPlane{Postgres: &postgres.Config{Downloads: config.Downloads}}}
	var lacks []error
	for _, kind := range []struct {
		name Runtime
		open func() (container.Runtime, error)
	}{
		{Runc, func() (container.Runtime, error) { return container.NewRunc(ctx, dir, config.Logger) }},
		{Docker, func() (container.Runtime, error) {
			e, err := engine.Open(ctx, engine.Config{Dir: filepath.Join(dir, "engine"), Getenv: os.Getenv, Logger: config.Logger})
			if err != nil {
				return nil, err
			}
			out.plane.Engine, out.about = e, e.String()
			return e, nil
		}},
		{Process, func() (container.Runtime, error) {
			if rootless.Inside() {
				out.about = "in a user namespace, without limits of CPU and memory"
			}
			return container.NewProcess(filepath.Join(dir, "processes"), config.Logger)
		}},
	} {
		if config.Runtime != "" && config.Runtime != Auto && config.Runtime != kind.name {
			continue
		}
		r, err := kind.open()
		switch {
		case err == nil:
			out.name, out.plane.Containers = kind.name, r
			return out, nil
		case !errors.Is(err, container.ErrUnavailable):
			return nil, fmt.Errorf("starting the container runtime %s: %w", kind.name, err)
		}
		lacks = append(lacks, err)
	}
	err := errors.Join(lacks...)
	if config.Runtime != "" && config.Runtime != Auto {
		return nil, err
	}
	config.Logger.Warn("tasks do not run", "err", err)
	out.name, out.lacks, out.wants = None, err.Error(), true
	return out, nil
}

func (r *runtime) close() error {
	if r.plane == nil || r.plane.Containers == nil {
		return nil
	}
	return r.plane.Containers.Close()
}
