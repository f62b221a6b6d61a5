package acm

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

const (
	// A request that is not validated by then has timed out.
	// https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-timed-out.html
	validationTime = 72 * time.Hour
	// AWS begins to renew this long before the end.
	renewalLead = 60 * 24 * time.Hour
)

// mailboxes are the addresses that AWS writes to at a domain. https://docs.aws.amazon.com/acm/latest/userguide/email-validation.html
func mailboxes(domain string) []string {
	out := []string{}
	for _, box := range []string{"administrator", "hostmaster", "postmaster", "webmaster", "admin"} {
		out = append(out, box+"@"+domain)
	}
	return out
}

// under reports whether name is domain or lies below it.
func under(name, domain string) bool { return name == domain || strings.HasSuffix(name, "."+domain) }

// base is the name without its wildcard: the records for both are the same.
func base(name string) string { return strings.TrimPrefix(name, "*.") }

// setValidation takes the domains to validate and the domains whose mailboxes are asked.
func (r *certificateRecord) setValidation(options []DomainValidationOption) error {
	asked := map[string]string{}
	for _, o := range options {
		name, at := strings.ToLower(*o.DomainName), strings.ToLower(*o.ValidationDomain)
		switch {
		case !slices.Contains(r.Names, name):
			return wire.Errorf("InvalidDomainValidationOptionsException", "The domain %s is not a domain name of the certificate.", name)
		case !under(base(name), at):
			return wire.Errorf("InvalidDomainValidationOptionsException", "The validation domain %s is neither %s nor a superdomain of it.", at, name)
		}
		asked[name] = at
	}
	for _, name := range r.Names {
		d := domain{Name: name, ValidationDomain: name, Status: statusPending}
		if r.Method == "EMAIL" {
			d.ValidationDomain = base(name)
		}
		if at, ok := asked[name]; ok {
			d.ValidationDomain = at
		}
		r.Domains = append(r.Domains, d)
	}
	return nil
}

// validationRecord is the CNAME record that proves the control of a domain. An account has one for each domain, which AWS keeps
// for all its certificates, so that a record that stands is enough for the next one too.
func validationRecord(account, name string) (cname, value string) {
	proof := func(of string) []byte {
		sum := sha256.Sum256([]byte(of + "/" + account + "/" + base(name)))
		return sum[:]
	}
	zone := strings.ToLower(base32.StdEncoding.EncodeToString(proof("zone")))
	zone = strings.Map(func(c rune) rune { // letters only
		if c >= '2' && c <= '7' {
			return c - '2' + 'g'
		}
		return c
	}, zone[:10])
	return "_" + hex.EncodeToString(proof("name"))[:32] + "." + base(name) + ".",
		"_" + hex.EncodeToString(proof("value"))[:32] + "." + zone + ".acm-validations.aws."
}

func (t *txn) renderValidation(r *certificateRecord) []DomainValidation {
	out := []DomainValidation{}
	for _, d := range r.Domains {
		v := DomainValidation{DomainName: new(d.Name), ValidationDomain: new(d.ValidationDomain), ValidationStatus: new(d.Status), ValidationMethod: new(r.Method)}
		if r.Method == "DNS" {
			name, value := validationRecord(t.sc.Account, d.Name)
			v.ResourceRecord = &ResourceRecord{Name: new(name), Type: new("CNAME"), Value: new(value)}
		} else {
			v.ValidationEmails = mailboxes(d.ValidationDomain)
		}
		out = append(out, v)
	}
	return out
}

// proven reports whether the record that proves the control of a domain stands.
func (t *txn) proven(name string) bool {
	if t.d.Records == nil {
		return false
	}
	cname, want := validationRecord(t.sc.Account, name)
	return slices.ContainsFunc(t.d.Records.RecordValues(t.tx, t.sc.Account, cname, "CNAME"), func(value string) bool {
		return strings.EqualFold(strings.TrimSuffix(value, "."), strings.TrimSuffix(want, "."))
	})
}

func (t *txn) allProven(r *certificateRecord) bool {
	return r.Method == "DNS" && !slices.ContainsFunc(r.Domains, func(d domain) bool { return !t.proven(d.Name) })
}

// dueFormat writes times so that they sort as text.
const dueFormat = "2006-01-02T15:04:05Z"

// due gives the time from which reads must look whether something has happened to the certificate, for the index of that name.
func (r *certificateRecord) due() []string {
	switch {
	case r.Status == statusPending, r.Renewal != nil && r.Renewal.Status == statusPending && r.Status == statusIssued:
		return []string{"0"} // at any time: records may come
	case r.Status != statusIssued:
		return nil
	case r.eligible():
		return []string{r.Facts.NotAfter.Add(-renewalLead).UTC().Format(dueFormat)}
	}
	return []string{r.Facts.NotAfter.UTC().Format(dueFormat)}
}

// due gives the certificates to which something may have happened by now.
func (t *txn) due() []*certificateRecord {
	var out []*certificateRecord
	for _, r := range t.certificates.ByRange(t.tx, t.sc, "due", "", t.now.UTC().Format(dueFormat)+"\x01", false) {
		out = append(out, r)
	}
	return out
}

// What can happen to a certificate by itself.
type step int

const (
	stepNone   step = iota
	stepNote        // some of its domains are validated, or its renewal waits for their records
	stepIssue       // it is issued, or renewed
	stepExpire      // its time or that of its request is over
)

// next gives what has happened to a certificate since it was last settled.
func (t *txn) next(r *certificateRecord) step {
	switch r.Status {
	case statusPending:
		switch {
		case t.allProven(r):
			return stepIssue
		case !t.now.Before(r.Created.Add(validationTime)):
			return stepExpire
		case r.Method == "DNS" && slices.ContainsFunc(r.Domains, func(d domain) bool { return d.Status == statusPending && t.proven(d.Name) }):
			return stepNote
		}
	case statusIssued:
		begun := r.Renewal != nil && r.Renewal.Status == statusPending
		renew := begun || r.eligible() && !t.now.Before(r.Facts.NotAfter.Add(-renewalLead))
		switch {
		case renew && t.allProven(r):
			return stepIssue
		case !t.now.Before(r.Facts.NotAfter):
			return stepExpire
		case renew && !begun:
			return stepNote
		}
	}
	return stepNone
}

func (t *txn) behind(r *certificateRecord) bool { return t.next(r) != stepNone }

// settle writes down what has happened to a certificate.
func (t *txn) settle(r *certificateRecord) error {
	switch t.next(r) {
	case stepNone:
		return nil
	case stepNote:
		t.noteValidation(r)
		if r.Status == statusIssued {
			r.Renewal = &renewal{Status: statusPending, Updated: t.now}
		}
	case stepExpire:
		r.expire(t.now)
	case stepIssue:
		t.noteValidation(r)
		if r.Status == statusIssued {
			r.Renewal = &renewal{Status: statusSuccess, Updated: t.now}
		}
		if err := t.issue(r); err != nil {
			return err
		}
	}
	t.put(r)
	return nil
}

func (t *txn) noteValidation(r *certificateRecord) {
	for i, d := range r.Domains {
		switch {
		case t.proven(d.Name):
			r.Domains[i].Status = statusSuccess
		case r.Status == statusIssued: // the record is gone, and the renewal waits for it
			r.Domains[i].Status = statusPending
		}
	}
}

func (r *certificateRecord) expire(now time.Time) {
	if r.Status == statusPending {
		r.Status = statusTimeout
		for i, d := range r.Domains {
			if d.Status == statusPending {
				r.Domains[i].Status = "FAILED"
			}
		}
		return
	}
	r.Status = statusExpired
	if r.Renewal != nil && r.Renewal.Status == statusPending {
		r.Renewal = &renewal{Status: "FAILED", Updated: now}
	}
}

// RenewCertificate renews an eligible certificate before its time.
func (s *Service) RenewCertificate(ctx context.Context, in *RenewCertificateInput) (*RenewCertificateOutput, error) {
	return &RenewCertificateOutput{}, s.change(ctx, *in.CertificateArn, func(t *txn, r *certificateRecord) error {
		switch {
		case r.Status == statusPending, r.Renewal != nil && r.Renewal.Status == statusPending:
			return wire.Errorf("RequestInProgressException", "The certificate %s is being issued or renewed.", *in.CertificateArn)
		case !r.eligible():
			return invalid("The certificate %s is not eligible for renewal.", *in.CertificateArn)
		case !t.allProven(r):
			t.noteValidation(r)
			r.Renewal = &renewal{Status: statusPending, Updated: t.now}
			return nil
		}
		r.Renewal = &renewal{Status: statusSuccess, Updated: t.now}
		return t.issue(r)
	})
}

// ResendValidationEmail asks for the validation emails again. Nothing is sent.
func (s *Service) ResendValidationEmail(ctx context.Context, in *ResendValidationEmailInput) (*ResendValidationEmailOutput, error) {
	return &ResendValidationEmailOutput{}, s.change(ctx, *in.CertificateArn, func(_ *txn, r *certificateRecord) error {
		if r.Method != "EMAIL" || r.Status != statusPending {
			return wire.Errorf("InvalidStateException", "Certificate %s does not wait for the answer to an email: its status is %s.", *in.CertificateArn, r.Status)
		}
		name, at := strings.ToLower(*in.Domain), strings.ToLower(*in.ValidationDomain)
		i := slices.IndexFunc(r.Domains, func(d domain) bool { return d.Name == name })
		if i < 0 || !under(base(name), at) {
			return wire.Errorf("InvalidDomainValidationOptionsException", "The validation domain %s is neither a domain name of the certificate nor a superdomain of %s.", at, name)
		}
		r.Domains[i].ValidationDomain = at
		return nil
	})
}
