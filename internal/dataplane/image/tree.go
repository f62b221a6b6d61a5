package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// maxLinks is how many symbolic links a name may lead through, as on Linux.
const maxLinks = 40

// tree finds names in a directory as a process would that has it as its root: there, absolute links begin at the root and ".." ends
// at it. What is opened then is opened through os.Root all the same.
type tree struct {
	root *os.Root

	asked, found string // the last directory that was resolved, with a slash in front
	path         string // of the directory that is open
	dir          *os.Root
}

func newTree(root *os.Root) *tree { return &tree{root: root} }

// forget ends what is remembered of directories, when one may have been replaced.
func (t *tree) forget() {
	if t.dir != nil {
		_ = t.dir.Close() // of a descriptor that nothing was written to
	}
	t.asked, t.found, t.path, t.dir = "", "", "", nil
}

// open gives a directory of the tree, by a name without links. It is good until the next call of any method.
func (t *tree) open(name string) (*os.Root, error) {
	if name == "." {
		return t.root, nil
	}
	if t.dir != nil && t.path == name {
		return t.dir, nil
	}
	dir, err := t.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if t.dir != nil {
		_ = t.dir.Close()
	}
	t.path, t.dir = name, dir
	return dir, nil
}

// list gives the names in a directory.
func (t *tree) list(name string) ([]string, error) {
	d, err := t.root.Open(name)
	if err != nil {
		return nil, err
	}
	names, err := d.Readdirnames(-1)
	return names, errors.Join(err, d.Close())
}

// resolve follows the links in a directory's name, and gives a name without links. What does not exist is none.
func (t *tree) resolve(dir string) (string, error) {
	asked := path.Clean("/" + dir)
	if asked == t.asked {
		return t.found, nil
	}
	rest := elements(asked)
	at, links := ".", 0
	for len(rest) > 0 {
		next := rest[0]
		rest = rest[1:]
		if next == ".." {
			at = path.Dir(at)
			continue
		}
		to := path.Join(at, next)
		have, err := t.root.Lstat(to)
		if errors.Is(err, fs.ErrNotExist) || err == nil && have.Mode()&fs.ModeSymlink == 0 {
			at = to
			continue
		}
		if err != nil {
			return "", err
		}
		link, err := t.root.Readlink(to)
		if err != nil {
			return "", err
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("too many links on the way to %s", dir)
		}
		if path.IsAbs(link) {
			at = "."
		}
		rest = slices.Concat(elements(link), rest)
	}
	t.asked, t.found = asked, at
	return at, nil
}

// elements gives the parts of a path.
func elements(p string) []string {
	return slices.DeleteFunc(strings.Split(p, "/"), func(e string) bool { return e == "" || e == "." })
}
