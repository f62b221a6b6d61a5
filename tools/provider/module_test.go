package provider

import (
	"strings"
	"testing"
)

// The module, the constants and the version that Terraform is told must agree.
func TestModuleMatchesItsConstants(t *testing.T) {
	goMod, err := module.ReadFile("module/go.mod.embed")
	if err != nil {
		t.Fatal(err)
	}
	fork, _, _ := strings.Cut(forkFolder, "@")
	for _, line := range []string{
		"replace " + mainPackage + " => " + fork + " " + forkVersion + "\n",
		"tool " + mainPackage + "\n",
		"go " + GoVersion + "\n",
	} {
		if !strings.Contains(string(goMod), line) {
			t.Errorf("go.mod.embed lacks %q", line)
		}
	}
	goSum, err := module.ReadFile("module/go.sum.embed")
	if err != nil {
		t.Fatal(err)
	}
	if line := fork + " " + forkVersion + " h1:"; !strings.Contains(string(goSum), line) {
		t.Errorf("go.sum.embed lacks %q", line)
	}
}
