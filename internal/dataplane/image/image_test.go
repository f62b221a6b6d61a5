package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"atoll/internal/dataplane/image"
)

// entry is a member of a layer's archive. What it is its name or link tells: a trailing slash makes a directory.
type entry struct {
	name, content, link, hard string
	mode                      int64
	uid                       int
	kind                      byte
	records                   map[string]string
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Uid: e.uid, Gid: e.uid, Size: int64(len(e.content)), Typeflag: tar.TypeReg, PAXRecords: e.records}
		switch {
		case e.kind != 0:
			h.Typeflag = e.kind
		case strings.HasSuffix(e.name, "/"):
			h.Typeflag = tar.TypeDir
		case e.link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		case e.hard != "":
			h.Typeflag, h.Linkname = tar.TypeLink, e.hard
		}
		if h.Mode == 0 {
			h.Mode = 0o644
			if h.Typeflag == tar.TypeDir {
				h.Mode = 0o755
			}
		}
		check(t, w.WriteHeader(h))
		_, err := io.WriteString(w, e.content)
		check(t, err)
	}
	check(t, w.Close())
	return out.Bytes()
}

func zipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(plain)
	check(t, errorOf(err, w.Close()))
	return out.Bytes()
}

func layer(t testing.TB, entries ...entry) v1.Layer {
	t.Helper()
	return static.NewLayer(zipped(t, archive(t, entries...)), types.OCILayer)
}

// build makes an image of layers, whose configuration has a command.
func build(t testing.TB, command string, layers ...v1.Layer) v1.Image {
	t.Helper()
	i := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	for _, l := range layers {
		var err error
		i, err = mutate.Append(i, mutate.Addendum{Layer: l})
		check(t, err)
	}
	i, err := mutate.Config(i, v1.Config{Cmd: []string{command}, User: "65532", Env: []string{"A=b"}, StopSignal: "SIGINT"})
	check(t, err)
	return i
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func open(t testing.TB, dir string) *image.Store {
	t.Helper()
	s, err := image.Open(dir, image.Options{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Volatile: true})
	check(t, err)
	t.Cleanup(s.Close)
	return s
}

func digest(t testing.TB, i interface{ Digest() (v1.Hash, error) }) v1.Hash {
	t.Helper()
	d, err := i.Digest()
	check(t, err)
	return d
}

// unpack makes an image's root file system and gives its directory.
func unpack(t testing.TB, layers ...v1.Layer) string {
	t.Helper()
	i := build(t, "run", layers...)
	got, release, err := open(t, t.TempDir()).Prepare(t.Context(), image.FromImage(i), digest(t, i))
	check(t, err)
	t.Cleanup(release)
	return got.Rootfs
}

// tree lists a directory: names with a slash for directories, "-> target" for links, the content for files.
func tree(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		switch {
		case d.IsDir():
			name += "/"
		case d.Type()&fs.ModeSymlink != 0:
			link, _ := os.Readlink(path)
			name += " -> " + link
		default:
			raw, _ := os.ReadFile(path)
			name += "=" + string(raw)
		}
		out = append(out, name)
		return err
	}))
	return out
}

func wantTree(t testing.TB, dir string, want ...string) {
	t.Helper()
	if got := tree(t, dir); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestLayersLieOverEachOther(t *testing.T) {
	wantTree(t, unpack(t,
		layer(t, entry{name: "./"}, entry{name: "./etc/"}, entry{name: "etc/a", content: "1"}, entry{name: "etc/b", content: "1"},
			entry{name: "old/deep/file", content: "1"}, entry{name: "opt/gone", content: "1"}, entry{name: "opt/sub/gone", content: "1"},
			entry{name: "turns/into/file", content: "1"}, entry{name: "linked", hard: "etc/a"}, entry{name: "dir", link: "etc"}),
		layer(t, entry{name: "etc/a", content: "2"}, entry{name: "etc/.wh.b"}, entry{name: ".wh.old"}, entry{name: "opt/new", content: "2"},
			entry{name: "opt/sub/new", content: "2"}, entry{name: "opt/.wh..wh..opq"}, entry{name: "turns", content: "2"}, entry{name: "dir/"},
			entry{name: ".wh..wh.plnk"}, entry{name: "dev/null", kind: tar.TypeChar}),
	), "dev/", "dir/", "etc/", "etc/a=2", "linked=1", "opt/", "opt/new=2", "opt/sub/", "opt/sub/new=2", "turns=2")
}

// Links in the image lead where they would in a container; nothing leads out of the directory.
func TestLinksStayInside(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	check(t, os.Mkdir(outside, 0o700))
	rootfs := unpack(t,
		layer(t, entry{name: "run/"}, entry{name: "var/run", link: "/run"}, entry{name: "up", link: "../../../../.."},
			entry{name: "abs", link: outside}, entry{name: "loop", link: "loop"}, entry{name: "../../climbed", content: "1"}),
		layer(t, entry{name: "var/run/pid", content: "1"}, entry{name: "up/top", content: "1"}, entry{name: "abs/file", content: "1"},
			entry{name: "hard", hard: "../../var/run/pid"}, entry{name: "abs/.wh.none"}))
	if list, _ := os.ReadDir(outside); len(list) > 0 {
		t.Errorf("a layer has written outside: %v", list)
	}
	for name, want := range map[string]string{"run/pid": "1", "hard": "1", "top": "1", "climbed": "1", outside[1:] + "/file": "1"} {
		if raw, err := os.ReadFile(filepath.Join(rootfs, name)); string(raw) != want {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
	}
	i := build(t, "run", layer(t, entry{name: "loop", link: "loop"}), layer(t, entry{name: "loop/file"}))
	if _, _, err := open(t, t.TempDir()).Prepare(t.Context(), image.FromImage(i), digest(t, i)); err == nil || !strings.Contains(err.Error(), "too many links") {
		t.Errorf("got %v", err)
	}
}

func TestModesAndOwners(t *testing.T) {
	rootfs := unpack(t, layer(t, entry{name: "bin/su", mode: 0o4755, uid: 7, content: "x"}, entry{name: "tmp/", mode: 0o1777}, entry{name: "locked/", mode: 0o555, uid: 8},
		entry{name: "locked/file", content: "x", uid: 8, records: map[string]string{"SCHILY.xattr.user.note": "x"}}))
	for name, want := range map[string]fs.FileMode{"bin/su": fs.ModeSetuid | 0o755, "tmp": fs.ModeDir | fs.ModeSticky | 0o777, "locked": fs.ModeDir | 0o555, "locked/file": 0o644} {
		info, err := os.Stat(filepath.Join(rootfs, name))
		check(t, err)
		if os.Geteuid() != 0 && info.IsDir() {
			want |= 0o700
		}
		if info.Mode() != want {
			t.Errorf("%s has the mode %v, want %v", name, info.Mode(), want)
		}
		if os.Geteuid() == 0 && name == "locked/file" && ownerOf(info) != 8 {
			t.Errorf("the owner is %d", ownerOf(info))
		}
	}
}

func TestCompressions(t *testing.T) {
	plain := archive(t, entry{name: "file", content: "x"})
	z, err := zstd.NewWriter(nil)
	check(t, err)
	for kind, content := range map[types.MediaType][]byte{types.OCIUncompressedLayer: plain, types.OCILayerZStd: z.EncodeAll(plain, nil), types.DockerLayer: zipped(t, plain)} {
		wantTree(t, unpack(t, static.NewLayer(content, kind)), "file=x")
	}
	for _, kind := range []types.MediaType{types.DockerForeignLayer, "application/vnd.oci.image.layer.v1.tar+encrypted"} {
		i := build(t, "run", static.NewLayer(plain, kind))
		if _, _, err := open(t, t.TempDir()).Prepare(t.Context(), image.FromImage(i), digest(t, i)); err == nil || !strings.Contains(err.Error(), string(kind)) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// altered is a Source that alters one blob or manifest.
type altered struct {
	image.Source
	digest v1.Hash
	with   func([]byte) []byte
}

func (a altered) Blob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error) {
	body, err := a.Source.Blob(ctx, digest)
	if err != nil || digest != a.digest {
		return body, err
	}
	raw, err := io.ReadAll(body)
	return io.NopCloser(bytes.NewReader(a.with(raw))), err
}

func (a altered) Manifest(ctx context.Context, digest v1.Hash) ([]byte, error) {
	raw, err := a.Source.Manifest(ctx, digest)
	if digest == a.digest {
		raw = a.with(raw)
	}
	return raw, err
}
