package trail

import (
	"fmt"
	"iter"
	"os"
	"slices"
)

// End gives the position behind the last event that can be read.
func (l *Log) End() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.recent); n > 0 {
		return l.recent[n-1].next
	}
	list := l.files.segments()
	if len(list) == 0 {
		return Position{}
	}
	s := list[len(list)-1]
	return Position{s.number, s.size}
}

// Newest gives the events before a position, the last one first. Errors of reading end it.
func (l *Log) Newest(before Position) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		l.mu.Lock()
		recent := l.recent
		l.mu.Unlock()
		r := reader{files: l.files}
		defer r.close()
		for _, p := range slices.Backward(recent) {
			if !p.at.Before(before) {
				continue
			}
			line, ok, err := r.line(p)
			if before = p.at; ok && !yield(line, err) || err != nil {
				return
			}
		}
		for _, s := range slices.Backward(l.files.segments()) {
			to := s.size
			if s.number == before.Segment {
				to = before.Offset
			} else if s.number > before.Segment {
				continue
			}
			lines, err := l.files.read(s, 0, to)
			if err != nil {
				yield(Line{}, err)
				return
			}
			for _, line := range slices.Backward(lines) {
				if !yield(line, nil) {
					return
				}
			}
		}
	}
}

// Since gives the events after a position, the first one first. Errors of reading end it.
func (l *Log) Since(after Position) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for _, s := range l.files.segments() {
			if s.number < after.Segment {
				continue
			}
			from := int64(0)
			if s.number == after.Segment {
				from = min(after.Offset, s.size)
			}
			lines, err := l.files.read(s, from, s.size)
			if err != nil {
				yield(Line{}, err)
				return
			}
			for _, line := range lines {
				if !yield(line, nil) {
					return
				}
			}
		}
	}
}

// reader reads single lines, and keeps the file of the last one open.
type reader struct {
	files  *files
	number uint64
	file   *os.File
}

// line reads the line at a place; ok is false where its file is gone.
func (r *reader) line(p place) (line Line, ok bool, err error) {
	if r.file == nil || r.number != p.at.Segment {
		r.close()
		if r.file, err = r.files.open(p.at.Segment); r.file == nil {
			return Line{}, err != nil, err
		}
		r.number = p.at.Segment
	}
	raw := make([]byte, p.next.Offset-p.at.Offset-1)
	if _, err := r.file.ReadAt(raw, p.at.Offset); err != nil {
		return Line{}, true, fmt.Errorf("reading the audit record: %w", err)
	}
	return Line{At: p.at, Next: p.next, JSON: raw}, true, nil
}

func (r *reader) close() {
	if r.file != nil {
		_ = r.file.Close() // it was only read
		r.file = nil
	}
}
