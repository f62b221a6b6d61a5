// Package ui shows work that takes a while: steps that are done, and what goes on right now. On a terminal the lines of what goes
// on are drawn anew in place; elsewhere each step is one line when it is done.
package ui

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Terminal says how to draw.
type Terminal struct {
	Live    bool       // lines can be drawn anew
	Colours bool       // texts may be coloured
	Width   func() int // columns; 0 where unknown
	Height  func() int // lines; 0 where unknown
}

// Detect tells whether w is a terminal that can redraw.
func Detect(w io.Writer) Terminal {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" || os.Getenv("NO_COLOR") != "" && os.Getenv("CI") != "" {
		none := func() int { return 0 }
		return Terminal{Width: none, Height: none}
	}
	size := func() (width, height int) {
		width, height, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0, 0
		}
		return width, height
	}
	return Terminal{Live: true, Colours: os.Getenv("NO_COLOR") == "",
		Width:  func() int { width, _ := size(); return width },
		Height: func() int { _, height := size(); return height }}
}

// tick is how often running times are drawn anew.
const tick = 200 * time.Millisecond

// maxLive bounds the lines of what goes on; more are counted.
const maxLive = 12

// Progress shows steps. Its methods may be called from several goroutines.
type Progress struct {
	w    io.Writer
	term Terminal
	now  func() time.Time

	mu      sync.Mutex
	running []*task // in the order in which they began
	drawn   int     // lines on the screen that belong to running
	frame   int
	stop    chan struct{}
	stopped sync.WaitGroup
}

type task struct {
	key, text string
	since     time.Time
}

// NewProgress begins to show. Close ends it.
func NewProgress(w io.Writer, t Terminal) *Progress {
	p := &Progress{w: w, term: t, now: time.Now, stop: make(chan struct{})}
	if t.Live {
		p.stopped.Go(p.animate)
	}
	return p
}

func (p *Progress) animate() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.frame++
			p.redraw()
			p.mu.Unlock()
		}
	}
}

// Close takes the lines of what goes on away.
func (p *Progress) Close() {
	if p.term.Live {
		close(p.stop)
		p.stopped.Wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = nil
	p.redraw()
}

// Begin shows that something goes on, under a key that is its own.
func (p *Progress) Begin(key, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(key)
	p.running = append(p.running, &task{key, text, p.now()})
	p.redraw()
}

// Text changes what is said of something that goes on.
func (p *Progress) Text(key, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.running {
		if t.key == key {
			t.text = text
		}
	}
	p.redraw()
}

// End takes something that goes on away, and gives how long it took; 0 for a key that never began.
func (p *Progress) End(key string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := p.drop(key)
	p.redraw()
	return took
}

func (p *Progress) drop(key string) time.Duration {
	for i, t := range p.running {
		if t.key == key {
			p.running = slices.Delete(p.running, i, i+1)
			return p.now().Sub(t.since)
		}
	}
	return 0
}

// Say writes a line that stays.
func (p *Progress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, format+"\n", args...)
	p.redraw()
}

// Done writes the line of a step that is done: "✓ plan          6.1 s   118 to make".
func (p *Progress) Done(step string, took time.Duration, note string) {
	p.Say("%s", strings.TrimRight(fmt.Sprintf("✓ %-22s %8s   %s", step, Seconds(took), note), " "))
}

// Failed writes the line of a step that failed.
func (p *Progress) Failed(step string, took time.Duration) {
	p.Say("✗ %-22s %8s", step, Seconds(took))
}

// Seconds writes a duration for people: 0.4 s, 12 s, 2 min 5 s.
func Seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// clear takes the drawn lines off the screen.
func (p *Progress) clear() {
	if p.drawn > 0 {
		fmt.Fprintf(p.w, "\x1b[%dA\x1b[J", p.drawn)
		p.drawn = 0
	}
}

func (p *Progress) redraw() {
	if !p.term.Live {
		return
	}
	p.clear()
	var b strings.Builder
	width := p.term.Width()
	for i, t := range p.running {
		line := fmt.Sprintf("%s %s   %s", spinner[p.frame%len(spinner)], t.text, Seconds(p.now().Sub(t.since)))
		if i == maxLive {
			line = fmt.Sprintf("  and %d more", len(p.running)-maxLive)
		}
		b.WriteString(Cut(line, width) + "\n")
		p.drawn++
		if i == maxLive {
			break
		}
	}
	_, _ = io.WriteString(p.w, b.String()) // a terminal that is gone shows nothing
}

// Cut shortens a line to the width of the screen, 0 where unknown: a line that wraps could not be drawn anew. Codes of styles take no room.
func Cut(line string, width int) string {
	if width <= 1 {
		return line
	}
	room, escape, styled := width-2, false, false
	for i, r := range line {
		switch {
		case escape:
			escape = r != 'm'
		case r == '\x1b':
			escape, styled = true, true
		case room == 0 && columns(line[i:]) > 1:
			if styled {
				return line[:i] + "\x1b[0m…"
			}
			return line[:i] + "…"
		case room > 0:
			room--
		}
	}
	return line
}

// columns counts those that a text takes, codes of styles apart.
func columns(text string) int {
	n, escape := 0, false
	for _, r := range text {
		switch {
		case escape:
			escape = r != 'm'
		case r == '\x1b':
			escape = true
		default:
			n++
		}
	}
	return n
}
