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

// measureAll gives CloudWatch a minute's values of all servers.
func (s *Service) measureAll(ctx context.Context) {
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
		s.measure(ctx, m.sc, m.r)
	}
}

// measure gives CloudWatch a server's values: once it is up, and each minute.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
func (s *Service) measure(ctx context.Context, sc state.Scope, r *instanceRecord) {
	if s.d.Meters == nil || s.d.Metrics == nil {
		return
	}
	u, err := s.d.Meters.Usage(ctx, r.ResourceID)
	if err != nil {
		return // it does not answer just now
	}
	now := s.d.Clock.Now()
	c, _ := findClass(r.Class)
	values := map[string][2]any{
		"DatabaseConnections": {float64(u.Connections), "Count"},
		"FreeStorageSpace":    {float64(max(0, r.Storage.Size<<30-u.Storage)), "Bytes"},
		"FreeableMemory":      {float64(max(0, c.memory()-u.Memory)), "Bytes"},
	}
	var last measured
	s.servers.change(r.ResourceID, func(k *known) { last, k.cpu = k.cpu, measured{now, u.CPU} })
	if !last.at.IsZero() && u.CPU >= last.cpu && now.After(last.at) {
		share := (u.CPU - last.cpu).Seconds() / now.Sub(last.at).Seconds() / float64(c.vcpus())
		values["CPUUtilization"] = [2]any{min(100, 100*share), "Percent"}
	}
	err = s.d.Store.Update(ctx, func(tx *state.Tx) error {
		for name, v := range values {
			s.d.Metrics.AddValues(tx, sc, "AWS/RDS", name, map[string]string{"DBInstanceIdentifier": r.ID}, []float64{v[0].(float64)}, v[1].(string), now)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.d.Logger.Error("metrics of a DB instance cannot be stored", "instance", r.ID, "err", err)
	}
}
