package postgres

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Times between attempts to start a server that does not start: doubled from the first to the last.
const (
	firstWait = 100 * time.Millisecond
	lastWait  = 30 * time.Second
)

// ended reacts to a node that has ended by itself.
func (v *server) ended(n *node) {
	v.sup.config.Logger.Warn("a PostgreSQL server has ended", "server", v.name, "data", n.data, "state", n.cmd.ProcessState.String())
	primary := v.primary.Load() == n
	if primary {
		v.sup.config.Notify(Event{v.name, Crashed, fmt.Sprintf("PostgreSQL ended by itself: %s", n.cmd.ProcessState)})
	} else if p := v.primary.Load(); p.up() {
		// Commits must not wait for a standby that is gone.
		v.mu.Lock()
		v.synced = false
		v.mu.Unlock()
		err := p.write(map[string]string{"primary.conf": v.primaryConf()})
		if err == nil {
			err = signal(p.cmd.Process.Pid, sigReload)
		}
		if err != nil {
			v.sup.config.Logger.Error("commits still wait for a standby that is gone", "server", v.name, "err", err)
		}
	}
	v.repair()
}

// repair brings the server back in the background, until it is as wanted.
func (v *server) repair() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mending || v.sup.ctx.Err() != nil {
		return
	}
	v.mending = true
	v.sup.running.Go(func() {
		for wait := firstWait; ; wait = min(2*wait, lastWait) {
			if v.mend() {
				return
			}
			timer := time.NewTimer(wait)
			select {
			case <-v.sup.ctx.Done():
				timer.Stop()
				return
			case <-v.space:
				wait = firstWait
			case <-timer.C:
			}
			timer.Stop()
		}
	})
}

// mend tries once, and reports whether nothing is left to do.
func (v *server) mend() (done bool) {
	select {
	case v.lock <- struct{}{}:
	case <-v.sup.ctx.Done():
		return true
	}
	defer func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.want != nil && (!v.primary.Load().up() || v.want.Standby && !v.standby.up()) && v.sup.ctx.Err() == nil {
			done = false // what has ended meanwhile asked for no repair, as this one was under way
		}
		v.mending = !done
		<-v.lock
	}()
	if v.want == nil || v.sup.ctx.Err() != nil {
		return true
	}
	n := v.primary.Load()
	if !n.up() {
		v.mu.Lock()
		synced := v.synced
		v.mu.Unlock()
		if synced && v.standby.up() {
			if err := v.succeed(v.sup.ctx); err != nil {
				v.sup.config.Notify(Event{v.name, Failing, err.Error()})
				return false
			}
			v.sup.config.Notify(Event{v.name, FailedOver, "the primary ended"})
		} else {
			if err := v.serve(v.sup.ctx, nil); err != nil {
				v.sup.config.Notify(Event{v.name, Failing, err.Error()})
				return false
			}
			v.sup.config.Notify(Event{v.name, Recovered, ""})
		}
	}
	if err := v.keepStandby(v.sup.ctx); err != nil {
		v.sup.config.Logger.Warn("a standby cannot be made", "server", v.name, "err", err)
		return false
	}
	return true
}

// fail gives the server over to its standby because that was asked for. The standby is made anew in the background.
func (v *server) fail(ctx context.Context, number int64) error {
	v.mu.Lock()
	synced := v.synced
	v.mu.Unlock()
	if !synced || !v.standby.up() {
		return fmt.Errorf("%s has no standby that could take over", v.name)
	}
	if err := v.primary.Load().stop(ctx, sigImmediate); err != nil {
		return err
	}
	v.saved.Switches = number
	if err := v.succeed(ctx); err != nil {
		return err
	}
	v.repair()
	return nil
}

// succeed makes the standby the primary. The old one has ended for certain: two never answer at a time.
func (v *server) succeed(ctx context.Context) error {
	old := v.saved.Primary
	v.mu.Lock()
	v.synced = false
	v.mu.Unlock()
	n := v.standby
	if v.saved.Primary != v.nameOf(n) {
		v.saved.Primary, v.saved.Port = v.nameOf(n), n.port
		if err := v.save(); err != nil {
			return err
		}
	}
	if err := v.takeOver(ctx, n); err != nil {
		return err
	}
	v.primary.Store(n)
	v.standby = nil
	if err := os.RemoveAll(v.data(old)); err != nil {
		v.sup.config.Logger.Warn("the data of an old primary stays", "server", v.name, "err", err)
	}
	return v.lead(ctx)
}

func (v *server) nameOf(n *node) string {
	if n.data == v.data("b") {
		return "b"
	}
	return "a"
}
