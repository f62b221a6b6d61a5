package deploy

import (
	"os"
	"path/filepath"
	"testing"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestMirror changes a project and looks at its copy: it follows the project, and keeps what Terraform has written there.
func TestMirror(t *testing.T) {
	root, to := t.TempDir(), t.TempDir()
	put(t, filepath.Join(root, "environment", "main.tf"), "one")
	put(t, filepath.Join(root, "environment", "old.tf"), "old")
	put(t, filepath.Join(root, "environment", ".terraform.lock.hcl"), "the user's")
	put(t, filepath.Join(root, "environment", "terraform.tfstate"), "the user's")
	put(t, filepath.Join(root, "modules", "a", "main.tf"), "a")
	put(t, filepath.Join(root, ".atoll", "local", "dev", "environment", "main.tf"), "a copy")
	if err := mirror(root, to); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(to, "environment", "terraform.tfstate"), "the rehearsal's")
	put(t, filepath.Join(to, "environment", ".terraform", "x.tf"), "a provider")
	put(t, filepath.Join(root, "environment", "main.tf"), "two")
	if err := os.Remove(filepath.Join(root, "environment", "old.tf")); err != nil {
		t.Fatal(err)
	}
	if err := mirror(root, to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"environment/main.tf": "two", "modules/a/main.tf": "a", "environment/terraform.tfstate": "the rehearsal's",
		"environment/.terraform/x.tf": "a provider", "environment/" + overrideName: backendOverride,
		"environment/old.tf": "", "environment/.terraform.lock.hcl": "", ".atoll/local/dev/environment/main.tf": "",
	} {
		got, err := os.ReadFile(filepath.Join(to, name))
		if want == "" && err == nil || want != "" && string(got) != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
}
