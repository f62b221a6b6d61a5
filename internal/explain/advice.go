package explain

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"atoll/internal/config"
	"atoll/internal/reach"
)

// Advice says what would let a flow pass one of the hops that block it.
type Advice struct {
	Lacks   string `json:"lacks"`             // what is missing or in the way
	Mend    string `json:"mend"`              // what to do
	Setting string `json:"setting,omitempty"` // of the tfvars file, such as services.web.database
}

// advise goes through the hops that do not let the flow pass.
func (s *scene) advise(settings config.Environment, from, to endpoint, port int, p *reach.Path) []Advice {
	v := adviser{scene: s, settings: settings, from: from, to: to, port: port}
	var out []Advice
	for _, h := range p.Blocking() {
		if h.Verdict == reach.Unknown {
			continue
		}
		switch h.Kind {
		case reach.KindGroups:
			out = append(out, v.group(h))
		case reach.KindACL:
			out = append(out, v.acl(h))
		case reach.KindRoute, reach.KindNATGateway, reach.KindInternetGateway:
			out = append(out, v.route(h))
		case reach.KindInterface, reach.KindInternet, reach.KindAmazonService, reach.KindEgressOnly, reach.KindEndpoint:
			if a, ok := v.end(h); ok {
				out = append(out, a)
			}
		}
	}
	return out
}

type adviser struct {
	*scene
	settings config.Environment
	from, to endpoint
	port     int
}

// name gives an id with the name of the group.
func (v *adviser) name(group string) string {
	for _, n := range v.networks {
		for _, g := range n.Groups {
			if g.ID == group && g.Name != "" {
				return g.Name + " (" + group + ")"
			}
		}
	}
	return group
}

func (v *adviser) names(groups []string) string {
	out := make([]string, len(groups))
	for i, g := range groups {
		out[i] = v.name(g)
	}
	return strings.Join(out, " or ")
}

// group names the rule that is missing, and the setting of the blueprint that makes it.
func (v *adviser) group(h reach.Hop) Advice {
	l := h.Lacks
	ports := l.Protocol
	if l.FromPort > 0 && (l.Protocol == "tcp" || l.Protocol == "udp") {
		ports += fmt.Sprintf(" %d", l.FromPort)
	}
	peer := l.Address.String() + "/" + bits(l.Address)
	if len(l.PeerGroups) > 0 {
		peer = v.names(l.PeerGroups)
	} else if l.Address == someone {
		peer = "0.0.0.0/0"
	}
	a := Advice{Lacks: fmt.Sprintf("%s lacks an inbound rule: %s from %s", v.names(h.IDs), ports, peer)}
	resource := "aws_vpc_security_group_ingress_rule"
	if h.Direction == "out" {
		a.Lacks = fmt.Sprintf("%s lacks an outbound rule: %s to %s", v.names(h.IDs), ports, peer)
		resource = "aws_vpc_security_group_egress_rule"
	}
	if v.setting(&a, h, peer) {
		return a
	}
	a.Mend = "add it in Terraform, as an " + resource
	return a
}

func bits(a netip.Addr) string {
	if a.Is6() {
		return "128"
	}
	return "32"
}

// setting finds the setting of the blueprint that makes a rule.
func (v *adviser) setting(a *Advice, h reach.Hop, peer string) bool {
	client := v.of(v.from)
	switch {
	case client != "" && v.to.kind == database && len(h.Lacks.PeerGroups) > 0:
		v.needs(a, []string{client, v.from.name, "database"}, "true", config.Setting.True)
	case client != "" && len(h.Lacks.PeerGroups) == 0 && h.Direction == "out" && h.Lacks.Protocol == "tcp":
		v.needs(a, []string{client, v.from.name, "egress_ports"}, fmt.Sprintf("[..., %d]", v.port), func(s config.Setting) bool { return holds(s.Value, cty.NumberIntVal(int64(v.port))) })
		if v.port == 443 && strings.HasPrefix(a.Mend, "write") { // the default
			a.Mend = v.again()
		}
	case v.from.kind == loadBalancer && v.to.kind == service:
		v.needs(a, []string{"services", v.to.name, "routing"}, "{ paths = [\"/*\"] }, and port", func(config.Setting) bool { return true })
	case v.to.kind == loadBalancer && h.Direction == "in" && (v.port == 80 || v.port == 443):
		v.needs(a, []string{"load_balancer", "allowed_cidrs"}, fmt.Sprintf("[..., %q]", peer), func(s config.Setting) bool { return holds(s.Value, cty.StringVal(peer)) })
		if _, ok := v.settings.Setting("load_balancer", "allowed_cidrs"); !ok { // by default all may come
			a.Mend = v.again()
			if v.port == 443 {
				a.Mend, a.Setting = fmt.Sprintf("give %s a domain, or load_balancer.certificate_arn: without one there is no HTTPS", v.file()), "domain"
			}
		}
	default:
		return false
	}
	return true
}

// of gives under which variable an end that runs tasks stands.
func (v *adviser) of(end endpoint) string {
	switch end.kind {
	case service:
		return "services"
	case job:
		return "jobs"
	}
	return ""
}

func (v *adviser) file() string { return v.env.Name + ".tfvars" }

// again says that what is missing is what the files say: something has changed it since.
func (v *adviser) again() string {
	return fmt.Sprintf("atoll up %s puts it back: it is what the files say", v.env.Name)
}

// needs says to set a setting, or, if the file has it, to apply it again.
func (v *adviser) needs(a *Advice, path []string, want string, has func(config.Setting) bool) {
	a.Setting = strings.Join(path, ".")
	s, ok := v.settings.Setting(path...)
	switch {
	case ok && has(s):
		a.Mend = fmt.Sprintf("%s; %s, line %d: %s", v.again(), s.File, s.Line, a.Setting)
	case ok:
		a.Mend = fmt.Sprintf("write %s = %s in %s, line %d, then atoll up %s", a.Setting, want, s.File, s.Line, v.env.Name)
	default:
		a.Mend = fmt.Sprintf("write %s = %s in %s, then atoll up %s", a.Setting, want, v.file(), v.env.Name)
	}
}

// holds reports whether a list has a value.
func holds(list, value cty.Value) bool {
	if list.IsNull() || !list.CanIterateElements() {
		return false
	}
	for _, x := range list.AsValueSlice() {
		if x.RawEquals(value) {
			return true
		}
	}
	return false
}

// acl names the entry that is in the way. The blueprint leaves ACLs as AWS makes them, open.
func (v *adviser) acl(h reach.Hop) Advice {
	acl, way := h.IDs[0], "--ingress"
	if h.Direction == "out" {
		way = "--egress"
	}
	if h.Rule != "*" {
		return Advice{Lacks: fmt.Sprintf("entry %s of %s stands in the way", h.Rule, acl),
			Mend: fmt.Sprintf("take it out, or allow the traffic under a smaller number: aws ec2 delete-network-acl-entry --network-acl-id %s --rule-number %s %s", acl, h.Rule, way)}
	}
	ports := ""
	if h.Lacks.Protocol == "tcp" || h.Lacks.Protocol == "udp" {
		ports = fmt.Sprintf(" --port-range From=%d,To=%d", h.Lacks.FromPort, h.Lacks.ToPort)
	} else if strings.HasPrefix(h.Lacks.Protocol, "icmp") {
		ports = fmt.Sprintf(" --icmp-type-code Type=%d,Code=-1", h.Lacks.FromPort)
	}
	return Advice{Lacks: fmt.Sprintf("%s lacks an entry that allows it", acl),
		Mend: fmt.Sprintf("add one: aws ec2 create-network-acl-entry --network-acl-id %s --rule-number NUMBER %s --rule-action allow --protocol %s%s --cidr-block %s/%s", acl, way,
			h.Lacks.Protocol, ports, h.Lacks.Address, bits(h.Lacks.Address))}
}

// route tells of ways out of the VPC.
func (v *adviser) route(h reach.Hop) Advice {
	a := Advice{Lacks: strings.TrimSuffix(h.Reason, ".")}
	outward := v.of(v.from) != "" && (v.to.kind == internet || v.to.kind == address || v.to.public)
	if s, ok := v.settings.Setting("network", "nat_gateways"); outward && ok && s.Value.RawEquals(cty.StringVal("none")) {
		a.Setting = "network.nat_gateways"
		a.Mend = fmt.Sprintf("write %s = \"single\" in %s, line %d, then atoll up %s", a.Setting, s.File, s.Line, v.env.Name)
		return a
	}
	a.Mend = fmt.Sprintf("atoll up %s puts back the routes and gateways that the files say; atoll plan %s shows which", v.env.Name, v.env.Name)
	return a
}

// end tells of ends that cannot be reached whatever the rules are.
func (v *adviser) end(h reach.Hop) (Advice, bool) {
	a := Advice{Lacks: strings.TrimSuffix(h.Reason, ".")}
	switch {
	case v.to.kind == service && (v.from.kind == internet || v.from.kind == address):
		a.Mend = fmt.Sprintf("the internet reaches services through the load balancer: atoll explain %s internet lb, and atoll explain %s lb %s", v.env.Name, v.env.Name, v.to.name)
	case v.to.kind == database && (v.from.kind == internet || v.from.kind == address):
		a.Mend = "the database is for the environment's tasks alone; that is meant so"
	case h.Kind == reach.KindAmazonService:
		a.Mend = fmt.Sprintf("switch enableDnsSupport on; atoll up %s does, if the files say so", v.env.Name)
	default:
		return a, false
	}
	return a, true
}
