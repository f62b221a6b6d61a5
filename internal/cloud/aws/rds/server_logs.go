package rds

import (
	"context"
	"slices"
	"time"

	"atoll/internal/cloud/state"
)

// Logs is CloudWatch Logs. Its methods must not be called within a transaction.
type Logs interface {
	CreateGroupFor(ctx context.Context, sc state.Scope, name string) error
	PutTrusted(ctx context.Context, sc state.Scope, group, stream string, messages []string, at time.Time) error
}

// serverLog is what a server has logged.
type serverLog struct {
	server  string
	at      time.Time
	entries []string
}

// mostWaiting bounds the log entries that wait to be exported; what comes beyond is left out. The files have it.
const mostWaiting = 10000

// TellLog takes what a server has logged.
func (s *Service) TellLog(server string, at time.Time, entries []string) {
	if s.d.Logs == nil || !s.exports(server) {
		return
	}
	s.keeper.monitor.Change(func() {
		if len(s.keeper.logs) < mostWaiting {
			s.keeper.logs = append(s.keeper.logs, serverLog{server, at, entries})
		}
	})
}

func (s *Service) exports(server string) bool {
	found := false
	s.each(func(_ state.Scope, r *instanceRecord) {
		found = found || r.ResourceID == server && slices.Contains(r.Logs, "postgresql")
	})
	return found
}

// export writes what servers have logged to CloudWatch Logs.
func (s *Service) export(ctx context.Context, all []serverLog) {
	for _, l := range all {
		var id string
		var in state.Scope
		s.each(func(sc state.Scope, r *instanceRecord) {
			if r.ResourceID == l.server {
				id, in = r.ID, sc
			}
		})
		if id == "" {
			continue
		}
		group := "/aws/rds/instance/" + id + "/postgresql"
		err := s.d.Logs.CreateGroupFor(ctx, in, group)
		if err == nil {
			err = s.d.Logs.PutTrusted(ctx, in, group, id+".0", l.entries, s.d.Clock.Now())
		}
		if err != nil && ctx.Err() == nil {
			s.d.Logger.Error("a database's log cannot be exported", "instance", id, "err", err)
		}
	}
}
