// Package architecture holds the rules on the source tree that no compiler checks: which package may import which, how a service
// package looks, how long a file may be.
package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// file is one Go file of the module, by its path from the root with slashes.
type file struct {
	path   string
	syntax *ast.File
	lines  int
}

func (f file) dir() string { return path.Dir(f.path) }

func (f file) test() bool { return strings.HasSuffix(f.path, "_test.go") }

func (f file) generated() bool { return strings.HasSuffix(f.path, "_gen.go") }

// imports gives the module's own packages that a file imports, without the module's name.
func (f file) imports(t *testing.T) []string {
	var out []string
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if own, ok := strings.CutPrefix(p, "atoll/"); ok {
			out = append(out, own)
		}
	}
	return out
}

func files(t *testing.T) []file {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var out []file
	set := token.NewFileSet()
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && p != root) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		source, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(set, p, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		out = append(out, file{filepath.ToSlash(rel), syntax, strings.Count(string(source), "\n")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// layers says what each part of the tree may import of the module, tests aside. The longest matching folder counts.
var layers = map[string][]string{
	"blueprint":                    {},
	"cmd":                          {"internal/cli"},
	"examples":                     {},
	"internal/build":               {"internal/hint", "internal/machine"},
	"internal/cli":                 {"internal", "tools/provider", "blueprint"},
	"internal/cloud":               {"internal/cloud", "internal/datachannel", "internal/dataplane", "internal/reach"},
	"internal/cloud/auth":          {"internal/cloud/state"},
	"internal/cloud/clock":         {},
	"internal/cloud/daemon":        {"internal/cloud", "internal/dataplane", "internal/disk"},
	"internal/cloud/fargate":       {"internal/cloud", "internal/dataplane/container", "internal/dataplane/fabric", "internal/dataplane/rootless"},
	"internal/dataplane/container": {"internal/dataplane/container", "internal/dataplane/thread", "internal/dataplane/rootless"},
	"internal/dataplane/engine":    {"internal/dataplane/container", "internal/dataplane/engine", "internal/dataplane/fabric"},
	"internal/dataplane/fabric":    {"internal/dataplane/thread"},
	"internal/dataplane/rootless":  {},
	"internal/dataplane/thread":    {},
	"internal/cloud/event":         {"internal/cloud/state"},
	"internal/cloud/eventpattern":  {},
	"internal/cloud/id":            {},
	"internal/cloud/model":         {},
	"internal/cloud/network":       {},
	"internal/cloud/trail":         {"internal/cloud/auth", "internal/cloud/state"},
	"internal/cloud/registry":      {"internal/cloud/auth", "internal/cloud/aws/ecr", "internal/cloud/state", "internal/cloud/wire"},
	"internal/cloud/state":         {},
	"internal/cloud/task":          {},
	"internal/cloud/wire":          {"internal/cloud/auth", "internal/cloud/model", "internal/cloud/state", "internal/cloud/wire"},
	"internal/config":              {"internal/hint"},
	"internal/database":            {"internal/dataplane/fabric", "internal/hint", "internal/inspect", "internal/machine"},
	"internal/dataplane/image":     {"internal/dataplane/rootless"},
	"internal/dataplane/firewall":  {"internal/dataplane/firewall"},
	"internal/dataplane/proxy":     {"internal/dataplane/firewall"},
	"internal/dataplane/postgres":  {"internal/dataplane/postgres", "internal/disk", "internal/hint", "internal/dataplane/rootless"},
	"internal/datachannel":         {},
	"internal/deploy":              {"internal/config", "internal/disk", "internal/hint", "internal/terraform", "internal/ui"},
	"internal/disk":                {},
	"internal/doctor":              {"internal/dataplane/postgres", "internal/disk", "internal/hint", "internal/machine", "internal/terraform", "tools/provider"},
	"internal/explain":             {"internal/config", "internal/hint", "internal/inspect", "internal/reach"},
	"internal/hint":                {},
	"internal/inspect":             {"internal/inspect"},
	"internal/logs":                {"internal/hint", "internal/inspect"},
	"internal/machine":             {"internal/disk"},
	"internal/monitor":             {},
	"internal/release":             {"internal/hint", "internal/inspect"},
	"internal/reach":               {},
	"internal/status":              {"internal/inspect"},
	"internal/terraform":           {"internal/disk", "internal/hint", "internal/machine", "tools/provider"},
	"internal/ui":                  {},
	"test":                         {"internal", "blueprint"},
	"tools":                        {"internal", "tools"},
	"tools/provider":               {"internal/disk", "internal/hint", "internal/machine"},
	"internal/cloud/wire/sigv4":    {},
}

// anywhere is what each part of the tree may import.
var anywhere = []string{"internal/monitor"}

// serviceImports is what a service may import beside the packages in its own folder.
var serviceImports = []string{"internal/cloud/auth", "internal/cloud/clock", "internal/cloud/event", "internal/cloud/eventpattern",
	"internal/cloud/id", "internal/cloud/model", "internal/cloud/network", "internal/cloud/state", "internal/cloud/task",
	"internal/cloud/trail", "internal/cloud/wire", "internal/reach"}

const services = "internal/cloud/aws/"

func TestImports(t *testing.T) {
	for _, f := range files(t) {
		if f.test() {
			continue
		}
		allowed, ok := allowedImports(f.dir())
		if !ok {
			t.Errorf("%s lies outside of all layers: add its folder to this test", f.path)
		}
		for _, p := range f.imports(t) {
			if !under(p, allowed) && !under(p, anywhere) {
				t.Errorf("%s imports %s: dependencies point one way, see docs/ARCHITECTURE.md", f.path, p)
			}
		}
	}
}

func allowedImports(dir string) ([]string, bool) {
	if rest, ok := strings.CutPrefix(dir+"/", services); ok {
		name, _, _ := strings.Cut(rest, "/")
		return append([]string{services + name}, serviceImports...), true
	}
	best := ""
	for folder := range layers {
		if (dir == folder || strings.HasPrefix(dir, folder+"/")) && len(folder) > len(best) {
			best = folder
		}
	}
	return layers[best], best != ""
}

func under(p string, folders []string) bool {
	for _, folder := range folders {
		if p == folder || strings.HasPrefix(p, folder+"/") {
			return true
		}
	}
	return false
}

// TestServiceShape holds all service packages to one shape.
func TestServiceShape(t *testing.T) {
	have := map[string]bool{}
	names := map[string]bool{}
	for _, f := range files(t) {
		have[f.path] = true
		if rest, ok := strings.CutPrefix(f.path, services); ok {
			name, _, _ := strings.Cut(rest, "/")
			names[name] = true
		}
	}
	for name := range names {
		for _, want := range []string{"doc.go", "service.go", "api_gen.go"} {
			if !have[services+name+"/"+want] {
				t.Errorf("the service %s has no %s", name, want)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	const longest = 600
	for _, f := range files(t) {
		if f.lines > longest && !f.generated() {
			t.Errorf("%s has %d lines: split what is over %d", f.path, f.lines, longest)
		}
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", f.path)
			}
		}
		switch name := f.syntax.Name.Name; name {
		case "util", "utils", "helper", "helpers", "common", "misc":
			t.Errorf("%s: the package name %s says nothing", f.path, name)
		}
	}
}

func TestPackageDocs(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range files(t) {
		if strings.HasSuffix(f.syntax.Name.Name, "_test") {
			continue
		}
		documented[f.dir()] = documented[f.dir()] || f.syntax.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("the package in %s has no documentation", dir)
		}
	}
}
