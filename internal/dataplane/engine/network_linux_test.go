package engine_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/container/containertest"
	"atoll/internal/dataplane/engine"
	"atoll/internal/dataplane/engine/enginetest"
	"atoll/internal/dataplane/fabric"
)

var program = containertest.Program{Package: "./testdata/program"}

func TestMain(m *testing.M) {
	code := m.Run()
	enginetest.Clean()
	program.Remove()
	os.Exit(code)
}

// rules leads each address to an interface, and says where flows come from.
type rules map[netip.Addr]string

func (r rules) Permit(_ context.Context, f fabric.Flow) fabric.Verdict {
	return fabric.Verdict{Allowed: true, Target: r[f.To.Addr()], Source: netip.MustParseAddr("10.0.1.77")}
}

// world is an engine with two networks, and a program that echoes in each.
type world struct {
	engine *engine.Engine
	fabric *fabric.Fabric
	image  string
}

const subnet = "10.0.1.0/24"

// root gives a root file system with the program and a folder that is its owner's alone.
func root(tb testing.TB) string {
	tb.Helper()
	dir := program.Root(tb)
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{engine: enginetest.Open(tb, enginetest.Start(tb), tb.TempDir()), fabric: fabric.New(fabric.Config{Policy: rules{
		netip.MustParseAddr("10.0.1.10"): "eni-1", netip.MustParseAddr("10.0.1.20"): "eni-2",
	}})}
	tb.Cleanup(func() {
		if err := w.engine.Close(); err != nil {
			tb.Error(err)
		}
	})
	image := enginetest.Image(tb, root(tb))
	digest, err := image.Digest()
	if err == nil {
		w.image, err = w.engine.Load(tb.Context(), digest, image)
	}
	if err == nil {
		err = w.engine.Group("task", container.Limits{})
	}
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func (w *world) attach(tb testing.TB, id, address string) *fabric.Namespace {
	tb.Helper()
	n, err := w.engine.Attach(tb.Context(), w.fabric, fabric.Interface{ID: id, Address: netip.MustParseAddr(address), Subnet: netip.MustParsePrefix(subnet), Hostname: "host-of-" + id})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := n.Close(); err != nil {
			tb.Error(err)
		}
	})
	return n
}

// start starts the program, and gives what it writes.
func (w *world) start(tb testing.TB, s container.Spec) (container.Container, *bufio.Reader) {
	tb.Helper()
	r, out := io.Pipe()
	s.Group, s.Image, s.Stdout, s.Stderr = "task", w.image, out, out
	c, err := w.engine.Start(tb.Context(), s)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = r.Close()
		if err := c.Signal(context.Background(), os.Kill); err != nil {
			tb.Error(err)
		}
		c.Wait()
	})
	return c, bufio.NewReader(r)
}

func line(tb testing.TB, r *bufio.Reader, want string) {
	tb.Helper()
	if got, err := r.ReadString('\n'); err != nil || strings.TrimSpace(got) != want {
		tb.Fatalf("%q, %v; want %q", got, err, want)
	}
}

func TestNetworks(t *testing.T) {
	w := newWorld(t)
	one, two := w.attach(t, "eni-1", "10.0.1.10"), w.attach(t, "eni-2", "10.0.1.20")
	_, served := w.start(t, container.Spec{ID: "server", Hostname: "host-of-eni-1", Network: one.Name(), User: "1000", Args: []string{"/program", "serve", ":80"}})
	line(t, served, "ready on host-of-eni-1")

	c, err := w.fabric.Dial(t.Context(), "eni-3", netip.MustParseAddrPort("10.0.1.10:80"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	line(t, bufio.NewReader(c), "10.0.1.77 says hello")
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := w.fabric.Dial(t.Context(), "eni-3", netip.MustParseAddrPort("10.0.1.10:81")); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("where nothing listens: %v", err)
	}
	_, asked := w.start(t, container.Spec{ID: "client", Network: two.Name(), Args: []string{"/program", "ask", "10.0.1.10:80"}})
	line(t, asked, "10.0.1.77 says hello") // dialled by the stack: from where the policy says
}

// A container whose network container goes has ended.
func TestLostNetwork(t *testing.T) {
	w := newWorld(t)
	n := w.attach(t, "eni-1", "10.0.1.10")
	c, served := w.start(t, container.Spec{ID: "server", Hostname: "host-of-eni-1", Network: n.Name(), Args: []string{"/program", "serve", ":80"}})
	line(t, served, "ready on host-of-eni-1")
	other, err := client.New(client.WithHost(w.engine.Host))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ContainerKill(t.Context(), strings.TrimPrefix(n.Name(), "container:"), client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		t.Fatal(err)
	}
	if exit := c.Wait(); exit.Code != 137 || exit.OutOfMemory {
		t.Errorf("%+v", exit)
	}
}

func TestVolumes(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		copy bool
		want string
	}{{false, "0755 0"}, {true, "0700 0"}} {
		if w.engine.Found.Name == "Podman" {
			test.want = "0700 0"
		}
		group := "volumes-" + map[bool]string{true: "full", false: "empty"}[test.copy]
		if err := w.engine.Group(group, container.Limits{}); err != nil {
			t.Fatal(err)
		}
		for i, args := range [][]string{{"/program", "write", "/data/x"}, {"/program", "mode", "/data", "/data/x"}} {
			var out strings.Builder
			c, err := w.engine.Start(t.Context(), container.Spec{ID: group + "-" + string(rune('a'+i)), Group: group, Image: w.image, Args: args, Stdout: &out, Stderr: &out,
				Mounts: []container.Mount{{Volume: group, Copy: test.copy, Target: "/data"}}})
			if err != nil {
				t.Fatal(err)
			}
			if exit := c.Wait(); exit.Code != 0 || i == 1 && strings.TrimSpace(out.String()) != test.want+" 0600 0" {
				t.Errorf("copied %t: %+v, %q", test.copy, exit, out.String())
			}
		}
		if err := w.engine.RemoveGroup(group); err != nil {
			t.Error(err)
		}
	}
}

// A command that nobody waits for any more ends.
func TestAbandonedCommand(t *testing.T) {
	w := newWorld(t)
	c, served := w.start(t, container.Spec{ID: "server", User: "1000", Args: []string{"/program", "echo", "127.0.0.1:8080"}})
	if _, err := served.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for _, tty := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		r, out := io.Pipe()
		go func() {
			_, _ = bufio.NewReader(r).ReadString('\n') // it runs
			cancel()
		}()
		if _, err := c.Exec(ctx, container.ExecSpec{Args: []string{"/program", "sleep"}, TTY: tty, Stdout: out}); !errors.Is(err, context.Canceled) {
			t.Errorf("on a terminal %t: %v", tty, err)
		}
		_ = r.Close()
		var left strings.Builder
		if code, err := c.Exec(t.Context(), container.ExecSpec{Args: []string{"/program", "count", "sleep"}, Stdout: &left}); code != 0 || err != nil || left.String() != "0\n" {
			t.Errorf("on a terminal %t: %d, %v, %q", tty, code, err, left.String())
		}
	}
}

// Images do not stay when nothing runs from them for a while.
func TestIdle(t *testing.T) {
	getenv := enginetest.Start(t)
	e := enginetest.OpenIdle(t, getenv, t.TempDir(), time.Millisecond)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	other, err := client.New(client.WithHost(e.Host))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ours := func() (n int) {
		images, err := other.ImageList(t.Context(), client.ImageListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range images.Items {
			for _, tag := range i.RepoTags {
				if strings.HasPrefix(tag, "atoll.local/"+e.ID()+"/") {
					n++
				}
			}
		}
		return n
	}
	f := fabric.New(fabric.Config{})
	for range 2 { // they come back
		n, err := e.Attach(t.Context(), f, fabric.Interface{ID: "eni-1", Address: netip.MustParseAddr("10.0.1.10"), Subnet: netip.MustParsePrefix(subnet)})
		if err != nil {
			t.Fatal(err)
		}
		image := enginetest.Image(t, root(t))
		digest, err := image.Digest()
		if err == nil {
			_, err = e.Load(t.Context(), digest, image)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := ours(); got != 2 {
			t.Errorf("%d images while there is a network", got)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		e.AwaitIdle()
		if got := ours(); got != 0 {
			t.Errorf("%d images are left", got)
		}
	}
}

func BenchmarkNetwork(b *testing.B) {
	w := newWorld(b)
	n := w.attach(b, "eni-1", "10.0.1.10")
	_, served := w.start(b, container.Spec{ID: "server", Hostname: "host-of-eni-1", Network: n.Name(), Args: []string{"/program", "echo", ":80"}})
	line(b, served, "ready on host-of-eni-1")
	dial := func() net.Conn {
		ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
		defer cancel()
		c, err := w.fabric.Dial(ctx, "eni-3", netip.MustParseAddrPort("10.0.1.10:80"))
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	b.Run("dial", func(b *testing.B) {
		for b.Loop() {
			_ = dial().Close()
		}
	})
	for name, size := range map[string]int{"ping": 64, "MiB": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			c := dial()
			defer c.Close()
			b.SetBytes(int64(size))
			out, in := make([]byte, size), make([]byte, size)
			for b.Loop() {
				done := make(chan error, 1)
				go func() { _, err := c.Write(out); done <- err }()
				if _, err := io.ReadFull(c, in); err != nil {
					b.Fatal(err)
				}
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
