package cli

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"atoll/internal/status"
	"atoll/internal/ui"
)

// writeStatus writes a status for people.
func writeStatus(w io.Writer, s *status.Status, where string, now time.Time, colours bool) {
	style := ui.Good
	if !s.Well {
		style = ui.Bad
	}
	fmt.Fprintf(w, "%s on %s: %s\n", ui.Paint(s.Environment, ui.Bold, colours), where, ui.Paint(s.Headline, style, colours))
	if s.LoadBalancer != nil && s.LoadBalancer.URL != "" {
		fmt.Fprintln(w, s.LoadBalancer.URL)
	}
	for _, p := range s.Problems {
		fmt.Fprintf(w, "  %s %s: %s\n", ui.Paint("✗", ui.Bad, colours), p.Part, p.What)
		if p.Why != "" {
			fmt.Fprintf(w, "      %s\n", p.Why)
		}
	}
	for _, t := range []*ui.Table{servicesTable(s, now), tasksTable(s, now), stoppedTable(s, now), jobsTable(s, now), databasesTable(s)} {
		if len(t.Rows) > 0 {
			fmt.Fprintln(w)
			t.Write(w, colours)
		}
	}
	writeAlarms(w, s, now, colours)
}

// stateStyle colours the words that AWS has for states.
func stateStyle(state string) ui.Style {
	switch strings.ToLower(state) {
	case "running", "healthy", "completed", "available", "active", "ok":
		return ui.Good
	case "unhealthy", "failed", "alarm", "stopped", "unavailable":
		return ui.Bad
	case "":
		return ui.Plain
	}
	return ui.Busy
}

func servicesTable(s *status.Status, now time.Time) *ui.Table {
	t := &ui.Table{Head: []string{"SERVICE", "RUNNING", "PENDING", "CPU", "MEMORY", "IMAGE", "REVISION", "DEPLOYMENT"}}
	for _, v := range s.Services {
		running, pending := ui.Cell{Text: fmt.Sprintf("%d/%d", v.Running, v.Desired), Style: ui.Good}, ui.Cell{}
		if v.Running < v.Desired {
			running.Style = ui.Bad
		}
		if v.Pending > 0 {
			pending = ui.Cell{Text: strconv.Itoa(v.Pending), Style: ui.Busy}
		}
		t.Add(ui.Cell{Text: v.Name}, running, pending, ui.Cell{Text: v.CPU}, ui.Cell{Text: v.Memory + " MiB"}, ui.Cell{Text: shortImage(v.Image, v.Digest)},
			ui.Cell{Text: v.Definition[strings.LastIndex(v.Definition, ":")+1:]}, deploymentCell(v.Deployments, 0, now))
		for i := range v.Deployments[min(1, len(v.Deployments)):] {
			t.Add(ui.Cell{}, ui.Cell{}, ui.Cell{}, ui.Cell{}, ui.Cell{}, ui.Cell{}, ui.Cell{Text: v.Deployments[i+1].Definition[strings.LastIndex(v.Deployments[i+1].Definition, ":")+1:]}, deploymentCell(v.Deployments, i+1, now))
		}
	}
	return t
}

// deploymentCell words one of a service's deployments.
func deploymentCell(all []status.Deployment, i int, now time.Time) ui.Cell {
	if i >= len(all) {
		return ui.Cell{}
	}
	d := all[i]
	if d.State == "COMPLETED" && d.Status == "PRIMARY" {
		return ui.Cell{Text: "done " + ago(now, d.Updated), Style: ui.Faint}
	}
	words := map[string]string{"IN_PROGRESS": "in progress", "FAILED": "failed", "COMPLETED": "old"}
	text := fmt.Sprintf("%s since %s: %d of %d run", words[d.State], ui.Ago(now.Sub(d.Created)), d.Running, d.Desired)
	if d.State == "COMPLETED" {
		text = fmt.Sprintf("the one before: %d still run", d.Running)
	}
	if d.Failed > 0 {
		text += fmt.Sprintf(", %d failed", d.Failed)
	}
	return ui.Cell{Text: text, Style: stateStyle(d.State)}
}

func ago(now, at time.Time) string { return ui.Ago(now.Sub(at)) + " ago" }

// shortImage shortens an image to its repository's last part and the first digits of its digest, or its tag.
func shortImage(image, digest string) string {
	name, _, _ := strings.Cut(image, "@")
	name = name[strings.LastIndex(name, "/")+1:]
	if _, hex, ok := strings.Cut(digest, ":"); ok {
		return name + "@" + hex[:min(len(hex), 12)]
	}
	return name
}

// tasksTable has the tasks of services with what the load balancer thinks of them, and targets that are no longer tasks'.
func tasksTable(s *status.Status, now time.Time) *ui.Table {
	t := &ui.Table{Head: []string{"TASK", "SERVICE", "STATUS", "SINCE", "HEALTH", "TARGET", "ZONE", "ADDRESS", "NOTE"}}
	for _, v := range s.Services {
		targets := slices.Clone(v.Targets)
		for _, x := range v.Tasks {
			since := x.Created
			if x.Started != nil {
				since = *x.Started
			}
			address, target, note := x.Address, "", ""
			if i := slices.IndexFunc(targets, func(t status.Target) bool { return t.Address == x.Address && x.Address != "" }); i >= 0 {
				address, target, note = targetAddress(targets[i]), targets[i].State, targetNote(targets[i])
				targets = slices.Delete(targets, i, i+1)
			}
			if x.Definition != v.Definition {
				note = strings.TrimPrefix(note+", revision "+x.Definition[strings.LastIndex(x.Definition, ":")+1:], ", ")
			}
			health := strings.ToLower(x.Health)
			t.Add(ui.Cell{Text: status.Short(x.ID)}, ui.Cell{Text: v.Name}, ui.Cell{Text: x.Status, Style: stateStyle(x.Status)}, ui.Cell{Text: ui.Ago(now.Sub(since))},
				ui.Cell{Text: health, Style: stateStyle(health)}, ui.Cell{Text: target, Style: stateStyle(target)}, ui.Cell{Text: x.Zone}, ui.Cell{Text: address}, ui.Cell{Text: note})
		}
		for _, x := range targets {
			t.Add(ui.Cell{}, ui.Cell{Text: v.Name}, ui.Cell{}, ui.Cell{}, ui.Cell{}, ui.Cell{Text: x.State, Style: stateStyle(x.State)}, ui.Cell{}, ui.Cell{Text: targetAddress(x)}, ui.Cell{Text: targetNote(x)})
		}
	}
	return t
}

func targetAddress(t status.Target) string { return net.JoinHostPort(t.Address, strconv.Itoa(t.Port)) }

func targetNote(t status.Target) string {
	if t.Text != "" {
		return t.Text
	}
	return t.Reason
}

// shownStopped is how many stopped tasks of a service are shown.
const shownStopped = 3

func stoppedTable(s *status.Status, now time.Time) *ui.Table {
	t := &ui.Table{Head: []string{"STOPPED", "SERVICE", "WHEN", "REVISION", "WHY"}}
	for _, v := range s.Services {
		for _, x := range v.Stopped[:min(len(v.Stopped), shownStopped)] {
			style := ui.Plain
			if x.Failed() {
				style = ui.Bad
			}
			t.Add(ui.Cell{Text: status.Short(x.ID)}, ui.Cell{Text: v.Name}, ui.Cell{Text: ago(now, *x.Stopped)}, ui.Cell{Text: x.Definition[strings.LastIndex(x.Definition, ":")+1:]}, ui.Cell{Text: x.Why(), Style: style})
		}
	}
	return t
}

func jobsTable(s *status.Status, now time.Time) *ui.Table {
	t := &ui.Table{Head: []string{"JOB", "SCHEDULE", "ENABLED", "RUNNING", "LAST RUN"}}
	for _, j := range s.Jobs {
		enabled, running, last := ui.Cell{Text: "yes"}, "", ui.Cell{}
		if !j.Enabled {
			enabled = ui.Cell{Text: "no", Style: ui.Busy}
		}
		if j.Running > 0 {
			running = strconv.Itoa(j.Running)
		}
		if j.Last != nil {
			last.Text = ago(now, *j.Last.Stopped) + ": " + j.Last.Why()
			if j.Last.Failed() {
				last.Style = ui.Bad
			}
		}
		t.Add(ui.Cell{Text: j.Name}, ui.Cell{Text: j.Schedule}, enabled, ui.Cell{Text: running}, last)
	}
	return t
}

func databasesTable(s *status.Status) *ui.Table {
	t := &ui.Table{Head: []string{"DATABASE", "STATUS", "CLASS", "ENGINE", "STORAGE", "MULTI-AZ", "ENDPOINT", "NOTE"}}
	for _, d := range s.Databases {
		storage, multi, endpoint, note := fmt.Sprintf("%d GiB", d.StorageGiB), "no", "", []string{}
		if d.MaxGiB > d.StorageGiB {
			storage += fmt.Sprintf(" of %d", d.MaxGiB)
		}
		if d.MultiAZ {
			multi = "yes"
		}
		if d.Host != "" {
			endpoint = net.JoinHostPort(d.Host, strconv.Itoa(d.Port))
		}
		if d.Replica {
			note = append(note, "read replica")
		}
		if d.Pending {
			note = append(note, "changes wait for the maintenance window")
		}
		t.Add(ui.Cell{Text: d.ID}, ui.Cell{Text: d.Status, Style: stateStyle(d.Status)}, ui.Cell{Text: d.Class}, ui.Cell{Text: d.Engine + " " + d.Version}, ui.Cell{Text: storage}, ui.Cell{Text: multi},
			ui.Cell{Text: endpoint}, ui.Cell{Text: strings.Join(note, ", ")})
	}
	return t
}

// writeAlarms writes the alarms that are raised, and counts the others.
func writeAlarms(w io.Writer, s *status.Status, now time.Time, colours bool) {
	a := s.Alarms
	if len(a.All) == 0 {
		return
	}
	var counts []string
	for _, c := range []struct {
		n     int
		words string
		style ui.Style
	}{{a.Alarm, "in ALARM", ui.Bad}, {a.OK, "OK", ui.Good}, {a.Insufficient, "without enough data", ui.Plain}} {
		if c.n > 0 {
			counts = append(counts, ui.Paint(fmt.Sprintf("%d %s", c.n, c.words), c.style, colours))
		}
	}
	fmt.Fprintf(w, "\n%s  %s\n", ui.Paint("ALARMS", ui.Faint, colours), strings.Join(counts, ", "))
	for _, x := range a.All {
		if x.State == "ALARM" {
			fmt.Fprintf(w, "  %s %s, since %s: %s\n", ui.Paint("✗", ui.Bad, colours), x.Name, ui.Ago(now.Sub(x.Since)), x.Reason)
		}
	}
}
