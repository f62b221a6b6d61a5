package postgres

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTrustExtensions(t *testing.T) {
	dir := t.TempDir()
	extensions := filepath.Join(dir, "share", "postgresql", "extension")
	if err := os.MkdirAll(extensions, 0o755); err != nil {
		t.Fatal(err)
	}
	const content = "default_version = '1.0'\nrelocatable = true\n"
	for _, name := range []string{"pg_stat_statements", "file_fdw"} {
		if err := os.WriteFile(filepath.Join(extensions, name+".control"), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := trustExtensions(filepath.Join(dir, "bin")); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"pg_stat_statements": content + "trusted = true\n", "file_fdw": content} {
		if got, err := os.ReadFile(filepath.Join(extensions, name+".control")); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
