package rds

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"

	"atoll/internal/cloud/state"
)

// servers is what this process knows of the servers that it has started.
type servers struct {
	mu    sync.Mutex
	known map[string]*known
}

type known struct {
	up    bool     // it answered; else it could not be started
	again bool     // it is to be looked after once more
	full  bool     // it has met a full disk
	cpu   measured // when its CPU time was last asked for
	iface string   // at which it is served
	port  int64
	stop  func() // ends that
}

func (s *servers) get(name string) (known, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.known[name]
	if !ok {
		return known{}, false
	}
	return *k, true
}

// put notes that a server is up, or that it could not be started. came reports whether it was not up before.
func (s *servers) put(name string, up bool) (came bool) {
	s.change(name, func(k *known) {
		came = up && !k.up
		k.up, k.again = up, false
	})
	return came
}

// again has a server looked after once more. What it is connected with stays.
func (s *servers) again(name string) { s.change(name, func(k *known) { k.again = true }) }

// setFull notes that a server has met a full disk, or that there is space again.
func (s *servers) setFull(name string, full bool) { s.change(name, func(k *known) { k.full = full }) }

func (s *servers) change(name string, f func(k *known)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[name] == nil {
		s.known[name] = &known{again: true}
	}
	f(s.known[name])
}

// forget ends the serving of a server that is down.
func (s *servers) forget(name string) {
	s.mu.Lock()
	k := s.known[name]
	delete(s.known, name)
	s.mu.Unlock()
	if k != nil && k.stop != nil {
		k.stop()
	}
}

func (s *servers) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for name := range s.known {
		out = append(out, name)
	}
	return out
}

// failed reports whether the server cannot run for now.
func (r *running) failed() bool {
	return slices.Contains([]string{"failed", "storage-full", "incompatible-parameters"}, r.Status)
}

// job is what is to be done for an instance.
type job struct {
	key       serverKey
	r         *instanceRecord
	spec      Server
	err       error    // of the specification
	snapshots []string // ids of those to be taken
}

// job looks what is to be done for an instance. ok is false when there is nothing.
func (s *Service) job(key serverKey) (j job, ok bool) {
	j.key = key
	_ = s.d.Store.View(func(tx *state.Tx) error {
		t := s.txn(tx, key.sc)
		j.r = t.byResource(key.resource)
		if j.r == nil || j.r.Server == nil {
			return nil
		}
		for _, snapshot := range s.snapshots.By(tx, key.sc, "instance", j.r.ID) {
			if snapshot.ResourceID == key.resource && snapshot.State == snapshotCreating {
				j.snapshots = append(j.snapshots, snapshot.ID)
			}
		}
		j.spec, j.err = t.spec(j.r)
		k, tried := s.servers.get(key.resource)
		ok = j.r.Server.Wanted != j.r.Server.Done || (!tried || k.again) && j.r.Stopped.IsZero() || len(j.snapshots) > 0
		return nil
	})
	if j.r == nil {
		s.servers.forget(key.resource)
	}
	return j, ok && j.r != nil
}

func (t *txn) byResource(resource string) *instanceRecord {
	for id := range t.instances.By(t.tx, t.sc, "resource", resource) {
		r, _ := t.instances.Get(t.tx, t.sc, id)
		return r
	}
	return nil
}

// work does what is to be done for an instance, until nothing is.
func (s *Service) work(ctx context.Context, key serverKey) {
	for ctx.Err() == nil {
		j, ok := s.job(key)
		if !ok || !s.do(ctx, j) {
			return
		}
	}
}

// do does one round of work. It returns false where there is none left, or where it has to wait for another server.
func (s *Service) do(ctx context.Context, j job) bool {
	name := j.key.resource
	switch {
	case j.r.Server.Status == "deleting":
		return s.doDelete(ctx, j)
	case !j.r.Stopped.IsZero():
		s.servers.forget(name)
		if err := s.d.Servers.Stop(ctx, name); err != nil {
			return s.fail(ctx, j, err)
		}
		return s.take(ctx, j) && s.finish(ctx, j, ServerReport{})
	}
	if source := j.spec.Source; source != "" {
		if k, ok := s.servers.get(source); !ok || !k.up {
			return false // the source's work asks for this again
		}
	}
	report, err, began := ServerReport{}, j.err, s.d.Clock.Now()
	if err == nil {
		report, err = s.d.Servers.Run(ctx, j.spec)
	}
	if err != nil {
		return s.fail(ctx, j, err)
	}
	if s.servers.put(name, true) {
		s.servers.change(name, func(k *known) { k.cpu = measured{at: began} })
		defer s.measure(ctx, j.key.sc, j.r) // alarms need not wait a minute for its first values
	}
	// Snapshots that a call asked for belong to the change, automated ones do not.
	if j.r.Server.Status == statusBackingUp {
		return s.take(ctx, j) && s.finish(ctx, j, report)
	}
	return s.finish(ctx, j, report) && s.take(ctx, j)
}

// change runs a transaction on an instance.
func (s *Service) change(ctx context.Context, key serverKey, f func(t *txn, r *instanceRecord) error) bool {
	err := s.d.Store.Update(ctx, func(tx *state.Tx) error {
		t := s.txn(tx, key.sc)
		if r := t.byResource(key.resource); r != nil && r.Server != nil {
			return f(t, r)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.d.Logger.Error("the state of a DB instance cannot be stored", "resource", key.resource, "err", err)
		s.keeper.delay(key)
	}
	return err == nil
}

// finish notes that the server follows a change.
func (s *Service) finish(ctx context.Context, j job, report ServerReport) bool {
	return s.change(ctx, j.key, func(t *txn, r *instanceRecord) error {
		v := r.Server
		if !v.Ran && v.Origin == nil && r.Source == "" {
			t.note(r, "RDS-EVENT-0005", "creation", "DB instance created")
		}
		v.Done = j.r.Server.Wanted
		if v.Wanted == v.Done {
			v.Status = ""
		}
		if report.Version != "" {
			v.Origin, v.Ran = nil, true
			t.tell(r, report, j.spec)
		}
		for ; v.Switched < j.r.Server.Switches; v.Switched++ {
			t.swap(r)
		}
		t.putInstance(r)
		served := *r
		t.tx.AfterCommit(func() { s.serve(&served) })
		for _, id := range t.replicas(r) {
			if replica, _ := t.instances.Get(t.tx, t.sc, id); replica.Server != nil {
				key := serverKey{t.sc, replica.ResourceID}
				t.tx.AfterCommit(func() { t.keeper.kick(key) })
			}
		}
		if j.r.Server.Origin != nil {
			t.sweep()
		}
		return nil
	})
}

// tell says once how the server differs from what was asked for. The id is none of AWS's.
func (t *txn) tell(r *instanceRecord, report ServerReport, spec Server) {
	said := slices.Clone(report.Notes)
	if report.Major != spec.Major {
		why := cmp.Or(report.Instead, fmt.Sprintf("its data is of PostgreSQL %d", report.Major))
		said = append([]string{fmt.Sprintf("The local cloud runs PostgreSQL %s in place of %s: %s", report.Version, r.Version, why)}, said...)
	}
	text := strings.Join(said, "; ")
	if text != "" && text != r.Server.Told {
		t.note(r, "ATOLL-EVENT-0001", "notification", "%s.", text)
	}
	r.Server.Told = text
}

// swap has the instance's zone and address follow a failover.
func (t *txn) swap(r *instanceRecord) {
	r.Zone, r.SecondaryZone = r.SecondaryZone, r.Zone
	slices.Reverse(r.Interfaces)
	t.note(r, "RDS-EVENT-0013", "failover", "Multi-AZ instance failover started.")
	t.note(r, "RDS-EVENT-0049", "failover", "Multi-AZ instance failover completed")
}

// serve connects the address of the instance with its server.
func (s *Service) serve(r *instanceRecord) {
	if s.d.Network == nil || len(r.Interfaces) == 0 {
		return
	}
	s.servers.mu.Lock()
	defer s.servers.mu.Unlock()
	k := s.servers.known[r.ResourceID]
	if k == nil || k.stop != nil && k.iface == r.Interfaces[0].ID && k.port == r.Port {
		return
	}
	if k.stop != nil {
		k.stop()
	}
	name, port := r.ResourceID, r.Port
	k.iface, k.port = r.Interfaces[0].ID, port
	k.stop = s.d.Network.Serve(k.iface, func(ctx context.Context, to int) (net.Conn, error) {
		if int64(to) != port {
			return nil, fmt.Errorf("port %d: %w", to, syscall.ECONNREFUSED)
		}
		return s.d.Servers.Dial(ctx, name)
	})
}

// fail notes why the server does not follow. A server that goes on as it was keeps its instance available.
func (s *Service) fail(ctx context.Context, j job, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	status, level := "failed", slog.LevelError
	if e, ok := errors.AsType[*ServerError](err); ok {
		status = e.Status
	}
	if status == "storage-full" {
		s.keeper.delay(j.key)
		if !j.r.Server.Ran {
			status = "failed" // clients wait for the end of the other one, while nobody is told why
		}
	}
	if status == j.r.Server.Status {
		level = slog.LevelDebug // it was said before
	}
	s.d.Logger.Log(ctx, level, "the database server of a DB instance does not do as it should", "instance", j.r.ID, "resource", j.key.resource, "err", err)
	up := s.answers(ctx, j.key.resource)
	s.servers.put(j.key.resource, up)
	if up {
		s.serve(j.r)
	}
	s.change(ctx, j.key, func(t *txn, r *instanceRecord) error {
		r.Server.Done, r.Server.Status = j.r.Server.Wanted, status
		if up && status != "storage-full" { // with space it follows after all
			r.Server.Status, r.Server.Switches = "", r.Server.Switched
		}
		if j.r.Server.Status != r.Server.Status {
			t.note(r, failureEvent(status), "failure", "%v", err)
		}
		t.putInstance(r)
		return nil
	})
	return false
}

// answers reports whether a server takes connections.
func (s *Service) answers(ctx context.Context, name string) bool {
	c, err := s.d.Servers.Dial(ctx, name)
	return err == nil && c.Close() == nil
}

// failureEvent: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
func failureEvent(status string) string {
	switch status {
	case "storage-full":
		return "RDS-EVENT-0007"
	case "incompatible-parameters":
		return "RDS-EVENT-0035"
	}
	return "RDS-EVENT-0031"
}

// take copies the data of snapshots.
func (s *Service) take(ctx context.Context, j job) bool {
	for _, id := range j.snapshots {
		var data string
		_ = s.d.Store.View(func(tx *state.Tx) error {
			if r, ok := s.snapshots.Get(tx, j.key.sc, id); ok {
				data = r.Data
			}
			return nil
		})
		if data == "" {
			continue
		}
		err := s.d.Copies.Snapshot(ctx, j.key.resource, data)
		if ctx.Err() != nil {
			return false
		}
		stored := s.change(ctx, j.key, func(t *txn, r *instanceRecord) error {
			snapshot, ok := t.snapshots.Get(t.tx, t.sc, id)
			if !ok {
				t.sweep() // deleted meanwhile
				return nil
			}
			snapshot.State = ""
			if err != nil {
				snapshot.State = snapshotFailed
				t.note(r, "RDS-EVENT-0031", "failure", "The snapshot %s could not be taken: %v", id, err)
			}
			snapshot.Taken, snapshot.Original = t.now, t.now
			t.snapshots.Put(t.tx, t.sc, id, snapshot)
			return nil
		})
		if !stored {
			return false
		}
	}
	return true
}

// doDelete ends an instance: after its last snapshot, or not at all.
func (s *Service) doDelete(ctx context.Context, j job) bool {
	if !s.take(ctx, j) {
		return false
	}
	for _, id := range j.snapshots {
		bad := false
		_ = s.d.Store.View(func(tx *state.Tx) error {
			r, ok := s.snapshots.Get(tx, j.key.sc, id)
			bad = ok && r.State == snapshotFailed && r.Type == manual
			return nil
		})
		if bad {
			return s.fail(ctx, j, fmt.Errorf("the final snapshot %s could not be taken: the DB instance was not deleted", id))
		}
	}
	s.servers.forget(j.key.resource)
	var err error
	if j.r.Server.KeepBackups {
		err = s.d.Servers.Stop(ctx, j.key.resource) // it archives what it has
	}
	if err == nil {
		err = s.d.Servers.Remove(ctx, j.key.resource)
	}
	if err != nil {
		return s.fail(ctx, j, err)
	}
	return s.change(ctx, j.key, func(t *txn, r *instanceRecord) error {
		t.note(r, "RDS-EVENT-0003", "deletion", "DB instance deleted")
		t.remove(r, !r.Server.KeepBackups)
		t.sweep()
		return nil
	})
}

// happenedTo notes what has happened to a server by itself, and reports whether that is stored.
func (s *Service) happenedTo(ctx context.Context, e ServerEvent) bool {
	var key serverKey
	s.each(func(sc state.Scope, r *instanceRecord) {
		if r.ResourceID == e.Server {
			key = serverKey{sc, e.Server}
		}
	})
	if key.resource == "" {
		return true // it was deleted
	}
	answers := false
	switch e.Kind {
	case ServerDiskFull:
		s.servers.setFull(e.Server, true)
	case ServerDiskFree:
		s.servers.setFull(e.Server, false)
		answers = s.answers(ctx, e.Server)
	}
	return s.change(ctx, key, func(t *txn, r *instanceRecord) error {
		before := r.Server.Status
		switch e.Kind {
		case ServerCrashed:
			t.note(r, "RDS-EVENT-0020", "recovery", "Recovery of the DB instance has started. Recovery time will vary with the amount of data to be recovered. %s", e.Reason)
		case ServerRecovered:
			t.note(r, "RDS-EVENT-0021", "recovery", "Recovery of the DB instance is complete.")
			if r.Server.failed() {
				r.Server.Status = ""
			}
		case ServerFailedOver:
			t.swap(r)
			if r.Server.failed() {
				r.Server.Status = ""
			}
			served := *r
			t.tx.AfterCommit(func() { s.serve(&served) })
		case ServerFailing:
			if before == "" {
				r.Server.Status = "failed"
				t.note(r, "RDS-EVENT-0031", "failure", "%s", e.Reason)
			}
		case ServerDownloading: // the id is none of AWS's
			t.note(r, "ATOLL-EVENT-0002", "notification", "%s.", e.Reason)
		case ServerDiskFull:
			if before == "" {
				r.Server.Status = "storage-full"
				t.note(r, "RDS-EVENT-0007", "failure", "The allocated storage has been exhausted: %s. Free space on this machine.", e.Reason)
			}
		case ServerDiskFree:
			if before == "storage-full" && answers { // else it is being started, or follows a change
				r.Server.Status = ""
			}
			t.note(r, "ATOLL-EVENT-0003", "notification", "The disk of this machine has space again.")
		}
		t.putInstance(r)
		return nil
	})
}
