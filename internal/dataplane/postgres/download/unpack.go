package download

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Limits on what a package holds: those in the table have 1,000 files and 60 MB.
const (
	mostFiles = 20_000
	mostBytes = 1 << 30
)

// unpack writes what lies below package/native of a compressed package, and its licence, into a directory. It refuses whatever is
// neither a file nor a directory, and names that leave the directory; what was written until then stays.
func unpack(r io.Reader, to string) error {
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer root.Close()
	plain, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	left, files := int64(mostBytes), 0
	for in := tar.NewReader(plain); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
		name, err := inPackage(header)
		if err != nil {
			return err
		}
		if files++; files > mostFiles {
			return fmt.Errorf("unpacking: there are more than %d files", mostFiles)
		}
		if name == "" || header.Typeflag == tar.TypeDir {
			continue // directories are made for their files
		}
		if left -= header.Size; left < 0 {
			return fmt.Errorf("unpacking: the files have more than %d bytes", mostBytes)
		}
		mode := fs.FileMode(0o644)
		if header.Mode&0o100 != 0 {
			mode = 0o755
		}
		if err := write(root, name, mode, in); err != nil {
			return fmt.Errorf("unpacking %s: %w", name, err)
		}
	}
	if _, err := io.Copy(io.Discard, plain); err != nil { // to the checksum
		return fmt.Errorf("unpacking: %w", err)
	}
	return link(root)
}

// inPackage checks an entry, and gives its name in the directory: none for what is left out.
func inPackage(h *tar.Header) (string, error) {
	name := strings.TrimSuffix(h.Name, "/")
	switch {
	case h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir:
		return "", fmt.Errorf("unpacking: %q is neither a file nor a directory", h.Name)
	case !inside(name) || name != "package" && !strings.HasPrefix(name, "package/"):
		return "", fmt.Errorf("unpacking: %q is no name within the package", h.Name)
	case name == "package/LICENSE.md":
		return "LICENSE.md", nil
	}
	if below, ok := strings.CutPrefix(name, "package/native/"); ok {
		return below, nil
	}
	return "", nil
}

// inside reports whether a name with slashes is plain: no absolute one, no "..", nothing that another system would take for either.
func inside(name string) bool { return fs.ValidPath(name) && !strings.ContainsAny(name, "\\\x00") }

// write makes a file that is not there yet.
func write(root *os.Root, name string, mode fs.FileMode, from io.Reader) error {
	if err := parents(root, name); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Chmod(mode), f.Close()) // whatever the umask
}

// parents makes the directories above a name, for all to read.
func parents(root *os.Root, name string) error {
	dir := path.Dir(name)
	if dir == "." {
		return nil
	}
	if _, err := root.Lstat(dir); err == nil {
		return nil
	}
	if err := parents(root, dir); err != nil {
		return err
	}
	return errors.Join(root.Mkdir(dir, 0o755), root.Chmod(dir, 0o755))
}

// linkList names the symbolic links, which npm's packages cannot hold, from the package's root.
const linkList = "pg-symlinks.json"

// link makes the symbolic links.
func link(root *os.Root) error {
	raw, err := root.ReadFile(linkList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(raw, &links); err != nil {
		return fmt.Errorf("reading the symbolic links: %w", err)
	}
	for _, l := range links {
		source, ok1 := strings.CutPrefix(l.Source, "native/")
		target, ok2 := strings.CutPrefix(l.Target, "native/")
		if !ok1 || !ok2 || !inside(source) || !inside(target) {
			return fmt.Errorf("unpacking: the symbolic link from %q to %q leaves the package", l.Target, l.Source)
		}
		text, err := filepath.Rel(path.Dir(target), source)
		if err != nil {
			return err
		}
		if err := errors.Join(parents(root, target), root.Symlink(text, target)); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("making the symbolic link %s: %w", target, err)
		}
	}
	return nil
}
