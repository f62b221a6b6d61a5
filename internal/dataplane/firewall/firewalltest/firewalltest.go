// Package firewalltest has web ACLs for tests and benchmarks.
package firewalltest

import (
	"net/netip"
	"time"

	"atoll/internal/dataplane/firewall"
)

// TenRules gives a web ACL of ten rules, as one might have them in front of a shop: sets of addresses, a rate, patterns in paths, queries, headers
// and cookies, a label. All is metered and sampled.
func TenRules() *firewall.WebACL {
	w := &firewall.WebACL{ID: "ten", Name: "ten", Namespace: "awswaf:111122223333:webacl:ten:", Default: firewall.Action{Kind: firewall.Allow}, Visibility: visible("ten")}
	add := func(name string, kind firewall.Kind, s firewall.Statement, labels ...string) {
		w.Rules = append(w.Rules, firewall.Rule{Name: name, Statement: s, Action: firewall.Action{Kind: kind}, Labels: labels, Visibility: visible(name)})
	}
	of := func(part firewall.Part, name string, transforms ...firewall.Transform) firewall.Component {
		return firewall.Component{Part: part, Name: name, Scope: "ALL", Oversize: "CONTINUE", Transforms: transforms}
	}
	bytes := func(c firewall.Component, position, text string) firewall.Statement {
		return firewall.Statement{Bytes: &firewall.ByteMatch{Component: c, Search: text, Position: position}}
	}
	add("addresses", firewall.Block, firewall.Statement{Addresses: &firewall.AddressMatch{Set: thousand()}})
	add("rate", firewall.Block, firewall.Statement{Rate: &firewall.RateLimit{Limit: 2_000_000_000, Window: 5 * time.Minute, Keys: []firewall.Key{{Kind: firewall.KeyAddress}}}})
	add("admin", firewall.Block, bytes(of(firewall.Path, "", "URL_DECODE", "LOWERCASE"), "STARTS_WITH", "/admin"))
	add("files", firewall.Block, firewall.Statement{Regex: &firewall.RegexMatch{Component: of(firewall.Path, "", "NORMALIZE_PATH"), Patterns: []string{`\.(env|git|bak)$`}}})
	add("scripts", firewall.Block, bytes(of(firewall.Arguments, "", "URL_DECODE", "HTML_ENTITY_DECODE"), "CONTAINS", "<script"))
	add("long-query", firewall.Block, firewall.Statement{Size: &firewall.SizeMatch{Component: of(firewall.Query, ""), Operator: "GT", Size: 2048}})
	add("bots", firewall.Count, bytes(of(firewall.SingleHeader, "user-agent", "LOWERCASE"), "CONTAINS", "bot"), "bot")
	add("cookies", firewall.Block, bytes(of(firewall.Cookies, ""), "CONTAINS", "${jndi:"))
	add("methods", firewall.Block, firewall.Statement{And: []firewall.Statement{
		{Not: new(bytes(of(firewall.Method, ""), "EXACTLY", "GET"))}, {Not: new(bytes(of(firewall.Method, ""), "EXACTLY", "POST"))}}})
	add("bots-in-shop", firewall.Block, firewall.Statement{And: []firewall.Statement{{Label: &firewall.LabelMatch{Key: "bot"}}, bytes(of(firewall.Path, ""), "STARTS_WITH", "/shop")}})
	return w
}

func visible(metric string) firewall.Visibility {
	return firewall.Visibility{Metric: metric, Metered: true, Sampled: true}
}

// thousand gives a thousand ranges of addresses that are nobody's.
func thousand() []netip.Prefix {
	out := make([]netip.Prefix, 0, 1000)
	for i := range 1000 {
		out = append(out, netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(i / 250), byte(i % 250)}), 32-i%3))
	}
	return out
}
