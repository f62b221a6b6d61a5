package sns

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Keys knows the KMS keys of the caller's account and region.
type Keys interface {
	// KeyARN gives the ARN of the key behind an id, an ARN or an alias; it errs for one that cannot encrypt now.
	KeyARN(ctx context.Context, key string) (string, error)
}

// Roles knows the IAM roles of all accounts.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
}

// Deps is what the service needs.
type Deps struct {
	Store  *state.Store
	Clock  clock.Clock
	IDs    id.Source
	Logger *slog.Logger
	Keys   Keys
	Roles  Roles
	HTTP   *http.Client // reaches the endpoints of subscriptions
}

// Service is Amazon SNS.
type Service struct {
	d             Deps
	http          *http.Client
	topics        state.Table[topicRecord]
	subscriptions state.Table[subscriptionRecord]
	jobs          state.Table[jobRecord]
	duplicates    state.Table[duplicateRecord]
	signers       state.Table[signerRecord]
	wake          chan struct{} // has an element while there may be new jobs

	mu     sync.Mutex
	signer *signer // nil until the first message
}

var _ wire.Service = (*Service)(nil)

// New makes the service over its tables in the store.
func New(d Deps) *Service {
	client := *d.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Timeout = deliveryTimeout
	return &Service{
		d:    d,
		http: &client,
		topics: state.NewTable(d.Store, "sns.topic", state.WithARN(func(sc state.Scope, name string, _ *topicRecord) string {
			return topicARN(sc, name)
		})),
		subscriptions: state.NewTable[subscriptionRecord](d.Store, "sns.subscription"),
		jobs:          state.NewTable(d.Store, "sns.job", state.WithIndex("due", (*jobRecord).due)),
		duplicates:    state.NewTable[duplicateRecord](d.Store, "sns.duplicate"),
		signers:       state.NewTable[signerRecord](d.Store, "sns.signer"),
		wake:          make(chan struct{}, 1),
	}
}

// API is the generated description of the service's wire side.
func (s *Service) API() *model.API { return API() }

// txn is a transaction in the account and region of a topic: the caller's, or for Deliver those of the topic's ARN.
type txn struct {
	*Service
	tx  *state.Tx
	sc  state.Scope
	now time.Time
}

func (s *Service) view(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.View(func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

func (s *Service) update(ctx context.Context, fn func(t *txn) error) error {
	return s.d.Store.Update(ctx, func(tx *state.Tx) error { return fn(s.txn(ctx, tx)) })
}

func (s *Service) txn(ctx context.Context, tx *state.Tx) *txn {
	return &txn{Service: s, tx: tx, sc: wire.CallFrom(ctx).Scope(), now: s.d.Clock.Now()}
}
