package ec2

import (
	"net/netip"
	"strconv"
	"strings"

	"atoll/internal/cloud/wire"
)

// permissions puts rules together as DescribeSecurityGroups shows them: those of the same protocol and ports are one permission.
func (t *txn) permissions(rules []*securityGroupRuleRecord) []IpPermission {
	type ports struct {
		protocol string
		from, to int64
	}
	out, at := []IpPermission{}, map[ports]int{}
	for _, r := range rules {
		k := ports{r.Protocol, r.FromPort, r.ToPort}
		i, ok := at[k]
		if !ok {
			i, at[k] = len(out), len(out)
			p := IpPermission{IpProtocol: new(r.Protocol), UserIdGroupPairs: []UserIdGroupPair{}, IpRanges: []IpRange{}, Ipv6Ranges: []Ipv6Range{}, PrefixListIds: []PrefixListId{}}
			if r.hasPorts() {
				p.FromPort, p.ToPort = new(r.FromPort), new(r.ToPort)
			}
			out = append(out, p)
		}
		p, description := &out[i], unlessEmpty(r.Description)
		switch {
		case r.CIDRv4 != "":
			p.IpRanges = append(p.IpRanges, IpRange{CidrIp: new(r.CIDRv4), Description: description})
		case r.CIDRv6 != "":
			p.Ipv6Ranges = append(p.Ipv6Ranges, Ipv6Range{CidrIpv6: new(r.CIDRv6), Description: description})
		case r.PrefixListID != "":
			p.PrefixListIds = append(p.PrefixListIds, PrefixListId{PrefixListId: new(r.PrefixListID), Description: description})
		default:
			p.UserIdGroupPairs = append(p.UserIdGroupPairs, UserIdGroupPair{GroupId: new(r.ReferencedGroupID), UserId: new(t.sc.Account), Description: description})
		}
	}
	return out
}

// rulesFrom takes permissions apart into rules with one peer each. It does not look whether a peer exists.
func (t *txn) rulesFrom(perms []IpPermission, egress bool) ([]securityGroupRuleRecord, error) {
	var out []securityGroupRuleRecord
	for _, p := range perms {
		base, err := portsOf(p.IpProtocol, p.FromPort, p.ToPort)
		if err != nil {
			return nil, err
		}
		before := len(out)
		add := func(to traffic, description *string) error {
			if !plain(text(description)) {
				return invalidRuleDescription()
			}
			to.Protocol, to.FromPort, to.ToPort = base.Protocol, base.FromPort, base.ToPort
			out = append(out, securityGroupRuleRecord{Egress: egress, Description: text(description), traffic: to})
			return nil
		}
		if err := t.addPeers(p, add); err != nil {
			return nil, err
		}
		if len(out) == before {
			return nil, wire.Errorf("MissingParameter", "Source group ID missing.")
		}
	}
	return out, nil
}

func invalidRuleDescription() error {
	return wire.Errorf("InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
}

// addPeers calls add for each peer of a permission.
func (t *txn) addPeers(p IpPermission, add func(to traffic, description *string) error) error {
	for _, r := range p.IpRanges {
		cidr, err := ruleCIDR(text(r.CidrIp), true)
		if err != nil {
			return err
		}
		if err := add(traffic{CIDRv4: cidr.Masked().String()}, r.Description); err != nil {
			return err
		}
	}
	for _, r := range p.Ipv6Ranges {
		cidr, err := ruleCIDR(text(r.CidrIpv6), false)
		if err != nil {
			return err
		}
		if err := add(traffic{CIDRv6: cidr.Masked().String()}, r.Description); err != nil {
			return err
		}
	}
	for _, l := range p.PrefixListIds {
		if text(l.PrefixListId) == "" {
			return wire.Errorf("MissingParameter", "The request must contain the parameter prefixListId")
		}
		if err := add(traffic{PrefixListID: *l.PrefixListId}, l.Description); err != nil {
			return err
		}
	}
	for _, pair := range p.UserIdGroupPairs {
		id, err := t.pairedGroup(pair)
		if err != nil {
			return err
		}
		if err := add(traffic{ReferencedGroupID: id}, pair.Description); err != nil {
			return err
		}
	}
	return nil
}

// pairedGroup gives the id of the group that a permission names; no VPC is peered, so another account's are out of reach.
func (t *txn) pairedGroup(pair UserIdGroupPair) (string, error) {
	id := text(pair.GroupId)
	switch {
	case pair.VpcPeeringConnectionId != nil:
		return "", wire.NotImplemented("a security group rule over a VPC peering connection")
	case id == "" && text(pair.GroupName) == "":
		return "", wire.Errorf("MissingParameter", "Source group ID missing.")
	case pair.UserId != nil && *pair.UserId != t.sc.Account:
		return "", wire.Errorf("InvalidGroup.NotFound", securityGroupQuery.absent, id+text(pair.GroupName))
	case id == "":
		g, err := t.groupNamed(*pair.GroupName)
		if err != nil {
			return "", err
		}
		id = g.ID
	case !strings.HasPrefix(id, securityGroupQuery.prefix):
		return "", securityGroupQuery.missing(id)
	}
	return id, nil
}

// ruleCIDR reads the block of a rule, with its host bits.
func ruleCIDR(cidr string, v4 bool) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(cidr)
	if err != nil || p.Addr().Is4() != v4 {
		return p, wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", cidr)
	}
	return p, nil
}

// protocolOf gives a protocol's name as EC2 keeps it: names for the four that have ports or types, -1 for all, else the number.
func protocolOf(name *string) (string, error) {
	switch p := strings.ToLower(text(name)); p {
	case "":
		return "", wire.Errorf("MissingParameter", "The request must contain the parameter ipProtocol")
	case "-1", "all":
		return "-1", nil
	case "tcp", "6":
		return "tcp", nil
	case "udp", "17":
		return "udp", nil
	case "icmp", "1":
		return "icmp", nil
	case "icmpv6", "58":
		return "icmpv6", nil
	default:
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return "", wire.Errorf("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", *name)
		}
		return strconv.FormatUint(n, 10), nil
	}
}

// portsOf reads a protocol and its ports. Protocols without ports ignore those given.
func portsOf(protocol *string, from, to *int64) (traffic, error) {
	name, err := protocolOf(protocol)
	tr := traffic{Protocol: name, FromPort: -1, ToPort: -1}
	switch {
	case err != nil || !tr.hasPorts() || name == "icmpv6" && from == nil && to == nil:
		return tr, err
	case from == nil || to == nil:
		kind := "ICMP"
		if name == "tcp" || name == "udp" {
			kind = "TCP/UDP"
		}
		return tr, wire.Errorf("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with %s.' for portRange.", kind)
	}
	tr.FromPort, tr.ToPort = *from, *to
	if name == "icmp" || name == "icmpv6" {
		return tr, checkICMP(tr.FromPort, tr.ToPort)
	}
	for _, port := range []int64{*from, *to} {
		if port < 0 || port > 65535 {
			return tr, wire.Errorf("InvalidPermission.Malformed", "TCP/UDP port (%d) out of range", port)
		}
	}
	if *from > *to {
		return tr, wire.Errorf("InvalidParameterValue", "Invalid %s port range: %d to %d", strings.ToUpper(name), *from, *to)
	}
	return tr, nil
}

// checkICMP checks a type and a code; all types go with all codes only.
func checkICMP(kind, code int64) error {
	for _, n := range []int64{kind, code} {
		if n < -1 || n > 255 {
			return wire.Errorf("InvalidParameterValue", "ICMP code (%d) out of range. Supported range for ICMP code and type is 0 to 255", n)
		}
	}
	if kind == -1 && code != -1 {
		return wire.Errorf("InvalidParameterValue", "ICMP code (%d) must be -1 where the type is -1", code)
	}
	return nil
}

// flatPermission is the older form of a request, with the parts of one permission as parameters of their own.
type flatPermission struct {
	protocol     *string
	from, to     *int64
	cidr         *string
	group, owner *string // a group's name, which stands for all of its TCP, UDP and ICMP
}

// or gives the request's permissions, whichever form they have.
func (f flatPermission) or(perms []IpPermission) ([]IpPermission, error) {
	if f == (flatPermission{}) {
		if len(perms) == 0 {
			return nil, wire.Errorf("MissingParameter", "The request must contain the parameter ipPermissions")
		}
		return perms, nil
	}
	if len(perms) > 0 {
		return nil, wire.Errorf("InvalidParameterCombination", "The parameter ipPermissions may not be used together with the parameters of a single permission")
	}
	if f.group == nil {
		p := IpPermission{IpProtocol: f.protocol, FromPort: f.from, ToPort: f.to}
		if f.cidr != nil {
			p.IpRanges = []IpRange{{CidrIp: f.cidr}}
		}
		return []IpPermission{p}, nil
	}
	if f.cidr != nil || f.protocol != nil || f.from != nil || f.to != nil {
		return nil, wire.Errorf("InvalidParameterCombination", "The parameter sourceSecurityGroupName may not be used with a protocol, ports or a CIDR block")
	}
	pairs := []UserIdGroupPair{{GroupName: f.group, UserId: f.owner}}
	return []IpPermission{
		{IpProtocol: new("tcp"), FromPort: new(int64(0)), ToPort: new(int64(65535)), UserIdGroupPairs: pairs},
		{IpProtocol: new("udp"), FromPort: new(int64(0)), ToPort: new(int64(65535)), UserIdGroupPairs: pairs},
		{IpProtocol: new("icmp"), FromPort: new(int64(-1)), ToPort: new(int64(-1)), UserIdGroupPairs: pairs},
	}, nil
}
