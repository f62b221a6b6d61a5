package elbv2

import (
	"context"
	"slices"
	"strconv"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

// maxAttributes is the number that one call may set. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyLoadBalancerAttributes.html
const maxAttributes = 20

// logKinds are the logs that a load balancer can write to S3, by how their attributes begin.
func logKinds() []string { return []string{"access_logs", "connection_logs", "health_check_logs"} }

func logAttributes(logs string) []attribute {
	return []attribute{
		{logs + ".s3.enabled", "false", isBool}, {logs + ".s3.bucket", "", anything}, {logs + ".s3.prefix", "", anything},
	}
}

// attributesOfBalancer gives what a load balancer can be set to.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
func attributesOfBalancer(b *balancerRecord) []attribute {
	out := []attribute{{"deletion_protection.enabled", "false", isBool}}
	if b.Type == typeGateway {
		return append(out, attribute{"load_balancing.cross_zone.enabled", "false", isBool})
	}
	out = append(out, logAttributes("access_logs")...)
	out = append(out, attribute{"zonal_shift.config.enabled", "false", isBool})
	if b.AddrType != "ipv4" {
		out = append(out, attribute{"ipv6.deny_all_igw_traffic", strconv.FormatBool(b.Scheme == schemeInternal), isBool})
	}
	if b.Type == typeNetwork {
		return append(out,
			attribute{"load_balancing.cross_zone.enabled", "false", isBool},
			attribute{"dns_record.client_routing_policy", "any_availability_zone",
				isOneOf("any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity")},
			attribute{"secondary_ips.auto_assigned.per_subnet", "0", isNumber(0, 7)},
		)
	}
	out = append(out, logAttributes("connection_logs")...)
	out = append(out, logAttributes("health_check_logs")...)
	return append(out,
		attribute{"client_keep_alive.seconds", "3600", isNumber(60, 604800)},
		attribute{"idle_timeout.timeout_seconds", "60", isNumber(1, 4000)},
		attribute{"load_balancing.cross_zone.enabled", "true", isOneOf("true")},
		attribute{"routing.http.desync_mitigation_mode", "defensive", isOneOf("monitor", "defensive", "strictest")},
		attribute{"routing.http.drop_invalid_header_fields.enabled", "false", isBool},
		attribute{"routing.http.preserve_host_header.enabled", "false", isBool},
		attribute{"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", isBool},
		attribute{"routing.http.xff_client_port.enabled", "false", isBool},
		attribute{"routing.http.xff_header_processing.mode", "append", isOneOf("append", "preserve", "remove")},
		attribute{"routing.http2.enabled", "true", isBool},
		attribute{"waf.fail_open.enabled", "false", isBool},
	)
}

func knownBalancerAttributes() []attribute {
	return slices.Concat(attributesOfBalancer(&balancerRecord{Type: typeApplication, AddrType: "dualstack"}),
		attributesOfBalancer(&balancerRecord{Type: typeNetwork, AddrType: "dualstack"}))
}

func (t *txn) balancerAttributes(b *balancerRecord) map[string]string {
	return values(attributesOfBalancer(b), b.Attributes)
}

func (t *txn) describeBalancerAttributes(b *balancerRecord) []LoadBalancerAttribute {
	all := t.balancerAttributes(b)
	out := make([]LoadBalancerAttribute, 0, len(all))
	for _, a := range attributesOfBalancer(b) {
		out = append(out, LoadBalancerAttribute{Key: new(a.key), Value: new(all[a.key])})
	}
	return out
}

// DescribeLoadBalancerAttributes gives all attributes of a load balancer.
func (s *Service) DescribeLoadBalancerAttributes(ctx context.Context, in *DescribeLoadBalancerAttributesInput) (*DescribeLoadBalancerAttributesOutput, error) {
	out := &DescribeLoadBalancerAttributesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		b, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
		if err == nil {
			out.Attributes = t.describeBalancerAttributes(b)
		}
		return err
	})
}

// ModifyLoadBalancerAttributes sets attributes of a load balancer.
func (s *Service) ModifyLoadBalancerAttributes(ctx context.Context, in *ModifyLoadBalancerAttributesInput) (*ModifyLoadBalancerAttributesOutput, error) {
	if len(in.Attributes) > maxAttributes {
		return nil, invalid("Up to '%d' load balancer attributes can be specified, but '%d' were specified", maxAttributes, len(in.Attributes))
	}
	var changes []pair
	for _, a := range in.Attributes {
		changes = append(changes, pair{a.Key, a.Value})
	}
	out := &ModifyLoadBalancerAttributesOutput{}
	return out, s.update(ctx, func(t *txn) error {
		b, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		old := t.balancerAttributes(b)
		b.Attributes, err = set("Load balancer", "load balancers with type '"+b.Type+"'", attributesOfBalancer(b), knownBalancerAttributes(), b.Attributes, changes)
		if err != nil {
			return err
		}
		now := t.balancerAttributes(b)
		if key := "secondary_ips.auto_assigned.per_subnet"; now[key] != old[key] {
			return wire.NotImplemented("elasticloadbalancing:ModifyLoadBalancerAttributes with " + key)
		}
		for _, logs := range logKinds() {
			if err := t.checkLogs(b, logs, old, now); err != nil {
				return err
			}
		}
		t.balancers.Put(t.tx, t.sc, b.ID, b)
		out.Attributes = t.describeBalancerAttributes(b)
		return nil
	})
}

// checkLogs holds a bucket against its policy when logs are turned on or moved to it: AWS writes a test object then.
func (t *txn) checkLogs(b *balancerRecord, logs string, old, now map[string]string) error {
	changed := false
	for _, a := range logAttributes(logs) {
		changed = changed || old[a.key] != now[a.key]
	}
	if !changed || now[logs+".s3.enabled"] != "true" {
		return nil
	}
	bucket, place := now[logs+".s3.bucket"], now[logs+".s3.prefix"]
	if bucket == "" {
		return badConfiguration("The value of '%s.s3.bucket' cannot be empty when '%s.s3.enabled' is 'true'", logs, logs)
	}
	if place != "" {
		place += "/"
	}
	if !t.mayLog(b, bucket, place+"AWSLogs/"+t.sc.Account+"/"+testObject(logs)) {
		return badConfiguration("Access Denied for bucket: %s. Please check S3bucket permission", bucket)
	}
	return nil
}

func testObject(logs string) string {
	switch logs {
	case "connection_logs":
		return "ELBConnectionLogTestFile"
	case "health_check_logs":
		return "ELBHealthCheckLogTestFile"
	default:
		return "ELBAccessLogTestFile"
	}
}

// mayLog says whether a bucket's policy lets a load balancer's logs in: application load balancers write as their own service or, in
// older regions, as an account of AWS's; network load balancers as the service that delivers logs, which reads the bucket's ACL first.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/enable-access-logs.html
func (t *txn) mayLog(b *balancerRecord, bucket, key string) bool {
	context := auth.Context{}
	context.Set("aws:SourceAccount", t.sc.Account)
	if b.Type == typeNetwork {
		context.Set("aws:SourceArn", "arn:aws:logs:"+t.sc.Region+":"+t.sc.Account+":*")
		const service = "delivery.logs.amazonaws.com"
		if _, may := t.d.Buckets.ServiceMay(t.tx, service, "s3:GetBucketAcl", bucket, "", context); !may {
			return false
		}
		context.Set("s3:x-amz-acl", "bucket-owner-full-control")
		_, may := t.d.Buckets.ServiceMay(t.tx, service, "s3:PutObject", bucket, key, context)
		return may
	}
	context.Set("aws:SourceArn", arn(t.sc, kindBalancer, b.ID))
	if _, may := t.d.Buckets.ServiceMay(t.tx, "logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject", bucket, key, context); may {
		return true
	}
	account := regionOf(t.sc.Region).account
	if account == "" {
		return false
	}
	_, may := t.d.Buckets.AccountMay(t.tx, account, "s3:PutObject", bucket, key, auth.Context{})
	return may
}
