package cloud

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/aws/logs"
	"atoll/internal/cloud/aws/wafv2"
	"atoll/internal/cloud/state"
	"atoll/internal/dataplane/firewall"
	"atoll/internal/monitor"
)

// guardLog writes what web ACLs log into groups of CloudWatch Logs, in the background.
type guardLog struct {
	groups func() *logs.Service // nil while the cloud starts
	logger *slog.Logger

	monitor monitor.Monitor
	lines   []guardLine // that wait
	lost    int
	busy    bool
	closed  bool
	done    chan struct{} // closed at the end
}

// guardLine is an entry for a stream.
type guardLine struct {
	scope         state.Scope
	group, stream string
	at            time.Time
	text          string
}

// Bounds of what waits, and of what is put at once.
const (
	maxGuardLines = 10_000
	maxGuardBatch = 500
)

func newGuardLog(groups func() *logs.Service, logger *slog.Logger) *guardLog {
	l := &guardLog{groups: groups, logger: logger, done: make(chan struct{})}
	go l.run()
	return l
}

func (l *guardLog) put(line guardLine) {
	l.monitor.Change(func() {
		if len(l.lines) >= maxGuardLines || l.closed {
			l.lost++
			return
		}
		l.lines = append(l.lines, line)
	})
}

// run writes until close.
func (l *guardLog) run() {
	defer close(l.done)
	for {
		var batch []guardLine
		var lost int
		_ = l.monitor.Wait(context.Background(), func() bool { // it ends by close
			batch, lost = l.take(), lost+l.lost
			l.lost, l.busy = 0, len(batch) > 0
			return l.busy || l.closed
		})
		if lost > 0 {
			l.logger.Warn("entries of web ACLs' logs are lost: there are too many", "entries", lost)
		}
		if len(batch) == 0 {
			return
		}
		l.write(batch)
		l.monitor.Change(func() { l.busy = false })
	}
}

// take gives the first lines that wait for one stream. The lock is held.
func (l *guardLog) take() []guardLine {
	n := 0
	for n < len(l.lines) && n < maxGuardBatch && l.lines[n].scope == l.lines[0].scope && l.lines[n].group == l.lines[0].group && l.lines[n].stream == l.lines[0].stream {
		n++
	}
	batch := l.lines[:n:n]
	l.lines = l.lines[n:]
	return batch
}

func (l *guardLog) write(batch []guardLine) {
	groups := l.groups()
	if groups == nil {
		return
	}
	messages := make([]string, len(batch))
	for i := range batch {
		messages[i] = batch[i].text
	}
	first := &batch[0]
	if err := groups.PutTrusted(context.Background(), first.scope, first.group, first.stream, messages, first.at); err != nil {
		l.logger.Warn("entries of a web ACL's log are lost", "group", first.group, "err", err)
	}
}

// idle waits until all that was logged before is written.
func (l *guardLog) idle(ctx context.Context) error {
	return l.monitor.Wait(ctx, func() bool { return len(l.lines) == 0 && !l.busy })
}

// close writes what waits, and ends.
func (l *guardLog) close() {
	l.monitor.Change(func() { l.closed = true })
	<-l.done
}

// guardTarget is the log of a web ACL about one load balancer.
type guardTarget struct {
	log         *guardLog
	acl, source string // the ARN, and what logs call the load balancer
	line        guardLine
	config      *wafv2.LoggingConfiguration
	groupARNs   map[string]string // by name
}

// target gives where a web ACL logs to, nil for nowhere. Buckets are not written to.
func (l *guardLog) target(p *wafv2.Protection) *guardTarget {
	c := p.ACL.Logging
	if c == nil {
		return nil
	}
	arn := strings.SplitN(c.LogDestinationConfigs[0], ":", 7)
	if len(arn) != 7 || arn[2] != "logs" {
		return nil
	}
	sc := scopeOf(*p.ACL.ARN)
	_, id, _ := strings.Cut(p.Resource, ":loadbalancer/")
	t := &guardTarget{log: l, acl: *p.ACL.ARN, source: sc.Account + "-" + id, config: c, groupARNs: map[string]string{},
		line: guardLine{scope: state.Scope{Region: arn[3], Account: arn[4]}, group: strings.TrimSuffix(arn[6], ":*"), stream: sc.Region + "_" + *p.ACL.Name + "_0"}}
	for arn, g := range p.ACL.Groups {
		t.groupARNs[*g.Name] = arn
	}
	return t
}

// put logs a request, unless a filter drops it.
func (t *guardTarget) put(now time.Time, r *firewall.Request, v *firewall.Verdict) {
	if !t.keeps(v) {
		return
	}
	text, err := json.Marshal(t.entry(now, r, v))
	if err != nil {
		return // it is plain data
	}
	line := t.line
	line.at, line.text = now, string(text)
	t.log.put(line)
}

// keeps asks the first filter whose conditions are met.
// https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingFilter.html
func (t *guardTarget) keeps(v *firewall.Verdict) bool {
	f := t.config.LoggingFilter
	if f == nil {
		return true
	}
	met := func(c wafv2.Condition) bool {
		if l := c.LabelNameCondition; l != nil {
			return slices.Contains(v.Labels, *l.LabelName)
		}
		want := *c.ActionCondition.Action
		return want == string(v.Kind) || slices.ContainsFunc(v.Counted, func(m firewall.Match) bool { return want == string(m.Kind) })
	}
	for _, x := range f.Filters {
		hit := slices.ContainsFunc(x.Conditions, met)
		if *x.Requirement == "MEETS_ALL" {
			hit = !slices.ContainsFunc(x.Conditions, func(c wafv2.Condition) bool { return !met(c) })
		}
		if hit {
			return *x.Behavior == "KEEP"
		}
	}
	return *f.DefaultBehavior == "KEEP"
}
