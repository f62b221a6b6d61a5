package iam

import (
	"context"
	"strings"
)

// accountID is the id of an account's only record.
const accountID = "account"

type accountRecord struct{ Alias string }

func checkAlias(alias string) error {
	const pattern = `Member must satisfy regular expression pattern: (?!^\d{12}$)^[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?$`
	switch {
	case len(alias) < 3:
		return invalid(alias, "accountAlias", "Member must have length greater than or equal to 3")
	case len(alias) > 63:
		return tooLong(alias, "accountAlias", 63)
	case strings.Trim(alias, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || alias[0] == '-' || alias[len(alias)-1] == '-' || strings.Contains(alias, "--"),
		len(alias) == 12 && strings.Trim(alias, "0123456789") == "":
		return invalid(alias, "accountAlias", pattern)
	}
	return nil
}

// CreateAccountAlias names the account; a new name replaces the old. Names are unique over all accounts.
func (s *Service) CreateAccountAlias(ctx context.Context, in *CreateAccountAliasInput) (*CreateAccountAliasOutput, error) {
	if err := checkAlias(*in.AccountAlias); err != nil {
		return nil, err
	}
	return &CreateAccountAliasOutput{}, s.update(ctx, func(t *txn) error {
		for sc, r := range s.accounts.AllScopes(t.tx) {
			if r.Alias == *in.AccountAlias && sc != t.sc {
				return exists("The account alias %s already exists.", *in.AccountAlias)
			}
		}
		s.accounts.Put(t.tx, t.sc, accountID, &accountRecord{Alias: *in.AccountAlias})
		return nil
	})
}

// DeleteAccountAlias takes the account's name away.
func (s *Service) DeleteAccountAlias(ctx context.Context, in *DeleteAccountAliasInput) (*DeleteAccountAliasOutput, error) {
	return &DeleteAccountAliasOutput{}, s.update(ctx, func(t *txn) error {
		if r, ok := s.accounts.Get(t.tx, t.sc, accountID); !ok || r.Alias != *in.AccountAlias {
			return notFound("The account alias with name %s cannot be found.", *in.AccountAlias)
		}
		s.accounts.Delete(t.tx, t.sc, accountID)
		return nil
	})
}

// ListAccountAliases gives the account's name, if it has one.
func (s *Service) ListAccountAliases(ctx context.Context, in *ListAccountAliasesInput) (*ListAccountAliasesOutput, error) {
	if _, err := newPaging(in.Marker, in.MaxItems); err != nil {
		return nil, err
	}
	out := &ListAccountAliasesOutput{AccountAliases: []string{}, IsTruncated: new(false)}
	return out, s.view(ctx, func(t *txn) error {
		if r, ok := s.accounts.Get(t.tx, t.sc, accountID); ok {
			out.AccountAliases = append(out.AccountAliases, r.Alias)
		}
		return nil
	})
}
