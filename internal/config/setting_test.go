package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"atoll/internal/config"
)

func TestSetting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dev.tfvars")
	text := `project = "shop"
services = {
  web = {
    database = true
    egress_ports = [443, 587]
  }
  "worker" = { database = false }
  odd = var.x
}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := config.Environment{Name: "dev", File: file}
	for _, c := range []struct {
		path []string
		line int
		yes  bool
	}{
		{[]string{"services", "web", "database"}, 4, true}, {[]string{"services", "worker", "database"}, 7, false}, {[]string{"services", "web", "egress_ports"}, 5, false},
		{[]string{"project"}, 1, false}, {[]string{"services", "web", "spot"}, 0, false}, {[]string{"jobs"}, 0, false}, {[]string{"services", "odd"}, 0, false},
		{[]string{"project", "x"}, 0, false}, {nil, 0, false},
	} {
		s, ok := e.Setting(c.path...)
		if ok != (c.line > 0) || ok && (s.Line != c.line || s.True() != c.yes || s.File != "dev.tfvars") {
			t.Errorf("%v: %v %v", c.path, s, ok)
		}
	}
	if _, ok := (config.Environment{File: file + "x"}).Setting("project"); ok {
		t.Error("a file that is not there has settings")
	}
}
