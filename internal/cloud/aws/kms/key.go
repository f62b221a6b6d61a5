package kms

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Key states.
const (
	stateEnabled         = "Enabled"
	stateDisabled        = "Disabled"
	statePendingDeletion = "PendingDeletion"
)

const maxDescription = 8192

type keyRecord struct {
	ID, Spec, Usage, Description string
	State                        string
	Created                      time.Time
	Deletion                     time.Time // while it is pending
	Service                      string    // whose AWS managed key it is; empty: the customer's own
	MultiRegion                  bool
	Policy                       string
	Materials                    int       // the number of the current material
	RotationPeriod               int64     // days, 0: no rotation
	NextRotation                 time.Time // with a period
}

func (t *txn) putKey(k *keyRecord) { t.keys.Put(t.tx, t.sc, k.ID, k) }

// erase removes a key and all that hangs on it.
func (t *txn) erase(k *keyRecord) {
	for name := range t.aliases.By(t.tx, t.sc, "key", k.ID) {
		t.aliases.Delete(t.tx, t.sc, name)
	}
	for id := range t.grants.Prefix(t.tx, t.sc, k.ID+"/") {
		t.grants.Delete(t.tx, t.sc, id)
	}
	for id := range t.materials.Prefix(t.tx, t.sc, k.ID+"/") {
		t.materials.Delete(t.tx, t.sc, id)
	}
	t.keys.Delete(t.tx, t.sc, k.ID)
}

// CreateKey makes a customer managed key.
func (s *Service) CreateKey(ctx context.Context, in *CreateKeyInput) (*CreateKeyOutput, error) {
	k, err := readKey(in)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	secret, err := newMaterial(keySpecs[k.Spec])
	if err != nil {
		return nil, err
	}
	out := &CreateKeyOutput{}
	return out, s.update(ctx, func(t *txn) error {
		k.ID = t.d.IDs.UUID()
		if k.MultiRegion {
			k.ID = "mrk-" + t.d.IDs.Hex(32)
		}
		k.Created, k.State = t.now, stateEnabled
		if k.Policy = text(in.Policy); in.Policy == nil {
			k.Policy = defaultPolicy(t.sc.Account)
		} else if err := t.checkPolicy(k, *in.Policy, flag(in.BypassPolicyLockoutSafetyCheck)); err != nil {
			return err
		}
		t.addMaterial(k, secret)
		t.putKey(k)
		out.KeyMetadata = new(t.renderKey(k))
		return t.tag(k, tags)
	})
}

// readKey checks what is asked of a new key.
func readKey(in *CreateKeyInput) (*keyRecord, error) {
	if origin := text(in.Origin); origin != "" && origin != "AWS_KMS" {
		return nil, wire.NotImplemented("kms:CreateKey with Origin " + origin)
	}
	if in.CustomKeyStoreId != nil || in.XksKeyId != nil {
		return nil, wire.NotImplemented("kms:CreateKey in a custom key store")
	}
	if utf8.RuneCountInString(text(in.Description)) > maxDescription {
		return nil, constraint(*in.Description, "description", "Member must have length less than or equal to 8192")
	}
	if in.KeySpec != nil && in.CustomerMasterKeySpec != nil && *in.KeySpec != *in.CustomerMasterKeySpec {
		return nil, invalid("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
	}
	k := &keyRecord{Spec: symmetric, Usage: text(in.KeyUsage), Description: text(in.Description), MultiRegion: flag(in.MultiRegion)}
	if in.CustomerMasterKeySpec != nil {
		k.Spec = *in.CustomerMasterKeySpec
	}
	if in.KeySpec != nil {
		k.Spec = *in.KeySpec
	}
	spec, known := keySpecs[k.Spec]
	if !known {
		if slices.Contains(otherSpecs, k.Spec) {
			return nil, wire.NotImplemented("kms:CreateKey with KeySpec " + k.Spec)
		}
		return nil, constraint(k.Spec, "keySpec", "Member must satisfy enum value set")
	}
	if slices.Contains(otherUsages, k.Usage) {
		return nil, wire.NotImplemented("kms:CreateKey with KeyUsage " + k.Usage)
	}
	if k.Usage == "" {
		if k.Spec != symmetric {
			return nil, invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
		}
		k.Usage = usageEncrypt
	}
	if !slices.Contains(spec.usages, k.Usage) {
		return nil, invalid("KeyUsage %s is not compatible with KeySpec %s", k.Usage, k.Spec)
	}
	return k, nil
}

// DescribeKey describes a key. By the alias of an AWS managed key that is not there yet, it makes that key.
func (s *Service) DescribeKey(ctx context.Context, in *DescribeKeyInput) (*DescribeKeyOutput, error) {
	out := &DescribeKeyOutput{}
	return out, s.viewManaged(ctx, *in.KeyId, func(t *txn) error {
		k, err := t.keyOrAlias(*in.KeyId)
		if err == nil {
			out.KeyMetadata = new(t.renderKey(k))
		}
		return err
	})
}

func (t *txn) renderKey(k *keyRecord) KeyMetadata {
	m := KeyMetadata{
		KeyId: new(k.ID), Arn: new(keyARN(t.sc, k.ID)), AWSAccountId: new(t.sc.Account), CreationDate: new(k.Created),
		Enabled: new(k.State == stateEnabled), Description: new(k.Description), KeyUsage: new(k.Usage), KeyState: new(k.State),
		Origin: new("AWS_KMS"), KeyManager: new("CUSTOMER"), KeySpec: new(k.Spec), CustomerMasterKeySpec: new(k.Spec),
		EncryptionAlgorithms: k.algorithms(usageEncrypt), SigningAlgorithms: k.algorithms(usageSign), MacAlgorithms: k.algorithms(usageMac),
		MultiRegion: new(k.MultiRegion),
	}
	if k.Service != "" {
		m.KeyManager = new("AWS")
	}
	if k.State == statePendingDeletion {
		m.DeletionDate = new(k.Deletion)
	}
	if k.Spec == symmetric {
		m.CurrentKeyMaterialId = new(publicID(k.ID, k.Materials))
	}
	if k.MultiRegion {
		m.MultiRegionConfiguration = &MultiRegionConfiguration{
			MultiRegionKeyType: new("PRIMARY"), PrimaryKey: &MultiRegionKey{Arn: m.Arn, Region: new(t.sc.Region)}, ReplicaKeys: []MultiRegionKey{},
		}
	}
	return m
}

// ListKeys lists the keys of the region.
func (s *Service) ListKeys(ctx context.Context, in *ListKeysInput) (*ListKeysOutput, error) {
	limit, after, err := page(in.Limit, 1000, 100, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &ListKeysOutput{Keys: []KeyListEntry{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.keys.From(t.tx, t.sc, after), limit, nil)
		for _, k := range found {
			out.Keys = append(out.Keys, KeyListEntry{KeyId: new(k.ID), KeyArn: new(keyARN(t.sc, k.ID))})
		}
		out.NextMarker, out.Truncated = following(next)
		return nil
	})
}

// changeKey runs a change of one of the account's own keys.
func (s *Service) changeKey(ctx context.Context, key, action string, change func(t *txn, k *keyRecord) error) error {
	return s.update(ctx, func(t *txn) error {
		k, err := t.own(key, action)
		if err != nil {
			return err
		}
		if err := change(t, k); err != nil {
			return err
		}
		t.putKey(k)
		return nil
	})
}

// UpdateKeyDescription changes a key's description.
func (s *Service) UpdateKeyDescription(ctx context.Context, in *UpdateKeyDescriptionInput) (*UpdateKeyDescriptionOutput, error) {
	if utf8.RuneCountInString(*in.Description) > maxDescription {
		return nil, constraint(*in.Description, "description", "Member must have length less than or equal to 8192")
	}
	return &UpdateKeyDescriptionOutput{}, s.changeKey(ctx, *in.KeyId, "UpdateKeyDescription", func(t *txn, k *keyRecord) error {
		k.Description = *in.Description
		return t.alive(k)
	})
}

// isManagedAlias reports whether an alias is AWS's own.
func isManagedAlias(name string) bool { return strings.HasPrefix(name, "alias/aws/") }
