package ec2

import (
	"context"
	"net/netip"
	"slices"

	"atoll/internal/cloud/wire"
)

type addressRecord struct {
	ID            string // allocation id
	PublicIP      string
	BorderGroup   string
	AssociationID string
	InterfaceID   string
	PrivateIP     string
	DomainName    string // of the reverse DNS record
	ServiceOwned  string // the service that uses it, such as "nat" and "nlb"
}

var addressQuery = query[addressRecord]{
	kind: "elastic-ip", notFound: "InvalidAllocationID.NotFound", noun: "allocation", prefix: "eipalloc-",
	values: func(t *txn, r *addressRecord, name string) ([]string, bool) {
		switch name {
		case "allocation-id":
			return []string{r.ID}, true
		case "association-id":
			return some(r.AssociationID), true
		case "domain":
			return []string{"vpc"}, true
		case "instance-id":
			return nil, true
		case "network-border-group":
			return []string{r.BorderGroup}, true
		case "network-interface-id":
			return some(r.InterfaceID), true
		case "network-interface-owner-id":
			if r.InterfaceID == "" {
				return nil, true
			}
			return []string{t.sc.Account}, true
		case "private-ip-address":
			return some(r.PrivateIP), true
		case "public-ip":
			return []string{r.PublicIP}, true
		}
		return nil, false
	},
	narrow: map[string]string{"association-id": "association"},
}

func (t *txn) address(id string) (*addressRecord, error) {
	return get(t, t.s.addresses, addressQuery, id)
}

func (t *txn) putAddress(r *addressRecord) { t.s.addresses.Put(t.tx, t.sc, r.ID, r) }

func (t *txn) renderAddress(r *addressRecord) Address {
	v := Address{AllocationId: new(r.ID), PublicIp: new(r.PublicIP), Domain: new("vpc"), PublicIpv4Pool: new("amazon"), NetworkBorderGroup: new(r.BorderGroup),
		Tags: t.tagSet("elastic-ip", r.ID)}
	if r.AssociationID != "" {
		v.AssociationId, v.NetworkInterfaceId, v.NetworkInterfaceOwnerId = new(r.AssociationID), new(r.InterfaceID), new(t.sc.Account)
		v.PrivateIpAddress = new(r.PrivateIP)
		if eni, ok := t.s.interfaces.Get(t.tx, t.sc, r.InterfaceID); ok {
			v.SubnetId = new(eni.SubnetID)
		}
	}
	return v
}

// AllocateAddress gives an address of 203.0.113.0/24 or 198.51.100.0/24, the blocks kept for documentation, so that none of the
// real internet's is named; past those, of 198.18.0.0/15, kept for tests.
func (s *Service) AllocateAddress(ctx context.Context, in *AllocateAddressInput) (*AllocateAddressOutput, error) {
	switch {
	case in.Address != nil || in.PublicIpv4Pool != nil && *in.PublicIpv4Pool != "amazon" || in.CustomerOwnedIpv4Pool != nil || in.IpamPoolId != nil:
		return nil, wire.NotImplemented("ec2:AllocateAddress from a pool of one's own")
	case in.Domain != nil && *in.Domain != "vpc":
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for domain.", *in.Domain)
	}
	out := &AllocateAddressOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		if g := text(in.NetworkBorderGroup); g != "" && g != t.sc.Region {
			return wire.NotImplemented("ec2:AllocateAddress in the network border group " + g)
		}
		ip, err := t.freePublicIP()
		if err != nil {
			return err
		}
		r := &addressRecord{ID: t.id("eipalloc"), PublicIP: ip, BorderGroup: t.sc.Region}
		t.putAddress(r)
		if err := t.applyTags(in.TagSpecifications, "elastic-ip", "elastic-ip", r.ID); err != nil {
			return err
		}
		*out = AllocateAddressOutput{AllocationId: new(r.ID), PublicIp: new(r.PublicIP), Domain: new("vpc"), PublicIpv4Pool: new("amazon"), NetworkBorderGroup: new(r.BorderGroup)}
		return nil
	})
}

func (t *txn) freePublicIP() (string, error) {
	used := map[string]bool{}
	for _, r := range t.s.addresses.AllScopes(t.tx) {
		used[r.PublicIP] = true
	}
	for _, r := range t.s.interfaces.AllScopes(t.tx) {
		used[r.PublicIP] = true
	}
	// Blocks for documentation and benchmarks. The rest of the latter, and the other ones for documentation, stay free for what is outside.
	for _, block := range []string{"203.0.113.0/24", "198.19.0.0/16"} {
		p := netip.MustParsePrefix(block)
		for ip := p.Addr().Next(); p.Contains(ip.Next()); ip = ip.Next() {
			if !used[ip.String()] {
				return ip.String(), nil
			}
		}
	}
	return "", wire.Errorf("AddressLimitExceeded", "The maximum number of addresses has been reached.")
}

// DescribeAddresses lists Elastic IPs.
func (s *Service) DescribeAddresses(ctx context.Context, in *DescribeAddressesInput) (*DescribeAddressesOutput, error) {
	out := &DescribeAddressesOutput{Addresses: []Address{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		filters := in.Filters
		if len(in.PublicIps) > 0 {
			for _, ip := range in.PublicIps {
				if t.byPublicIP(ip) == nil {
					return wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", ip)
				}
			}
			filters = append(slices.Clone(filters), Filter{Name: new("public-ip"), Values: in.PublicIps})
		}
		found, _, err := find(t, s.addresses, addressQuery, in.AllocationIds, filters, nil, nil)
		for _, r := range found {
			out.Addresses = append(out.Addresses, t.renderAddress(r))
		}
		return err
	})
}

func (t *txn) byPublicIP(ip string) *addressRecord {
	for id := range t.s.addresses.By(t.tx, t.sc, "public", ip) {
		own, _ := t.s.addresses.Get(t.tx, t.sc, id)
		return own
	}
	return nil
}

// addressBy finds an address by its allocation id or by its public IP.
func (t *txn) addressBy(allocationID, publicIP *string) (*addressRecord, error) {
	if allocationID != nil {
		return t.address(*allocationID)
	}
	if publicIP == nil {
		return nil, wire.Errorf("MissingParameter", "Either public IP or allocation id must be specified")
	}
	if r := t.byPublicIP(*publicIP); r != nil {
		return r, nil
	}
	return nil, wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", *publicIP)
}

// addressPlace finds a private address of an interface; none named is the primary one.
func (eni *interfaceRecord) addressPlace(privateIP string) (int, error) {
	if privateIP == "" {
		return 0, nil
	}
	i := slices.IndexFunc(eni.PrivateIPs, func(p privateAddress) bool { return p.IP == privateIP })
	if i < 0 {
		return 0, wire.Errorf("InvalidParameterValue", "The private IP address %s is not assigned to the network interface %s.", privateIP, eni.ID)
	}
	return i, nil
}

// mapAddress maps an address to a private one of an interface.
func (t *txn) mapAddress(a *addressRecord, eni *interfaceRecord, privateIP string) error {
	i, err := eni.addressPlace(privateIP)
	if err != nil {
		return err
	}
	if have := eni.PrivateIPs[i].AllocationID; have != "" && have != a.ID {
		return wire.Errorf("Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s", eni.ID, have)
	}
	a.AssociationID, a.InterfaceID, a.PrivateIP = t.id("eipassoc"), eni.ID, eni.PrivateIPs[i].IP
	t.putAddress(a)
	eni.PrivateIPs[i].AllocationID = a.ID
	t.putInterface(eni)
	return nil
}

// unmapAddress ends an address's mapping.
func (t *txn) unmapAddress(a *addressRecord) {
	if eni, ok := t.s.interfaces.Get(t.tx, t.sc, a.InterfaceID); ok {
		for i := range eni.PrivateIPs {
			if eni.PrivateIPs[i].AllocationID == a.ID {
				eni.PrivateIPs[i].AllocationID = ""
			}
		}
		t.putInterface(eni)
	}
	a.AssociationID, a.InterfaceID, a.PrivateIP = "", "", ""
	t.putAddress(a)
}

// notOurs refuses to touch the address or the interface of a NAT gateway but through the gateway.
func notOurs() error {
	return wire.Errorf("AuthFailure", "You do not have permission to access the specified resource.").WithStatus(400)
}

// AssociateAddress maps an address to a network interface. Unless AllowReassociation is false it leaves the interface that it
// had, and takes the place of the address that the interface had.
func (s *Service) AssociateAddress(ctx context.Context, in *AssociateAddressInput) (*AssociateAddressOutput, error) {
	out := &AssociateAddressOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		a, err := t.addressBy(in.AllocationId, in.PublicIp)
		if err != nil {
			return err
		}
		if in.InstanceId != nil {
			return wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", *in.InstanceId)
		}
		if in.NetworkInterfaceId == nil {
			return wire.Errorf("MissingParameter", "Either instance ID or network interface id must be specified")
		}
		eni, err := get(t, s.interfaces, interfaceQuery, *in.NetworkInterfaceId)
		if err != nil {
			return err
		}
		if a.ServiceOwned != "" || eni.Type == "nat_gateway" {
			return notOurs()
		}
		if !t.hasGateway(eni.VpcID) {
			return wire.Errorf("Gateway.NotAttached", "Network %s is not attached to any internet gateway", eni.VpcID)
		}
		i, err := eni.addressPlace(text(in.PrivateIpAddress))
		if err != nil {
			return err
		}
		fixed := in.AllowReassociation != nil && !*in.AllowReassociation
		if a.AssociationID != "" {
			if fixed && a.InterfaceID != eni.ID {
				return wire.Errorf("Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s", a.ID, a.AssociationID)
			}
			t.unmapAddress(a)
		}
		if other, ok := s.addresses.Get(t.tx, t.sc, eni.PrivateIPs[i].AllocationID); ok && other.ID != a.ID && !fixed {
			t.unmapAddress(other)
		}
		if eni, err = get(t, s.interfaces, interfaceQuery, eni.ID); err != nil {
			return err
		}
		if err := t.mapAddress(a, eni, text(in.PrivateIpAddress)); err != nil {
			return err
		}
		out.AssociationId = new(a.AssociationID)
		return nil
	})
}

func (t *txn) hasGateway(vpcID string) bool {
	for range t.s.gateways.By(t.tx, t.sc, "vpc", vpcID) {
		return true
	}
	return false
}

// DisassociateAddress ends an address's mapping to an interface; a NAT gateway's primary one cannot be ended.
func (s *Service) DisassociateAddress(ctx context.Context, in *DisassociateAddressInput) (*DisassociateAddressOutput, error) {
	return &DisassociateAddressOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		var a *addressRecord
		if in.AssociationId != nil {
			for id := range s.addresses.By(t.tx, t.sc, "association", *in.AssociationId) {
				a, _ = s.addresses.Get(t.tx, t.sc, id)
			}
			if a == nil {
				return wire.Errorf("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", *in.AssociationId)
			}
		} else {
			var err error
			if a, err = t.addressBy(nil, in.PublicIp); err != nil {
				return err
			}
		}
		if a.ServiceOwned != "" {
			return notOurs()
		}
		t.unmapAddress(a)
		return nil
	})
}

// ReleaseAddress gives an address back, if nothing uses it.
func (s *Service) ReleaseAddress(ctx context.Context, in *ReleaseAddressInput) (*ReleaseAddressOutput, error) {
	return &ReleaseAddressOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		a, err := t.addressBy(in.AllocationId, in.PublicIp)
		if err != nil {
			return err
		}
		if a.AssociationID != "" {
			return wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", a.PublicIP)
		}
		s.addresses.Delete(t.tx, t.sc, a.ID)
		return nil
	})
}

func (t *txn) renderAddressAttribute(a *addressRecord) AddressAttribute {
	v := AddressAttribute{AllocationId: new(a.ID), PublicIp: new(a.PublicIP)}
	if a.DomainName != "" {
		v.PtrRecord = new(a.DomainName)
	}
	return v
}

// DescribeAddressesAttribute lists addresses' reverse DNS names.
func (s *Service) DescribeAddressesAttribute(ctx context.Context, in *DescribeAddressesAttributeInput) (*DescribeAddressesAttributeOutput, error) {
	if in.Attribute != nil && *in.Attribute != "domain-name" {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid.", *in.Attribute)
	}
	out := &DescribeAddressesAttributeOutput{Addresses: []AddressAttribute{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.addresses, addressQuery, in.AllocationIds, nil, in.MaxResults, in.NextToken)
		for _, a := range found {
			out.Addresses = append(out.Addresses, t.renderAddressAttribute(a))
		}
		out.NextToken = next
		return err
	})
}

// ModifyAddressAttribute sets an address's reverse DNS name. AWS also checks that the name resolves to the address; no name of
// the outside world resolves to the local cloud's, so that check is left out.
func (s *Service) ModifyAddressAttribute(ctx context.Context, in *ModifyAddressAttributeInput) (*ModifyAddressAttributeOutput, error) {
	out := &ModifyAddressAttributeOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		a, err := t.address(*in.AllocationId)
		if err != nil {
			return err
		}
		if a.DomainName = text(in.DomainName); a.DomainName != "" && a.DomainName[len(a.DomainName)-1] != '.' {
			a.DomainName += "."
		}
		t.putAddress(a)
		out.Address = new(t.renderAddressAttribute(a))
		return nil
	})
}

// ResetAddressAttribute clears an address's reverse DNS name.
func (s *Service) ResetAddressAttribute(ctx context.Context, in *ResetAddressAttributeInput) (*ResetAddressAttributeOutput, error) {
	if text(in.Attribute) != "domain-name" {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid.", text(in.Attribute))
	}
	out := &ResetAddressAttributeOutput{}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		a, err := t.address(*in.AllocationId)
		if err != nil {
			return err
		}
		a.DomainName = ""
		t.putAddress(a)
		out.Address = new(t.renderAddressAttribute(a))
		return nil
	})
}
