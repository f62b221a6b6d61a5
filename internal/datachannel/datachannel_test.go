package datachannel

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestMessage(t *testing.T) {
	m := &Message{Type: output, Created: time.UnixMilli(1700000000123).UTC(), Sequence: 7, Flags: 3, ID: newID(), Kind: Size, Payload: []byte(`{"cols":80}`)}
	b := m.Marshal()
	if len(b) != 120+11 || !bytes.Equal(b[:4], []byte{0, 0, 0, 116}) || string(b[4:36]) != "output_stream_data              " || !bytes.Equal(b[64:72], m.ID[8:]) {
		t.Errorf("%q", b)
	}
	got, err := Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(m) {
		t.Errorf("%+v, want %+v", got, m)
	}
	for name, bad := range map[string][]byte{"empty": nil, "short": b[:100], "payload cut": b[:125], "payload changed": append(append([]byte{}, b[:130]...), 'x'),
		"header too long": append([]byte{0xff}, b[1:]...), "header too short": append([]byte{0, 0, 0, 8}, b[4:]...)} {
		if _, err := Unmarshal(bad); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add((&Message{Type: ack, Payload: []byte("{}")}).Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Unmarshal(b)
		if err != nil || m.Kind == 0 {
			return
		}
		again, err := Unmarshal(m.Marshal())
		if err != nil || again.Type != m.Type || again.Sequence != m.Sequence || !bytes.Equal(again.Payload, m.Payload) {
			t.Errorf("%+v becomes %+v, %v", m, again, err)
		}
	})
}

// serve gives the URL of a server that runs a session for each connection; its ends go to the channel.
func serve(t *testing.T, run func(ctx context.Context, term Terminal) (int, error)) (url string, ended chan error) {
	t.Helper()
	return serveEncrypted(t, nil, run)
}

func serveEncrypted(t *testing.T, e *Encryption, run func(ctx context.Context, term Terminal) (int, error)) (url string, ended chan error) {
	t.Helper()
	ended = make(chan error, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		ended <- Serve(context.WithoutCancel(r.Context()), c, Session{ID: "session-1", Token: "secret", Encryption: e, Run: run})
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http"), ended
}

func TestSession(t *testing.T) {
	url, ended := serve(t, func(_ context.Context, term Terminal) (int, error) {
		size := <-term.Resize
		in := bufio.NewReader(term.Input)
		line, err := in.ReadString('\n')
		if err != nil {
			return 0, err
		}
		rest, err := in.ReadString(endOfInput)
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(term.Output, "%dx%d %s", size.Columns, size.Rows, line)
		_, err = io.WriteString(term.Output, strings.Repeat("0123456789", 200_000)+rest)
		return 7, err
	})
	var out bytes.Buffer
	sizes := make(chan TerminalSize, 1)
	sizes <- TerminalSize{132, 40}
	code, known, err := Dial(t.Context(), http.DefaultClient, Target{URL: url, Token: "secret"}, Console{Input: strings.NewReader("hello\nyou"), Output: &out, Resize: sizes})
	if err != nil || code != 7 || !known {
		t.Errorf("%d, %v, %v", code, known, err)
	}
	if got := out.String(); len(got) != 2_000_000+len("132x40 hello\nyou\x04") || !strings.HasPrefix(got, "132x40 hello\n0123") || !strings.HasSuffix(got, "789you\x04") {
		t.Errorf("%d bytes: %.50q", len(got), got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestSessionsThatFail(t *testing.T) {
	url, ended := serve(t, func(context.Context, Terminal) (int, error) {
		return 0, errors.New("Unable to start command: Failed to start pty: exec: \"/bin/sh\": no such file or directory")
	})
	_, _, err := Dial(t.Context(), http.DefaultClient, Target{URL: url, Token: "secret"}, Console{Output: io.Discard})
	var e *EndedError
	if !errors.As(err, &e) || !strings.HasPrefix(e.Output, "Unable to start command") {
		t.Errorf("a command that is not there: %v", err)
	}
	if err := <-ended; err == nil {
		t.Error("the server knows of no failure")
	}
	_, _, err = Dial(t.Context(), http.DefaultClient, Target{URL: url, Token: "wrong"}, Console{Output: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "the token is not valid") {
		t.Errorf("a wrong token: %v", err)
	}
	<-ended
}

// A command does not outlive its session.
func TestInterrupted(t *testing.T) {
	started := make(chan struct{})
	url, ended := serve(t, func(ctx context.Context, _ Terminal) (int, error) {
		close(started)
		<-ctx.Done()
		return 0, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	if _, _, err := Dial(ctx, http.DefaultClient, Target{URL: url, Token: "secret"}, Console{Output: io.Discard}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("it has ended as it should")
	}
}

// lossy loses the first of each message that it writes.
type lossy struct {
	*websocket.Conn
	seen map[string]bool
}

func (l *lossy) Write(ctx context.Context, kind websocket.MessageType, b []byte) error {
	m, err := Unmarshal(b)
	if err == nil && m.Type == input && !l.seen[string(m.ID[:])] && m.Sequence%2 == 0 {
		l.seen[string(m.ID[:])] = true
		return nil
	}
	return l.Conn.Write(ctx, kind, b)
}

// What is lost is sent again, and what comes too early waits for it.
func TestLoss(t *testing.T) {
	done := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		var got strings.Builder
		_ = newStream(c, output, input).run(r.Context(), func(m *Message) {
			if got.Write(m.Payload); strings.HasSuffix(got.String(), ".") {
				done <- got.String()
			}
		}, nil)
	}))
	defer server.Close()
	c, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	s := newStream(&lossy{c, map[string]bool{}}, input, output)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { _ = s.run(ctx, func(*Message) {}, nil); close(ended) }()
	for _, part := range []string{"a", "b", "c", "d."} {
		if err := s.send(ctx, Data, []byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.flush(ctx); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got != "abcd." {
		t.Errorf("%q", got)
	}
	cancel()
	<-ended
}
