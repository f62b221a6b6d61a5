package ec2

import (
	"context"

	"atoll/internal/cloud/wire"
)

// DescribeAccountAttributes answers the attributes that the local cloud acts on; AWS's other ones are quotas, which it does not have.
func (s *Service) DescribeAccountAttributes(ctx context.Context, in *DescribeAccountAttributesInput) (*DescribeAccountAttributesOutput, error) {
	out := &DescribeAccountAttributesOutput{AccountAttributes: []AccountAttribute{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		defaultVPC := "none"
		if r := t.defaultVPC(); r != nil {
			defaultVPC = r.ID
		}
		names := in.AttributeNames
		if len(names) == 0 {
			names = []string{"supported-platforms", "default-vpc"}
		}
		for _, name := range names {
			value := defaultVPC
			switch name {
			case "default-vpc":
			case "supported-platforms":
				value = "VPC"
			default:
				return wire.NotImplemented("ec2:DescribeAccountAttributes of " + name)
			}
			out.AccountAttributes = append(out.AccountAttributes, AccountAttribute{AttributeName: new(name), AttributeValues: []AccountAttributeValue{{AttributeValue: new(value)}}})
		}
		return nil
	})
}

// DescribeInstances answers that there are no instances: the local cloud has none.
func (s *Service) DescribeInstances(ctx context.Context, in *DescribeInstancesInput) (*DescribeInstancesOutput, error) {
	for _, id := range in.InstanceIds {
		return nil, wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
	}
	return &DescribeInstancesOutput{Reservations: []Reservation{}}, s.view(ctx, in.DryRun, func(*txn) error { return nil })
}

// DescribeImages answers that there are no machine images: the local cloud has none.
func (s *Service) DescribeImages(ctx context.Context, in *DescribeImagesInput) (*DescribeImagesOutput, error) {
	for _, id := range in.ImageIds {
		return nil, wire.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
	}
	return &DescribeImagesOutput{Images: []Image{}}, s.view(ctx, in.DryRun, func(*txn) error { return nil })
}
