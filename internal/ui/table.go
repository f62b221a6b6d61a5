package ui

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Style is how a text looks on a terminal.
type Style string

// The styles, as codes of ECMA-48's SGR.
const (
	Plain Style = ""
	Good  Style = "32" // green
	Bad   Style = "31" // red
	Busy  Style = "33" // yellow
	Faint Style = "2"
	Bold  Style = "1"
)

// Paint gives a text in a style, if colours are wanted.
func Paint(text string, s Style, colours bool) string {
	if !colours || s == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Cell is a table's cell.
type Cell struct {
	Text  string
	Style Style
}

// Row makes cells of texts.
func Row(texts ...string) []Cell {
	out := make([]Cell, len(texts))
	for i, t := range texts {
		out[i].Text = t
	}
	return out
}

// Table aligns cells in columns. A column without any text is left out.
type Table struct {
	Head []string
	Rows [][]Cell // as long as Head, or shorter
}

// Add adds a row.
func (t *Table) Add(cells ...Cell) { t.Rows = append(t.Rows, cells) }

// Write writes the table; nothing where it has no rows.
func (t *Table) Write(w io.Writer, colours bool) {
	if len(t.Rows) == 0 {
		return
	}
	width := make([]int, len(t.Head))
	for i, h := range t.Head {
		for _, row := range t.Rows {
			if i < len(row) && row[i].Text != "" {
				width[i] = max(width[i], utf8.RuneCountInString(row[i].Text), utf8.RuneCountInString(h))
			}
		}
	}
	head := make([]Cell, len(t.Head))
	for i, h := range t.Head {
		head[i] = Cell{h, Faint}
	}
	for _, row := range append([][]Cell{head}, t.Rows...) {
		var b strings.Builder
		gap := 0
		for i, c := range row {
			if width[i] == 0 {
				continue
			}
			if c.Text != "" {
				b.WriteString(strings.Repeat(" ", gap) + Paint(c.Text, c.Style, colours))
				gap = 0
			}
			gap += width[i] - utf8.RuneCountInString(c.Text) + columnGap
		}
		fmt.Fprintln(w, b.String())
	}
}

const columnGap = 2

// Ago words how long ago something was, in its largest unit.
func Ago(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 2*24*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// Distinct gives one of some colours that tell things apart.
func Distinct(n int) Style {
	colours := [...]Style{"36", "35", "34", "33", "32", "96", "95", "94"}
	return colours[n%len(colours)]
}
