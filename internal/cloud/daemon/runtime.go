package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"atoll/internal/cloud"
	"atoll/internal/dataplane/container"
)

// Runtime names what tasks run with.
type Runtime string

// The runtimes.
const (
	Auto Runtime = "auto" // the best that the machine has
	Runc Runtime = "runc"
	None Runtime = "none" // tasks are records
)

// Runtimes are those that can be asked for.
func Runtimes() []Runtime { return []Runtime{Auto, Runc, None} }

// runtime is what was opened.
type runtime struct {
	name  Runtime
	lacks string
	plane *cloud.DataPlane
}

// openRuntime opens the runtime that is asked for. Auto ends with None where nothing can run; one that was named must be there.
func openRuntime(ctx context.Context, config *Config) (*runtime, error) {
	if config.Runtime == None {
		return &runtime{name: None, lacks: "the cloud was started with --runtime none"}, nil
	}
	runc, err := container.NewRunc(ctx, filepath.Join(config.Dir.Data(), "containers"), config.Logger)
	switch {
	case err == nil:
		return &runtime{name: Runc, plane: &cloud.DataPlane{Containers: runc}}, nil
	case !errors.Is(err, container.ErrUnavailable):
		return nil, fmt.Errorf("starting the container runtime: %w", err)
	case config.Runtime == Runc:
		return nil, err
	}
	config.Logger.Warn("tasks do not run", "err", err)
	return &runtime{name: None, lacks: err.Error(), plane: &cloud.DataPlane{}}, nil
}

func (r *runtime) close() error {
	if r.plane == nil || r.plane.Containers == nil {
		return nil
	}
	return r.plane.Containers.Close()
}
