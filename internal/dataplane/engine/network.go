package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	cerrdefs "github.com/containerd/errdefs"
	containerapi "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"atoll/internal/dataplane/fabric"
)

// network is a network container, and the stream of its packets.
type network struct {
	engine *Engine
	id     string
	conn   net.Conn
	r      *bufio.Reader
	left   int          // bytes of the frame that is being read
	said   bytes.Buffer // on stderr
	once   sync.Once
	err    error
	closed chan struct{}
}

// Attach makes a network namespace with an interface for containers to join, and serves the interface's address from it.
func (e *Engine) Attach(ctx context.Context, f *fabric.Fabric, i fabric.Interface) (*fabric.Namespace, error) {
	e.enter()
	n, err := e.newNetwork(ctx, i)
	if err != nil {
		e.leave()
		return nil, fmt.Errorf("making the network of %s with %s: %w", i.ID, e.Found, err)
	}
	return f.AttachStream(i, "container:"+n.id, n)
}

func (e *Engine) newNetwork(ctx context.Context, i fabric.Interface) (*network, error) {
	for again := false; ; again = true {
		image, err := e.networkImage(ctx, again)
		if err != nil {
			return nil, err
		}
		made, err := e.client.ContainerCreate(ctx, e.networkOptions(i, image))
		if cerrdefs.IsNotFound(err) && !again { // someone has removed the image
			continue
		}
		if err != nil {
			return nil, err
		}
		n := &network{engine: e, id: made.ID, closed: make(chan struct{})}
		if err := n.start(ctx); err != nil {
			return nil, errors.Join(err, e.remove(context.WithoutCancel(ctx), n.id))
		}
		return n, nil
	}
}

func (e *Engine) networkOptions(i fabric.Interface, image string) client.ContainerCreateOptions {
	return client.ContainerCreateOptions{
		Name: e.named("network-" + i.ID),
		Config: &containerapi.Config{
			Image: image, Entrypoint: []string{"/" + networkProgram}, Cmd: fabric.NetworkArgs(i), Hostname: i.Hostname, Labels: e.labels(""),
			AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true,
		},
		HostConfig: &containerapi.HostConfig{
			NetworkMode: "none", LogConfig: containerapi.LogConfig{Type: "none"}, ReadonlyRootfs: true, CapDrop: []string{"ALL"}, CapAdd: []string{"NET_ADMIN"},
			SecurityOpt: []string{"no-new-privileges"}, Sysctls: map[string]string{"net.ipv4.ip_unprivileged_port_start": "0"},
			Resources: containerapi.Resources{Ulimits: ulimits(nil), Devices: []containerapi.DeviceMapping{{PathOnHost: "/dev/net/tun", PathInContainer: "/dev/net/tun", CgroupPermissions: "rwm"}}},
		},
	}
}

// start starts the container and waits until it carries packets.
func (n *network) start(ctx context.Context) error {
	c := n.engine.client
	attached, err := n.engine.attach(ctx, n.id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return err
	}
	n.conn, n.r = attached.Conn, bufio.NewReaderSize(attached.Reader, 256<<10)
	ready := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { _ = n.conn.Close() })
	_, err = c.ContainerStart(ctx, n.id, client.ContainerStartOptions{})
	if err == nil {
		go func() { ready <- fabric.AwaitNetwork(n) }()
		err = <-ready
	}
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		_ = n.conn.Close()
		if said := bytes.TrimSpace(n.said.Bytes()); len(said) > 0 {
			return fmt.Errorf("%w: %s", err, said)
		}
		return err
	}
	n.engine.mu.Lock()
	n.engine.networks[n] = struct{}{}
	n.engine.mu.Unlock()
	return nil
}

// Read reads what the container writes to its stdout; the engine puts eight bytes before each part of either stream.
// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
func (n *network) Read(b []byte) (int, error) {
	for n.left == 0 {
		var head [8]byte
		if _, err := io.ReadFull(n.r, head[:]); err != nil {
			n.lost()
			return 0, err
		}
		size := int(binary.BigEndian.Uint32(head[4:]))
		if head[0] == 1 {
			n.left = size
			continue
		}
		if n.said.Len() > 1<<12 {
			n.said.Reset()
		}
		if _, err := io.CopyN(&n.said, n.r, int64(size)); err != nil {
			return 0, err
		}
	}
	got, err := n.r.Read(b[:min(len(b), n.left)])
	n.left -= got
	return got, err
}

// Write writes to the container's stdin.
func (n *network) Write(b []byte) (int, error) { return n.conn.Write(b) }

// lost ends the containers of a network that has ended by itself: nothing reaches them any more.
func (n *network) lost() {
	select {
	case <-n.closed:
		return
	default:
	}
	e := n.engine
	e.mu.Lock()
	_, there := e.networks[n]
	var theirs []*process
	for _, p := range e.running {
		if p.spec.Network == "container:"+n.id {
			theirs = append(theirs, p)
		}
	}
	e.mu.Unlock()
	if !there {
		return
	}
	e.config.Logger.Warn("a network container has ended", "id", n.id, "said", n.said.String())
	for _, p := range theirs {
		if err := p.Signal(context.Background(), os.Kill); err != nil {
			e.config.Logger.Error("ending a container without a network", "id", p.spec.ID, "err", err)
		}
	}
}

// Close ends the container and removes it.
func (n *network) Close() error {
	n.once.Do(func() {
		close(n.closed)
		if n.err = n.engine.remove(context.Background(), n.id); n.err != nil {
			n.engine.config.Logger.Error("removing a network container", "id", n.id, "err", n.err)
		}
		_ = n.conn.Close()
		n.engine.mu.Lock()
		delete(n.engine.networks, n)
		n.engine.mu.Unlock()
		n.engine.leave()
	})
	return n.err
}
