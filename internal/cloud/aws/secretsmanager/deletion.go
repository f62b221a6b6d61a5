package secretsmanager

import (
	"context"
	"strings"
	"time"
)

const day = 24 * time.Hour

// DeleteSecret schedules a secret for deletion, or deletes it at once when forced; then a secret that is not there is no error.
func (s *Service) DeleteSecret(ctx context.Context, in *DeleteSecretInput) (*DeleteSecretOutput, error) {
	force, days := flag(in.ForceDeleteWithoutRecovery), int64(30)
	if in.RecoveryWindowInDays != nil {
		if force {
			return nil, invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
		}
		if days = *in.RecoveryWindowInDays; days < 7 || days > 30 {
			return nil, invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
		}
	}
	out := &DeleteSecretOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, ok := t.find(*in.SecretId)
		switch {
		case !ok && force:
			name := strings.TrimPrefix(*in.SecretId, arnPrefix(t.sc))
			out.ARN, out.Name, out.DeletionDate = new(arnPrefix(t.sc)+name+"-"+t.d.IDs.Alnum(suffixLength-1)), new(name), new(t.now)
			return nil
		case !ok:
			_, err := t.secret(in.SecretId)
			return err
		case r.replica(t.sc):
			return errReplica()
		case r.Owner != "":
			return errManaged(r)
		case len(r.Replicas) > 0:
			var regions []string
			for _, to := range r.Replicas {
				regions = append(regions, to.Region)
			}
			return invalid("You can't delete secret %s that still has replica regions [%s].", r.arn(t.sc), strings.Join(regions, ", "))
		}
		out.ARN, out.Name = new(r.arn(t.sc)), new(r.Name)
		if force {
			out.DeletionDate = new(t.now)
			t.erase(r)
			return nil
		}
		if r.deleted() {
			return refuse("You can't perform this operation on the secret because it was already scheduled for deletion.")
		}
		r.Deleted, r.Deletion = t.now, t.now.Add(time.Duration(days)*day)
		out.DeletionDate = new(r.Deletion)
		t.put(r)
		return nil
	})
}

// RestoreSecret keeps a secret that was scheduled for deletion; for one that was not it does nothing.
func (s *Service) RestoreSecret(ctx context.Context, in *RestoreSecretInput) (*RestoreSecretOutput, error) {
	out := &RestoreSecretOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.secret(in.SecretId)
		if err != nil {
			return err
		}
		out.ARN, out.Name = new(r.arn(t.sc)), new(r.Name)
		if r.deleted() {
			r.Deleted, r.Deletion = time.Time{}, time.Time{}
			t.put(r)
		}
		return nil
	})
}
