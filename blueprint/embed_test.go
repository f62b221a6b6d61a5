package blueprint_test

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"atoll/blueprint"
)

// TestFSHoldsTheTree compares the embedded files with the folder: each is there, byte for byte, and no other. A new
// folder or kind of file that the patterns in embed.go miss fails here.
func TestFSHoldsTheTree(t *testing.T) {
	embedded, tree := contents(t, blueprint.FS()), contents(t, os.DirFS("."))
	for name, want := range tree {
		got, ok := embedded[name]
		if !ok {
			t.Errorf("%s is not embedded: add it to the patterns in embed.go", name)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from its embedded copy", name)
		}
	}
	for name := range embedded {
		if _, ok := tree[name]; !ok {
			t.Errorf("%s is embedded and does not belong to the blueprint", name)
		}
	}
}

// contents reads every file of the blueprint in fsys by its path, leaving out Go files and what Terraform writes.
func contents(t *testing.T, fsys fs.FS) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".terraform":
			return fs.SkipDir
		case entry.IsDir(), path.Ext(name) == ".go", generated(entry.Name()):
			return nil
		}
		found[name], err = fs.ReadFile(fsys, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// generated reports whether Terraform itself writes a file of this name.
func generated(name string) bool {
	return name == ".terraform.lock.hcl" || strings.HasPrefix(name, "terraform.tfstate") || strings.HasPrefix(name, ".terraform.tfstate")
}
