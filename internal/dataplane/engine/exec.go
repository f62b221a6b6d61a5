package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"atoll/internal/dataplane/container"
)

// Exec runs a command in the container.
func (p *process) Exec(ctx context.Context, spec container.ExecSpec) (int, error) {
	c := p.engine.client
	id := randomID()
	options := client.ExecCreateOptions{Cmd: spec.Args, Env: append(slices.Clone(spec.Env), mark+"="+id), TTY: spec.TTY, AttachStdin: spec.Stdin != nil, AttachStdout: true, AttachStderr: true}
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
	var resizing sync.WaitGroup
	defer func() {
		close(ended)
		stop()
		attached.Close()
		resizing.Wait()
	}()
	resizing.Go(func() { resize(ctx, c, made.ID, spec, ended) })
	if spec.Stdin != nil {
		go func() { // ends with whoever gives the input, or with the connection
			_, _ = io.Copy(attached.Conn, spec.Stdin)
			if !spec.TTY { // there Docker would take it for the output's end too
				_ = attached.CloseWrite()
			}
		}()
	}
	out, errOut := p.engine.sniff(spec.Stdout), p.engine.sniff(spec.Stderr)
	if spec.TTY {
		_, err = io.Copy(out, attached.Reader)
	} else {
		_, err = stdcopy.StdCopy(out, errOut, attached.Reader)
	}
	if ctx.Err() != nil {
		return 0, errors.Join(ctx.Err(), p.engine.killCommand(context.WithoutCancel(ctx), p, made.ID, id))
	}
	if err != nil {
		return 0, fmt.Errorf("reading a command's output: %w", err)
	}
	return p.outcome(ctx, made.ID, out, errOut)
}

// outcome gives the exit code of a command that has ended, and what kept one from beginning.
func (p *process) outcome(ctx context.Context, id string, outputs ...*sniffer) (int, error) {
	state, err := p.engine.client.ExecInspect(ctx, id, client.ExecInspectOptions{})
	if err != nil {
		return 0, fmt.Errorf("asking for a command's exit code: %w", err)
	}
	var errs []error
	for _, out := range outputs {
		if out.held() && state.ExitCode != 0 {
			first, _, _ := strings.Cut(out.kept.String(), "\n")
			return 0, &container.StartError{Reason: complaint(first)}
		}
		errs = append(errs, out.release())
	}
	return state.ExitCode, errors.Join(errs...)
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

// sniffer keeps output for itself as long as it may be the engine's own: what engines write of a command that they could not start.
type sniffer struct {
	to          io.Writer
	start, word string // what its first line begins with and what it has in it
	kept        bytes.Buffer
	own         bool // it is not the engine's
}

func (e *Engine) sniff(to io.Writer) *sniffer {
	if e.Found.Name == podman {
		return &sniffer{to: orDiscard(to), start: "Error: ", word: ": OCI "}
	}
	return &sniffer{to: orDiscard(to), start: "OCI runtime exec failed"}
}

func (s *sniffer) Write(b []byte) (int, error) {
	if s.own {
		return s.to.Write(b)
	}
	s.kept.Write(b)
	line, _, whole := strings.Cut(s.kept.String(), "\n")
	if s.held() || strings.HasPrefix(s.start, line) || !whole && strings.HasPrefix(line, s.start) {
		return len(b), nil
	}
	return len(b), s.release()
}

// held reports whether what was kept is the engine's.
func (s *sniffer) held() bool {
	line, _, _ := strings.Cut(s.kept.String(), "\n")
	return !s.own && strings.HasPrefix(line, s.start) && strings.Contains(line, s.word)
}

// release passes on what was kept.
func (s *sniffer) release() error {
	s.own = true
	_, err := s.kept.WriteTo(s.to)
	return err
}
