package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// slot gives the name of the replication slot of a follower: lower-case letters, digits and underscores.
func slot(follower string) string {
	return "f_" + strings.ReplaceAll(strings.ToLower(follower), "-", "_")
}

const standbySlot = "standby"

// lines writes settings into a file that postgresql.conf includes.
func lines(settings map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s = %s\n", name, quote(settings[name]))
	}
	return b.String()
}

// followConf has a node follow the server with a port.
func (v *server) followConf(port int, slot, name string) string {
	if name == "" {
		name = slot
	}
	return lines(map[string]string{"primary_slot_name": slot, "recovery_target_timeline": "latest",
		"primary_conninfo": fmt.Sprintf("host=%s port=%d user=%s application_name=%s", v.sup.place.view(v.sup.place.sockets), port, superuser, name)})
}

// primaryConf has commits wait for the standby while that is in step.
func (v *server) primaryConf() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	name := ""
	if v.synced {
		name = standbySlot
	}
	return lines(map[string]string{"synchronous_standby_names": name})
}

// slot makes a replication slot.
func (s *Supervisor) slot(ctx context.Context, n *node, name string) error {
	_, err := s.place.one(ctx, n.port, "SELECT pg_create_physical_replication_slot(n, true) FROM (VALUES ("+quote(name)+"::name)) v(n) "+
		"WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = n)")
	if err != nil {
		return fmt.Errorf("making the replication slot %s: %w", name, err)
	}
	return nil
}

// lead gives the port of a running server, which gets a slot for a follower.
func (s *Supervisor) lead(ctx context.Context, source, slot string) (int, error) {
	srv := s.find(source)
	if srv == nil {
		return 0, fmt.Errorf("the server %s, which is to be followed, does not run", source)
	}
	n := srv.primary.Load()
	if !n.up() {
		return 0, fmt.Errorf("the server %s, which is to be followed, does not run", source)
	}
	return n.port, s.slot(ctx, n, slot)
}

// least gives the settings of which a follower must not have less than the server that it follows.
// https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-ADMIN
func (s *Supervisor) least(ctx context.Context, source int, own map[string]string) (map[string]string, error) {
	rows, err := s.place.run(ctx, source, "SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'max_locks_per_transaction', "+
		"'max_prepared_transactions', 'max_wal_senders', 'max_worker_processes')")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, row := range rows {
		theirs, err := strconv.Atoi(row[1])
		if mine, bad := strconv.Atoi(own[row[0]]); err == nil && (bad != nil || mine < theirs) {
			out[row[0]] = row[1]
		}
	}
	return out, nil
}

// release drops a follower's slot, so that its source keeps no WAL for it.
func (s *Supervisor) release(ctx context.Context, source, follower string) {
	srv := s.find(source)
	if srv == nil || !srv.primary.Load().up() {
		return
	}
	const drop = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active AND slot_name = %[1]s; " +
		"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %[1]s AND NOT active"
	if _, err := s.place.run(ctx, srv.primary.Load().port, fmt.Sprintf(drop, quote(slot(follower)))); err != nil {
		s.config.Logger.Warn("a replication slot stays", "server", source, "slot", slot(follower), "err", err)
	}
}

// lead tells the servers that follow this one where it is now.
func (v *server) lead(ctx context.Context) error {
	n := v.primary.Load()
	v.sup.mu.Lock()
	followers := make([]*server, 0)
	for _, f := range v.sup.servers {
		if f != v && f.source == v.name {
			followers = append(followers, f)
		}
	}
	v.sup.mu.Unlock()
	var failed error
	for _, f := range followers {
		failed = errors.Join(failed, v.sup.slot(ctx, n, slot(f.name)))
		if fn := f.primary.Load(); fn.up() {
			failed = errors.Join(failed, fn.write(map[string]string{"primary.conf": f.followConf(n.port, slot(f.name), "")}), signal(fn.cmd.Process.Pid, sigReload))
		}
	}
	return failed
}

// promote makes a follower whose specification names no source a server of its own.
func (v *server) promote(ctx context.Context, n *node) error {
	if v.want.Source != "" || !v.saved.Following {
		return nil
	}
	if err := v.takeOver(ctx, n); err != nil {
		return err
	}
	v.saved.Following = false
	return v.save()
}

// takeOver ends a node's following.
func (v *server) takeOver(ctx context.Context, n *node) error {
	in, err := v.sup.place.one(ctx, n.port, "SELECT pg_is_in_recovery()")
	if err == nil && in == "t" {
		_, err = v.sup.place.one(ctx, n.port, "SELECT pg_promote(true, 300)")
	}
	if err == nil {
		err = v.sup.promoted(ctx, n)
	}
	if err != nil {
		return fmt.Errorf("promoting %s: %w", v.name, err)
	}
	return errors.Join(n.write(map[string]string{"primary.conf": v.primaryConf(), "standby.signal": ""}), n.reload(ctx))
}

// keepStandby has a standby run in step, or none, as specified.
func (v *server) keepStandby(ctx context.Context) error {
	if !v.want.Standby {
		if err := v.setSynced(ctx, false); err != nil {
			return err
		}
		if v.standby.up() {
			if err := v.standby.stop(ctx, sigFast); err != nil {
				return err
			}
		}
		v.standby = nil
		if _, err := os.Stat(v.data(v.other())); err == nil {
			n := v.primary.Load()
			_, _ = v.sup.place.one(ctx, n.port, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = "+quote(standbySlot)+" AND NOT active")
			return os.RemoveAll(v.data(v.other()))
		}
		return nil
	}
	files, err := v.files(ctx, v.want)
	if err != nil {
		return err
	}
	if v.standby.up() {
		return errors.Join(v.standby.write(files), signal(v.standby.cmd.Process.Pid, sigReload))
	}
	n, data := v.primary.Load(), v.data(v.other())
	files["standby.signal"], files["primary.conf"] = "\n", v.followConf(n.port, standbySlot, standbySlot)
	if _, err := os.Stat(data); err == nil { // it may go on from where it was
		err := v.follow(ctx, files)
		if err == nil || ctx.Err() != nil {
			return err
		}
		v.sup.config.Logger.Info("a standby is made anew", "server", v.name, "err", err)
		if err := os.RemoveAll(data); err != nil {
			return err
		}
	}
	if err := v.sup.baseBackup(ctx, v.name, standbySlot, data); err != nil {
		return errors.Join(err, os.RemoveAll(data))
	}
	return v.follow(ctx, files)
}

const inStep = 30 * time.Second // for a standby to catch up

// follow starts the standby and waits until commits wait for it.
func (v *server) follow(ctx context.Context, files map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, inStep)
	defer cancel()
	if err := v.sup.slot(ctx, v.primary.Load(), standbySlot); err != nil {
		return err
	}
	s := v.node(v.other())
	if err := s.resume(ctx, files); err != nil {
		return err
	}
	v.standby = s
	if err := s.settle(ctx, files); err != nil {
		return errors.Join(err, s.stop(context.WithoutCancel(ctx), sigFast))
	}
	err := v.awaitStandby(ctx, "state = 'streaming'")
	if err == nil {
		if err = v.setSynced(ctx, true); err == nil {
			err = v.awaitStandby(ctx, "sync_state = 'sync'")
		}
	}
	if err != nil {
		return errors.Join(err, v.setSynced(context.WithoutCancel(ctx), false), s.stop(context.WithoutCancel(ctx), sigFast))
	}
	return nil
}

func (v *server) awaitStandby(ctx context.Context, condition string) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		ok, err := v.sup.place.one(ctx, v.primary.Load().port, "SELECT 1 FROM pg_stat_replication WHERE application_name = '"+standbySlot+"' AND "+condition)
		if err != nil || ok != "" {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the standby of %s: %w", v.name, ctx.Err())
		case <-v.standby.exited:
			return fmt.Errorf("the standby of %s ended: %s", v.name, v.standby.log.last())
		case <-tick.C:
		}
	}
}

// setSynced has commits wait for the standby or not. That it may take over is noted after they do, and forgotten before they do not.
func (v *server) setSynced(ctx context.Context, on bool) error {
	v.mu.Lock()
	was := v.synced
	v.synced = on
	v.mu.Unlock()
	n := v.primary.Load()
	if was == on || !n.up() {
		return nil
	}
	if err := n.write(map[string]string{"primary.conf": v.primaryConf()}); err != nil {
		return err
	}
	return n.reload(ctx)
}
