package acm

import (
	"context"
	"time"

	"atoll/internal/cloud/wire"
)

// Types of certificates, and states of them and of their validations and renewals.
const (
	typeIssued   = "AMAZON_ISSUED"
	typeImported = "IMPORTED"

	statusPending = "PENDING_VALIDATION"
	statusIssued  = "ISSUED"
	statusExpired = "EXPIRED"
	statusTimeout = "VALIDATION_TIMED_OUT"
	statusSuccess = "SUCCESS"

	enabled  = "ENABLED"
	disabled = "DISABLED"
)

type certificateRecord struct {
	ID           string
	Domain       string   // empty: an imported certificate without a domain name
	Names        []string // the subject alternative names; of issued ones Domain is the first
	Type, Status string
	Algorithm    string // of the key, such as RSA_2048
	Created      time.Time
	Issued       time.Time // of imported ones: when they were imported
	Logging      string    // preference for certificate transparency
	Export       string
	Exported     bool     // since it was issued or renewed
	UsedBy       []string // ARNs of the resources that use it
	Facts        *facts   // what the certificate says; nil while there is none
	Method       string   // DNS or EMAIL; of issued ones
	Domains      []domain // to validate; of issued ones
	Token, Asked string   // the token of the request and a hash of its parameters
	Renewal      *renewal // nil while none was begun
	Revision     int      // grows with each certificate that it gets
}

// domain is a name to validate.
type domain struct {
	Name             string
	ValidationDomain string
	Status           string // PENDING_VALIDATION or SUCCESS
}

type renewal struct {
	Status  string
	Updated time.Time
}

// materialRecord is the secret side of a certificate, under the same id.
type materialRecord struct {
	Certificate, Chain []byte // PEM; no certificate while it is not issued
	Key                []byte // PEM of PKCS #8
}

func (t *txn) put(r *certificateRecord) { t.certificates.Put(t.tx, t.sc, r.ID, r) }

func (r *certificateRecord) token() []string {
	if r.Token == "" {
		return nil
	}
	return []string{r.Token}
}

func (r *certificateRecord) inUse() bool { return len(r.UsedBy) > 0 }

// eligible reports whether AWS would renew the certificate: it is in use, or was exported.
// https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
func (r *certificateRecord) eligible() bool {
	return r.Type == typeIssued && r.Status == statusIssued && (r.inUse() || r.Exported)
}

func (r *certificateRecord) eligibility() *string {
	if r.eligible() {
		return new("ELIGIBLE")
	}
	return new("INELIGIBLE")
}

// DescribeCertificate describes a certificate.
func (s *Service) DescribeCertificate(ctx context.Context, in *DescribeCertificateInput) (*DescribeCertificateOutput, error) {
	out := &DescribeCertificateOutput{}
	return out, s.read(ctx, *in.CertificateArn, func(t *txn, r *certificateRecord) error {
		out.Certificate = t.render(r)
		return nil
	})
}

func (t *txn) render(r *certificateRecord) *CertificateDetail {
	d := &CertificateDetail{
		CertificateArn: new(certificateARN(t.sc, r.ID)), SubjectAlternativeNames: r.Names, Status: new(r.Status), Type: new(r.Type),
		CreatedAt: new(r.Created), KeyAlgorithm: new(hyphenated(r.Algorithm)), InUseBy: r.UsedBy, RenewalEligibility: r.eligibility(),
		KeyUsages: []KeyUsage{}, ExtendedKeyUsages: []ExtendedKeyUsage{}, CertificateKeyPairOrigin: r.origin(),
		Options: &CertificateOptions{CertificateTransparencyLoggingPreference: new(r.Logging), Export: new(r.Export)},
	}
	if r.Domain != "" {
		d.DomainName = new(r.Domain)
	}
	if d.InUseBy == nil {
		d.InUseBy = []string{}
	}
	if f := r.Facts; f != nil {
		d.Serial, d.Subject, d.Issuer, d.SignatureAlgorithm = new(f.Serial), new(f.Subject), new(f.Issuer), new(f.Signature)
		d.NotBefore, d.NotAfter = new(f.NotBefore), new(f.NotAfter)
		for _, name := range f.Usages {
			d.KeyUsages = append(d.KeyUsages, KeyUsage{Name: new(name)})
		}
		for _, u := range f.Extended {
			e := ExtendedKeyUsage{Name: new(u.Name)}
			if u.OID != "" {
				e.OID = new(u.OID)
			}
			d.ExtendedKeyUsages = append(d.ExtendedKeyUsages, e)
		}
	} else {
		d.Subject, d.Issuer, d.SignatureAlgorithm = new("CN="+r.Domain), new(authorityName), new("SHA256WITHRSA")
	}
	if r.Type == typeImported {
		d.ImportedAt = new(r.Issued)
		return d
	}
	if r.Facts != nil {
		d.IssuedAt = new(r.Issued)
	}
	d.DomainValidationOptions = t.renderValidation(r)
	if r.Renewal != nil {
		d.RenewalSummary = &RenewalSummary{RenewalStatus: new(r.Renewal.Status), UpdatedAt: new(r.Renewal.Updated), DomainValidationOptions: d.DomainValidationOptions}
	}
	return d
}

func (r *certificateRecord) origin() *string {
	if r.Type == typeImported {
		return new("CUSTOMER_PROVIDED")
	}
	return new("AWS_MANAGED")
}

// DeleteCertificate deletes a certificate that nothing uses.
func (s *Service) DeleteCertificate(ctx context.Context, in *DeleteCertificateInput) (*DeleteCertificateOutput, error) {
	return &DeleteCertificateOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.certificate(*in.CertificateArn)
		if err != nil {
			return err
		}
		if r.inUse() {
			return wire.Errorf("ResourceInUseException", "Certificate %s in account %s is in use.", *in.CertificateArn, t.sc.Account)
		}
		t.materials.Delete(t.tx, t.sc, r.ID)
		t.certificates.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

// GetCertificate gives a certificate and its chain.
func (s *Service) GetCertificate(ctx context.Context, in *GetCertificateInput) (*GetCertificateOutput, error) {
	out := &GetCertificateOutput{}
	return out, s.read(ctx, *in.CertificateArn, func(t *txn, r *certificateRecord) error {
		m, err := t.material(r)
		if err != nil {
			return err
		}
		out.Certificate = new(string(m.Certificate))
		if len(m.Chain) > 0 {
			out.CertificateChain = new(string(m.Chain))
		}
		return nil
	})
}

// material gives the PEM files of a certificate that was issued.
func (t *txn) material(r *certificateRecord) (*materialRecord, error) {
	m, ok := t.materials.Get(t.tx, t.sc, r.ID)
	switch {
	case r.Status == statusPending:
		return nil, wire.Errorf("RequestInProgressException", "The certificate request for %s is in progress: the certificate has not been issued yet.", certificateARN(t.sc, r.ID))
	case !ok || r.Facts == nil:
		return nil, wire.Errorf("ResourceNotFoundException", "Certificate %s was never issued: its status is %s.", certificateARN(t.sc, r.ID), r.Status)
	}
	return m, nil
}
