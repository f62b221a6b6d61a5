package secretsmanager

import (
	"context"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// suffixLength is that of the hyphen and the six random characters that AWS adds to a secret's name in its ARN.
const suffixLength = 7

func arnPrefix(sc state.Scope) string {
	return "arn:aws:secretsmanager:" + sc.Region + ":" + sc.Account + ":secret:"
}

func (r *secretRecord) arn(sc state.Scope) string { return arnPrefix(sc) + r.Name + "-" + r.Suffix }

// find gives the secret behind a name, an ARN, or an ARN without its suffix; one whose recovery window has ended is gone.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
func (t *txn) find(secret string) (*secretRecord, bool) {
	if strings.ContainsRune(secret, 0) {
		return nil, false
	}
	name, isARN := strings.CutPrefix(secret, arnPrefix(t.sc))
	if isARN && len(name) > suffixLength {
		if r, ok := t.present(name[:len(name)-suffixLength]); ok && r.arn(t.sc) == secret {
			return r, true
		}
	}
	return t.present(name)
}

func (t *txn) present(name string) (*secretRecord, bool) {
	r, ok := t.secrets.Get(t.tx, t.sc, name)
	return r, ok && !(r.deleted() && !r.Deletion.After(t.now))
}

// secret finds a secret, also one that is scheduled for deletion.
func (t *txn) secret(id *string) (*secretRecord, error) {
	if r, ok := t.find(*id); ok {
		return r, nil
	}
	if *id == "" || len(*id) > 2048 {
		return nil, constraint("secretId", "Member must have length between 1 and 2048")
	}
	return nil, notFound("Secrets Manager can't find the specified secret.")
}

// active finds a secret that is not scheduled for deletion.
func (t *txn) active(id *string) (*secretRecord, error) {
	r, err := t.secret(id)
	if err == nil && r.deleted() {
		return nil, refuse("You can't perform this operation on the secret because it was marked for deletion.")
	}
	return r, err
}

// primary finds a secret that can be changed here: no replica.
func (t *txn) primary(id *string) (*secretRecord, error) {
	r, err := t.active(id)
	if err == nil && r.replica(t.sc) {
		return nil, errReplica()
	}
	return r, err
}

// own finds a secret that its user may change: neither a replica nor one that another service manages.
func (t *txn) own(id *string) (*secretRecord, error) {
	r, err := t.primary(id)
	if err == nil && r.Owner != "" {
		return nil, errManaged(r)
	}
	return r, err
}

func errReplica() error {
	return invalid("Operation not permitted on a replica secret. Call must be made in primary secret's region.")
}

func errManaged(r *secretRecord) error {
	return refuse("You can't perform this operation on the secret because it is managed by %s. Use that service to change or delete it.", r.Owner)
}

// resource gives the ARN of the secret that a call names, for authorisation.
func (s *Service) resource(ctx context.Context, id string) string {
	arn := id
	_ = s.view(ctx, func(t *txn) error {
		if r, ok := t.find(id); ok {
			arn = r.arn(t.sc)
		} else if !strings.HasPrefix(id, "arn:") {
			arn = arnPrefix(t.sc) + id
		}
		return nil
	})
	return arn
}

// on says which member of the input names the secret.
func on[I any](s *Service, secret func(in *I) *string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		if id := secret(in); id != nil {
			return []string{s.resource(ctx, *id)}
		}
		return nil
	})
}
