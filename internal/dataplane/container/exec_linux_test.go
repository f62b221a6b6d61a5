package container

import (
	"bytes"
	"testing"
)

func TestOneReturn(t *testing.T) {
	var out bytes.Buffer
	o := &oneReturn{w: &out}
	for _, part := range []string{"a\r", "\r\nb\r\n", "\r", "\r\rc\n"} {
		if n, err := o.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if got, want := out.String(), "a\r\nb\r\n\rc\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
