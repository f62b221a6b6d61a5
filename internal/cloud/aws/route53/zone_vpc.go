package route53

import (
	"context"
	"slices"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

type vpcRecord struct{ Region, ID string }

func (v vpcRecord) key() string { return v.Region + "/" + v.ID }

func (z *zoneRecord) vpcKeys() []string {
	var out []string
	for _, v := range z.VPCs {
		out = append(out, v.key())
	}
	return out
}

// associate lets a VPC see a private zone. A VPC sees one zone of a name.
func (t *txn) associate(z *zoneRecord, in *VPC) error {
	v := vpcRecord{Region: text(in.VPCRegion), ID: text(in.VPCId)}
	if v.ID == "" {
		return invalid("The VPC must have an ID.")
	}
	if v.Region == "" {
		v.Region = t.region
	}
	if _, ok := t.d.Networks.VPC(t.tx, state.Scope{Account: t.sc.Account, Region: v.Region}, v.ID); !ok {
		return wire.Errorf("InvalidVPCId", "The VPC ID is invalid: the account has no VPC %s in region %s.", v.ID, v.Region)
	}
	for _, other := range t.zones.By(t.tx, t.sc, "vpc", v.key()) {
		if other.Name == z.Name {
			return wire.Errorf("ConflictingDomainExists", "The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.", v.ID, v.Region, other.ID)
		}
	}
	z.VPCs = append(z.VPCs, v)
	return nil
}

// AssociateVPCWithHostedZone lets another VPC see a private zone.
func (s *Service) AssociateVPCWithHostedZone(ctx context.Context, in *AssociateVPCWithHostedZoneInput) (*AssociateVPCWithHostedZoneOutput, error) {
	out := &AssociateVPCWithHostedZoneOutput{}
	return out, s.update(ctx, func(t *txn) error {
		z, err := t.zone(*in.HostedZoneId)
		if err != nil {
			return err
		}
		if !z.Private {
			return wire.Errorf("PublicZoneVPCAssociation", "The hosted zone %s is a public hosted zone. A VPC can be associated with private hosted zones only.", z.ID)
		}
		if err := t.associate(z, in.VPC); err != nil {
			return err
		}
		t.putZone(z)
		out.ChangeInfo = t.change(text(in.Comment))
		return nil
	})
}

// DisassociateVPCFromHostedZone takes a VPC from a private zone, which keeps one at least.
func (s *Service) DisassociateVPCFromHostedZone(ctx context.Context, in *DisassociateVPCFromHostedZoneInput) (*DisassociateVPCFromHostedZoneOutput, error) {
	out := &DisassociateVPCFromHostedZoneOutput{}
	return out, s.update(ctx, func(t *txn) error {
		z, err := t.zone(*in.HostedZoneId)
		if err != nil {
			return err
		}
		v := vpcRecord{Region: text(in.VPC.VPCRegion), ID: text(in.VPC.VPCId)}
		if v.Region == "" {
			v.Region = t.region
		}
		i := slices.Index(z.VPCs, v)
		switch {
		case i < 0:
			return wire.Errorf("VPCAssociationNotFound", "The VPC %s in region %s and the hosted zone %s are not associated.", v.ID, v.Region, z.ID)
		case len(z.VPCs) == 1:
			return wire.Errorf("LastVPCAssociation", "The VPC %s is the last one that is associated with the private hosted zone %s, and cannot be disassociated from it.", v.ID, z.ID)
		}
		z.VPCs = slices.Delete(z.VPCs, i, i+1)
		t.putZone(z)
		out.ChangeInfo = t.change(text(in.Comment))
		return nil
	})
}

// ListHostedZonesByVPC lists the private zones that a VPC sees.
func (s *Service) ListHostedZonesByVPC(ctx context.Context, in *ListHostedZonesByVPCInput) (*ListHostedZonesByVPCOutput, error) {
	limit, err := limitOf(in.MaxItems, 100)
	if err != nil {
		return nil, err
	}
	out := &ListHostedZonesByVPCOutput{HostedZoneSummaries: []HostedZoneSummary{}, MaxItems: new(int64(limit))}
	return out, s.view(ctx, func(t *txn) error {
		v := vpcRecord{Region: *in.VPCRegion, ID: *in.VPCId}
		if _, ok := t.d.Networks.VPC(t.tx, state.Scope{Account: t.sc.Account, Region: v.Region}, v.ID); !ok {
			return wire.Errorf("InvalidVPCId", "The VPC ID is invalid: the account has no VPC %s in region %s.", v.ID, v.Region)
		}
		for id, z := range t.zones.By(t.tx, t.sc, "vpc", v.key()) {
			if id < text(in.NextToken) {
				continue
			}
			if len(out.HostedZoneSummaries) == limit {
				out.NextToken = new(id)
				break
			}
			out.HostedZoneSummaries = append(out.HostedZoneSummaries, HostedZoneSummary{HostedZoneId: new(id), Name: new(z.Name),
				Owner: &HostedZoneOwner{OwningAccount: new(t.sc.Account)}})
		}
		return nil
	})
}
