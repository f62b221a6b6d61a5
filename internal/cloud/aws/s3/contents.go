package s3

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// errGone means that a content was deleted before it could be opened.
var errGone = errors.New("the object's content is gone")

// Segment is a file of an object's content: the whole of it, or one part of a multipart upload.
type Segment struct {
	File string
	Size int64
}

// contents keeps the bytes of objects: files named by random ids, in directories named by the ids' first two characters.
//
// A file is written once. It is safe on disk before a record names it, and goes away after no record names it, when the last
// reader has closed it.
type contents struct {
	dir      string
	newID    func() string
	volatile bool // nothing has to outlive the process

	mu     sync.Mutex
	read   map[string]int      // readers by file
	doomed map[string]struct{} // deleted while they are read
	going  map[string]struct{} // being removed

	buffers sync.Pool
}

const bufferSize = 128 << 10

func newContents(dir string, newID func() string, volatile bool) *contents {
	c := &contents{dir: dir, newID: newID, volatile: volatile, read: map[string]int{}, doomed: map[string]struct{}{}, going: map[string]struct{}{}}
	c.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	return c
}

func (c *contents) path(file string) string { return filepath.Join(c.dir, file[:2], file) }

// create makes an empty file under a new id.
func (c *contents) create() (*os.File, string, error) {
	file := c.newID()
	path := c.path(file)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err = c.makeDir(filepath.Dir(path)); err == nil {
			f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}
	return f, file, err
}

func (c *contents) makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return c.syncDir(filepath.Dir(dir))
}

// write stores what r gives, copies it to tee on the way, and returns once it is on disk. An error of r comes back as it is.
func (c *contents) write(r io.Reader, tee io.Writer) (Segment, error) {
	f, file, err := c.create()
	if err != nil {
		return Segment{}, fmt.Errorf("creating an object's file: %w", err)
	}
	n, err := c.fill(f, r, tee)
	if err == nil {
		err = c.sync(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return Segment{}, errors.Join(err, os.Remove(f.Name()))
	}
	return Segment{File: file, Size: n}, nil
}

func (c *contents) fill(f *os.File, r io.Reader, tee io.Writer) (int64, error) {
	buf := c.buffers.Get().(*[]byte)
	defer c.buffers.Put(buf)
	var total int64
	for {
		n, err := r.Read(*buf)
		if n > 0 {
			if _, werr := tee.Write((*buf)[:n]); werr != nil {
				return total, werr
			}
			if _, werr := f.Write((*buf)[:n]); werr != nil {
				return total, fmt.Errorf("writing an object's file: %w", werr)
			}
			total += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// sync brings a new file to disk, and its entry in the directory: at the same time, since file systems write both in one go.
func (c *contents) sync(f *os.File) error {
	if c.volatile {
		return nil
	}
	entry := make(chan error, 1)
	go func() { entry <- c.syncDir(filepath.Dir(f.Name())) }()
	return errors.Join(f.Sync(), <-entry)
}

func (c *contents) syncDir(dir string) error {
	if c.volatile {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// link gives a content a second name without copying it. The caller holds it open.
func (c *contents) link(segments []Segment) ([]Segment, error) {
	out := make([]Segment, 0, len(segments))
	for _, s := range segments {
		file := c.newID()
		path := c.path(file)
		err := os.Link(c.path(s.File), path)
		if errors.Is(err, fs.ErrNotExist) {
			if err = c.makeDir(filepath.Dir(path)); err == nil {
				err = os.Link(c.path(s.File), path)
			}
		}
		if err == nil {
			out = append(out, Segment{File: file, Size: s.Size})
			err = c.syncDir(filepath.Dir(path))
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("copying an object's file: %w", err), c.remove(files(out)))
		}
	}
	return out, nil
}

func files(segments []Segment) []string {
	out := make([]string, len(segments))
	for i, s := range segments {
		out[i] = s.File
	}
	return out
}

// hold keeps a content's files from being removed until release. It gives errGone when that has begun already.
func (c *contents) hold(segments []Segment) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range segments {
		if _, going := c.going[s.File]; going {
			return errGone
		}
		if _, doomed := c.doomed[s.File]; doomed {
			return errGone
		}
	}
	for _, s := range segments {
		c.read[s.File]++
	}
	return nil
}

// release ends a hold, and removes what was deleted meanwhile.
func (c *contents) release(segments []Segment) error {
	var last []string
	c.mu.Lock()
	for _, s := range segments {
		if c.read[s.File]--; c.read[s.File] > 0 {
			continue
		}
		delete(c.read, s.File)
		if _, doomed := c.doomed[s.File]; doomed {
			delete(c.doomed, s.File)
			last = append(last, s.File)
		}
	}
	c.mu.Unlock()
	return c.remove(last)
}

// remove deletes files that no record names any more; those that are being read go when their readers have ended.
func (c *contents) remove(files []string) error {
	if len(files) == 0 {
		return nil
	}
	now := make([]string, 0, len(files))
	c.mu.Lock()
	for _, file := range files {
		if c.read[file] > 0 {
			c.doomed[file] = struct{}{}
			continue
		}
		c.going[file] = struct{}{}
		now = append(now, file)
	}
	c.mu.Unlock()
	var errs []error
	for _, file := range now {
		if err := os.Remove(c.path(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("removing an object's file: %w", err))
		}
	}
	c.mu.Lock()
	for _, file := range now {
		delete(c.going, file)
	}
	c.mu.Unlock()
	return errors.Join(errs...)
}

// sweep removes the files that used does not name. It must run before anything is written.
func (c *contents) sweep(used map[string]struct{}) (removed int, err error) {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return 0, err
	}
	dirs, err := os.ReadDir(c.dir)
	if err != nil {
		return 0, err
	}
	for _, d := range dirs {
		if !d.IsDir() || len(d.Name()) != 2 {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(c.dir, d.Name()))
		if err != nil {
			return removed, err
		}
		for _, e := range entries {
			if _, ok := used[e.Name()]; ok {
				continue
			}
			if err := os.Remove(filepath.Join(c.dir, d.Name(), e.Name())); err != nil {
				return removed, err
			}
			removed++
		}
	}
	return removed, nil
}

// open gives a range of a content for reading. It gives errGone if the content was deleted.
func (c *contents) open(segments []Segment, from, length int64) (*reader, error) {
	if err := c.hold(segments); err != nil {
		return nil, err
	}
	r := &reader{c: c, held: segments, rest: segments, skip: from, left: length}
	if err := r.next(); err != nil {
		err = errors.Join(err, c.release(segments))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errGone
		}
		return nil, err
	}
	return r, nil
}

// reader reads a range of a content, file after file.
type reader struct {
	c     *contents
	held  []Segment
	rest  []Segment // not opened yet
	skip  int64     // bytes of rest to leave out
	left  int64     // bytes to give yet
	part  io.LimitedReader
	f     *os.File
	ended bool
}

// next opens the file with the next byte, if there is one.
func (r *reader) next() error {
	for r.left > 0 && len(r.rest) > 0 {
		s := r.rest[0]
		r.rest = r.rest[1:]
		if r.skip >= s.Size {
			r.skip -= s.Size
			continue
		}
		f, err := os.Open(r.c.path(s.File))
		if err != nil {
			return err
		}
		if r.skip > 0 {
			if _, err := f.Seek(r.skip, io.SeekStart); err != nil {
				return errors.Join(err, f.Close())
			}
		}
		n := min(s.Size-r.skip, r.left)
		r.skip = 0
		r.left -= n
		r.f, r.part = f, io.LimitedReader{R: f, N: n}
		return nil
	}
	if r.left > 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// advance closes the file that was read and opens the next one. It gives io.EOF after the last.
func (r *reader) advance() error {
	if r.f != nil {
		if r.part.N > 0 {
			return io.ErrUnexpectedEOF
		}
		if err := r.f.Close(); err != nil {
			return err
		}
		r.f = nil
	}
	if r.left == 0 {
		return io.EOF
	}
	return r.next()
}

func (r *reader) Read(p []byte) (int, error) {
	for {
		if r.f != nil && r.part.N > 0 {
			n, err := r.part.Read(p)
			if errors.Is(err, io.EOF) && r.part.N > 0 {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		if err := r.advance(); err != nil {
			return 0, err
		}
	}
}

// WriteTo hands whole files to w, so that a network connection can send them without copying.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if r.f != nil && r.part.N > 0 {
			n, err := io.Copy(w, &r.part)
			total += n
			if err != nil {
				return total, err
			}
		}
		if err := r.advance(); errors.Is(err, io.EOF) {
			return total, nil
		} else if err != nil {
			return total, err
		}
	}
}

// Close ends the reading. It may be called more than once.
func (r *reader) Close() error {
	if r.ended {
		return nil
	}
	r.ended = true
	var err error
	if r.f != nil {
		err = r.f.Close()
	}
	return errors.Join(err, r.c.release(r.held))
}
