package ecr

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// blobs keeps content by its digest, "sha256:" and 64 hexadecimal digits, in one file each: DIR/sha256/first two digits/digits.
//
// A file is complete, and on disk, before a record names it, and goes away after no record names it.
type blobs struct {
	dir      string
	volatile bool // nothing has to outlive the process

	mu      sync.Mutex
	uploads map[string]*upload
	held    map[string]int         // digests that calls are about to record, with the number of these calls
	checked map[string]fs.FileInfo // files that had their digest's content, by it
}

// upload is content on its way in.
type upload struct {
	repo    string // "account/region/name" of the repository that it is for
	started time.Time

	mu    sync.Mutex
	file  *os.File
	sum   hash.Hash
	size  int64
	last  int64 // size of the last part
	ended bool
}

// uploadLife is how long an upload may take.
const uploadLife = 24 * time.Hour

var (
	errUploadGone = errors.New("there is no such upload")
	errDigest     = errors.New("the content has another digest")
)

// errPosition says that a part does not follow what was received.
type errPosition struct{ received int64 }

func (e *errPosition) Error() string { return fmt.Sprintf("%d bytes were received", e.received) }

func newBlobs(dir string, volatile bool) *blobs {
	return &blobs{dir: dir, volatile: volatile, uploads: map[string]*upload{}, held: map[string]int{}, checked: map[string]fs.FileInfo{}}
}

func (b *blobs) path(digest string) string {
	name := strings.TrimPrefix(digest, "sha256:")
	return filepath.Join(b.dir, "sha256", name[:2], name)
}

func (b *blobs) uploadsDir() string { return filepath.Join(b.dir, "uploads") }

// begin starts an upload under a new id, and ends those that have taken too long.
func (b *blobs) begin(id, repo string, now time.Time) error {
	if err := b.endStale(now); err != nil {
		return fmt.Errorf("ending old uploads: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(b.uploadsDir(), id), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("beginning an upload: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uploads[id] = &upload{repo: repo, started: now, file: f, sum: sha256.New()}
	return nil
}

func (b *blobs) endStale(now time.Time) error {
	var stale []*upload
	b.mu.Lock()
	for id, u := range b.uploads {
		if now.Sub(u.started) > uploadLife {
			delete(b.uploads, id)
			stale = append(stale, u)
		}
	}
	b.mu.Unlock()
	var errs []error
	for _, u := range stale {
		errs = append(errs, u.drop())
	}
	return errors.Join(errs...)
}

func (b *blobs) upload(id, repo string) (*upload, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u, ok := b.uploads[id]
	if !ok || u.repo != repo {
		return nil, errUploadGone
	}
	return u, nil
}

// add appends to an upload what r gives, if from is the number of bytes that it has. It gives the number that it has then.
func (b *blobs) add(id, repo string, from int64, r io.Reader) (int64, error) {
	u, err := b.upload(id, repo)
	if err != nil {
		return 0, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return 0, errUploadGone
	}
	if from != u.size {
		return u.size, &errPosition{u.size}
	}
	n, err := io.Copy(io.MultiWriter(u.file, u.sum), r)
	u.size, u.last = u.size+n, n
	if err != nil {
		// The file may have more than was counted if it is its disk that failed.
		_, seek := u.file.Seek(u.size, io.SeekStart)
		return u.size, errors.Join(fmt.Errorf("receiving an upload: %w", err), u.file.Truncate(u.size), seek)
	}
	return u.size, nil
}

// end drops an upload.
func (b *blobs) end(id, repo string) error {
	u, err := b.upload(id, repo)
	if err != nil {
		return err
	}
	b.mu.Lock()
	delete(b.uploads, id)
	b.mu.Unlock()
	return u.drop()
}

// drop removes an upload that nobody can find any more, unless it has ended.
func (u *upload) drop() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return nil
	}
	u.ended = true
	return errors.Join(u.file.Close(), os.Remove(u.file.Name()))
}

// received gives the size of an upload and of its last part.
func (b *blobs) received(id, repo string) (size, last int64, err error) {
	u, err := b.upload(id, repo)
	if err != nil {
		return 0, 0, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.size, u.last, nil
}

// finish ends an upload. If it has the digest its content is on disk then, and stays until release is called; otherwise the error
// is errDigest and the upload is gone.
func (b *blobs) finish(id, repo, digest string) (size int64, err error) {
	u, err := b.upload(id, repo)
	if err != nil {
		return 0, err
	}
	b.mu.Lock()
	if b.uploads[id] != u {
		b.mu.Unlock()
		return 0, errUploadGone
	}
	delete(b.uploads, id)
	b.held[digest]++
	b.mu.Unlock()

	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	err = errDigest
	if "sha256:"+hex.EncodeToString(u.sum.Sum(nil)) == digest {
		err = b.keep(u.file, digest)
	}
	err = errors.Join(err, u.file.Close())
	if err != nil {
		b.unhold(digest)
		if rm := os.Remove(u.file.Name()); !errors.Is(rm, fs.ErrNotExist) {
			err = errors.Join(err, rm)
		}
		return 0, err
	}
	return u.size, nil
}

// keep gives a complete file the name of its digest, and brings it to disk.
func (b *blobs) keep(f *os.File, digest string) error {
	to := b.path(digest)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("storing a layer: %w", err)
	}
	if !b.volatile {
		if err := f.Sync(); err != nil {
			return fmt.Errorf("storing a layer: %w", err)
		}
	}
	if err := os.Rename(f.Name(), to); err != nil {
		return fmt.Errorf("storing a layer: %w", err)
	}
	if b.volatile {
		return nil
	}
	for _, dir := range []string{filepath.Dir(to), filepath.Dir(filepath.Dir(to)), b.dir} {
		if err := syncDir(dir); err != nil {
			return fmt.Errorf("storing a layer: %w", err)
		}
	}
	return nil
}

// sound reports whether the file of a digest has that digest's content. One that has not changed since is not read again.
func (b *blobs) sound(digest string) bool {
	f, err := os.Open(b.path(digest))
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	b.mu.Lock()
	before := b.checked[digest]
	b.mu.Unlock()
	if before != nil && os.SameFile(before, info) && before.Size() == info.Size() && before.ModTime().Equal(info.ModTime()) {
		return true
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil || "sha256:"+hex.EncodeToString(sum.Sum(nil)) != digest {
		return false
	}
	b.mu.Lock()
	b.checked[digest] = info
	b.mu.Unlock()
	return true
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (b *blobs) unhold(digest string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[digest]--; b.held[digest] == 0 {
		delete(b.held, digest)
	}
}

// release ends what finish began, and removes the content if nothing records it after all.
func (b *blobs) release(digest string, recorded func(digest string) bool) error {
	b.unhold(digest)
	return b.remove(digest, recorded)
}

// remove deletes content, unless it is recorded or about to be.
func (b *blobs) remove(digest string, recorded func(digest string) bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[digest] > 0 || recorded(digest) {
		return nil
	}
	delete(b.checked, digest)
	if err := os.Remove(b.path(digest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sweep removes uploads, and content that nothing records. It must run before anything is written.
func (b *blobs) sweep(recorded func(digest string) bool) (removed int, err error) {
	for _, dir := range []string{b.uploadsDir(), filepath.Join(b.dir, "sha256")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return 0, err
		}
	}
	err = filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if filepath.Dir(path) != b.uploadsDir() && recorded("sha256:"+d.Name()) {
			return nil
		}
		removed++
		return os.Remove(path)
	})
	return removed, err
}
