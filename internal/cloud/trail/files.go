package trail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// kept is how long events are kept, as by CloudTrail's event history.
const kept = 90 * 24 * time.Hour

// segment is one file: DAY.NUMBER.jsonl. Numbers rise over all days.
type segment struct {
	number uint64
	day    string // such as 2026-11-26
	size   int64
}

// files are the record's segments. One goroutine writes; others may read at the same time.
type files struct {
	dir string
	o   Options

	mu   sync.Mutex
	list []segment // oldest first
	last *os.File  // nil until something is written
}

func openFiles(dir string, o Options) (*files, error) {
	f := &files{dir: dir, o: o}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of the audit record: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the directory of the audit record: %w", err)
	}
	for _, e := range entries {
		day, rest, _ := strings.Cut(e.Name(), ".")
		number, err := strconv.ParseUint(strings.TrimSuffix(rest, ".jsonl"), 10, 64)
		if err != nil || !strings.HasSuffix(rest, ".jsonl") {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		f.list = append(f.list, segment{number, day, info.Size()})
	}
	slices.SortFunc(f.list, func(a, b segment) int { return int(int64(a.number) - int64(b.number)) })
	return f, nil
}

func (f *files) path(s segment) string {
	return filepath.Join(f.dir, fmt.Sprintf("%s.%08d.jsonl", s.day, s.number))
}

// turn reports whether an event of this time belongs into another file than the last one, with more bytes waiting for that.
func (f *files) turn(at time.Time, waiting int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		return true
	}
	s := f.list[len(f.list)-1]
	return s.day != at.UTC().Format(time.DateOnly) || s.size+waiting >= f.o.SegmentSize
}

// next begins a file, or goes on with the last one of before, and removes those that are too old or too many.
func (f *files) next(at time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := segment{number: 1, day: at.UTC().Format(time.DateOnly)}
	if n := len(f.list); n > 0 {
		last := &f.list[n-1]
		if f.last == nil && last.day == s.day && last.size < f.o.SegmentSize {
			return f.reopen(last)
		}
		s.number = last.number + 1
	}
	file, err := os.OpenFile(f.path(s), os.O_CREATE|os.O_WRONLY|os.O_APPEND|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if f.last != nil {
		err = f.last.Close()
	}
	f.last, f.list = file, append(f.list, s)
	return errors.Join(err, f.prune(at))
}

// reopen goes on with a file, without a last line that a crash has cut short.
func (f *files) reopen(s *segment) error {
	file, err := os.OpenFile(f.path(*s), os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(file)
	if err == nil {
		s.size = int64(bytes.LastIndexByte(raw, '\n') + 1)
		err = file.Truncate(s.size)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.last = file
	return nil
}

func (f *files) prune(now time.Time) error {
	var total int64
	for _, s := range f.list {
		total += s.size
	}
	oldest := now.Add(-kept).UTC().Format(time.DateOnly)
	var errs []error
	for len(f.list) > 1 && (total > f.o.MaxSize-f.o.SegmentSize || f.list[0].day < oldest) {
		errs = append(errs, os.Remove(f.path(f.list[0])))
		total -= f.list[0].size
		f.list = f.list[1:]
	}
	return errors.Join(errs...)
}

// append writes whole lines, and gives where they begin.
func (f *files) append(lines []byte) (Position, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		return Position{}, errors.New("there is no file")
	}
	s := &f.list[len(f.list)-1]
	at := Position{s.number, s.size}
	n, err := f.last.Write(lines)
	if err != nil && n > 0 { // no half line: the next one would join it
		err = errors.Join(err, f.last.Truncate(s.size))
	}
	if err == nil {
		s.size += int64(n)
	}
	return at, err
}

func (f *files) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		return nil
	}
	err := errors.Join(f.last.Sync(), f.last.Close())
	f.last = nil
	return err
}

// segments gives those that there are now.
func (f *files) segments() []segment {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

// open opens a segment for reading, and gives nil if it is gone.
func (f *files) open(number uint64) (*os.File, error) {
	list := f.segments()
	i := slices.IndexFunc(list, func(s segment) bool { return s.number == number })
	if i < 0 {
		return nil, nil
	}
	file, err := os.Open(f.path(list[i]))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return file, err
}

// read gives a segment's lines between two offsets, none of one that is gone. A last line cut short by a crash is left out.
func (f *files) read(s segment, from, to int64) ([]Line, error) {
	file, err := f.open(s.number)
	if file == nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.NewSectionReader(file, from, to-from))
	if err != nil {
		return nil, err
	}
	var lines []Line
	for at := from; ; {
		i := bytes.IndexByte(raw, '\n')
		if i < 0 {
			return lines, nil
		}
		next := at + int64(i) + 1
		lines = append(lines, Line{At: Position{s.number, at}, Next: Position{s.number, next}, JSON: raw[:i:i]})
		at, raw = next, raw[i+1:]
	}
}
