package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"atoll/internal/config"
)

// project makes a project with one environment, dev, of the given settings.
func project(t *testing.T, tfvars string) (config.Project, string) {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, config.Folder, "environment")
	if err := os.MkdirAll(filepath.Join(root, "app", "src"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"main.tf": "", "dev.tfvars": tfvars, "terraform.tfvars": "", "x.auto.tfvars": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := config.Find(filepath.Join(root, "app", "src"))
	if err != nil {
		t.Fatal(err)
	}
	return p, root
}

func TestLoad(t *testing.T) {
	p, root := project(t, "project = \"shop\"\nenvironment = \"dev\"\nregion = \"eu-west-1\"\naccount_id = null\nnetwork = { cidr = \"10.0.0.0/16\" }\n")
	if want := filepath.Join(root, config.Folder); p.Root != want {
		t.Errorf("found %s, want %s", p.Root, want)
	}
	if got, err := p.Environments(); err != nil || !slices.Equal(got, []string{"dev"}) {
		t.Errorf("the environments are %q, %v", got, err)
	}
	got, err := p.Load("dev")
	want := config.Environment{Name: "dev", File: filepath.Join(p.Dir(), "dev.tfvars"), Project: "shop", Region: "eu-west-1"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, environment, tfvars, want string }{
		{"syntax", "dev", "project = \"shop\"\nregion = \n", "line 2"},
		{"a number for a text", "dev", "project = \"shop\"\nregion = 7\n", "line 2"},
		{"a list for a text", "dev", "region = [\"eu-west-1\"]\n", "line 1"},
		{"another environment", "dev", "environment = \"prod\"\n", "line 1"},
		{"a variable", "dev", "region = var.region\n", "line 1"},
		{"a block", "dev", "network {\n}\n", "line 1"},
		{"no such environment", "staging", "", "one of: dev"},
		{"a path", "../dev", "", "one of: dev"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := project(t, c.tfvars)
			_, err := p.Load(c.environment)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "Try: ") {
				t.Errorf("got %v, want %q and a hint", err, c.want)
			}
		})
	}
}

func TestFindNothing(t *testing.T) {
	if _, err := config.Find(t.TempDir()); err == nil || !strings.Contains(err.Error(), "atoll init") {
		t.Errorf("got %v", err)
	}
}

func TestMentions(t *testing.T) {
	p, _ := project(t, "project = \"shop\"\nregion = \"eu-west-1\"\ndatabase = {\n  instance_class = \"db.t9.micro\" # \"not a text\"\n}\nlist = [\"/*\"]\n")
	e, err := p.Load("dev")
	if err != nil {
		t.Fatal(err)
	}
	got := e.Mentions("creating shop in eu-west-1: Invalid DB Instance class: db.t9.micro /* not a text")
	if want := []string{"dev.tfvars, line 4: db.t9.micro"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
