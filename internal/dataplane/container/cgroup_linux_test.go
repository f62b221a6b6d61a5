package container_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"atoll/internal/dataplane/container"
)

// groupsOf gives the control groups of a runtime's directory.
func groupsOf(t *testing.T, dir string) []string {
	t.Helper()
	sum := sha256.Sum256([]byte(dir))
	name := "atoll-" + hex.EncodeToString(sum[:6])
	var all []string
	for _, pattern := range []string{"/sys/fs/cgroup/" + name, "/sys/fs/cgroup/*/" + name} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// TestGroupsOfDeadRuntimes has no control groups stay behind: a runtime's own when it is closed, and those of one that was killed and its
// directory removed when the next one starts, wherever that is.
func TestGroupsOfDeadRuntimes(t *testing.T) {
	for _, name := range []string{"runc", "process"} {
		t.Run(name, func(t *testing.T) {
			begin := func(dir string) container.Runtime {
				r := kinds(t)[name].opened(t, dir)
				if err := r.Group("g", container.Limits{Memory: 64 << 20}); err != nil {
					t.Fatal(err)
				}
				return r
			}
			killed, next := filepath.Join(t.TempDir(), "killed"), t.TempDir()
			begin(killed)
			if len(groupsOf(t, killed)) == 0 {
				t.Skip("control groups cannot be changed here")
			}
			if err := os.RemoveAll(killed); err != nil {
				t.Fatal(err)
			}
			r := begin(next)
			if left := groupsOf(t, killed); len(left) > 0 {
				t.Errorf("of the killed one are left: %q", left)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if left := groupsOf(t, next); len(left) > 0 {
				t.Errorf("of the closed one are left: %q", left)
			}
		})
	}
}
