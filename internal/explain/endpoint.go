package explain

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"atoll/internal/hint"
	"atoll/internal/inspect"
	"atoll/internal/reach"
)

type kind string

const (
	service      kind = "service"
	job          kind = "job"
	loadBalancer kind = "load balancer"
	database     kind = "database"
	internet     kind = "internet"
	address      kind = "address"
	networkCard  kind = "network interface"
)

// endpoint is one end of a question.
type endpoint struct {
	kind       kind
	name       string   // of a service, a job, a database, an address or an interface
	label      string   // for people
	interfaces []string // ids, none of an address outside
	addr       netip.Addr
	public     bool // from within the VPC too it is reached by its public addresses
	port       int  // on which it is reached, 0 if that is not known
	note       string
}

// someone stands for any address on the internet: it is one that documentation uses, and that no one has.
// https://www.rfc-editor.org/rfc/rfc5737
var someone = netip.AddrFrom4([4]byte{192, 0, 2, 1})

// Parts names what may be asked about in an environment.
func Parts(e *inspect.Environment) []string {
	out := e.ServiceNames()
	for _, j := range e.Jobs {
		out = append(out, j.Name)
	}
	if e.LoadBalancer != nil {
		out = append(out, "lb")
	}
	if e.Database() != nil {
		out = append(out, "db")
	}
	return append(out, "internet", "an IP address", "eni-...")
}

// scene is the networks that a question is about, and what stands in them.
type scene struct {
	env      *inspect.Environment
	networks []*network
	topology reach.Topology
	at       map[string]int // places of interfaces in the topology
}

// newScene gathers the environment's network, and those of the interfaces that are named.
func newScene(ctx context.Context, e *inspect.Environment, names ...string) (*scene, error) {
	s := &scene{env: e, at: map[string]int{}}
	ids, err := networksOf(ctx, e)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "eni-") {
			continue
		}
		out, err := e.EC2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{name}})
		if api := smithy.APIError(nil); errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), "InvalidNetworkInterface") {
			return nil, hint.Errorf("aws ec2 describe-network-interfaces      (lists them)", "there is no network interface %s in %s", name, e.Config.Region)
		}
		if err != nil {
			return nil, fmt.Errorf("looking for %s: %w", name, err)
		}
		for _, i := range out.NetworkInterfaces {
			ids = append(ids, aws.ToString(i.VpcId))
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		n, err := gather(ctx, e.EC2, id)
		if err != nil {
			return nil, err
		}
		s.networks = append(s.networks, n)
		s.topology.VPCs = append(s.topology.VPCs, n.VPC)
		for _, i := range n.Interfaces {
			s.at[aws.ToString(i.NetworkInterfaceId)] = len(s.topology.Interfaces)
			s.topology.Interfaces = append(s.topology.Interfaces, plain(i, s.nameOf(i)))
		}
	}
	return s, nil
}

// networksOf gives the ids of the VPCs that an environment's parts stand in.
func networksOf(ctx context.Context, e *inspect.Environment) ([]string, error) {
	var ids []string
	for _, arn := range e.Tagged("ec2", "vpc/") {
		ids = append(ids, arn[strings.LastIndex(arn, "/")+1:])
	}
	if len(ids) > 0 {
		return ids, nil
	}
	if e.LoadBalancer != nil {
		ids = append(ids, aws.ToString(e.LoadBalancer.Detail.VpcId))
	}
	for _, d := range e.Databases {
		if g := d.Detail.DBSubnetGroup; g != nil {
			ids = append(ids, aws.ToString(g.VpcId))
		}
	}
	var subnets []string
	for _, s := range e.Services {
		subnets = append(subnets, s.Subnets()...)
	}
	for _, j := range e.Jobs {
		subnets = append(subnets, j.Subnets()...)
	}
	if slices.Sort(subnets); len(subnets) > 0 {
		out, err := e.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: slices.Compact(subnets)})
		if err != nil {
			return nil, fmt.Errorf("looking for the network of %s: %w", e.Name, err)
		}
		for _, s := range out.Subnets {
			ids = append(ids, aws.ToString(s.VpcId))
		}
	}
	return ids, nil
}

// nameOf says what an interface belongs to, if it is a part of the environment, and else what it says of itself.
func (s *scene) nameOf(i types.NetworkInterface) string {
	id := aws.ToString(i.NetworkInterfaceId)
	for _, v := range s.env.Services {
		for _, t := range v.Tasks {
			if t.Interface == id {
				return "a task of " + v.Name
			}
		}
	}
	if l := s.env.LoadBalancer; l != nil && aws.ToString(i.Description) == l.InterfaceDescription() {
		return "the load balancer"
	}
	if d := s.env.Database(); d != nil && isDatabases(i, d) {
		return "the database"
	}
	return aws.ToString(i.Description)
}

// isDatabases tells a database's interface by the one who manages it and by its security groups: RDS does not name it.
func isDatabases(i types.NetworkInterface, d *inspect.Database) bool {
	if aws.ToString(i.RequesterId) != "amazon-rds" {
		return false
	}
	var have []string
	for _, g := range i.Groups {
		have = append(have, aws.ToString(g.GroupId))
	}
	want := d.Groups()
	slices.Sort(have)
	slices.Sort(want)
	return slices.Equal(have, want)
}

// endpoint finds what a name means.
func (s *scene) endpoint(name string) (endpoint, error) {
	if v, ok := s.env.Service(name); ok {
		end := endpoint{kind: service, name: name, label: name, port: v.Port()}
		for _, t := range v.Tasks {
			if _, known := s.at[t.Interface]; known {
				end.interfaces = append(end.interfaces, t.Interface)
			}
		}
		if len(end.interfaces) == 0 {
			end.note = "no task of " + name + " runs: a task as the service would start it"
			end.interfaces = s.imagine(name, v.Subnets(), v.Groups())
		}
		return end, s.found(&end)
	}
	if v, ok := s.env.Job(name); ok {
		end := endpoint{kind: job, name: name, label: name, note: "a task as the job's rule would start it", interfaces: s.imagine(name, v.Subnets(), v.Groups())}
		return end, s.found(&end)
	}
	switch name {
	case "lb", "load-balancer":
		if l := s.env.LoadBalancer; l != nil {
			end := endpoint{kind: loadBalancer, name: l.Name, label: "the load balancer", port: l.Port(), public: l.Public()}
			end.interfaces = s.those(func(i types.NetworkInterface) bool { return aws.ToString(i.Description) == l.InterfaceDescription() })
			return end, s.found(&end)
		}
	case "internet":
		return endpoint{kind: internet, name: name, label: "the internet", addr: someone, port: 443}, nil
	case "db", "database":
		if d := s.env.Database(); d != nil {
			return s.databaseEnd(d, "the database")
		}
	}
	for i := range s.env.Databases {
		if d := &s.env.Databases[i]; d.ID == name {
			return s.databaseEnd(d, "the database "+name)
		}
	}
	if _, ok := s.at[name]; ok {
		return endpoint{kind: networkCard, name: name, label: name, interfaces: []string{name}}, nil
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return s.addressEnd(addr.Unmap()), nil
	}
	return endpoint{}, hint.Errorf("one of: "+strings.Join(Parts(s.env), ", "), "%s has no part %q", s.env.Name, name)
}

func (s *scene) databaseEnd(d *inspect.Database, label string) (endpoint, error) {
	end := endpoint{kind: database, name: d.ID, label: label, port: d.Port}
	end.interfaces = s.those(func(i types.NetworkInterface) bool {
		return isDatabases(i, d) && aws.ToString(i.AvailabilityZone) == aws.ToString(d.Detail.AvailabilityZone)
	})
	if len(end.interfaces) == 0 {
		end.interfaces = s.those(func(i types.NetworkInterface) bool { return isDatabases(i, d) })
	}
	return end, s.found(&end)
}

func (s *scene) addressEnd(addr netip.Addr) endpoint {
	end := endpoint{kind: address, name: addr.String(), label: addr.String(), addr: addr}
	for _, i := range s.topology.Interfaces {
		for _, a := range i.Addresses {
			if a.Private == addr {
				end.interfaces = append(end.interfaces, i.ID)
			}
		}
	}
	return end
}

func (s *scene) found(end *endpoint) error {
	if len(end.interfaces) == 0 {
		return hint.Errorf("atoll status "+s.env.Name+"      (shows how far it is)", "%s has no network interface yet", end.label)
	}
	return nil
}

func (s *scene) those(is func(types.NetworkInterface) bool) []string {
	var out []string
	for _, n := range s.networks {
		for _, i := range n.Interfaces {
			if is(i) {
				out = append(out, aws.ToString(i.NetworkInterfaceId))
			}
		}
	}
	return out
}

// imagine adds an interface in each of some subnets, such as a task would have, on an address that is free.
func (s *scene) imagine(name string, subnets, groups []string) []string {
	var out []string
	for _, n := range s.networks {
		for _, sub := range subnets {
			free := s.free(n, sub)
			if !free.IsValid() {
				continue
			}
			i := reach.Interface{ID: "a task of " + name + " in " + sub, VPC: n.ID, Subnet: sub, Groups: groups, Addresses: []reach.Address{{Private: free}}}
			s.at[i.ID] = len(s.topology.Interfaces)
			s.topology.Interfaces = append(s.topology.Interfaces, i)
			out = append(out, i.ID)
		}
	}
	return out
}

// free gives an address of a subnet that no interface has, and that AWS does not keep for itself (the first four).
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func (s *scene) free(n *network, subnet string) netip.Addr {
	p, ok := n.Blocks[subnet]
	if !ok || !p.IsValid() {
		return netip.Addr{}
	}
	taken := map[netip.Addr]bool{}
	for _, i := range s.topology.Interfaces {
		for _, a := range i.Addresses {
			taken[a.Private] = i.VPC == n.ID
		}
	}
	a := p.Masked().Addr()
	for range 4 {
		a = a.Next()
	}
	for p.Contains(a) && taken[a] {
		a = a.Next()
	}
	return a
}

// publicAddress gives the first public address of an interface.
func (s *scene) publicAddress(id string) netip.Addr {
	for _, a := range s.topology.Interfaces[s.at[id]].Addresses {
		if a.Public.IsValid() {
			return a.Public
		}
	}
	return netip.Addr{}
}
