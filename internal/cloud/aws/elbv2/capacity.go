package elbv2

import (
	"context"
	"time"

	"atoll/internal/cloud/wire"
)

// capacityRecord is the capacity that a load balancer has at least.
type capacityRecord struct {
	Units     int64
	Changed   time.Time
	Decreased []time.Time // decreases within the last day
}

// maxDecreases is the number of decreases of a reservation in a day.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/capacity-unit-reservation.html
const maxDecreases = 2

// leastUnits gives the smallest reservation of a load balancer: for network load balancers it is one for each zone.
func leastUnits(b *balancerRecord) int64 {
	if b.Type == typeNetwork {
		return 2750 * int64(len(b.Zones))
	}
	return 100
}

// DescribeCapacityReservation gives the capacity that was reserved for a load balancer.
func (s *Service) DescribeCapacityReservation(ctx context.Context, in *DescribeCapacityReservationInput) (*DescribeCapacityReservationOutput, error) {
	out := &DescribeCapacityReservationOutput{}
	return out, s.view(ctx, func(t *txn) error {
		b, err := t.withCapacity(in.LoadBalancerArn)
		if err == nil {
			*out = *t.describeCapacity(b)
		}
		return err
	})
}

// withCapacity finds a load balancer of a type for which capacity can be reserved.
func (t *txn) withCapacity(arn *string) (*balancerRecord, error) {
	b, err := find(t, t.balancers, kindBalancer, arn)
	if err == nil && b.Type == typeGateway {
		return nil, wire.Errorf("OperationNotPermitted", "Capacity reservation is not supported for load balancers with type 'gateway'")
	}
	return b, err
}

func (t *txn) describeCapacity(b *balancerRecord) *DescribeCapacityReservationOutput {
	out := &DescribeCapacityReservationOutput{DecreaseRequestsRemaining: new(int64(maxDecreases))}
	c := b.Capacity
	if c == nil {
		return out
	}
	out.LastModifiedTime, out.DecreaseRequestsRemaining = new(c.Changed), new(int64(maxDecreases-len(t.decreases(c))))
	if c.Units == 0 {
		return out
	}
	out.MinimumLoadBalancerCapacity = &MinimumLoadBalancerCapacity{CapacityUnits: new(c.Units)}
	for _, z := range b.Zones {
		out.CapacityReservationState = append(out.CapacityReservationState, ZonalCapacityReservationState{
			AvailabilityZone: new(z.Zone), EffectiveCapacityUnits: new(float64(c.Units) / float64(len(b.Zones))),
			State: &CapacityReservationStatus{Code: new("provisioned")},
		})
	}
	return out
}

// decreases gives those of the last day.
func (t *txn) decreases(c *capacityRecord) []time.Time {
	var out []time.Time
	for _, at := range c.Decreased {
		if t.now.Sub(at) < 24*time.Hour {
			out = append(out, at)
		}
	}
	return out
}

// ModifyCapacityReservation reserves capacity for a load balancer, or gives it back.
func (s *Service) ModifyCapacityReservation(ctx context.Context, in *ModifyCapacityReservationInput) (*ModifyCapacityReservationOutput, error) {
	reset := in.ResetCapacityReservation != nil && *in.ResetCapacityReservation
	var units int64
	if m := in.MinimumLoadBalancerCapacity; m != nil && m.CapacityUnits != nil && !reset {
		units = *m.CapacityUnits
	} else if !reset {
		return nil, invalid("Either minimum load balancer capacity or reset capacity reservation must be specified")
	}
	out := &ModifyCapacityReservationOutput{}
	return out, s.update(ctx, func(t *txn) error {
		b, err := t.withCapacity(in.LoadBalancerArn)
		if err != nil {
			return err
		}
		if least := leastUnits(b); !reset && units < least {
			return invalid("The minimum load balancer capacity must be at least '%d' capacity units", least)
		}
		c := b.Capacity
		if c == nil {
			c = &capacityRecord{}
		}
		c.Decreased = t.decreases(c)
		if units < c.Units {
			if len(c.Decreased) >= maxDecreases && !reset {
				return wire.Errorf("CapacityDecreaseRequestLimitExceeded", "The maximum number of capacity decrease requests for today has been reached")
			}
			if !reset {
				c.Decreased = append(c.Decreased, t.now)
			}
		}
		c.Units, c.Changed = units, t.now
		b.Capacity = c
		t.balancers.Put(t.tx, t.sc, b.ID, b)
		*out = ModifyCapacityReservationOutput(*t.describeCapacity(b))
		return nil
	})
}

// ModifyIpPools gives a load balancer an IPAM pool, which the local cloud lacks, or takes it away.
func (s *Service) ModifyIpPools(ctx context.Context, in *ModifyIpPoolsInput) (*ModifyIpPoolsOutput, error) {
	if in.IpamPools != nil {
		return nil, wire.NotImplemented("elasticloadbalancing:ModifyIpPools with IpamPools")
	}
	return &ModifyIpPoolsOutput{}, s.view(ctx, func(t *txn) error {
		_, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
		return err
	})
}
