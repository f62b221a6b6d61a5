package kms

import (
	"regexp"
	"strings"

	"atoll/internal/cloud/state"
)

var keyIDs = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)

func keyARN(sc state.Scope, id string) string {
	return "arn:aws:kms:" + sc.Region + ":" + sc.Account + ":key/" + id
}

// aliasARN gives the ARN of an alias; its name begins with "alias/".
func aliasARN(sc state.Scope, name string) string {
	return "arn:aws:kms:" + sc.Region + ":" + sc.Account + ":" + name
}

// local takes the resource out of an ARN in the caller's account and region, and leaves other names as they are: what remains is
// a key id, or a name that begins with "alias/".
func (t *txn) local(name string) (string, error) {
	if !strings.HasPrefix(name, "arn:") {
		return name, nil
	}
	parts := strings.SplitN(name, ":", 6)
	if len(parts) != 6 || parts[1] != "aws" || parts[2] != "kms" {
		return "", errorf("InvalidArnException", "Invalid arn %s", name)
	}
	if parts[3] != t.sc.Region {
		return "", errorf("InvalidArnException", "Invalid arn %s", parts[3])
	}
	if parts[4] != t.sc.Account {
		return "", errorf("AccessDeniedException", "User: %s is not authorized to perform this operation on resource: %s because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access", t.call.ARN, name)
	}
	if id, ok := strings.CutPrefix(parts[5], "key/"); ok {
		return id, nil
	}
	if strings.HasPrefix(parts[5], "alias/") {
		return parts[5], nil
	}
	return "", errorf("InvalidArnException", "Invalid arn %s", name)
}

// key finds a key by its id or its ARN. Operations that change a key take no alias.
func (t *txn) key(name string) (*keyRecord, error) {
	id, err := t.local(name)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(id, "alias/") && id != name {
		return nil, errorf("InvalidArnException", "Key Aliases are not supported for this operation")
	}
	return t.keyByID(id)
}

func (t *txn) keyByID(id string) (*keyRecord, error) {
	if !keyIDs.MatchString(id) {
		return nil, notFound("Invalid keyId '%s'", id)
	}
	k, ok := t.keys.Get(t.tx, t.sc, id)
	if !ok {
		return nil, notFound("Key '%s' does not exist", keyARN(t.sc, id))
	}
	return k, nil
}

// keyOrAlias finds a key by its id, its ARN, or the name or ARN of an alias. Operations that use a key take all of them.
func (t *txn) keyOrAlias(name string) (*keyRecord, error) {
	id, err := t.local(name)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(id, "alias/") {
		return t.keyByID(id)
	}
	if strings.ContainsRune(id, 0) {
		return nil, notFound("Alias %s is not found.", aliasARN(t.sc, id))
	}
	a, ok := t.aliases.Get(t.tx, t.sc, id)
	if !ok {
		return nil, notFound("Alias %s is not found.", aliasARN(t.sc, id))
	}
	return t.keyByID(a.KeyID)
}

// enabled refuses keys that are disabled or about to be deleted.
func (t *txn) enabled(k *keyRecord) error {
	if k.State == stateDisabled {
		return errorf("DisabledException", "%s is disabled.", keyARN(t.sc, k.ID))
	}
	return t.alive(k)
}

// alive refuses keys that are about to be deleted.
func (t *txn) alive(k *keyRecord) error {
	if k.State == statePendingDeletion {
		return errorf("KMSInvalidStateException", "%s is pending deletion.", keyARN(t.sc, k.ID))
	}
	return nil
}

// usable finds a key for use in cryptography.
func (t *txn) usable(name string) (*keyRecord, error) {
	k, err := t.keyOrAlias(name)
	if err != nil {
		return nil, err
	}
	return k, t.enabled(k)
}

// own finds a key that the account may change: AWS managed keys are not among them.
func (t *txn) own(name, action string) (*keyRecord, error) {
	k, err := t.key(name)
	if err != nil {
		return nil, err
	}
	if k.Service != "" {
		return nil, errorf("AccessDeniedException", "User: %s is not authorized to perform: kms:%s on resource: %s because no resource-based policy allows the kms:%s action", t.call.ARN, action, keyARN(t.sc, k.ID), action)
	}
	return k, nil
}
