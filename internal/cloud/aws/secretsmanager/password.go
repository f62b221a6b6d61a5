package secretsmanager

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"
)

const (
	lowercase   = "abcdefghijklmnopqrstuvwxyz"
	uppercase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numbers     = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

// GetRandomPassword gives a random password, with one character of each kind at least unless that is not required.
func (s *Service) GetRandomPassword(_ context.Context, in *GetRandomPasswordInput) (*GetRandomPasswordOutput, error) {
	length := int64(32)
	if in.PasswordLength != nil {
		length = *in.PasswordLength
	}
	if length < 1 || length > 4096 {
		return nil, constraint("passwordLength", "Member must have value between 1 and 4096")
	}
	if len(text(in.ExcludeCharacters)) > 4096 {
		return nil, constraint("excludeCharacters", "Member must have length less than or equal to 4096")
	}
	var kinds []string
	for _, kind := range []struct {
		without    bool
		characters string
	}{
		{flag(in.ExcludeLowercase), lowercase},
		{flag(in.ExcludeUppercase), uppercase},
		{flag(in.ExcludeNumbers), numbers},
		{flag(in.ExcludePunctuation), punctuation},
		{!flag(in.IncludeSpace), " "},
	} {
		left := strings.Map(func(r rune) rune {
			if strings.ContainsRune(text(in.ExcludeCharacters), r) {
				return -1
			}
			return r
		}, kind.characters)
		if !kind.without && left != "" {
			kinds = append(kinds, left)
		}
	}
	if len(kinds) == 0 {
		return nil, refuse("You can't exclude all characters: none is left for a password.")
	}
	each := in.RequireEachIncludedType == nil || *in.RequireEachIncludedType
	if each && length < int64(len(kinds)) {
		return nil, invalid("Password length is too short based on the required types.")
	}
	var password []byte
	if each {
		for _, kind := range kinds {
			password = append(password, kind[below(len(kind))])
		}
	}
	all := strings.Join(kinds, "")
	for int64(len(password)) < length {
		password = append(password, all[below(len(all))])
	}
	for i := len(password) - 1; i > 0; i-- {
		j := below(i + 1)
		password[i], password[j] = password[j], password[i]
	}
	return &GetRandomPasswordOutput{RandomPassword: new(string(password))}, nil
}

// below gives a random number from 0 up to, and without, n.
func below(n int) int {
	k, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic("secretsmanager: " + err.Error()) // rand.Reader never fails, by its contract
	}
	return int(k.Int64())
}
