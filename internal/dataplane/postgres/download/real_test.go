package download_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"atoll/internal/dataplane/postgres/download"
)

// TestRegistry downloads a version for this machine from the real registry.
func TestRegistry(t *testing.T) {
	s := download.Open(download.Options{Dir: filepath.Join(t.TempDir(), "postgres")})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := s.Answers(ctx); err != nil {
		t.Skipf("this test needs npm's registry (set npm_config_registry to one that answers): %v", err)
	}
	begin := time.Now()
	bin, err := s.Fetch(ctx, 17)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("downloaded in %v", time.Since(begin))
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "(PostgreSQL) 17.") {
		t.Errorf("initdb says %s, %v", out, err)
	}
	if got := s.Cached(); len(got) != 1 || got[0] != bin {
		t.Errorf("there is %v, want %s", got, bin)
	}
}
