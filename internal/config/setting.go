package config

import (
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Setting is a value in a tfvars file.
type Setting struct {
	Value cty.Value // wholly known
	File  string    // base name
	Line  int
}

// True reports whether the setting is the truth value true.
func (s Setting) True() bool {
	return s.Value.Type() == cty.Bool && !s.Value.IsNull() && s.Value.True()
}

// Setting gives what the tfvars file says at a path, such as services, web, database. It is false for what the file leaves out, and for
// what cannot be read without Terraform.
func (e Environment) Setting(path ...string) (Setting, bool) {
	source, err := os.ReadFile(e.File)
	if err != nil || len(path) == 0 {
		return Setting{}, false
	}
	file, diags := hclsyntax.ParseConfig(source, filepath.Base(e.File), hcl.InitialPos)
	if diags.HasErrors() {
		return Setting{}, false
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || body.Attributes[path[0]] == nil {
		return Setting{}, false
	}
	at := body.Attributes[path[0]].Expr
	for _, key := range path[1:] {
		if at = member(at, key); at == nil {
			return Setting{}, false
		}
	}
	v, diags := at.Value(nil)
	if diags.HasErrors() || !v.IsWhollyKnown() {
		return Setting{}, false
	}
	return Setting{Value: v, File: filepath.Base(e.File), Line: at.Range().Start.Line}, true
}

// member gives the expression of an object's member.
func member(object hclsyntax.Expression, key string) hclsyntax.Expression {
	cons, ok := object.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	for _, item := range cons.Items {
		k, diags := item.KeyExpr.Value(nil)
		if !diags.HasErrors() && k.Type() == cty.String && !k.IsNull() && k.AsString() == key {
			return item.ValueExpr
		}
	}
	return nil
}
