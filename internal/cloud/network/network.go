// Package network has the words in which services speak of a VPC: what EC2 tells others of its subnets, security groups and network
// interfaces, and what Elastic Load Balancing tells of its target groups. It has no behaviour.
package network

// VPC is what others may know of a VPC.
type VPC struct {
	ID, CIDR           string
	Default            bool
	DNSSupport         bool // enableDnsSupport
	DNSHostnames       bool // enableDnsHostnames
	HasInternetGateway bool
}

// Subnet is what others may know of a subnet.
type Subnet struct {
	ID, ARN, VPC string
	Zone, ZoneID string // such as us-east-1a and use1-az1
	CIDR         string // IPv4; empty in an IPv6-only subnet
	IPv6         []string
	Free         int // IPv4 addresses that can still be given out
	DefaultForAZ bool
	Public       bool // its route table has a route to an internet gateway
}

// SecurityGroup is what others may know of a security group.
type SecurityGroup struct {
	ID, Name, VPC string
	Default       bool
}

// InterfaceRequest asks for a network interface that a service attaches to a resource of its own.
type InterfaceRequest struct {
	Subnet      string
	Groups      []string // none: the VPC's default group
	Description string   // such as "ELB app/web/50dc6c495c0c9188"
	Type        string   // "interface" if empty
	Requester   string   // who manages it, such as "amazon-elb"
	PublicIP    bool     // give it a public IPv4 address as well
	ElasticIP   string   // the allocation id of the public address to give it, for a service whose name in EC2 is Service
	Service     string
	PrivateIP   string // none: the next free address
	Tags        map[string]string
}

// Interface is a network interface.
type Interface struct {
	ID, Subnet, VPC, Zone string
	SubnetCIDR            string // IPv4; empty in an IPv6-only subnet
	AttachmentID          string
	PrivateIP, PrivateDNS string
	PublicIP              string // of the private one: AWS's own or an Elastic IP, empty without one
	MAC                   string
	Groups                []string
}

// TargetGroup is what others may know of a load balancer's target group.
type TargetGroup struct {
	ARN, Name, VPC string
	TargetType     string // instance, ip, lambda or alb
	Protocol       string
	Port           int
	LoadBalancers  []string // ARNs of those whose listeners forward to it
}

// LoadBalancer is what others may know of a load balancer.
type LoadBalancer struct {
	ARN, Name, Type string // Type is application, network or gateway
	DNSName, ZoneID string
}

// The event by which a load balancer's target tells of a new state. It is the cloud's own: AWS has none, and EventBridge does not see it.
const (
	TargetHealthSource = "atoll.elasticloadbalancing"
	TargetHealthType   = "Target Health"
)

// TargetHealth is the detail of that event.
type TargetHealth struct {
	TargetGroup string // its ARN
	Target      string // an address
	Port        int
	State       string // initial, healthy, unhealthy, draining, or unused when the target is gone
	Reason      string // such as Target.ResponseCodeMismatch; empty when healthy
}
