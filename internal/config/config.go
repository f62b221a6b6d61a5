// Package config finds a project's Terraform folder, as 'atoll init' writes it, and reads what the tfvars files of its environments
// say. Terraform stays the judge of everything that these files hold; here is read only what must be known before it runs.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"atoll/internal/hint"
)

// Folder is the name of the folder that 'atoll init' makes.
const Folder = "infra"

// Project is a folder that holds environment/ and modules/.
type Project struct {
	Root string // absolute
}

// Find looks for a project: in a folder itself, in its folder infra, and so on upwards.
func Find(from string) (Project, error) {
	from, err := filepath.Abs(from)
	if err != nil {
		return Project{}, fmt.Errorf("looking for the project: %w", err)
	}
	for dir := from; ; dir = filepath.Dir(dir) {
		for _, candidate := range []string{dir, filepath.Join(dir, Folder)} {
			if isProject(candidate) {
				return Project{Root: candidate}, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return Project{}, hint.Errorf("atoll init      (writes one into ./"+Folder+")", "there is no Terraform folder in %s or above it", from)
		}
	}
}

// At gives the project whose Terraform folder is dir.
func At(dir string) (Project, error) {
	if !isProject(dir) {
		return Project{}, fmt.Errorf("there is no folder environment with Terraform files in %s", dir)
	}
	return Project{Root: dir}, nil
}

func isProject(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "environment", "*.tf"))
	return len(files) > 0
}

// Dir is the folder of the root module.
func (p Project) Dir() string { return filepath.Join(p.Root, "environment") }

// Environments names the environments: each has a file NAME.tfvars.
func (p Project) Environments() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(p.Dir(), "*.tfvars"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".tfvars"); name != "terraform" && !strings.HasSuffix(name, ".auto") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Environment is what an environment's tfvars file says.
type Environment struct {
	Name    string
	File    string // absolute path of the tfvars file
	Project string
	Region  string
	Account string // 12 digits; "" where the file names none
}

var names = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Load reads the tfvars file of an environment. Its errors say which line is wrong.
func (p Project) Load(name string) (Environment, error) {
	e := Environment{Name: name, File: filepath.Join(p.Dir(), name+".tfvars")}
	known, err := p.Environments()
	if err != nil {
		return e, err
	}
	if !names.MatchString(name) {
		return e, hint.Errorf("one of: "+strings.Join(known, ", "), "%q is no name of an environment", name)
	}
	source, err := os.ReadFile(e.File)
	if errors.Is(err, fs.ErrNotExist) {
		try := "one of: " + strings.Join(known, ", ") + "; or write " + name + ".tfvars beside them"
		return e, hint.Errorf(try, "there is no environment %q: %s does not exist", name, e.File)
	}
	if err != nil {
		return e, fmt.Errorf("reading the settings of %s: %w", name, err)
	}
	file, diags := hclparse.NewParser().ParseHCL(source, filepath.Base(e.File))
	if diags.HasErrors() {
		return e, e.wrong(diags)
	}
	attributes, diags := file.Body.JustAttributes()
	if diags.HasErrors() {
		return e, e.wrong(diags)
	}
	declared := ""
	for key, to := range map[string]*string{"project": &e.Project, "environment": &declared, "region": &e.Region, "account_id": &e.Account} {
		if err := e.read(attributes[key], to); err != nil {
			return e, err
		}
	}
	if declared != "" && declared != name {
		return e, hint.Errorf(fmt.Sprintf("write environment = %q in line %d of %s, or rename the file", name, attributes["environment"].Range.Start.Line, e.File),
			"%s.tfvars says environment = %q", name, declared)
	}
	return e, nil
}

// read takes the text of an attribute, "" where it is absent or null.
func (e Environment) read(a *hcl.Attribute, to *string) error {
	if a == nil {
		return nil
	}
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() {
		return e.wrong(diags)
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil || v.Type() != cty.String && v.Type() != cty.DynamicPseudoType {
		return hint.Errorf(fmt.Sprintf("write a text in quotes in line %d of %s", a.Range.Start.Line, e.File), "%s in %s is no text", a.Name, filepath.Base(e.File))
	}
	if !s.IsNull() && s.IsKnown() {
		*to = s.AsString()
	}
	return nil
}

// wrong makes an error of what the HCL library found.
func (e Environment) wrong(diags hcl.Diagnostics) error {
	d := diags[0]
	line := 0
	if d.Subject != nil {
		line = d.Subject.Start.Line
	}
	return hint.Errorf(fmt.Sprintf("mend line %d of %s", line, e.File), "%s, line %d: %s: %s", filepath.Base(e.File), line, d.Summary, d.Detail)
}
