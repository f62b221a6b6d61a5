package ec2

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// privateAddress is one of an interface's IPv4 addresses; the first is the primary one.
type privateAddress struct {
	IP           string
	AllocationID string // of the Elastic IP mapped to it, or empty
}

type interfaceRecord struct {
	ID, VpcID, SubnetID, Zone, ZoneID string
	Type                              string // interface, nat_gateway, vpc_endpoint…
	Description                       string
	PrivateIPs                        []privateAddress
	GroupIDs                          []string
	MAC                               string
	SourceDestCheck                   bool
	RequesterID                       string
	RequesterManaged                  bool
	Attachment                        *interfaceAttachment
	PublicIP                          string // of AWS's own, mapped to the first address; empty if it has none or an Elastic IP
	Created                           time.Time
}

// interfaceAttachment ties an interface to a service of AWS; the local cloud has no instances.
type interfaceAttachment struct {
	ID, InstanceOwnerID string
	At                  time.Time
}

func (r *interfaceRecord) hasPublicAddress() bool {
	return r.PublicIP != "" || slices.ContainsFunc(r.PrivateIPs, func(p privateAddress) bool { return p.AllocationID != "" })
}

// places are the interface's addresses, each with its VPC, as the index has them.
func (r *interfaceRecord) places() []string {
	out := make([]string, len(r.PrivateIPs))
	for i, p := range r.PrivateIPs {
		out[i] = r.VpcID + " " + p.IP
	}
	return out
}

// publicOwner gives the owner of AWS's own public address: the service that manages the interface.
func (r *interfaceRecord) publicOwner() string {
	if r.RequesterManaged && r.RequesterID == "amazon-elb" {
		return "amazon-elb"
	}
	return "amazon"
}

func (r *interfaceRecord) status() string {
	if r.Attachment != nil {
		return "in-use"
	}
	return "available"
}

var interfaceQuery = query[interfaceRecord]{
	kind: "network-interface", notFound: "InvalidNetworkInterfaceID.NotFound", noun: "networkInterface", prefix: "eni-", malform: "InvalidNetworkInterfaceId.Malformed",
	values: interfaceValues, narrow: map[string]string{"vpc-id": "vpc", "subnet-id": "subnet", "group-id": "group"},
}

func interfaceValues(t *txn, r *interfaceRecord, name string) ([]string, bool) {
	switch name {
	case "addresses.private-ip-address":
		var out []string
		for _, p := range r.PrivateIPs {
			out = append(out, p.IP)
		}
		return out, true
	case "private-ip-address":
		if len(r.PrivateIPs) == 0 {
			return nil, true
		}
		return []string{r.PrivateIPs[0].IP}, true
	case "addresses.association.public-ip", "association.public-ip", "association.allocation-id", "association.association-id", "association.ip-owner-id":
		return t.publicValues(r, name), true
	case "attachment.attachment-id":
		if r.Attachment != nil {
			return []string{r.Attachment.ID}, true
		}
		return nil, true
	case "attachment.instance-owner-id":
		if r.Attachment != nil {
			return []string{r.Attachment.InstanceOwnerID}, true
		}
		return nil, true
	case "attachment.status":
		if r.Attachment != nil {
			return []string{"attached"}, true
		}
		return nil, true
	case "attachment.instance-id", "attachment.device-index", "attachment.attach-time", "attachment.delete-on-termination", "attachment.nat-gateway-id",
		"ipv6-addresses.ipv6-address", "addresses.primary", "association.public-dns-name", "operator.managed", "operator.principal", "private-dns-name", "private-ip-addresses.primary":
		return nil, true
	case "availability-zone":
		return []string{r.Zone}, true
	case "availability-zone-id":
		return []string{r.ZoneID}, true
	case "description":
		return []string{r.Description}, true
	case "group-id":
		return r.GroupIDs, true
	case "group-name":
		var out []string
		for _, id := range r.GroupIDs {
			if g, ok := t.s.groups.Get(t.tx, t.sc, id); ok {
				out = append(out, g.Name)
			}
		}
		return out, true
	case "interface-type":
		return []string{r.Type}, true
	case "mac-address":
		return []string{r.MAC}, true
	case "network-interface-id":
		return []string{r.ID}, true
	case "owner-id":
		return []string{t.sc.Account}, true
	case "requester-id":
		return some(r.RequesterID), true
	case "requester-managed":
		return []string{boolText(r.RequesterManaged)}, true
	case "source-dest-check":
		return []string{boolText(r.SourceDestCheck)}, true
	case "status":
		return []string{r.status()}, true
	case "subnet-id":
		return []string{r.SubnetID}, true
	case "vpc-id":
		return []string{r.VpcID}, true
	}
	return nil, false
}

func (t *txn) publicValues(r *interfaceRecord, name string) []string {
	var out []string
	if r.PublicIP != "" {
		switch name {
		case "association.ip-owner-id":
			out = append(out, r.publicOwner())
		case "addresses.association.public-ip", "association.public-ip":
			out = append(out, r.PublicIP)
		}
	}
	for _, p := range r.PrivateIPs {
		a, ok := t.s.addresses.Get(t.tx, t.sc, p.AllocationID)
		if !ok {
			continue
		}
		switch {
		case strings.HasSuffix(name, "public-ip"):
			out = append(out, a.PublicIP)
		case strings.HasSuffix(name, "allocation-id"):
			out = append(out, a.ID)
		case strings.HasSuffix(name, "association-id"):
			out = append(out, a.AssociationID)
		default:
			out = append(out, t.sc.Account)
		}
	}
	return out
}

// interfaceOptions are the settings of a new interface; empty ones take AWS's defaults.
type interfaceOptions struct {
	Type, Description, RequesterID string
	RequesterManaged               bool
	GroupIDs                       []string // none: the VPC's default group
	PrivateIP                      string   // none: the next free address
	Tags                           map[string]string
	AttachedBy                     string // account-like owner of the attachment, such as "amazon-aws"; empty leaves it free
}

// newInterface makes a network interface in a subnet.
func (t *txn) newInterface(sub *subnetRecord, o interfaceOptions) (*interfaceRecord, error) {
	r := &interfaceRecord{ID: t.id("eni"), VpcID: sub.VpcID, SubnetID: sub.ID, Zone: sub.Zone, ZoneID: sub.ZoneID, Type: o.Type, Description: o.Description,
		GroupIDs: o.GroupIDs, SourceDestCheck: o.Type != "nat_gateway", RequesterID: o.RequesterID, RequesterManaged: o.RequesterManaged, Created: t.s.d.Clock.Now()}
	if r.Type == "" {
		r.Type = "interface"
	}
	if len(r.GroupIDs) == 0 && r.Type != "nat_gateway" {
		for id, g := range t.s.groups.By(t.tx, t.sc, "vpc", sub.VpcID) {
			if g.Default {
				r.GroupIDs = []string{id}
			}
		}
	}
	if err := t.checkGroups(r.GroupIDs, sub.VpcID); err != nil {
		return nil, err
	}
	ip, err := t.takeAddress(sub, o.PrivateIP)
	if err != nil {
		return nil, err
	}
	r.PrivateIPs = []privateAddress{{IP: ip}}
	h := t.s.d.IDs.Hex(10)
	r.MAC = fmt.Sprintf("02:%s:%s:%s:%s:%s", h[0:2], h[2:4], h[4:6], h[6:8], h[8:10])
	if o.AttachedBy != "" {
		r.Attachment = &interfaceAttachment{ID: t.id("eni-attach"), InstanceOwnerID: o.AttachedBy, At: r.Created}
	}
	t.putInterface(r)
	if len(o.Tags) > 0 {
		state.SetTags(t.tx, arn(t.sc, "network-interface", r.ID), o.Tags)
	}
	return r, nil
}

// maxGroups is AWS's quota of security groups on an interface.
const maxGroups = 5

// checkGroups checks the groups of an interface: they stand in its VPC, and are not too many.
func (t *txn) checkGroups(ids []string, vpcID string) error {
	for _, id := range ids {
		if g, ok := t.s.groups.Get(t.tx, t.sc, id); !ok || g.VpcID != vpcID {
			return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", id, vpcID)
		}
	}
	if len(ids) > maxGroups {
		return wire.Errorf("SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.")
	}
	return nil
}

func (t *txn) putInterface(r *interfaceRecord) { t.s.interfaces.Put(t.tx, t.sc, r.ID, r) }

// takeAddress gives the address asked for, or the lowest free one. AWS keeps the first four addresses of a subnet and the last.
func (t *txn) takeAddress(sub *subnetRecord, want string) (string, error) {
	block, err := netip.ParsePrefix(sub.CIDR)
	if err != nil {
		return "", wire.NotImplemented("a network interface in an IPv6-only subnet")
	}
	used := map[string]bool{}
	for _, eni := range t.s.interfaces.By(t.tx, t.sc, "subnet", sub.ID) {
		for _, p := range eni.PrivateIPs {
			used[p.IP] = true
		}
	}
	first := block.Addr()
	for range 4 {
		used[first.String()] = true
		first = first.Next()
	}
	if want != "" {
		ip, err := netip.ParseAddr(want)
		if err != nil || !block.Contains(ip) || !block.Contains(ip.Next()) {
			return "", wire.Errorf("InvalidParameterValue", "Address %s does not fall within the subnet's address range", want)
		}
		if used[ip.String()] {
			return "", wire.Errorf("InvalidIPAddress.InUse", "The specified address is already in use.")
		}
		return ip.String(), nil
	}
	for ip := first; block.Contains(ip.Next()); ip = ip.Next() {
		if !used[ip.String()] {
			return ip.String(), nil
		}
	}
	return "", wire.Errorf("InsufficientFreeAddressesInSubnet", "The specified subnet does not have enough free addresses to satisfy the request.")
}

// dropInterface removes an interface and the Elastic IP mappings on it.
func (t *txn) dropInterface(id string) {
	r, ok := t.s.interfaces.Get(t.tx, t.sc, id)
	if !ok {
		return
	}
	for _, p := range r.PrivateIPs {
		if a, ok := t.s.addresses.Get(t.tx, t.sc, p.AllocationID); ok {
			a.AssociationID, a.InterfaceID, a.PrivateIP, a.ServiceOwned = "", "", "", ""
			t.putAddress(a)
		}
	}
	t.deleteFlowLogsOf(id)
	t.s.interfaces.Delete(t.tx, t.sc, id)
}

func (t *txn) renderInterface(r *interfaceRecord) NetworkInterface {
	v := NetworkInterface{
		NetworkInterfaceId: new(r.ID), VpcId: new(r.VpcID), SubnetId: new(r.SubnetID), AvailabilityZone: new(r.Zone), AvailabilityZoneId: new(r.ZoneID),
		InterfaceType: new(r.Type), Description: new(r.Description), MacAddress: new(r.MAC), OwnerId: new(t.sc.Account), Status: new(r.status()),
		SourceDestCheck: new(r.SourceDestCheck), RequesterManaged: new(r.RequesterManaged), Groups: []GroupIdentifier{}, Ipv6Addresses: []NetworkInterfaceIpv6Address{},
		PrivateIpAddresses: []NetworkInterfacePrivateIpAddress{}, TagSet: t.tagSet("network-interface", r.ID),
	}
	if r.RequesterID != "" {
		v.RequesterId = new(r.RequesterID)
	}
	for _, id := range r.GroupIDs {
		g, _ := t.s.groups.Get(t.tx, t.sc, id)
		if g != nil {
			v.Groups = append(v.Groups, GroupIdentifier{GroupId: new(id), GroupName: new(g.Name)})
		}
	}
	for i, p := range r.PrivateIPs {
		x := NetworkInterfacePrivateIpAddress{Primary: new(i == 0), PrivateIpAddress: new(p.IP), PrivateDnsName: new(t.privateName(p.IP))}
		if a, ok := t.s.addresses.Get(t.tx, t.sc, p.AllocationID); ok {
			x.Association = &NetworkInterfaceAssociation{AllocationId: new(a.ID), AssociationId: new(a.AssociationID), IpOwnerId: new(t.sc.Account),
				PublicIp: new(a.PublicIP), PublicDnsName: new("")}
		}
		if i == 0 && r.PublicIP != "" {
			x.Association = &NetworkInterfaceAssociation{IpOwnerId: new(r.publicOwner()), PublicIp: new(r.PublicIP), PublicDnsName: new("")}
		}
		if i == 0 {
			v.PrivateIpAddress, v.PrivateDnsName, v.Association = x.PrivateIpAddress, x.PrivateDnsName, x.Association
		}
		v.PrivateIpAddresses = append(v.PrivateIpAddresses, x)
	}
	if a := r.Attachment; a != nil {
		v.Attachment = &NetworkInterfaceAttachment{AttachmentId: new(a.ID), AttachTime: new(a.At), DeleteOnTermination: new(false), DeviceIndex: new(int64(1)),
			InstanceOwnerId: new(a.InstanceOwnerID), Status: new("attached")}
	}
	return v
}

// privateName gives an address's name in the VPC's DNS.
func (t *txn) privateName(ip string) string {
	return "ip-" + strings.ReplaceAll(ip, ".", "-") + "." + privateDomain(t.sc.Region)
}

// privateDomain gives the domain of a region's private addresses.
func privateDomain(region string) string {
	if region == "us-east-1" {
		return "ec2.internal"
	}
	return region + ".compute.internal"
}

// CreateNetworkInterface makes an interface that nothing is attached to.
func (s *Service) CreateNetworkInterface(ctx context.Context, in *CreateNetworkInterfaceInput) (*CreateNetworkInterfaceOutput, error) {
	switch {
	case len(in.Ipv4Prefixes) > 0 || in.Ipv4PrefixCount != nil || len(in.Ipv6Prefixes) > 0 || in.Ipv6PrefixCount != nil:
		return nil, wire.NotImplemented("ec2:CreateNetworkInterface with prefixes")
	case len(in.Ipv6Addresses) > 0 || in.Ipv6AddressCount != nil && *in.Ipv6AddressCount > 0 || truth(in.EnablePrimaryIpv6):
		return nil, wire.NotImplemented("ec2:CreateNetworkInterface with IPv6 addresses")
	case in.InterfaceType != nil && *in.InterfaceType != "interface":
		return nil, wire.NotImplemented("ec2:CreateNetworkInterface of type " + *in.InterfaceType)
	case in.ConnectionTrackingSpecification != nil || in.Operator != nil:
		return nil, wire.NotImplemented("ec2:CreateNetworkInterface with connection tracking or an operator")
	}
	out := &CreateNetworkInterfaceOutput{ClientToken: in.ClientToken}
	return out, once(ctx, s, "CreateNetworkInterface", in.DryRun, in.ClientToken, in, out, func(t *txn) error {
		sub, err := t.subnet(*in.SubnetId)
		if err != nil {
			return err
		}
		primary, more := text(in.PrivateIpAddress), []string{}
		for _, p := range in.PrivateIpAddresses {
			if truth(p.Primary) {
				primary = text(p.PrivateIpAddress)
			} else {
				more = append(more, text(p.PrivateIpAddress))
			}
		}
		for range intOf(in.SecondaryPrivateIpAddressCount) {
			more = append(more, "")
		}
		r, err := t.newInterface(sub, interfaceOptions{Description: text(in.Description), GroupIDs: in.Groups, PrivateIP: primary})
		if err != nil {
			return err
		}
		for _, want := range more {
			ip, err := t.takeAddress(sub, want)
			if err != nil {
				return err
			}
			r.PrivateIPs = append(r.PrivateIPs, privateAddress{IP: ip})
			t.putInterface(r)
		}
		if err := t.applyTags(in.TagSpecifications, "network-interface", "network-interface", r.ID); err != nil {
			return err
		}
		out.NetworkInterface = new(t.renderInterface(r))
		return nil
	})
}

func intOf(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

// DescribeNetworkInterfaces lists interfaces, those that AWS's services made among them.
func (s *Service) DescribeNetworkInterfaces(ctx context.Context, in *DescribeNetworkInterfacesInput) (*DescribeNetworkInterfacesOutput, error) {
	out := &DescribeNetworkInterfacesOutput{NetworkInterfaces: []NetworkInterface{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, next, err := find(t, s.interfaces, interfaceQuery, in.NetworkInterfaceIds, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.NetworkInterfaces = append(out.NetworkInterfaces, t.renderInterface(r))
		}
		out.NextToken = next
		return err
	})
}
