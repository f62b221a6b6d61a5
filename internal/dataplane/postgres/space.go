package postgres

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"atoll/internal/disk"
)

// noSpace is what PostgreSQL and the C library call a full disk: the servers' messages are in English.
const noSpace = "No space left on device"

// A server that has met a full disk is told to have space again when as much is free: two segments of WAL.
const (
	enoughSpace = 32 << 20
	spacePoll   = time.Second
)

// Full reports whether an error says that no space is left on the disk: this process's, or one of PostgreSQL's programs.
func Full(err error) bool {
	return err != nil && (errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), noSpace))
}

// roomFor refuses a copy of a running server's data for which there is no space. It begins with a new file of WAL: a server that cannot write
// that ends at once.
func (s *Supervisor) roomFor(n *node) error {
	space, err := disk.Free(s.place.dir)
	if err != nil {
		return err
	}
	if needed := uint64(size(n.data)) + enoughSpace; space.Free < needed {
		return fmt.Errorf("a copy of %s takes %d MB, %d MB are free: %w", n.name, needed>>20, space.Free>>20, syscall.ENOSPC)
	}
	return nil
}

// full tells once that the server has met a full disk, and when there is space again. Reads go on meanwhile; a server that had to write WAL
// has ended, and is started as soon as it can write.
func (v *server) full() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.lacking || v.sup.ctx.Err() != nil {
		return
	}
	v.lacking = true
	v.sup.config.Notify(Event{v.name, DiskFull, "no space is left on this machine's disk"})
	v.sup.running.Go(v.awaitSpace)
}

// awaitSpace returns when the disk has space again. Nobody tells of that: it is looked for.
func (v *server) awaitSpace() {
	tick := time.NewTicker(spacePoll)
	defer tick.Stop()
	for {
		select {
		case <-v.sup.ctx.Done():
			return
		case <-tick.C:
		}
		if s, err := disk.Free(v.sup.place.dir); err == nil && s.Free < enoughSpace {
			continue
		}
		v.mu.Lock()
		v.lacking = false
		v.mu.Unlock()
		v.sup.config.Notify(Event{v.name, DiskFree, ""})
		select {
		case v.space <- struct{}{}:
		default:
		}
		return
	}
}
