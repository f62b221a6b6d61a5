package ec2

import (
	"context"

	"atoll/internal/cloud/wire"
)

type internetGatewayRecord struct {
	ID    string
	VpcID string // empty while detached
}

var internetGatewayQuery = query[internetGatewayRecord]{
	kind: "internet-gateway", notFound: "InvalidInternetGatewayID.NotFound", noun: "internetGateway", prefix: "igw-", malform: "InvalidInternetGatewayId.Malformed",
	values: func(t *txn, r *internetGatewayRecord, name string) ([]string, bool) {
		switch name {
		case "attachment.state":
			if r.VpcID == "" {
				return nil, true
			}
			return []string{"available"}, true
		case "attachment.vpc-id":
			return some(r.VpcID), true
		case "internet-gateway-id":
			return []string{r.ID}, true
		case "owner-id":
			return []string{t.sc.Account}, true
		}
		return nil, false
	},
	narrow: map[string]string{"attachment.vpc-id": "vpc"},
}

func (t *txn) renderInternetGateway(r *internetGatewayRecord) InternetGateway {
	g := InternetGateway{InternetGatewayId: new(r.ID), OwnerId: new(t.sc.Account), Attachments: []InternetGatewayAttachment{}, Tags: t.tagSet("internet-gateway", r.ID)}
	if r.VpcID != "" {
		g.Attachments = append(g.Attachments, InternetGatewayAttachment{State: new("available"), VpcId: new(r.VpcID)})
	}
	return g
}

// CreateInternetGateway makes a detached gateway.
func (s *Service) CreateInternetGateway(ctx context.Context, in *CreateInternetGatewayInput) (*CreateInternetGatewayOutput, error) {
	out := &CreateInternetGatewayOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		r := &internetGatewayRecord{ID: t.id("igw")}
		s.gateways.Put(t.tx, t.sc, r.ID, r)
		if err := t.applyTags(in.TagSpecifications, "internet-gateway", "internet-gateway", r.ID); err != nil {
			return err
		}
		out.InternetGateway = new(t.renderInternetGateway(r))
		return nil
	})
}

// DescribeInternetGateways lists gateways.
func (s *Service) DescribeInternetGateways(ctx context.Context, in *DescribeInternetGatewaysInput) (*DescribeInternetGatewaysOutput, error) {
	out := &DescribeInternetGatewaysOutput{InternetGateways: []InternetGateway{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.gateways, internetGatewayQuery, in.InternetGatewayIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.InternetGateways = append(out.InternetGateways, t.renderInternetGateway(r))
		}
		out.NextToken = next
		return err
	})
}

// AttachInternetGateway attaches a gateway to a VPC; each takes part in one attachment at most.
func (s *Service) AttachInternetGateway(ctx context.Context, in *AttachInternetGatewayInput) (*AttachInternetGatewayOutput, error) {
	return &AttachInternetGatewayOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.gateways, internetGatewayQuery, *in.InternetGatewayId)
		if err != nil {
			return err
		}
		if _, err := t.vpc(*in.VpcId); err != nil {
			return err
		}
		if r.VpcID != "" {
			return wire.Errorf("Resource.AlreadyAssociated", "resource %s is already attached to network %s", r.ID, r.VpcID)
		}
		for other := range s.gateways.By(t.tx, t.sc, "vpc", *in.VpcId) {
			return wire.Errorf("InvalidParameterValue", "Network %s already has an internet gateway attached: %s", *in.VpcId, other)
		}
		r.VpcID = *in.VpcId
		s.gateways.Put(t.tx, t.sc, r.ID, r)
		return nil
	})
}

// DetachInternetGateway detaches a gateway, unless public addresses of the VPC still depend on it.
func (s *Service) DetachInternetGateway(ctx context.Context, in *DetachInternetGatewayInput) (*DetachInternetGatewayOutput, error) {
	return &DetachInternetGatewayOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.gateways, internetGatewayQuery, *in.InternetGatewayId)
		if err != nil {
			return err
		}
		if r.VpcID != *in.VpcId {
			return wire.Errorf("Gateway.NotAttached", "resource %s is not attached to network %s", r.ID, *in.VpcId)
		}
		for _, eni := range s.interfaces.By(t.tx, t.sc, "vpc", r.VpcID) {
			if eni.hasPublicAddress() {
				return wire.Errorf("DependencyViolation", "Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", r.VpcID)
			}
		}
		r.VpcID = ""
		s.gateways.Put(t.tx, t.sc, r.ID, r)
		return nil
	})
}

// DeleteInternetGateway deletes a detached gateway. Routes to it stay, as blackholes.
func (s *Service) DeleteInternetGateway(ctx context.Context, in *DeleteInternetGatewayInput) (*DeleteInternetGatewayOutput, error) {
	return &DeleteInternetGatewayOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.gateways, internetGatewayQuery, *in.InternetGatewayId)
		if err != nil {
			return err
		}
		if r.VpcID != "" {
			return wire.Errorf("DependencyViolation", "The internetGateway '%s' has dependencies and cannot be deleted.", r.ID)
		}
		s.gateways.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}
