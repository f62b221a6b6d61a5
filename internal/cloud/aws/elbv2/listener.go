package elbv2

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxListeners      = 50
	maxBalancerGroups = 100 // groups that an application load balancer forwards to

	mutualOff         = "off"
	mutualPassthrough = "passthrough"
	mutualVerify      = "verify"
)

// listenerRecord is a listener of a load balancer.
type listenerRecord struct {
	ID          string // the load balancer's and its own
	Protocol    string
	Port        int64
	Actions     []Action
	Certificate string   // ARN of the default one
	Others      []string // ARNs of the certificate list, which may have the default one as well
	Policy      string   // SSL policy
	ALPN        []string
	Mutual      string            // mutual TLS on HTTPS: off, passthrough or verify
	TrustStore  string            `json:",omitempty"` // ARN, where clients' certificates are verified
	IgnoreDates bool              `json:",omitempty"` // takes clients' certificates that have expired
	Advertise   bool              `json:",omitempty"` // tells clients the names of the trust store's CAs
	Attributes  map[string]string // those that were set
}

func (l *listenerRecord) secure() bool { return l.Protocol == "HTTPS" || l.Protocol == "TLS" }

// trusts gives the ARN of the listener's trust store, if it has one.
func (l *listenerRecord) trusts() []string {
	if l.TrustStore == "" {
		return nil
	}
	return []string{l.TrustStore}
}

// listenersOf gives a load balancer's listeners by their ids.
func (t *txn) listenersOf(balancer string) []*listenerRecord {
	var out []*listenerRecord
	for _, l := range t.listeners.Prefix(t.tx, t.sc, balancer+"/") {
		out = append(out, l)
	}
	return out
}

// listenerSettings are what a call says of a listener.
type listenerSettings struct {
	Port         *int64
	Protocol     *string
	Policy       *string
	Certificates []Certificate
	ALPN         []string
	Actions      []Action
	Mutual       *MutualAuthenticationAttributes
}

// CreateListener adds a listener to a load balancer. The same port with the same settings gives the one that is there.
func (s *Service) CreateListener(ctx context.Context, in *CreateListenerInput) (*CreateListenerOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &CreateListenerOutput{}
	return out, s.update(ctx, func(t *txn) error {
		b, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		l := &listenerRecord{}
		if err := t.apply(b, l, &listenerSettings{in.Port, in.Protocol, in.SslPolicy, in.Certificates, in.AlpnPolicy, in.DefaultActions, in.MutualAuthentication}); err != nil {
			return err
		}
		if err := keepSecrets(l.Actions, nil); err != nil {
			return err
		}
		all := t.listenersOf(b.ID)
		if i := slices.IndexFunc(all, l.collides); i >= 0 {
			old := all[i]
			if !sameListener(old, l) || !maps.Equal(state.Tags(t.tx, arn(t.sc, kindListener, old.ID)), tags) {
				return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", *in.LoadBalancerArn)
			}
			out.Listeners = []Listener{t.describeListener(old)}
			return nil
		}
		if len(all) >= maxListeners {
			return wire.Errorf("TooManyListeners", "The maximum number of listeners has been reached on load balancer '%s'", *in.LoadBalancerArn)
		}
		l.ID = b.ID + "/" + t.d.IDs.Hex(16)
		if err := t.putListener(b, l); err != nil {
			return err
		}
		r := &ruleRecord{ID: l.ID + "/" + t.d.IDs.Hex(16)}
		t.rules.Put(t.tx, t.sc, r.ID, r)
		state.SetTags(t.tx, arn(t.sc, kindListener, l.ID), tags)
		out.Listeners = []Listener{t.describeListener(l)}
		return nil
	})
}

// collides says whether two listeners take the same packets: a port is UDP's, TCP's or both's.
func (l *listenerRecord) collides(other *listenerRecord) bool {
	transports := func(protocol string) (tcp, udp bool) {
		switch protocol {
		case "UDP", "QUIC":
			return false, true
		case "TCP_UDP", "TCP_QUIC":
			return true, true
		}
		return true, false
	}
	tcp, udp := transports(l.Protocol)
	otherTCP, otherUDP := transports(other.Protocol)
	return l.ID != other.ID && l.Port == other.Port && (tcp && otherTCP || udp && otherUDP)
}

func sameListener(a, b *listenerRecord) bool {
	x, _ := json.Marshal([]any{a.Protocol, a.Actions, a.Certificate, a.Policy, a.ALPN, a.Mutual, a.TrustStore, a.IgnoreDates, a.Advertise})
	y, _ := json.Marshal([]any{b.Protocol, b.Actions, b.Certificate, b.Policy, b.ALPN, b.Mutual, b.TrustStore, b.IgnoreDates, b.Advertise})
	return string(x) == string(y)
}

// apply checks settings and puts them over a listener's.
func (t *txn) apply(b *balancerRecord, l *listenerRecord, in *listenerSettings) error {
	if err := applyAddress(b, l, in); err != nil {
		return err
	}
	if err := t.applySecurity(l, in); err != nil {
		return err
	}
	if in.Actions != nil || l.ID == "" {
		actions, err := t.newActions(b, l.Protocol, in.Actions)
		if err != nil {
			return err
		}
		l.Actions = actions
		return nil
	}
	for _, text := range groupsOf(l.Actions) { // they must go with the protocol as it is now
		if err := t.checkGroup(b, l.Protocol, &text); err != nil {
			return err
		}
	}
	return nil
}

func applyAddress(b *balancerRecord, l *listenerRecord, in *listenerSettings) error {
	if b.Type == typeGateway {
		if in.Protocol != nil || in.Port != nil {
			return invalid("You cannot specify a protocol or a port for a listener of a Gateway Load Balancer")
		}
		l.Protocol, l.Port = "GENEVE", 6081
		return nil
	}
	if in.Protocol != nil {
		allowed := []string{"HTTP", "HTTPS"}
		if b.Type == typeNetwork {
			allowed = []string{"TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"}
		}
		if !slices.Contains(allowed, *in.Protocol) {
			return invalid("Listener protocol '%s' must be one of '%s'", *in.Protocol, strings.Join(allowed, ", "))
		}
		l.Protocol = *in.Protocol
	}
	if l.Protocol == "" {
		return invalid("A listener protocol must be specified")
	}
	if in.Port == nil && l.Port == 0 {
		return invalid("A listener port must be specified")
	}
	var err error
	l.Port, err = within(in.Port, "port", 1, 65535, l.Port)
	return err
}

// applySecurity checks what only HTTPS and TLS listeners have. A listener that becomes another one loses it.
func (t *txn) applySecurity(l *listenerRecord, in *listenerSettings) error {
	if !l.secure() {
		switch {
		case len(in.Certificates) > 0:
			return invalid("Certificates cannot be specified for %s listeners", l.Protocol)
		case in.Policy != nil:
			return invalid("SSL policy cannot be specified for %s listeners", l.Protocol)
		case len(in.ALPN) > 0:
			return invalid("ALPN policy cannot be specified for %s listeners", l.Protocol)
		case in.Mutual != nil:
			return invalid("Mutual authentication cannot be specified for %s listeners", l.Protocol)
		}
		l.Certificate, l.Others, l.Policy, l.ALPN = "", nil, "", nil
		l.Mutual, l.TrustStore, l.IgnoreDates, l.Advertise = "", "", false, false
		return nil
	}
	switch n := len(in.Certificates); {
	case n > 1:
		return wire.Errorf("TooManyCertificates", "Up to '1' certificate ARNs can be specified, but '%d' were specified", n)
	case n == 1:
		if in.Certificates[0].IsDefault != nil {
			return invalid("You cannot set the isDefault parameter for a certificate")
		}
		text := text(in.Certificates[0].CertificateArn)
		if err := t.checkCertificate(text); err != nil {
			return err
		}
		l.Certificate = text
	case l.Certificate == "":
		return invalid("A certificate must be specified for %s listeners", l.Protocol)
	}
	if in.Policy != nil {
		if _, ok := policyOf(*in.Policy); !ok {
			return wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", *in.Policy)
		}
		l.Policy = *in.Policy
	}
	l.Policy = cmp.Or(l.Policy, standardPolicy)
	if err := applyALPN(l, in.ALPN); err != nil {
		return err
	}
	return t.applyMutual(l, in.Mutual)
}

func applyALPN(l *listenerRecord, alpn []string) error {
	switch {
	case l.Protocol != "TLS":
		if len(alpn) > 0 {
			return invalid("ALPN policy cannot be specified for %s listeners", l.Protocol)
		}
		l.ALPN = nil
	case len(alpn) > 1:
		return invalid("Up to '1' ALPN policies can be specified, but '%d' were specified", len(alpn))
	case len(alpn) == 1:
		if !slices.Contains([]string{"HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"}, alpn[0]) {
			return wire.Errorf("ALPNPolicyNotFound", "ALPN policy '%s' is not supported", alpn[0])
		}
		l.ALPN = alpn
	}
	return nil
}

func (t *txn) applyMutual(l *listenerRecord, in *MutualAuthenticationAttributes) error {
	if l.Protocol != "HTTPS" {
		if in != nil {
			return invalid("Mutual authentication cannot be specified for %s listeners", l.Protocol)
		}
		l.Mutual, l.TrustStore, l.IgnoreDates, l.Advertise = "", "", false, false
		return nil
	}
	l.Mutual = cmp.Or(l.Mutual, mutualOff)
	if in == nil {
		return nil
	}
	mode, err := oneOf(in.Mode, "mode", mutualOff, mutualPassthrough, mutualVerify)
	switch {
	case err != nil:
		return err
	case mode == mutualVerify:
		return t.verifyClients(l, in)
	case in.TrustStoreArn != nil || in.IgnoreClientCertificateExpiry != nil && *in.IgnoreClientCertificateExpiry || in.AdvertiseTrustStoreCaNames != nil:
		return invalid("Trust store settings can be specified only when the mutual authentication mode is 'verify'")
	}
	l.Mutual, l.TrustStore, l.IgnoreDates, l.Advertise = mode, "", false, false
	return nil
}

// verifyClients sets a listener to hold its clients' certificates against a trust store.
func (t *txn) verifyClients(l *listenerRecord, in *MutualAuthenticationAttributes) error {
	if in.TrustStoreArn == nil {
		return invalid("A trust store ARN must be specified when the mutual authentication mode is 'verify'")
	}
	if _, err := find(t, t.trust, kindTrustStore, in.TrustStoreArn); err != nil {
		return err
	}
	advertise, err := oneOf(in.AdvertiseTrustStoreCaNames, "advertiseTrustStoreCaNames", "off", "on")
	if err != nil {
		return err
	}
	l.Mutual, l.TrustStore, l.Advertise = mutualVerify, *in.TrustStoreArn, advertise == "on"
	l.IgnoreDates = in.IgnoreClientCertificateExpiry != nil && *in.IgnoreClientCertificateExpiry
	return nil
}

// putListener stores a listener, and tells of the certificates that its load balancer began or ceased to use.
func (t *txn) putListener(b *balancerRecord, l *listenerRecord) error {
	before := t.certificatesOf(b.ID)
	t.listeners.Put(t.tx, t.sc, l.ID, l)
	t.tellCertificates(b.ID, before)
	return t.checkGroupCount(b)
}

// checkGroupCount bounds the groups that an application load balancer forwards to.
func (t *txn) checkGroupCount(b *balancerRecord) error {
	if b.Type == typeApplication && len(t.groupsOfBalancer(b.ID)) > maxBalancerGroups {
		return wire.Errorf("TooManyUniqueTargetGroupsPerLoadBalancer", "The maximum number of target groups has been reached on load balancer '%s'",
			arn(t.sc, kindBalancer, b.ID))
	}
	return nil
}

// DescribeListeners lists the listeners of a load balancer, or those with the given ARNs.
func (s *Service) DescribeListeners(ctx context.Context, in *DescribeListenersInput) (*DescribeListenersOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	if (in.LoadBalancerArn == nil) == (len(in.ListenerArns) == 0) {
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	}
	out := &DescribeListenersOutput{Listeners: []Listener{}}
	return out, s.view(ctx, func(t *txn) error {
		var found []*listenerRecord
		if in.LoadBalancerArn != nil {
			b, err := find(t, t.balancers, kindBalancer, in.LoadBalancerArn)
			if err != nil {
				return err
			}
			var next string
			found, next = state.Page(t.listeners.PrefixFrom(t.tx, t.sc, b.ID+"/", after), limit, nil)
			out.NextMarker = state.Token(next)
		}
		for i := range in.ListenerArns {
			l, err := find(t, t.listeners, kindListener, &in.ListenerArns[i])
			if err != nil {
				return oneOrMore(err, "ListenerNotFound", "listeners")
			}
			found = append(found, l)
		}
		for _, l := range found {
			out.Listeners = append(out.Listeners, t.describeListener(l))
		}
		return nil
	})
}

func (t *txn) describeListener(l *listenerRecord) Listener {
	out := Listener{
		ListenerArn: new(arn(t.sc, kindListener, l.ID)), LoadBalancerArn: new(arn(t.sc, kindBalancer, parent(l.ID))), DefaultActions: shown(l.Actions),
	}
	if l.Protocol != "GENEVE" {
		out.Protocol, out.Port = new(l.Protocol), new(l.Port)
	}
	if !l.secure() {
		return out
	}
	out.SslPolicy, out.Certificates = new(l.Policy), []Certificate{{CertificateArn: new(l.Certificate)}}
	if len(l.ALPN) > 0 {
		out.AlpnPolicy = l.ALPN
	}
	if l.Mutual != "" {
		out.MutualAuthentication = &MutualAuthenticationAttributes{Mode: new(l.Mutual)}
	}
	if m := out.MutualAuthentication; l.Mutual == mutualVerify {
		m.TrustStoreArn, m.IgnoreClientCertificateExpiry, m.TrustStoreAssociationStatus = new(l.TrustStore), new(l.IgnoreDates), new("active")
		m.AdvertiseTrustStoreCaNames = new("off")
		if l.Advertise {
			m.AdvertiseTrustStoreCaNames = new("on")
		}
	}
	return out
}

// ModifyListener changes a listener: what the call does not name stays.
func (s *Service) ModifyListener(ctx context.Context, in *ModifyListenerInput) (*ModifyListenerOutput, error) {
	out := &ModifyListenerOutput{}
	return out, s.update(ctx, func(t *txn) error {
		l, err := find(t, t.listeners, kindListener, in.ListenerArn)
		if err != nil {
			return err
		}
		b, _ := t.balancers.Get(t.tx, t.sc, parent(l.ID))
		old := l.Actions
		if err := t.apply(b, l, &listenerSettings{in.Port, in.Protocol, in.SslPolicy, in.Certificates, in.AlpnPolicy, in.DefaultActions, in.MutualAuthentication}); err != nil {
			return err
		}
		if err := keepSecrets(l.Actions, old); err != nil {
			return err
		}
		if slices.ContainsFunc(t.listenersOf(b.ID), l.collides) {
			return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", arn(t.sc, kindBalancer, b.ID))
		}
		if err := t.checkActionsKept(l); err != nil {
			return err
		}
		if err := t.putListener(b, l); err != nil {
			return err
		}
		out.Listeners = []Listener{t.describeListener(l)}
		return nil
	})
}

// checkActionsKept refuses a protocol other than HTTPS while the listener or one of its rules authenticates.
func (t *txn) checkActionsKept(l *listenerRecord) error {
	if l.Protocol == "HTTPS" {
		return nil
	}
	actions := slices.Clone(l.Actions)
	for _, r := range t.rulesOf(l.ID) {
		actions = append(actions, r.Actions...)
	}
	for _, a := range actions {
		if !final(a) {
			return wire.Errorf("InvalidLoadBalancerAction", "Actions of type '%s' are supported only on HTTPS listeners", *a.Type)
		}
	}
	return nil
}

// DeleteListener removes a listener with its rules.
func (s *Service) DeleteListener(ctx context.Context, in *DeleteListenerInput) (*DeleteListenerOutput, error) {
	return &DeleteListenerOutput{}, s.update(ctx, func(t *txn) error {
		l, err := find(t, t.listeners, kindListener, in.ListenerArn)
		if err == nil {
			t.deleteListener(l)
		}
		return err
	})
}

func (t *txn) deleteListener(l *listenerRecord) {
	before := t.certificatesOf(parent(l.ID))
	for id := range t.rules.Prefix(t.tx, t.sc, l.ID+"/") {
		t.rules.Delete(t.tx, t.sc, id)
	}
	t.listeners.Delete(t.tx, t.sc, l.ID)
	t.tellCertificates(parent(l.ID), before)
}
