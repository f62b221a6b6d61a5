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

// Tags gives an ARN's tags, nil if it has none. The map is shared: read only.
func Tags(tx *Tx, arn string) map[string]string {
	v, ok := tx.get(tagsKey(arn))
	if !ok {
		return nil
	}
	return v.(map[string]string)
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

// ReplaceTags gives an ARN these tags and no others.
func ReplaceTags(tx *Tx, arn string, tags map[string]string) {
	tx.mustWrite()
	if len(tags) == 0 {
		if _, had := tx.get(tagsKey(arn)); had {
			tx.unset(tagsKey(arn))
			tx.record(tagsBucket, []byte(arn), nil)
		}
		return
	}
	own := maps.Clone(tags)
	raw, err := json.Marshal(own)
	if err != nil {
		tx.fail(fmt.Errorf("storing the tags of %s: %w", arn, err))
		return
	}
	tx.set(tagsKey(arn), own)
	tx.record(tagsBucket, []byte(arn), raw)
}

// Lookup finds the record with an ARN.
func Lookup(tx *Tx, arn string) (table string, sc Scope, id string, ok bool) {
	v, ok := tx.get(arnKey(arn))
	if !ok {
		return "", Scope{}, "", false
	}
	p := v.(place)
	return p.table, p.scope, p.id, true
}

// ARNs gives the ARNs of an account's records, in order.
func ARNs(tx *Tx, account string) iter.Seq[string] {
	return func(yield func(string) bool) {
		it := tx.node().Iterator()
		it.SeekPrefix([]byte("a"))
		for k, v, ok := it.Next(); ok; k, v, ok = it.Next() {
			if v.(place).scope.Account == account && !yield(string(k[1:])) {
				return
			}
		}
	}
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
