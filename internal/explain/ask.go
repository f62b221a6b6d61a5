package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"atoll/internal/config"
	"atoll/internal/hint"
	"atoll/internal/inspect"
	"atoll/internal/reach"
)

// Question asks whether one part reaches another.
type Question struct {
	From, To string
	Port     int    // 0: the one on which the other part takes connections
	Protocol string // tcp if empty, udp or icmp
}

// Answer tells of the first way that does not let the flow pass, else of the first way of all.
type Answer struct {
	From     string      `json:"from"`
	To       string      `json:"to"`
	Protocol string      `json:"protocol"`
	Port     int         `json:"port,omitempty"`
	Allowed  bool        `json:"allowed"`
	Unknown  bool        `json:"unknown,omitempty"` // it cannot be told
	Ways     int         `json:"ways"`              // pairs of interfaces that differ in subnets or groups
	Failing  int         `json:"failing"`           // those of them that do not let it pass
	Notes    []string    `json:"notes,omitempty"`
	Hops     []reach.Hop `json:"hops"`
	Advice   []Advice    `json:"advice,omitempty"`
}

// Ask answers a question about an environment; settings are what its tfvars file says, for the advice.
func Ask(ctx context.Context, e *inspect.Environment, settings config.Environment, q Question) (*Answer, error) {
	s, err := newScene(ctx, e, q.From, q.To)
	if err != nil {
		return nil, err
	}
	from, err := s.endpoint(q.From)
	if err != nil {
		return nil, err
	}
	to, err := s.endpoint(q.To)
	if err != nil {
		return nil, err
	}
	f, err := q.flow(to)
	if err != nil {
		return nil, err
	}
	a := &Answer{From: from.label, To: to.label, Protocol: q.Protocol, Port: int(f.Port)}
	if a.Protocol == "" {
		a.Protocol = "tcp"
	}
	for _, note := range []string{from.note, to.note} {
		if note != "" {
			a.Notes = append(a.Notes, note)
		}
	}
	src := reach.Static(s.topology)
	var told *reach.Path
	for _, flow := range s.ways(from, to, f) {
		p := reach.Explain(src, flow)
		if a.Ways++; !p.Allowed {
			a.Failing++
		}
		if told == nil || told.Allowed && !p.Allowed {
			told = &p
		}
	}
	a.Allowed, a.Unknown, a.Hops = told.Allowed, told.Unknown, told.Hops
	if !a.Allowed {
		a.Advice = s.advise(settings, from, to, int(f.Port), told)
	}
	return a, nil
}

// flow makes the part of the flow that is the same for all ways.
func (q Question) flow(to endpoint) (reach.Flow, error) {
	f := reach.Flow{Protocol: reach.TCP, Port: uint16(q.Port)}
	switch q.Protocol {
	case "", "tcp":
	case "udp":
		f.Protocol = reach.UDP
	case "icmp":
		f.Protocol, f.Port = reach.ICMP, 0
		return f, nil
	default:
		return f, hint.Errorf("--protocol tcp, udp or icmp", "the protocol %q is not known", q.Protocol)
	}
	if q.Port == 0 {
		f.Port = uint16(to.port)
	}
	if f.Port == 0 {
		return f, hint.Errorf("--port NUMBER", "on which port %s takes connections is not known", to.label)
	}
	return f, nil
}

// ways gives a flow for each pair of interfaces that differ in what decides.
func (s *scene) ways(from, to endpoint, f reach.Flow) []reach.Flow {
	froms, tos := s.distinct(from.interfaces), s.distinct(to.interfaces)
	if len(froms) == 0 {
		froms = []string{""}
	}
	if len(tos) == 0 {
		tos = []string{""}
	}
	var out []reach.Flow
	for _, i := range froms {
		for _, j := range tos {
			w := f
			if w.From = i; i == "" {
				w.Source = from.addr
			}
			switch {
			case j == "":
				w.To = to.addr
			case to.public && s.publicAddress(j).IsValid():
				w.To = s.publicAddress(j)
			default:
				w.ToInterface = j
			}
			out = append(out, w)
		}
	}
	return out
}

// distinct leaves out the interfaces whose subnet and groups another one has too.
func (s *scene) distinct(ids []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, id := range ids {
		i := s.topology.Interfaces[s.at[id]]
		groups := slices.Clone(i.Groups)
		slices.Sort(groups)
		if key := fmt.Sprint(i.VPC, i.Subnet, strings.Join(groups, ",")); !seen[key] {
			seen[key] = true
			out = append(out, id)
		}
	}
	return out
}
