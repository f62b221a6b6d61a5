package cloud

import (
	"crypto/tls"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/aws/elbv2"
	"atoll/internal/dataplane/proxy"
)

// What Elastic Load Balancing keeps, in the words of the proxy. The texts of numbers were checked when they were stored.

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func seconds(text string) time.Duration { return time.Duration(number(text)) * time.Second }

func proxied(s *elbv2.Serving) proxy.Balancer {
	out := proxy.Balancer{ID: s.ARN, Resource: s.ID, Name: s.Name, DNSName: s.DNSName}
	if s.Type != "application" {
		out.Refused = "load balancers of the type " + s.Type + " are not implemented in the local data plane"
		return out
	}
	for _, z := range s.Zones {
		address, _ := netip.ParseAddr(z.PrivateIP) // an interface that is gone has none
		out.Nodes = append(out.Nodes, proxy.Node{Interface: z.Interface, Zone: z.Zone, Address: address})
	}
	a := s.Attributes
	out.Settings = proxy.Settings{
		IdleTimeout: seconds(a["idle_timeout.timeout_seconds"]), KeepAlive: seconds(a["client_keep_alive.seconds"]),
		DropInvalidHeaders: a["routing.http.drop_invalid_header_fields.enabled"] == "true",
		TLSHeaders:         a["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"] == "true",
		ClientPort:         a["routing.http.xff_client_port.enabled"] == "true",
		Forwarded:          a["routing.http.xff_header_processing.mode"],
		HTTP2:              a["routing.http2.enabled"] == "true",
		AccessLogs:         a["access_logs.s3.enabled"] == "true",
		FailOpen:           a["waf.fail_open.enabled"] == "true",
	}
	for i := range s.Listeners {
		out.Listeners = append(out.Listeners, proxiedListener(&s.Listeners[i]))
	}
	for i := range s.Groups {
		out.Groups = append(out.Groups, proxiedGroup(&s.Groups[i]))
	}
	return out
}

func proxiedListener(l *elbv2.ServingListener) proxy.Listener {
	out := proxy.Listener{ID: l.ARN, Port: l.Port, Secure: l.Protocol == "HTTPS", Certificates: l.Certificates, ClientCertificates: l.Mutual != "off",
		HideServer: l.Attributes["routing.http.response.server.enabled"] == "false"}
	out.MinTLS, out.MaxTLS = versions(l.Protocols)
	out.Ciphers = ciphers(l.Ciphers)
	for _, name := range []string{"Strict-Transport-Security", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
		"Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"} {
		if v := l.Attributes["routing.http.response."+attributeName(name)+".header_value"]; v != "" {
			out.Response = append(out.Response, proxy.Header{Name: name, Value: v})
		}
	}
	out.VersionHeader = l.Attributes["routing.http.request."+attributeName("X-Amzn-Tls-Version")+".header_name"]
	out.CipherSuiteHeader = l.Attributes["routing.http.request."+attributeName("X-Amzn-Tls-Cipher-Suite")+".header_name"]
	for i := range l.Rules {
		out.Rules = append(out.Rules, proxiedRule(&l.Rules[i]))
	}
	return out
}

func attributeName(header string) string {
	return strings.ReplaceAll(strings.ToLower(header), "-", "_")
}

// versions gives the least and the greatest of TLS versions such as TLSv1.2.
func versions(names []string) (least, most uint16) {
	for _, name := range names {
		v := map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}[name]
		if least == 0 || v < least {
			least = v
		}
		most = max(most, v)
	}
	return least, most
}

// ciphers gives those of OpenSSL's names that Go has, up to TLS 1.2.
func ciphers(names []string) []uint16 {
	known := map[string]uint16{
		"ECDHE-ECDSA-AES128-GCM-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256": tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		"ECDHE-ECDSA-AES256-GCM-SHA384": tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384": tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		"ECDHE-ECDSA-AES128-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256": tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		"ECDHE-ECDSA-AES128-SHA": tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA": tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		"ECDHE-ECDSA-AES256-SHA": tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA": tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		"AES128-GCM-SHA256": tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "AES256-GCM-SHA384": tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		"AES128-SHA256": tls.TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA": tls.TLS_RSA_WITH_AES_128_CBC_SHA, "AES256-SHA": tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		"DES-CBC3-SHA": tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	}
	var out []uint16
	for _, name := range names {
		if id, ok := known[name]; ok {
			out = append(out, id)
		}
	}
	return out
}

func proxiedRule(r *elbv2.Rule) proxy.Rule {
	out := proxy.Rule{}
	if !*r.IsDefault {
		out.Priority = number(*r.Priority)
	}
	for i := range r.Conditions {
		out.Conditions = append(out.Conditions, proxiedCondition(&r.Conditions[i]))
	}
	for _, t := range r.Transforms {
		if c := t.HostHeaderRewriteConfig; c != nil {
			out.Host = &proxy.Rewrite{Regex: *c.Rewrites[0].Regex, Replace: *c.Rewrites[0].Replace}
		}
		if c := t.UrlRewriteConfig; c != nil {
			out.URL = &proxy.Rewrite{Regex: *c.Rewrites[0].Regex, Replace: *c.Rewrites[0].Replace}
		}
	}
	for i := range r.Actions {
		perform(&out, &r.Actions[i])
	}
	return out
}

func perform(r *proxy.Rule, a *elbv2.Action) {
	switch {
	case a.ForwardConfig != nil:
		r.Forward = &proxy.Forward{}
		for _, g := range a.ForwardConfig.TargetGroups {
			r.Forward.Groups = append(r.Forward.Groups, proxy.Weighted{Group: *g.TargetGroupArn, Weight: int(*g.Weight)})
		}
		if s := a.ForwardConfig.TargetGroupStickinessConfig; s != nil && s.DurationSeconds != nil && *s.Enabled {
			r.Forward.Sticky = time.Duration(*s.DurationSeconds) * time.Second
		}
	case a.RedirectConfig != nil:
		c := a.RedirectConfig
		r.Redirect = &proxy.Redirect{Status: number(strings.TrimPrefix(*c.StatusCode, "HTTP_")), Protocol: *c.Protocol, Host: *c.Host, Port: *c.Port, Path: *c.Path, Query: *c.Query}
	case a.FixedResponseConfig != nil:
		c := a.FixedResponseConfig
		r.Fixed = &proxy.Fixed{Status: number(*c.StatusCode)}
		if c.ContentType != nil {
			r.Fixed.ContentType = *c.ContentType
		}
		if c.MessageBody != nil {
			r.Fixed.Body = *c.MessageBody
		}
	default:
		r.Refused = "actions of the type " + *a.Type
	}
}

func proxiedCondition(c *elbv2.RuleCondition) proxy.Condition {
	out := proxy.Condition{Field: proxy.Field(*c.Field)}
	switch {
	case c.HostHeaderConfig != nil:
		out.Values, out.Regexes = c.HostHeaderConfig.Values, c.HostHeaderConfig.RegexValues
	case c.PathPatternConfig != nil:
		out.Values, out.Regexes = c.PathPatternConfig.Values, c.PathPatternConfig.RegexValues
	case c.HttpHeaderConfig != nil:
		out.Name, out.Values, out.Regexes = *c.HttpHeaderConfig.HttpHeaderName, c.HttpHeaderConfig.Values, c.HttpHeaderConfig.RegexValues
	case c.HttpRequestMethodConfig != nil:
		out.Values = c.HttpRequestMethodConfig.Values
	case c.QueryStringConfig != nil:
		for _, v := range c.QueryStringConfig.Values {
			p := proxy.Pair{Value: *v.Value}
			if v.Key != nil {
				p.Key = *v.Key
			}
			out.Pairs = append(out.Pairs, p)
		}
	case c.SourceIpConfig != nil:
		for _, v := range c.SourceIpConfig.Values {
			if p, err := netip.ParsePrefix(v); err == nil {
				out.Sources = append(out.Sources, p.Masked())
			}
		}
	}
	return out
}

func proxiedGroup(g *elbv2.ServingGroup) proxy.Group {
	a, h := g.Attributes, g.Health
	out := proxy.Group{ID: g.ARN, Resource: g.Resource, Secure: g.Protocol == "HTTPS", Version: g.Version, Algorithm: a["load_balancing.algorithm.type"],
		SlowStart: seconds(a["slow_start.duration_seconds"]), Delay: seconds(a["deregistration_delay.timeout_seconds"]),
		ZonesOnly:         a["load_balancing.cross_zone.enabled"] == "false",
		MinHealthyCount:   number(a["target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"]),
		MinHealthyPercent: number(a["target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"]), // 0 for off
		Health: proxy.Check{Secure: h.Protocol == "HTTPS", Port: h.Port, Path: h.Path, Codes: h.Codes, Interval: h.Interval, Timeout: h.Timeout,
			Healthy: h.Healthy, Unhealthy: h.Unhealthy}}
	if g.TargetType != "ip" {
		out.Refused = "target groups of the type " + g.TargetType
	}
	if a["stickiness.enabled"] == "true" {
		kind := a["stickiness.type"]
		out.Sticky.Duration = seconds(a["stickiness."+kind+".duration_seconds"])
		if kind == "app_cookie" {
			out.Sticky.Cookie = a["stickiness.app_cookie.cookie_name"]
		}
	}
	for _, t := range g.Targets {
		if address, err := netip.ParseAddr(t.Target); err == nil {
			out.Targets = append(out.Targets, proxy.Target{Address: netip.AddrPortFrom(address, uint16(t.Port)), Zone: t.Zone, Unused: t.Unused})
		}
	}
	return out
}
