package hint_test

import (
	"fmt"
	"io"
	"testing"

	"atoll/internal/hint"
)

func TestSplit(t *testing.T) {
	cause := hint.Errorf("look again", "reading the plan: %w", io.ErrUnexpectedEOF)
	for _, test := range []struct {
		err          error
		message, try string
	}{
		{cause, "reading the plan: unexpected EOF", "look again"},
		{fmt.Errorf("applying: %w", cause), "applying: reading the plan: unexpected EOF", "look again"},
		{io.EOF, "EOF", ""},
	} {
		message, try := hint.Split(test.err)
		if message != test.message || try != test.try {
			t.Errorf("Split(%q) = %q, %q; want %q, %q", test.err, message, try, test.message, test.try)
		}
	}
	if got, want := cause.Error(), "reading the plan: unexpected EOF\nTry: look again"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}
