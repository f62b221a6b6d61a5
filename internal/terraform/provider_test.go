//go:build unix

package terraform_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atoll/internal/disk"
	"atoll/internal/hint"
	"atoll/internal/machine"
	"atoll/internal/terraform"
	"atoll/tools/provider"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answers(status int, body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			Status: http.StatusText(status), StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

var errOffline = errors.New("no such host")

func offline(*http.Request) (*http.Response, error) { return nil, errOffline }

const registry = `{"modules.v1": "/v1/modules/", "providers.v1": "/v1/providers/"}`

// options asks for a provider on a machine with the given web and ATOLL_PROVIDER.
func options(t *testing.T, web roundTrip, given string) terraform.ProviderOptions {
	m := machine.Real()
	m.HTTP = &http.Client{Transport: web}
	m.Free = func(string) (disk.Space, error) { return disk.Space{Free: 1 << 40}, nil }
	m.Getenv = func(name string) string { return map[string]string{"ATOLL_PROVIDER": given}[name] }
	return terraform.ProviderOptions{Machine: m, CacheDir: t.TempDir()}
}

// put makes a file that stands for a provider.
func put(t *testing.T, path string) string {
	t.Helper()
	return program(t, path, "exit 1")
}

func TestFindProviderAsksTheEnginesRegistry(t *testing.T) {
	for _, test := range []struct {
		engine, host string
	}{{"Terraform", "registry.terraform.io"}, {"OpenTofu", "registry.opentofu.org"}} {
		opts := options(t, func(r *http.Request) (*http.Response, error) {
			if got, want := r.URL.String(), "https://"+test.host+"/.well-known/terraform.json"; got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
			return answers(200, registry)(r)
		}, "")
		opts.Engine.Name = test.engine
		p, err := terraform.FindProvider(t.Context(), opts)
		if want := (terraform.Provider{Source: terraform.FromRegistry, Why: test.host + " can be reached", Ready: true}); err != nil || p != want {
			t.Errorf("FindProvider = %+v, %v, want %+v", p, err, want)
		}
	}
}

func TestFindProviderWithoutARegistry(t *testing.T) {
	for name, test := range map[string]struct {
		web roundTrip
		why string
	}{
		"no network":       {offline, "no such host"},
		"a captive portal": {answers(200, "<html>Accept the terms</html>"), "not as a registry"},
		"a proxy's error":  {answers(502, registry), "Bad Gateway"},
		"another service":  {answers(200, `{"modules.v1": "/v1/"}`), "not as a registry"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options(t, test.web, "")
			p, err := terraform.FindProvider(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			if p.Source != terraform.FromBuild || p.Ready || p.Version != provider.Version || !strings.Contains(p.Why, test.why) {
				t.Errorf("FindProvider = %+v, want a build that is yet to come, because of %q", p, test.why)
			}
			put(t, provider.Binary(p.Mirror, "registry.terraform.io", p.Version))
			if p, err = terraform.FindProvider(t.Context(), opts); err != nil || !p.Ready {
				t.Errorf("after the build, FindProvider = %+v, %v", p, err)
			}
		})
	}
}

func TestFindProviderEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opts := options(t, func(r *http.Request) (*http.Response, error) {
		cancel()
		return nil, r.Context().Err()
	}, "")
	if _, err := terraform.FindProvider(ctx, opts); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
}

func TestProviderVariable(t *testing.T) {
	web := func(r *http.Request) (*http.Response, error) {
		t.Errorf("asked %s", r.URL)
		return nil, errOffline
	}
	for given, ready := range map[string]bool{"registry": true, "build": false} {
		p, err := terraform.FindProvider(t.Context(), options(t, web, given))
		if err != nil || string(p.Source) != given || p.Ready != ready {
			t.Errorf("with %s, FindProvider = %+v, %v", given, p, err)
		}
	}
}

func TestProviderAtAPath(t *testing.T) {
	dir := t.TempDir()
	const binary = "terraform-provider-aws_v6.40.1_x5"
	put(t, filepath.Join(dir, binary))
	mirror := filepath.Join(dir, "mirror")
	put(t, provider.Binary(mirror, "registry.terraform.io", "6.9.0"))
	put(t, provider.Binary(mirror, "registry.terraform.io", "6.10.0"))
	packed := filepath.Join(dir, "packed")
	folder := filepath.Dir(filepath.Dir(filepath.Dir(provider.Binary(packed, "registry.opentofu.org", "1"))))
	system := filepath.Base(filepath.Dir(provider.Binary("", "", "1")))
	put(t, filepath.Join(folder, "terraform-provider-aws_6.34.0_"+system+".zip"))
	put(t, filepath.Join(folder, "terraform-provider-aws_7.0.0_plan9_mips.zip"))
	t.Chdir(dir)
	for given, version := range map[string]string{binary: "6.40.1", mirror: "6.10.0", packed: "6.34.0"} {
		opts := options(t, offline, given)
		for range 2 {
			p, err := terraform.EnsureProvider(t.Context(), opts)
			if err != nil || p.Source != terraform.FromPath || p.Version != version || !p.Ready || !filepath.IsAbs(p.Mirror) {
				t.Fatalf("with %s, EnsureProvider = %+v, %v, want version %s", given, p, err, version)
			}
			if path, err := p.WriteCLIConfig(t.TempDir()); err != nil {
				t.Errorf("with %s: writing %s: %v", given, path, err)
			}
		}
	}
	for given, want := range map[string]string{
		"nowhere":                   "no such file",
		t.TempDir():                 "is no mirror of hashicorp/aws",
		put(t, dir+"/provider-aws"): "tells no version",
	} {
		_, err := terraform.FindProvider(t.Context(), options(t, offline, given))
		if err == nil {
			t.Errorf("%s was taken", given)
			continue
		}
		message, try := hint.Split(err)
		if !strings.Contains(message, want) || !strings.Contains(try, "ATOLL_PROVIDER") {
			t.Errorf("with %s: error = %q, hint = %q, want %q and what to set", given, message, try, want)
		}
	}
}

func TestEnsureProviderBuilds(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	program(t, filepath.Join(bin, "go"), `
case "$1" in
env) echo '{"GOVERSION": "go1.26.0", "GOCACHE": "/", "GOMODCACHE": "/"}' ;;
list) echo 'false github.com/hashicorp/terraform-provider-aws' ;;
build)
	while [ "$1" != -o ]; do shift; done
	echo provider >"$2" ;;
esac`)
	opts := options(t, offline, "")
	var last provider.Event
	opts.Progress = func(e provider.Event) { last = e }
	p, err := terraform.EnsureProvider(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Ready || p.Version != provider.Version || p.Mirror != provider.Mirror(opts.CacheDir) || last.Phase != provider.Finished {
		t.Errorf("EnsureProvider = %+v after %v", p, last)
	}

	t.Setenv("PATH", t.TempDir())
	if p, err := terraform.EnsureProvider(t.Context(), opts); err != nil || !p.Ready {
		t.Errorf("from the cache, EnsureProvider = %+v, %v", p, err)
	}
	_, err = terraform.EnsureProvider(t.Context(), options(t, offline, ""))
	if err == nil {
		t.Fatal("a provider came out of nothing")
	}
	message, try := hint.Split(err)
	for _, part := range []string{"registry.terraform.io cannot be reached", "no such host", "the go command is needed"} {
		if !strings.Contains(message, part) {
			t.Errorf("error = %q, want %q in it", message, part)
		}
	}
	if !strings.Contains(try, "install Go") {
		t.Errorf("hint = %q", try)
	}
	if _, err := os.Stat(provider.Mirror(opts.CacheDir)); err != nil {
		t.Error(err)
	}
}
