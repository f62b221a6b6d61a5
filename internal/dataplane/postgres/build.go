package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// build gives the server its data if it has none, and finds the PostgreSQL that fits the data.
func (v *server) build(ctx context.Context, spec *Spec) error {
	all, err := v.sup.installations(ctx)
	if err != nil {
		return err
	}
	if !v.saved.Built && spec.Exists {
		return fmt.Errorf("the data of %s is gone from %s", v.name, v.dir)
	}
	if !v.saved.Built {
		if err := v.fill(ctx, spec, all); err != nil {
			return fmt.Errorf("making the data of %s: %w", v.name, err)
		}
	}
	major, err := dataMajor(v.data(v.saved.Primary))
	if err != nil {
		return err
	}
	in, err := exactly(all, major)
	if err != nil {
		return err
	}
	v.template, err = v.sup.template(ctx, in)
	return err
}

// fill makes the data. A crash meanwhile leaves none.
func (v *server) fill(ctx context.Context, spec *Spec, all []Installation) error {
	v.saved.Primary = "a"
	data := v.data("a")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	var err error
	switch from := spec.From; {
	case spec.Source != "":
		err = v.sup.baseBackup(ctx, spec.Source, slot(v.name), data)
		v.saved.Following, v.saved.Database = true, true
	case from.Snapshot != "":
		err = copyTree(ctx, v.sup.who, v.sup.snapshot(from.Snapshot), data)
		v.saved.Database = true
		if from.Archive != "" {
			v.saved.Recovering, v.saved.Archive = "-", from.Archive
			if !from.Until.IsZero() {
				v.saved.Recovering = from.Until.UTC().Format("2006-01-02 15:04:05.000000+00")
			}
			if err == nil {
				err = v.sup.flush(ctx, from.Archive)
			}
		}
	default:
		var t *template
		if t, err = v.sup.template(ctx, choose(all, spec.Major)); err == nil {
			err = copyTree(ctx, v.sup.who, t.dir, data)
		}
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(data))
	}
	v.saved.Built = true
	return v.note()
}

// baseBackup copies a running server into a directory. With a slot, which is made, the server keeps the WAL that a follower needs.
func (s *Supervisor) baseBackup(ctx context.Context, from, slot, to string) error {
	srv := s.find(from)
	if srv == nil || !srv.primary.Load().up() {
		return fmt.Errorf("the server %s, which is to be copied, does not run", from)
	}
	n := srv.primary.Load()
	if err := s.roomFor(n); err != nil {
		return err
	}
	args := []string{"-D", s.place.view(to), "-h", s.place.view(s.place.sockets), "-p", fmt.Sprint(n.port), "-U", superuser, "-X", "stream", "-c", "fast", "--no-sync", "--no-password"}
	if slot != "" {
		if err := s.slot(ctx, n, slot); err != nil {
			return err
		}
		args = append(args, "-S", slot)
	}
	c := s.place.command(ctx, s.who, filepath.Join(n.bin, "pg_basebackup"), args...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w: %s", strings.Join(c.Args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// recover replays archived WAL, up to the time that a restore asks for, and returns when the server can be written.
func (v *server) recover(ctx context.Context, n *node, files map[string]string) error {
	settings := map[string]string{
		"restore_command": "cp " + v.sup.place.view(v.sup.archive(v.saved.Archive)) + "/%f %p", "recovery_target_action": "promote",
		"hot_standby": "off", // so that settings may be smaller than those of the server that wrote the WAL
	}
	if v.saved.Recovering != "-" {
		settings["recovery_target_time"] = v.saved.Recovering
	}
	files["recovery.signal"], files["primary.conf"] = "\n", lines(settings)
	err := n.resume(ctx, files)
	if exit, ok := errors.AsType[*ExitError](err); ok && strings.Contains(exit.Log, "recovery ended before configured recovery target was reached") {
		// Nothing was committed between the time and the end of the archive: its end is the state at that time.
		delete(settings, "recovery_target_time")
		files["primary.conf"] = lines(settings)
		err = n.resume(ctx, files)
	}
	if err != nil {
		return err
	}
	if err := v.sup.promoted(ctx, n); err != nil {
		return errors.Join(err, n.stop(context.WithoutCancel(ctx), sigImmediate))
	}
	v.saved.Recovering, v.saved.Archive = "", ""
	if err := v.save(); err != nil {
		return errors.Join(err, n.stop(context.WithoutCancel(ctx), sigImmediate))
	}
	// hot_standby takes effect at a start only; it matters when this server gets followers, whose own files set it.
	return errors.Join(n.write(map[string]string{"primary.conf": v.primaryConf(), "recovery.signal": ""}), n.reload(ctx))
}

// promoted waits until a server has left recovery.
func (s *Supervisor) promoted(ctx context.Context, n *node) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		in, err := s.place.one(ctx, n.port, "SELECT pg_is_in_recovery()")
		if err != nil || in == "f" {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
