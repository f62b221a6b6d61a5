package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"atoll/internal/dataplane/rootless"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Options say how a Store works.
type Options struct {
	Platform v1.Platform // of indexes, the image for it is taken; zero: linux on this machine's processor
	Volatile bool        // what is unpacked need not outlive a power failure
}

// Image is an image that is ready to run from.
type Image struct {
	Digest v1.Hash // of its manifest; of an index, of the manifest that was picked
	Rootfs string  // directory; others use it too: it must not be written to
	Config v1.ConfigFile
}

// Store keeps unpacked images in a directory of its own: rootfs/HEX of the digest, each with root and config.json, and work for what is
// under way. One process may have it at a time.
type Store struct {
	dir     string
	options Options
	running sync.WaitGroup
	ctx     context.Context // ends with the store
	stop    context.CancelFunc

	mu    sync.Mutex
	items map[v1.Hash]*item // by the digest that was asked for
	used  map[v1.Hash]int   // by manifests' digests
}

// item is the work on an image, shared by those who wait for it.
type item struct {
	waiting   int
	abandoned bool // all who waited have left
	cancel    context.CancelFunc
	done      chan struct{}
	image     *Image
	err       error
}

// Open makes a Store in a directory, and removes what one that was killed has left half done.
func Open(dir string, options Options) (*Store, error) {
	if options.Platform.OS == "" {
		options.Platform = v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	}
	s := &Store{dir: dir, options: options, items: map[v1.Hash]*item{}, used: map[v1.Hash]int{}}
	if err := removeAll(s.work()); err != nil {
		return nil, fmt.Errorf("cleaning the store of images: %w", err)
	}
	for _, dir := range []string{s.work(), s.unpacked()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("making the store of images: %w", err)
		}
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

func (s *Store) work() string                { return filepath.Join(s.dir, "work") }
func (s *Store) unpacked() string            { return filepath.Join(s.dir, "rootfs") }
func (s *Store) place(digest v1.Hash) string { return filepath.Join(s.unpacked(), digest.Hex) }

// Close ends the work under way. Directories that were given stay.
func (s *Store) Close() {
	s.stop()
	s.running.Wait()
}

// Prepare gives an image by the digest of its manifest, or of an index that has one for the store's platform. It is unpacked if it is not
// there; those who ask for one at the same time share the work. The image stays until release is called, which may be called twice.
func (s *Store) Prepare(ctx context.Context, source Source, digest v1.Hash) (image *Image, release func(), err error) {
	if err := checkHash(digest); err != nil {
		return nil, nil, err
	}
	for {
		it, err := s.join(source, digest)
		if err != nil {
			return nil, nil, err
		}
		select {
		case <-it.done:
		case <-ctx.Done():
			s.leave(it)
			return nil, nil, ctx.Err()
		}
		image, release, again, err := s.take(it)
		if !again {
			return image, release, err
		}
	}
}

// join takes part in the work on an image, or begins it.
func (s *Store) join(source Source, digest v1.Hash) (*item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ctx.Err(); err != nil {
		return nil, errors.New("the store of images is closed")
	}
	it, ok := s.items[digest]
	if !ok {
		var ctx context.Context
		it = &item{done: make(chan struct{})}
		ctx, it.cancel = context.WithCancel(s.ctx)
		s.items[digest] = it
		s.running.Go(func() {
			defer it.cancel()
			image, err := s.make(ctx, source, digest)
			s.mu.Lock()
			defer s.mu.Unlock()
			it.image, it.err = image, err
			delete(s.items, digest)
			if err == nil && it.waiting > 0 {
				s.used[image.Digest] += it.waiting // taken for those who wait, before anyone can remove it
			}
			close(it.done)
		})
	}
	it.waiting++
	return it, nil
}

// leave ends one's part in the work on an image. The last one to leave ends the work.
func (s *Store) leave(it *item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-it.done:
		if it.err == nil {
			s.drop(it.image.Digest)
		}
	default:
		if it.waiting--; it.waiting == 0 {
			it.abandoned = true
			it.cancel()
		}
	}
}

// take gives what was made. It says to ask again where the work was ended because all others had left.
func (s *Store) take(it *item) (image *Image, release func(), again bool, err error) {
	if it.err != nil {
		return nil, nil, it.abandoned && s.ctx.Err() == nil, it.err
	}
	var once sync.Once
	return it.image, func() {
		once.Do(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.drop(it.image.Digest)
		})
	}, false, nil
}

func (s *Store) drop(digest v1.Hash) {
	if s.used[digest]--; s.used[digest] == 0 {
		delete(s.used, digest)
	}
}

// make gives an image that is there, or unpacks it.
func (s *Store) make(ctx context.Context, source Source, digest v1.Hash) (*Image, error) {
	if i, err := s.load(digest); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return i, err
	}
	m, picked, err := pick(ctx, source, digest, s.options.Platform)
	if err != nil {
		return nil, err
	}
	if i, err := s.load(picked); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return i, err
	}
	temp, err := os.MkdirTemp(s.work(), picked.Hex[:12]+"-")
	if err != nil {
		return nil, fmt.Errorf("unpacking the image %s: %w", picked, err)
	}
	err = s.fill(ctx, source, m, temp)
	if err == nil {
		err = os.Rename(temp, s.place(picked))
		if errors.Is(err, fs.ErrExist) { // under the digest of an index at the same time
			err = removeAll(temp)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("unpacking the image %s: %w", picked, err), removeAll(temp))
	}
	return s.load(picked)
}

// load reads an image that is there; otherwise the error is fs.ErrNotExist.
func (s *Store) load(digest v1.Hash) (*Image, error) {
	raw, err := os.ReadFile(filepath.Join(s.place(digest), "config.json"))
	if err != nil {
		return nil, err
	}
	i := &Image{Digest: digest, Rootfs: filepath.Join(s.place(digest), "root")}
	if err := json.Unmarshal(raw, &i.Config); err != nil {
		return nil, fmt.Errorf("reading the configuration of the image %s: %w", digest, err)
	}
	return i, nil
}

// fill unpacks an image into a directory.
func (s *Store) fill(ctx context.Context, source Source, m *v1.Manifest, dir string) error {
	config, err := configuration(ctx, source, m.Config.Digest)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(config, &v1.ConfigFile{}); err != nil {
		return fmt.Errorf("reading the configuration %s: %w", m.Config.Digest, err)
	}
	rootfs := filepath.Join(dir, "root")
	if err := os.Mkdir(rootfs, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(rootfs)
	if err != nil {
		return err
	}
	defer root.Close()
	u := newUnpacker(root, rootless.Privileged())
	for _, layer := range m.Layers {
		if err := unpackLayer(ctx, source, layer, u); err != nil {
			return err
		}
	}
	if err := u.finish(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600); err != nil {
		return err
	}
	if s.options.Volatile {
		return nil
	}
	return settle(dir)
}

// checkHash takes digests of the one kind that registries use.
func checkHash(digest v1.Hash) error {
	if digest.Algorithm != "sha256" || len(digest.Hex) != 64 {
		return fmt.Errorf("the digest %q is not of SHA-256", digest)
	}
	return nil
}
