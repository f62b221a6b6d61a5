package secretsmanager

import (
	"context"

	"atoll/internal/cloud/wire"
)

// RotateSecret refuses to rotate: that is a Lambda function's work, or the managing service's.
func (s *Service) RotateSecret(ctx context.Context, in *RotateSecretInput) (*RotateSecretOutput, error) {
	if _, err := s.token(in.ClientRequestToken); err != nil {
		return nil, err
	}
	return nil, s.view(ctx, func(t *txn) error {
		r, err := t.primary(in.SecretId)
		switch {
		case err != nil:
			return err
		case r.Owner != "":
			return wire.NotImplemented("secretsmanager:RotateSecret of a secret that " + r.Owner + " manages")
		case in.ExternalSecretRotationMetadata != nil || in.ExternalSecretRotationRoleArn != nil:
			return wire.NotImplemented("secretsmanager:RotateSecret of external secrets")
		case in.RotationLambdaARN == nil:
			return refuse("No Lambda rotation function ARN is associated with this secret.")
		}
		return wire.NotImplemented("secretsmanager:RotateSecret with RotationLambdaARN")
	})
}

// CancelRotateSecret turns rotation off; it is never on here.
func (s *Service) CancelRotateSecret(ctx context.Context, in *CancelRotateSecretInput) (*CancelRotateSecretOutput, error) {
	out := &CancelRotateSecretOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.own(in.SecretId)
		if err != nil {
			return err
		}
		out.ARN, out.Name = new(r.arn(t.sc)), new(r.Name)
		return nil
	})
}
