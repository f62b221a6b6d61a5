package cloud

import (
	"archive/tar"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

// ErrArchive means that a file is not an archive of a cloud, or a damaged one.
var ErrArchive = errors.New("the file is not a saved cloud, or it is damaged")

// archiveFormat is the version of the archive's layout: a gzipped tar of manifest.json, state.db, objects/, images/, events/
// and databases/.
const archiveFormat = 1

// Manifest is an archive's first member.
type Manifest struct {
	Format int       `json:"format"`
	Saved  time.Time `json:"saved"`
}

// Save writes all of the cloud to w: every record, object, key and recorded event, as of one moment. Calls wait only while that moment is
// pinned; they go on while the archive is written.
func (c *Cloud) Save(ctx context.Context, w io.Writer) (err error) {
	if c.config.Ephemeral {
		return errors.New("a cloud that is kept in memory cannot be saved")
	}
	pinned, err := os.MkdirTemp(c.config.Dir, "save-")
	if err != nil {
		return fmt.Errorf("pinning the cloud's files: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(pinned)) }()
	if err := c.pin(ctx, pinned); err != nil {
		return fmt.Errorf("pinning the cloud's files: %w", err)
	}
	if data := c.data(); data != nil { // databases are as of a moment soon after
		if err := data.Export(ctx, databasesDir(pinned)); err != nil {
			return err
		}
	}
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	manifest, err := json.Marshal(Manifest{Format: archiveFormat, Saved: c.config.Clock.Now()})
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: "manifest.json", Mode: 0o600, Size: int64(len(manifest)), ModTime: c.config.Clock.Now()}); err != nil {
		return err
	}
	if _, err := t.Write(manifest); err != nil {
		return err
	}
	if err := addTree(ctx, t, pinned); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	return errors.Join(t.Close(), z.Close())
}

// pin copies the store and links the objects and layers, whose files never change, and the audit record, whose files only grow, into dir.
func (c *Cloud) pin(ctx context.Context, dir string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.New("the cloud is closed")
	}
	if err := c.audit.Flush(ctx); err != nil {
		return err
	}
	f, err := os.OpenFile(StateFile(dir), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(c.store.Save(f), f.Close()); err != nil {
		return err
	}
	to := contentDirs(dir)
	for i, from := range contentDirs(c.config.Dir) {
		if err := link(from, to[i]); err != nil {
			return err
		}
	}
	return nil
}

// link makes a tree of links to the files of another one, if that is there.
func link(from, to string) error {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		return os.Link(path, filepath.Join(to, rel))
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func addTree(ctx context.Context, t *tar.Writer, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: filepath.ToSlash(rel), Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.CopyN(t, f, info.Size()) // an upload under way grows its file, which no record names yet
		return errors.Join(err, f.Close(), ctx.Err())
	})
}

// Restore makes dir the cloud that an archive holds. What dir held is gone only once the archive was read and checked; an
// error, or a crash at any moment, leaves the one or the other. No cloud may be open in dir.
func Restore(ctx context.Context, dir string, r io.Reader) error {
	if err := Recover(dir); err != nil {
		return err
	}
	next := nextDir(dir)
	if err := os.RemoveAll(next); err != nil {
		return fmt.Errorf("clearing an unfinished restore: %w", err)
	}
	if err := extract(ctx, next, r); err != nil {
		return errors.Join(err, os.RemoveAll(next))
	}
	if err := state.Check(StateFile(next)); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", ErrArchive, err), os.RemoveAll(next))
	}
	old := oldDir(dir)
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("setting the present cloud aside: %w", err)
	}
	if err := os.Rename(next, dir); err != nil {
		return errors.Join(fmt.Errorf("putting the restored cloud in place: %w", err), Recover(dir))
	}
	return os.RemoveAll(old)
}

// nextDir is where Restore unpacks, and oldDir where it sets aside what was there.
func nextDir(dir string) string { return dir + ".next" }

func oldDir(dir string) string { return dir + ".old" }

// Remove deletes a cloud that is not open, with what an unfinished Restore left of it.
func Remove(dir string) error {
	for _, path := range []string{dir, oldDir(dir), nextDir(dir)} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing the cloud's data: %w", err)
		}
	}
	return nil
}

// Recover ends what a crash left of a Restore.
func Recover(dir string) error {
	old := oldDir(dir)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(old, dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("putting the cloud's directory back after an unfinished restore: %w", err)
		}
		return nil
	}
	return os.RemoveAll(old)
}

func extract(ctx context.Context, dir string, r io.Reader) error {
	damaged := func(err error) error { return fmt.Errorf("%w: %w", ErrArchive, err) }
	z, err := gzip.NewReader(r)
	if err != nil {
		return damaged(err)
	}
	t := tar.NewReader(z)
	first := true
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged(err)
		}
		if first {
			if err := checkManifest(h.Name, t); err != nil {
				return err
			}
			first = false
			continue
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || !belongs(h.Name) {
			return damaged(fmt.Errorf("it holds %q", h.Name))
		}
		if err := extractFile(filepath.Join(dir, filepath.FromSlash(h.Name)), t); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if first {
		return damaged(errors.New("it is empty"))
	}
	if _, err := io.Copy(io.Discard, z); err != nil { // what follows the last member is gzip's checksum
		return damaged(err)
	}
	for _, content := range contentDirs(dir) {
		if err := os.MkdirAll(content, 0o700); err != nil {
			return fmt.Errorf("unpacking the archive: %w", err)
		}
	}
	return nil
}

// belongs reports whether an archive may have a member.
func belongs(name string) bool {
	first, _, deeper := strings.Cut(name, "/")
	for _, content := range contentDirs("") {
		if deeper && first == content {
			return true
		}
	}
	return name == "state.db" || deeper && first == databasesDir("")
}

func checkManifest(name string, r io.Reader) error {
	var m Manifest
	if name != "manifest.json" {
		return fmt.Errorf("%w: it has no manifest", ErrArchive)
	}
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return fmt.Errorf("%w: %w", ErrArchive, err)
	}
	if m.Format != archiveFormat {
		return fmt.Errorf("%w: its format is %d, and this atoll reads %d", ErrArchive, m.Format, archiveFormat)
	}
	return nil
}

func extractFile(path string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("unpacking the archive: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("unpacking the archive: %w", err)
	}
	n, err := io.Copy(f, r)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) {
			return fmt.Errorf("%w: it ends early, %d bytes into %s", ErrArchive, n, filepath.Base(path))
		}
		if corrupt := flate.CorruptInputError(0); errors.As(err, &corrupt) {
			return fmt.Errorf("%w: %s: %w", ErrArchive, filepath.Base(path), err)
		}
		return fmt.Errorf("unpacking the archive: %w", err)
	}
	return nil
}
