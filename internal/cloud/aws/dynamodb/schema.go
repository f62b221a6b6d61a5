package dynamodb

import (
	"slices"
	"strings"

	"atoll/internal/cloud/aws/dynamodb/attribute"
)

const (
	onDemandMode    = "PAY_PER_REQUEST"
	provisionedMode = "PROVISIONED"

	maxLocalIndexes  = 5
	maxGlobalIndexes = 20
	maxKeyParts      = 4 // of each kind, in a global index
	maxProjected     = 100
)

// newTable checks a request for a table and makes its record.
func (s *Service) newTable(in *CreateTableInput, name string) (*tableRecord, error) {
	if err := checkTableName(name); err != nil {
		return nil, err
	}
	now := s.d.Clock.Now()
	r := &tableRecord{Name: name, ID: s.d.IDs.UUID(), UID: s.d.IDs.Hex(12), Created: now, Protected: flag(in.DeletionProtectionEnabled)}
	var err error
	if r.OnDemand, err = onDemand(in.BillingMode); err != nil {
		return nil, err
	}
	if r.OnDemand {
		r.OnDemandAt = &now
	}
	if err := r.setThroughput(in.ProvisionedThroughput, in.OnDemandThroughput); err != nil {
		return nil, err
	}
	if r.Definitions, err = definitions(nil, in.AttributeDefinitions); err != nil {
		return nil, err
	}
	if len(in.KeySchema) == 0 {
		return nil, invalid("1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null")
	}
	if r.Keys, err = r.keySchema(in.KeySchema, 1); err != nil {
		return nil, err
	}
	if err := s.addLocals(r, in.LocalSecondaryIndexes); err != nil {
		return nil, err
	}
	if in.GlobalSecondaryIndexes != nil && len(in.GlobalSecondaryIndexes) == 0 {
		return nil, invalidValue("List of GlobalSecondaryIndexes is empty")
	}
	for _, g := range in.GlobalSecondaryIndexes {
		if err := s.addGlobal(r, g); err != nil {
			return nil, err
		}
	}
	if err := r.checkDefinitions(); err != nil {
		return nil, err
	}
	if in.TableClass != nil {
		if r.Class, err = tableClass(*in.TableClass); err != nil {
			return nil, err
		}
	}
	return r, setWarm(&r.Warm, in.WarmThroughput, r.warm(), "table")
}

func onDemand(mode *string) (bool, error) {
	switch text(mode) {
	case "", provisionedMode:
		return false, nil
	case onDemandMode:
		return true, nil
	}
	return false, enum(*mode, "billingMode", "PROVISIONED, PAY_PER_REQUEST")
}

func tableClass(class string) (string, error) {
	if class != "STANDARD" && class != "STANDARD_INFREQUENT_ACCESS" {
		return "", enum(class, "tableClass", "STANDARD, STANDARD_INFREQUENT_ACCESS")
	}
	return class, nil
}

func enum(value, member, allowed string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]", value, member, allowed)
}

// definitions adds attribute definitions to those that are there; a type cannot change.
func definitions(have []definition, in []AttributeDefinition) ([]definition, error) {
	out := slices.Clone(have)
	for _, d := range in {
		t := attribute.Type(*d.AttributeType)
		if !t.Scalar() {
			return nil, enum(string(t), "attributeDefinitions.1.member.attributeType", "B, N, S")
		}
		if *d.AttributeName == "" || len(*d.AttributeName) > 255 {
			return nil, invalid("1 validation error detected: Value '%s' at 'attributeDefinitions.1.member.attributeName' failed to satisfy constraint: Member must have length between 1 and 255", *d.AttributeName)
		}
		i := slices.IndexFunc(out, func(o definition) bool { return o.Name == *d.AttributeName })
		switch {
		case i < 0:
			out = append(out, definition{*d.AttributeName, t})
		case i >= len(have):
			return nil, invalidValue("Duplicate AttributeName in AttributeDefinitions: %s", *d.AttributeName)
		case out[i].Type != t:
			return nil, invalidValue("Attribute: %s has type %s and cannot be redefined as %s", *d.AttributeName, out[i].Type, t)
		}
	}
	return out, nil
}

func (r *tableRecord) typeOf(name string) (attribute.Type, bool) {
	for _, d := range r.Definitions {
		if d.Name == name {
			return d.Type, true
		}
	}
	return "", false
}

// keySchema checks a key schema with up to parts attributes of each kind.
func (r *tableRecord) keySchema(in []KeySchemaElement, parts int) ([]keyElement, error) {
	var keys []keyElement
	var names, defined []string
	for _, e := range in {
		names = append(names, *e.AttributeName)
	}
	for _, d := range r.Definitions {
		defined = append(defined, d.Name)
	}
	hashes, ranges := 0, 0
	for i, e := range in {
		k := keyElement{Name: *e.AttributeName, Range: *e.KeyType == "RANGE"}
		switch {
		case !k.Range && *e.KeyType != "HASH":
			return nil, enum(*e.KeyType, "keySchema.1.member.keyType", "HASH, RANGE")
		case i == 0 && k.Range:
			return nil, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
		case parts == 1 && i == 1 && !k.Range:
			return nil, invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
		case !k.Range && ranges > 0:
			return nil, invalid("Invalid KeySchema: HASH key elements must come before RANGE key elements")
		case slices.Contains(names[:i], k.Name):
			return nil, invalidValue("Both the Hash Key and the Range Key element in the KeySchema have the same name")
		}
		if k.Range {
			ranges++
		} else {
			hashes++
		}
		var ok bool
		if k.Type, ok = r.typeOf(k.Name); !ok {
			return nil, invalidValue("Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
				strings.Join(names, ", "), strings.Join(defined, ", "))
		}
		keys = append(keys, k)
	}
	if hashes == 0 || hashes > parts || ranges > parts {
		return nil, invalid("Invalid KeySchema: a key schema has from 1 to %d HASH and up to %d RANGE elements", parts, parts)
	}
	return keys, nil
}

// checkDefinitions faults attribute definitions that no key uses.
func (r *tableRecord) checkDefinitions() error {
	used := r.usedAttributes()
	var all, unused []string
	for _, d := range r.Definitions {
		all = append(all, d.Name)
		if !used[d.Name] {
			unused = append(unused, d.Name)
		}
	}
	if len(unused) == 0 {
		return nil
	}
	if len(r.Indexes) == 0 {
		return invalidValue("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	keys := make([]string, 0, len(used))
	for name := range used {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	return invalidValue("Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]", strings.Join(all, ", "), strings.Join(keys, ", "))
}

func (r *tableRecord) usedAttributes() map[string]bool {
	used := map[string]bool{}
	for _, k := range r.Keys {
		used[k.Name] = true
	}
	for _, ix := range r.Indexes {
		for _, k := range ix.Keys {
			used[k.Name] = true
		}
	}
	return used
}

func (s *Service) addLocals(r *tableRecord, in []LocalSecondaryIndex) error {
	if in == nil {
		return nil
	}
	if len(in) == 0 {
		return invalidValue("List of LocalSecondaryIndexes is empty")
	}
	if len(r.Keys) != 2 {
		return invalidValue("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	if len(in) > maxLocalIndexes {
		return invalidValue("Number of LocalSecondaryIndexes exceeds per-table limit of 5")
	}
	for _, l := range in {
		ix := indexRecord{Name: *l.IndexName, UID: s.d.IDs.Hex(8), Local: true}
		var err error
		if ix.Keys, err = r.keySchema(l.KeySchema, 1); err != nil {
			return err
		}
		if len(ix.Keys) != 2 {
			return invalidValue("Index KeySchema does not have a range key for index: %s", ix.Name)
		}
		if ix.Keys[0].Name != r.Keys[0].Name {
			return invalidValue("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", ix.Name, ix.Keys[0].Name, r.Keys[0].Name)
		}
		if err := r.addIndex(ix, l.Projection); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) addGlobal(r *tableRecord, in GlobalSecondaryIndex) error {
	ix := indexRecord{Name: *in.IndexName, UID: s.d.IDs.Hex(8)}
	var err error
	if ix.Keys, err = r.keySchema(in.KeySchema, maxKeyParts); err != nil {
		return err
	}
	if err := r.indexThroughput(&ix, in.ProvisionedThroughput, in.OnDemandThroughput); err != nil {
		return err
	}
	if err := setWarm(&ix.Warm, in.WarmThroughput, r.indexWarm(&ix), "index: "+ix.Name); err != nil {
		return err
	}
	globals := 0
	for _, have := range r.Indexes {
		if !have.Local {
			globals++
		}
	}
	if globals == maxGlobalIndexes {
		return invalidValue("GlobalSecondaryIndex count exceeds the per-table limit of 20")
	}
	return r.addIndex(ix, in.Projection)
}

func (r *tableRecord) addIndex(ix indexRecord, p *Projection) error {
	if len(ix.Name) < 3 || len(ix.Name) > 255 {
		return invalid("1 validation error detected: Value '%s' at 'indexName' failed to satisfy constraint: Member must have length between 3 and 255", ix.Name)
	}
	if err := checkNamePattern(ix.Name, "indexName"); err != nil {
		return err
	}
	if r.index(ix.Name) != nil {
		return invalidValue("Duplicate index name: %s", ix.Name)
	}
	ix.Projection, ix.NonKey = text(p.ProjectionType), p.NonKeyAttributes
	switch ix.Projection {
	case "ALL", "KEYS_ONLY":
		if p.NonKeyAttributes != nil {
			return invalidValue("ProjectionType is %s, but NonKeyAttributes is specified", ix.Projection)
		}
	case "INCLUDE":
		if len(p.NonKeyAttributes) == 0 {
			return invalidValue("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
		}
		if len(p.NonKeyAttributes) > maxProjected || repeats(p.NonKeyAttributes) {
			return invalidValue("NonKeyAttributes of index: %s must be at most %d different names", ix.Name, maxProjected)
		}
	case "":
		return invalidValue("Unknown ProjectionType: null")
	default:
		return enum(ix.Projection, "projection.projectionType", "ALL, INCLUDE, KEYS_ONLY")
	}
	r.Indexes = append(r.Indexes, ix)
	return nil
}
