package datachannel

import (
	"io"
	"sync"
)

// queue is a pipe whose writer never waits.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	data    []byte
	ended   bool
}

func newQueue() *queue {
	q := &queue{}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// Write adds data; what comes after the end is lost.
func (q *queue) Write(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.ended {
		q.data = append(q.data, b...)
		q.changed.Broadcast()
	}
	return len(b), nil
}

// Read waits for data.
func (q *queue) Read(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.data) == 0 && !q.ended {
		q.changed.Wait()
	}
	if len(q.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b, q.data)
	q.data = q.data[n:]
	return n, nil
}

// end lets the reader come to an end.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.changed.Broadcast()
}
