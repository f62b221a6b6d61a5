package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atoll/internal/disk/disktest"
	"atoll/internal/terraform"
)

// TestStateOnFullDisk has the disk fill up while Terraform works: what it tells of its state becomes the state's file, whole.
func TestStateOnFullDisk(t *testing.T) {
	dir := disktest.Small(t, "16m")
	s := &Session{c: Config{Target: Local}, space: terraform.Workspace{Dir: dir}}
	state, errored := filepath.Join(dir, "terraform.tfstate"), filepath.Join(dir, erroredState)
	whole := `{"version":4,"resources":["` + strings.Repeat("x", 300<<10) + `"]}`
	err := s.keepingState(func(terraform.Message) {}, func(on func(terraform.Message)) error {
		for _, path := range []string{state, errored} {
			if err := os.WriteFile(path, []byte(`{"version":4,`), 0o600); err != nil { // cut off
				t.Fatal(err)
			}
		}
		disktest.Fill(t, dir)
		on(terraform.Message{Type: "log", Text: "Emergency state dump", State: json.RawMessage(whole)})
		return &terraform.Failure{Operation: "apply", Diagnostics: []*terraform.Diagnostic{{Summary: "Failed to save state"}, {Summary: "a queue was not made"}}}
	})
	if err == nil || !strings.Contains(err.Error(), "The state is kept") || !strings.Contains(err.Error(), "a queue was not made") || strings.Contains(err.Error(), "Failed to save") {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(state); err != nil || string(got) != whole {
		t.Errorf("the state has %d of %d bytes, %v", len(got), len(whole), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 { // the state, and what fills the disk
		t.Errorf("left are %q", left)
	}
	if err := s.keepingState(func(terraform.Message) {}, nil); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("on a full disk: %v", err)
	}
}
