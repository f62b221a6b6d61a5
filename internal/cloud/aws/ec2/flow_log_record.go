package ec2

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/reach"
)

// SeenFlow is a flow that the data plane has carried, or held back.
type SeenFlow struct {
	Flow           reach.Flow // with its source port, if that is known
	Path           reach.Path // what Decide or Explain said of it
	Sent, Received Traffic    // by the one who opened it
	Since          time.Time  // when that began; zero: just now
}

// Traffic is what went one way.
type Traffic struct{ Packets, Bytes int64 }

// flowLine is what tells flows of a record apart.
type flowLine struct {
	iface        string
	egress       bool // as seen from the interface
	src, dst     netip.Addr
	sport, dport uint16
	protocol     int
	accept       bool
}

// observation is a line, and what it counts.
type observation struct {
	flowLine
	Traffic
}

// observed tells what each interface at an end of a flow sees of it: the flow and its answer, accepted or rejected by its groups and
// ACL. What a route or a gateway drops, the sender's interface has accepted.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html
func observed(f *SeenFlow, from, to *reach.Interface) []observation {
	var blocked reach.Hop
	if b := f.Path.Blocking(); len(b) > 0 {
		blocked = b[0]
	}
	filtered := blocked.Kind == reach.KindGroups || blocked.Kind == reach.KindACL
	there := flowLine{sport: f.Flow.SourcePort, dport: f.Flow.Port, protocol: f.Flow.Protocol}
	if there.protocol == 0 {
		there.protocol = reach.TCP
	}
	var out []observation
	see := func(at string, src, dst netip.Addr, opens bool) {
		line := there
		line.iface, line.src, line.dst, line.egress = at, src, dst, opens
		line.accept = !filtered || blocked.Return || blocked.At != at
		out = append(out, observation{line, f.Sent})
		if f.Received.Packets == 0 {
			return
		}
		answer := line
		answer.src, answer.dst, answer.sport, answer.dport, answer.egress = dst, src, line.dport, line.sport, !opens
		answer.accept = !filtered || !blocked.Return || blocked.At != at
		out = append(out, observation{answer, f.Received})
	}
	if from != nil {
		src := f.Flow.Source
		if !src.IsValid() && len(from.Addresses) > 0 {
			src = from.Addresses[0].Private
		}
		dst := f.Flow.To
		if !dst.IsValid() && to != nil && len(to.Addresses) > 0 {
			dst = to.Addresses[0].Private
		}
		see(from.ID, src, dst, true)
	}
	reached := f.Path.Allowed || blocked.Return || filtered && to != nil && blocked.At == to.ID
	if to != nil && reached && len(to.Addresses) > 0 {
		src := f.Path.Seen
		if !src.IsValid() { // it ended before: by the ACL of the receiver's subnet
			src = f.Flow.Source
			if from != nil && len(from.Addresses) > 0 {
				src = from.Addresses[0].Private
			}
		}
		dst := to.Addresses[0].Private
		for _, a := range to.Addresses {
			if a.Private == f.Flow.To || a.Public.IsValid() && a.Public == f.Flow.To {
				dst = a.Private
			}
		}
		see(to.ID, src, dst, false)
	}
	return out
}

// flowCount is what was seen of a line within an interval.
type flowCount struct {
	Traffic
	first, last time.Time
	scope       state.Scope
	subnet, vpc string
	zoneID      string
}

var flowLogField = regexp.MustCompile(`\$\{([a-z0-9-]+)\}`)

// flowVersion is the version in which fields after version 2 came up: a record's version is that of its newest field.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
func flowVersion(format string) int {
	version := 2
	for field, since := range map[string]int{"vpc-id": 3, "subnet-id": 3, "instance-id": 3, "tcp-flags": 3, "type": 3, "pkt-srcaddr": 3, "pkt-dstaddr": 3, "region": 4, "az-id": 4,
		"sublocation-type": 4, "sublocation-id": 4, "pkt-src-aws-service": 5, "pkt-dst-aws-service": 5, "flow-direction": 5, "traffic-path": 5} {
		if strings.Contains(format, "${"+field+"}") {
			version = max(version, since)
		}
	}
	return version
}

// renderFlowLine writes a record in a flow log's format. A field that does not apply, or that the local cloud does not know, is "-".
func renderFlowLine(format string, l flowLine, c *flowCount) string {
	action, direction, family := "REJECT", "ingress", "IPv4"
	if l.accept {
		action = "ACCEPT"
	}
	if l.egress {
		direction = "egress"
	}
	if l.src.Is6() {
		family = "IPv6"
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	values := map[string]string{
		"version": strconv.Itoa(flowVersion(format)), "account-id": c.scope.Account, "interface-id": l.iface, "srcaddr": l.src.String(), "dstaddr": l.dst.String(),
		"srcport": strconv.Itoa(int(l.sport)), "dstport": strconv.Itoa(int(l.dport)), "protocol": strconv.Itoa(l.protocol), "packets": number(c.Packets), "bytes": number(c.Bytes),
		"start": number(c.first.Unix()), "end": number(c.last.Unix()), "action": action, "log-status": "OK",
		"vpc-id": c.vpc, "subnet-id": c.subnet, "az-id": c.zoneID, "region": c.scope.Region, "type": family, "pkt-srcaddr": l.src.String(), "pkt-dstaddr": l.dst.String(),
		"flow-direction": direction,
	}
	return flowLogField.ReplaceAllStringFunc(format, func(field string) string {
		if v, ok := values[field[2:len(field)-1]]; ok && v != "" {
			return v
		}
		return "-"
	})
}
