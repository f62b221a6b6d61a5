package id_test

import (
	"encoding/base64"
	"regexp"
	"testing"

	"atoll/internal/cloud/id"
)

// TestForms holds each kind of identifier against AWS's form of it.
func TestForms(t *testing.T) {
	var s id.Source
	for form, make := range map[string]func() string{
		`vpc-0[0-9a-f]{16}`:      func() string { return s.Resource("vpc") },
		`eipalloc-0[0-9a-f]{16}`: func() string { return s.Resource("eipalloc") },
		`[0-9a-f]{17}`:           func() string { return s.Hex(17) },
		`[0-9a-f]{8}`:            func() string { return s.Hex(8) },
		`AKIA[A-Z2-7]{16}`:       func() string { return s.Unique("AKIA") },
		`ASIA[A-Z2-7]{16}`:       func() string { return s.Unique("ASIA") },
		`AROA[A-Z2-7]{17}`:       func() string { return s.Unique("AROA") },
		`AIDA[A-Z2-7]{17}`:       func() string { return s.Unique("AIDA") },
		`[A-Za-z0-9]{24}`:        func() string { return s.Alnum(24) },
		`[A-Za-z0-9+/]{40}`:      s.Secret,
		`[A-Za-z0-9+/]{256}`:     s.Token,
		`[1-9][0-9]{11}`:         s.Account,
		`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`: s.UUID,
	} {
		re := regexp.MustCompile("^" + form + "$")
		seen := map[string]bool{}
		for range 500 {
			got := make()
			if !re.MatchString(got) {
				t.Fatalf("%q is not of the form %s", got, form)
			}
			if len(got) > 8 && seen[got] {
				t.Fatalf("%q came twice", got)
			}
			seen[got] = true
		}
	}
	if got := s.Hex(0) + s.Alnum(0); got != "" {
		t.Errorf("no characters give %q", got)
	}
}

func TestSecretsAreBase64(t *testing.T) {
	for _, text := range []string{id.Source{}.Secret(), id.Source{}.Token()} {
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func BenchmarkUUID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		id.Source{}.UUID()
	}
}
