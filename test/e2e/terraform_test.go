//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// stack is a Terraform working directory of the test's own.
type stack struct {
	t     *testing.T
	cloud *localCloud
	dir   string
	args  []string // for plan, apply and destroy
}

// copyBlueprint gives a copy of the blueprint's environment root with its modules.
func copyBlueprint(t *testing.T, c *localCloud) *stack {
	t.Helper()
	need(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root(t), "blueprint"))); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{".terraform", ".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.RemoveAll(filepath.Join(dir, "environment", left)); err != nil {
			t.Fatal(err)
		}
	}
	return &stack{t: t, cloud: c, dir: filepath.Join(dir, "environment"), args: []string{"-var-file=dev.tfvars"}}
}

// newStack gives a stack of one file.
func newStack(t *testing.T, c *localCloud, main string) *stack {
	t.Helper()
	need(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	s := &stack{t: t, cloud: c, dir: t.TempDir()}
	s.write("main.tf", main)
	return s
}

func (s *stack) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// terraform runs a command of Terraform's in the stack.
func (s *stack) terraform(args ...string) result {
	s.t.Helper()
	return runIn(s.t, s.dir, s.cloud.env, "terraform", args...)
}

// quick takes the provider's waits out, as atoll does on the local cloud.
func (s *stack) quick() {
	cloud := *s.cloud
	cloud.env = append(slices.Clone(cloud.env), "VCR_MODE=REPLAY_ONLY", "VCR_PATH="+s.dir)
	s.cloud = &cloud
}

func (s *stack) init() {
	s.t.Helper()
	s.terraform("init", "-no-color", "-input=false").must(0)
}

func (s *stack) apply(more ...string) {
	s.t.Helper()
	s.terraform(slices.Concat([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, s.args, more)...).must(0)
}

func (s *stack) destroy() {
	s.t.Helper()
	s.terraform(slices.Concat([]string{"destroy", "-no-color", "-input=false", "-auto-approve"}, s.args)...).must(0)
}

// unchanged fails the test unless a plan is empty.
func (s *stack) unchanged() {
	s.t.Helper()
	s.terraform(slices.Concat([]string{"plan", "-no-color", "-input=false", "-detailed-exitcode"}, s.args)...).must(0)
}

// plan gives the actions that a plan has, by resource address; resources without a change are left out.
func (s *stack) plan(more ...string) map[string][]string {
	s.t.Helper()
	s.terraform(slices.Concat([]string{"plan", "-no-color", "-input=false", "-out=plan"}, s.args, more)...).must(0)
	out := s.terraform("show", "-json", "plan").must(0)
	var p struct {
		Changes []struct {
			Address string
			Mode    string
			Change  struct{ Actions []string }
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		s.t.Fatal(err)
	}
	actions := map[string][]string{}
	for _, c := range p.Changes {
		if c.Mode == "managed" && !slices.Equal(c.Change.Actions, []string{"no-op"}) {
			actions[c.Address] = c.Change.Actions
		}
	}
	return actions
}

// applyPlan applies what plan wrote.
func (s *stack) applyPlan() {
	s.t.Helper()
	s.terraform("apply", "-no-color", "-input=false", "plan").must(0)
}
