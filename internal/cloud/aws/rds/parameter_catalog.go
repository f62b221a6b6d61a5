package rds

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// parameter is what RDS says of one of an engine's settings.
type parameter struct {
	name, value string // value is the default in RDS, empty where the engine's own counts
	static      bool   // takes effect at the next start
	kind        string // boolean, integer, float, string or list
	allowed     string // "0-100", "on,off"; empty for any text
	system      bool   // RDS chose the default; else the engine did
	fixed       bool   // cannot be changed
	families    func(family string) bool
	description string
}

func (p *parameter) applyType() string {
	if p.static {
		return "static"
	}
	return "dynamic"
}

func (p *parameter) source() string {
	if p.system {
		return "system"
	}
	return "engine-default"
}

// families are the families of parameter groups. Those that have no version in engine.go any more are kept by AWS as well.
func families() []string {
	return []string{"mysql5.6", "mysql5.7", "mysql8.0", "mysql8.4", "postgres9.4", "postgres9.5", "postgres9.6", "postgres10", "postgres11", "postgres12",
		"postgres13", "postgres14", "postgres15", "postgres16", "postgres17"}
}

var (
	postgresParameters = sync.OnceValue(func() []parameter { return parse(postgresTable) })
	mysqlParameters    = sync.OnceValue(func() []parameter { return parse(mysqlTable) })
)

// parameters gives the parameters of a family, by name.
func parameters(family string) []parameter {
	all := postgresParameters()
	if strings.HasPrefix(family, mysql) {
		all = mysqlParameters()
	}
	return slices.DeleteFunc(slices.Clone(all), func(p parameter) bool { return !p.families(family) })
}

func findParameter(family, name string) (parameter, bool) {
	for _, p := range parameters(family) {
		if p.name == name {
			return p, true
		}
	}
	return parameter{}, false
}

// parse reads a table of parameters: a line for each with its name, default, flags, type, allowed values and description, divided by
// "|". Flags are s for static (else dynamic), r for a default of RDS, f for fixed, and >=N or <N for the major versions that have it.
func parse(table string) []parameter {
	var out []parameter
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 6 {
			continue
		}
		p := parameter{name: f[0], value: f[1], kind: f[3], allowed: f[4], description: f[5], families: func(string) bool { return true }}
		if p.kind == "boolean" && p.allowed == "" {
			p.allowed = "0,1"
		}
		for _, flag := range strings.Fields(f[2]) {
			switch {
			case flag == "s":
				p.static = true
			case flag == "r":
				p.system = true
			case flag == "f":
				p.fixed = true
			case strings.HasPrefix(flag, ">="):
				p.families = func(family string) bool { return familyNumber(family) >= decimal(flag[2:]) }
			case strings.HasPrefix(flag, "<"):
				p.families = func(family string) bool { return familyNumber(family) < decimal(flag[1:]) }
			}
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
	return out
}

// familyNumber gives the version in a family's name, such as 16 or 8.4.
func familyNumber(family string) float64 {
	return decimal(strings.TrimLeft(family, "abcdefghijklmnopqrstuvwxyz"))
}

func decimal(s string) float64 {
	n, _ := strconv.ParseFloat(s, 64)
	return n
}

// check tests a value against what a parameter allows. Formulas such as {DBInstanceClassMemory/32768} are not evaluated.
func (p *parameter) check(value string) error {
	if p.allowed == "" || strings.ContainsAny(value, "{$") || value == "" {
		return nil
	}
	wrong := invalid("Invalid parameter value: %s for: %s allowed values are: %s", value, p.name, p.allowed)
	switch p.kind {
	case "integer", "float":
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || p.kind == "integer" && n != float64(int64(n)) {
			return wrong
		}
		if slices.Contains(strings.Split(p.allowed, ","), value) {
			return nil
		}
		low, high, ok := bounds(p.allowed)
		if !ok || n < low || n > high {
			return wrong
		}
	case "list":
		for item := range strings.SplitSeq(value, ",") {
			if !slices.Contains(strings.Split(p.allowed, ","), strings.TrimSpace(item)) {
				return wrong
			}
		}
	default:
		if !slices.ContainsFunc(strings.Split(p.allowed, ","), func(v string) bool { return strings.EqualFold(v, value) }) &&
			(p.kind != "boolean" || !slices.Contains([]string{"on", "off", "true", "false"}, strings.ToLower(value))) {
			return wrong
		}
	}
	return nil
}

// bounds reads a range such as "-1-2147483647".
func bounds(allowed string) (low, high float64, ok bool) {
	at := strings.Index(allowed[1:], "-") + 1
	if at == 0 {
		return 0, 0, false
	}
	low, err := strconv.ParseFloat(allowed[:at], 64)
	if err != nil {
		return 0, 0, false
	}
	high, err = strconv.ParseFloat(allowed[at+1:], 64)
	return low, high, err == nil
}
