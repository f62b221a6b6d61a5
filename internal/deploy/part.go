package deploy

import (
	"regexp"
	"strings"
)

var module = regexp.MustCompile(`^module\.([a-z0-9_]+)(?:\["([^"]+)"\]|\[\d+\])?`)

// Part names the part of the environment that a resource belongs to, by its address: its outermost module, with the key of a module
// that there are several of, such as "service web".
func Part(address string) string {
	m := module.FindStringSubmatch(address)
	if m == nil {
		return "environment"
	}
	name := strings.ReplaceAll(m[1], "_", " ")
	if m[2] != "" {
		name += " " + m[2]
	}
	return name
}

// short is an address without its part: module.service["web"].module.task.aws_iam_role.task becomes task.aws_iam_role.task.
func short(address string) string {
	rest := strings.TrimPrefix(address[len(module.FindString(address)):], ".")
	return strings.ReplaceAll(rest, "module.", "")
}
