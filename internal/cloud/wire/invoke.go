package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Invoke runs an operation for a caller that another protocol than AWS's has identified, such as the one of container registries, and
// has it recorded like any other call. in is a pointer to the operation's input with its required members set; the answer is a pointer
// to its output. The error is an *Error.
func (s *Server) Invoke(ctx context.Context, call *Call, signingName, operation string, in any) (any, error) {
	for _, svc := range s.router.bySign[signingName] {
		op := svc.ops[operation]
		if op == nil {
			continue
		}
		out, err := op.handle(WithCall(ctx, call), in)
		f := &Finished{Call: call, API: svc.api, Operation: op, in: in, out: out}
		if err != nil {
			f.out = nil
			if f.Err = diskFull(err); f.Err == nil && !errors.As(err, &f.Err) {
				if ctx.Err() == nil {
					s.config.Logger.Error("a call failed", "operation", signingName+":"+operation, "request", call.RequestID, "err", err)
				}
				f.Err = &Error{Code: "InternalFailure", Message: "An internal error occurred.", Status: http.StatusInternalServerError}
			}
			err = f.Err
		}
		if s.config.Record != nil {
			s.config.Record(f)
		}
		return out, err
	}
	return nil, fmt.Errorf("no service %s has an operation %s", signingName, operation)
}
