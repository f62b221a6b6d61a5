package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
)

// Protocols by their IANA numbers, as rules have them.
const (
	AnyProtocol = -1
	ICMP        = 1
	TCP         = 6
	UDP         = 17
	ICMPv6      = 58
)

// ParseProtocol reads a protocol as EC2's API and people write it: tcp, udp, icmp, icmpv6, a number; -1 or all for any.
func ParseProtocol(s string) (int, error) {
	switch s {
	case "-1", "all":
		return AnyProtocol, nil
	case "tcp":
		return TCP, nil
	case "udp":
		return UDP, nil
	case "icmp":
		return ICMP, nil
	case "icmpv6", "ipv6-icmp":
		return ICMPv6, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 255 {
		return 0, fmt.Errorf("%q is not a protocol", s)
	}
	return n, nil
}

func protocolName(p int) string {
	switch p {
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	case ICMP:
		return "icmp"
	case ICMPv6:
		return "icmpv6"
	case AnyProtocol:
		return "all traffic"
	}
	return "protocol " + strconv.Itoa(p)
}

// Flow is a connection, or an exchange of datagrams, that one side opens.
type Flow struct {
	From   string     // the interface that opens it; empty: someone on the internet
	Source netip.Addr // the sender's address; of an interface the zero one is its primary address

	To          netip.Addr // where to, as the sender sees it
	ToInterface string     // instead of To: an interface, by its private address from within its VPC, by its public one from elsewhere

	Protocol   int    // TCP if 0; with ICMP or ICMPv6 the flow is an echo request
	Port       uint16 // 0 with protocols that have none
	SourcePort uint16 // 0: any that the sender may choose
}

// packet is a flow as it stands at some point of its way, where gateways may have changed its addresses.
type packet struct {
	protocol int
	src, dst netip.Addr
	ports    span // the destination port, or the ICMP type
	code     int32
	sources  span // the ports that it may come from: where its answers go
}

// span is a range of ports or a single ICMP type.
type span struct{ from, to int32 }

// The types of ICMP's echo. https://www.iana.org/assignments/icmp-parameters
const (
	echoRequest, echoReply     = 8, 0
	echoRequestV6, echoReplyV6 = 128, 129
)

func (f *Flow) packet(src, dst netip.Addr, sources PortRange) packet {
	p := packet{protocol: cmp.Or(f.Protocol, TCP), src: src, dst: dst}
	switch p.protocol {
	case ICMP:
		p.ports, p.sources = span{echoRequest, echoRequest}, span{echoReply, echoReply}
	case ICMPv6:
		p.ports, p.sources = span{echoRequestV6, echoRequestV6}, span{echoReplyV6, echoReplyV6}
	case TCP, UDP:
		p.ports, p.sources = span{int32(f.Port), int32(f.Port)}, span{int32(sources.From), int32(sources.To)}
		if f.SourcePort != 0 {
			p.sources = span{int32(f.SourcePort), int32(f.SourcePort)}
		}
	}
	return p
}

// hasPorts reports whether a protocol has ports, or ICMP's types.
func hasPorts(protocol int) bool {
	switch protocol {
	case TCP, UDP, ICMP, ICMPv6:
		return true
	}
	return false
}

// what names a packet's protocol and port for a sentence: "tcp 5432", "icmp echo".
func (p *packet) what() string { return what(p.protocol, p.ports) }

// answer names the same of the packets that come back.
func (p *packet) answer() string { return what(p.protocol, p.sources) }

func what(protocol int, ports span) string {
	switch {
	case protocol == ICMP || protocol == ICMPv6:
		return protocolName(protocol) + " echo"
	case !hasPorts(protocol):
		return protocolName(protocol)
	case ports.from == ports.to:
		return protocolName(protocol) + " " + strconv.Itoa(int(ports.from))
	}
	return fmt.Sprintf("%s %d-%d", protocolName(protocol), ports.from, ports.to)
}
