package auth

import (
	"sync"
	"time"

	"atoll/internal/cloud/state"
)

// Key is an access key of the root user, of a user or of a session.
type Key struct {
	ID, Secret   string
	SessionToken string    // empty for long-lived keys
	Expires      time.Time // zero: never
	Active       bool
	Created      time.Time
	Principal    Principal
	User         string   // name of the IAM user that owns it, empty for the root user and for sessions
	Session      *Session `json:",omitempty"` // of the key of a role's session, else nil
}

// Session is what a role's session was begun with, beside its key.
type Session struct {
	Policies       []string          // documents of session policies: a call must be allowed by one of them too, unless there are none
	Tags           map[string]string // aws:PrincipalTag keys that come before the role's own tags
	Transitive     []string          // keys of the tags that pass on to sessions begun from this one
	SourceIdentity string
}

// Keys stores the access keys of all accounts. Ids are unique over all of them, as on AWS.
type Keys struct {
	store *state.Store
	table state.Table[Key]
	uses  sync.Map // Use by key id
}

// Use is when and for what a key last signed a call. It is kept in memory: a write for each read would be too dear.
type Use struct {
	At              time.Time
	Service, Region string
}

// Used notes that a key signed a call.
func (k *Keys) Used(accessKeyID string, use Use) { k.uses.Store(accessKeyID, use) }

// LastUse gives a key's last use since the cloud started.
func (k *Keys) LastUse(accessKeyID string) (Use, bool) {
	use, ok := k.uses.Load(accessKeyID)
	if !ok {
		return Use{}, false
	}
	return use.(Use), true
}

// NewKeys opens the key table of a store.
func NewKeys(store *state.Store) *Keys {
	return &Keys{store: store, table: state.NewTable(store, "auth.key",
		state.WithIndex("user", func(k *Key) []string { return []string{k.Principal.Account + "/" + k.User} }))}
}

// everywhere is the scope of keys: they are looked up before the account is known.
func everywhere() state.Scope { return state.Scope{} }

// Find gives the key with an id. The value is shared: read only.
func (k *Keys) Find(accessKeyID string) (Key, bool) {
	var found Key
	ok := false
	_ = k.store.View(func(tx *state.Tx) error {
		if key, is := k.table.Get(tx, everywhere(), accessKeyID); is {
			found, ok = *key, true
		}
		return nil
	})
	return found, ok
}

// Get gives a key within a transaction.
func (k *Keys) Get(tx *state.Tx, accessKeyID string) (*Key, bool) {
	return k.table.Get(tx, everywhere(), accessKeyID)
}

// Put stores a key.
func (k *Keys) Put(tx *state.Tx, key *Key) { k.table.Put(tx, everywhere(), key.ID, key) }

// Delete removes a key and reports whether it was there.
func (k *Keys) Delete(tx *state.Tx, accessKeyID string) bool {
	return k.table.Delete(tx, everywhere(), accessKeyID)
}

// OfUser gives the keys of an account's user, in the order of their ids.
func (k *Keys) OfUser(tx *state.Tx, account, user string) []Key {
	var keys []Key
	for _, key := range k.table.By(tx, everywhere(), "user", account+"/"+user) {
		keys = append(keys, *key)
	}
	return keys
}

// Expired deletes session keys that ended before now and gives their number.
func (k *Keys) Expired(tx *state.Tx, now time.Time) int {
	var ids []string
	for id, key := range k.table.All(tx, everywhere()) {
		if !key.Expires.IsZero() && key.Expires.Before(now) {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		k.Delete(tx, id)
	}
	return len(ids)
}
