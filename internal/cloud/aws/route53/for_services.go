package route53

import (
	"strings"

	"atoll/internal/cloud/state"
)

// What other services may ask of Route 53, within a transaction of theirs.

// RecordValues gives the values of a name's records of a type in an account's public zones, none where there are none. The name may
// have a final dot. All zones of the account count that the name may lie in, whether they are delegated to or not.
func (s *Service) RecordValues(tx *state.Tx, account, name, recordType string) []string {
	own, wrong := parseName(name)
	if wrong != nil {
		return nil
	}
	t := &txn{Service: s, tx: tx, sc: state.Scope{Account: account}}
	var out []string
	for _, z := range t.zonesOf(own) {
		if z.Private {
			continue
		}
		for _, r := range t.records.Prefix(tx, t.sc, setKey(z.ID, own, recordType, "")) {
			for _, v := range r.Set.ResourceRecords {
				out = append(out, *v.Value)
			}
		}
	}
	return out
}

// AliasTarget gives the name that a name's alias or CNAME record leads to, followed to its end, from the zones of all accounts. Neither
// name has a final dot. Of several records with a routing policy, the first counts.
func (s *Service) AliasTarget(tx *state.Tx, name string) (target string, ok bool) {
	own, wrong := parseName(name)
	if wrong != nil {
		return "", false
	}
	const most = 8 // names in a chain
	for range most {
		next := s.nextName(tx, own)
		if next == "" {
			break
		}
		own, target = next, strings.TrimSuffix(next, ".")
	}
	return target, target != ""
}

// nextName gives the name that the records of a name lead to, empty without such a record.
func (s *Service) nextName(tx *state.Tx, name string) string {
	for _, sc := range s.zones.Scopes(tx) {
		t := &txn{Service: s, tx: tx, sc: sc}
		for _, z := range t.zonesOf(name) {
			for _, at := range wildcards(name) {
				for _, kind := range []string{"A", "AAAA", "CNAME"} {
					for _, r := range t.records.Prefix(tx, sc, setKey(z.ID, at, kind, "")) {
						if a := r.Set.AliasTarget; a != nil {
							return *a.DNSName
						}
						if kind == "CNAME" && len(r.Set.ResourceRecords) > 0 {
							return strings.ToLower(strings.TrimSuffix(*r.Set.ResourceRecords[0].Value, ".")) + "."
						}
					}
				}
			}
		}
	}
	return ""
}

// wildcards gives the names whose records answer for a name: itself, and those with a * in place of its first labels.
func wildcards(name string) []string {
	out := []string{name}
	for rest := name; ; {
		_, after, ok := strings.Cut(rest, ".")
		if !ok || after == "" {
			return out
		}
		out, rest = append(out, `\052.`+after), after
	}
}
