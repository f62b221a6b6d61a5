package ec2

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"

	"atoll/internal/cloud/wire"
)

// networkACLEntry is one numbered rule of an ACL; entries of a direction are tried in the order of their numbers.
type networkACLEntry struct {
	Number   int64
	Egress   bool
	Allow    bool
	Protocol string // a number, -1 for all
	CIDR     string // IPv4 or IPv6
	From, To int64  // ports, of tcp and udp
	Type     int64  // of icmp, -1 for all
	Code     int64
}

func (e networkACLEntry) ipv6() bool { return netip.MustParsePrefix(e.CIDR).Addr().Is6() }

func (e networkACLEntry) ports() bool { return e.Protocol == "6" || e.Protocol == "17" }

func (e networkACLEntry) icmp() bool { return e.Protocol == "1" || e.Protocol == "58" }

func allowAll(number int64, ipv6 bool) []networkACLEntry {
	e := networkACLEntry{Number: number, Allow: true, Protocol: "-1", CIDR: everyAddress(ipv6)}
	out := e
	out.Egress = true
	return []networkACLEntry{out, e}
}

func everyAddress(ipv6 bool) string {
	if ipv6 {
		return "::/0"
	}
	return "0.0.0.0/0"
}

// renderACLEntries gives an ACL's entries by direction and number, the last ones that deny everything else included.
func (t *txn) renderACLEntries(r *networkACLRecord) []NetworkAclEntry {
	all := slices.Clone(r.Entries)
	deny := func(number int64, ipv6 bool) {
		for _, egress := range []bool{true, false} {
			all = append(all, networkACLEntry{Number: number, Egress: egress, Protocol: "-1", CIDR: everyAddress(ipv6)})
		}
	}
	deny(32767, false)
	if vpc, ok := t.s.vpcs.Get(t.tx, t.sc, r.VpcID); ok && len(vpc.IPv6) > 0 {
		deny(32768, true)
	}
	slices.SortStableFunc(all, func(a, b networkACLEntry) int {
		if a.Egress != b.Egress {
			if a.Egress {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Number, b.Number)
	})
	out := make([]NetworkAclEntry, len(all))
	for i, e := range all {
		out[i] = renderACLEntry(e)
	}
	return out
}

func renderACLEntry(e networkACLEntry) NetworkAclEntry {
	v := NetworkAclEntry{RuleNumber: new(e.Number), Egress: new(e.Egress), Protocol: new(e.Protocol), RuleAction: new("deny")}
	if e.Allow {
		v.RuleAction = new("allow")
	}
	if e.ipv6() {
		v.Ipv6CidrBlock = new(e.CIDR)
	} else {
		v.CidrBlock = new(e.CIDR)
	}
	if e.ports() {
		v.PortRange = &PortRange{From: new(e.From), To: new(e.To)}
	}
	if e.icmp() {
		v.IcmpTypeCode = &IcmpTypeCode{Type: new(e.Type), Code: new(e.Code)}
	}
	return v
}

// aclEntry checks an entry's parameters as EC2 does.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html
func aclEntry(in *CreateNetworkAclEntryInput) (networkACLEntry, error) {
	e := networkACLEntry{Number: *in.RuleNumber, Egress: *in.Egress, Allow: *in.RuleAction == "allow"}
	invalid := func(name, value string) (networkACLEntry, error) {
		return e, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid.", value, name)
	}
	if e.Number < 1 || e.Number > 32766 {
		return invalid("ruleNumber", strconv.FormatInt(e.Number, 10))
	}
	if !e.Allow && *in.RuleAction != "deny" {
		return invalid("ruleAction", *in.RuleAction)
	}
	var err error
	if e.Protocol, err = protocolNumber(*in.Protocol); err != nil {
		return e, err
	}
	if (in.CidrBlock == nil) == (in.Ipv6CidrBlock == nil) {
		return e, wire.Errorf("MissingParameter", "Exactly one of the parameters cidrBlock and ipv6CidrBlock must be given")
	}
	block, err := parseCIDR(text(in.CidrBlock) + text(in.Ipv6CidrBlock))
	if err != nil {
		return e, err
	}
	if block.Addr().Is4() != (in.CidrBlock != nil) {
		return invalid("cidrBlock", block.String())
	}
	e.CIDR = block.String()
	if e.ports() {
		if in.PortRange == nil || in.PortRange.From == nil || in.PortRange.To == nil {
			return e, wire.Errorf("MissingParameter", "The request must contain the parameter portRange")
		}
		e.From, e.To = *in.PortRange.From, *in.PortRange.To
		if e.From < 0 || e.From > 65535 || e.To < e.From || e.To > 65535 {
			return invalid("portRange", strconv.FormatInt(e.From, 10)+"-"+strconv.FormatInt(e.To, 10))
		}
	}
	if e.icmp() {
		if in.IcmpTypeCode == nil || in.IcmpTypeCode.Type == nil || in.IcmpTypeCode.Code == nil {
			return e, wire.Errorf("MissingParameter", "The request must contain the parameter icmpTypeCode")
		}
		e.Type, e.Code = *in.IcmpTypeCode.Type, *in.IcmpTypeCode.Code
	}
	return e, nil
}

// protocolNumber reads a protocol of a network ACL: a number, or one of the names that EC2 knows.
func protocolNumber(p string) (string, error) {
	switch p {
	case "all":
		return "-1", nil
	case "tcp":
		return "6", nil
	case "udp":
		return "17", nil
	case "icmp":
		return "1", nil
	case "icmpv6", "ipv6-icmp":
		return "58", nil
	}
	n, err := strconv.Atoi(p)
	if err != nil || n < -1 || n > 255 {
		return "", wire.Errorf("InvalidParameterValue", "Value (%s) for parameter protocol is invalid. Unknown protocol.", p)
	}
	return strconv.Itoa(n), nil
}

func (r *networkACLRecord) entry(number int64, egress bool) int {
	return slices.IndexFunc(r.Entries, func(e networkACLEntry) bool { return e.Number == number && e.Egress == egress })
}

// CreateNetworkAclEntry adds an entry under a free number.
func (s *Service) CreateNetworkAclEntry(ctx context.Context, in *CreateNetworkAclEntryInput) (*CreateNetworkAclEntryOutput, error) {
	e, err := aclEntry(in)
	if err != nil {
		return nil, err
	}
	return &CreateNetworkAclEntryOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.networkACL(*in.NetworkAclId)
		if err != nil {
			return err
		}
		if r.entry(e.Number, e.Egress) >= 0 {
			return wire.Errorf("NetworkAclEntryAlreadyExists", "The network acl entry identified by %d already exists.", e.Number)
		}
		r.Entries = append(r.Entries, e)
		t.putACL(r)
		return nil
	})
}

// ReplaceNetworkAclEntry changes the entry under a number.
func (s *Service) ReplaceNetworkAclEntry(ctx context.Context, in *ReplaceNetworkAclEntryInput) (*ReplaceNetworkAclEntryOutput, error) {
	e, err := aclEntry(&CreateNetworkAclEntryInput{NetworkAclId: in.NetworkAclId, RuleNumber: in.RuleNumber, Protocol: in.Protocol, RuleAction: in.RuleAction,
		Egress: in.Egress, CidrBlock: in.CidrBlock, Ipv6CidrBlock: in.Ipv6CidrBlock, IcmpTypeCode: in.IcmpTypeCode, PortRange: in.PortRange})
	if err != nil {
		return nil, err
	}
	return &ReplaceNetworkAclEntryOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.networkACL(*in.NetworkAclId)
		if err != nil {
			return err
		}
		i, err := r.mustEntry(e.Number, e.Egress)
		if err != nil {
			return err
		}
		r.Entries[i] = e
		t.putACL(r)
		return nil
	})
}

// DeleteNetworkAclEntry removes the entry under a number.
func (s *Service) DeleteNetworkAclEntry(ctx context.Context, in *DeleteNetworkAclEntryInput) (*DeleteNetworkAclEntryOutput, error) {
	return &DeleteNetworkAclEntryOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		r, err := t.networkACL(*in.NetworkAclId)
		if err != nil {
			return err
		}
		i, err := r.mustEntry(*in.RuleNumber, *in.Egress)
		if err != nil {
			return err
		}
		r.Entries = slices.Delete(r.Entries, i, i+1)
		t.putACL(r)
		return nil
	})
}

func (r *networkACLRecord) mustEntry(number int64, egress bool) (int, error) {
	i := r.entry(number, egress)
	if i < 0 {
		direction := "ingress"
		if egress {
			direction = "egress"
		}
		return i, wire.Errorf("InvalidNetworkAclEntry.NotFound", "The network acl entry %d (%s) of %s does not exist.", number, direction, r.ID)
	}
	return i, nil
}
