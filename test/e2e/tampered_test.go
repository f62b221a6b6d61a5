//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tamper changes a byte in each file of the registry, and has the image unpacked anew.
func (s *store) tamper(t *testing.T) {
	var status struct{ Services []struct{ Image string } }
	if err := json.Unmarshal([]byte(s.atoll("status", "dev", "--json").must(0)), &status); err != nil {
		t.Fatal(err)
	}
	port, edge := s.cloud.ports()
	s.atoll("cloud", "stop").must(0)
	data := filepath.Join(s.cloud.dir, "data")
	files, err := filepath.Glob(filepath.Join(data, "images", "sha256", "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the registry has %q, %v", files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > 100<<10 { // a layer
			raw[len(raw)/2] ^= 1
		}
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(data, "unpacked")); err != nil {
		t.Fatal(err)
	}
	if r := s.cloud.again(port, edge); r.code != 0 {
		t.Fatal(r.stderr)
	}
	r := s.atoll("deploy", "dev", "--image", status.Services[0].Image)
	for _, want := range []string{"CannotPullContainerError", "was tampered with or damaged", "Try:   push the image again"} {
		if r.code != 6 || !strings.Contains(r.stderr, want) {
			t.Errorf("exit code %d, and %q is not in:\n%s", r.code, want, r.stderr)
		}
	}
}
