package deploy

import (
	"fmt"
	"strings"
	"time"

	"atoll/internal/terraform"
	"atoll/internal/ui"
)

// applying shows an apply as its stream goes by: the plan, one line for each resource at work, and a line for each part that is done.
type applying struct {
	p       *ui.Progress
	summary *Summary // nil until the stream has told the whole plan
	found   *Summary
	parts   map[string]*partWork
	began   time.Time
	looked  int
}

// partWork is how far a part has come.
type partWork struct {
	left        map[string]int // actions still to come, by address; a replacement has two
	first, last time.Time
	done        map[string]int // how many, by what was done
}

const planKey = "plan"

func newApplying(p *ui.Progress, known *Summary) *applying {
	a := &applying{p: p, found: &Summary{}, parts: map[string]*partWork{}}
	if known != nil {
		a.start(known)
	} else {
		p.Begin(planKey, planKey)
	}
	return a
}

// start takes the plan, and counts what each part has to do.
func (a *applying) start(plan *Summary) {
	a.summary = plan
	for _, part := range plan.Parts {
		w := &partWork{left: map[string]int{}, done: map[string]int{}}
		for _, i := range part.Items {
			w.left[i.Address] = 1
			if i.Effect == Replaced || i.Effect == Renewed {
				w.left[i.Address] = 2
			}
		}
		a.parts[part.Name] = w
	}
}

func (a *applying) on(m terraform.Message) {
	if a.began.IsZero() {
		a.began = m.Time
	}
	switch m.Type {
	case "refresh_complete":
		a.looked++
		a.p.Text(planKey, fmt.Sprintf("plan: looked at %d resources", a.looked))
	case "planned_change":
		if i, ok := planned(m.Change); ok && a.summary == nil {
			a.found.add(i)
		}
	case "change_summary":
		a.planDone(m.Time)
	case "apply_start":
		if m.Hook.Action != "read" { // data sources are read while the plan is made
			a.planDone(m.Time)
			a.begin(m)
		}
	case "apply_complete":
		a.end(m, true)
	case "apply_errored":
		a.end(m, false)
	case "diagnostic":
		if m.Diagnostic.Severity == "warning" {
			a.p.Say("! %s", strings.ReplaceAll(m.Diagnostic.String(), "\n", "\n  "))
		}
	}
}

func (a *applying) planDone(now time.Time) {
	if a.summary != nil {
		return
	}
	a.found.sort()
	a.start(a.found)
	a.p.End(planKey)
	a.p.Done(planKey, since(a.began, now), a.found.Line())
}

var doing = map[string]string{"create": "making", "update": "changing", "delete": "destroying", "read": "reading"}

var done = map[string]string{"create": "made", "update": "changed", "delete": "destroyed"}

func (a *applying) begin(m terraform.Message) {
	part := Part(m.Hook.Resource.Address)
	a.p.Begin(m.Hook.Resource.Address, fmt.Sprintf("%-16s %s %s", part, doing[m.Hook.Action], short(m.Hook.Resource.Address)))
	if w := a.parts[part]; w != nil && w.first.IsZero() {
		w.first = m.Time
	}
}

func (a *applying) end(m terraform.Message, ok bool) {
	a.p.End(m.Hook.Resource.Address)
	part := Part(m.Hook.Resource.Address)
	w := a.parts[part]
	if !ok {
		a.p.Say("✗ %-16s %s failed", part, short(m.Hook.Resource.Address))
		return
	}
	if w == nil || m.Hook.Action == "read" {
		return // not planned: a data source
	}
	w.last = m.Time
	w.done[done[m.Hook.Action]]++
	if w.left[m.Hook.Resource.Address]--; w.left[m.Hook.Resource.Address] > 0 {
		return
	}
	delete(w.left, m.Hook.Resource.Address)
	if len(w.left) == 0 {
		a.p.Done("  "+part, since(w.first, w.last), w.counts())
	}
}

func (w *partWork) counts() string {
	var out []string
	for _, verb := range []string{"made", "changed", "destroyed"} {
		if n := w.done[verb]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, verb))
		}
	}
	return strings.Join(out, ", ")
}

// finish tells what an apply that ended early has left undone.
func (a *applying) finish(err error) error {
	a.p.End(planKey)
	if err == nil {
		a.planDone(a.began)
		return nil
	}
	for _, part := range a.parts {
		for address := range part.left {
			a.p.End(address)
		}
	}
	if a.summary != nil {
		for _, part := range a.summary.Parts {
			if w := a.parts[part.Name]; len(w.left) > 0 && len(w.done) > 0 {
				a.p.Say("  %-22s unfinished: %s, %d to go", part.Name, w.counts(), len(w.left))
			}
		}
	}
	return err
}
