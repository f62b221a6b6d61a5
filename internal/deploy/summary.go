package deploy

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"atoll/internal/terraform"
)

// Effect is what a plan does to a resource, in the terms of whoever uses it.
type Effect string

// The effects, in the order in which they are told.
const (
	Made      Effect = "made"
	Changed   Effect = "changed in place"
	Restarted Effect = "changed in place with an interruption" // by what is known of AWS, see interrupting
	Renewed   Effect = "replaced, the new one first"
	Replaced  Effect = "replaced with an interruption"
	Destroyed Effect = "destroyed"
)

var effects = []Effect{Made, Changed, Restarted, Renewed, Replaced, Destroyed}

// Item is a resource that a plan does something to.
type Item struct {
	Address string   `json:"address"`
	Effect  Effect   `json:"effect"`
	Details []string `json:"details,omitempty"` // attributes that change, such as "instance_class: db.t4g.micro → db.t4g.small"
}

// Summary is what a plan does, by part.
type Summary struct {
	Parts []PartSummary `json:"parts"`
}

// PartSummary is what a plan does to one part.
type PartSummary struct {
	Name  string `json:"name"`
	Items []Item `json:"items"`
}

// Empty reports whether the plan changes nothing.
func (s *Summary) Empty() bool { return len(s.Parts) == 0 }

// Count gives how many resources have an effect; all with none given.
func (s *Summary) Count(of ...Effect) int {
	n := 0
	for _, p := range s.Parts {
		for _, i := range p.Items {
			if len(of) == 0 || slices.Contains(of, i.Effect) {
				n++
			}
		}
	}
	return n
}

func (s *Summary) add(i Item) {
	name := Part(i.Address)
	k := slices.IndexFunc(s.Parts, func(p PartSummary) bool { return p.Name == name })
	if k < 0 {
		s.Parts = append(s.Parts, PartSummary{Name: name})
		k = len(s.Parts) - 1
	}
	s.Parts[k].Items = append(s.Parts[k].Items, i)
}

func (s *Summary) sort() {
	slices.SortStableFunc(s.Parts, func(a, b PartSummary) int { return cmp.Compare(order(a.Name), order(b.Name)) })
}

// order puts the parts into the order in which a request meets them; services and jobs come by name.
func order(part string) string {
	for i, prefix := range []string{"network", "certificate", "load balancer", "firewall", "registry", "cluster", "service", "job", "database", "monitoring"} {
		if part == prefix || strings.HasPrefix(part, prefix+" ") {
			return fmt.Sprintf("%02d %s", i, part)
		}
	}
	return "99 " + part
}

// planned takes an item from the stream's planned_change, which knows no attributes.
func planned(c *terraform.Change) (Item, bool) {
	effect, ok := map[string]Effect{"create": Made, "update": Changed, "replace": Replaced, "delete": Destroyed}[c.Action]
	return Item{Address: c.Resource.Address, Effect: effect}, ok
}

// Write prints the summary: a line for each part, and under it what is not simply made or destroyed.
func (s *Summary) Write(w io.Writer) {
	for _, p := range s.Parts {
		var counts []string
		for _, e := range effects {
			n := 0
			for _, i := range p.Items {
				if i.Effect == e {
					n++
				}
			}
			if n > 0 {
				counts = append(counts, fmt.Sprintf("%d %s", n, e))
			}
		}
		fmt.Fprintf(w, "  %-20s %s\n", p.Name, strings.Join(counts, ", "))
		for _, i := range p.Items {
			if i.Effect == Made || i.Effect == Destroyed && len(p.Items) > 8 {
				continue
			}
			fmt.Fprintf(w, "      %s: %s\n", short(i.Address), i.Effect)
			for _, d := range i.Details {
				fmt.Fprintf(w, "          %s\n", d)
			}
		}
	}
}

// Line sums the plan up: "118 to make, 2 to change, 1 to replace, 0 to destroy".
func (s *Summary) Line() string {
	if s.Empty() {
		return "no changes"
	}
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{
		{s.Count(Made), "make"}, {s.Count(Changed, Restarted), "change"}, {s.Count(Renewed, Replaced), "replace"}, {s.Count(Destroyed), "destroy"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", c.n, c.word))
		}
	}
	return strings.Join(parts, ", ")
}
