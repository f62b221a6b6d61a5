package state

import (
	"errors"
	"testing"
)

func TestToken(t *testing.T) {
	t.Parallel()
	refusal := errors.New("no such token")
	if Token("") != nil {
		t.Error("there is a token for no page")
	}
	if last, err := After(nil, refusal); last != "" || err != nil {
		t.Errorf("the first page is after %q, %v", last, err)
	}
	if last, err := After(Token("a/b ü"), refusal); last != "a/b ü" || err != nil {
		t.Errorf("got %q, %v", last, err)
	}
	for _, bad := range []string{"", "!", "ab=", "a"} {
		if last, err := After(&bad, refusal); !errors.Is(err, refusal) {
			t.Errorf("%q: got %q, %v", bad, last, err)
		}
	}
}
