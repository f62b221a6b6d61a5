package acm

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

const maxSummaryNames = 100

// ListCertificates lists certificates. Without a filter on key types it gives RSA keys of 1024 and 2048 bits only.
func (s *Service) ListCertificates(ctx context.Context, in *ListCertificatesInput) (*ListCertificatesOutput, error) {
	keep, err := readFilters(in)
	if err != nil {
		return nil, err
	}
	if (in.SortBy == nil) != (in.SortOrder == nil) {
		return nil, invalid("SortBy and SortOrder must be specified together.")
	}
	if err := oneOf(in.SortBy, "sortBy", "CREATED_AT"); err != nil {
		return nil, err
	}
	if err := oneOf(in.SortOrder, "sortOrder", "ASCENDING", "DESCENDING"); err != nil {
		return nil, err
	}
	limit := 100
	if in.MaxItems != nil {
		if limit = int(*in.MaxItems); limit < 1 || limit > 1000 {
			return nil, constraint(limit, "maxItems", "Member must be between 1 and 1000")
		}
	}
	after, err := state.After(in.NextToken, invalid("The NextToken is not valid."))
	if err != nil {
		return nil, err
	}
	out := &ListCertificatesOutput{CertificateSummaryList: []CertificateSummary{}}
	return out, s.readAll(ctx, func(t *txn) error {
		var found []*certificateRecord
		for _, r := range t.certificates.All(t.tx, t.sc) {
			if keep(r) {
				found = append(found, r)
			}
		}
		order := compareBy(in.SortOrder)
		slices.SortFunc(found, order)
		for i, r := range found {
			if after != "" && !comesAfter(after, r, order) {
				continue
			}
			if len(out.CertificateSummaryList) == limit {
				out.NextToken = state.Token(positionOf(found[i-1]))
				break
			}
			out.CertificateSummaryList = append(out.CertificateSummaryList, t.summary(r))
		}
		return nil
	})
}

func compareBy(order *string) func(a, b *certificateRecord) int {
	return func(a, b *certificateRecord) int {
		c := 0
		if order != nil {
			c = a.Created.Compare(b.Created)
		}
		if c == 0 {
			c = strings.Compare(a.ID, b.ID)
		}
		if text(order) == "DESCENDING" {
			return -c
		}
		return c
	}
}

// A page ends at a certificate's position: its time and id, so that a certificate that is deleted meanwhile does no harm.

func positionOf(r *certificateRecord) string {
	return r.Created.UTC().Format(positionFormat) + " " + r.ID
}

const positionFormat = "2006-01-02T15:04:05.000000000Z"

// comesAfter reports whether a certificate comes after a position.
func comesAfter(position string, r *certificateRecord, order func(a, b *certificateRecord) int) bool {
	at, id, _ := strings.Cut(position, " ")
	created, err := time.Parse(positionFormat, at)
	return err == nil && order(&certificateRecord{ID: id, Created: created}, r) < 0
}

// readFilters gives what the filters keep.
func readFilters(in *ListCertificatesInput) (func(*certificateRecord) bool, error) {
	f := Filters{}
	if in.Includes != nil {
		f = *in.Includes
	}
	for _, status := range in.CertificateStatuses {
		if err := oneOf(&status, "certificateStatuses", statusPending, statusIssued, "INACTIVE", statusExpired, statusTimeout, "REVOKED", "FAILED"); err != nil {
			return nil, err
		}
	}
	for _, name := range f.KeyTypes {
		if err := oneOf(&name, "includes.keyTypes", keyAlgorithms[:]...); err != nil {
			return nil, err
		}
	}
	if err := oneOf(f.ExportOption, "includes.exportOption", enabled, disabled); err != nil {
		return nil, err
	}
	if len(f.KeyTypes) == 0 {
		f.KeyTypes = []string{"RSA_1024", "RSA_2048"}
	}
	return func(r *certificateRecord) bool {
		return (len(in.CertificateStatuses) == 0 || slices.Contains(in.CertificateStatuses, r.Status)) &&
			(len(in.CertificateKeyPairOrigins) == 0 || slices.Contains(in.CertificateKeyPairOrigins, *r.origin())) &&
			slices.Contains(f.KeyTypes, r.Algorithm) &&
			(f.ExportOption == nil || *f.ExportOption == r.Export) &&
			f.ManagedBy == nil && r.hasUsages(f.KeyUsage, f.ExtendedKeyUsage)
	}, nil
}

// hasUsages reports whether the certificate has one of the key usages and one of the extended ones, where any are asked for.
func (r *certificateRecord) hasUsages(usages, extended []string) bool {
	if r.Facts == nil {
		return len(usages) == 0 && len(extended) == 0
	}
	return (len(usages) == 0 || slices.ContainsFunc(usages, func(u string) bool { return slices.Contains(r.Facts.Usages, u) })) &&
		(len(extended) == 0 || slices.ContainsFunc(r.Facts.Extended, func(u extendedUsage) bool { return slices.Contains(extended, u.Name) }))
}

func (t *txn) summary(r *certificateRecord) CertificateSummary {
	c := CertificateSummary{
		CertificateArn: new(certificateARN(t.sc, r.ID)), SubjectAlternativeNameSummaries: r.Names, Status: new(r.Status), Type: new(r.Type),
		HasAdditionalSubjectAlternativeNames: new(len(r.Names) > maxSummaryNames), KeyAlgorithm: new(hyphenated(r.Algorithm)),
		KeyUsages: []string{}, ExtendedKeyUsages: []string{}, ExportOption: new(r.Export), InUse: new(r.inUse()), Exported: new(r.Exported),
		RenewalEligibility: r.eligibility(), CreatedAt: new(r.Created), CertificateKeyPairOrigin: r.origin(),
	}
	if r.Domain != "" {
		c.DomainName = new(r.Domain)
	}
	if len(r.Names) > maxSummaryNames {
		c.SubjectAlternativeNameSummaries = r.Names[:maxSummaryNames]
	}
	if f := r.Facts; f != nil {
		c.NotBefore, c.NotAfter, c.KeyUsages = new(f.NotBefore), new(f.NotAfter), f.Usages
		for _, u := range f.Extended {
			c.ExtendedKeyUsages = append(c.ExtendedKeyUsages, u.Name)
		}
		if r.Type == typeImported {
			c.ImportedAt = new(r.Issued)
		} else {
			c.IssuedAt = new(r.Issued)
		}
	}
	return c
}
