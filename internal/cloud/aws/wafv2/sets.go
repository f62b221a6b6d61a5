package wafv2

import (
	"context"
	"net/netip"
	"strings"
)

type ipSetRecord struct {
	head
	Version   string // IPV4 or IPV6
	Addresses []string
}

type regexSetRecord struct {
	head
	Patterns []string
}

// Limits of sets: https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
const (
	maxAddresses    = 10_000
	maxPatterns     = 10
	maxPatternBytes = 200
)

// readAddresses checks the CIDR ranges of an IP set. AWS writes IPv6 addresses in full.
func readAddresses(version string, addresses []string) ([]string, error) {
	if len(addresses) > maxAddresses {
		return nil, limitExceeded()
	}
	out := make([]string, 0, len(addresses))
	for _, a := range addresses {
		p, err := netip.ParsePrefix(a)
		if err != nil || p.Addr().Is4() != (version == "IPV4") || p.Bits() == 0 {
			return nil, invalid("IP_ADDRESS", a, "Your IP address %s isn't valid for %s in CIDR notation, or its range is too large.", a, version)
		}
		if p.Addr().Is6() {
			_, bits, _ := strings.Cut(a, "/")
			a = p.Addr().StringExpanded() + "/" + bits
		}
		out = append(out, a)
	}
	return out, nil
}

// CreateIPSet makes a set of IP ranges.
func (s *Service) CreateIPSet(ctx context.Context, in *CreateIPSetInput) (*CreateIPSetOutput, error) {
	out := &CreateIPSetOutput{}
	return out, s.update(ctx, func(t *txn) error {
		h, err := t.newHead(*in.Scope, *in.Name, in.Description)
		if err != nil {
			return err
		}
		if v := *in.IPAddressVersion; v != "IPV4" && v != "IPV6" {
			return invalid("IP_ADDRESS_VERSION", v, "The IP address version isn't valid.")
		}
		r := &ipSetRecord{head: h, Version: *in.IPAddressVersion}
		if r.Addresses, err = readAddresses(r.Version, in.Addresses); err != nil {
			return err
		}
		out.Summary = &IPSetSummary{Name: &h.Name, Id: &h.ID, LockToken: &h.Lock, ARN: new(h.arn(t.sc, kindIPSet)), Description: new(h.Description)}
		return t.ipSetKind().add(t, r, in.Tags)
	})
}

// GetIPSet gives a set.
func (s *Service) GetIPSet(ctx context.Context, in *GetIPSetInput) (*GetIPSetOutput, error) {
	out := &GetIPSetOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.ipSetKind().find(t, in.Scope, in.Name, in.Id)
		if err != nil {
			return err
		}
		out.LockToken = new(r.Lock)
		out.IPSet = &IPSet{
			Name: new(r.Name), Id: new(r.ID), ARN: new(r.arn(t.sc, kindIPSet)), IPAddressVersion: new(r.Version), Addresses: append([]string{}, r.Addresses...),
			Description: optional(r.Description),
		}
		return nil
	})
}

// UpdateIPSet replaces a set's ranges.
func (s *Service) UpdateIPSet(ctx context.Context, in *UpdateIPSetInput) (*UpdateIPSetOutput, error) {
	out := &UpdateIPSetOutput{}
	return out, s.update(ctx, func(t *txn) (err error) {
		out.NextLockToken, err = t.ipSetKind().change(t, in.Scope, in.Name, in.Id, in.LockToken, func(r *ipSetRecord) error {
			r.Description = text(in.Description)
			if err := checkDescription(in.Description); err != nil {
				return err
			}
			r.Addresses, err = readAddresses(r.Version, in.Addresses)
			return err
		})
		return err
	})
}

// DeleteIPSet deletes a set that no rule refers to.
func (s *Service) DeleteIPSet(ctx context.Context, in *DeleteIPSetInput) (*DeleteIPSetOutput, error) {
	return &DeleteIPSetOutput{}, s.update(ctx, func(t *txn) error {
		return t.ipSetKind().remove(t, in.Scope, in.Name, in.Id, in.LockToken, t.referenced)
	})
}

// ListIPSets lists a scope's sets by name.
func (s *Service) ListIPSets(ctx context.Context, in *ListIPSetsInput) (*ListIPSetsOutput, error) {
	out := &ListIPSetsOutput{IPSets: []IPSetSummary{}}
	return out, s.view(ctx, func(t *txn) (err error) {
		out.NextMarker, err = t.ipSetKind().list(t, in.Scope, in.NextMarker, in.Limit, func(h *head, arn string) {
			out.IPSets = append(out.IPSets, IPSetSummary{Name: new(h.Name), Id: new(h.ID), LockToken: new(h.Lock), ARN: &arn, Description: new(h.Description)})
		})
		return err
	})
}

func readPatterns(list []Regex) ([]string, error) {
	if len(list) > maxPatterns {
		return nil, limitExceeded()
	}
	out := make([]string, 0, len(list))
	for _, r := range list {
		p := text(r.RegexString)
		if p == "" || len(p) > maxPatternBytes {
			return nil, invalid("REGEX_PATTERN", p, "The regular expression must have 1 to %d characters.", maxPatternBytes)
		}
		out = append(out, p)
	}
	return out, nil
}

// CreateRegexPatternSet makes a set of regular expressions.
func (s *Service) CreateRegexPatternSet(ctx context.Context, in *CreateRegexPatternSetInput) (*CreateRegexPatternSetOutput, error) {
	out := &CreateRegexPatternSetOutput{}
	return out, s.update(ctx, func(t *txn) error {
		h, err := t.newHead(*in.Scope, *in.Name, in.Description)
		if err != nil {
			return err
		}
		r := &regexSetRecord{head: h}
		if r.Patterns, err = readPatterns(in.RegularExpressionList); err != nil {
			return err
		}
		out.Summary = &RegexPatternSetSummary{Name: &h.Name, Id: &h.ID, LockToken: &h.Lock, ARN: new(h.arn(t.sc, kindRegexSet)), Description: new(h.Description)}
		return t.regexSetKind().add(t, r, in.Tags)
	})
}

// GetRegexPatternSet gives a set.
func (s *Service) GetRegexPatternSet(ctx context.Context, in *GetRegexPatternSetInput) (*GetRegexPatternSetOutput, error) {
	out := &GetRegexPatternSetOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.regexSetKind().find(t, in.Scope, in.Name, in.Id)
		if err != nil {
			return err
		}
		out.LockToken = new(r.Lock)
		out.RegexPatternSet = &RegexPatternSet{
			Name: new(r.Name), Id: new(r.ID), ARN: new(r.arn(t.sc, kindRegexSet)), Description: optional(r.Description), RegularExpressionList: []Regex{},
		}
		for _, p := range r.Patterns {
			out.RegexPatternSet.RegularExpressionList = append(out.RegexPatternSet.RegularExpressionList, Regex{RegexString: new(p)})
		}
		return nil
	})
}

// UpdateRegexPatternSet replaces a set's expressions.
func (s *Service) UpdateRegexPatternSet(ctx context.Context, in *UpdateRegexPatternSetInput) (*UpdateRegexPatternSetOutput, error) {
	out := &UpdateRegexPatternSetOutput{}
	return out, s.update(ctx, func(t *txn) (err error) {
		out.NextLockToken, err = t.regexSetKind().change(t, in.Scope, in.Name, in.Id, in.LockToken, func(r *regexSetRecord) error {
			r.Description = text(in.Description)
			if err := checkDescription(in.Description); err != nil {
				return err
			}
			r.Patterns, err = readPatterns(in.RegularExpressionList)
			return err
		})
		return err
	})
}

// DeleteRegexPatternSet deletes a set that no rule refers to.
func (s *Service) DeleteRegexPatternSet(ctx context.Context, in *DeleteRegexPatternSetInput) (*DeleteRegexPatternSetOutput, error) {
	return &DeleteRegexPatternSetOutput{}, s.update(ctx, func(t *txn) error {
		return t.regexSetKind().remove(t, in.Scope, in.Name, in.Id, in.LockToken, t.referenced)
	})
}

// ListRegexPatternSets lists a scope's sets by name.
func (s *Service) ListRegexPatternSets(ctx context.Context, in *ListRegexPatternSetsInput) (*ListRegexPatternSetsOutput, error) {
	out := &ListRegexPatternSetsOutput{RegexPatternSets: []RegexPatternSetSummary{}}
	return out, s.view(ctx, func(t *txn) (err error) {
		out.NextMarker, err = t.regexSetKind().list(t, in.Scope, in.NextMarker, in.Limit, func(h *head, arn string) {
			out.RegexPatternSets = append(out.RegexPatternSets, RegexPatternSetSummary{Name: new(h.Name), Id: new(h.ID), LockToken: new(h.Lock), ARN: &arn, Description: new(h.Description)})
		})
		return err
	})
}
