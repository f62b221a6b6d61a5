package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"atoll/internal/dataplane/container"
)

// Exec runs a command in the container.
func (p *process) Exec(ctx context.Context, spec container.ExecSpec) (int, error) {
	c := p.engine.client
	options := client.ExecCreateOptions{Cmd: spec.Args, Env: spec.Env, TTY: spec.TTY, AttachStdin: spec.Stdin != nil, AttachStdout: true, AttachStderr: true}
	if spec.Root {
		options.User = "0:0"
	}
	made, err := c.ExecCreate(ctx, p.id, options)
	if err != nil {
		return 0, fmt.Errorf("running a command in a container: %w", err)
	}
	attached, err := c.ExecAttach(ctx, made.ID, client.ExecAttachOptions{TTY: spec.TTY})
	if err != nil {
		return 0, refused(ctx, err)
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, attached.Close)
	defer func() {
		close(ended)
		stop()
		attached.Close()
	}()
	go resize(ctx, c, made.ID, spec, ended)
	if spec.Stdin != nil {
		go func() { // ends with whoever gives the input, or with the connection
			_, _ = io.Copy(attached.Conn, spec.Stdin)
			if !spec.TTY { // there Docker would take it for the output's end too
				_ = attached.CloseWrite()
			}
		}()
	}
	out := &sniffer{to: orDiscard(spec.Stdout)}
	if spec.TTY {
		_, err = io.Copy(out, attached.Reader)
	} else {
		_, err = stdcopy.StdCopy(out, orDiscard(spec.Stderr), attached.Reader)
	}
	if ctx.Err() != nil {
		return 0, errors.Join(ctx.Err(), p.engine.killCommand(context.WithoutCancel(ctx), p, made.ID))
	}
	if err != nil {
		return 0, fmt.Errorf("reading a command's output: %w", err)
	}
	return p.outcome(ctx, made.ID, out)
}

// outcome gives the exit code of a command that has ended, and what kept one from beginning.
func (p *process) outcome(ctx context.Context, id string, out *sniffer) (int, error) {
	state, err := p.engine.client.ExecInspect(ctx, id, client.ExecInspectOptions{})
	if err != nil {
		return 0, fmt.Errorf("asking for a command's exit code: %w", err)
	}
	if out.held() && state.ExitCode != 0 {
		return 0, &container.StartError{Reason: complaint(strings.TrimPrefix(out.kept.String(), failedExec+": exec failed: "))}
	}
	return state.ExitCode, out.release()
}

// resize follows the size of the terminal until the command has ended.
func resize(ctx context.Context, c *client.Client, id string, spec container.ExecSpec, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case size := <-spec.Resize:
			_, _ = c.ExecResize(ctx, id, client.ExecResizeOptions{Height: uint(size.Rows), Width: uint(size.Columns)}) // a command that ends has no size
		}
	}
}

// failedExec begins what engines write to the output of a command that they could not start.
const failedExec = "OCI runtime exec failed"

// sniffer keeps output for itself as long as it may be the engine's own.
type sniffer struct {
	to   io.Writer
	kept bytes.Buffer
	own  bool // it is not the engine's
}

func (s *sniffer) Write(b []byte) (int, error) {
	if s.own {
		return s.to.Write(b)
	}
	s.kept.Write(b)
	if s.held() || strings.HasPrefix(failedExec, s.kept.String()) {
		return len(b), nil
	}
	return len(b), s.release()
}

// held reports whether what was kept is the engine's.
func (s *sniffer) held() bool { return !s.own && strings.HasPrefix(s.kept.String(), failedExec) }

// release passes on what was kept.
func (s *sniffer) release() error {
	s.own = true
	_, err := s.kept.WriteTo(s.to)
	return err
}
