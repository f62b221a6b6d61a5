package dynamodb

import (
	"fmt"
	"hash/crc32"
	"slices"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

// keyElement is an attribute of a key schema.
type keyElement struct {
	Name  string
	Range bool
	Type  attribute.Type
}

const (
	maxHashKey  = 2048 // bytes
	maxRangeKey = 1024
)

var errKeySchema = invalid("The provided key element does not match the schema")

// readKey checks a key of a request against the table's schema.
func (r *tableRecord) readKey(m map[string]AttributeValue) (attribute.Item, error) {
	key, err := readItem(m)
	if err != nil {
		return nil, err
	}
	if len(key) != len(r.Keys) {
		return nil, errKeySchema
	}
	for _, k := range r.Keys {
		v, ok := key[k.Name]
		if !ok || v.Type != k.Type {
			return nil, errKeySchema
		}
	}
	return key, r.checkKey(key)
}

// checkKey checks the table's key attributes of an item.
func (r *tableRecord) checkKey(item attribute.Item) error {
	for _, k := range r.Keys {
		v, ok := item[k.Name]
		if !ok {
			return invalidValue("Missing the key %s in the item", k.Name)
		}
		if v.Type != k.Type {
			return invalidValue("Type mismatch for key %s expected: %s actual: %s", k.Name, k.Type, v.Type)
		}
		if what := emptyKey(v); what != "" {
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", what, k.Name)
		}
		if err := keySize(k, v); err != nil {
			return err
		}
	}
	return nil
}

func emptyKey(v attribute.Value) string {
	switch {
	case v.Type == attribute.String && v.Text == "":
		return "string"
	case v.Type == attribute.Binary && len(v.Bin) == 0:
		return "binary"
	}
	return ""
}

func keySize(k keyElement, v attribute.Value) error {
	n := len(v.Text) + len(v.Bin)
	switch {
	case k.Range && n > maxRangeKey:
		return invalidValue("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	case !k.Range && n > maxHashKey:
		return invalidValue("Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	return nil
}

// checkIndexes checks the attributes of an item that are keys of indexes. It may lack them: then it is not in the index.
func (r *tableRecord) checkIndexes(item attribute.Item) error {
	for _, ix := range r.Indexes {
		for _, k := range ix.Keys {
			v, ok := item[k.Name]
			if !ok {
				continue
			}
			if v.Type != k.Type {
				return invalidValue("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", k.Name, k.Type, v.Type, ix.Name)
			}
			if what := emptyKey(v); what != "" {
				return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", what, ix.Name, k.Name)
			}
			if err := keySize(k, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// position encodes where an item stands in a table or index: the prefix, a hash of the partition key by which partitions are
// spread, the partition key and the sort key. It reports false if a key attribute is not there.
func position(prefix string, keys []keyElement, item attribute.Item) ([]byte, bool) {
	hash := make([]byte, 0, 64)
	for _, k := range keys {
		if k.Range {
			break
		}
		v, ok := item[k.Name]
		if !ok || v.Type != k.Type {
			return nil, false
		}
		hash = append(attribute.Key(hash, v), attribute.End...)
	}
	at := partition(prefix, hash)
	for _, k := range keys {
		if !k.Range {
			continue
		}
		v, ok := item[k.Name]
		if !ok || v.Type != k.Type {
			return nil, false
		}
		at = append(attribute.Key(at, v), attribute.End...)
	}
	return at, true
}

// partition gives the common beginning of the positions of all items with one encoded partition key.
func partition(prefix string, hash []byte) []byte {
	at := fmt.Appendf(make([]byte, 0, len(prefix)+len(hash)+24), "%s%08x", prefix, crc32.ChecksumIEEE(hash))
	return append(at, hash...)
}

// id gives the record id of the item with a key, which has been checked.
func (r *tableRecord) id(key attribute.Item) string {
	at, _ := position(r.UID+"/", r.Keys, key)
	return string(at)
}

// prefix begins the positions of an index.
func (r *tableRecord) prefix(ix *indexRecord) string {
	if ix == nil {
		return r.UID + "/"
	}
	return r.UID + "/" + ix.UID + "/"
}

// keyOf takes the attributes of key schemas out of an item.
func keyOf(item attribute.Item, schemas ...[]keyElement) attribute.Item {
	key := attribute.Item{}
	for _, k := range slices.Concat(schemas...) {
		if v, ok := item[k.Name]; ok {
			key[k.Name] = v
		}
	}
	return key
}
