package ec2

import (
	"context"
	"slices"
	"strconv"

	"atoll/internal/cloud/wire"
)

// networkACLAssociation ties an ACL to a subnet; each subnet has one.
type networkACLAssociation struct{ ID, SubnetID string }

type networkACLRecord struct {
	ID, VpcID    string
	Default      bool
	Associations []networkACLAssociation
	Entries      []networkACLEntry // without the last ones, that deny what no other entry matched
}

func (r *networkACLRecord) subnetIDs() []string {
	out := make([]string, len(r.Associations))
	for i, a := range r.Associations {
		out[i] = a.SubnetID
	}
	return out
}

var networkACLQuery = query[networkACLRecord]{
	kind: "network-acl", notFound: "InvalidNetworkAclID.NotFound", noun: "networkAcl", prefix: "acl-", malform: "InvalidNetworkAclId.Malformed",
	values: networkACLValues, narrow: map[string]string{"vpc-id": "vpc", "association.subnet-id": "subnet"},
}

func networkACLValues(t *txn, r *networkACLRecord, name string) ([]string, bool) {
	entries := func(f func(e NetworkAclEntry) *string) ([]string, bool) {
		var out []string
		for _, e := range t.renderACLEntries(r) {
			if v := f(e); v != nil {
				out = append(out, *v)
			}
		}
		return out, true
	}
	number := func(p *int64) *string {
		if p == nil {
			return nil
		}
		return new(strconv.FormatInt(*p, 10))
	}
	switch name {
	case "association.association-id":
		var out []string
		for _, a := range r.Associations {
			out = append(out, a.ID)
		}
		return out, true
	case "association.network-acl-id", "network-acl-id":
		return []string{r.ID}, true
	case "association.subnet-id":
		return r.subnetIDs(), true
	case "default":
		return []string{boolText(r.Default)}, true
	case "entry.cidr":
		return entries(func(e NetworkAclEntry) *string { return e.CidrBlock })
	case "entry.ipv6-cidr":
		return entries(func(e NetworkAclEntry) *string { return e.Ipv6CidrBlock })
	case "entry.egress":
		return entries(func(e NetworkAclEntry) *string { return new(boolText(*e.Egress)) })
	case "entry.protocol":
		return entries(func(e NetworkAclEntry) *string { return e.Protocol })
	case "entry.rule-action":
		return entries(func(e NetworkAclEntry) *string { return e.RuleAction })
	case "entry.rule-number":
		return entries(func(e NetworkAclEntry) *string { return number(e.RuleNumber) })
	case "entry.port-range.from", "entry.port-range.to", "entry.icmp.code", "entry.icmp.type":
		return entries(func(e NetworkAclEntry) *string {
			switch {
			case name == "entry.port-range.from" && e.PortRange != nil:
				return number(e.PortRange.From)
			case name == "entry.port-range.to" && e.PortRange != nil:
				return number(e.PortRange.To)
			case name == "entry.icmp.code" && e.IcmpTypeCode != nil:
				return number(e.IcmpTypeCode.Code)
			case name == "entry.icmp.type" && e.IcmpTypeCode != nil:
				return number(e.IcmpTypeCode.Type)
			}
			return nil
		})
	case "owner-id":
		return []string{t.sc.Account}, true
	case "vpc-id":
		return []string{r.VpcID}, true
	}
	return nil, false
}

func (t *txn) networkACL(id string) (*networkACLRecord, error) {
	return get(t, t.s.acls, networkACLQuery, id)
}

func (t *txn) putACL(r *networkACLRecord) { t.s.acls.Put(t.tx, t.sc, r.ID, r) }

// newNetworkACL makes an ACL. A VPC's default one lets everything through.
func (t *txn) newNetworkACL(vpcID string, isDefault bool) *networkACLRecord {
	r := &networkACLRecord{ID: t.id("acl"), VpcID: vpcID, Default: isDefault}
	if isDefault {
		r.Entries = allowAll(100, false)
	}
	t.putACL(r)
	return r
}

// allowIPv6 adds to the default ACL, if it is untouched, what AWS adds when a VPC gets its first IPv6 block.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
func (t *txn) allowIPv6(vpcID string) {
	r := t.defaultACL(vpcID)
	if r != nil && slices.Equal(r.Entries, allowAll(100, false)) {
		r.Entries = append(r.Entries, allowAll(101, true)...)
		t.putACL(r)
	}
}

func (t *txn) defaultACL(vpcID string) *networkACLRecord {
	for id, shared := range t.s.acls.By(t.tx, t.sc, "vpc", vpcID) {
		if shared.Default {
			r, _ := t.s.acls.Get(t.tx, t.sc, id)
			return r
		}
	}
	return nil
}

// associateACL ties a subnet to an ACL, and gives the association's id. The subnet must have no other.
func (t *txn) associateACL(r *networkACLRecord, subnetID string) string {
	a := networkACLAssociation{t.id("aclassoc"), subnetID}
	r.Associations = append(r.Associations, a)
	t.putACL(r)
	return a.ID
}

// dropACLAssociation ends a deleted subnet's association.
func (t *txn) dropACLAssociation(subnetID string) {
	for id := range t.s.acls.By(t.tx, t.sc, "subnet", subnetID) {
		r, _ := t.s.acls.Get(t.tx, t.sc, id)
		r.Associations = slices.DeleteFunc(r.Associations, func(a networkACLAssociation) bool { return a.SubnetID == subnetID })
		t.putACL(r)
	}
}

func (t *txn) renderNetworkACL(r *networkACLRecord) NetworkAcl {
	v := NetworkAcl{NetworkAclId: new(r.ID), VpcId: new(r.VpcID), OwnerId: new(t.sc.Account), IsDefault: new(r.Default),
		Associations: []NetworkAclAssociation{}, Entries: t.renderACLEntries(r), Tags: t.tagSet("network-acl", r.ID)}
	for _, a := range r.Associations {
		v.Associations = append(v.Associations, NetworkAclAssociation{NetworkAclAssociationId: new(a.ID), NetworkAclId: new(r.ID), SubnetId: new(a.SubnetID)})
	}
	return v
}

// CreateNetworkAcl makes an ACL that denies everything.
func (s *Service) CreateNetworkAcl(ctx context.Context, in *CreateNetworkAclInput) (*CreateNetworkAclOutput, error) {
	out := &CreateNetworkAclOutput{ClientToken: in.ClientToken}
	return out, once(ctx, s, "CreateNetworkAcl", in.DryRun, in.ClientToken, in, out, func(t *txn) error {
		if _, err := t.vpc(*in.VpcId); err != nil {
			return err
		}
		r := t.newNetworkACL(*in.VpcId, false)
		if err := t.applyTags(in.TagSpecifications, "network-acl", "network-acl", r.ID); err != nil {
			return err
		}
		out.NetworkAcl = new(t.renderNetworkACL(r))
		return nil
	})
}

// DescribeNetworkAcls lists ACLs.
func (s *Service) DescribeNetworkAcls(ctx context.Context, in *DescribeNetworkAclsInput) (*DescribeNetworkAclsOutput, error) {
	out := &DescribeNetworkAclsOutput{NetworkAcls: []NetworkAcl{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.acls, networkACLQuery, in.NetworkAclIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.NetworkAcls = append(out.NetworkAcls, t.renderNetworkACL(r))
		}
		out.NextToken = next
		return err
	})
}

// DeleteNetworkAcl deletes an ACL that no subnet uses and that is not the VPC's default one.
func (s *Service) DeleteNetworkAcl(ctx context.Context, in *DeleteNetworkAclInput) (*DeleteNetworkAclOutput, error) {
	return &DeleteNetworkAclOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.networkACL(*in.NetworkAclId)
		if err != nil {
			return err
		}
		if r.Default {
			return wire.Errorf("InvalidParameterValue", "cannot delete default network ACL %s", r.ID)
		}
		if len(r.Associations) > 0 {
			return wire.Errorf("DependencyViolation", "The networkAcl '%s' has dependencies and cannot be deleted.", r.ID)
		}
		s.acls.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

// ReplaceNetworkAclAssociation gives a subnet another ACL.
func (s *Service) ReplaceNetworkAclAssociation(ctx context.Context, in *ReplaceNetworkAclAssociationInput) (*ReplaceNetworkAclAssociationOutput, error) {
	out := &ReplaceNetworkAclAssociationOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		next, err := t.networkACL(*in.NetworkAclId)
		if err != nil {
			return err
		}
		for _, old := range s.acls.By(t.tx, t.sc, "vpc", next.VpcID) {
			i := slices.IndexFunc(old.Associations, func(a networkACLAssociation) bool { return a.ID == *in.AssociationId })
			if i < 0 {
				continue
			}
			subnetID := old.Associations[i].SubnetID
			t.dropACLAssociation(subnetID)
			if next, err = t.networkACL(next.ID); err != nil {
				return err
			}
			out.NewAssociationId = new(t.associateACL(next, subnetID))
			return nil
		}
		return wire.Errorf("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", *in.AssociationId)
	})
}
