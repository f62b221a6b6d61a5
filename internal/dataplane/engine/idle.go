package engine

import (
	"context"
	"time"
)

// enter has the images stay until leave.
func (e *Engine) enter() {
	e.mu.Lock()
	e.users++
	e.stopIdle()
	e.mu.Unlock()
	e.removing.Lock()   // if they are being removed, that is over now
	e.removing.Unlock() //nolint:staticcheck // nothing is to be done meanwhile
}

// leave has the images removed after a while in which nobody enters.
func (e *Engine) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users--
	if e.users > 0 || e.closed {
		return
	}
	e.stopIdle()
	e.idling.Add(1)
	e.idle = time.AfterFunc(e.config.Idle, func() {
		defer e.idling.Done()
		e.removing.Lock()
		defer e.removing.Unlock()
		e.mu.Lock()
		used := e.users > 0
		e.mu.Unlock()
		if used {
			return
		}
		if err := e.removeImages(context.Background()); err != nil {
			e.config.Logger.Warn("removing images that nobody uses", "err", err)
		}
	})
}

// stopIdle is called with the lock held.
func (e *Engine) stopIdle() {
	if e.idle != nil && e.idle.Stop() {
		e.idling.Done()
	}
	e.idle = nil
}
