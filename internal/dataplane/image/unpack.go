package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Names of whiteouts, by which a layer takes away what lies below it.
// https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
	reserved = ".wh..wh." // of other things that aufs keeps
)

// unpacker makes a directory of layers.
type unpacker struct {
	tree   *tree
	owners bool // keep owners and extended attributes

	fresh map[string]bool     // what the layer has made so far
	dirs  map[string]metadata // of directories, set at the end: until then they must be writable
}

type metadata struct {
	mode     fs.FileMode
	uid, gid int
	modified time.Time
}

func newUnpacker(root *os.Root, owners bool) *unpacker {
	return &unpacker{tree: newTree(root), owners: owners, dirs: map[string]metadata{".": {mode: 0o755, modified: time.Unix(0, 0)}}}
}

// layer puts a layer over those before.
func (u *unpacker) layer(r *tar.Reader) error {
	u.fresh = map[string]bool{}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		if err := u.entry(h, r); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
	if name == "" {
		u.dirs["."] = metadataOf(h)
		return nil
	}
	dir, base := path.Split(name)
	dir, err := u.tree.resolve(dir)
	if err != nil {
		return err
	}
	if base == opaque {
		return u.clear(dir)
	}
	if strings.HasPrefix(base, reserved) {
		return nil
	}
	if hidden, ok := strings.CutPrefix(base, whiteout); ok {
		if hidden == "" || hidden == "." || hidden == ".." {
			return errors.New("a whiteout of nothing")
		}
		return u.remove(path.Join(dir, hidden))
	}
	if err := u.makeParents(dir); err != nil {
		return err
	}
	name = path.Join(dir, base)
	if err := u.replace(h, name); err != nil {
		return err
	}
	u.fresh[name] = true
	return u.create(h, name, content)
}

// makeParents makes a directory that the layer says nothing of, or not yet.
func (u *unpacker) makeParents(dir string) error {
	for p := dir; p != "." && !u.fresh[p]; p = path.Dir(p) {
		u.fresh[p] = true
	}
	if dir == u.tree.path {
		return nil // it is open
	}
	return u.tree.root.MkdirAll(dir, 0o755)
}

// replace takes away what has the name of an entry, unless it and the entry are directories.
func (u *unpacker) replace(h *tar.Header, name string) error {
	have, err := u.tree.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case have.IsDir() && h.Typeflag == tar.TypeDir:
		return nil
	}
	u.tree.forget()
	return u.tree.root.RemoveAll(name)
}

func (u *unpacker) create(h *tar.Header, name string, content io.Reader) error {
	if h.Typeflag == tar.TypeSymlink {
		u.tree.forget() // a name that was resolved may lead elsewhere now
	}
	parent, err := u.tree.open(path.Dir(name))
	if err != nil {
		return err
	}
	base := path.Base(name)
	switch h.Typeflag {
	case tar.TypeDir:
		u.dirs[name] = metadataOf(h)
		if err := parent.Mkdir(base, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	case tar.TypeReg, tar.TypeGNUSparse:
		return u.file(parent, h, base, content)
	case tar.TypeSymlink:
		if err := parent.Symlink(h.Linkname, base); err != nil {
			return err
		}
		if u.owners {
			return parent.Lchown(base, h.Uid, h.Gid)
		}
		return nil
	case tar.TypeLink:
		target := strings.TrimPrefix(path.Clean("/"+h.Linkname), "/")
		dir, err := u.tree.resolve(path.Dir(target))
		if err != nil {
			return err
		}
		return u.tree.root.Link(path.Join(dir, path.Base(target)), name)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return nil
	}
	return fmt.Errorf("the archive has an entry of the type %q", h.Typeflag)
}

func (u *unpacker) file(parent *os.Root, h *tar.Header, base string, content io.Reader) error {
	f, err := parent.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	m := metadataOf(h)
	if err == nil && u.owners {
		if err = f.Chown(m.uid, m.gid); err == nil {
			err = setAttributes(f, h.PAXRecords)
		}
	}
	if err == nil {
		err = f.Chmod(m.mode) // after the owner, whose change takes set-user-id away
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return parent.Chtimes(base, m.modified, m.modified)
}

func metadataOf(h *tar.Header) metadata {
	return metadata{mode: h.FileInfo().Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky), uid: h.Uid, gid: h.Gid, modified: h.ModTime}
}

// clear takes away what a directory has of the layers below.
func (u *unpacker) clear(dir string) error {
	list, err := u.tree.list(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range list {
		err = errors.Join(err, u.remove(path.Join(dir, name)))
	}
	return err
}

// remove takes away what the layers below have under a name, and leaves what this layer has made.
func (u *unpacker) remove(name string) error {
	if !u.fresh[name] {
		u.tree.forget()
		return u.tree.root.RemoveAll(name)
	}
	if have, err := u.tree.root.Lstat(name); err != nil || !have.IsDir() {
		return err
	}
	return u.clear(name)
}

// finish gives the directories their modes, owners and times, those within others first.
func (u *unpacker) finish() error {
	defer u.tree.forget()
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(u.dirs))) {
		have, err := u.tree.root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !have.IsDir() {
			continue // a layer above has taken it away
		}
		m := u.dirs[name]
		if !u.owners {
			m.mode |= 0o700 // we must be able to remove it
		}
		if err == nil && u.owners {
			err = u.tree.root.Lchown(name, m.uid, m.gid)
		}
		if err == nil {
			err = u.tree.root.Chmod(name, m.mode)
		}
		if err == nil {
			err = u.tree.root.Chtimes(name, m.modified, m.modified)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
