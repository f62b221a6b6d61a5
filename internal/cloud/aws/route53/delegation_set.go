package route53

import (
	"context"
	"fmt"
	"math/rand/v2"

	"atoll/internal/cloud/wire"
)

// delegationRecord is a reusable delegation set: name servers that public zones share.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateReusableDelegationSet.html
type delegationRecord struct {
	ID, Reference string
	NameServers   []string
}

const maxDelegationSets = 100

func delegationARN(id string) string { return "arn:aws:route53:::delegationset/" + id }

func (r *delegationRecord) render() *DelegationSet {
	return &DelegationSet{Id: new("/delegationset/" + r.ID), CallerReference: new(r.Reference), NameServers: r.NameServers}
}

// newNameServers draws a name server of each of four domains.
func newNameServers(draw func() int) []string {
	var out []string
	for i, domain := range []string{"com", "net", "org", "co.uk"} {
		n := draw()
		out = append(out, fmt.Sprintf("ns-%d.awsdns-%02d.%s", 512*i+n, n/8, domain))
	}
	return out
}

func anyServer() int { return rand.IntN(512) }

func (t *txn) delegationSet(id string) (*delegationRecord, error) {
	r, ok := t.delegations.Get(t.tx, t.sc, bare(id))
	if !ok {
		return nil, wire.Errorf("NoSuchDelegationSet", "No delegation set found with ID: %s", bare(id))
	}
	return r, nil
}

// CreateReusableDelegationSet makes a set, with the name servers of a zone if one is given.
func (s *Service) CreateReusableDelegationSet(ctx context.Context, in *CreateReusableDelegationSetInput) (*CreateReusableDelegationSetOutput, error) {
	if *in.CallerReference == "" || len(*in.CallerReference) > 128 {
		return nil, invalid("1 validation error detected: Value '%s' at 'callerReference' failed to satisfy constraint: Member must have length between 1 and 128", *in.CallerReference)
	}
	out := &CreateReusableDelegationSetOutput{}
	return out, s.update(ctx, func(t *txn) error {
		for _, old := range t.delegations.All(t.tx, t.sc) {
			if old.Reference == *in.CallerReference {
				return wire.Errorf("DelegationSetAlreadyCreated", "A delegation set with the same owner and caller reference combination has already been created.")
			}
		}
		if t.delegations.Len(t.tx, t.sc) >= maxDelegationSets {
			return wire.Errorf("LimitsExceeded", "The maximum number of reusable delegation sets has been reached.")
		}
		r := &delegationRecord{ID: t.d.IDs.Unique("N0"), Reference: *in.CallerReference}
		if in.HostedZoneId == nil {
			r.NameServers = newNameServers(anyServer)
		} else {
			z, ok := t.zones.Get(t.tx, t.sc, bare(*in.HostedZoneId))
			switch {
			case !ok || z.Private:
				return wire.Errorf("HostedZoneNotFound", "The specified HostedZone can't be found.")
			case z.DelegationSet != "":
				return wire.Errorf("DelegationSetAlreadyReusable", "The specified delegation set has already been marked as reusable.")
			}
			r.NameServers, z.DelegationSet = z.NameServers, r.ID
			t.putZone(z)
		}
		t.delegations.Put(t.tx, t.sc, r.ID, r)
		out.DelegationSet, out.Location = r.render(), new("https://route53.amazonaws.com/2013-04-01/delegationset/"+r.ID)
		return nil
	})
}

// GetReusableDelegationSet gives a set.
func (s *Service) GetReusableDelegationSet(ctx context.Context, in *GetReusableDelegationSetInput) (*GetReusableDelegationSetOutput, error) {
	out := &GetReusableDelegationSetOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.delegationSet(*in.Id)
		if err == nil {
			out.DelegationSet = r.render()
		}
		return err
	})
}

// ListReusableDelegationSets lists sets by id. A marker is the id of the page's first set.
func (s *Service) ListReusableDelegationSets(ctx context.Context, in *ListReusableDelegationSetsInput) (*ListReusableDelegationSetsOutput, error) {
	limit, err := limitOf(in.MaxItems, 100)
	if err != nil {
		return nil, err
	}
	out := &ListReusableDelegationSetsOutput{DelegationSets: []DelegationSet{}, Marker: new(text(in.Marker)), IsTruncated: new(false), MaxItems: new(int64(limit))}
	return out, s.view(ctx, func(t *txn) error {
		for id, r := range t.delegations.Range(t.tx, t.sc, bare(text(in.Marker)), "\xff", false) {
			if len(out.DelegationSets) == limit {
				out.IsTruncated, out.NextMarker = new(true), new(id)
				break
			}
			out.DelegationSets = append(out.DelegationSets, *r.render())
		}
		return nil
	})
}

// DeleteReusableDelegationSet deletes a set that no zone uses.
func (s *Service) DeleteReusableDelegationSet(ctx context.Context, in *DeleteReusableDelegationSetInput) (*DeleteReusableDelegationSetOutput, error) {
	return &DeleteReusableDelegationSetOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.delegationSet(*in.Id)
		if err != nil {
			return err
		}
		for _, z := range t.zones.All(t.tx, t.sc) {
			if z.DelegationSet == r.ID {
				return wire.Errorf("DelegationSetInUse", "The specified delegation set is in use: %s", r.ID)
			}
		}
		t.delegations.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}
