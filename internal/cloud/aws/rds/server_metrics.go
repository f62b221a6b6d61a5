package rds

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
)

// Meters measures servers.
type Meters interface {
	Usage(ctx context.Context, server string) (Usage, error)
}

// Usage is what a server takes of the machine.
type Usage struct {
	CPU         time.Duration // since its start
	Memory      int64         // bytes
	Storage     int64         // bytes
	Connections int
}

// Metrics takes what was measured.
type Metrics interface {
	AddValues(tx *state.Tx, sc state.Scope, namespace, name string, dimensions map[string]string, values []float64, unit string, at time.Time)
}

// measured is a server's CPU time at a moment.
type measured struct {
	at  time.Time
	cpu time.Duration
}

// measure gives CloudWatch a minute's values of all servers. before has the last ones, and gets these.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
func (s *Service) measure(ctx context.Context, before map[string]measured) {
	if s.d.Meters == nil || s.d.Metrics == nil {
		return
	}
	type reading struct {
		sc state.Scope
		r  *instanceRecord
	}
	var up []reading
	s.each(func(sc state.Scope, r *instanceRecord) {
		if k, ok := s.servers.get(r.ResourceID); ok && k.up && r.Stopped.IsZero() {
			up = append(up, reading{sc, r})
		}
	})
	for _, m := range up {
		u, err := s.d.Meters.Usage(ctx, m.r.ResourceID)
		if err != nil {
			continue // it does not answer just now
		}
		now := s.d.Clock.Now()
		c, _ := findClass(m.r.Class)
		values := map[string][2]any{
			"DatabaseConnections": {float64(u.Connections), "Count"},
			"FreeStorageSpace":    {float64(max(0, m.r.Storage.Size<<30-u.Storage)), "Bytes"},
			"FreeableMemory":      {float64(max(0, c.memory()-u.Memory)), "Bytes"},
		}
		if last, ok := before[m.r.ResourceID]; ok && u.CPU >= last.cpu && now.After(last.at) {
			share := (u.CPU - last.cpu).Seconds() / now.Sub(last.at).Seconds() / float64(c.vcpus())
			values["CPUUtilization"] = [2]any{min(100, 100*share), "Percent"}
		}
		before[m.r.ResourceID] = measured{now, u.CPU}
		err = s.d.Store.Update(ctx, func(tx *state.Tx) error {
			for name, v := range values {
				s.d.Metrics.AddValues(tx, m.sc, "AWS/RDS", name, map[string]string{"DBInstanceIdentifier": m.r.ID}, []float64{v[0].(float64)}, v[1].(string), now)
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			s.d.Logger.Error("metrics of a DB instance cannot be stored", "instance", m.r.ID, "err", err)
		}
	}
}
