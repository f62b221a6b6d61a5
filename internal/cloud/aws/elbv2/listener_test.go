package elbv2_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestListener(t *testing.T) {
	w := start(t)
	b, g := w.balancer("web"), w.targetGroup("g")
	in := w.listenerInput(b, 80, forward(g))
	l := must(w.CreateListener(w.ctx, in))(t).Listeners[0]
	if !regexp.MustCompile(`:listener/app/web/[0-9a-f]{16}/[0-9a-f]{16}$`).MatchString(*l.ListenerArn) || l.SslPolicy != nil || l.MutualAuthentication != nil {
		t.Errorf("got %+v", l)
	}
	a := l.DefaultActions[0]
	if *a.TargetGroupArn != g || *a.ForwardConfig.TargetGroups[0].Weight != 1 || *a.ForwardConfig.TargetGroupStickinessConfig.Enabled || a.Order != nil {
		t.Errorf("the action is %+v", a)
	}
	if again := must(w.CreateListener(w.ctx, in))(t).Listeners[0]; *again.ListenerArn != *l.ListenerArn {
		t.Errorf("the same again is %s", *again.ListenerArn)
	}
	refused(w.CreateListener(w.ctx, w.listenerInput(b, 80, fixed("200"))))(t, "DuplicateListener", "A listener already exists on this port")
	must(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: l.ListenerArn, Port: new(int32(81))}))(t)
	w.listener(b, 80, fixed("200"))
	refused(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: l.ListenerArn, Port: new(int32(80))}))(t, "DuplicateListener")
	got := must(w.DescribeListeners(w.ctx, &elb.DescribeListenersInput{LoadBalancerArn: b.LoadBalancerArn, PageSize: new(int32(1))}))(t)
	if len(got.Listeners) != 1 || got.NextMarker == nil {
		t.Errorf("got %+v", got)
	}
	must(w.DeleteListener(w.ctx, &elb.DeleteListenerInput{ListenerArn: l.ListenerArn}))(t)
	refused(w.DeleteListener(w.ctx, &elb.DeleteListenerInput{ListenerArn: l.ListenerArn}))(t, "ListenerNotFound")
}

func TestSecureListener(t *testing.T) {
	w := start(t)
	b, first, second := w.balancer("web"), w.certificate("a.example"), w.certificate("b.example")
	in := w.listenerInput(b, 443, fixed("200"))
	in.Protocol = "HTTPS"
	refused(w.CreateListener(w.ctx, in))(t, "ValidationError", "A certificate must be specified for HTTPS listeners")
	in.Certificates = []types.Certificate{{CertificateArn: new(first[:len(first)-1] + "z")}}
	refused(w.CreateListener(w.ctx, in))(t, "CertificateNotFound")
	pending := must(w.acm.RequestCertificate(w.ctx, &acm.RequestCertificateInput{DomainName: new("c.example"), ValidationMethod: "DNS"}))(t).CertificateArn
	in.Certificates[0].CertificateArn = pending
	refused(w.CreateListener(w.ctx, in))(t, "UnsupportedCertificate", "must have a fully-qualified domain name")
	in.Certificates[0].CertificateArn, in.SslPolicy = &first, new("none")
	refused(w.CreateListener(w.ctx, in))(t, "SSLPolicyNotFound")
	in.SslPolicy = nil
	l := must(w.CreateListener(w.ctx, in))(t).Listeners[0]
	if *l.SslPolicy != "ELBSecurityPolicy-2016-08" || *l.MutualAuthentication.Mode != "off" || *l.Certificates[0].CertificateArn != first {
		t.Errorf("got %+v", l)
	}
	if got := w.users(first); len(got) != 1 || got[0] != *b.LoadBalancerArn {
		t.Errorf("the certificate is used by %v", got)
	}
	refused(w.acm.DeleteCertificate(w.ctx, &acm.DeleteCertificateInput{CertificateArn: &first}))(t, "ResourceInUseException")

	must(w.AddListenerCertificates(w.ctx, &elb.AddListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: []types.Certificate{{CertificateArn: &second}}}))(t)
	list := must(w.DescribeListenerCertificates(w.ctx, &elb.DescribeListenerCertificatesInput{ListenerArn: l.ListenerArn}))(t).Certificates
	if len(list) != 2 || *list[0].CertificateArn != first || !*list[0].IsDefault || *list[1].IsDefault {
		t.Errorf("got %+v", list)
	}
	remove := func(c string) (*elb.RemoveListenerCertificatesOutput, error) {
		return w.RemoveListenerCertificates(w.ctx, &elb.RemoveListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: []types.Certificate{{CertificateArn: &c}}})
	}
	refused(remove(first))(t, "OperationNotPermitted")
	must(remove(second))(t)
	if got := w.users(second); len(got) != 0 {
		t.Errorf("the certificate is used by %v", got)
	}
	must(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: l.ListenerArn, Protocol: "HTTP"}))(t)
	must(w.acm.DeleteCertificate(w.ctx, &acm.DeleteCertificateInput{CertificateArn: &first}))(t)
	refused(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: l.ListenerArn, Protocol: "HTTPS"}))(t, "ValidationError")
	in.Certificates[0].CertificateArn, in.MutualAuthentication = &second, &types.MutualAuthenticationAttributes{Mode: new("verify"), TrustStoreArn: new("a")}
	refused(w.CreateListener(w.ctx, in))(t, "ValidationError", "'a' is not a valid trust store ARN")
}

func TestNetworkListener(t *testing.T) {
	w := start(t)
	n, web, net := w.networkBalancer("net"), w.targetGroup("web"), w.targetGroup("g", tcp)
	in := w.listenerInput(n, 443, forward(net))
	refused(w.CreateListener(w.ctx, in))(t, "ValidationError", "Listener protocol 'HTTP' must be one of")
	in.Protocol, in.DefaultActions = "TCP", forward(web)
	refused(w.CreateListener(w.ctx, in))(t, "IncompatibleProtocols", "have incompatible protocols: 'TCP' and 'HTTP'")
	in.DefaultActions = fixed("200")
	refused(w.CreateListener(w.ctx, in))(t, "InvalidLoadBalancerAction")
	in.DefaultActions, in.Protocol, in.AlpnPolicy = forward(net), "TLS", []string{"HTTP2Preferred"}
	in.Certificates = []types.Certificate{{CertificateArn: new(w.certificate("a.example"))}}
	l := must(w.CreateListener(w.ctx, in))(t).Listeners[0]
	if l.AlpnPolicy[0] != "HTTP2Preferred" || l.MutualAuthentication != nil || *l.SslPolicy != "ELBSecurityPolicy-2016-08" {
		t.Errorf("got %+v", l)
	}
	refused(w.CreateRule(w.ctx, &elb.CreateRuleInput{ListenerArn: l.ListenerArn, Priority: new(int32(1)), Actions: forward(net), Conditions: paths("/a")}))(t, "InvalidConfigurationRequest")
}

func TestTargetGroupOfAnotherVPC(t *testing.T) {
	w := start(t)
	far := w.newVPC("10.1.0.0/16")
	g := w.targetGroup("far", func(in *elb.CreateTargetGroupInput) { in.VpcId = &far })
	refused(w.CreateListener(w.ctx, w.listenerInput(w.balancer("web"), 80, forward(g))))(t, "InvalidConfigurationRequest", "in a different VPC than load balancer")
}

func TestListenerAttributes(t *testing.T) {
	w := start(t)
	l := w.listener(w.balancer("web"), 80, fixed("200"))
	set := func(key, value string) (*elb.ModifyListenerAttributesOutput, error) {
		return w.ModifyListenerAttributes(w.ctx, &elb.ModifyListenerAttributesInput{ListenerArn: &l, Attributes: []types.ListenerAttribute{{Key: &key, Value: &value}}})
	}
	must(set("routing.http.response.x_frame_options.header_value", "DENY"))(t)
	refused(set("routing.http.response.x_content_type_options.header_value", "sniff"))(t, "InvalidConfigurationRequest")
	refused(set("tcp.idle_timeout.seconds", "60"))(t, "InvalidConfigurationRequest", "is not supported")
	got := map[string]string{}
	for _, a := range must(w.DescribeListenerAttributes(w.ctx, &elb.DescribeListenerAttributesInput{ListenerArn: &l}))(t).Attributes {
		got[*a.Key] = *a.Value
	}
	if len(got) != 11 || got["routing.http.response.x_frame_options.header_value"] != "DENY" || got["routing.http.response.server.enabled"] != "true" {
		t.Errorf("got %v", got)
	}
}

func TestSSLPolicies(t *testing.T) {
	w := start(t)
	all := must(w.DescribeSSLPolicies(w.ctx, &elb.DescribeSSLPoliciesInput{}))(t).SslPolicies
	if len(all) < 30 {
		t.Errorf("there are %d policies", len(all))
	}
	p := must(w.DescribeSSLPolicies(w.ctx, &elb.DescribeSSLPoliciesInput{Names: []string{"ELBSecurityPolicy-TLS13-1-2-Res-2021-06"}}))(t).SslPolicies[0]
	if strings.Join(p.SslProtocols, " ") != "TLSv1.2 TLSv1.3" || len(p.Ciphers) != 7 || *p.Ciphers[6].Priority != 7 {
		t.Errorf("got %+v", p)
	}
	refused(w.DescribeSSLPolicies(w.ctx, &elb.DescribeSSLPoliciesInput{Names: []string{"none"}}))(t, "SSLPolicyNotFound")
}
