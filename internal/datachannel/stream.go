package datachannel

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"atoll/internal/monitor"
)

const (
	// chunk is how many bytes of data a message has at most, as AWS's own have.
	chunk = 1024
	// window is how many messages may be under way without an acknowledgement.
	window = 512
	// resend is how long a message waits for its acknowledgement until it is sent again.
	resend = 300 * time.Millisecond
	// early is how many messages may be kept that came before their turn.
	early = 1024
	// largest is the size of a WebSocket message that is read, in bytes.
	largest = 1 << 20
)

// link is what carries messages: a WebSocket.
type link interface {
	Read(ctx context.Context) (websocket.MessageType, []byte, error)
	Write(ctx context.Context, t websocket.MessageType, b []byte) error
}

// stream sends and receives messages in order, and sees to it that none is lost.
type stream struct {
	link         link
	sends, takes string // types of the messages with data

	monitor monitor.Monitor // of the next two
	next    int64
	pending []pending // not acknowledged yet, in order

	secret atomic.Pointer[secret] // that data are encrypted with; nil for none

	expected int64 // of run alone
	ahead    map[int64]*Message
}

type pending struct {
	sequence int64
	bytes    []byte
	sent     time.Time
}

func newStream(l link, sends, takes string) *stream {
	return &stream{link: l, sends: sends, takes: takes, ahead: map[int64]*Message{}}
}

func newID() (id [16]byte) {
	_, _ = rand.Read(id[:]) // it does not fail
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// send sends a payload, data encrypted if the session is. It waits while too much is under way.
func (s *stream) send(ctx context.Context, kind Kind, payload []byte) error {
	if secret := s.secret.Load(); secret != nil && kind == Data {
		payload = secret.seal(payload)
	}
	var b []byte
	err := s.monitor.Wait(ctx, func() bool {
		if len(s.pending) >= window {
			return false
		}
		m := Message{Type: s.sends, Created: time.Now(), Sequence: s.next, ID: newID(), Kind: kind, Payload: payload}
		b = m.Marshal()
		s.next++
		s.pending = append(s.pending, pending{m.Sequence, b, time.Now()})
		return true
	})
	if err != nil {
		return err
	}
	return s.link.Write(ctx, websocket.MessageBinary, b)
}

func (s *stream) sendJSON(ctx context.Context, kind Kind, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.send(ctx, kind, b)
}

// sendData sends data in messages of the usual size.
func (s *stream) sendData(ctx context.Context, b []byte) error {
	for part := range slices.Chunk(b, chunk) {
		if err := s.send(ctx, Data, part); err != nil {
			return err
		}
	}
	return nil
}

// flush waits until all that was sent is acknowledged.
func (s *stream) flush(ctx context.Context) error {
	return s.monitor.Wait(ctx, func() bool { return len(s.pending) == 0 })
}

// errClosed means that the other side has closed the channel.
var errClosed = errors.New("the channel is closed")

// run receives until the connection ends or the channel is closed: then close gets the closing message, and run's error is errClosed. take gets the
// messages with data in their order, and must not wait: acknowledgements come the same way.
func (s *stream) run(ctx context.Context, take func(*Message), close func(*Message)) error {
	ctx, cancel := context.WithCancel(ctx)
	var resending sync.WaitGroup
	resending.Go(func() { s.resend(ctx) })
	defer resending.Wait()
	defer cancel()
	for {
		kind, b, err := s.link.Read(ctx)
		if err != nil {
			return err
		}
		if kind != websocket.MessageBinary {
			continue
		}
		m, err := Unmarshal(b)
		if err != nil {
			return fmt.Errorf("reading a message: %w", err)
		}
		switch m.Type {
		case ack:
			var a acknowledged
			if err := json.Unmarshal(m.Payload, &a); err != nil {
				return fmt.Errorf("reading an acknowledgement: %w", err)
			}
			s.acknowledged(a.AcknowledgedMessageSequenceNumber)
		case s.takes:
			if err := s.receive(ctx, m, take); err != nil {
				return err
			}
		case closed:
			close(m)
			return errClosed
		}
	}
}

// receive acknowledges a message, takes one that is next, and those that were there before it, and keeps one that is early.
func (s *stream) receive(ctx context.Context, m *Message, take func(*Message)) error {
	if m.Sequence > s.expected && len(s.ahead) >= early {
		return nil
	}
	if err := s.acknowledge(ctx, m); err != nil {
		return err
	}
	if m.Sequence >= s.expected {
		s.ahead[m.Sequence] = m
	}
	for next := s.ahead[s.expected]; next != nil; next = s.ahead[s.expected] {
		delete(s.ahead, s.expected)
		if err := s.give(next, take); err != nil {
			return err
		}
	}
	return nil
}

// give has the message taken whose turn it is.
func (s *stream) give(m *Message, take func(*Message)) (err error) {
	if secret := s.secret.Load(); secret != nil && m.Kind == Data {
		if m.Payload, err = secret.open(m.Payload); err != nil {
			return err
		}
	}
	take(m)
	s.expected++
	return nil
}

func (s *stream) acknowledge(ctx context.Context, m *Message) error {
	b, err := json.Marshal(acknowledged{m.Type, idText(m.ID), m.Sequence, true})
	if err != nil {
		return err
	}
	a := Message{Type: ack, Created: time.Now(), Flags: acknowledgeFlags, ID: newID(), Payload: b}
	return s.link.Write(ctx, websocket.MessageBinary, a.Marshal())
}

func (s *stream) acknowledged(sequence int64) {
	s.monitor.Change(func() {
		s.pending = slices.DeleteFunc(s.pending, func(p pending) bool { return p.sequence == sequence })
	})
}

// resend sends the oldest messages again that nobody acknowledges.
func (s *stream) resend(ctx context.Context) {
	ticker := time.NewTicker(resend / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		var again []byte
		s.monitor.Do(func() {
			if len(s.pending) > 0 && time.Since(s.pending[0].sent) > resend {
				s.pending[0].sent = time.Now()
				again = s.pending[0].bytes
			}
		})
		if again != nil && s.link.Write(ctx, websocket.MessageBinary, again) != nil {
			return // reading fails as well
		}
	}
}
