package ec2

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/monitor"
	"atoll/internal/reach"
)

// flowWindows gathers what flow logs will say, each until its interval ends.
type flowWindows struct {
	monitor    monitor.Monitor
	open       map[string]*flowWindow // by flow log
	delivering int
	wake       context.CancelFunc // ends the worker's wait
}

type flowWindow struct {
	scope state.Scope
	due   time.Time
	lines map[flowLine]*flowCount
}

func newFlowWindows() *flowWindows { return &flowWindows{open: map[string]*flowWindow{}} }

// LogFlow enters a flow in the flow logs of the network interfaces at its ends, of their subnets and of their VPCs. The records are
// delivered when the logs' aggregation intervals end.
func (s *Service) LogFlow(f SeenFlow) {
	if s.d.Logs == nil {
		return
	}
	now := s.d.Clock.Now()
	_ = s.d.Store.View(func(tx *state.Tx) error {
		from, fromScope := s.findInterface(tx, f.Flow.From)
		to, toScope := s.findInterface(tx, cmp.Or(f.Path.To, f.Flow.ToInterface))
		records := map[string]*interfaceRecord{}
		scopes := map[string]state.Scope{}
		var ends [2]*reach.Interface
		for i, end := range []struct {
			r  *interfaceRecord
			sc state.Scope
		}{{from, fromScope}, {to, toScope}} {
			if end.r != nil {
				ends[i] = s.in(tx, end.sc).reachInterface(end.r)
				records[end.r.ID], scopes[end.r.ID] = end.r, end.sc
			}
		}
		for _, o := range observed(&f, ends[0], ends[1]) {
			r, sc := records[o.iface], scopes[o.iface]
			for _, resource := range []string{r.ID, r.SubnetID, r.VpcID} {
				for id, log := range s.flowLogs.By(tx, sc, "resource", resource) {
					if log.wants(o.accept) {
						s.flows.count(id, sc, log.Interval, o, r, f.Since, now)
					}
				}
			}
		}
		return nil
	})
}

// LogsFlows reports whether a flow log is about any of some network interfaces.
func (s *Service) LogsFlows(interfaces ...string) bool {
	if s.d.Logs == nil {
		return false
	}
	found := false
	_ = s.d.Store.View(func(tx *state.Tx) error { // it does not fail
		if len(s.flowLogs.Scopes(tx)) == 0 {
			return nil
		}
		for _, id := range interfaces {
			r, sc := s.findInterface(tx, id)
			if r == nil {
				continue
			}
			for _, resource := range []string{r.ID, r.SubnetID, r.VpcID} {
				for range s.flowLogs.By(tx, sc, "resource", resource) {
					found = true
					return nil
				}
			}
		}
		return nil
	})
	return found
}

// findInterface finds an interface's record in any account and region.
func (s *Service) findInterface(tx *state.Tx, id string) (*interfaceRecord, state.Scope) {
	if id == "" {
		return nil, state.Scope{}
	}
	for _, sc := range s.vpcs.Scopes(tx) {
		if r, ok := s.interfaces.Get(tx, sc, id); ok {
			return r, sc
		}
	}
	return nil, state.Scope{}
}

// wants reports whether the log is about accepted, or rejected, traffic. Logs to S3 are kept as records only.
func (r *flowLogRecord) wants(accept bool) bool {
	return r.LogGroup != "" && (r.Traffic == "ALL" || r.Traffic == "ACCEPT" == accept)
}

func (w *flowWindows) count(log string, sc state.Scope, seconds int64, o observation, r *interfaceRecord, since, now time.Time) {
	w.monitor.Do(func() {
		interval := time.Duration(seconds) * time.Second
		window := w.open[log]
		if window == nil {
			window = &flowWindow{scope: sc, due: now.Truncate(interval).Add(interval), lines: map[flowLine]*flowCount{}}
			w.open[log] = window
			if w.wake != nil {
				w.wake()
			}
		}
		c := window.lines[o.flowLine]
		if c == nil {
			if since.IsZero() {
				since = now
			}
			if begin := window.due.Add(-interval); since.Before(begin) {
				since = begin
			}
			c = &flowCount{first: since, scope: sc, subnet: r.SubnetID, vpc: r.VpcID, zoneID: r.ZoneID}
			window.lines[o.flowLine] = c
		}
		c.Packets, c.Bytes, c.last = c.Packets+o.Packets, c.Bytes+o.Bytes, now
	})
}

// next gives when the first window ends. wake is called if another one opens.
func (w *flowWindows) next(wake context.CancelFunc) (due time.Time, any bool) {
	w.monitor.Do(func() {
		w.wake = wake
		for _, window := range w.open {
			if !any || window.due.Before(due) {
				due, any = window.due, true
			}
		}
	})
	return due, any
}

// take takes out the windows that have ended by a time; done tells when they are delivered.
func (w *flowWindows) take(by time.Time) (ended map[string]*flowWindow, done func()) {
	ended = map[string]*flowWindow{}
	w.monitor.Do(func() {
		for id, window := range w.open {
			if !window.due.After(by) {
				ended[id] = window
				delete(w.open, id)
			}
		}
		w.delivering++
	})
	return ended, func() { w.monitor.Change(func() { w.delivering-- }) }
}

// Run delivers flow logs when their intervals end. At the end of ctx it delivers what has been seen so far.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		wait, cancel := context.WithCancel(ctx)
		due, any := s.flows.next(cancel)
		err := error(nil)
		if any {
			err = s.d.Clock.Wait(wait, due)
		} else {
			<-wait.Done()
			err = wait.Err()
		}
		cancel()
		if err == nil {
			s.deliverFlows(ctx, s.d.Clock.Now())
		}
	}
	const century = 100 * 365 * 24 * time.Hour
	s.deliverFlows(context.WithoutCancel(ctx), s.d.Clock.Now().Add(century))
	return nil
}

// Idle waits until the records of all intervals that have ended are delivered.
func (s *Service) Idle(ctx context.Context) error {
	w := s.flows
	return w.monitor.Wait(ctx, func() bool { return w.delivering == 0 && !w.due(s.d.Clock.Now()) })
}

func (w *flowWindows) due(now time.Time) bool {
	for _, window := range w.open {
		if !window.due.After(now) {
			return true
		}
	}
	return false
}

func (s *Service) deliverFlows(ctx context.Context, by time.Time) {
	ended, done := s.flows.take(by)
	defer done()
	for id, window := range ended {
		if err := s.deliverFlowLog(ctx, id, window); err != nil && ctx.Err() == nil {
			s.d.Logger.Warn("delivering a flow log", "flow_log", id, "err", err)
		}
	}
}

// flowEventsAtOnce keeps a batch below the bounds of PutLogEvents.
const flowEventsAtOnce = 1000

var errFlowLogAccess = errors.New("Access error") //nolint:staticcheck // AWS's text: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-troubleshooting.html

// deliverFlowLog writes a window's records, a stream for each interface, and keeps in the log's record whether that went well.
func (s *Service) deliverFlowLog(ctx context.Context, id string, window *flowWindow) error {
	var log *flowLogRecord
	err := s.d.Store.View(func(tx *state.Tx) error {
		r, ok := s.flowLogs.Get(tx, window.scope, id)
		if !ok {
			return nil
		}
		log = r
		return s.mayDeliver(tx, window.scope, r)
	})
	if log == nil {
		return nil // it was deleted, and its records with it
	}
	if err == nil {
		for stream, lines := range window.streams(log) {
			for batch := range slices.Chunk(lines, flowEventsAtOnce) {
				err = errors.Join(err, s.d.Logs.PutTrusted(ctx, window.scope, log.LogGroup, stream, batch, s.d.Clock.Now()))
			}
		}
	}
	failed := ""
	if err != nil {
		failed = errFlowLogAccess.Error()
	}
	if failed == log.Failed {
		return err
	}
	return errors.Join(err, s.d.Store.Update(ctx, func(tx *state.Tx) error {
		if r, ok := s.flowLogs.Get(tx, window.scope, id); ok {
			r.Failed = failed
			s.flowLogs.Put(tx, window.scope, id, r)
		}
		return nil
	}))
}

// streams writes the records of each interface, in the order in which its flows began.
func (w *flowWindow) streams(log *flowLogRecord) map[string][]string {
	suffix := map[string]string{"ALL": "-all", "ACCEPT": "-accept", "REJECT": "-reject"}[log.Traffic]
	lines := make([]flowLine, 0, len(w.lines))
	for l := range w.lines {
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b flowLine) int {
		return cmp.Or(w.lines[a].first.Compare(w.lines[b].first), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	out := map[string][]string{}
	for _, l := range lines {
		out[l.iface+suffix] = append(out[l.iface+suffix], renderFlowLine(log.Format, l, w.lines[l]))
	}
	return out
}

// flowLogPrincipal is the service that takes a flow log's role.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
const flowLogPrincipal = "vpc-flow-logs.amazonaws.com"

// mayDeliver checks that the log's role may be taken, and may write.
func (s *Service) mayDeliver(tx *state.Tx, sc state.Scope, r *flowLogRecord) error {
	denied := fmt.Errorf("%w: the role %s does not let %s write into %s", errFlowLogAccess, r.Role, flowLogPrincipal, r.LogGroup)
	if s.d.Roles == nil {
		return denied
	}
	role, ok := s.d.Roles.Role(tx, r.Role)
	if !ok {
		return denied
	}
	c := auth.Context{}
	c.Set("aws:SourceAccount", sc.Account)
	c.Set("aws:SourceArn", arn(sc, "vpc-flow-log", r.ID))
	p := auth.Principal{Account: role.Account, ARN: r.Role, Role: r.Role, UserID: role.ID + ":vpc-flow-logs"}
	permissions, ok := s.d.Roles.Permissions(tx, p)
	if !ok || !role.Trusts(flowLogPrincipal, c) {
		return denied
	}
	resource := "arn:aws:logs:" + sc.Region + ":" + sc.Account + ":log-group:" + r.LogGroup + ":log-stream:eni-all"
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		request := &auth.Request{Caller: p.Caller(), Action: action, Resource: resource, Context: p.Context(s.d.Clock.Now())}
		if permissions.Evaluate(request) != auth.Allowed {
			return denied
		}
	}
	return nil
}
