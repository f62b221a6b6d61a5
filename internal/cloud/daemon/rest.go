package daemon

import (
	"context"
	"runtime/debug"
	"time"
)

// restAfter is how long nobody calls until the cloud gives back memory that it does not need for waiting.
const restAfter = 2 * time.Second

// rest gives memory back whenever calls have ceased, until ctx ends.
func (d *daemon) rest(ctx context.Context) {
	defer d.quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.quiet.C:
		}
		debug.FreeOSMemory()
		if err := dropProgram(); err != nil {
			d.config.Logger.Debug("the program's pages stay in memory", "err", err)
		}
	}
}
