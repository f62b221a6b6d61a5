package cli

import (
	"bytes"
	"testing"
)

func TestUnixLines(t *testing.T) {
	var out bytes.Buffer
	w := &unixLines{w: &out}
	for _, part := range []string{"a\r\nb\r", "\nc\rd", "\r", "\r\n"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if out.String() != "a\nb\nc\rd\r\n" {
		t.Errorf("%q", out.String())
	}
}
