package secretsmanager

import (
	"context"
	"errors"
	"time"

	"atoll/internal/cloud/wire"
)

// GetSecretValue gives a version's value: that of AWSCURRENT unless another is asked for.
func (s *Service) GetSecretValue(ctx context.Context, in *GetSecretValueInput) (*GetSecretValueOutput, error) {
	read, err := s.read(ctx, in.SecretId, in.VersionId, in.VersionStage)
	if err != nil {
		return nil, err
	}
	return &GetSecretValueOutput{
		ARN: read.ARN, Name: read.Name, VersionId: read.VersionId, SecretBinary: read.SecretBinary, SecretString: read.SecretString,
		VersionStages: read.VersionStages, CreatedDate: read.CreatedDate,
	}, nil
}

// read gives a version's value, and notes the date of it.
func (s *Service) read(ctx context.Context, secret, id, stage *string) (*SecretValueEntry, error) {
	var out *SecretValueEntry
	key, fresh := "", false
	err := s.view(ctx, func(t *txn) error {
		r, err := t.active(secret)
		if err != nil {
			return err
		}
		v, err := t.version(r, id, stage)
		if err != nil {
			return err
		}
		out = &SecretValueEntry{ARN: new(r.arn(t.sc)), Name: new(r.Name), VersionId: new(v.ID), SecretBinary: v.Value.Binary,
			SecretString: v.Value.Text, VersionStages: r.stagesOf(v.ID), CreatedDate: new(v.Created)}
		today := t.now.Truncate(day)
		key, fresh = v.KmsKey, r.Accessed.Equal(today) && v.Accessed.Equal(today)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if key != "" {
		if _, err := s.d.Keys.KeyARN(ctx, key); err != nil {
			return nil, wire.Errorf("DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key. (%v)", err)
		}
	}
	if fresh {
		return out, nil
	}
	return out, s.update(ctx, func(t *txn) error {
		t.touch(*out.Name, *out.VersionId, t.now.Truncate(day))
		return nil
	})
}

// touch notes the date of a read on a secret and a version, if they are still there.
func (t *txn) touch(name, id string, today time.Time) {
	r, ok := t.secrets.Get(t.tx, t.sc, name)
	if !ok {
		return
	}
	r.Accessed = today
	t.secrets.Put(t.tx, t.sc, name, r)
	if v, ok := t.versions.Get(t.tx, t.sc, versionKey(r, id)); ok {
		v.Accessed = today
		t.versions.Put(t.tx, t.sc, versionKey(r, id), v)
	}
}

// version finds a version by its id, a staging label, or both.
func (t *txn) version(r *secretRecord, id, stage *string) (*versionRecord, error) {
	label := stageCurrent
	if stage != nil {
		label = *stage
	}
	wanted := r.Stages[label]
	if id != nil {
		if stage != nil && wanted != *id {
			return nil, refuse("You provided a VersionStage that is not associated to the provided VersionId.")
		}
		wanted = *id
	}
	v, ok := t.versions.Get(t.tx, t.sc, versionKey(r, wanted))
	switch {
	case ok:
		return v, nil
	case id != nil:
		return nil, notFound("Secrets Manager can't find the specified secret value for VersionId: %s", *id)
	}
	return nil, notFound("Secrets Manager can't find the specified secret value for staging label: %s", label)
}

// maxBatch is the most secrets that BatchGetSecretValue reads.
const maxBatch = 20

// BatchGetSecretValue gives the current values of named secrets, or of those that filters choose.
func (s *Service) BatchGetSecretValue(ctx context.Context, in *BatchGetSecretValueInput) (*BatchGetSecretValueOutput, error) {
	if (len(in.SecretIdList) == 0) == (len(in.Filters) == 0) {
		return nil, invalid("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
	}
	if len(in.SecretIdList) > maxBatch {
		return nil, constraint("secretIdList", "Member must have length less than or equal to 20")
	}
	if in.MaxResults != nil && len(in.Filters) == 0 {
		return nil, invalid("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.")
	}
	limit, err := limitOf(in.MaxResults, maxBatch)
	if err != nil {
		return nil, err
	}
	out := &BatchGetSecretValueOutput{SecretValues: []SecretValueEntry{}, Errors: []APIErrorType{}}
	ids := in.SecretIdList
	if len(ids) == 0 {
		found, next, err := s.list(ctx, &ListSecretsInput{Filters: in.Filters, NextToken: in.NextToken}, limit)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			ids = append(ids, *e.ARN)
		}
		out.NextToken = next
	}
	for _, id := range ids {
		value, err := s.read(ctx, &id, nil, nil)
		var fault *wire.Error
		switch {
		case errors.As(err, &fault):
			out.Errors = append(out.Errors, APIErrorType{SecretId: new(id), ErrorCode: new(fault.Code), Message: new(fault.Message)})
		case err != nil:
			return nil, err
		default:
			out.SecretValues = append(out.SecretValues, *value)
		}
	}
	return out, nil
}
