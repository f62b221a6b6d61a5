package secretsmanager

import (
	"context"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Staging labels that Secrets Manager itself moves.
const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"
	stagePending  = "AWSPENDING"
)

// maxTokenLength and minTokenLength bound client request tokens, which become version ids.
const (
	minTokenLength = 32
	maxTokenLength = 64
)

// secretRecord is a secret; its id is its name.
type secretRecord struct {
	Name        string
	Suffix      string // of the ARN
	Description string
	KmsKey      string // as it was given; empty: aws/secretsmanager
	Owner       string // the service that manages it, such as "rds"
	Policy      string
	Created     time.Time
	Changed     time.Time
	Accessed    time.Time         // a date
	Deleted     time.Time         // when it was scheduled for deletion
	Deletion    time.Time         // when it goes away
	Stages      map[string]string // version ids by staging label
	Primary     string            // region of the primary, once there are replicas
	Replicas    []replica         // of a primary, by region
}

// deleted reports whether the secret is scheduled for deletion.
func (r *secretRecord) deleted() bool { return !r.Deletion.IsZero() }

// replica reports whether the secret is a replica.
func (r *secretRecord) replica(sc state.Scope) bool { return r.Primary != "" && r.Primary != sc.Region }

// put stores a changed secret, and its replicas.
func (t *txn) put(r *secretRecord) {
	r.Changed = t.now
	t.store(r)
}

func (t *txn) store(r *secretRecord) {
	t.secrets.Put(t.tx, t.sc, r.Name, r)
	t.replicate(r)
}

// erase removes a secret and its versions for good.
func (t *txn) erase(r *secretRecord) {
	for id := range t.versions.Prefix(t.tx, t.sc, r.Name+":") {
		t.versions.Delete(t.tx, t.sc, id)
	}
	t.secrets.Delete(t.tx, t.sc, r.Name)
}

// CreateSecret makes a secret, with a first version if a value is given.
func (s *Service) CreateSecret(ctx context.Context, in *CreateSecretInput) (*CreateSecretOutput, error) {
	if err := checkName(*in.Name); err != nil {
		return nil, err
	}
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	if in.Type != nil {
		return nil, wire.NotImplemented("secretsmanager:CreateSecret with Type")
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	value, err := valueOf(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	token, err := s.token(in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	if err := s.checkKey(ctx, text(in.KmsKeyId)); err != nil {
		return nil, err
	}
	if err := s.checkReplicas(ctx, in.AddReplicaRegions); err != nil {
		return nil, err
	}
	out := &CreateSecretOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, exists := t.secrets.Get(t.tx, t.sc, *in.Name)
		switch {
		case exists && r.deleted():
			return refuse("You can't create this secret because a secret with this name is already scheduled for deletion.")
		case exists && !(value != nil && t.repeats(r, token, value)):
			return wire.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", *in.Name)
		case !exists:
			r = t.create(*in.Name, text(in.KmsKeyId), tags)
			r.Description = text(in.Description)
			if value != nil {
				if err := t.addVersion(r, token, value, nil); err != nil {
					return err
				}
			}
			t.addReplicas(r, in.AddReplicaRegions, flag(in.ForceOverwriteReplicaSecret))
			t.put(r)
		}
		out.ARN, out.Name, out.ReplicationStatus = new(r.arn(t.sc)), new(r.Name), r.replicationStatus()
		if value != nil {
			out.VersionId = new(token)
		}
		return nil
	})
}

// create makes a secret's record without storing it, and tags it.
func (t *txn) create(name, key string, tags map[string]string) *secretRecord {
	r := &secretRecord{Name: name, Suffix: t.d.IDs.Alnum(suffixLength - 1), KmsKey: key, Created: t.now, Stages: map[string]string{}}
	state.SetTags(t.tx, r.arn(t.sc), tags)
	return r
}

// token gives the id for a new version: the client's token, or a new one.
func (s *Service) token(token *string) (string, error) {
	if token == nil {
		return s.d.IDs.UUID(), nil
	}
	if n := len(*token); n < minTokenLength || n > maxTokenLength || !secretNames.MatchString(*token) {
		return "", invalid("ClientRequestToken must be %d-%d characters long.", minTokenLength, maxTokenLength)
	}
	return *token, nil
}

// UpdateSecret changes a secret's description and key, and adds a version if a value is given.
func (s *Service) UpdateSecret(ctx context.Context, in *UpdateSecretInput) (*UpdateSecretOutput, error) {
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	if in.Type != nil {
		return nil, wire.NotImplemented("secretsmanager:UpdateSecret with Type")
	}
	value, err := valueOf(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	token, err := s.token(in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	if in.KmsKeyId != nil {
		err = s.checkKey(ctx, *in.KmsKeyId)
	} else if value != nil {
		err = s.checkKeyOf(ctx, *in.SecretId)
	}
	if err != nil {
		return nil, err
	}
	out := &UpdateSecretOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.own(in.SecretId)
		if err != nil {
			return err
		}
		out.ARN, out.Name = new(r.arn(t.sc)), new(r.Name)
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.KmsKeyId != nil && *in.KmsKeyId != r.KmsKey {
			r.KmsKey = *in.KmsKeyId
			t.reencrypt(r)
		}
		if value != nil {
			out.VersionId = new(token)
			if err := t.addVersion(r, token, value, nil); err != nil {
				return err
			}
		}
		t.put(r)
		return nil
	})
}

// DescribeSecret gives all of a secret but its values.
func (s *Service) DescribeSecret(ctx context.Context, in *DescribeSecretInput) (*DescribeSecretOutput, error) {
	out := &DescribeSecretOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.secret(in.SecretId)
		if err != nil {
			return err
		}
		*out = DescribeSecretOutput{
			ARN: new(r.arn(t.sc)), Name: new(r.Name), Description: optional(r.Description), KmsKeyId: optional(r.KmsKey),
			LastChangedDate: new(r.Changed), LastAccessedDate: date(r.Accessed), DeletedDate: date(r.Deleted), Tags: t.tags(r),
			VersionIdsToStages: r.versionStages(), OwningService: optional(r.Owner), CreatedDate: new(r.Created),
			PrimaryRegion: optional(r.Primary), ReplicationStatus: r.replicationStatus(),
		}
		return nil
	})
}

// date gives nil for a time that never was.
func date(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
