package engine

// ID is the cloud's.
func (e *Engine) ID() string { return e.id }

// AwaitIdle returns when what begins with the last network's end is done.
func (e *Engine) AwaitIdle() { e.idling.Wait() }
