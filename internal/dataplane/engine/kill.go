package engine

import "context"

func (e *Engine) killCommand(ctx context.Context, p *process, id string) error { return nil }
