package kms

import (
	"context"
	"iter"
	"regexp"
	"strings"
	"time"

	"atoll/internal/cloud/state"
)

var aliasNames = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)

// aliasRecord stands under its name, which begins with "alias/".
type aliasRecord struct {
	Name, KeyID      string // no key: an AWS managed one that is not made yet; such are not stored
	Created, Updated time.Time
}

func checkAlias(name string) error {
	switch {
	case !strings.HasPrefix(name, "alias/"):
		return invalid("Invalid identifier")
	case len(name) > 256:
		return constraint(name, "aliasName", "Member must have length less than or equal to 256")
	case !aliasNames.MatchString(name):
		return constraint(name, "aliasName", "Member must satisfy regular expression pattern: ^[a-zA-Z0-9/_-]+$")
	case isManagedAlias(name):
		return errorf("NotAuthorizedException", "The alias prefix alias/aws/ is reserved for AWS managed keys.")
	}
	return nil
}

// CreateAlias gives a key a name.
func (s *Service) CreateAlias(ctx context.Context, in *CreateAliasInput) (*CreateAliasOutput, error) {
	if err := checkAlias(*in.AliasName); err != nil {
		return nil, err
	}
	return &CreateAliasOutput{}, s.update(ctx, func(t *txn) error {
		k, err := t.own(*in.TargetKeyId, "CreateAlias")
		if err != nil {
			return err
		}
		if err := t.alive(k); err != nil {
			return err
		}
		if _, exists := t.aliases.Get(t.tx, t.sc, *in.AliasName); exists {
			return errorf("AlreadyExistsException", "An alias with the name %s already exists", aliasARN(t.sc, *in.AliasName))
		}
		t.aliases.Put(t.tx, t.sc, *in.AliasName, &aliasRecord{Name: *in.AliasName, KeyID: k.ID, Created: t.now, Updated: t.now})
		return nil
	})
}

func (t *txn) alias(name string) (*aliasRecord, error) {
	if err := checkAlias(name); err != nil {
		return nil, err
	}
	a, ok := t.aliases.Get(t.tx, t.sc, name)
	if !ok {
		return nil, notFound("Alias %s is not found.", aliasARN(t.sc, name))
	}
	return a, nil
}

// UpdateAlias gives an alias to another key of the same type and usage.
func (s *Service) UpdateAlias(ctx context.Context, in *UpdateAliasInput) (*UpdateAliasOutput, error) {
	return &UpdateAliasOutput{}, s.update(ctx, func(t *txn) error {
		a, err := t.alias(*in.AliasName)
		if err != nil {
			return err
		}
		k, err := t.own(*in.TargetKeyId, "UpdateAlias")
		if err != nil {
			return err
		}
		if err := t.alive(k); err != nil {
			return err
		}
		if old, ok := t.keys.Get(t.tx, t.sc, a.KeyID); ok {
			if err := t.alive(old); err != nil {
				return err
			}
			if (old.Spec == symmetric) != (k.Spec == symmetric) || old.Usage != k.Usage {
				return invalid("The current and new KMS key must be the same type (both symmetric or both asymmetric or both HMAC) and have the same key usage.")
			}
		}
		a.KeyID, a.Updated = k.ID, t.now
		t.aliases.Put(t.tx, t.sc, a.Name, a)
		return nil
	})
}

// DeleteAlias takes a name from its key.
func (s *Service) DeleteAlias(ctx context.Context, in *DeleteAliasInput) (*DeleteAliasOutput, error) {
	return &DeleteAliasOutput{}, s.update(ctx, func(t *txn) error {
		a, err := t.alias(*in.AliasName)
		if err == nil {
			t.aliases.Delete(t.tx, t.sc, a.Name)
		}
		return err
	})
}

// ListAliases lists the region's aliases, or those of a key.
func (s *Service) ListAliases(ctx context.Context, in *ListAliasesInput) (*ListAliasesOutput, error) {
	limit, after, err := page(in.Limit, 100, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListAliasesOutput{Aliases: []AliasListEntry{}}
	return out, s.view(ctx, func(t *txn) error {
		seq := t.allAliases(after)
		if in.KeyId != nil {
			k, err := t.key(*in.KeyId)
			if err != nil {
				return err
			}
			seq = t.aliases.By(t.tx, t.sc, "key", k.ID)
		}
		found, next := state.Page(seq, limit, func(a *aliasRecord) bool { return a.Name > after })
		for _, a := range found {
			e := AliasListEntry{AliasName: new(a.Name), AliasArn: new(aliasARN(t.sc, a.Name))}
			if a.KeyID != "" {
				e.TargetKeyId, e.CreationDate, e.LastUpdatedDate = new(a.KeyID), new(a.Created), new(a.Updated)
			}
			out.Aliases = append(out.Aliases, e)
		}
		out.NextMarker, out.Truncated = following(next)
		return nil
	})
}

// allAliases gives the aliases after a name, and among them those of AWS managed keys that are not made yet.
func (t *txn) allAliases(after string) iter.Seq2[string, *aliasRecord] {
	return func(yield func(string, *aliasRecord) bool) {
		unmade := managedServices
		until := func(name string) bool {
			for ; len(unmade) > 0 && "alias/aws/"+unmade[0] <= name; unmade = unmade[1:] {
				a := &aliasRecord{Name: "alias/aws/" + unmade[0]}
				if a.Name != name && a.Name > after && !yield(a.Name, a) {
					return false
				}
			}
			return true
		}
		for name, a := range t.aliases.From(t.tx, t.sc, after) {
			if !until(name) || !yield(name, a) {
				return
			}
		}
		until("alias/b")
	}
}
