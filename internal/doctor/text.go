package doctor

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes the report for people: a line per check, in columns, with what to do below.
func WriteText(w io.Writer, r Report) error {
	names := 0
	for _, check := range r.Checks {
		names = max(names, len(check.Name))
	}
	var b strings.Builder
	for _, check := range r.Checks {
		fmt.Fprintf(&b, "%-4s  %-*s  ", check.Status, names, check.Name)
		indent := "\n" + strings.Repeat(" ", 4+2+names+2)
		b.WriteString(strings.ReplaceAll(check.Detail, "\n", indent))
		if check.Try != "" {
			b.WriteString(indent + "Try: " + strings.ReplaceAll(check.Try, "\n", indent))
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
