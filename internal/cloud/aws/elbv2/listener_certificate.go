package elbv2

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

const maxCertificates = 25 // of a listener, the default one aside

// checkCertificate says whether a listener can have a certificate of ACM.
func (t *txn) checkCertificate(text string) error {
	missing := wire.Errorf("CertificateNotFound", "Certificate '%s' not found", text)
	if t.d.Certificates == nil {
		return missing
	}
	switch _, issued, ok := t.d.Certificates.Certificate(t.tx, t.sc, text); {
	case !ok:
		return missing
	case !issued:
		return wire.Errorf("UnsupportedCertificate",
			"The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size.", text)
	}
	return nil
}

// certificatesOf gives the certificates of all listeners of a load balancer.
func (t *txn) certificatesOf(balancer string) []string {
	var out []string
	for _, l := range t.listenersOf(balancer) {
		if l.Certificate != "" {
			out = append(append(out, l.Certificate), l.Others...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tellCertificates tells of the certificates that a load balancer began or ceased to use.
func (t *txn) tellCertificates(balancer string, before []string) {
	if t.d.Certificates == nil {
		return
	}
	user, now := arn(t.sc, kindBalancer, balancer), t.certificatesOf(balancer)
	for _, c := range before {
		if !slices.Contains(now, c) {
			t.d.Certificates.ReleaseCertificate(t.tx, t.sc, c, user)
		}
	}
	for _, c := range now {
		if !slices.Contains(before, c) {
			t.d.Certificates.UseCertificate(t.tx, t.sc, c, user)
		}
	}
}

// withCertificates finds a listener that has certificates.
func (t *txn) withCertificates(text *string) (*listenerRecord, error) {
	l, err := find(t, t.listeners, kindListener, text)
	if err == nil && !l.secure() {
		return nil, badConfiguration("Certificates cannot be specified for %s listeners", l.Protocol)
	}
	return l, err
}

// AddListenerCertificates adds certificates to a listener's list, beside its default one. Those in it already are no error.
func (s *Service) AddListenerCertificates(ctx context.Context, in *AddListenerCertificatesInput) (*AddListenerCertificatesOutput, error) {
	out := &AddListenerCertificatesOutput{}
	return out, s.update(ctx, func(t *txn) error {
		l, err := t.withCertificates(in.ListenerArn)
		if err != nil {
			return err
		}
		if n := len(in.Certificates); n != 1 {
			return wire.Errorf("TooManyCertificates", "Exactly '1' certificate ARN must be specified, but '%d' were specified", n)
		}
		c := in.Certificates[0]
		if c.IsDefault != nil {
			return invalid("You cannot set the isDefault parameter for a certificate")
		}
		if err := t.checkCertificate(text(c.CertificateArn)); err != nil {
			return err
		}
		if !slices.Contains(l.Others, *c.CertificateArn) {
			l.Others = append(l.Others, *c.CertificateArn)
		}
		if len(l.Others) > maxCertificates {
			return wire.Errorf("TooManyCertificates", "The maximum number of certificates has been reached on listener '%s'", *in.ListenerArn)
		}
		b, _ := t.balancers.Get(t.tx, t.sc, parent(l.ID))
		if err := t.putListener(b, l); err != nil {
			return err
		}
		out.Certificates = []Certificate{{CertificateArn: c.CertificateArn, IsDefault: new(false)}}
		return nil
	})
}

// RemoveListenerCertificates takes certificates from a listener's list; the default one stays.
func (s *Service) RemoveListenerCertificates(ctx context.Context, in *RemoveListenerCertificatesInput) (*RemoveListenerCertificatesOutput, error) {
	return &RemoveListenerCertificatesOutput{}, s.update(ctx, func(t *txn) error {
		l, err := t.withCertificates(in.ListenerArn)
		if err != nil {
			return err
		}
		for _, c := range in.Certificates {
			i := slices.Index(l.Others, text(c.CertificateArn))
			if i >= 0 {
				l.Others = slices.Delete(l.Others, i, i+1)
			} else if text(c.CertificateArn) == l.Certificate {
				return wire.Errorf("OperationNotPermitted", "Default certificate cannot be removed from listener '%s'", *in.ListenerArn)
			}
		}
		b, _ := t.balancers.Get(t.tx, t.sc, parent(l.ID))
		return t.putListener(b, l)
	})
}

// DescribeListenerCertificates lists a listener's certificates, the default one first. It comes twice when it is in the list as well.
func (s *Service) DescribeListenerCertificates(ctx context.Context, in *DescribeListenerCertificatesInput) (*DescribeListenerCertificatesOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &DescribeListenerCertificatesOutput{Certificates: []Certificate{}}
	return out, s.view(ctx, func(t *txn) error {
		l, err := find(t, t.listeners, kindListener, in.ListenerArn)
		if err != nil || l.Certificate == "" {
			return err
		}
		all := []Certificate{{CertificateArn: new(l.Certificate), IsDefault: new(true)}}
		for _, c := range slices.Sorted(slices.Values(l.Others)) {
			all = append(all, Certificate{CertificateArn: new(c), IsDefault: new(false)})
		}
		out.Certificates, out.NextMarker = pageBy(all, func(c Certificate) string {
			if *c.IsDefault {
				return "0" + *c.CertificateArn
			}
			return "1" + *c.CertificateArn
		}, limit, after)
		return nil
	})
}
