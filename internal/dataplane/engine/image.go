package engine

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/moby/client"
)

// load is the work on an image, shared by those who wait for it.
type load struct {
	done chan struct{}
	err  error
}

// repository gives the name under which images of a kind are kept.
func (e *Engine) repository(kind string) string { return "atoll.local/" + e.id + "/" + kind }

// Load has the engine take an image into its store unless it is there, and gives its name, for Specs. Those who ask for one at the same time
// share the work.
func (e *Engine) Load(ctx context.Context, digest v1.Hash, image v1.Image) (string, error) {
	tag, err := name.NewTag(e.repository("tasks") + ":" + digest.Hex)
	if err != nil {
		return "", err
	}
	e.mu.Lock()
	l := e.loads[digest]
	begins := l == nil
	if begins {
		l = &load{done: make(chan struct{})}
		e.loads[digest] = l
	}
	e.mu.Unlock()
	if begins {
		l.err = e.load(ctx, tag, image)
		e.mu.Lock()
		delete(e.loads, digest)
		e.mu.Unlock()
		close(l.done)
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if errors.Is(l.err, context.Canceled) && ctx.Err() == nil { // of the one who began
		return e.Load(ctx, digest, image)
	}
	return tag.Name(), l.err
}

func (e *Engine) load(ctx context.Context, tag name.Tag, image v1.Image) error {
	if there, err := e.has(ctx, tag.Name()); there || err != nil {
		return err
	}
	config, err := image.ConfigFile()
	if err == nil { // health checks and volumes are for the tasks' definitions to ask for, not for images
		asked := config.Config.DeepCopy()
		asked.Healthcheck, asked.Volumes = nil, nil
		image, err = mutate.Config(image, *asked)
	}
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(tarball.Write(tag, image, w)) }()
	answer, err := e.client.ImageLoad(ctx, r, client.ImageLoadWithQuiet(true))
	if err == nil {
		err = errors.Join(refusal(answer), answer.Close())
	}
	if err = errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("loading an image into %s: %w", e.Found, err)
	}
	return nil
}

// has reports whether an image is there.
func (e *Engine) has(ctx context.Context, image string) (bool, error) {
	_, err := e.client.ImageInspect(ctx, image)
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// refusal reads an engine's answer, which has errors in it after the status of success.
func refusal(answer io.Reader) error {
	d := json.NewDecoder(answer)
	for {
		var line struct{ Error string }
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if line.Error != "" {
			return errors.New(line.Error)
		}
	}
}

// Prune removes the images that no container uses and keep does not want, and gives their number.
func (e *Engine) Prune(ctx context.Context, keep func(digest v1.Hash) bool) (removed int, err error) {
	return e.prune(ctx, e.repository("tasks"), func(tag string) bool { return keep(v1.Hash{Algorithm: "sha256", Hex: tag}) })
}

func (e *Engine) removeImages(ctx context.Context) error {
	var errs []error
	for _, kind := range []string{"tasks", "network"} {
		_, err := e.prune(ctx, e.repository(kind), func(string) bool { return false })
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (e *Engine) prune(ctx context.Context, repository string, keep func(tag string) bool) (removed int, err error) {
	images, err := e.client.ImageList(ctx, client.ImageListOptions{}) // engines differ in how they filter names
	if err != nil {
		return 0, fmt.Errorf("listing the images of %s: %w", e.Found, err)
	}
	var errs []error
	for _, i := range images.Items {
		for _, at := range i.RepoTags {
			tag, ours := strings.CutPrefix(at, repository+":")
			if !ours || keep(tag) {
				continue
			}
			_, err := e.client.ImageRemove(ctx, at, client.ImageRemoveOptions{PruneChildren: true})
			switch {
			case err == nil:
				removed++
			case !gone(err) && !cerrdefs.IsConflict(err): // a conflict: a container uses it
				errs = append(errs, fmt.Errorf("removing the image %s: %w", at, err))
			}
		}
	}
	return removed, errors.Join(errs...)
}

// networkProgram is the one file in the image of network containers.
const networkProgram = "atoll"

// networkImage is what is known of that image.
type networkImage struct {
	mu   sync.Mutex
	name string // empty: not looked for yet
}

// networkImage gives the image of network containers, and makes it if it is not there. anew says that it must be looked for again.
func (e *Engine) networkImage(ctx context.Context, anew bool) (string, error) {
	n := &e.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.name != "" && !anew {
		return n.name, nil
	}
	path, err := e.config.Binary()
	if err != nil {
		return "", err
	}
	program, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer program.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, program)
	if err != nil {
		return "", err
	}
	tag := hex.EncodeToString(sum.Sum(nil))[:16]
	image := e.repository("network") + ":" + tag
	there, err := e.has(ctx, image)
	if err != nil {
		return "", err
	}
	if !there {
		if _, err := program.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
		if err := e.importProgram(ctx, program, size, image); err != nil {
			return "", fmt.Errorf("making the image of network containers: %w", err)
		}
	}
	n.name = image
	return image, nil
}

// importProgram makes an image of one file.
func (e *Engine) importProgram(ctx context.Context, program io.Reader, size int64, image string) error {
	r, w := io.Pipe()
	go func() {
		t := tar.NewWriter(w)
		err := t.WriteHeader(&tar.Header{Name: networkProgram, Typeflag: tar.TypeReg, Mode: 0o755, Size: size})
		if err == nil {
			_, err = io.Copy(t, program)
		}
		w.CloseWithError(errors.Join(err, t.Close()))
	}()
	answer, err := e.client.ImageImport(ctx, client.ImageImportSource{Source: r, SourceName: "-"}, image, client.ImageImportOptions{})
	if err == nil {
		err = errors.Join(refusal(answer), answer.Close())
	}
	return errors.Join(err, r.Close())
}
