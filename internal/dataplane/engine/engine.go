package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	containerapi "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"atoll/internal/dataplane/container"
)

// Labels on all that is made.
const (
	labelCloud = "dev.atoll.cloud"
	labelGroup = "dev.atoll.group"
)

// Config says how an Engine works.
type Config struct {
	Dir    string // of its own; what was left by one over the same directory is removed
	Getenv func(name string) string
	Idle   time.Duration // for how long images stay that no task has used since; zero is half a minute
	// Binary gives the path of the network containers' program, a static one for Linux; nil takes Binary.
	Binary func() (string, error)
	Logger *slog.Logger
}

// Engine runs containers with a container engine.
type Engine struct {
	Found
	config Config
	client *client.Client
	id     string // the cloud's
	info   system.Info

	mu       sync.Mutex
	closed   bool
	groups   map[string]*group
	running  map[string]*process // by ID of the engine's
	networks map[*network]struct{}
	loads    map[v1.Hash]*load // of images that are there, or on their way
	network  networkImage
	users    int         // networks that are there, or on their way
	idle     *time.Timer // runs while there are none
	removing sync.Mutex  // of images that nobody uses
	idling   sync.WaitGroup
}

var _ container.Runtime = (*Engine)(nil)

// Open finds an engine, and removes what an earlier Engine over the same directory has left. Its error wraps container.ErrUnavailable where
// there is none.
func Open(ctx context.Context, config Config) (*Engine, error) {
	found, c, err := find(ctx, config.Getenv)
	if err != nil {
		return nil, err
	}
	if config.Idle == 0 {
		config.Idle = 30 * time.Second
	}
	if config.Binary == nil {
		config.Binary = func() (string, error) { return Binary(config.Getenv) }
	}
	e := &Engine{Found: found, config: config, client: c, groups: map[string]*group{}, running: map[string]*process{}, networks: map[*network]struct{}{}, loads: map[v1.Hash]*load{}}
	if err := e.begin(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return e, nil
}

func (e *Engine) begin(ctx context.Context) error {
	if _, err := e.config.Binary(); err != nil {
		return container.Unavailable("%v", err)
	}
	info, err := e.client.Info(ctx, client.InfoOptions{})
	if err != nil {
		return fmt.Errorf("asking %s what it can do: %w", e.Found, err)
	}
	e.info = info.Info
	for what, there := range map[string]bool{"CPU": e.info.CPUCfsQuota, "memory": e.info.MemoryLimit} {
		if !there {
			e.config.Logger.Warn("containers run without limits of "+what, "why", e.Found.String()+" has no control groups for it")
		}
	}
	if e.id, err = identity(e.config.Dir); err != nil {
		return err
	}
	return e.removeLeftovers(ctx)
}

// identity gives the id of the cloud in a directory, and makes one for a new one.
func identity(dir string) (string, error) {
	file := filepath.Join(dir, "engine-id")
	b, err := os.ReadFile(file)
	if id := strings.TrimSpace(string(b)); err == nil && id != "" {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	id := randomID()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return id, os.WriteFile(file, []byte(id+"\n"), 0o600)
}

func randomID() string {
	id := make([]byte, 6)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// Name is "docker", whichever engine it is.
func (e *Engine) Name() string { return "docker" }

// labels mark what belongs to a group.
func (e *Engine) labels(group string) map[string]string {
	return map[string]string{labelCloud: e.id, labelGroup: group}
}

// own filters what belongs to this cloud.
func (e *Engine) own() client.Filters {
	return client.Filters{}.Add("label", labelCloud+"="+e.id)
}

// named gives a name for something of the engine's.
func (e *Engine) named(id string) string { return "atoll-" + e.id + "-" + id }

func (e *Engine) removeLeftovers(ctx context.Context) error {
	left, err := e.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: e.own()})
	if err != nil {
		return fmt.Errorf("looking for containers of before: %w", err)
	}
	errs := e.removeAll(ctx, left.Items, func(c containerapi.Summary) bool { return c.Labels[labelGroup] != "" })
	// Networks after those that have joined them.
	errs = append(errs, e.removeAll(ctx, left.Items, func(c containerapi.Summary) bool { return c.Labels[labelGroup] == "" })...)
	return errors.Join(append(errs, e.removeVolumes(ctx, e.own()))...)
}

// removeAll removes containers at once.
func (e *Engine) removeAll(ctx context.Context, all []containerapi.Summary, which func(containerapi.Summary) bool) []error {
	errs := make([]error, len(all))
	var removing sync.WaitGroup
	for i, c := range all {
		if which(c) {
			e.config.Logger.Info("removing a container of before", "id", c.ID, "names", c.Names)
			removing.Go(func() { errs[i] = e.remove(ctx, c.ID) })
		}
	}
	removing.Wait()
	return errs
}

// remove removes a container by the engine's id; it may run, and may be gone.
func (e *Engine) remove(ctx context.Context, id string) error {
	options := client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}
	_, err := e.client.ContainerRemove(ctx, id, options)
	if gone(err) {
		return nil
	}
	// Podman kills it first, and fails where it is just ending by itself.
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ended := e.client.ContainerWait(short, id, client.ContainerWaitOptions{Condition: containerapi.WaitConditionNotRunning})
	select {
	case <-ended.Result:
	case err := <-ended.Error:
		e.config.Logger.Debug("waiting for a container's end", "id", id, "err", err)
	}
	if _, again := e.client.ContainerRemove(ctx, id, options); gone(again) {
		return nil
	}
	return err
}

func (e *Engine) removeVolumes(ctx context.Context, which client.Filters) error {
	left, err := e.client.VolumeList(ctx, client.VolumeListOptions{Filters: which})
	if err != nil {
		return fmt.Errorf("listing volumes: %w", err)
	}
	var errs []error
	for _, v := range left.Items {
		if _, err := e.client.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{}); !gone(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Close ends all containers and removes the cloud's images.
func (e *Engine) Close() error {
	ctx := context.Background()
	e.mu.Lock()
	e.closed = true
	e.stopIdle()
	var all []*process
	for _, p := range e.running {
		all = append(all, p)
	}
	e.mu.Unlock()
	var errs []error
	for _, p := range all {
		errs = append(errs, p.Signal(ctx, os.Kill))
	}
	for _, p := range all {
		p.Wait()
	}
	e.mu.Lock()
	var networks []*network
	for n := range e.networks {
		networks = append(networks, n)
	}
	e.mu.Unlock()
	for _, n := range networks {
		errs = append(errs, n.Close())
	}
	e.idling.Wait()
	return errors.Join(append(errs, e.removeImages(ctx), e.client.Close())...)
}
