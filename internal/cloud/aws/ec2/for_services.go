package ec2

import (
	"net/netip"

	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
)

// What other services may ask of EC2, each within a transaction of theirs.

func (s *Service) in(tx *state.Tx, sc state.Scope) *txn { return &txn{s: s, tx: tx, sc: sc} }

// VPC gives a VPC.
func (s *Service) VPC(tx *state.Tx, sc state.Scope, id string) (network.VPC, bool) {
	r, ok := s.vpcs.Get(tx, sc, id)
	if !ok {
		return network.VPC{}, false
	}
	v := network.VPC{ID: id, CIDR: r.CIDR, Default: r.Default, DNSSupport: r.DNSSupport, DNSHostnames: r.DNSHostnames}
	for range s.gateways.By(tx, sc, "vpc", id) {
		v.HasInternetGateway = true
	}
	return v, true
}

// DefaultVPC gives the region's default VPC. A transaction that writes makes it when the account first uses the region.
func (s *Service) DefaultVPC(tx *state.Tx, sc state.Scope) (network.VPC, bool) {
	if _, ok := regionOf(sc.Region); ok && tx.Writable() {
		s.in(tx, sc).firstUse()
	}
	for id, r := range s.vpcs.All(tx, sc) {
		if r.Default {
			return s.VPC(tx, sc, id)
		}
	}
	return network.VPC{}, false
}

// Subnet gives a subnet.
func (s *Service) Subnet(tx *state.Tx, sc state.Scope, id string) (network.Subnet, bool) {
	r, ok := s.subnets.Get(tx, sc, id)
	if !ok {
		return network.Subnet{}, false
	}
	t := s.in(tx, sc)
	v := network.Subnet{
		ID: id, ARN: arn(sc, "subnet", id), VPC: r.VpcID, Zone: r.Zone, ZoneID: r.ZoneID, CIDR: r.CIDR, Free: int(t.freeAddresses(r)),
		DefaultForAZ: r.DefaultForAZ, Public: t.public(r),
	}
	for _, b := range r.IPv6 {
		v.IPv6 = append(v.IPv6, b.CIDR)
	}
	return v, true
}

// SubnetsOf gives the subnets of a VPC.
func (s *Service) SubnetsOf(tx *state.Tx, sc state.Scope, vpc string) []network.Subnet {
	var out []network.Subnet
	for id := range s.subnets.By(tx, sc, "vpc", vpc) {
		v, _ := s.Subnet(tx, sc, id)
		out = append(out, v)
	}
	return out
}

// public reports whether the subnet's routes lead to an internet gateway.
func (t *txn) public(sub *subnetRecord) bool {
	var table *routeTableRecord
	for _, r := range t.s.routeTables.By(t.tx, t.sc, "subnet", sub.ID) {
		table = r
	}
	if table == nil {
		for _, r := range t.s.routeTables.By(t.tx, t.sc, "vpc", sub.VpcID) {
			if r.main() {
				table = r
			}
		}
	}
	if table == nil {
		return false
	}
	for _, route := range table.Routes {
		if route.Target.Kind == targetGateway && route.Target.ID != "local" {
			return true
		}
	}
	return false
}

// SecurityGroup gives a security group.
func (s *Service) SecurityGroup(tx *state.Tx, sc state.Scope, id string) (network.SecurityGroup, bool) {
	r, ok := s.groups.Get(tx, sc, id)
	if !ok {
		return network.SecurityGroup{}, false
	}
	return network.SecurityGroup{ID: id, Name: r.Name, VPC: r.VpcID, Default: r.Default}, true
}

// DefaultSecurityGroup gives the default group of a VPC.
func (s *Service) DefaultSecurityGroup(tx *state.Tx, sc state.Scope, vpc string) (network.SecurityGroup, bool) {
	for id, r := range s.groups.By(tx, sc, "vpc", vpc) {
		if r.Default {
			return s.SecurityGroup(tx, sc, id)
		}
	}
	return network.SecurityGroup{}, false
}

// AttachInterface makes a network interface that a service manages and that is in use until ReleaseInterface. Its errors are EC2's,
// such as InvalidSubnetID.NotFound, InvalidGroup.NotFound, InsufficientFreeAddressesInSubnet, InvalidIPAddress.InUse,
// InvalidAllocationID.NotFound and Resource.AlreadyAssociated.
func (s *Service) AttachInterface(tx *state.Tx, sc state.Scope, in network.InterfaceRequest) (network.Interface, error) {
	t := s.in(tx, sc)
	sub, err := t.subnet(in.Subnet)
	if err != nil {
		return network.Interface{}, err
	}
	r, err := t.newInterface(sub, interfaceOptions{Type: in.Type, Description: in.Description, RequesterID: in.Requester, RequesterManaged: true,
		GroupIDs: in.Groups, AttachedBy: in.Requester, Tags: in.Tags, PrivateIP: in.PrivateIP})
	if err != nil {
		return network.Interface{}, err
	}
	if in.ElasticIP != "" {
		if err := t.lendAddress(in.ElasticIP, in.Service, r, 0); err != nil {
			return network.Interface{}, err
		}
	} else if in.PublicIP {
		if r.PublicIP, err = t.freePublicIP(); err != nil {
			return network.Interface{}, err
		}
		t.putInterface(r)
	}
	return t.describe(r), nil
}

func (t *txn) describe(r *interfaceRecord) network.Interface {
	v := network.Interface{ID: r.ID, Subnet: r.SubnetID, VPC: r.VpcID, Zone: r.Zone, MAC: r.MAC, Groups: r.GroupIDs}
	if len(r.PrivateIPs) > 0 {
		v.PrivateIP, v.PrivateDNS, v.PublicIP = r.PrivateIPs[0].IP, t.privateName(r.PrivateIPs[0].IP), t.publicAddress(r, 0)
	}
	if sub, ok := t.s.subnets.Get(t.tx, t.sc, r.SubnetID); ok {
		v.SubnetCIDR = sub.CIDR
	}
	if r.Attachment != nil {
		v.AttachmentID = r.Attachment.ID
	}
	return v
}

// Interface gives a network interface.
func (s *Service) Interface(tx *state.Tx, sc state.Scope, id string) (network.Interface, bool) {
	r, ok := s.interfaces.Get(tx, sc, id)
	if !ok {
		return network.Interface{}, false
	}
	return s.in(tx, sc).describe(r), true
}

// FindInterface gives a network interface of any account and region.
func (s *Service) FindInterface(tx *state.Tx, id string) (network.Interface, state.Scope, bool) {
	for _, sc := range s.vpcs.Scopes(tx) {
		if v, ok := s.Interface(tx, sc, id); ok {
			return v, sc, true
		}
	}
	return network.Interface{}, state.Scope{}, false
}

// InterfaceAt gives the network interface that has a private address in a VPC.
func (s *Service) InterfaceAt(tx *state.Tx, sc state.Scope, vpc string, addr netip.Addr) (network.Interface, bool) {
	for _, r := range s.interfaces.By(tx, sc, "address", vpc+" "+addr.String()) {
		return s.in(tx, sc).describe(r), true
	}
	return network.Interface{}, false
}

// InterfaceByPublicIP gives the network interface that has a public address, of any account and region.
func (s *Service) InterfaceByPublicIP(tx *state.Tx, addr netip.Addr) (network.Interface, state.Scope, bool) {
	for _, sc := range s.vpcs.Scopes(tx) {
		if r := s.in(tx, sc).byPublicAddress(addr.String()); r != nil {
			return s.in(tx, sc).describe(r), sc, true
		}
	}
	return network.Interface{}, state.Scope{}, false
}

// SetInterfaceGroups gives an interface other security groups.
func (s *Service) SetInterfaceGroups(tx *state.Tx, sc state.Scope, id string, groups []string) error {
	t := s.in(tx, sc)
	r, ok := s.interfaces.Get(tx, sc, id)
	if !ok {
		return interfaceQuery.missing(id)
	}
	if err := t.checkGroups(groups, r.VpcID); err != nil {
		return err
	}
	r.GroupIDs = groups
	t.putInterface(r)
	return nil
}

// ReleaseInterface removes an interface that AttachInterface made; one that is gone is no error.
func (s *Service) ReleaseInterface(tx *state.Tx, sc state.Scope, id string) {
	s.in(tx, sc).dropInterface(id)
}

// Zones gives the names of the availability zones of a region, none of one that does not exist.
func (s *Service) Zones(region string) []string {
	r, ok := regionOf(region)
	if !ok {
		return nil
	}
	var out []string
	for _, z := range r.list() {
		out = append(out, z.name)
	}
	return out
}
