package elbv2_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud/cloudtest"
)

// world is a client of a running cloud that has a VPC with an internet gateway, a subnet in each of two zones, and a security group.
type world struct {
	*elb.Client
	ec2     *ec2.Client
	acm     *acm.Client
	t       testing.TB
	ctx     context.Context
	cloud   *cloudtest.Cloud
	vpc     string
	subnets []string
	group   string
}

func start(t testing.TB, opts ...cloudtest.Option) *world {
	t.Helper()
	c := cloudtest.Start(t, opts...)
	w := &world{Client: elb.NewFromConfig(c.Config()), ec2: ec2.NewFromConfig(c.Config()), acm: acm.NewFromConfig(c.Config()), t: t, ctx: t.Context(), cloud: c}
	w.vpc = w.newVPC("10.0.0.0/16")
	w.subnets = []string{w.subnet(w.vpc, "10.0.0.0/24", "us-east-1a"), w.subnet(w.vpc, "10.0.1.0/24", "us-east-1b")}
	w.group = w.securityGroup(w.vpc, "web")
	gateway := must(w.ec2.CreateInternetGateway(w.ctx, &ec2.CreateInternetGatewayInput{}))(t).InternetGateway.InternetGatewayId
	must(w.ec2.AttachInternetGateway(w.ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: gateway, VpcId: &w.vpc}))(t)
	return w
}

// must gives a function that ends the test if the call failed, and gives its output if not.
func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused gives a function that checks the code of a failed call, and words that its message has.
func refused[O any](_ O, err error) func(t testing.TB, code string, words ...string) {
	return func(t testing.TB, code string, words ...string) {
		t.Helper()
		var e smithy.APIError
		if !errors.As(err, &e) {
			t.Errorf("got %v, want %s", err, code)
			return
		}
		if e.ErrorCode() != code {
			t.Errorf("got %s: %s, want %s", e.ErrorCode(), e.ErrorMessage(), code)
		}
		for _, word := range words {
			if !strings.Contains(e.ErrorMessage(), word) {
				t.Errorf("the message %q does not have %q", e.ErrorMessage(), word)
			}
		}
	}
}

func (w *world) newVPC(cidr string) string {
	w.t.Helper()
	return *must(w.ec2.CreateVpc(w.ctx, &ec2.CreateVpcInput{CidrBlock: &cidr}))(w.t).Vpc.VpcId
}

func (w *world) subnet(vpc, cidr, zone string) string {
	w.t.Helper()
	return *must(w.ec2.CreateSubnet(w.ctx, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: &zone}))(w.t).Subnet.SubnetId
}

func (w *world) securityGroup(vpc, name string) string {
	w.t.Helper()
	return *must(w.ec2.CreateSecurityGroup(w.ctx, &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: &name, Description: new("of a test")}))(w.t).GroupId
}

// interfaces gives the network interfaces of a load balancer.
func (w *world) interfaces(b types.LoadBalancer) []ec2types.NetworkInterface {
	w.t.Helper()
	_, id, _ := strings.Cut(*b.LoadBalancerArn, ":loadbalancer/")
	return must(w.ec2.DescribeNetworkInterfaces(w.ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{
		{Name: new("attachment.instance-owner-id"), Values: []string{"amazon-elb"}}, {Name: new("description"), Values: []string{"ELB " + id}},
	}}))(w.t).NetworkInterfaces
}

func (w *world) balancerInput(name string) *elb.CreateLoadBalancerInput {
	return &elb.CreateLoadBalancerInput{Name: &name, Subnets: w.subnets, SecurityGroups: []string{w.group}}
}

func (w *world) balancer(name string) types.LoadBalancer {
	w.t.Helper()
	return must(w.CreateLoadBalancer(w.ctx, w.balancerInput(name)))(w.t).LoadBalancers[0]
}

func (w *world) networkBalancer(name string) types.LoadBalancer {
	w.t.Helper()
	return must(w.CreateLoadBalancer(w.ctx, &elb.CreateLoadBalancerInput{Name: &name, Subnets: w.subnets[:1], Type: "network"}))(w.t).LoadBalancers[0]
}

func (w *world) targetGroup(name string, change ...func(in *elb.CreateTargetGroupInput)) string {
	w.t.Helper()
	in := &elb.CreateTargetGroupInput{Name: &name, Protocol: "HTTP", Port: new(int32(80)), VpcId: &w.vpc, TargetType: "ip"}
	for _, f := range change {
		f(in)
	}
	return *must(w.CreateTargetGroup(w.ctx, in))(w.t).TargetGroups[0].TargetGroupArn
}

func tcp(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" }

func forward(group string) []types.Action {
	return []types.Action{{Type: "forward", TargetGroupArn: &group}}
}

func fixed(code string) []types.Action {
	return []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: &code}}}
}

func (w *world) listenerInput(b types.LoadBalancer, port int32, actions []types.Action) *elb.CreateListenerInput {
	return &elb.CreateListenerInput{LoadBalancerArn: b.LoadBalancerArn, Port: &port, Protocol: "HTTP", DefaultActions: actions}
}

func (w *world) listener(b types.LoadBalancer, port int32, actions []types.Action) string {
	w.t.Helper()
	return *must(w.CreateListener(w.ctx, w.listenerInput(b, port, actions)))(w.t).Listeners[0].ListenerArn
}

func (w *world) rule(listener string, priority int32, path string, actions []types.Action) string {
	w.t.Helper()
	return *must(w.CreateRule(w.ctx, &elb.CreateRuleInput{ListenerArn: &listener, Priority: &priority, Actions: actions, Conditions: paths(path)}))(w.t).Rules[0].RuleArn
}

func paths(values ...string) []types.RuleCondition {
	return []types.RuleCondition{{Field: new("path-pattern"), Values: values}}
}

// certificate imports a certificate of its own issuer into ACM.
func (w *world) certificate(domain string) string {
	w.t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(w.t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))(w.t)
	private := must(x509.MarshalPKCS8PrivateKey(key))(w.t)
	return *must(w.acm.ImportCertificate(w.ctx, &acm.ImportCertificateInput{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}))(w.t).CertificateArn
}

func (w *world) users(certificate string) []string {
	w.t.Helper()
	return must(w.acm.DescribeCertificate(w.ctx, &acm.DescribeCertificateInput{CertificateArn: &certificate}))(w.t).Certificate.InUseBy
}
