package ec2

import (
	"context"
	"net/netip"
	"slices"
	"strconv"

	"atoll/internal/cloud/wire"
)

// dhcpOption is one setting of a set: its name and its values, in the order given.
type dhcpOption struct {
	Key    string
	Values []string
}

type dhcpOptionsRecord struct {
	ID      string
	Default bool // the set of the region that new VPCs get
	Options []dhcpOption
}

var dhcpOptionsQuery = query[dhcpOptionsRecord]{
	kind: "dhcp-options", notFound: "InvalidDhcpOptionID.NotFound", noun: "dhcpOption", prefix: "dopt-", malform: "InvalidDhcpOptionsId.Malformed",
	values: func(t *txn, r *dhcpOptionsRecord, name string) ([]string, bool) {
		switch name {
		case "dhcp-options-id":
			return []string{r.ID}, true
		case "key":
			var out []string
			for _, o := range r.Options {
				out = append(out, o.Key)
			}
			return out, true
		case "value":
			var out []string
			for _, o := range r.Options {
				out = append(out, o.Values...)
			}
			return out, true
		case "owner-id":
			return []string{t.sc.Account}, true
		}
		return nil, false
	},
}

// defaultDHCPOptions gives the id of the region's default set, which is made with the first VPC.
func (t *txn) defaultDHCPOptions() string {
	for id, r := range t.s.dhcpOptions.All(t.tx, t.sc) {
		if r.Default {
			return id
		}
	}
	r := &dhcpOptionsRecord{ID: t.id("dopt"), Default: true,
		Options: []dhcpOption{{"domain-name", []string{privateDomain(t.sc.Region)}}, {"domain-name-servers", []string{"AmazonProvidedDNS"}}}}
	t.s.dhcpOptions.Put(t.tx, t.sc, r.ID, r)
	return r.ID
}

func (t *txn) renderDHCPOptions(r *dhcpOptionsRecord) DhcpOptions {
	v := DhcpOptions{DhcpOptionsId: new(r.ID), OwnerId: new(t.sc.Account), DhcpConfigurations: []DhcpConfiguration{}, Tags: t.tagSet("dhcp-options", r.ID)}
	for _, o := range r.Options {
		c := DhcpConfiguration{Key: new(o.Key), Values: []AttributeValue{}}
		for _, value := range o.Values {
			c.Values = append(c.Values, AttributeValue{Value: new(value)})
		}
		v.DhcpConfigurations = append(v.DhcpConfigurations, c)
	}
	return v
}

// checkDHCPOption checks one setting as EC2 does.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDhcpOptions.html
func checkDHCPOption(key string, values []string) error {
	invalid := func(v string) error {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid.", v, key)
	}
	if len(values) == 0 {
		return invalid("")
	}
	switch key {
	case "domain-name":
		if len(values) != 1 {
			return wire.Errorf("InvalidParameterValue", "The option domain-name takes one value.")
		}
	case "domain-name-servers", "ntp-servers", "netbios-name-servers":
		if len(values) > 4 {
			return wire.Errorf("InvalidParameterValue", "The option %s takes up to four values.", key)
		}
		for _, v := range values {
			if _, err := netip.ParseAddr(v); err != nil && (key != "domain-name-servers" || v != "AmazonProvidedDNS") {
				return invalid(v)
			}
		}
	case "netbios-node-type":
		if len(values) != 1 || !slices.Contains([]string{"1", "2", "4", "8"}, values[0]) {
			return invalid(values[0])
		}
	case "ipv6-address-preferred-lease-time":
		if n, err := strconv.Atoi(values[0]); err != nil || n < 140 || n > 2147483647 {
			return invalid(values[0])
		}
	default:
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter key is invalid. Unknown DHCP option.", key)
	}
	return nil
}

// CreateDhcpOptions makes a set of DHCP options.
func (s *Service) CreateDhcpOptions(ctx context.Context, in *CreateDhcpOptionsInput) (*CreateDhcpOptionsOutput, error) {
	var options []dhcpOption
	for _, c := range in.DhcpConfigurations {
		if err := checkDHCPOption(text(c.Key), c.Values); err != nil {
			return nil, err
		}
		options = append(options, dhcpOption{text(c.Key), c.Values})
	}
	out := &CreateDhcpOptionsOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		r := &dhcpOptionsRecord{ID: t.id("dopt"), Options: options}
		s.dhcpOptions.Put(t.tx, t.sc, r.ID, r)
		if err := t.applyTags(in.TagSpecifications, "dhcp-options", "dhcp-options", r.ID); err != nil {
			return err
		}
		out.DhcpOptions = new(t.renderDHCPOptions(r))
		return nil
	})
}

// DescribeDhcpOptions lists sets of DHCP options.
func (s *Service) DescribeDhcpOptions(ctx context.Context, in *DescribeDhcpOptionsInput) (*DescribeDhcpOptionsOutput, error) {
	out := &DescribeDhcpOptionsOutput{DhcpOptions: []DhcpOptions{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.dhcpOptions, dhcpOptionsQuery, in.DhcpOptionsIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.DhcpOptions = append(out.DhcpOptions, t.renderDHCPOptions(r))
		}
		out.NextToken = next
		return err
	})
}

// DeleteDhcpOptions deletes a set that no VPC uses.
func (s *Service) DeleteDhcpOptions(ctx context.Context, in *DeleteDhcpOptionsInput) (*DeleteDhcpOptionsOutput, error) {
	return &DeleteDhcpOptionsOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := get(t, s.dhcpOptions, dhcpOptionsQuery, *in.DhcpOptionsId)
		if err != nil {
			return err
		}
		for _, vpc := range s.vpcs.All(t.tx, t.sc) {
			if vpc.DHCPOptionsID == r.ID {
				return wire.Errorf("DependencyViolation", "The dhcpOptions '%s' has dependencies and cannot be deleted.", r.ID)
			}
		}
		s.dhcpOptions.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

// AssociateDhcpOptions gives a VPC a set of DHCP options; the set "default" stands for none.
func (s *Service) AssociateDhcpOptions(ctx context.Context, in *AssociateDhcpOptionsInput) (*AssociateDhcpOptionsOutput, error) {
	return &AssociateDhcpOptionsOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		vpc, err := t.vpc(*in.VpcId)
		if err != nil {
			return err
		}
		if *in.DhcpOptionsId != "default" {
			if _, err := get(t, s.dhcpOptions, dhcpOptionsQuery, *in.DhcpOptionsId); err != nil {
				return err
			}
		}
		vpc.DHCPOptionsID = *in.DhcpOptionsId
		t.putVPC(vpc)
		return nil
	})
}
