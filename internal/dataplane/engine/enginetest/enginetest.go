// Package enginetest gives tests a container engine: one that answers on this machine, else a dockerd that it starts in a directory of its own.
package enginetest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"atoll/internal/dataplane/engine"
)

// Start gives an environment in which an engine is found. The test is skipped where there is none.
func Start(tb testing.TB) (getenv func(string) string) {
	tb.Helper()
	if _, err := engine.Find(tb.Context(), os.Getenv); err == nil {
		return os.Getenv
	} else if os.Getuid() != 0 {
		tb.Skipf("%v: start Docker or Podman, or run the tests as root with dockerd installed (apt install docker.io), to have it tested", err)
	}
	path, err := exec.LookPath("dockerd")
	if err != nil {
		tb.Skip("no container engine answers and dockerd is not installed: apt install docker.io to have it tested")
	}
	dir, err := os.MkdirTemp("", "dk-") // a socket's path must be short
	if err != nil {
		tb.Fatal(err)
	}
	host := "unix://" + filepath.Join(dir, "s")
	var output bytes.Buffer
	//nolint:noctx // it is told to end, and not killed, for it has containers to end itself
	cmd := exec.Command(path, "--iptables=false", "--bridge=none", "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "-p", filepath.Join(dir, "pid"), "-H", host)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &output, &output, &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	var failure error
	go func() { failure = cmd.Wait(); close(ended) }()
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	getenv = func(name string) string {
		if name == "DOCKER_HOST" {
			return host
		}
		return os.Getenv(name)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond) // it tells nobody that it is ready
	defer tick.Stop()
	for {
		if _, err := engine.Find(ctx, getenv); err == nil {
			return getenv
		}
		select {
		case <-tick.C:
		case <-ended:
			tb.Skipf("dockerd does not run here: %v\n%s", failure, output.String())
		case <-ctx.Done():
			tb.Fatal("dockerd does not answer")
		}
	}
}

// built is where this process builds what it needs.
func built() string { return filepath.Join(os.TempDir(), "atoll-linux-"+strconv.Itoa(os.Getpid())) }

// binary builds atoll without libraries, as engines' containers need it.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built(), "atoll")
	cmd := exec.Command("go", "build", "-o", path, "atoll/internal/dataplane/engine/enginetest/network")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(errors.New(string(out)), err)
	}
	return path, nil
})

// Open opens an engine over a directory, with what Start gave.
func Open(tb testing.TB, getenv func(string) string, dir string) *engine.Engine {
	tb.Helper()
	return OpenIdle(tb, getenv, dir, 0)
}

// OpenIdle is Open of an engine whose images do not stay for long.
func OpenIdle(tb testing.TB, getenv func(string) string, dir string, idle time.Duration) *engine.Engine {
	tb.Helper()
	e, err := engine.Open(tb.Context(), engine.Config{Dir: dir, Getenv: getenv, Binary: binary, Idle: idle, Logger: slog.New(slog.NewTextHandler(tb.Output(), nil))})
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// Clean removes what Open has built; it is for TestMain.
func Clean() {
	_ = os.RemoveAll(built())
}

// Image makes an image of what is in a directory.
func Image(tb testing.TB, dir string) v1.Image {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		h, err := tar.FileInfoHeader(info, "")
		if err != nil {
			return err
		}
		h.Name, h.ModTime = path, time.Unix(0, 0) // so that the same content is the same image
		if err := w.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	})
	if err = errors.Join(err, w.Close()); err != nil {
		tb.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		tb.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		tb.Fatal(err)
	}
	return image
}
