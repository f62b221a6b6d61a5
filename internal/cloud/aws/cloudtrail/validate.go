package cloudtrail

import (
	"net/netip"
	"regexp"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

var (
	nameCharacters = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	letterOrDigit  = regexp.MustCompile(`^[A-Za-z0-9]$`)
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func truth(b *bool) bool { return b != nil && *b }

// some gives a pointer to a text, nil for an empty one.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func checkName(name string) error {
	bad := func(format string, args ...any) error {
		return wire.Errorf("InvalidTrailNameException", format, args...)
	}
	switch n := len(name); {
	case n == 0:
		return bad("Trail name cannot be blank.")
	case n < 3:
		return bad("Trail name too short. Minimum allowed length: 3 characters. Specified name length: %d characters.", n)
	case n > 128:
		return bad("Trail name too long. Maximum allowed length: 128 characters. Specified name length: %d characters.", n)
	case !nameCharacters.MatchString(name):
		return bad("Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).")
	case !letterOrDigit.MatchString(name[:1]):
		return bad("Trail name must starts with a letter or number.")
	case !letterOrDigit.MatchString(name[n-1:]):
		return bad("Trail name must ends with a letter or number.")
	}
	for i := 1; i < len(name); i++ {
		if strings.ContainsAny(name[i-1:i], "._-") && strings.ContainsAny(name[i:i+1], "._-") {
			return bad("Trail name cannot have adjacent periods, underscores or dashes.")
		}
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return bad("Trail name must not be in IP address format.")
	}
	return nil
}

// place gives where a trail that is named by its name or its ARN has its record.
func (t *txn) place(nameOrARN string) (state.Scope, string, error) {
	if !strings.HasPrefix(nameOrARN, "arn:") {
		return t.sc, nameOrARN, checkName(nameOrARN)
	}
	parts := strings.Split(nameOrARN, ":")
	if len(parts) != 6 || parts[2] != "cloudtrail" || parts[3] == "" || parts[4] == "" || !strings.HasPrefix(parts[5], "trail/") {
		return state.Scope{}, "", wire.Errorf("CloudTrailARNInvalidException", "The specified resource ARN is not valid: %s", nameOrARN)
	}
	return state.Scope{Account: parts[4], Region: parts[3]}, strings.TrimPrefix(parts[5], "trail/"), nil
}

// find gives a trail that the caller's region has, at home or as a shadow.
func (t *txn) find(nameOrARN string) (*trailRecord, state.Scope, error) {
	sc, name, err := t.place(nameOrARN)
	if err != nil {
		return nil, sc, err
	}
	r, ok := t.trails.Get(t.tx, sc, name)
	if !ok || sc.Account != t.sc.Account || sc.Region != t.sc.Region && !r.MultiRegion {
		return nil, sc, wire.Errorf("TrailNotFoundException", "Unknown trail: %s for the user: %s", trailARN(sc, name), t.sc.Account)
	}
	return r, sc, nil
}

// change edits a trail, which can be done in its home region alone.
func (t *txn) change(nameOrARN string, edit func(r *trailRecord) error) (*trailRecord, error) {
	r, sc, err := t.find(nameOrARN)
	if err != nil {
		return nil, err
	}
	if sc.Region != t.sc.Region {
		return nil, wire.Errorf("InvalidHomeRegionException", "This operation cannot be performed in the region %s. The home region of the trail is %s.", t.sc.Region, sc.Region)
	}
	if err := edit(r); err != nil {
		return nil, err
	}
	t.trails.Put(t.tx, sc, r.Name, r)
	return r, nil
}

// pageAfter gives the id after which a page begins.
func pageAfter(token *string) (string, error) {
	return state.After(token, wire.Errorf("InvalidNextTokenException", "The specified token is not valid."))
}
