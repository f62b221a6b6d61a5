package wire

import (
	"context"
	"net/http"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
)

// Call is what a handler may know of the request beside its input.
type Call struct {
	auth.Principal
	Region    string
	RequestID string
	Time      time.Time // of arrival, on the cloud's clock
	SourceIP  string
	UserAgent string
	Endpoint  string // scheme and host as the caller addressed the cloud, such as http://127.0.0.1:4566

	SessionStart time.Time // when the caller's access key was made: of a role's session, when it began

	// Header, Response and Status are for S3 alone, whose protocol has members outside of its model.
	Header   http.Header
	Response http.Header
	Status   int // of a successful answer that is not the modelled one, such as 206; 0 for the modelled one
}

// Scope is the caller's account and region, the key of regional records.
func (c *Call) Scope() state.Scope { return state.Scope{Account: c.Account, Region: c.Region} }

// Global is the caller's account without a region, the key of records of global services such as IAM.
func (c *Call) Global() state.Scope { return state.Scope{Account: c.Account} }

type callKey struct{}

// WithCall gives a context that carries c.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallFrom gives the call behind ctx. It panics where there is none: handlers always run in one.
func CallFrom(ctx context.Context) *Call { return ctx.Value(callKey{}).(*Call) }
