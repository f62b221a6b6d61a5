package fargate

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	// logDelay is for how long lines are gathered before they are put.
	logDelay = 200 * time.Millisecond
	// logLine is the size at which a line is cut, in bytes. https://docs.docker.com/engine/logging/drivers/awslogs/
	logLine = 256 << 10
	// logBuffer is how many bytes may wait, before the container waits, or loses lines in the mode non-blocking.
	logBuffer = 25 << 20
)

// logStream is a container's output on its way to CloudWatch Logs.
type logStream struct {
	put   func(ctx context.Context, lines []string, at time.Time) error
	lossy bool
	start *regexp.Regexp // of an event's first line; nil where each line is an event

	mu      sync.Mutex
	room    *sync.Cond
	partial []byte
	event   []byte // of several lines, while more may come
	lines   []string
	size    int
	at      time.Time // of the first of lines
	now     func() time.Time
	wake    chan struct{}
	done    chan struct{}
	ended   chan struct{}
}

func newLogStream(now func() time.Time, lossy bool, start *regexp.Regexp, put func(ctx context.Context, lines []string, at time.Time) error) *logStream {
	l := &logStream{put: put, lossy: lossy, start: start, now: now, wake: make(chan struct{}, 1), done: make(chan struct{}), ended: make(chan struct{})}
	l.room = sync.NewCond(&l.mu)
	go l.run()
	return l
}

// Write takes output. It never fails: a container does not end for its log.
func (l *logStream) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 && len(l.partial)+len(b) < logLine {
			l.partial = append(l.partial, b...)
			break
		}
		if i < 0 || len(l.partial)+i > logLine {
			i = max(logLine-len(l.partial), 0)
			l.add(append(l.partial, b[:i]...))
			l.partial, b = nil, b[i:]
			continue
		}
		l.add(append(l.partial, b[:i]...))
		l.partial, b = nil, b[i+1:]
	}
	return n, nil
}

// add takes a line.
func (l *logStream) add(line []byte) {
	line = bytes.TrimSuffix(line, []byte("\r"))
	if l.start == nil {
		l.queue(line)
		return
	}
	if l.start.Match(line) || len(l.event)+len(line) >= logLine {
		l.endEvent()
	}
	l.event = append(append(l.event, line...), '\n')
	l.tell()
}

// endEvent queues the event of several lines that is there.
func (l *logStream) endEvent() {
	l.queue(l.event)
	l.event = nil
}

// queue queues an event; an empty one is none.
func (l *logStream) queue(line []byte) {
	if len(line) == 0 {
		return
	}
	for l.size > logBuffer && !l.lossy {
		l.room.Wait()
	}
	if l.size <= logBuffer {
		l.enqueue(line)
	}
}

func (l *logStream) enqueue(line []byte) {
	if len(line) == 0 {
		return
	}
	if len(l.lines) == 0 {
		l.at = l.now()
	}
	l.lines, l.size = append(l.lines, string(line)), l.size+len(line)
	l.tell()
}

// tell wakes the one who puts events.
func (l *logStream) tell() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *logStream) run() {
	defer close(l.ended)
	timer, age := time.NewTimer(logDelay), time.NewTimer(eventAge)
	defer timer.Stop()
	defer age.Stop()
	var aged <-chan time.Time
	if l.start != nil {
		aged = age.C
	}
	for {
		select {
		case <-l.done:
			l.flush()
			return
		case <-aged:
			l.mu.Lock()
			l.enqueue(l.event) // who puts events waits for no room
			l.event = nil
			l.mu.Unlock()
		case <-l.wake:
		}
		timer.Reset(logDelay)
		select {
		case <-timer.C:
		case <-l.done:
		}
		l.flush()
		age.Reset(eventAge) // since the last line
	}
}

func (l *logStream) flush() {
	l.mu.Lock()
	lines, at := l.lines, l.at
	l.lines, l.size = nil, 0
	l.room.Broadcast()
	l.mu.Unlock()
	if len(lines) > 0 {
		_ = l.put(context.Background(), lines, at) // a group that has been deleted meanwhile: the lines are lost, as on AWS
	}
}

// close puts what is left, and returns when that is done.
func (l *logStream) close() {
	l.mu.Lock()
	select {
	case <-l.done:
		l.mu.Unlock()
		return
	default:
	}
	if len(l.partial) > 0 {
		l.add(l.partial)
	}
	l.partial = nil
	l.endEvent()
	close(l.done)
	l.mu.Unlock()
	<-l.ended
}

// prepareLogs opens the log streams of the containers, named PREFIX/CONTAINER/TASK.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
func (t *task) prepareLogs(ctx context.Context) error {
	for _, c := range t.containers {
		if c.definition.LogConfiguration == nil {
			c.log = newLogStream(t.now, true, nil, func(context.Context, []string, time.Time) error { return nil })
			continue
		}
		options := c.definition.LogConfiguration.Options
		sc := state.Scope{Account: t.sc.Account, Region: options["awslogs-region"]}
		if sc.Region == "" {
			sc.Region = t.sc.Region
		}
		group, stream := options["awslogs-group"], options["awslogs-stream-prefix"]+"/"+c.name+"/"+t.id
		if err := t.openLog(ctx, sc, group, stream, options["awslogs-create-group"] == "true"); err != nil {
			return failed("ResourceInitializationError", "failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: %v : exit status 1", err)
		}
		start, err := eventStart(options)
		if err != nil {
			return failed("ResourceInitializationError", "failed to validate logger args: %v : exit status 1", err)
		}
		c.log = newLogStream(t.now, options["mode"] == "non-blocking", start, func(ctx context.Context, lines []string, at time.Time) error {
			err := t.agent.d.Logs.PutTrusted(ctx, sc, group, stream, lines, at)
			if _, refused := errors.AsType[*wire.Error](err); err != nil && !refused {
				t.agent.d.Logger.Error("log lines of a task are lost", "group", group, "stream", stream, "lines", len(lines), "err", err)
			}
			return err
		})
	}
	return nil
}

func (t *task) openLog(ctx context.Context, sc state.Scope, group, stream string, create bool) error {
	arn := "arn:aws:logs:" + sc.Region + ":" + sc.Account + ":log-group:" + group
	there := false
	_ = t.agent.d.Store.View(func(tx *state.Tx) error { there = t.agent.d.Logs.HasGroup(tx, sc, group); return nil })
	if !there {
		if !create {
			return errors.New("ResourceNotFoundException: The specified log group does not exist")
		}
		if err := t.may("logs:CreateLogGroup", arn); err != nil {
			return err
		}
		if err := t.agent.d.Logs.CreateGroupFor(ctx, sc, group); err != nil {
			return err
		}
	}
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		if err := t.may(action, arn+":log-stream:"+stream); err != nil {
			return err
		}
	}
	return t.agent.d.Logs.CreateStreamFor(ctx, sc, group, stream)
}
