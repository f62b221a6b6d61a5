package sts

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Roles knows the roles of all accounts.
type Roles interface {
	Role(tx *state.Tx, arn string) (auth.Role, bool)
	RoleUsed(tx *state.Tx, arn, region string, at time.Time)
}

// Policies knows what users and roles may do.
type Policies interface {
	// Permissions gives those of a user or of the role behind a session; ok is false for others and for those that are gone.
	Permissions(tx *state.Tx, p auth.Principal) (permissions auth.Permissions, ok bool)
	// ManagedPolicy gives the document of a managed policy that an account can use.
	ManagedPolicy(tx *state.Tx, account, arn string) (document string, ok bool)
}

// Providers knows the issuers of identity tokens that accounts trust.
type Providers interface {
	OpenIDProvider(tx *state.Tx, account, issuer string) (auth.OpenIDProvider, bool)
}

// Deps is what the service needs.
type Deps struct {
	Store     *state.Store
	Clock     clock.Clock
	IDs       id.Source
	Logger    *slog.Logger
	Keys      *auth.Keys
	Roles     Roles
	Policies  Policies
	Providers Providers
	HTTP      *http.Client // reaches the issuers of identity tokens
}

// Service is AWS Security Token Service.
type Service struct {
	d     Deps
	swept atomic.Int64 // Unix time of the last removal of long expired keys
}

var _ wire.Service = (*Service)(nil)

// New makes the service.
func New(d Deps) *Service { return &Service{d: d} }

// API is the generated description of STS's wire side.
func (s *Service) API() *model.API { return API() }

// Operations is the table of what the service answers.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AssumeRole, wire.On(func(_ context.Context, in *AssumeRoleInput) []string { return []string{*in.RoleArn} })),
		wire.Write(s.AssumeRoleWithWebIdentity, wire.Unsigned(),
			wire.On(func(_ context.Context, in *AssumeRoleWithWebIdentityInput) []string { return []string{*in.RoleArn} })),
		wire.Read(s.GetCallerIdentity),
		wire.Write(s.GetSessionToken),
	}
}

// GetCallerIdentity tells who signed the call. It needs no permission.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *GetCallerIdentityInput) (*GetCallerIdentityOutput, error) {
	p := wire.CallFrom(ctx).Principal
	return &GetCallerIdentityOutput{UserId: new(p.UserID), Account: new(p.Account), Arn: new(p.ARN)}, nil
}
