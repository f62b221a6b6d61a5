package datachannel

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		"/bin/sh": {"/bin/sh"}, "  ls  -l\t/a ": {"ls", "-l", "/a"}, `sh -c "echo \"a b\" \$x"`: {"sh", "-c", `echo "a b" \$x`},
		`a 'b "c" \d' e\ f ''`: {"a", `b "c" \d`, "e f", ""}, `x"y"'z'`: {"xyz"},
	} {
		if got, err := Split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
	for _, line := range []string{"", " ", "'a", `"a`, `a\`} {
		if got, err := Split(line); err == nil {
			t.Errorf("%q: %q", line, got)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a", "b c", `it's "\`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		want := []string{a, b, c}
		for i := range want { // what is no text is no argument of a request in JSON
			want[i] = string([]rune(want[i]))
		}
		if got, err := Split(Quote(want)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q becomes %q, %v", want, got, err)
		}
	})
}
