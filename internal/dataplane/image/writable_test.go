package image_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atoll/internal/dataplane/image"
)

func TestWritable(t *testing.T) {
	base := unpack(t, layer(t, entry{name: "etc/file", content: "old"}, entry{name: "etc/gone", content: "x"}, entry{name: "link", link: "/etc/file"},
		entry{name: "bin/su", content: "x", mode: 0o4755, uid: 7}, entry{name: "locked/", mode: 0o555}, entry{name: "locked/file", content: "x"}))
	before := tree(t, base)
	for kind, dir := range map[string]string{"overlay where allowed": filepath.Join(t.TempDir(), "own"), "copy": filepath.Join(t.TempDir(), "with,comma")} {
		t.Run(kind, func(t *testing.T) {
			rootfs, release, err := image.Writable(t.Context(), base, dir)
			check(t, err)
			wantTree(t, rootfs, before...)
			check(t, os.WriteFile(filepath.Join(rootfs, "etc/file"), []byte("new"), 0o600))
			check(t, os.Remove(filepath.Join(rootfs, "etc/gone")))
			check(t, os.WriteFile(filepath.Join(rootfs, "added"), nil, 0o600))
			if info, err := os.Stat(filepath.Join(rootfs, "bin/su")); err != nil || info.Mode()&os.ModeSetuid == 0 || os.Geteuid() == 0 && ownerOf(info) != 7 {
				t.Errorf("got %v, %v", info, err)
			}
			wantTree(t, base, before...)
			check(t, release())
			check(t, image.RemoveWritable(dir)) // as after a crash
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("got %v", err)
			}
		})
	}
	if mounts, err := os.ReadFile("/proc/self/mounts"); err == nil && strings.Contains(string(mounts), filepath.Dir(base)) {
		t.Error("a mount is left")
	}
}
