package elbv2

import (
	"context"
	"slices"
	"strings"
)

// attributesOfListener gives what a listener can be set to; TLS and UDP listeners have nothing.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html
func attributesOfListener(l *listenerRecord) []attribute {
	switch l.Protocol {
	case "TCP", "GENEVE":
		return []attribute{{"tcp.idle_timeout.seconds", "350", isNumber(60, 6000)}}
	case "HTTP", "HTTPS":
	default:
		return nil
	}
	value := func(name string, valid func(string) bool) attribute {
		return attribute{"routing.http.response." + name + ".header_value", "", either(isOneOf(""), valid)}
	}
	out := []attribute{
		{"routing.http.response.server.enabled", "true", isBool},
		value("strict_transport_security", isHeaderValue),
		value("access_control_allow_origin", isHeaderValue),
		value("access_control_allow_methods", isMethodList),
		value("access_control_allow_headers", isHeaderValue),
		value("access_control_allow_credentials", isOneOf("true")),
		value("access_control_expose_headers", isHeaderValue),
		value("access_control_max_age", isNumber(0, 86400)),
		value("content_security_policy", isHeaderValue),
		value("x_content_type_options", isOneOf("nosniff")),
		value("x_frame_options", isFrameOption),
	}
	if l.Protocol != "HTTPS" {
		return out
	}
	for _, header := range []string{"X-Amzn-Mtls-Clientcert-Serial-Number", "X-Amzn-Mtls-Clientcert-Issuer", "X-Amzn-Mtls-Clientcert-Subject",
		"X-Amzn-Mtls-Clientcert-Validity", "X-Amzn-Mtls-Clientcert-Leaf", "X-Amzn-Mtls-Clientcert", "X-Amzn-Tls-Version", "X-Amzn-Tls-Cipher-Suite"} {
		key := "routing.http.request." + strings.ReplaceAll(strings.ToLower(header), "-", "_") + ".header_name"
		out = append(out, attribute{key, header, headerNames.MatchString})
	}
	return out
}

func isHeaderValue(v string) bool { return len(v) <= 1024 && !strings.ContainsAny(v, "\r\n\x00") }

func isMethodList(v string) bool {
	for m := range strings.SplitSeq(v, ",") {
		if !slices.Contains([]string{"GET", "HEAD", "POST", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PUT", "PATCH", "*"}, strings.TrimSpace(m)) {
			return false
		}
	}
	return true
}

func isFrameOption(v string) bool {
	return v == "DENY" || v == "SAMEORIGIN" || strings.HasPrefix(v, "ALLOW-FROM ")
}

func describeListenerAttributes(l *listenerRecord) []ListenerAttribute {
	supported := attributesOfListener(l)
	all := values(supported, l.Attributes)
	out := make([]ListenerAttribute, 0, len(all))
	for _, a := range supported {
		out = append(out, ListenerAttribute{Key: new(a.key), Value: new(all[a.key])})
	}
	return out
}

// DescribeListenerAttributes gives all attributes of a listener.
func (s *Service) DescribeListenerAttributes(ctx context.Context, in *DescribeListenerAttributesInput) (*DescribeListenerAttributesOutput, error) {
	out := &DescribeListenerAttributesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		l, err := find(t, t.listeners, kindListener, in.ListenerArn)
		if err == nil {
			out.Attributes = describeListenerAttributes(l)
		}
		return err
	})
}

// ModifyListenerAttributes sets attributes of a listener.
func (s *Service) ModifyListenerAttributes(ctx context.Context, in *ModifyListenerAttributesInput) (*ModifyListenerAttributesOutput, error) {
	var changes []pair
	for _, a := range in.Attributes {
		changes = append(changes, pair{a.Key, a.Value})
	}
	out := &ModifyListenerAttributesOutput{}
	return out, s.update(ctx, func(t *txn) error {
		l, err := find(t, t.listeners, kindListener, in.ListenerArn)
		if err != nil {
			return err
		}
		known := slices.Concat(attributesOfListener(&listenerRecord{Protocol: "HTTPS"}), attributesOfListener(&listenerRecord{Protocol: "TCP"}))
		if l.Attributes, err = set("Listener", "listeners with protocol '"+l.Protocol+"'", attributesOfListener(l), known, l.Attributes, changes); err != nil {
			return err
		}
		t.listeners.Put(t.tx, t.sc, l.ID, l)
		out.Attributes = describeListenerAttributes(l)
		return nil
	})
}
