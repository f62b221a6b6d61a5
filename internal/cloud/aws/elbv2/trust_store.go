package elbv2

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"slices"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const (
	maxTrustStores = 20
	maxTrusted     = 25     // certificates of a trust store
	maxLists       = 30     // revocation lists of a trust store
	maxRevoked     = 500000 // entries of all of them
	maxTrustFile   = 5 << 20
)

// trustRecord is a trust store. Its files are read when they are named; what counts of them is kept.
type trustRecord struct {
	ID           string // NAME/ID
	Name         string
	Certificates int
	Lists        []revocations
	NextList     int64
}

// revocations is a certificate revocation list.
type revocations struct{ ID, Entries int64 }

func (r *trustRecord) revoked() (n int64) {
	for _, l := range r.Lists {
		n += l.Entries
	}
	return n
}

func (t *txn) describeTrustStore(r *trustRecord) TrustStore {
	return TrustStore{Name: new(r.Name), TrustStoreArn: new(arn(t.sc, kindTrustStore, r.ID)), Status: new("ACTIVE"),
		NumberOfCaCertificates: new(int64(r.Certificates)), TotalRevokedEntries: new(r.revoked())}
}

// readBundle reads a file of CA certificates and counts them.
func (s *Service) readBundle(ctx context.Context, bucket, key, version *string) (int, error) {
	body, err := s.d.Buckets.ReadAs(ctx, *bucket, *key, text(version), maxTrustFile)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, wire.Errorf("CaCertificatesBundleNotFound", "The specified CA certificate bundle 's3://%s/%s' does not exist", *bucket, *key)
	}
	if err != nil {
		return 0, err
	}
	wrong := wire.Errorf("InvalidCaCertificatesBundle", "The specified CA certificate bundle is in an invalid format, or corrupt")
	n := 0
	for block, rest := pem.Decode(body); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil || block.Type != "CERTIFICATE" {
			return 0, wrong
		}
		n++
	}
	switch {
	case n == 0:
		return 0, wrong
	case n > maxTrusted:
		return 0, wire.Errorf("InvalidCaCertificatesBundle", "The specified CA certificate bundle has more than '%d' certificates", maxTrusted)
	}
	return n, nil
}

// CreateTrustStore makes a trust store of a file of CA certificates.
func (s *Service) CreateTrustStore(ctx context.Context, in *CreateTrustStoreInput) (*CreateTrustStoreOutput, error) {
	if err := checkName(kindTrustStore, *in.Name); err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	n, err := s.readBundle(ctx, in.CaCertificatesBundleS3Bucket, in.CaCertificatesBundleS3Key, in.CaCertificatesBundleS3ObjectVersion)
	if err != nil {
		return nil, err
	}
	out := &CreateTrustStoreOutput{}
	return out, s.update(ctx, func(t *txn) error {
		for range t.trust.By(t.tx, t.sc, "name", *in.Name) {
			return wire.Errorf("DuplicateTrustStoreName", "A trust store with the name '%s' already exists", *in.Name)
		}
		if t.trust.Len(t.tx, t.sc) >= maxTrustStores {
			return wire.Errorf("TooManyTrustStores", "The maximum number of trust stores has been reached")
		}
		r := &trustRecord{ID: *in.Name + "/" + t.d.IDs.Hex(16), Name: *in.Name, Certificates: n, NextList: 1}
		t.trust.Put(t.tx, t.sc, r.ID, r)
		state.SetTags(t.tx, arn(t.sc, kindTrustStore, r.ID), tags)
		out.TrustStores = []TrustStore{t.describeTrustStore(r)}
		return nil
	})
}

// ModifyTrustStore replaces the CA certificates of a trust store.
func (s *Service) ModifyTrustStore(ctx context.Context, in *ModifyTrustStoreInput) (*ModifyTrustStoreOutput, error) {
	n, err := s.readBundle(ctx, in.CaCertificatesBundleS3Bucket, in.CaCertificatesBundleS3Key, in.CaCertificatesBundleS3ObjectVersion)
	if err != nil {
		return nil, err
	}
	out := &ModifyTrustStoreOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := find(t, t.trust, kindTrustStore, in.TrustStoreArn)
		if err != nil {
			return err
		}
		r.Certificates = n
		t.trust.Put(t.tx, t.sc, r.ID, r)
		out.TrustStores = []TrustStore{t.describeTrustStore(r)}
		return nil
	})
}

// DeleteTrustStore deletes a trust store that no listener uses.
func (s *Service) DeleteTrustStore(ctx context.Context, in *DeleteTrustStoreInput) (*DeleteTrustStoreOutput, error) {
	return &DeleteTrustStoreOutput{}, s.update(ctx, func(t *txn) error {
		r, err := find(t, t.trust, kindTrustStore, in.TrustStoreArn)
		if err != nil {
			return err
		}
		for range t.listeners.By(t.tx, t.sc, "trust", *in.TrustStoreArn) {
			return wire.Errorf("TrustStoreInUse", "Trust store '%s' is currently in use by a listener", *in.TrustStoreArn)
		}
		t.trust.Delete(t.tx, t.sc, r.ID)
		return nil
	})
}

// DescribeTrustStores lists all trust stores, or those with the given ARNs or names.
func (s *Service) DescribeTrustStores(ctx context.Context, in *DescribeTrustStoresInput) (*DescribeTrustStoresOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	if len(in.TrustStoreArns) > 0 && len(in.Names) > 0 {
		return nil, invalid("Trust store names and trust store ARNs cannot be specified at the same time")
	}
	out := &DescribeTrustStoresOutput{TrustStores: []TrustStore{}}
	return out, s.view(ctx, func(t *txn) error {
		for i := range in.TrustStoreArns {
			r, err := find(t, t.trust, kindTrustStore, &in.TrustStoreArns[i])
			if err != nil {
				return oneOrMore(err, "TrustStoreNotFound", "trust stores")
			}
			out.TrustStores = append(out.TrustStores, t.describeTrustStore(r))
		}
		for _, name := range in.Names {
			n := len(out.TrustStores)
			for _, r := range t.trust.By(t.tx, t.sc, "name", name) {
				out.TrustStores = append(out.TrustStores, t.describeTrustStore(r))
			}
			if len(out.TrustStores) == n {
				return wire.Errorf("TrustStoreNotFound", "One or more trust stores not found")
			}
		}
		if len(in.TrustStoreArns)+len(in.Names) > 0 {
			return nil
		}
		found, next := state.Page(t.trust.From(t.tx, t.sc, after), limit, nil)
		for _, r := range found {
			out.TrustStores = append(out.TrustStores, t.describeTrustStore(r))
		}
		out.NextMarker = state.Token(next)
		return nil
	})
}

// DescribeTrustStoreAssociations lists the load balancers whose listeners use a trust store.
func (s *Service) DescribeTrustStoreAssociations(ctx context.Context, in *DescribeTrustStoreAssociationsInput) (*DescribeTrustStoreAssociationsOutput, error) {
	limit, after, err := pageOf(in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &DescribeTrustStoreAssociationsOutput{TrustStoreAssociations: []TrustStoreAssociation{}}
	return out, s.view(ctx, func(t *txn) error {
		if _, err := find(t, t.trust, kindTrustStore, in.TrustStoreArn); err != nil {
			return err
		}
		var users []string
		for _, l := range t.listeners.By(t.tx, t.sc, "trust", *in.TrustStoreArn) {
			users = append(users, arn(t.sc, kindBalancer, parent(l.ID)))
		}
		slices.Sort(users)
		users, out.NextMarker = pageBy(slices.Compact(users), func(user string) string { return user }, limit, after)
		for _, user := range users {
			out.TrustStoreAssociations = append(out.TrustStoreAssociations, TrustStoreAssociation{ResourceArn: new(user)})
		}
		return nil
	})
}

// AddTrustStoreRevocations adds revocation lists to a trust store.
func (s *Service) AddTrustStoreRevocations(ctx context.Context, in *AddTrustStoreRevocationsInput) (*AddTrustStoreRevocationsOutput, error) {
	var counts []int64
	for _, c := range in.RevocationContents {
		n, err := s.readRevocations(ctx, c)
		if err != nil {
			return nil, err
		}
		counts = append(counts, n)
	}
	out := &AddTrustStoreRevocationsOutput{TrustStoreRevocations: []TrustStoreRevocation{}}
	return out, s.update(ctx, func(t *txn) error {
		r, err := find(t, t.trust, kindTrustStore, in.TrustStoreArn)
		if err != nil {
			return err
		}
		for _, n := range counts {
			l := revocations{ID: r.NextList, Entries: n}
			r.NextList++
			r.Lists = append(r.Lists, l)
			out.TrustStoreRevocations = append(out.TrustStoreRevocations, TrustStoreRevocation{TrustStoreArn: in.TrustStoreArn,
				RevocationId: new(l.ID), RevocationType: new("CRL"), NumberOfRevokedEntries: new(l.Entries)})
		}
		if len(r.Lists) > maxLists || r.revoked() > maxRevoked {
			return wire.Errorf("TooManyTrustStoreRevocationEntries", "The trust store '%s' has too many revocation entries", *in.TrustStoreArn)
		}
		t.trust.Put(t.tx, t.sc, r.ID, r)
		return nil
	})
}

// readRevocations reads a revocation list and counts its entries.
func (s *Service) readRevocations(ctx context.Context, c RevocationContent) (int64, error) {
	if c.S3Bucket == nil || c.S3Key == nil {
		return 0, invalid("The S3 bucket and key of a revocation file must be specified")
	}
	if _, err := oneOf(c.RevocationType, "revocationType", "CRL"); err != nil {
		return 0, err
	}
	body, err := s.d.Buckets.ReadAs(ctx, *c.S3Bucket, *c.S3Key, text(c.S3ObjectVersion), maxTrustFile)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, wire.Errorf("RevocationContentNotFound", "The specified revocation file 's3://%s/%s' does not exist", *c.S3Bucket, *c.S3Key)
	}
	if err != nil {
		return 0, err
	}
	block, _ := pem.Decode(body)
	if block == nil {
		return 0, wire.Errorf("InvalidRevocationContent", "The provided revocation file is an invalid format, or uses an incorrect algorithm")
	}
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		return 0, wire.Errorf("InvalidRevocationContent", "The provided revocation file is an invalid format, or uses an incorrect algorithm")
	}
	return int64(len(list.RevokedCertificateEntries)), nil
}

// RemoveTrustStoreRevocations takes revocation lists from a trust store.
func (s *Service) RemoveTrustStoreRevocations(ctx context.Context, in *RemoveTrustStoreRevocationsInput) (*RemoveTrustStoreRevocationsOutput, error) {
	return &RemoveTrustStoreRevocationsOutput{}, s.update(ctx, func(t *txn) error {
		r, err := find(t, t.trust, kindTrustStore, in.TrustStoreArn)
		if err != nil {
			return err
		}
		for _, id := range in.RevocationIds {
			i := slices.IndexFunc(r.Lists, func(l revocations) bool { return l.ID == id })
			if i < 0 {
				return missingRevocation(id)
			}
			r.Lists = slices.Delete(r.Lists, i, i+1)
		}
		t.trust.Put(t.tx, t.sc, r.ID, r)
		return nil
	})
}

func missingRevocation(id int64) error {
	return wire.Errorf("RevocationIdNotFound", "The specified revocation ID '%d' does not exist", id)
}

// DescribeTrustStoreRevocations lists the revocation lists of a trust store, or those with the given ids.
func (s *Service) DescribeTrustStoreRevocations(ctx context.Context, in *DescribeTrustStoreRevocationsInput) (*DescribeTrustStoreRevocationsOutput, error) {
	if _, _, err := pageOf(in.PageSize, in.Marker); err != nil { // one page has them all
		return nil, err
	}
	out := &DescribeTrustStoreRevocationsOutput{TrustStoreRevocations: []DescribeTrustStoreRevocation{}}
	return out, s.view(ctx, func(t *txn) error {
		r, err := find(t, t.trust, kindTrustStore, in.TrustStoreArn)
		if err != nil {
			return err
		}
		for _, id := range in.RevocationIds {
			if !slices.ContainsFunc(r.Lists, func(l revocations) bool { return l.ID == id }) {
				return missingRevocation(id)
			}
		}
		for _, l := range r.Lists {
			if len(in.RevocationIds) == 0 || slices.Contains(in.RevocationIds, l.ID) {
				out.TrustStoreRevocations = append(out.TrustStoreRevocations, DescribeTrustStoreRevocation{TrustStoreArn: in.TrustStoreArn,
					RevocationId: new(l.ID), RevocationType: new("CRL"), NumberOfRevokedEntries: new(l.Entries)})
			}
		}
		return nil
	})
}
