package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// build gives the server its data if it has none, and finds the PostgreSQL that fits the data.
func (v *server) build(ctx context.Context, spec *Spec) error {
	if v.sup.unfit != nil {
		return v.sup.unfit
	}
	if !v.saved.Built && spec.Exists {
		return fmt.Errorf("the data of %s is gone from %s", v.name, v.dir)
	}
	if !v.saved.Built {
		if err := v.fill(ctx, spec); err != nil {
			return fmt.Errorf("making the data of %s: %w", v.name, err)
		}
	}
	major, err := dataMajor(v.data(v.saved.Primary))
	if err != nil {
		return err
	}
	in, err := v.sup.exactly(ctx, v.name, major)
	if err != nil {
		return err
	}
	v.template, err = v.sup.template(ctx, in)
	return err
}

// fill makes the data. A crash meanwhile leaves none.
func (v *server) fill(ctx context.Context, spec *Spec) error {
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
		err = v.empty(ctx, spec.Major, data)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(data))
	}
	v.saved.Built = true
	return v.note()
}

// empty makes the data of a new server.
func (v *server) empty(ctx context.Context, major int, data string) error {
	in, instead, err := v.sup.forNew(ctx, v.name, major)
	if err != nil {
		return err
	}
	v.saved.Instead = instead
	t, err := v.sup.template(ctx, in)
	if err != nil {
		return err
	}
	return copyTree(ctx, v.sup.who, t.dir, data)
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
