package cloud

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/secretsmanager"
	"atoll/internal/cloud/aws/ssm"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/fargate"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/engine"
	"atoll/internal/dataplane/fabric"
	"atoll/internal/dataplane/image"
	"atoll/internal/dataplane/postgres"
)

// DataPlane is what the cloud runs things with. What it lacks stays a record.
type DataPlane struct {
	Containers container.Runtime // runs tasks; it is not closed with the cloud
	Engine     *engine.Engine    // is Containers, where a container engine runs them: it has images and networks of its own
	Postgres   *postgres.Config  // runs RDS's PostgreSQL instances; the cloud sets its directory, logger, authority and listeners
}

// tasksDir holds the files of tasks that run, and unpackedDir the root file systems of images. Neither is part of the cloud's state.
func tasksDir(dir string) string    { return filepath.Join(dir, "tasks") }
func unpackedDir(dir string) string { return filepath.Join(dir, "unpacked") }

// removeTasks removes the files of tasks that a killed cloud has left, with the file systems that are mounted there.
func removeTasks(dir string) error {
	roots, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		return err
	}
	for _, root := range roots {
		if err := image.RemoveWritable(root); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

// values reads what tasks are given by reference, as the services' own operations give it.
type values struct {
	clock      clock.Clock
	secrets    *secretsmanager.Service
	parameters *ssm.Service
}

func (v values) as(ctx context.Context, sc state.Scope) context.Context {
	return wire.WithCall(ctx, &wire.Call{Principal: auth.Principal{Account: sc.Account}, Region: sc.Region, Time: v.clock.Now()})
}

func (v values) Secret(ctx context.Context, sc state.Scope, id, version, stage string) (string, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: &id}
	if version != "" {
		in.VersionId = &version
	}
	if stage != "" {
		in.VersionStage = &stage
	}
	out, err := v.secrets.GetSecretValue(v.as(ctx, sc), in)
	switch {
	case err != nil:
		return "", err
	case out.SecretString == nil:
		return string(out.SecretBinary), nil
	}
	return *out.SecretString, nil
}

func (v values) Parameter(ctx context.Context, sc state.Scope, name string) (string, error) {
	out, err := v.parameters.GetParameter(v.as(ctx, sc), &ssm.GetParameterInput{Name: &name, WithDecryption: new(true)})
	if err != nil {
		return "", err
	}
	return *out.Parameter.Value, nil
}

// taskImages makes root file systems of images: of the cloud's own registry, and of others.
type taskImages struct {
	store  *unpacked
	puller image.Puller
	engine *engine.Engine // nil for runtimes that run from a directory
}

func (i taskImages) Prepare(ctx context.Context, _ state.Scope, reference, dir string) (fargate.Image, error) {
	source, digest, err := i.puller.Pull(ctx, reference)
	if err != nil {
		return fargate.Image{}, err
	}
	got, release, err := i.store.Prepare(ctx, source, digest)
	if err != nil {
		return fargate.Image{}, fmt.Errorf("failed to extract %s: %w", reference, err)
	}
	i.store.note(got.Digest)
	prepared := fargate.Image{Digest: got.Digest.String(), Root: got.Rootfs, Config: got.Config.Config}
	if i.engine != nil {
		if prepared.Name, err = i.load(ctx, source, got.Digest); err != nil {
			release()
			return fargate.Image{}, fmt.Errorf("failed to extract %s: %w", reference, err)
		}
		prepared.Release = func() error {
			release()
			i.store.note(got.Digest)
			return nil
		}
		return prepared, nil
	}
	root, drop, err := image.Writable(ctx, got.Rootfs, dir)
	if err != nil {
		release()
		return fargate.Image{}, err
	}
	prepared.Root, prepared.Release = root, func() error {
		err := drop()
		release()
		i.store.note(got.Digest)
		return err
	}
	return prepared, nil
}

// load has the engine take an image, whose content has been checked as it was unpacked.
func (i taskImages) load(ctx context.Context, source image.Source, digest v1.Hash) (string, error) {
	content, err := image.Assemble(ctx, source, digest)
	if err != nil {
		return "", err
	}
	return i.engine.Load(ctx, digest, content)
}

// engineNetworks makes the networks of tasks with a container engine.
type engineNetworks struct {
	engine *engine.Engine
	fabric *fabric.Fabric
}

func (n engineNetworks) Attach(ctx context.Context, i fabric.Interface) (*fabric.Namespace, error) {
	return n.engine.Attach(ctx, n.fabric, i)
}
