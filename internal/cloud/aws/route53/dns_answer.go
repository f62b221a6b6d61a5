package route53

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

const maxAliases = 8 // that lead to one another

// TestDNSAnswer gives what a name server of the zone would answer.
func (s *Service) TestDNSAnswer(ctx context.Context, in *TestDNSAnswerInput) (*TestDNSAnswerOutput, error) {
	if !slices.Contains(recordTypes[:], *in.RecordType) {
		return nil, badType(*in.RecordType, "recordType")
	}
	name, wrong := parseName(*in.RecordName)
	if wrong != nil {
		return nil, invalid("%s", wrong.in(*in.RecordName))
	}
	out := &TestDNSAnswerOutput{RecordName: new(name), RecordType: in.RecordType, RecordData: []string{}, ResponseCode: new("NOERROR"), Protocol: new("UDP")}
	return out, s.view(ctx, func(t *txn) error {
		z, err := t.zone(*in.HostedZoneId)
		if err != nil {
			return err
		}
		if z.Private {
			return invalid("TestDNSAnswer works on public hosted zones only: %s is private.", z.ID)
		}
		out.Nameserver = new(z.NameServers[0])
		if !within(name, z.Name) {
			out.ResponseCode = new("REFUSED")
			return nil
		}
		set, exists := t.answer(z, name, *in.RecordType)
		if !exists {
			out.ResponseCode = new("NXDOMAIN")
		}
		for range maxAliases {
			if set == nil || set.AliasTarget == nil {
				break
			}
			if *set.AliasTarget.HostedZoneId != z.ID {
				return wire.NotImplemented("route53:TestDNSAnswer of an alias to " + *set.AliasTarget.DNSName)
			}
			set, _ = t.answer(z, *set.AliasTarget.DNSName, *in.RecordType)
		}
		if set != nil {
			for _, r := range set.ResourceRecords {
				out.RecordData = append(out.RecordData, *r.Value)
			}
		}
		return nil
	})
}

// answer finds the record set that answers for a name and a type, and whether the name exists. The wildcard next above answers for
// a name that does not exist: https://www.rfc-editor.org/rfc/rfc4592#section-3.3.1
func (t *txn) answer(z *zoneRecord, name, kind string) (*ResourceRecordSet, bool) {
	if t.exists(z, name) {
		return choose(t.setsOf(z, name), kind), true
	}
	for parent := name; ; {
		_, parent, _ = strings.Cut(parent, ".")
		if sets := t.setsOf(z, `\052.`+parent); len(sets) > 0 {
			return choose(sets, kind), true
		}
		if t.exists(z, parent) { // the zone's own name does
			return nil, false
		}
	}
}

// exists reports whether a name or one below it has records.
func (t *txn) exists(z *zoneRecord, name string) bool {
	for range t.records.Prefix(t.tx, t.sc, z.ID+"/"+reversed(name)) {
		return true
	}
	return false
}

// setsOf gives the record sets of a name.
func (t *txn) setsOf(z *zoneRecord, name string) []*ResourceRecordSet {
	var out []*ResourceRecordSet
	for _, r := range t.records.Prefix(t.tx, t.sc, z.ID+"/"+reversed(name)+"\x01") {
		out = append(out, &r.Set)
	}
	return out
}

// choose takes the first record set of a type that would be given at all, else the name's CNAME record.
func choose(sets []*ResourceRecordSet, kind string) *ResourceRecordSet {
	for _, want := range []string{kind, "CNAME"} {
		for _, r := range sets {
			if *r.Type == want && (r.Weight == nil || *r.Weight > 0) && text(r.Failover) != "SECONDARY" {
				return r
			}
		}
	}
	return nil
}
