package route53

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"atoll/internal/cloud/wire"
)

type zoneRecord struct {
	ID, Name, Reference, Comment string
	Private                      bool
	VPCs                         []vpcRecord // of a private zone
	NameServers                  []string
	DelegationSet                string `json:",omitempty"` // the id of a reusable one
	Count                        int    // of record sets
	Created                      time.Time
}

func (t *txn) putZone(z *zoneRecord) { t.zones.Put(t.tx, t.sc, z.ID, z) }

func zoneARN(id string) string { return "arn:aws:route53:::hostedzone/" + id }

// bare gives an id without the path that Route 53 shows in front of it, such as /hostedzone/.
func bare(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func invalid(format string, args ...any) error { return wire.Errorf("InvalidInput", format, args...) }

// zone finds a zone by its id.
func (t *txn) zone(id string) (*zoneRecord, error) {
	id = bare(id)
	if len(id) > 32 {
		return nil, invalid("1 validation error detected: Value '%s' at 'hostedZoneId' failed to satisfy constraint: Member must have length less than or equal to 32", id)
	}
	z, ok := t.zones.Get(t.tx, t.sc, id)
	if !ok {
		return nil, wire.Errorf("NoSuchHostedZone", "No hosted zone found with ID: %s", id)
	}
	return z, nil
}

// CreateHostedZone makes a public zone, or a private one for a VPC.
func (s *Service) CreateHostedZone(ctx context.Context, in *CreateHostedZoneInput) (*CreateHostedZoneOutput, error) {
	if in.DelegationSetId != nil && in.VPC != nil {
		return nil, invalid("A reusable delegation set cannot be used for a private hosted zone.")
	}
	name, wrong := parseName(*in.Name)
	if wrong != nil || !strings.Contains(strings.TrimSuffix(name, "."), ".") && in.VPC == nil {
		return nil, wire.Errorf("InvalidDomainName", "%s is not a valid domain name", *in.Name)
	}
	if *in.CallerReference == "" || len(*in.CallerReference) > 128 {
		return nil, invalid("1 validation error detected: Value '%s' at 'callerReference' failed to satisfy constraint: Member must have length between 1 and 128", *in.CallerReference)
	}
	z := &zoneRecord{Name: name, Reference: *in.CallerReference, Private: in.VPC != nil}
	if c := in.HostedZoneConfig; c != nil {
		if err := checkComment(c.Comment); err != nil {
			return nil, err
		}
		z.Comment = text(c.Comment)
		if c.PrivateZone != nil && *c.PrivateZone && in.VPC == nil {
			return nil, invalid("When you're creating a private hosted zone (when you specify true for PrivateZone), you must also specify values for VPCId and VPCRegion.")
		}
	}
	out := &CreateHostedZoneOutput{}
	return out, s.update(ctx, func(t *txn) error {
		for range t.zones.By(t.tx, t.sc, "reference", z.Reference) {
			return wire.Errorf("HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.")
		}
		z.ID, z.Created = t.d.IDs.Unique("Z0"), t.now
		if z.Private {
			if err := t.associate(z, in.VPC); err != nil {
				return err
			}
			out.VPC = &VPC{VPCId: new(z.VPCs[0].ID), VPCRegion: new(z.VPCs[0].Region)}
		}
		if in.DelegationSetId != nil {
			set, err := t.delegationSet(*in.DelegationSetId)
			if err != nil {
				return err
			}
			z.DelegationSet, z.NameServers = set.ID, set.NameServers
		}
		t.delegate(z)
		t.putZone(z)
		out.HostedZone, out.DelegationSet, out.ChangeInfo = z.render(), t.delegation(z), t.change("")
		out.Location = new("https://route53.amazonaws.com/2013-04-01/hostedzone/" + z.ID)
		return nil
	})
}

func checkComment(comment *string) error {
	if utf8.RuneCountInString(text(comment)) > 256 {
		return invalid("1 validation error detected: Value '%s' at 'comment' failed to satisfy constraint: Member must have length less than or equal to 256", *comment)
	}
	return nil
}

// delegate gives a zone its name servers, and the records that each zone has. Private zones all have the same.
func (t *txn) delegate(z *zoneRecord) {
	switch {
	case z.Private:
		z.NameServers = newNameServers(func() int { return 0 })
	case z.DelegationSet == "":
		z.NameServers = newNameServers(anyServer)
	}
	var servers []ResourceRecord
	for _, server := range z.NameServers {
		servers = append(servers, ResourceRecord{Value: new(server + ".")})
	}
	t.putSet(z, &ResourceRecordSet{Name: new(z.Name), Type: new("NS"), TTL: new(int64(172800)), ResourceRecords: servers})
	t.putSet(z, &ResourceRecordSet{Name: new(z.Name), Type: new("SOA"), TTL: new(int64(900)), ResourceRecords: []ResourceRecord{
		{Value: new(z.NameServers[0] + ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400")}}})
}

func (z *zoneRecord) render() *HostedZone {
	out := &HostedZone{Id: new("/hostedzone/" + z.ID), Name: new(z.Name), CallerReference: new(z.Reference),
		Config: &HostedZoneConfig{PrivateZone: new(z.Private)}, ResourceRecordSetCount: new(int64(z.Count))}
	if z.Comment != "" {
		out.Config.Comment = new(z.Comment)
	}
	return out
}

// delegation gives the name servers of a public zone.
func (t *txn) delegation(z *zoneRecord) *DelegationSet {
	if z.Private {
		return nil
	}
	if set, ok := t.delegations.Get(t.tx, t.sc, z.DelegationSet); ok {
		return set.render()
	}
	return &DelegationSet{NameServers: z.NameServers}
}

// GetHostedZone gives a zone.
func (s *Service) GetHostedZone(ctx context.Context, in *GetHostedZoneInput) (*GetHostedZoneOutput, error) {
	out := &GetHostedZoneOutput{}
	return out, s.view(ctx, func(t *txn) error {
		z, err := t.zone(*in.Id)
		if err != nil {
			return err
		}
		out.HostedZone, out.DelegationSet = z.render(), t.delegation(z)
		for _, v := range z.VPCs {
			out.VPCs = append(out.VPCs, VPC{VPCId: new(v.ID), VPCRegion: new(v.Region)})
		}
		return nil
	})
}

// UpdateHostedZoneComment changes a zone's comment.
func (s *Service) UpdateHostedZoneComment(ctx context.Context, in *UpdateHostedZoneCommentInput) (*UpdateHostedZoneCommentOutput, error) {
	if err := checkComment(in.Comment); err != nil {
		return nil, err
	}
	out := &UpdateHostedZoneCommentOutput{}
	return out, s.update(ctx, func(t *txn) error {
		z, err := t.zone(*in.Id)
		if err != nil {
			return err
		}
		z.Comment = text(in.Comment)
		t.putZone(z)
		out.HostedZone = z.render()
		return nil
	})
}

// DeleteHostedZone deletes a zone that has only the records that it came with.
func (s *Service) DeleteHostedZone(ctx context.Context, in *DeleteHostedZoneInput) (*DeleteHostedZoneOutput, error) {
	out := &DeleteHostedZoneOutput{}
	return out, s.update(ctx, func(t *txn) error {
		z, err := t.zone(*in.Id)
		if err != nil {
			return err
		}
		var keys []string
		for key, r := range t.records.Prefix(t.tx, t.sc, z.ID+"/") {
			if !z.own(&r.Set) {
				return wire.Errorf("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
			}
			keys = append(keys, key)
		}
		for _, key := range keys {
			t.records.Delete(t.tx, t.sc, key)
		}
		t.zones.Delete(t.tx, t.sc, z.ID)
		if r, ok := t.queryLogOf(z.ID); ok {
			t.queryLogs.Delete(t.tx, t.sc, r.ID)
		}
		out.ChangeInfo = t.change("")
		return nil
	})
}

// own reports whether a record set is one that each zone has: its SOA record and its own name servers.
func (z *zoneRecord) own(r *ResourceRecordSet) bool {
	return *r.Name == z.Name && (*r.Type == "NS" || *r.Type == "SOA")
}

// GetHostedZoneCount counts the zones.
func (s *Service) GetHostedZoneCount(ctx context.Context, _ *GetHostedZoneCountInput) (*GetHostedZoneCountOutput, error) {
	out := &GetHostedZoneCountOutput{}
	return out, s.view(ctx, func(t *txn) error {
		out.HostedZoneCount = new(int64(t.zones.Len(t.tx, t.sc)))
		return nil
	})
}

// GetDNSSEC says that a zone is not signed.
func (s *Service) GetDNSSEC(ctx context.Context, in *GetDNSSECInput) (*GetDNSSECOutput, error) {
	out := &GetDNSSECOutput{Status: &DNSSECStatus{ServeSignature: new("NOT_SIGNING")}, KeySigningKeys: []KeySigningKey{}}
	return out, s.view(ctx, func(t *txn) error {
		z, err := t.zone(*in.HostedZoneId)
		if err == nil && z.Private {
			return wire.Errorf("InvalidArgument", "Operation is unsupported for private hosted zones.")
		}
		return err
	})
}

// changeRecord is a change that was made.
type changeRecord struct {
	ID, Comment string
	At          time.Time
}

// Changes can be asked for this long.
const changeLife = 24 * time.Hour

// change notes a change, which is in effect at once.
func (t *txn) change(comment string) *ChangeInfo {
	c := &changeRecord{ID: t.d.IDs.Unique("C0"), Comment: comment, At: t.now}
	var old []string
	for _, r := range t.changes.ByRange(t.tx, t.sc, "at", "", t.now.Add(-changeLife).UTC().Format(time.RFC3339), false) {
		old = append(old, r.ID)
	}
	for _, id := range old {
		t.changes.Delete(t.tx, t.sc, id)
	}
	t.changes.Put(t.tx, t.sc, c.ID, c)
	return c.render()
}

func (c *changeRecord) render() *ChangeInfo {
	out := &ChangeInfo{Id: new("/change/" + c.ID), Status: new("INSYNC"), SubmittedAt: new(c.At)}
	if c.Comment != "" {
		out.Comment = new(c.Comment)
	}
	return out
}

// GetChange gives a change.
func (s *Service) GetChange(ctx context.Context, in *GetChangeInput) (*GetChangeOutput, error) {
	out := &GetChangeOutput{}
	return out, s.view(ctx, func(t *txn) error {
		c, ok := t.changes.Get(t.tx, t.sc, bare(*in.Id))
		if !ok {
			return wire.Errorf("NoSuchChange", "A change with the specified change ID does not exist: %s", bare(*in.Id))
		}
		out.ChangeInfo = c.render()
		return nil
	})
}
