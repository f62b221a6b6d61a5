package cloud

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"

	"atoll/internal/cloud/aws/ec2"
	"atoll/internal/cloud/fargate"
	"atoll/internal/cloud/state"
	"atoll/internal/dataplane/fabric"
	"atoll/internal/reach"
)

// carrier is the network of all VPCs: a fabric that asks EC2 about each flow, and every service with names about names. It outlives a Reset.
type carrier struct {
	fabric *fabric.Fabric
	peers  atomic.Pointer[carrierPeers]
}

// carrierPeers are those that a carrier asks.
type carrierPeers struct {
	store    *state.Store
	networks *ec2.Service
	names    []named
	endpoint *endpoint
	flows    *flowCounter
	metadata *fargate.Metadata // nil where no tasks run
}

// named is a service whose resources have DNS names.
type named interface {
	ResolveName(tx *state.Tx, name string) ([]netip.Addr, bool)
}

func newCarrier(logger *slog.Logger) *carrier {
	c := &carrier{}
	endpoints := map[netip.Addr]func(context.Context, string, int) (net.Conn, error){}
	for _, name := range []string{"s3.amazonaws.com", "dynamodb.amazonaws.com", "amazonaws.com"} {
		endpoints[awsAddress(name)] = c.dialAWS
	}
	c.fabric = fabric.New(fabric.Config{Policy: c, Names: c, Logger: logger, Endpoints: endpoints,
		Services: map[netip.Addr]func(context.Context, string, int) (net.Conn, error){netip.MustParseAddr(fargate.MetadataAddress): c.dialMetadata}})
	return c
}

// Permit is fabric.Policy's.
func (c *carrier) Permit(_ context.Context, f fabric.Flow) fabric.Verdict {
	p := c.peers.Load()
	if p == nil {
		return fabric.Verdict{Reason: "the cloud is starting"}
	}
	flow := reach.Flow{From: f.From, Source: f.Source, To: f.To.Addr(), ToInterface: f.Target, Port: f.To.Port()}
	if f.Target != "" {
		flow.To = netip.Addr{}
	}
	if f.From == "" && (f.Source.IsLoopback() || f.Source.IsPrivate()) {
		flow.Source = thisMachine()
	}
	if f.Protocol == "udp" {
		flow.Protocol = 17
	}
	path := p.networks.Decide(flow)
	return fabric.Verdict{Allowed: path.Allowed, Reason: path.Reason(), Target: path.To, Source: path.Seen, Tally: p.flows.judged(f, flow, path)}
}

// thisMachine is the address on the internet that programs on this machine, and in its own network, come from. It stands for the one that they
// would have on AWS's side, and belongs to nobody. https://www.rfc-editor.org/rfc/rfc5737
func thisMachine() netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, 1}) }

// Resolve is fabric.Names'.
func (c *carrier) Resolve(_ context.Context, _, name string) (addrs []netip.Addr, known bool) {
	p := c.peers.Load()
	if p == nil {
		return nil, false
	}
	_ = p.store.View(func(tx *state.Tx) error { // it does not fail
		for _, s := range p.names {
			if addrs, known = s.ResolveName(tx, name); known {
				return nil
			}
		}
		return nil
	})
	if !known {
		if a, ok := addressNamed(name); ok {
			return []netip.Addr{a}, true
		}
	}
	if !known && (name == "amazonaws.com" || strings.HasSuffix(name, ".amazonaws.com")) {
		return []netip.Addr{awsAddress(name)}, true
	}
	return addrs, known
}

// addressNamed gives the address in a private name that AWS's DNS makes of addresses: ip-10-0-0-5.ec2.internal, and
// ip-10-0-0-5.REGION.compute.internal. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
func addressNamed(name string) (netip.Addr, bool) {
	host, domain, _ := strings.Cut(name, ".")
	digits, isAddress := strings.CutPrefix(host, "ip-")
	region, regional := strings.CutSuffix(domain, ".compute.internal")
	if !isAddress || domain != "ec2.internal" && (!regional || strings.Contains(region, ".")) {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(strings.ReplaceAll(digits, "-", "."))
	return a, err == nil && a.Is4()
}

func (c *carrier) dialMetadata(ctx context.Context, iface string, port int) (net.Conn, error) {
	if p := c.peers.Load(); p != nil && p.metadata != nil {
		return p.metadata.Dial(ctx, iface, port)
	}
	return nil, fabric.Refused(port)
}

func (c *carrier) dialAWS(ctx context.Context, _ string, port int) (net.Conn, error) {
	if p := c.peers.Load(); p != nil {
		return p.endpoint.dial(ctx, port)
	}
	return nil, fabric.Refused(port)
}

// awsAddress gives the address at which one of AWS's own endpoints answers within the cloud: S3's and DynamoDB's are out of the prefix lists
// that EC2 has for their gateway endpoints, all others' is one that belongs to nobody. https://www.rfc-editor.org/rfc/rfc2544
func awsAddress(name string) netip.Addr {
	for _, label := range strings.Split(name, ".") {
		switch label {
		case "s3":
			return netip.AddrFrom4([4]byte{52, 216, 0, 1})
		case "dynamodb":
			return netip.AddrFrom4([4]byte{52, 94, 0, 1})
		}
	}
	return netip.AddrFrom4([4]byte{198, 18, 0, 1})
}
