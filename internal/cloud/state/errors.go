package state

import "errors"

// ErrLocked means that another process has the store open.
var ErrLocked = errors.New("another process has the state open")

// ErrCorrupt means that a file is not a store, or a damaged one. It is left as it is.
var ErrCorrupt = errors.New("the state file is damaged")

// ErrNewer means that a newer atoll wrote the store. It is left as it is.
var ErrNewer = errors.New("the state file was written by a newer version of atoll")

// ErrNotDurable means that a change could not be written to disk. It has been undone.
var ErrNotDurable = errors.New("the change could not be written to disk and was undone")

// ErrClosed means that the store was closed.
var ErrClosed = errors.New("the state is closed")
