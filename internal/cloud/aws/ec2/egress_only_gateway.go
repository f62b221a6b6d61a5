package ec2

import (
	"context"
)

type egressOnlyGatewayRecord struct{ ID, VpcID string }

var egressGatewayQuery = query[egressOnlyGatewayRecord]{
	kind: "egress-only-internet-gateway", notFound: "InvalidGatewayID.NotFound", noun: "egressOnlyInternetGateway", prefix: "eigw-",
	values: func(*txn, *egressOnlyGatewayRecord, string) ([]string, bool) { return nil, false }, // tags only
}

func (t *txn) renderEgressGateway(r *egressOnlyGatewayRecord) EgressOnlyInternetGateway {
	return EgressOnlyInternetGateway{EgressOnlyInternetGatewayId: new(r.ID), Tags: t.tagSet("egress-only-internet-gateway", r.ID),
		Attachments: []InternetGatewayAttachment{{State: new("attached"), VpcId: new(r.VpcID)}}}
}

// CreateEgressOnlyInternetGateway makes a gateway for IPv6 traffic out of a VPC.
func (s *Service) CreateEgressOnlyInternetGateway(ctx context.Context, in *CreateEgressOnlyInternetGatewayInput) (*CreateEgressOnlyInternetGatewayOutput, error) {
	out := &CreateEgressOnlyInternetGatewayOutput{ClientToken: in.ClientToken}
	return out, once(ctx, s, "CreateEgressOnlyInternetGateway", in.DryRun, in.ClientToken, in, out, func(t *txn) error {
		if _, err := t.vpc(*in.VpcId); err != nil {
			return err
		}
		r := &egressOnlyGatewayRecord{ID: t.id("eigw"), VpcID: *in.VpcId}
		s.egressGateways.Put(t.tx, t.sc, r.ID, r)
		if err := t.applyTags(in.TagSpecifications, "egress-only-internet-gateway", "egress-only-internet-gateway", r.ID); err != nil {
			return err
		}
		out.EgressOnlyInternetGateway = new(t.renderEgressGateway(r))
		return nil
	})
}

// DescribeEgressOnlyInternetGateways lists gateways. AWS answers ids that do not exist with nothing.
func (s *Service) DescribeEgressOnlyInternetGateways(ctx context.Context, in *DescribeEgressOnlyInternetGatewaysInput) (*DescribeEgressOnlyInternetGatewaysOutput, error) {
	out := &DescribeEgressOnlyInternetGatewaysOutput{EgressOnlyInternetGateways: []EgressOnlyInternetGateway{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		ids := existing(t, s.egressGateways, in.EgressOnlyInternetGatewayIds)
		if len(ids) == 0 && len(in.EgressOnlyInternetGatewayIds) > 0 {
			return nil
		}
		found, next, err := find(t, s.egressGateways, egressGatewayQuery, ids, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.EgressOnlyInternetGateways = append(out.EgressOnlyInternetGateways, t.renderEgressGateway(r))
		}
		out.NextToken = next
		return err
	})
}

// DeleteEgressOnlyInternetGateway deletes a gateway. Routes to it stay, as blackholes.
func (s *Service) DeleteEgressOnlyInternetGateway(ctx context.Context, in *DeleteEgressOnlyInternetGatewayInput) (*DeleteEgressOnlyInternetGatewayOutput, error) {
	return &DeleteEgressOnlyInternetGatewayOutput{ReturnCode: new(true)}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.egressGateways, egressGatewayQuery, *in.EgressOnlyInternetGatewayId)
		if err != nil {
			return err
		}
		s.egressGateways.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}
