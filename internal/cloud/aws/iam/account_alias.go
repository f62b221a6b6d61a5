package iam

import (
	"context"
	"strings"
)

// accountID is the id of an account's only record.
const accountID = "account"

// accountRecord is what an account has: its name, and its own rules for passwords.
type accountRecord struct {
	Alias     string
	Passwords *PasswordPolicy `json:",omitempty"`
}

// account gives the account's record, an empty one if it has none.
func (t *txn) account() *accountRecord {
	if r, ok := t.s.accounts.Get(t.tx, t.sc, accountID); ok {
		return r
	}
	return &accountRecord{}
}

// changeAccount runs a change of the account's record and stores it.
func (s *Service) changeAccount(ctx context.Context, change func(t *txn, r *accountRecord) error) error {
	return s.update(ctx, func(t *txn) error {
		r := t.account()
		if err := change(t, r); err != nil {
			return err
		}
		if *r == (accountRecord{}) {
			s.accounts.Delete(t.tx, t.sc, accountID)
		} else {
			s.accounts.Put(t.tx, t.sc, accountID, r)
		}
		return nil
	})
}

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
	return &CreateAccountAliasOutput{}, s.changeAccount(ctx, func(t *txn, own *accountRecord) error {
		for sc, r := range s.accounts.AllScopes(t.tx) {
			if r.Alias == *in.AccountAlias && sc != t.sc {
				return exists("The account alias %s already exists.", *in.AccountAlias)
			}
		}
		own.Alias = *in.AccountAlias
		return nil
	})
}

// DeleteAccountAlias takes the account's name away.
func (s *Service) DeleteAccountAlias(ctx context.Context, in *DeleteAccountAliasInput) (*DeleteAccountAliasOutput, error) {
	return &DeleteAccountAliasOutput{}, s.changeAccount(ctx, func(_ *txn, r *accountRecord) error {
		if r.Alias != *in.AccountAlias {
			return notFound("The account alias with name %s cannot be found.", *in.AccountAlias)
		}
		r.Alias = ""
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
		if alias := t.account().Alias; alias != "" {
			out.AccountAliases = append(out.AccountAliases, alias)
		}
		return nil
	})
}
