//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestBadInput wants an error for each wrong setting that says which line to change, and what was made in spite of it told and removable.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	before := c.inventory()
	p := newProject(t, c)
	for _, tc := range []struct {
		name, old, replacement string
		want                   []string
	}{
		{"a CPU that Fargate lacks", "port     = 8080", "port     = 8080\n    cpu      = 300",
			[]string{"dev.tfvars, line", "services.web (cpu = 300, memory = 512)", "256 takes 512, 1024 or 2048"}},
		{"overlapping ranges", `nat_gateways = "single"`, "nat_gateways = \"single\"\n  private_subnets = { a = \"10.0.0.0/20\", b = \"10.0.8.0/21\" }",
			[]string{"These subnets overlap", "dev.tfvars, line 16: 10.0.8.0/21"}},
		{"a wrong type", `services = {`, "services = \"web\"\nunused = {",
			[]string{"dev.tfvars, line", "map of object required"}},
		{"an unknown instance class", `"db.t4g.micro"`, `"db.t9.micro"`,
			[]string{"db.t9.micro", "dev.tfvars, line", "unfinished"}},
		{"a missing policy", "port     = 8080", "port     = 8080\n    policy_arns = { mail = \"arn:aws:iam::aws:policy/NoSuchPolicy\" }",
			[]string{"NoSuchPolicy", "dev.tfvars, line 27: arn:aws:iam::aws:policy/NoSuchPolicy", "unfinished"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p.edit("dev.tfvars", tc.old, tc.replacement)
			defer p.edit("dev.tfvars", tc.replacement, tc.old)
			r := p.atoll("up", "dev")
			if r.code != 1 {
				t.Errorf("exit code %d, want 1", r.code)
			}
			for _, want := range append(tc.want, "Try: ") {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("the message lacks %q:\n%s", want, r.stderr)
				}
			}
		})
	}
	p.atoll("destroy", "dev").must(0)
	c.inventory().same(t, before.without(ownKeys...))
}
