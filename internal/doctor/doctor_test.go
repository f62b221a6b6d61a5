package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atoll/internal/disk"
	"atoll/internal/doctor"
	"atoll/internal/machine"
	"atoll/tools/provider"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func online(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"providers.v1": "/v1/providers/"}`))}, nil
}

func offline(*http.Request) (*http.Response, error) { return nil, errors.New("no such host") }

// complete is what the programs of a machine that has all of them say.
func complete() map[string]string {
	return map[string]string{
		"terraform": "Terraform v1.11.4\non linux_amd64\n",
		"go":        "go version go1.26.8 linux/amd64\n",
		"postgres":  "postgres (PostgreSQL) 17.2\n",
		"initdb":    "",
		"runc":      "runc version 1.1.5\n",
		"git":       "git version 2.47.0\n",
	}
}

// options describes a machine by its programs. A program that says "!…" fails with the rest of it.
func options(t *testing.T, web roundTrip, programs map[string]string) doctor.Options {
	return doctor.Options{
		Root:        programs["runc"] != "",
		CacheDir:    filepath.Join(t.TempDir(), "cache"),
		DataDir:     filepath.Join(t.TempDir(), "data"),
		ProgramsDir: filepath.Join(t.TempDir(), "postgres"),
		Machine: machine.Machine{
			Free:   func(string) (disk.Space, error) { return disk.Space{Free: 100 << 30, Volume: "a"}, nil },
			Getenv: func(string) string { return "" },
			LookPath: func(program string) (string, error) {
				if _, ok := programs[program]; !ok {
					return "", errors.New(program + " is not on PATH")
				}
				return filepath.Join("/bin", program), nil
			},
			Run: func(ctx context.Context, env []string, args ...string) (string, error) {
				said := programs[filepath.Base(args[0])]
				if trouble, failed := strings.CutPrefix(said, "!"); failed {
					return "", &machine.CommandError{Args: args, Err: errors.New(trouble)}
				}
				return said, nil
			},
			HTTP: &http.Client{Transport: web},
		},
	}
}

func find(t *testing.T, r doctor.Report, name string) doctor.Check {
	t.Helper()
	for _, check := range r.Checks {
		if check.Name == name {
			return check
		}
	}
	t.Fatalf("%+v has no check %s", r, name)
	return doctor.Check{}
}

func TestACompleteMachine(t *testing.T) {
	opts := options(t, online, complete())
	report := doctor.Run(t.Context(), opts)
	var names []string
	for _, check := range report.Checks {
		names = append(names, check.Name)
		if check.Status != doctor.OK || check.Detail == "" || check.Try != "" {
			t.Errorf("%+v, want ok and what was found", check)
		}
	}
	if got, want := strings.Join(names, " "), "engine provider go postgresql runtime cache data disk port git"; got != want {
		t.Errorf("checks: %s, want %s", got, want)
	}
	if report.Status() != doctor.OK {
		t.Errorf("status = %s", report.Status())
	}
	for _, dir := range []string{opts.CacheDir, opts.DataDir} {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("%s holds %v, %v, want an empty folder", dir, entries, err)
		}
	}
	opts.DataDir = ""
	if n := len(doctor.Run(t.Context(), opts).Checks); n != len(names)-1 {
		t.Errorf("%d checks without a data folder, want %d", n, len(names)-1)
	}
}

func TestAnEmptyMachine(t *testing.T) {
	report := doctor.Run(t.Context(), options(t, offline, nil))
	if report.Status() != doctor.Fail {
		t.Errorf("status = %s", report.Status())
	}
	for name, want := range map[string]doctor.Check{
		"engine":     {Status: doctor.Fail, Detail: "terraform is not on PATH", Try: "ATOLL_TERRAFORM"},
		"provider":   {Status: doctor.Warn, Detail: "is not built yet: registry.terraform.io cannot be reached", Try: "half an hour"},
		"go":         {Status: doctor.Fail, Detail: "the provider must be built", Try: "go.dev"},
		"postgresql": {Status: doctor.Warn, Detail: "no postgres", Try: "install PostgreSQL"},
		"runtime":    {Status: doctor.Warn, Detail: "tasks do not run", Try: "Docker"},
		"git":        {Status: doctor.Warn, Detail: "git is not on PATH", Try: "install git"},
	} {
		got := find(t, report, name)
		if got.Status != want.Status || !strings.Contains(got.Detail, want.Detail) || !strings.Contains(got.Try, want.Try) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestProvider(t *testing.T) {
	opts := options(t, offline, complete())
	check := func() doctor.Report {
		t.Helper()
		return doctor.Run(t.Context(), opts)
	}
	report := check()
	if got := find(t, report, "provider"); got.Status != doctor.Warn {
		t.Errorf("before the build: %+v", got)
	}
	if got := find(t, report, "go"); got.Status != doctor.OK || !strings.Contains(got.Detail, "go1.26.8 linux/amd64, for the build") {
		t.Errorf("before the build: %+v", got)
	}

	path := provider.Binary(provider.Mirror(opts.CacheDir), "registry.terraform.io", provider.Version)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("provider"), 0o755); err != nil {
		t.Fatal(err)
	}
	report = check()
	if got := find(t, report, "provider"); got.Status != doctor.OK || !strings.Contains(got.Detail, "was built on this machine") {
		t.Errorf("after the build: %+v", got)
	}
	if got := find(t, report, "go"); got.Status != doctor.OK || !strings.Contains(got.Detail, "not needed") {
		t.Errorf("after the build: %+v", got)
	}

	opts.Machine.Getenv = func(name string) string {
		return map[string]string{"ATOLL_PROVIDER": provider.Mirror(opts.CacheDir)}[name]
	}
	if got := find(t, check(), "provider"); got.Status != doctor.OK || !strings.Contains(got.Detail, "ATOLL_PROVIDER is ") {
		t.Errorf("with a path: %+v", got)
	}
	opts.Machine.Getenv = func(name string) string { return map[string]string{"ATOLL_PROVIDER": "/nowhere"}[name] }
	if got := find(t, check(), "provider"); got.Status != doctor.Fail || !strings.Contains(got.Try, "ATOLL_PROVIDER") {
		t.Errorf("with a wrong path: %+v", got)
	}
}

func TestDisk(t *testing.T) {
	const gigabyte = 1 << 30
	for _, test := range []struct {
		web  roundTrip
		free uint64
		want doctor.Status
	}{
		{online, 3 * gigabyte, doctor.OK},
		{online, 1 * gigabyte, doctor.Warn},
		{offline, 3 * gigabyte, doctor.Warn}, // a build is due
		{offline, 12 * gigabyte, doctor.OK},
	} {
		opts := options(t, test.web, complete())
		opts.Machine.Free = func(string) (disk.Space, error) { return disk.Space{Free: test.free}, nil }
		if got := find(t, doctor.Run(t.Context(), opts), "disk"); got.Status != test.want {
			t.Errorf("with %d GB: %+v, want %s", test.free/gigabyte, got, test.want)
		}
	}
}

func TestRuntime(t *testing.T) {
	runc := map[string]string{"runc": "runc version 1.1.5\ncommit: x\n"}
	answers := func(context.Context) (string, error) { return "Docker 28.0 at unix:///var/run/docker.sock", nil }
	refuses := func(context.Context) (string, error) { return "", errors.New("neither Docker nor Podman answers") }
	for _, test := range []struct {
		programs map[string]string
		root     bool
		engine   func(context.Context) (string, error)
		status   doctor.Status
		detail   string
	}{
		{runc, true, answers, doctor.OK, "runc version 1.1.5"},
		{runc, false, answers, doctor.OK, "Docker 28.0 at unix:///var/run/docker.sock"},
		{map[string]string{"runc": "!broken"}, true, answers, doctor.OK, "Docker 28.0 at unix:///var/run/docker.sock"},
		{nil, true, refuses, doctor.Warn, "neither Docker nor Podman answers; tasks run as plain processes"},
		{runc, false, refuses, doctor.Warn, "neither Docker nor Podman answers; tasks run as plain processes, without limits of CPU and memory"},
	} {
		opts := options(t, online, test.programs)
		opts.Root, opts.Engine = test.root, test.engine
		opts.Processes = func(context.Context) error { return nil }
		got := find(t, doctor.Run(t.Context(), opts), "runtime")
		if got.Status != test.status || got.Detail != test.detail || (got.Try == "") != (got.Status == doctor.OK) {
			t.Errorf("with %v, root %t: %+v, want %s, %q", test.programs, test.root, got, test.status, test.detail)
		}
	}
}

func TestNoRuntime(t *testing.T) {
	opts := options(t, online, nil)
	opts.Engine = func(context.Context) (string, error) { return "", errors.New("neither Docker nor Podman answers") }
	opts.Processes = func(context.Context) error { return errors.New("this system does not let this user use namespaces") }
	got := find(t, doctor.Run(t.Context(), opts), "runtime")
	if want := "neither Docker nor Podman answers; this system does not let this user use namespaces; tasks do not run"; got.Status != doctor.Warn || got.Detail != want {
		t.Errorf("%+v, want %q", got, want)
	}
}

func TestAFolderThatIsNotWritable(t *testing.T) {
	opts := options(t, online, complete())
	if err := os.WriteFile(opts.CacheDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := find(t, doctor.Run(t.Context(), opts), "cache")
	if got.Status != doctor.Fail || !strings.Contains(got.Detail, opts.CacheDir+" is not writable") || got.Try == "" {
		t.Errorf("%+v", got)
	}
}

func TestPostgreSQL(t *testing.T) {
	for _, test := range []struct {
		name     string
		web      roundTrip
		programs map[string]string
		env      map[string]string
		cached   bool
		status   doctor.Status
		detail   string
	}{
		{name: "none, and a registry", web: online, status: doctor.OK, detail: "is downloaded from https://registry.npmjs.org when a database needs it"},
		{name: "none, offline", web: offline, status: doctor.Warn, detail: "asking https://registry.npmjs.org for PostgreSQL: no such host"},
		{name: "forbidden", web: online, env: map[string]string{"ATOLL_POSTGRES_DOWNLOAD": "never"}, status: doctor.Warn, detail: "ATOLL_POSTGRES_DOWNLOAD=never forbids it"},
		{name: "installed", web: offline, programs: complete(), status: doctor.OK, detail: "postgres (PostgreSQL) 17.2 in /bin\nanother version is downloaded"},
		{name: "installed, forbidden", web: offline, programs: complete(), env: map[string]string{"ATOLL_POSTGRES_DOWNLOAD": "never"}, status: doctor.OK, detail: "17.2 in /bin"},
		{name: "downloaded, offline", web: offline, cached: true, status: doctor.OK, detail: "PostgreSQL 17.10.0-beta.17, downloaded"},
		{name: "named", web: offline, programs: complete(), env: map[string]string{"ATOLL_POSTGRES_BIN": "/opt/pg"}, status: doctor.Fail, detail: "ATOLL_POSTGRES_BIN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			opts := options(t, test.web, test.programs)
			opts.Machine.Getenv = func(name string) string { return test.env[name] }
			if test.env["ATOLL_POSTGRES_BIN"] != "" {
				opts.Machine.LookPath = func(program string) (string, error) { return "", errors.New("no " + program) }
			}
			if test.cached {
				bin := filepath.Join(opts.ProgramsDir, "17.10.0-beta.17", "bin")
				if err := errors.Join(os.MkdirAll(bin, 0o755), os.WriteFile(filepath.Join(bin, "postgres"), nil, 0o755)); err != nil {
					t.Fatal(err)
				}
			}
			got := find(t, doctor.Run(t.Context(), opts), "postgresql")
			if got.Status != test.status || !strings.Contains(got.Detail, test.detail) || (got.Try != "") != (test.status != doctor.OK) {
				t.Errorf("%+v, want %s, %q", got, test.status, test.detail)
			}
		})
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	opts := options(t, online, complete())
	opts.Address = listener.Addr().String()
	if got := find(t, doctor.Run(t.Context(), opts), "port"); got.Status != doctor.Warn || !strings.Contains(got.Detail, opts.Address) {
		t.Errorf("%+v", got)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if got := find(t, doctor.Run(t.Context(), opts), "port"); got.Status != doctor.OK {
		t.Errorf("%+v", got)
	}
}

func TestWriteText(t *testing.T) {
	var b strings.Builder
	err := doctor.WriteText(&b, doctor.Report{Checks: []doctor.Check{
		{Name: "go", Status: doctor.OK, Detail: "go1.26.8"},
		{Name: "provider", Status: doctor.Warn, Detail: "not built\nnot at all", Try: "build it"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := `ok    go        go1.26.8
warn  provider  not built
                not at all
                Try: build it
`
	if b.String() != want {
		t.Errorf("text:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestJSON(t *testing.T) {
	got, err := json.Marshal(doctor.Report{Checks: []doctor.Check{{Name: "go", Status: doctor.OK, Detail: "go1.26.8"}}})
	if want := `{"checks":[{"name":"go","status":"ok","detail":"go1.26.8"}]}`; err != nil || string(got) != want {
		t.Errorf("JSON = %s, %v, want %s", got, err, want)
	}
}

func TestThisMachine(t *testing.T) {
	m := machine.Real()
	if _, err := m.LookPath("terraform"); err != nil {
		t.Skip("this machine has no terraform: ", err)
	}
	cache, err := m.CacheDir()
	if err != nil {
		t.Skip("this machine has no cache folder: ", err)
	}
	report := doctor.Run(t.Context(), doctor.Options{Machine: m, CacheDir: cache, DataDir: t.TempDir()})
	var b strings.Builder
	if err := doctor.WriteText(&b, report); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", b.String())
	if got := find(t, report, "engine"); got.Status != doctor.OK {
		t.Errorf("%+v", got)
	}
}
