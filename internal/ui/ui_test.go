package ui

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestPlainOutputHasDoneLinesOnly(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, Terminal{})
	now := time.Unix(0, 0)
	p.now = func() time.Time { return now }
	p.Begin("plan", "plan")
	now = now.Add(90 * time.Second)
	p.Done("plan", p.End("plan"), "3 to make")
	p.Failed("apply", time.Second)
	p.Close()
	want := "✓ plan                   1 min 30 s   3 to make\n✗ apply                     1.0 s\n"
	if out.String() != want {
		t.Errorf("got\n%q, want\n%q", out.String(), want)
	}
}

func TestLiveLinesAreTakenAway(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, Terminal{Live: true, Width: func() int { return 20 }})
	p.Begin("a", "something with a long name")
	p.Say("a line that stays")
	p.Close()
	got := out.String()
	if !strings.Contains(got, "something with a…") {
		t.Errorf("a line is not cut to the screen: %q", got)
	}
	if !strings.HasSuffix(got, "\x1b[1A\x1b[J") {
		t.Errorf("the live line is left on the screen: %q", got)
	}
}

func TestManyLiveLinesAreCounted(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, Terminal{Live: true, Width: func() int { return 0 }})
	defer p.Close()
	for i := range maxLive + 3 {
		p.Begin(string(rune('a'+i)), "work")
	}
	if !strings.Contains(out.String(), "and 3 more") {
		t.Errorf("%q", out.String())
	}
}
