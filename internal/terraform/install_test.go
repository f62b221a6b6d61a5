//go:build unix

package terraform

import (
	"archive/zip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/hc-install/releases"

	"atoll/internal/hint"
	"atoll/internal/machine"
)

// serveReleases serves Terraform as releases.hashicorp.com does, without a signature, and counts the downloads.
func serveReleases(t *testing.T) (url string, downloads *int) {
	t.Helper()
	downloads = new(int)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	archive := "terraform_" + InstalledVersion + "_" + platform + ".zip"
	folder := "/terraform/" + InstalledVersion + "/"
	mux.HandleFunc(folder+"index.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"name": "terraform", "version": %q, "builds": [
			{"name": "terraform", "version": %q, "os": %q, "arch": %q, "filename": %q, "url": %q}
		]}`, InstalledVersion, InstalledVersion, runtime.GOOS, runtime.GOARCH, archive, server.URL+folder+archive)
	})
	mux.HandleFunc(folder+archive, func(w http.ResponseWriter, r *http.Request) {
		*downloads++
		w.Header().Set("Content-Type", "application/zip")
		z := zip.NewWriter(w)
		f, err := z.CreateHeader(&zip.FileHeader{Name: "terraform", Method: zip.Deflate, ExternalAttrs: 0o755 << 16})
		if err == nil {
			_, err = f.Write([]byte("#!/bin/sh\necho Terraform v" + InstalledVersion + "\n"))
		}
		if err != nil {
			t.Error(err)
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL, downloads
}

func TestInstall(t *testing.T) {
	url, downloads := serveReleases(t)
	cache := t.TempDir()
	broken := installedEngine(cache) // by whatever means
	if err := os.MkdirAll(filepath.Dir(broken), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte("half"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		engine, err := install(t.Context(), machine.Real(), cache, &releases.ExactVersion{ApiBaseURL: url, SkipChecksumVerification: true})
		if err != nil {
			t.Fatal(err)
		}
		if want := (Engine{Name: "Terraform", Version: InstalledVersion, Path: installedEngine(cache)}); engine != want {
			t.Errorf("install = %v, want %v", engine, want)
		}
	}
	if *downloads != 1 {
		t.Errorf("%d downloads, want 1", *downloads)
	}
	if entries, _ := os.ReadDir(filepath.Join(cache, "terraform")); len(entries) != 1 {
		t.Errorf("the cache holds %v, want one version alone", entries)
	}
}

func TestInstallRefusesWhatIsNotSigned(t *testing.T) {
	url, _ := serveReleases(t)
	cache := t.TempDir()
	_, err := install(t.Context(), machine.Real(), cache, &releases.ExactVersion{ApiBaseURL: url})
	if err == nil {
		t.Fatal("an unsigned Terraform was installed")
	}
	message, try := hint.Split(err)
	if !strings.Contains(message, "installing Terraform "+InstalledVersion) || try == "" {
		t.Errorf("error = %v, want what failed and a hint", err)
	}
	if entries, _ := os.ReadDir(filepath.Join(cache, "terraform")); len(entries) != 0 {
		t.Errorf("the cache holds %v, want nothing", entries)
	}
}
