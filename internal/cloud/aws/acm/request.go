package acm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxNames = 10
	// A token stands for its request this long. https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
	tokenLife = time.Hour
)

// RequestCertificate asks for a certificate, which is issued once its domains are validated.
func (s *Service) RequestCertificate(ctx context.Context, in *RequestCertificateInput) (*RequestCertificateOutput, error) {
	r, err := readRequest(in)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if r.Asked, err = hashOf(in); err != nil {
		return nil, err
	}
	key, err := newKey(r.Algorithm)
	if err != nil {
		return nil, err
	}
	if err := s.makeAuthority(ctx); err != nil {
		return nil, err
	}
	out := &RequestCertificateOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if r.Token != "" {
			for id, old := range t.certificates.By(t.tx, t.sc, "token", r.Token) {
				if old.Asked == r.Asked && t.now.Before(old.Created.Add(tokenLife)) {
					out.CertificateArn = new(certificateARN(t.sc, id))
					return nil
				}
			}
		}
		r.ID, r.Created = t.d.IDs.UUID(), t.now
		t.put(r)
		t.materials.Put(t.tx, t.sc, r.ID, &materialRecord{Key: key})
		out.CertificateArn = new(certificateARN(t.sc, r.ID))
		return t.tag(r, tags)
	})
}

func hashOf(in *RequestCertificateInput) (string, error) {
	asked := *in
	asked.IdempotencyToken = nil
	raw, err := json.Marshal(asked)
	if err != nil {
		return "", fmt.Errorf("hashing a certificate's request: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// readRequest checks what is asked of a new certificate.
func readRequest(in *RequestCertificateInput) (*certificateRecord, error) {
	switch {
	case in.CertificateAuthorityArn != nil:
		return nil, wire.NotImplemented("acm:RequestCertificate with CertificateAuthorityArn")
	case in.ManagedBy != nil:
		return nil, wire.NotImplemented("acm:RequestCertificate with ManagedBy")
	case text(in.ValidationMethod) == "HTTP":
		return nil, wire.NotImplemented("acm:RequestCertificate with ValidationMethod HTTP")
	}
	if err := oneOf(in.ValidationMethod, "validationMethod", "DNS", "EMAIL", "HTTP"); err != nil {
		return nil, err
	}
	if in.IdempotencyToken != nil && !tokens.MatchString(*in.IdempotencyToken) {
		return nil, constraint(*in.IdempotencyToken, "idempotencyToken", `Member must satisfy regular expression pattern: \w+ and have length between 1 and 32`)
	}
	r := &certificateRecord{Type: typeIssued, Status: statusPending, Method: "EMAIL", Algorithm: "RSA_2048", Token: text(in.IdempotencyToken),
		Logging: enabled, Export: disabled}
	if in.ValidationMethod != nil {
		r.Method = *in.ValidationMethod
	}
	if in.KeyAlgorithm != nil {
		r.Algorithm = *in.KeyAlgorithm
	}
	if err := checkRequestedAlgorithm(r.Algorithm); err != nil {
		return nil, err
	}
	if err := r.setOptions(in.Options, "RequestCertificate"); err != nil {
		return nil, err
	}
	if err := r.setNames(in); err != nil {
		return nil, err
	}
	return r, r.setValidation(in.DomainValidationOptions)
}

// setNames takes the domain names of a request. The domain name itself is always the first of the alternative names.
func (r *certificateRecord) setNames(in *RequestCertificateInput) error {
	if err := checkDomain(*in.DomainName, "domainName"); err != nil {
		return err
	}
	if len(*in.DomainName) > 64 { // a common name has no more: RFC 5280, appendix A.1
		return invalid("The first domain name can be no longer than 64 characters.")
	}
	if in.SubjectAlternativeNames != nil && (len(in.SubjectAlternativeNames) < 1 || len(in.SubjectAlternativeNames) > 100) {
		return constraint(in.SubjectAlternativeNames, "subjectAlternativeNames", "Member must have length between 1 and 100")
	}
	r.Domain = strings.ToLower(*in.DomainName)
	r.Names = []string{r.Domain}
	for _, name := range in.SubjectAlternativeNames {
		if err := checkDomain(name, "subjectAlternativeNames"); err != nil {
			return err
		}
		if name = strings.ToLower(name); !slices.Contains(r.Names, name) {
			r.Names = append(r.Names, name)
		}
	}
	if len(r.Names) > maxNames {
		return wire.Errorf("LimitExceededException", "The certificate has %d domain names. The limit is %d.", len(r.Names), maxNames)
	}
	return nil
}

// setOptions takes the options that are given.
func (r *certificateRecord) setOptions(o *CertificateOptions, op string) error {
	if o == nil {
		return nil
	}
	if o.ValidationMethod != nil {
		return wire.NotImplemented("acm:" + op + " with Options.ValidationMethod")
	}
	if err := oneOf(o.CertificateTransparencyLoggingPreference, "options.certificateTransparencyLoggingPreference", enabled, disabled); err != nil {
		return err
	}
	if err := oneOf(o.Export, "options.export", enabled, disabled); err != nil {
		return err
	}
	if o.CertificateTransparencyLoggingPreference != nil {
		r.Logging = *o.CertificateTransparencyLoggingPreference
	}
	if o.Export != nil {
		r.Export = *o.Export
	}
	return nil
}

// UpdateCertificateOptions changes the options of a certificate that Amazon issues.
func (s *Service) UpdateCertificateOptions(ctx context.Context, in *UpdateCertificateOptionsInput) (*UpdateCertificateOptionsOutput, error) {
	return &UpdateCertificateOptionsOutput{}, s.change(ctx, *in.CertificateArn, func(_ *txn, r *certificateRecord) error {
		if r.Type != typeIssued || r.Status != statusIssued && r.Status != statusPending {
			return wire.Errorf("InvalidStateException", "The options of certificate %s cannot be changed: its type is %s and its status is %s.", *in.CertificateArn, r.Type, r.Status)
		}
		export := r.Export
		if err := r.setOptions(in.Options, "UpdateCertificateOptions"); err != nil {
			return err
		}
		if r.Export != export && r.Status == statusIssued {
			return wire.Errorf("InvalidStateException", "The export option of certificate %s cannot be changed after it was issued.", *in.CertificateArn)
		}
		return nil
	})
}

// issue signs a certificate for the record's names, with the key pair that it has.
func (t *txn) issue(r *certificateRecord) error {
	m, ok := t.materials.Get(t.tx, t.sc, r.ID)
	if !ok {
		return fmt.Errorf("the certificate %s has no key", r.ID)
	}
	ca, ok := t.authority.Get(t.tx, state.Scope{}, authorityID)
	if !ok {
		return fmt.Errorf("there is no authority to sign the certificate %s", r.ID)
	}
	certificate, err := ca.sign(m.Key, r.Names, t.now, t.d.IDs)
	if err != nil {
		return fmt.Errorf("signing the certificate %s: %w", r.ID, err)
	}
	m.Certificate, m.Chain = encodeCertificate(certificate.Raw), ca.Certificate
	t.materials.Put(t.tx, t.sc, r.ID, m)
	r.Facts, r.Issued, r.Status, r.Exported = factsOf(certificate), t.now, statusIssued, false
	r.Revision++
	return nil
}
