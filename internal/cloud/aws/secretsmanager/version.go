package secretsmanager

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	maxValue          = 65536 // bytes
	maxStages         = 20    // of a version
	maxStageLength    = 256   // characters
	maxVersions       = 100   // of a secret; deprecated ones give way to new ones
	deprecatedAtLeast = 24 * time.Hour
)

// content is what a version keeps: a text or bytes.
type content struct {
	Text   *string
	Binary []byte
}

func (c *content) equal(other *content) bool {
	return (c.Text == nil) == (other.Text == nil) && text(c.Text) == text(other.Text) && bytes.Equal(c.Binary, other.Binary)
}

// versionRecord is a version of a secret; its id is the secret's name, a colon and its own.
type versionRecord struct {
	ID       string
	Value    content
	KmsKey   string // empty: aws/secretsmanager
	Created  time.Time
	Accessed time.Time // a date
}

func versionKey(r *secretRecord, id string) string { return r.Name + ":" + id }

// valueOf gives the value in a request, nil if there is none.
func valueOf(text *string, binary []byte) (*content, error) {
	switch {
	case text != nil && binary != nil:
		return nil, invalid("You can't specify both a binary secret value and a string secret value in the same secret.")
	case text != nil && len(*text) > maxValue:
		return nil, constraint("secretString", "Member must have length less than or equal to 65536")
	case len(binary) > maxValue:
		return nil, constraint("secretBinary", "Member must have length less than or equal to 65536")
	case binary != nil && len(binary) == 0:
		return nil, constraint("secretBinary", "Member must have length greater than or equal to 1")
	case text == nil && binary == nil:
		return nil, nil
	}
	return &content{Text: text, Binary: binary}, nil
}

// repeats reports whether a version with this id is there and has this value: the call was made before.
func (t *txn) repeats(r *secretRecord, id string, value *content) bool {
	v, ok := t.versions.Get(t.tx, t.sc, versionKey(r, id))
	return ok && v.Value.equal(value)
}

// addVersion adds a version with staging labels, or as the current one where none are given. A version that is there already with the
// same value stays as it is. The caller stores the secret.
func (t *txn) addVersion(r *secretRecord, id string, value *content, stages []string) error {
	if _, exists := t.versions.Get(t.tx, t.sc, versionKey(r, id)); exists {
		if !t.repeats(r, id, value) {
			return wire.Errorf("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", id, r.arn(t.sc))
		}
		return nil
	}
	if err := t.makeRoom(r); err != nil {
		return err
	}
	t.putVersion(r, &versionRecord{ID: id, Value: *value, KmsKey: r.KmsKey, Created: t.now})
	if len(stages) == 0 {
		stages = []string{stageCurrent}
	}
	for _, stage := range stages {
		r.move(stage, id)
	}
	return nil
}

// move gives a staging label to a version. The version that was current becomes the previous one.
func (r *secretRecord) move(stage, id string) {
	if before, had := r.Stages[stage]; had && stage == stageCurrent && before != id {
		r.Stages[stagePrevious] = before
	}
	r.Stages[stage] = id
}

// makeRoom removes the oldest version without labels when there are as many as can be.
func (t *txn) makeRoom(r *secretRecord) error {
	count, oldest := 0, (*versionRecord)(nil)
	for _, v := range t.versions.Prefix(t.tx, t.sc, r.Name+":") {
		count++
		if len(r.stagesOf(v.ID)) == 0 && t.now.Sub(v.Created) >= deprecatedAtLeast && (oldest == nil || v.Created.Before(oldest.Created)) {
			oldest = v
		}
	}
	switch {
	case count < maxVersions:
	case oldest == nil:
		return wire.Errorf("LimitExceededException", "You've exceeded the limit of %d versions for a secret.", maxVersions)
	default:
		t.dropVersion(r, oldest.ID)
	}
	return nil
}

// stagesOf gives a version's staging labels, in order.
func (r *secretRecord) stagesOf(id string) []string {
	var out []string
	for stage, version := range r.Stages {
		if version == id {
			out = append(out, stage)
		}
	}
	slices.Sort(out)
	return out
}

// versionStages gives the labels by version, nil if there are none.
func (r *secretRecord) versionStages() map[string][]string {
	if len(r.Stages) == 0 {
		return nil
	}
	out := map[string][]string{}
	for _, stage := range slices.Sorted(maps.Keys(r.Stages)) {
		out[r.Stages[stage]] = append(out[r.Stages[stage]], stage)
	}
	return out
}

// reencrypt brings the versions that AWS's labels name under the secret's new key; others keep theirs.
func (t *txn) reencrypt(r *secretRecord) {
	for _, stage := range []string{stageCurrent, stagePending, stagePrevious} {
		if v, ok := t.versions.Get(t.tx, t.sc, versionKey(r, r.Stages[stage])); ok {
			v.KmsKey = r.KmsKey
			t.putVersion(r, v)
		}
	}
}

// checkKeyOf checks that the key of a secret can be used for a new version.
func (s *Service) checkKeyOf(ctx context.Context, secret string) error {
	key := ""
	if err := s.view(ctx, func(t *txn) error {
		if r, ok := t.find(secret); ok {
			key = r.KmsKey
		}
		return nil
	}); err != nil {
		return err
	}
	return s.checkKey(ctx, key)
}

// PutSecretValue adds a version to a secret.
func (s *Service) PutSecretValue(ctx context.Context, in *PutSecretValueInput) (*PutSecretValueOutput, error) {
	value, err := valueOf(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, refuse("You must provide either SecretString or SecretBinary.")
	}
	if in.RotationToken != nil {
		return nil, wire.NotImplemented("secretsmanager:PutSecretValue with RotationToken")
	}
	if in.VersionStages != nil && (len(in.VersionStages) < 1 || len(in.VersionStages) > maxStages) {
		return nil, constraint("versionStages", "Member must have length between 1 and 20")
	}
	for _, stage := range in.VersionStages {
		if err := checkStage(stage); err != nil {
			return nil, err
		}
	}
	id, err := s.token(in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	if err := s.checkKeyOf(ctx, *in.SecretId); err != nil {
		return nil, err
	}
	out := &PutSecretValueOutput{VersionId: new(id)}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.own(in.SecretId)
		if err != nil {
			return err
		}
		if err := t.addVersion(r, id, value, in.VersionStages); err != nil {
			return err
		}
		t.put(r)
		out.ARN, out.Name, out.VersionStages = new(r.arn(t.sc)), new(r.Name), r.stagesOf(id)
		return nil
	})
}

func checkStage(stage string) error {
	if n := utf8.RuneCountInString(stage); n < 1 || n > maxStageLength {
		return constraint("versionStage", "Member must have length between 1 and 256")
	}
	return nil
}

// UpdateSecretVersionStage moves a staging label between versions, gives it to one, or takes it away.
func (s *Service) UpdateSecretVersionStage(ctx context.Context, in *UpdateSecretVersionStageInput) (*UpdateSecretVersionStageOutput, error) {
	stage := *in.VersionStage
	if err := checkStage(stage); err != nil {
		return nil, err
	}
	out := &UpdateSecretVersionStageOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.own(in.SecretId)
		if err != nil {
			return err
		}
		for _, id := range []*string{in.MoveToVersionId, in.RemoveFromVersionId} {
			if _, ok := t.versions.Get(t.tx, t.sc, versionKey(r, text(id))); id != nil && !ok {
				return notFound("Secrets Manager can't find the specified secret value for VersionId: %s", *id)
			}
		}
		if err := r.moveStage(stage, in.RemoveFromVersionId, in.MoveToVersionId); err != nil {
			return err
		}
		t.put(r)
		out.ARN, out.Name = new(r.arn(t.sc)), new(r.Name)
		return nil
	})
}

func (r *secretRecord) moveStage(stage string, from, to *string) error {
	holder, held := r.Stages[stage]
	switch {
	case from == nil && to == nil:
		return invalid("You must specify at least one of RemoveFromVersionId and MoveToVersionId.")
	case to == nil && stage == stageCurrent:
		return invalid("You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.")
	case from == nil && held && holder != *to:
		return invalid("The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", stage, holder)
	case from != nil && holder != *from:
		return invalid("The staging label %s is not currently attached to version %s, which RemoveFromVersionId names.", stage, *from)
	case to == nil:
		delete(r.Stages, stage)
		return nil
	case holder != *to && len(r.stagesOf(*to)) >= maxStages:
		return wire.Errorf("LimitExceededException", "You can't have more than %d staging labels attached to a version of a secret.", maxStages)
	}
	r.move(stage, *to)
	return nil
}

// ListSecretVersionIds lists a secret's versions: those with labels or, if asked, all.
func (s *Service) ListSecretVersionIds(ctx context.Context, in *ListSecretVersionIdsInput) (*ListSecretVersionIdsOutput, error) {
	limit, err := limitOf(in.MaxResults, 100)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListSecretVersionIdsOutput{Versions: []SecretVersionsListEntry{}}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.secret(in.SecretId)
		if err != nil {
			return err
		}
		out.ARN, out.Name = new(r.arn(t.sc)), new(r.Name)
		start := ""
		if after != "" {
			start = versionKey(r, after)
		}
		found, next := state.Page(t.versions.PrefixFrom(t.tx, t.sc, r.Name+":", start), limit, func(v *versionRecord) bool {
			return flag(in.IncludeDeprecated) || len(r.stagesOf(v.ID)) > 0
		})
		for _, v := range found {
			key := v.KmsKey
			if key == "" {
				key = "DefaultEncryptionKey"
			}
			out.Versions = append(out.Versions, SecretVersionsListEntry{VersionId: new(v.ID), VersionStages: r.stagesOf(v.ID),
				LastAccessedDate: date(v.Accessed), CreatedDate: new(v.Created), KmsKeyIds: []string{key}})
		}
		if next != "" {
			out.NextToken = state.Token(found[len(found)-1].ID)
		}
		return nil
	})
}
