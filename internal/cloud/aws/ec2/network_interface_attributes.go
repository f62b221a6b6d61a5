package ec2

import (
	"context"

	"atoll/internal/cloud/wire"
)

// DeleteNetworkInterface deletes an interface that nothing is attached to.
func (s *Service) DeleteNetworkInterface(ctx context.Context, in *DeleteNetworkInterfaceInput) (*DeleteNetworkInterfaceOutput, error) {
	return &DeleteNetworkInterfaceOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.interfaces, interfaceQuery, *in.NetworkInterfaceId)
		if err != nil {
			return err
		}
		if r.Attachment != nil {
			return wire.Errorf("InvalidParameterValue", "Network interface '%s' is currently in use.", r.ID)
		}
		t.dropInterface(r.ID)
		return nil
	})
}

// DetachNetworkInterface refuses, as AWS does, to detach what a service of its own attached; nothing else can be attached here.
func (s *Service) DetachNetworkInterface(ctx context.Context, in *DetachNetworkInterfaceInput) (*DetachNetworkInterfaceOutput, error) {
	return &DetachNetworkInterfaceOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		for _, r := range s.interfaces.All(t.tx, t.sc) {
			if r.Attachment != nil && r.Attachment.ID == *in.AttachmentId {
				return wire.Errorf("OperationNotPermitted", "You are not allowed to manage '%s' attachments.", r.Type)
			}
		}
		return wire.Errorf("InvalidAttachmentID.NotFound", "The attachment ID '%s' does not exist", *in.AttachmentId)
	})
}

// ModifyNetworkInterfaceAttribute changes one attribute of an interface.
func (s *Service) ModifyNetworkInterfaceAttribute(ctx context.Context, in *ModifyNetworkInterfaceAttributeInput) (*ModifyNetworkInterfaceAttributeOutput, error) {
	if in.EnaSrdSpecification != nil || in.EnablePrimaryIpv6 != nil || in.ConnectionTrackingSpecification != nil || in.AssociatePublicIpAddress != nil ||
		len(in.AssociatedSubnetIds) > 0 || in.Attachment != nil {
		return nil, wire.NotImplemented("ec2:ModifyNetworkInterfaceAttribute for other attributes than description, sourceDestCheck and groupSet")
	}
	return &ModifyNetworkInterfaceAttributeOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.interfaces, interfaceQuery, *in.NetworkInterfaceId)
		if err != nil {
			return err
		}
		if in.Description != nil {
			r.Description = text(in.Description.Value)
		}
		if in.SourceDestCheck != nil {
			r.SourceDestCheck = truth(in.SourceDestCheck.Value)
		}
		if len(in.Groups) > 0 {
			if err := t.checkGroups(in.Groups, r.VpcID); err != nil {
				return err
			}
			r.GroupIDs = in.Groups
		}
		t.putInterface(r)
		return nil
	})
}

// DescribeNetworkInterfaceAttribute answers one attribute of an interface.
func (s *Service) DescribeNetworkInterfaceAttribute(ctx context.Context, in *DescribeNetworkInterfaceAttributeInput) (*DescribeNetworkInterfaceAttributeOutput, error) {
	out := &DescribeNetworkInterfaceAttributeOutput{NetworkInterfaceId: in.NetworkInterfaceId}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.interfaces, interfaceQuery, *in.NetworkInterfaceId)
		if err != nil {
			return err
		}
		v := t.renderInterface(r)
		switch text(in.Attribute) {
		case "description":
			out.Description = &AttributeValue{Value: v.Description}
		case "groupSet":
			out.Groups = v.Groups
		case "sourceDestCheck":
			out.SourceDestCheck = &AttributeBooleanValue{Value: v.SourceDestCheck}
		case "attachment":
			out.Attachment = v.Attachment
		case "associatePublicIpAddress":
			out.AssociatePublicIpAddress = new(false)
		default:
			return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", text(in.Attribute))
		}
		return nil
	})
}
