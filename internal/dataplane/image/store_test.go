package image_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"atoll/internal/dataplane/image"
)

func TestTamperedContentIsNamed(t *testing.T) {
	l := layer(t, entry{name: "file", content: strings.Repeat("text ", 1000)})
	i := build(t, "run", l)
	config, err := i.ConfigName()
	check(t, err)
	flip := func(at int) func([]byte) []byte {
		return func(raw []byte) []byte {
			raw = slices.Clone(raw)
			raw[(len(raw)+at)%len(raw)] ^= 1
			return raw
		}
	}
	cut := func(raw []byte) []byte { return raw[:len(raw)/2] }
	more := func(raw []byte) []byte { return append(slices.Clone(raw), ' ') }
	for what, digests := range map[string]v1.Hash{"layer": digest(t, l), "configuration": config, "manifest": digest(t, i)} {
		for n, with := range []func([]byte) []byte{flip(1), flip(20), flip(-1), flip(-6), cut, more} {
			dir := t.TempDir()
			_, _, err := open(t, dir).Prepare(t.Context(), altered{image.FromImage(i), digests, with}, digest(t, i))
			var bad *image.DigestError
			if !errors.As(err, &bad) || bad.Want != digests || bad.What != what || !strings.Contains(err.Error(), digests.String()) {
				t.Errorf("%s %d: %v", what, n, err)
			}
			wantTree(t, dir, "rootfs/", "work/")
		}
	}
}

func TestPrepareKeepsWhatItHas(t *testing.T) {
	dir := t.TempDir()
	i := build(t, "run", layer(t, entry{name: "file", content: "x"}))
	first, release, err := open(t, dir).Prepare(t.Context(), image.FromImage(i), digest(t, i))
	check(t, err)
	release()
	if c := first.Config.Config; first.Digest != digest(t, i) || c.Cmd[0] != "run" || c.User != "65532" || c.StopSignal != "SIGINT" || c.Env[0] != "A=b" {
		t.Errorf("got %+v", first)
	}
	check(t, os.WriteFile(filepath.Join(dir, "work", "left"), nil, 0o600)) // by one that was killed
	s := open(t, dir)
	again, release, err := s.Prepare(t.Context(), nil, digest(t, i)) // without a source: it is there
	check(t, err)
	if again.Rootfs != first.Rootfs || again.Config.Config.User != "65532" {
		t.Errorf("got %+v", again)
	}
	none := func(v1.Hash) bool { return false }
	if n, err := s.Prune(none); n != 0 || err != nil {
		t.Errorf("removed %d in use, %v", n, err)
	}
	release()
	release()
	if n, err := s.Prune(func(d v1.Hash) bool { return d == digest(t, i) }); n != 0 || err != nil {
		t.Errorf("removed %d that was to be kept, %v", n, err)
	}
	if n, err := s.Prune(none); n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	wantTree(t, dir, "rootfs/", "work/")
}

// gated is a Source whose blobs wait until they may come; it counts them.
type gated struct {
	image.Source
	asked chan struct{} // closed with the first blob
	open  chan struct{}
	once  *sync.Once
	blobs *atomic.Int32
}

func (g gated) Blob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error) {
	g.blobs.Add(1)
	g.once.Do(func() { close(g.asked) })
	select {
	case <-g.open:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return g.Source.Blob(ctx, digest)
}

func gate(i v1.Image) gated {
	return gated{image.FromImage(i), make(chan struct{}), make(chan struct{}), new(sync.Once), new(atomic.Int32)}
}

func TestPrepareSharesWork(t *testing.T) {
	i := build(t, "run", layer(t, entry{name: "file", content: "x"}))
	s, g := open(t, t.TempDir()), gate(i)
	canceled, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, _, err := s.Prepare(canceled, g, digest(t, i)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	<-g.asked
	var rest sync.WaitGroup
	for range 5 {
		rest.Go(func() {
			_, release, err := s.Prepare(t.Context(), g, digest(t, i))
			if err != nil {
				t.Error(err)
				return
			}
			release()
		})
	}
	cancel() // one who leaves does not end the others' work
	all.Wait()
	close(g.open)
	rest.Wait()
	if n, err := s.Prune(func(v1.Hash) bool { return false }); n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
}

func TestPrepareEndsWithItsLastCaller(t *testing.T) {
	i := build(t, "run", layer(t, entry{name: "file", content: "x"}))
	dir := t.TempDir()
	s, g := open(t, dir), gate(i)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-g.asked; cancel() }()
	if _, _, err := s.Prepare(ctx, g, digest(t, i)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.Close()
	wantTree(t, dir, "rootfs/", "work/")
	if _, _, err := s.Prepare(t.Context(), g, digest(t, i)); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v", err)
	}
}

func TestPull(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repo := strings.TrimPrefix(server.URL, "http://") + "/app"
	arm, amd := build(t, "arm", layer(t, entry{name: "arm"})), build(t, "amd", layer(t, entry{name: "amd"}))
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}},
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	check(t, remote.WriteIndex(must(name.ParseReference(repo+":v1"))(t), index))
	puller := &image.Registries{Owns: func(host string) bool { return host != "own" }, Own: &image.Remote{}}
	source, found, err := puller.Pull(t.Context(), repo+":v1")
	check(t, err)
	s := open(t, t.TempDir())
	got, release, err := s.Prepare(t.Context(), source, found)
	check(t, err)
	release()
	if got.Digest != digest(t, amd) || got.Config.Config.Cmd[0] != "amd" {
		t.Errorf("got %+v", got)
	}
	wantTree(t, got.Rootfs, "amd=")

	other, err := image.Open(t.TempDir(), image.Options{Platform: v1.Platform{OS: "linux", Architecture: "s390x"}})
	check(t, err)
	defer other.Close()
	var missing *image.PlatformError
	if _, _, err := other.Prepare(t.Context(), source, found); !errors.As(err, &missing) || len(missing.Have) != 2 || !strings.Contains(err.Error(), "linux/s390x; it has linux/arm64/v8, linux/amd64") {
		t.Errorf("got %v", err)
	}
	for reference, want := range map[string]error{repo + ":none": image.ErrNotFound, "UPPER": nil, "127.0.0.1:1/app": nil} {
		_, _, err := puller.Pull(t.Context(), reference)
		var failed *image.PullError
		if !errors.As(err, &failed) || failed.Reference != reference || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", reference, err)
		}
	}
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T { t.Helper(); check(t, err); return v }
}
