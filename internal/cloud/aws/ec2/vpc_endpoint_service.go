package ec2

import (
	"context"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"atoll/internal/cloud/wire"
)

// endpointService is an AWS service that a VPC endpoint can lead to, as one type of endpoint.
type endpointService struct {
	name, kind string // kind: Gateway or Interface
	private    string // its usual DNS name, which private DNS answers for
}

// endpointServices gives a region's services, the ones with two types of endpoint twice.
// https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
func endpointServices(region string) []endpointService {
	var out []endpointService
	for _, s := range []string{"dynamodb", "s3"} {
		out = append(out, endpointService{"com.amazonaws." + region + "." + s, "Gateway", ""})
	}
	for _, s := range []string{
		"access-analyzer", "acm-pca", "application-autoscaling", "athena", "autoscaling", "backup", "batch", "cloudformation", "cloudtrail",
		"codebuild", "codedeploy", "config", "dynamodb", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry",
		"elasticache", "elasticfilesystem", "elasticloadbalancing", "events", "execute-api", "firehose", "glue", "guardduty-data",
		"kinesis-streams", "kms", "lambda", "logs", "monitoring", "rds", "rds-data", "s3", "secretsmanager", "servicediscovery", "sns", "sqs",
		"ssm", "ssmmessages", "states", "sts", "synthetics", "xray",
	} {
		out = append(out, endpointService{"com.amazonaws." + region + "." + s, "Interface", usualName(s, region)})
	}
	return out
}

// usualName gives the DNS name that an endpoint's private DNS answers for.
func usualName(service, region string) string {
	switch service {
	case "ecr.api":
		return "api.ecr." + region + ".amazonaws.com"
	case "ecr.dkr":
		return "*.dkr.ecr." + region + ".amazonaws.com"
	case "ecs-agent":
		return "ecs-a." + region + ".amazonaws.com"
	case "ecs-telemetry":
		return "ecs-t." + region + ".amazonaws.com"
	case "execute-api":
		return "*.execute-api." + region + ".amazonaws.com"
	case "kinesis-streams":
		return "kinesis." + region + ".amazonaws.com"
	case "s3":
		return "*.s3." + region + ".amazonaws.com"
	}
	return service + "." + region + ".amazonaws.com"
}

func (e endpointService) id() string {
	h := fnv.New64a()
	h.Write([]byte(e.name + e.kind))
	return "vpce-svc-0" + strconv.FormatUint(h.Sum64()|1<<63, 16)
}

// endpointService finds a service by name and type of endpoint.
func (t *txn) endpointService(name, kind string) (endpointService, error) {
	for _, e := range endpointServices(t.sc.Region) {
		if e.name == name && e.kind == kind {
			return e, nil
		}
	}
	if strings.Contains(name, ".vpce-svc-") {
		return endpointService{}, wire.NotImplemented("a VPC endpoint to a service of one's own")
	}
	return endpointService{}, wire.Errorf("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", name)
}

// DescribeVpcEndpointServices lists the AWS services that endpoints can lead to.
func (s *Service) DescribeVpcEndpointServices(ctx context.Context, in *DescribeVpcEndpointServicesInput) (*DescribeVpcEndpointServicesOutput, error) {
	out := &DescribeVpcEndpointServicesOutput{ServiceNames: []string{}, ServiceDetails: []ServiceDetail{}}
	for _, region := range in.ServiceRegions {
		if region != wire.CallFrom(ctx).Region {
			return nil, wire.NotImplemented("ec2:DescribeVpcEndpointServices of another region")
		}
	}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		v := func(_ *txn, e *endpointService, name string) ([]string, bool) {
			switch name {
			case "owner":
				return []string{"amazon"}, true
			case "service-name":
				return []string{e.name}, true
			case "service-region":
				return []string{t.sc.Region}, true
			case "service-type":
				return []string{e.kind}, true
			case "supported-ip-address-types":
				return []string{"ipv4"}, true
			}
			return nil, false
		}
		if err := checkFilters(t, v, in.Filters); err != nil {
			return err
		}
		for _, e := range endpointServices(t.sc.Region) {
			if len(in.ServiceNames) > 0 && !slices.Contains(in.ServiceNames, e.name) || !matches(t, query[endpointService]{values: v}, &e, e.name, in.Filters) {
				continue
			}
			if !slices.Contains(out.ServiceNames, e.name) {
				out.ServiceNames = append(out.ServiceNames, e.name)
			}
			out.ServiceDetails = append(out.ServiceDetails, t.renderEndpointService(e))
		}
		for _, name := range in.ServiceNames {
			if len(in.Filters) == 0 && !slices.Contains(out.ServiceNames, name) {
				return wire.Errorf("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", name)
			}
		}
		return nil
	})
}

func (t *txn) renderEndpointService(e endpointService) ServiceDetail {
	v := ServiceDetail{ServiceName: new(e.name), ServiceId: new(e.id()), ServiceType: []ServiceTypeDetail{{ServiceType: new(e.kind)}}, ServiceRegion: new(t.sc.Region),
		Owner: new("amazon"), VpcEndpointPolicySupported: new(true), AcceptanceRequired: new(false), ManagesVpcEndpoints: new(false), Tags: []Tag{},
		SupportedIpAddressTypes: []string{"ipv4"}, BaseEndpointDnsNames: []string{t.endpointDomain(e.name)}}
	data, _ := regionOf(t.sc.Region)
	for _, z := range data.list() {
		v.AvailabilityZones, v.AvailabilityZoneIds = append(v.AvailabilityZones, z.name), append(v.AvailabilityZoneIds, z.id)
	}
	if e.private != "" {
		v.PrivateDnsName, v.PrivateDnsNames = new(e.private), []PrivateDnsDetails{{PrivateDnsName: new(e.private)}}
		v.PrivateDnsNameVerificationState = new("verified")
	}
	return v
}

// endpointDomain gives the domain of a service's endpoints: com.amazonaws.us-east-1.ecr.api → api.ecr.us-east-1.vpce.amazonaws.com.
func (t *txn) endpointDomain(service string) string {
	short := strings.TrimPrefix(service, "com.amazonaws."+t.sc.Region+".")
	parts := strings.Split(short, ".")
	slices.Reverse(parts)
	return strings.Join(parts, ".") + "." + t.sc.Region + ".vpce.amazonaws.com"
}
