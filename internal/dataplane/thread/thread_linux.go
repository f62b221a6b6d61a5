// Package thread runs functions on threads of their own, which may go into other namespaces and control groups.
package thread

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Run runs f on a thread that ends with it: whatever f has done to its thread, nothing else runs on that afterwards.
func Run(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()              // and not unlocked, so that the thread ends with the goroutine,
		if unix.Gettid() == unix.Getpid() { // unless it is the main thread, which never ends: it is held until another has done it
			done <- Run(f)
			runtime.UnlockOSThread()
			return
		}
		done <- f()
	}()
	return <-done
}
