package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// shortest is the length from which on a setting's text in an error is no accident.
const shortest = 4

// Mentions gives the lines of the tfvars file whose texts occur in an error, as "dev.tfvars, line 48: db.t9.micro": AWS names the value
// that it refuses, and Terraform the resource, but neither names the setting. The texts that every error may have are left out.
func (e Environment) Mentions(text string) []string {
	source, err := os.ReadFile(e.File)
	if err != nil {
		return nil
	}
	tokens, _ := hclsyntax.LexConfig(source, filepath.Base(e.File), hcl.InitialPos)
	var out []string
	seen := map[string]bool{e.Project: true, e.Name: true, e.Region: true, e.Account: true}
	for _, t := range tokens {
		value := string(t.Bytes)
		if t.Type != hclsyntax.TokenQuotedLit || len(value) < shortest || seen[value] || !occurs(text, value) {
			continue
		}
		seen[value] = true
		out = append(out, fmt.Sprintf("%s, line %d: %s", filepath.Base(e.File), t.Range.Start.Line, value))
	}
	return out
}

// occurs reports whether a text has a value as a word of its own, and not as a part of a longer name.
func occurs(text, value string) bool {
	return regexp.MustCompile(`(^|[^\w/-])` + regexp.QuoteMeta(value) + `($|[^\w/-])`).MatchString(text)
}
