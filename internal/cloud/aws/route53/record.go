package route53

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// setRecord is a record set of a zone, with its names in the form that Route 53 keeps.
type setRecord struct {
	Zone string
	Set  ResourceRecordSet
}

// collection gives the CIDR collection that routes to the record set, for the index of that name.
func (r *setRecord) collection() []string {
	if r.Set.CidrRoutingConfig == nil {
		return nil
	}
	return []string{*r.Set.CidrRoutingConfig.CollectionId}
}

// setKey gives a record set's key, by which they sort as Route 53 lists them: by name with reversed labels, type and identifier.
func setKey(zone, name, kind, identifier string) string {
	return zone + "/" + reversed(name) + "\x01" + kind + "\x01" + identifier
}

func keyOf(zone string, r *ResourceRecordSet) string {
	return setKey(zone, *r.Name, *r.Type, text(r.SetIdentifier))
}

// putSet stores a record set; the zone's count, which it keeps, is stored by the caller.
func (t *txn) putSet(z *zoneRecord, r *ResourceRecordSet) {
	key := keyOf(z.ID, r)
	if _, there := t.records.Get(t.tx, t.sc, key); !there {
		z.Count++
	}
	t.records.Put(t.tx, t.sc, key, &setRecord{Zone: z.ID, Set: *r})
}

func (t *txn) deleteSet(z *zoneRecord, r *ResourceRecordSet) {
	if t.records.Delete(t.tx, t.sc, keyOf(z.ID, r)) {
		z.Count--
	}
}

const (
	maxBatchRecords    = 1000
	maxBatchCharacters = 32000
)

// batch is a batch of changes under way. It is all or nothing: what is wrong is collected, and with anything wrong the
// transaction ends without effect.
type batch struct {
	*txn
	zone   *zoneRecord
	wrong  []string
	done   map[string]string // what was done to a record set, by its key
	placed []*ResourceRecordSet
}

func (b *batch) complain(message string) {
	if !slices.Contains(b.wrong, message) {
		b.wrong = append(b.wrong, message)
	}
}

// ChangeResourceRecordSets creates, replaces and deletes record sets, all of them or none.
func (s *Service) ChangeResourceRecordSets(ctx context.Context, in *ChangeResourceRecordSetsInput) (*ChangeResourceRecordSetsOutput, error) {
	if err := checkBatch(in.ChangeBatch); err != nil {
		return nil, err
	}
	out := &ChangeResourceRecordSetsOutput{}
	return out, s.update(ctx, func(t *txn) error {
		z, err := t.zone(*in.HostedZoneId)
		if err != nil {
			return err
		}
		b := &batch{txn: t, zone: z, done: map[string]string{}}
		for i := range in.ChangeBatch.Changes {
			c := &in.ChangeBatch.Changes[i]
			if err := b.checkReferences(c); err != nil {
				return err
			}
			if set := b.canonical(c); set != nil {
				b.apply(*c.Action, set)
			}
		}
		for _, set := range b.placed {
			b.checkNeighbours(set)
			b.checkAlias(set)
		}
		b.checkOwn()
		if len(b.wrong) > 0 {
			return wire.Errorf("InvalidChangeBatch", "[%s]", strings.Join(b.wrong, ", "))
		}
		t.putZone(z)
		out.ChangeInfo = t.change(text(in.ChangeBatch.Comment))
		return nil
	})
}

// checkBatch checks what can be seen in a batch without the zone.
func checkBatch(in *ChangeBatch) error {
	if len(in.Changes) == 0 {
		return invalid("1 validation error detected: Value '[]' at 'changeBatch.changes' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if err := checkComment(in.Comment); err != nil {
		return err
	}
	records, characters := 0, 0
	for i := range in.Changes {
		c := &in.Changes[i]
		if err := checkChange(c); err != nil {
			return err
		}
		times := 1
		if *c.Action == "UPSERT" { // counts as a deletion and a creation
			times = 2
		}
		records += times * max(1, len(c.ResourceRecordSet.ResourceRecords))
		for _, r := range c.ResourceRecordSet.ResourceRecords {
			characters += times * len(*r.Value)
		}
	}
	switch {
	case records > maxBatchRecords:
		return wire.Errorf("InvalidChangeBatch", "[Number of records limit of %d exceeded.]", maxBatchRecords)
	case characters > maxBatchCharacters:
		return wire.Errorf("InvalidChangeBatch", "[Number of value characters limit of %d exceeded.]", maxBatchCharacters)
	}
	return nil
}

// checkReferences refuses what points to things that are not there.
func (b *batch) checkReferences(c *Change) error {
	if *c.Action == "DELETE" {
		return nil
	}
	if id := c.ResourceRecordSet.HealthCheckId; id != nil {
		if _, err := b.check(*id); err != nil {
			return err
		}
	}
	if routing := c.ResourceRecordSet.CidrRoutingConfig; routing != nil {
		collection, err := b.collection(*routing.CollectionId)
		if err != nil {
			return err
		}
		if name := *routing.LocationName; name != "*" && collection.Locations[name] == nil {
			return wire.Errorf("NoSuchCidrLocationException", "The CIDR collection has no location %s.", name)
		}
	}
	return nil
}

// canonical gives a change's record set as Route 53 keeps it, nil if its name or a value is wrong.
func (b *batch) canonical(c *Change) *ResourceRecordSet {
	set := *c.ResourceRecordSet
	name, wrong := parseName(*set.Name)
	if wrong != nil {
		b.complain("Invalid Resource Record Set Name: '" + wrong.in(*set.Name) + "'")
		return nil
	}
	if !within(name, b.zone.Name) {
		b.complain("RRSet with DNS name " + name + " is not permitted in zone " + b.zone.Name)
		return nil
	}
	set.Name = &name
	if set.AliasTarget != nil {
		target, wrong := parseName(*set.AliasTarget.DNSName)
		if wrong != nil {
			b.complain("Invalid alias target: '" + wrong.in(*set.AliasTarget.DNSName) + "'")
			return nil
		}
		alias := *set.AliasTarget
		alias.DNSName, alias.HostedZoneId = &target, new(bare(*alias.HostedZoneId))
		set.AliasTarget = &alias
	}
	if set.MultiValueAnswer != nil && !*set.MultiValueAnswer {
		set.MultiValueAnswer = nil
	}
	if *c.Action == "DELETE" {
		return &set
	}
	before := len(b.wrong)
	b.checkValues(&set)
	if len(b.wrong) > before {
		return nil
	}
	return &set
}

// described names a record set as Route 53's messages do.
func described(r *ResourceRecordSet) string {
	out := "[name='" + *r.Name + "', type='" + *r.Type + "'"
	if r.SetIdentifier != nil {
		out += ", set-identifier='" + *r.SetIdentifier + "'"
	}
	return out + "]"
}

// apply does one change.
func (b *batch) apply(action string, set *ResourceRecordSet) {
	key := keyOf(b.zone.ID, set)
	if earlier := b.done[key]; earlier != "" && (earlier != "DELETE" || action == "DELETE") {
		b.complain("The request contains an invalid set of changes for a resource record set '" + *set.Type + " " + *set.Name + "'")
		return
	}
	b.done[key] = action
	old, there := b.records.Get(b.tx, b.sc, key)
	switch {
	case action == "CREATE" && there:
		b.complain("Tried to create resource record set " + described(set) + " but it already exists")
	case action == "DELETE" && !there:
		b.complain("Tried to delete resource record set " + described(set) + " but it was not found")
	case action == "DELETE" && !same(&old.Set, set):
		b.complain("Tried to delete resource record set " + described(set) + " but the values provided do not match the current values")
	case action == "DELETE":
		b.deleteSet(b.zone, set)
	default:
		b.putSet(b.zone, set)
		b.placed = append(b.placed, set)
	}
}

// same reports whether two record sets say the same, whatever the order of their values.
func same(a, b *ResourceRecordSet) bool {
	return fingerprint(inOrder(a)) == fingerprint(inOrder(b))
}

// inOrder gives a record set with its values in order.
func inOrder(r *ResourceRecordSet) *ResourceRecordSet {
	own := *r
	own.ResourceRecords = slices.Clone(r.ResourceRecords)
	slices.SortFunc(own.ResourceRecords, func(a, b ResourceRecord) int { return cmp.Compare(*a.Value, *b.Value) })
	return &own
}

// fingerprint gives a text that two structures of the API share when they say the same.
func fingerprint[T any](v *T) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return "" // structures of texts and numbers always encode
	}
	return string(raw)
}

// ListResourceRecordSets lists a zone's record sets from a name, a type and an identifier on.
func (s *Service) ListResourceRecordSets(ctx context.Context, in *ListResourceRecordSetsInput) (*ListResourceRecordSetsOutput, error) {
	limit, err := limitOf(in.MaxItems, 300)
	if err != nil {
		return nil, err
	}
	switch {
	case in.StartRecordType != nil && in.StartRecordName == nil:
		return nil, invalid("A record type can be specified only together with a record name.")
	case in.StartRecordIdentifier != nil && in.StartRecordType == nil:
		return nil, invalid("A record identifier can be specified only together with a record type.")
	case in.StartRecordType != nil && !slices.Contains(recordTypes[:], *in.StartRecordType):
		return nil, badType(*in.StartRecordType, "type")
	}
	out := &ListResourceRecordSetsOutput{ResourceRecordSets: []ResourceRecordSet{}, IsTruncated: new(false), MaxItems: new(int64(limit))}
	return out, s.view(ctx, func(t *txn) error {
		z, err := t.zone(*in.HostedZoneId)
		if err != nil {
			return err
		}
		from := z.ID + "/"
		if in.StartRecordName != nil {
			name, wrong := parseName(*in.StartRecordName)
			if wrong != nil {
				return invalid("%s", wrong.in(*in.StartRecordName))
			}
			from = setKey(z.ID, name, text(in.StartRecordType), text(in.StartRecordIdentifier))
			if in.StartRecordType == nil {
				from = z.ID + "/" + reversed(name)
			}
		}
		for _, r := range t.records.Range(t.tx, t.sc, from, z.ID+"0", false) { // "0" follows "/"
			if len(out.ResourceRecordSets) == limit {
				out.IsTruncated, out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = new(true), r.Set.Name, r.Set.Type, r.Set.SetIdentifier
				break
			}
			out.ResourceRecordSets = append(out.ResourceRecordSets, r.Set)
		}
		return nil
	})
}
