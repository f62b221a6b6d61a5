package secretsmanager

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

const maxFilters = 10

// ListSecrets lists secrets.
func (s *Service) ListSecrets(ctx context.Context, in *ListSecretsInput) (*ListSecretsOutput, error) {
	limit, err := limitOf(in.MaxResults, 100)
	if err != nil {
		return nil, err
	}
	found, next, err := s.list(ctx, in, limit)
	return &ListSecretsOutput{SecretList: found, NextToken: next}, err
}

// list gives a page of the secrets that pass filters, in the order that is asked for.
func (s *Service) list(ctx context.Context, in *ListSecretsInput, limit int) (found []SecretListEntry, next *string, err error) {
	keep, err := filters(in.Filters)
	if err != nil {
		return nil, nil, err
	}
	position, err := order(text(in.SortBy))
	if err != nil {
		return nil, nil, err
	}
	descending := text(in.SortOrder) != "asc"
	if in.SortOrder != nil && *in.SortOrder != "asc" && descending && *in.SortOrder != "desc" {
		return nil, nil, constraint("sortOrder", "Member must satisfy enum value set: [asc, desc]")
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, nil, err
	}
	found = []SecretListEntry{}
	return found, next, s.view(ctx, func(t *txn) error {
		var all []*secretRecord
		for _, r := range t.secrets.All(t.tx, t.sc) {
			gone := r.deleted() && (!flag(in.IncludePlannedDeletion) || !r.Deletion.After(t.now))
			if !gone && keep(t, r) {
				all = append(all, r)
			}
		}
		slices.SortFunc(all, func(a, b *secretRecord) int {
			n := cmp.Compare(position(a), position(b))
			if descending {
				n = -n
			}
			return n
		})
		last := ""
		for _, r := range all {
			at := position(r)
			if after != "" && (descending && at >= after || !descending && at <= after) {
				continue
			}
			if len(found) == limit {
				next = state.Token(last)
				break
			}
			found, last = append(found, t.entry(r)), at
		}
		return nil
	})
}

// order gives what secrets are sorted by, as text that is different for each.
func order(by string) (func(r *secretRecord) string, error) {
	var at func(r *secretRecord) time.Time
	switch by {
	case "", "created-date":
		at = func(r *secretRecord) time.Time { return r.Created }
	case "last-accessed-date":
		at = func(r *secretRecord) time.Time { return r.Accessed }
	case "last-changed-date":
		at = func(r *secretRecord) time.Time { return r.Changed }
	case "name":
		return func(r *secretRecord) string { return r.Name }, nil
	default:
		return nil, constraint("sortBy", "Member must satisfy enum value set: [created-date, last-accessed-date, last-changed-date, name]")
	}
	return func(r *secretRecord) string { return at(r).UTC().Format(dueFormat) + " " + r.Name }, nil
}

func (t *txn) entry(r *secretRecord) SecretListEntry {
	return SecretListEntry{
		ARN: new(r.arn(t.sc)), Name: new(r.Name), Description: optional(r.Description), KmsKeyId: optional(r.KmsKey),
		LastChangedDate: new(r.Changed), LastAccessedDate: date(r.Accessed), DeletedDate: date(r.Deleted), Tags: t.tags(r),
		SecretVersionsToStages: r.versionStages(), OwningService: optional(r.Owner), CreatedDate: new(r.Created),
		PrimaryRegion: optional(r.Primary),
	}
}

// filters makes the test that a secret must pass: all of the filters, each by one of its values.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_search-secret.html
func filters(in []Filter) (func(t *txn, r *secretRecord) bool, error) {
	if len(in) > maxFilters {
		return nil, constraint("filters", "Member must have length less than or equal to 10")
	}
	for _, f := range in {
		if !slices.Contains([]string{"description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"}, text(f.Key)) {
			return nil, constraint("filters.1.member.key", "Member must satisfy enum value set: [all, description, name, owning-service, primary-region, tag-key, tag-value]")
		}
		if len(f.Values) < 1 || len(f.Values) > 10 {
			return nil, invalid("Filter %s must have between 1 and 10 values.", *f.Key)
		}
	}
	return func(t *txn, r *secretRecord) bool {
		for _, f := range in {
			passes := func(value string) bool {
				wanted, negated := strings.CutPrefix(value, "!")
				return t.fits(r, *f.Key, wanted) != negated
			}
			if !slices.ContainsFunc(f.Values, passes) {
				return false
			}
		}
		return true
	}, nil
}

// fits reports whether a secret fits one value of a filter: it begins with it; case counts but for descriptions and for all.
func (t *txn) fits(r *secretRecord, key, value string) bool {
	tags := state.Tags(t.tx, r.arn(t.sc))
	begins := func(s string) bool { return strings.HasPrefix(s, value) }
	switch key {
	case "name":
		return begins(r.Name)
	case "description":
		return hasWords(value, r.Description)
	case "primary-region":
		return r.Primary != "" && begins(r.Primary)
	case "owning-service":
		return r.Owner != "" && begins(r.Owner)
	case "tag-key":
		for k := range tags {
			if begins(k) {
				return true
			}
		}
		return false
	case "tag-value":
		for _, v := range tags {
			if begins(v) {
				return true
			}
		}
		return false
	}
	attributes := []string{r.Name, r.Description, r.Primary, r.Owner}
	for k, v := range tags {
		attributes = append(attributes, k, v)
	}
	return hasWords(value, attributes...)
}

// hasWords reports whether each word of a filter's value begins a word of the texts, whatever the case.
func hasWords(value string, texts ...string) bool {
	words := strings.FieldsFunc(strings.ToLower(strings.Join(texts, " ")), separates)
	for _, wanted := range strings.FieldsFunc(strings.ToLower(value), separates) {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, wanted) }) {
			return false
		}
	}
	return true
}

func separates(r rune) bool { return strings.ContainsRune(" \t\n-/_+=.@!", r) }
