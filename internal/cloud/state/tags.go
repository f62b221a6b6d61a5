package state

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
)

const tagsBucket = "\x00tags"

// place is where the record with an ARN stands.
type place struct {
	table string
	scope Scope
	id    string
}

func arnKey(arn string) []byte { return []byte("a" + arn) }

func tagsKey(arn string) []byte { return []byte("t" + arn) }

// taggedKey stands for an ARN that has or had tags while its record lives, under the record's account.
func taggedKey(account, arn string) []byte { return []byte("T" + account + "\x00" + arn) }

// Tags gives an ARN's tags, nil if it has none. The map is shared: read only.
func Tags(tx *Tx, arn string) map[string]string {
	v, ok := tx.get(tagsKey(arn))
	if !ok {
		return nil
	}
	if tags := v.(map[string]string); len(tags) > 0 {
		return tags
	}
	return nil
}

// SetTags adds tags to an ARN's, or overwrites them.
func SetTags(tx *Tx, arn string, set map[string]string) {
	if len(set) == 0 {
		return
	}
	next := maps.Clone(Tags(tx, arn))
	if next == nil {
		next = make(map[string]string, len(set))
	}
	maps.Copy(next, set)
	ReplaceTags(tx, arn, next)
}

// RemoveTags takes tags from an ARN.
func RemoveTags(tx *Tx, arn string, keys []string) {
	next := maps.Clone(Tags(tx, arn))
	for _, k := range keys {
		delete(next, k)
	}
	ReplaceTags(tx, arn, next)
}

// ReplaceTags gives an ARN these tags and no others. That it had tags is remembered as long as its record lives.
func ReplaceTags(tx *Tx, arn string, tags map[string]string) {
	tx.mustWrite()
	if _, had := tx.get(tagsKey(arn)); !had && len(tags) == 0 {
		return
	}
	place, lives := placeOf(tx, arn)
	if !lives && len(tags) == 0 {
		dropTags(tx, arn)
		return
	}
	own := maps.Clone(tags)
	if own == nil {
		own = map[string]string{}
	}
	raw, err := json.Marshal(own)
	if err != nil {
		tx.fail(fmt.Errorf("storing the tags of %s: %w", arn, err))
		return
	}
	tx.set(tagsKey(arn), own)
	tx.record(tagsBucket, []byte(arn), raw)
	if lives {
		tx.set(taggedKey(place.scope.Account, arn), place)
	}
}

// dropTags forgets the tags of an ARN whose record is gone.
func dropTags(tx *Tx, arn string) {
	if _, had := tx.get(tagsKey(arn)); had {
		tx.unset(tagsKey(arn))
		tx.record(tagsBucket, []byte(arn), nil)
	}
}

// enter puts a record's ARN into the index.
func enter(tx *Tx, arn string, p place) {
	tx.set(arnKey(arn), p)
	if _, has := tx.get(tagsKey(arn)); has {
		tx.set(taggedKey(p.scope.Account, arn), p)
	}
}

// leave takes an ARN and its tags out.
func leave(tx *Tx, arn, account string) {
	tx.unset(arnKey(arn))
	tx.unset(taggedKey(account, arn))
	dropTags(tx, arn)
}

func placeOf(tx *Tx, arn string) (place, bool) {
	v, ok := tx.get(arnKey(arn))
	if !ok {
		return place{}, false
	}
	return v.(place), true
}

// Lookup finds the record with an ARN.
func Lookup(tx *Tx, arn string) (table string, sc Scope, id string, ok bool) {
	p, ok := placeOf(tx, arn)
	return p.table, p.scope, p.id, ok
}

// Tagged gives the ARNs after another one of those of an account's records that have or had tags, in order, with the scopes of the
// records. Its cost does not depend on what else there is.
func Tagged(tx *Tx, account, after string) iter.Seq2[string, Scope] {
	return func(yield func(string, Scope) bool) {
		base := taggedKey(account, "")
		bounded(tx.node(), base, after+"\x00", "\xff", false, func(arn string, v any) bool { return yield(arn, v.(place).scope) })
	}
}

// WasTagged reports whether an ARN of an account's has tags or had some.
func WasTagged(tx *Tx, account, arn string) bool {
	_, ok := tx.get(taggedKey(account, arn))
	return ok
}

// loadTags adds all stored tags to a tree.
func (s *Store) loadTags(root *tree) (*tree, error) {
	txn := root.Txn()
	err := s.each(tagsBucket, func(key, value []byte) error {
		var tags map[string]string
		if err := json.Unmarshal(value, &tags); err != nil {
			return fmt.Errorf("%w: the tags of %s: %w", ErrCorrupt, key, err)
		}
		txn.Insert(tagsKey(string(key)), tags)
		return nil
	})
	if err != nil {
		return root, err
	}
	return txn.Commit(), nil
}
