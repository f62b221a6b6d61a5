package elbv2

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// standardPolicy is the one of listeners that are made through the API.
const standardPolicy = "ELBSecurityPolicy-2016-08"

// sslPolicy is a security policy: protocols, and groups of ciphers in the order of preference.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
type sslPolicy struct {
	name      string
	protocols string // such as 1.2 1.3
	ciphers   string // groups, see cipherGroup
}

func sslPolicies() []sslPolicy {
	const (
		all10, all11, all12 = "1.0 1.1 1.2", "1.1 1.2", "1.2"
		all                 = "gcm cbc sha rsa-gcm rsa-cbc rsa-sha"
	)
	out := []sslPolicy{
		{standardPolicy, all10, "gcm cbc sha rsa-gcm rsa-cbc rsa-sha"},
		{"ELBSecurityPolicy-2015-05", all10, all},
		{"ELBSecurityPolicy-TLS-1-0-2015-04", all10, all + " des"},
		{"ELBSecurityPolicy-TLS-1-1-2017-01", all11, all},
		{"ELBSecurityPolicy-TLS-1-2-2017-01", all12, "gcm cbc rsa-gcm rsa-cbc"},
		{"ELBSecurityPolicy-TLS-1-2-Ext-2018-06", all12, all},
		{"ELBSecurityPolicy-FS-2018-06", all10, "gcm cbc sha"},
		{"ELBSecurityPolicy-FS-1-1-2019-08", all11, "gcm cbc sha"},
		{"ELBSecurityPolicy-FS-1-2-2019-08", all12, "gcm cbc sha"},
		{"ELBSecurityPolicy-FS-1-2-Res-2019-08", all12, "gcm cbc"},
		{"ELBSecurityPolicy-FS-1-2-Res-2020-10", all12, "gcm"},
	}
	// The policies for TLS 1.3 come with and without FIPS and, from 1.2 on, with and without key exchange for quantum computers.
	for _, v := range []struct{ name, protocols, ciphers string }{
		{"1-3", "1.3", ""}, {"1-2", "1.2 1.3", "gcm cbc"}, {"1-2-Res", "1.2 1.3", "gcm"}, {"1-2-Ext0", "1.2 1.3", "gcm cbc sha"},
		{"1-2-Ext1", "1.2 1.3", "gcm cbc rsa-gcm rsa-cbc"}, {"1-2-Ext2", "1.2 1.3", all}, {"1-1", "1.1 1.2 1.3", all}, {"1-0", "1.0 1.1 1.2 1.3", all},
	} {
		name, old := "ELBSecurityPolicy-TLS13-"+v.name, v.name == "1-1"
		if v.name != "1-2-Ext0" {
			out = append(out, sslPolicy{name + "-2021-06", v.protocols, strings.TrimSpace("13 chacha " + v.ciphers)})
			if !old {
				out = append(out, sslPolicy{name + "-PQ-2025-09", v.protocols, strings.TrimSpace("13 chacha " + v.ciphers)})
			}
		}
		out = append(out, sslPolicy{name + "-FIPS-2023-04", v.protocols, strings.TrimSpace("13 " + v.ciphers)})
		if !old {
			out = append(out, sslPolicy{name + "-FIPS-PQ-2025-09", v.protocols, strings.TrimSpace("13 " + v.ciphers)})
		}
	}
	return out
}

func policyOf(name string) (sslPolicy, bool) {
	for _, p := range sslPolicies() {
		if p.name == name {
			return p, true
		}
	}
	return sslPolicy{}, false
}

func cipherGroup(name string) []string {
	switch name {
	case "13":
		return []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"}
	case "chacha":
		return []string{"TLS_CHACHA20_POLY1305_SHA256"}
	case "gcm":
		return []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"}
	case "cbc":
		return []string{"ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384"}
	case "sha":
		return []string{"ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA"}
	case "rsa-gcm":
		return []string{"AES128-GCM-SHA256", "AES256-GCM-SHA384"}
	case "rsa-cbc":
		return []string{"AES128-SHA256", "AES256-SHA256"}
	case "rsa-sha":
		return []string{"AES128-SHA", "AES256-SHA"}
	default:
		return []string{"DES-CBC3-SHA"}
	}
}

func (p sslPolicy) describe() SslPolicy {
	out := SslPolicy{Name: new(p.name), SupportedLoadBalancerTypes: []string{typeApplication, typeNetwork}}
	for v := range strings.FieldsSeq(p.protocols) {
		out.SslProtocols = append(out.SslProtocols, strings.TrimSuffix("TLSv"+v, ".0"))
	}
	for group := range strings.FieldsSeq(p.ciphers) {
		for _, c := range cipherGroup(group) {
			out.Ciphers = append(out.Ciphers, Cipher{Name: new(c), Priority: new(int64(len(out.Ciphers) + 1))})
		}
	}
	return out
}

// DescribeSSLPolicies lists the security policies that listeners can have.
func (s *Service) DescribeSSLPolicies(_ context.Context, in *DescribeSSLPoliciesInput) (*DescribeSSLPoliciesOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	kind, err := oneOf(in.LoadBalancerType, "loadBalancerType", typeApplication, typeNetwork, typeGateway)
	if err != nil {
		return nil, err
	}
	found := sslPolicies()
	slices.SortFunc(found, func(a, b sslPolicy) int { return strings.Compare(a.name, b.name) })
	if len(in.Names) > 0 {
		found = nil
		for _, name := range in.Names {
			p, ok := policyOf(name)
			if !ok {
				return nil, wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", name)
			}
			found = append(found, p)
		}
	} else if kind == typeGateway {
		found = nil
	}
	out := &DescribeSSLPoliciesOutput{SslPolicies: []SslPolicy{}}
	if len(in.Names) == 0 {
		found, out.NextMarker = pageBy(found, func(p sslPolicy) string { return p.name }, limit, after)
	}
	for _, p := range found {
		out.SslPolicies = append(out.SslPolicies, p.describe())
	}
	return out, nil
}
