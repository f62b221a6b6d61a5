package secretsmanager

import (
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// What other services may ask of Secrets Manager, each within a transaction of theirs.

// CreateManaged makes a secret for a service, such as "rds", under a name that the service chooses; its user cannot change or delete
// it. kmsKeyARN may be empty, for the AWS managed key. Its error is that of a name that is taken.
func (s *Service) CreateManaged(tx *state.Tx, sc state.Scope, owner, name, kmsKeyARN, value string, tags map[string]string) (string, error) {
	t := s.in(tx, sc)
	t.settle()
	if _, exists := t.secrets.Get(tx, sc, name); exists {
		return "", wire.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", name)
	}
	r := t.create(name, kmsKeyARN, tags)
	r.Owner = owner
	err := t.addVersion(r, t.d.IDs.UUID(), &content{Text: &value}, nil)
	t.put(r)
	return r.arn(sc), err
}

// PutManaged gives a managed secret a new current value.
func (s *Service) PutManaged(tx *state.Tx, sc state.Scope, arn, value string) error {
	t := s.in(tx, sc)
	r, err := t.active(&arn)
	if err != nil {
		return err
	}
	err = t.addVersion(r, t.d.IDs.UUID(), &content{Text: &value}, nil)
	t.put(r)
	return err
}

// DeleteManaged removes a managed secret at once; one that is gone is no error.
func (s *Service) DeleteManaged(tx *state.Tx, sc state.Scope, arn string) {
	t := s.in(tx, sc)
	if r, ok := t.find(arn); ok {
		t.removeReplicas(r, func(string) bool { return true })
		t.erase(r)
	}
}

// SecretValue gives the current text of a secret by its name or ARN; ok is false for one that is not there, is scheduled for
// deletion, or has no text.
func (s *Service) SecretValue(tx *state.Tx, sc state.Scope, id string) (value string, ok bool) {
	t := s.in(tx, sc)
	r, ok := t.find(id)
	if !ok || r.deleted() {
		return "", false
	}
	v, ok := t.versions.Get(tx, sc, versionKey(r, r.Stages[stageCurrent]))
	if !ok || v.Value.Text == nil {
		return "", false
	}
	return *v.Value.Text, true
}
