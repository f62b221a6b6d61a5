package datachannel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/coder/websocket"
)

// Target is a session to take part in, as ExecuteCommand gives it.
type Target struct {
	URL, Token string
	ID         string // of the session
	Command    string // what the session is with: ecs:CLUSTER_TASKID_RUNTIMEID
	Keys       Keys   // nil: sessions that are encrypted are refused
}

// Console is what is typed from and printed to.
type Console struct {
	Input  io.Reader // its end is sent as the terminal's end of input; nil: nothing is typed
	Output io.Writer
	Resize <-chan TerminalSize // sizes of the terminal, the first one at once; nil: it is that of a usual one
}

// EndedError is what a session has ended with that did not run as it should, in the words of the other side.
type EndedError struct{ Output string }

func (e *EndedError) Error() string { return e.Output }

// clientVersion is that of AWS's client which this one is like.
const clientVersion = "1.2.707.0"

// Dial takes part in a session until its end, and gives the exit code of its command; known is false where the other side does not tell it.
// It does not wait for Input: who gives that has it end.
func Dial(ctx context.Context, client *http.Client, t Target, console Console) (code int, known bool, err error) {
	conn, answer, err := websocket.Dial(ctx, t.URL, &websocket.DialOptions{HTTPClient: client})
	if answer != nil && answer.Body != nil {
		_ = answer.Body.Close() // it is read already
	}
	if err != nil {
		return 0, false, fmt.Errorf("connecting to the session: %w", err)
	}
	conn.SetReadLimit(largest)
	defer func() { _ = conn.CloseNow() }()
	open, err := json.Marshal(openInput{"1.0", idText(newID()), t.Token, idText(newID()), clientVersion})
	if err != nil {
		return 0, false, err
	}
	if err := conn.Write(ctx, websocket.MessageText, open); err != nil {
		return 0, false, fmt.Errorf("opening the session: %w", err)
	}
	u := &user{stream: newStream(conn, input, output), target: t, console: console, ready: make(chan struct{})}
	err = u.run(ctx)
	return u.code, u.known, err
}

// user is the side of a channel that types.
type user struct {
	stream  *stream
	target  Target
	console Console
	ready   chan struct{} // closed after the handshake
	shaken  sync.Once
	cancel  context.CancelFunc
	failed  error // of taking what has come

	code  int
	known bool
	ended error // what the channel was closed with
}

func (u *user) run(outer context.Context) error {
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	u.cancel = cancel
	var resizing sync.WaitGroup
	resizing.Go(func() { u.sizes(ctx) })
	defer resizing.Wait()
	defer cancel()
	if u.console.Input != nil {
		go u.typing(ctx) // ends with the input
	}
	err := u.stream.run(ctx, func(m *Message) { u.take(ctx, m) }, u.close)
	switch {
	case errors.Is(err, errClosed):
		return u.ended
	case u.failed != nil:
		return u.failed
	case outer.Err() != nil:
		return fmt.Errorf("the session was interrupted: %w", outer.Err())
	}
	return fmt.Errorf("the session's connection has ended: %w", err)
}

// take takes what the agent sends.
func (u *user) take(ctx context.Context, m *Message) {
	var err error
	switch m.Kind {
	case HandshakeRequest:
		err = u.shake(ctx, m.Payload)
	case ChallengeRequest:
		err = u.prove(ctx, m.Payload)
	case HandshakeComplete:
		var c handshakeComplete
		if err = json.Unmarshal(m.Payload, &c); err == nil && c.CustomerMessage != "" {
			_, err = io.WriteString(u.console.Output, c.CustomerMessage+"\r\n")
		}
		u.shaken.Do(func() { close(u.ready) })
	case ExitCode:
		if u.code, err = strconv.Atoi(strings.TrimSpace(string(m.Payload))); err == nil {
			u.known = true
		}
	default:
		_, err = u.console.Output.Write(m.Payload)
	}
	if err != nil && u.failed == nil {
		u.failed = err
		u.cancel()
	}
}

// shake answers the agent's handshake.
func (u *user) shake(ctx context.Context, b []byte) error {
	var r handshakeRequest
	err := json.Unmarshal(b, &r)
	if err != nil {
		return fmt.Errorf("reading the agent's handshake: %w", err)
	}
	answer := handshakeResponse{ClientVersion: clientVersion, ProcessedClientActions: []processedAction{}, Errors: []string{}}
	for _, a := range r.RequestedClientActions {
		p := processedAction{ActionType: a.ActionType, ActionStatus: done}
		switch {
		case a.ActionType == actionEncrypt && u.target.Keys != nil:
			if p.ActionResult, err = u.encrypt(ctx, a.ActionParameters); err != nil {
				p.ActionStatus, p.Error = failed, err.Error()
				answer.Errors = append(answer.Errors, p.Error)
			}
		case a.ActionType != actionSession:
			p.ActionStatus, p.Error = unsupported, "Unsupported action "+a.ActionType
			answer.Errors = append(answer.Errors, p.Error)
		}
		answer.ProcessedClientActions = append(answer.ProcessedClientActions, p)
	}
	if err := u.stream.sendJSON(ctx, HandshakeResponse, answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("taking part in the session's handshake: %s", strings.Join(answer.Errors, ", "))
	}
	return nil
}

// encrypt makes the data key with which the session is encrypted from now on.
func (u *user) encrypt(ctx context.Context, parameters json.RawMessage) (json.RawMessage, error) {
	var r encryptRequest
	if err := json.Unmarshal(parameters, &r); err != nil {
		return nil, fmt.Errorf("reading what the session is encrypted with: %w", err)
	}
	plain, sealed, err := u.target.Keys.DataKey(ctx, r.KMSKeyID, dataKeySize, Context(u.target.ID, u.target.Command))
	if err != nil {
		return nil, fmt.Errorf("making the session's data key: %w", err)
	}
	s, err := newSecret(plain, false)
	if err != nil {
		return nil, err
	}
	u.stream.secret.Store(s)
	return json.Marshal(encryptResult{sealed})
}

// prove answers the agent's riddle.
func (u *user) prove(ctx context.Context, b []byte) error {
	var c challenge
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("reading the agent's challenge: %w", err)
	}
	s := u.stream.secret.Load()
	if s == nil {
		return errors.New("the agent challenges the key of a session that has none")
	}
	plain, err := s.open(c.Challenge)
	if err != nil {
		return err
	}
	return u.stream.sendJSON(ctx, ChallengeResponse, challenge{s.seal(plain)})
}

// close reads what the channel is closed with.
func (u *user) close(m *Message) {
	var c channelClosed
	if err := json.Unmarshal(m.Payload, &c); err != nil {
		u.ended = fmt.Errorf("reading the session's end: %w", err)
		return
	}
	if c.ExitCode != nil {
		u.code, u.known = *c.ExitCode, true
	}
	if c.Output != "" {
		u.ended = &EndedError{strings.TrimSpace(strings.TrimPrefix(c.Output, failure))}
	}
}

// usual is the size of a terminal that has none of its own.
func usual() TerminalSize { return TerminalSize{Columns: 80, Rows: 24} }

func (u *user) sizes(ctx context.Context) {
	send := func(s TerminalSize) error { return u.stream.sendJSON(ctx, Size, s) }
	select {
	case <-u.ready:
	case <-ctx.Done():
		return
	}
	if u.console.Resize == nil {
		_ = send(usual()) // the connection's end is seen by whoever reads
		return
	}
	for {
		select {
		case size := <-u.console.Resize:
			if send(size) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// endOfInput is what a terminal takes for the end of its input, at the begin of a line; elsewhere it takes two.
const endOfInput = 4

func (u *user) typing(ctx context.Context) {
	select {
	case <-u.ready:
	case <-ctx.Done():
		return
	}
	buffer, last := make([]byte, chunk), byte('\n')
	for {
		n, err := u.console.Input.Read(buffer)
		if n > 0 {
			last = buffer[n-1]
			if u.stream.sendData(ctx, buffer[:n]) != nil {
				return
			}
		}
		if err != nil {
			end := []byte{endOfInput}
			if last != '\n' {
				end = []byte{endOfInput, endOfInput}
			}
			_ = u.stream.sendData(ctx, end)
			return
		}
	}
}
