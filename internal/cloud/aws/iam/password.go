package iam

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"atoll/internal/cloud/wire"
)

// loginProfile says that a user has a password. There is no console to sign in to, so the password itself is checked and not kept.
type loginProfile struct {
	Created time.Time
	Reset   bool // the password must be changed at the next sign-in
}

// passwordSymbols are those of GeneratePassword's RequireSymbols.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
const passwordSymbols = "!@#$%^&*()_+-=[]{}|'"

// checkPassword holds a password against the account's policy, or AWS's default: eight characters of three kinds.
func (t *txn) checkPassword(password string) error {
	kinds := []bool{strings.ContainsAny(password, "abcdefghijklmnopqrstuvwxyz"), strings.ContainsAny(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
		strings.ContainsAny(password, "0123456789"), strings.ContainsAny(password, passwordSymbols)}
	length, ok := utf8.RuneCountInString(password), false
	if p := t.account().Passwords; p != nil {
		ok = int64(length) >= *p.MinimumPasswordLength
		for i, required := range []*bool{p.RequireLowercaseCharacters, p.RequireUppercaseCharacters, p.RequireNumbers, p.RequireSymbols} {
			ok = ok && (kinds[i] || !*required)
		}
	} else {
		n := 0
		for _, has := range kinds {
			if has {
				n++
			}
		}
		ok = length >= 8 && n >= 3
	}
	if !ok || length > 128 {
		return wire.Errorf("PasswordPolicyViolation", "Password does not conform to the account password policy.").WithStatus(400)
	}
	return nil
}

func noLoginProfile(user string) error {
	return notFound("Login Profile for User %s cannot be found.", user)
}

func (r *userRecord) renderLogin() *LoginProfile {
	return &LoginProfile{UserName: new(r.Name), CreateDate: new(r.Login.Created), PasswordResetRequired: new(r.Login.Reset)}
}

// CreateLoginProfile gives a user a password.
func (s *Service) CreateLoginProfile(ctx context.Context, in *CreateLoginProfileInput) (*CreateLoginProfileOutput, error) {
	name, err := callingUser(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if in.Password == nil {
		return nil, wire.Errorf("ValidationError", "Must specify a password.")
	}
	out := &CreateLoginProfileOutput{}
	return out, s.changeUser(ctx, name, func(t *txn, r *userRecord) error {
		if r.Login != nil {
			return exists("Login Profile for user %s already exists.", r.Name)
		}
		if err := t.checkPassword(*in.Password); err != nil {
			return err
		}
		r.Login = &loginProfile{Created: wire.CallFrom(ctx).Time, Reset: in.PasswordResetRequired != nil && *in.PasswordResetRequired}
		out.LoginProfile = r.renderLogin()
		return nil
	})
}

// GetLoginProfile tells whether a user has a password.
func (s *Service) GetLoginProfile(ctx context.Context, in *GetLoginProfileInput) (*GetLoginProfileOutput, error) {
	name, err := callingUser(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &GetLoginProfileOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.user(name)
		if err != nil {
			return err
		}
		if r.Login == nil {
			return noLoginProfile(name)
		}
		out.LoginProfile = r.renderLogin()
		return nil
	})
}

// UpdateLoginProfile changes a user's password, or whether it must be changed.
func (s *Service) UpdateLoginProfile(ctx context.Context, in *UpdateLoginProfileInput) (*UpdateLoginProfileOutput, error) {
	return &UpdateLoginProfileOutput{}, s.changeUser(ctx, *in.UserName, func(t *txn, r *userRecord) error {
		if r.Login == nil {
			return noLoginProfile(r.Name)
		}
		if in.PasswordResetRequired != nil {
			r.Login.Reset = *in.PasswordResetRequired
		}
		if in.Password != nil {
			return t.checkPassword(*in.Password)
		}
		return nil
	})
}

// DeleteLoginProfile takes a user's password away.
func (s *Service) DeleteLoginProfile(ctx context.Context, in *DeleteLoginProfileInput) (*DeleteLoginProfileOutput, error) {
	name, err := callingUser(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &DeleteLoginProfileOutput{}, s.changeUser(ctx, name, func(_ *txn, r *userRecord) error {
		if r.Login == nil {
			return noLoginProfile(r.Name)
		}
		r.Login = nil
		return nil
	})
}

// UpdateAccountPasswordPolicy sets the account's rules for passwords; those that are left out get their defaults.
func (s *Service) UpdateAccountPasswordPolicy(ctx context.Context, in *UpdateAccountPasswordPolicyInput) (*UpdateAccountPasswordPolicyOutput, error) {
	p := &PasswordPolicy{
		MinimumPasswordLength: new(int64(6)), RequireSymbols: new(false), RequireNumbers: new(false), RequireUppercaseCharacters: new(false),
		RequireLowercaseCharacters: new(false), AllowUsersToChangePassword: new(false), ExpirePasswords: new(in.MaxPasswordAge != nil),
		MaxPasswordAge: in.MaxPasswordAge, PasswordReusePrevention: in.PasswordReusePrevention, HardExpiry: in.HardExpiry,
	}
	if in.MinimumPasswordLength != nil {
		if err := within(*in.MinimumPasswordLength, "minimumPasswordLength", 6, 128); err != nil {
			return nil, err
		}
		p.MinimumPasswordLength = in.MinimumPasswordLength
	}
	if in.MaxPasswordAge != nil {
		if err := within(*in.MaxPasswordAge, "maxPasswordAge", 1, 1095); err != nil {
			return nil, err
		}
	}
	if in.PasswordReusePrevention != nil {
		if err := within(*in.PasswordReusePrevention, "passwordReusePrevention", 1, 24); err != nil {
			return nil, err
		}
	}
	for _, set := range []struct{ to, from **bool }{
		{&p.RequireSymbols, &in.RequireSymbols}, {&p.RequireNumbers, &in.RequireNumbers}, {&p.RequireUppercaseCharacters, &in.RequireUppercaseCharacters},
		{&p.RequireLowercaseCharacters, &in.RequireLowercaseCharacters}, {&p.AllowUsersToChangePassword, &in.AllowUsersToChangePassword},
	} {
		if *set.from != nil {
			*set.to = *set.from
		}
	}
	return &UpdateAccountPasswordPolicyOutput{}, s.changeAccount(ctx, func(_ *txn, r *accountRecord) error {
		r.Passwords = p
		return nil
	})
}

func noPasswordPolicy(account string) error {
	return notFound("The Password Policy with domain name %s cannot be found.", account)
}

// GetAccountPasswordPolicy gives the account's rules for passwords, if it has its own.
func (s *Service) GetAccountPasswordPolicy(ctx context.Context, _ *GetAccountPasswordPolicyInput) (*GetAccountPasswordPolicyOutput, error) {
	out := &GetAccountPasswordPolicyOutput{}
	return out, s.view(ctx, func(t *txn) error {
		if out.PasswordPolicy = t.account().Passwords; out.PasswordPolicy == nil {
			return noPasswordPolicy(t.sc.Account)
		}
		return nil
	})
}

// DeleteAccountPasswordPolicy brings AWS's default rules back.
func (s *Service) DeleteAccountPasswordPolicy(ctx context.Context, _ *DeleteAccountPasswordPolicyInput) (*DeleteAccountPasswordPolicyOutput, error) {
	return &DeleteAccountPasswordPolicyOutput{}, s.changeAccount(ctx, func(t *txn, r *accountRecord) error {
		if r.Passwords == nil {
			return noPasswordPolicy(t.sc.Account)
		}
		r.Passwords = nil
		return nil
	})
}
