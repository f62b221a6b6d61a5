package ui

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	table := Table{Head: []string{"NAME", "STATE", "EMPTY", "NOTE"}}
	table.Rows = append(table.Rows, Row("web", "running", "", "…fine"), Row("a-long-name", "", "", ""))
	table.Add(Cell{"x", Bad}, Cell{"äöü", Good})
	var plain, coloured strings.Builder
	table.Write(&plain, false)
	if want := "NAME         STATE    NOTE\nweb          running  …fine\na-long-name\nx            äöü\n"; plain.String() != want {
		t.Errorf("the table is\n%s", plain.String())
	}
	table.Write(&coloured, true)
	if want := "\x1b[31mx\x1b[0m            \x1b[32mäöü\x1b[0m\n"; !strings.HasSuffix(coloured.String(), want) {
		t.Errorf("with colours it is\n%q", coloured.String())
	}
	var none strings.Builder
	if (&Table{Head: []string{"A"}}).Write(&none, true); none.Len() > 0 {
		t.Errorf("an empty table is %q", none.String())
	}
}

func TestCut(t *testing.T) {
	for line, want := range map[string]string{
		"short":                      "short",
		"longer than it":             "longer t…",
		"\x1b[31mlonger\x1b[0m x":    "\x1b[31mlonger\x1b[0m x",
		"\x1b[31mlonger than\x1b[0m": "\x1b[31mlonger t\x1b[0m…",
	} {
		if got := Cut(line, 10); got != want {
			t.Errorf("%q is cut to %q", line, got)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{-time.Second: "0 s", 59 * time.Second: "59 s", 3 * time.Minute: "3 min", 47 * time.Hour: "47 h", 49 * time.Hour: "2 d"} {
		if got := Ago(d); got != want {
			t.Errorf("%s ago is %s", d, got)
		}
	}
}
