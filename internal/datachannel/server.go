package datachannel

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// patience is how long the other side has to open a channel, and to take what is left at a session's end.
const patience = 10 * time.Second

// agentVersion is that of the agent which this one is like. Clients ask for some features by it.
const agentVersion = "3.3.2299.0"

// Terminal is what a command is run on.
type Terminal struct {
	Input  io.Reader
	Output io.Writer
	Resize <-chan TerminalSize // the first size comes with the session's begin
}

// Session is what one side of a channel serves.
type Session struct {
	ID         string
	Token      string
	Encryption *Encryption // nil: the session is not encrypted
	// Run runs the command. It ends when ctx does. An error means that the command could not be run; it is told to the client.
	Run func(ctx context.Context, t Terminal) (exitCode int, err error)
}

// Serve runs a session on a connection that a client has opened, and closes the connection. Its error says why the session did not come about, or did not
// end as it should.
func Serve(ctx context.Context, c *websocket.Conn, s Session) error {
	c.SetReadLimit(largest)
	if err := admit(ctx, c, s); err != nil {
		return errors.Join(err, ignoreClosed(c.Close(websocket.StatusUnsupportedData, short(err.Error()))))
	}
	a := &agent{session: s, stream: newStream(c, output, input), keys: newQueue(), resize: make(chan TerminalSize, 1), shaken: make(chan []byte, 1), proven: make(chan []byte, 1)}
	err := a.serve(ctx)
	return errors.Join(err, ignoreClosed(c.Close(websocket.StatusNormalClosure, "")))
}

// ignoreClosed is for closing connections that the other side may have closed.
func ignoreClosed(error) error { return nil }

// short bounds a reason to what a WebSocket's closing may hold.
func short(s string) string { return s[:min(len(s), 120)] }

// admit reads a client's opening, and checks its token.
func admit(ctx context.Context, c *websocket.Conn, s Session) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, b, err := c.Read(ctx)
	if err != nil {
		return fmt.Errorf("Channel %s: request to open data channel did not come: %w", s.ID, err) //nolint:staticcheck // AWS's words begin so
	}
	var in openInput
	if json.Unmarshal(b, &in) != nil || in.TokenValue == "" {
		return fmt.Errorf("Channel %s: request to open data channel does not contain token.", s.ID) //nolint:staticcheck // AWS's words
	}
	if in.TokenValue != s.Token {
		return fmt.Errorf("Channel %s: the token is not valid", s.ID) //nolint:staticcheck // as above
	}
	return nil
}

// failure stands before what a session could not do, in its closing.
const failure = "----------ERROR-------\n"

// agent is the side of a channel that runs a command.
type agent struct {
	session Session
	stream  *stream
	keys    *queue
	resize  chan TerminalSize
	shaken  chan []byte // gets the client's answer to the handshake
	proven  chan []byte // gets its answer to the challenge
	stop    context.CancelFunc
}

func (a *agent) serve(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a.stop = stop
	received := make(chan error, 1)
	var receiving sync.WaitGroup
	receiving.Go(func() {
		err := a.stream.run(ctx, a.take, func(*Message) {})
		a.keys.end()
		stop() // a session does not outlive its connection
		received <- err
	})
	defer receiving.Wait()
	defer stop()
	if err := a.shake(ctx); err != nil {
		return a.close(ctx, nil, err)
	}
	code, err := a.session.Run(ctx, Terminal{a.keys, writer(func(b []byte) error { return a.stream.sendData(ctx, b) }), a.resize})
	a.keys.end()
	if ctx.Err() != nil {
		return fmt.Errorf("the session has ended before the command: %w", errors.Join(err, <-received))
	}
	if err != nil {
		return a.close(ctx, nil, err)
	}
	return a.close(ctx, &code, nil)
}

// take takes what a client sends.
func (a *agent) take(m *Message) {
	switch m.Kind {
	case Data:
		_, _ = a.keys.Write(m.Payload) // never fails
	case Size:
		var size TerminalSize
		if json.Unmarshal(m.Payload, &size) == nil {
			select { // the latest size counts
			case <-a.resize:
			default:
			}
			a.resize <- size
		}
	case Flag:
		if len(m.Payload) == 4 && binary.BigEndian.Uint32(m.Payload) == terminate {
			a.stop()
		}
	case HandshakeResponse:
		first(a.shaken, m.Payload)
	case ChallengeResponse:
		first(a.proven, m.Payload)
	}
}

// first hands over an answer, unless there has been one.
func first(to chan []byte, answer []byte) {
	select {
	case to <- answer:
	default:
	}
}

func (a *agent) shake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began, complete := time.Now(), handshakeComplete{}
	request := handshakeRequest{AgentVersion: agentVersion}
	ask := func(action string, parameters any) error {
		b, err := json.Marshal(parameters)
		request.RequestedClientActions = append(request.RequestedClientActions, requestedAction{action, b})
		return err
	}
	err := ask(actionSession, sessionType{interactive, map[string]string{}})
	if e := a.session.Encryption; e != nil {
		err = errors.Join(err, ask(actionEncrypt, encryptRequest{e.KeyID}))
		complete.CustomerMessage = "This session is encrypted using AWS KMS."
	}
	if err != nil {
		return err
	}
	if err := a.stream.sendJSON(ctx, HandshakeRequest, request); err != nil {
		return err
	}
	select {
	case answer := <-a.shaken:
		err = a.agreed(ctx, answer)
	case <-ctx.Done():
		err = fmt.Errorf("waiting for the client's handshake: %w", ctx.Err())
	}
	if err != nil {
		return err
	}
	complete.HandshakeTimeToComplete = time.Since(began)
	return a.stream.sendJSON(ctx, HandshakeComplete, complete)
}

// agreed reads what the client says to the handshake, and begins to encrypt if that was asked for.
func (a *agent) agreed(ctx context.Context, answer []byte) error {
	var r handshakeResponse
	if err := json.Unmarshal(answer, &r); err != nil {
		return fmt.Errorf("reading the client's handshake: %w", err)
	}
	for _, p := range r.ProcessedClientActions {
		if p.ActionStatus != done {
			return fmt.Errorf("the client does not take part in %s: %s", p.ActionType, p.Error)
		}
	}
	if a.session.Encryption == nil {
		return nil
	}
	i := slices.IndexFunc(r.ProcessedClientActions, func(p processedAction) bool { return p.ActionType == actionEncrypt })
	if i < 0 {
		return errors.New("the client does not encrypt the session")
	}
	var key encryptResult
	if err := json.Unmarshal(r.ProcessedClientActions[i].ActionResult, &key); err != nil {
		return fmt.Errorf("reading the client's data key: %w", err)
	}
	plain, err := a.session.Encryption.Open(ctx, key.KMSCipherTextKey)
	if err != nil {
		return fmt.Errorf("Fetching data key failed: %w", err) //nolint:staticcheck // AWS's words
	}
	s, err := newSecret(plain, true)
	if err != nil {
		return err
	}
	return a.challenge(ctx, s)
}

// challenge has the client show that it has the key, and encrypts from then on.
func (a *agent) challenge(ctx context.Context, s *secret) error {
	want := riddle()
	if err := a.stream.sendJSON(ctx, ChallengeRequest, challenge{s.seal(want)}); err != nil {
		return err
	}
	var answer []byte
	select {
	case answer = <-a.proven:
	case <-ctx.Done():
		return fmt.Errorf("waiting for the client's answer to the challenge: %w", ctx.Err())
	}
	var c challenge
	if err := json.Unmarshal(answer, &c); err != nil {
		return fmt.Errorf("reading the client's answer to the challenge: %w", err)
	}
	if got, err := s.open(c.Challenge); err != nil || !bytes.Equal(got, want) {
		return errors.New("Encryption challenge does not match!") //nolint:staticcheck // AWS's words
	}
	a.stream.secret.Store(s)
	return nil
}

// close tells the client that the session has ended, once it has all output.
func (a *agent) close(ctx context.Context, code *int, why error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m := Message{Type: closed, Created: time.Now(), ID: newID()}
	c := channelClosed{MessageId: idText(m.ID), CreatedDate: strconv.FormatInt(m.Created.UnixMilli(), 10), SessionId: a.session.ID, MessageType: closed, SchemaVersion: version, ExitCode: code}
	if why != nil {
		c.Output = failure + why.Error()
	}
	var err error
	if m.Payload, err = json.Marshal(c); err != nil {
		return err
	}
	if err := a.stream.flush(ctx); err != nil {
		return errors.Join(why, fmt.Errorf("the client does not take the session's output: %w", err))
	}
	return errors.Join(why, a.stream.link.Write(ctx, websocket.MessageBinary, m.Marshal()))
}

type writer func(b []byte) error

func (w writer) Write(b []byte) (int, error) {
	if err := w(b); err != nil {
		return 0, err
	}
	return len(b), nil
}
