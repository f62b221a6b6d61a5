package trail

import (
	"iter"
	"slices"
)

// End gives the position behind the last event that can be read.
func (l *Log) End() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.recent); n > 0 {
		return l.recent[n-1].Next
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
		for _, line := range slices.Backward(recent) {
			if line.At.before(before) {
				before = line.At
				if !yield(line, nil) {
					return
				}
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
