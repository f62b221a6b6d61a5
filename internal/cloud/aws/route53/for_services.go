package route53

import (
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
