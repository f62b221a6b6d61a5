package wafv2

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
)

// Plane is a data plane, where web ACLs judge requests.
type Plane interface {
	// Protect has requests judged as it is here, instead of as before.
	Protect(all []Protection)
	// Sampled gives the requests of a time, the earliest first, that a rule with a metric has matched, and of how many they are samples.
	Sampled(acl, metric string, from, to time.Time) (samples []SampledHTTPRequest, population int64)
	// Limited gives the keys that a rate-based rule limits now; group is the ARN of its rule group, empty for a web ACL's own rule.
	Limited(acl, group, rule string) []string
}

// Protection is a load balancer that a web ACL protects.
type Protection struct {
	Resource string // the load balancer's ARN
	ACL      *Protecting
}

// Protecting is a web ACL with all that it refers to, by ARNs. Those that it protects share it.
type Protecting struct {
	*WebACL
	Groups   map[string]*RuleGroup
	IPSets   map[string][]string // CIDR ranges
	Patterns map[string][]string // regular expressions
	Logging  *LoggingConfiguration
}

// stir has the data plane told of what a transaction writes.
func (t *txn) stir() {
	if t.d.Plane != nil {
		t.changes.Stir(t.tx)
	}
}

// Run gives the data plane all that is protected, first of all and again after each change, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if s.d.Plane == nil {
		return nil
	}
	s.changes.Run(ctx, func() {
		var all []Protection
		_ = s.d.Store.View(func(tx *state.Tx) error { all = s.protecting(tx); return nil }) // it does not fail
		s.d.Plane.Protect(all)
	})
	return nil
}

// Idle waits until the data plane has been given all that was written before.
func (s *Service) Idle(ctx context.Context) error {
	if s.d.Plane == nil {
		return nil
	}
	return s.changes.Idle(ctx)
}

// protecting gives what is protected, of all accounts and regions.
func (s *Service) protecting(tx *state.Tx) []Protection {
	var out []Protection
	for _, sc := range s.associations.Scopes(tx) {
		t := s.in(tx, sc)
		acls := map[string]*Protecting{}
		for _, r := range s.associations.All(tx, sc) {
			p := acls[r.ACL]
			if p == nil {
				acl, err := t.aclKind().byARN(t, r.ACL)
				if err != nil { // it has been deleted, and what it protected before
					continue
				}
				p = t.gather(acl)
				acls[r.ACL] = p
			}
			out = append(out, Protection{r.Resource, p})
		}
	}
	return out
}

// gather collects what a web ACL refers to.
func (t *txn) gather(r *aclRecord) *Protecting {
	p := &Protecting{WebACL: t.renderACL(r), Groups: map[string]*RuleGroup{}, IPSets: map[string][]string{}, Patterns: map[string][]string{}}
	if l, ok := t.loggings.Get(t.tx, t.sc, *p.ARN); ok {
		p.Logging = &l.Config
	}
	references := r.References
	for _, arn := range r.References {
		if g, err := t.groupKind().byARN(t, arn); err == nil {
			p.Groups[arn] = t.renderGroup(g)
			references = append(references[:len(references):len(references)], g.References...)
		}
	}
	for _, arn := range references {
		if s, err := t.ipSetKind().byARN(t, arn); err == nil {
			p.IPSets[arn] = s.Addresses
		}
		if s, err := t.regexSetKind().byARN(t, arn); err == nil {
			p.Patterns[arn] = s.Patterns
		}
	}
	return p
}
