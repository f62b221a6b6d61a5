package dynamodb

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/aws/dynamodb/attribute"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// tableRecord is a table. Its record id is its name; its items' ids begin with its UID, which no later table of that name has.
type tableRecord struct {
	Name         string
	ID           string // a UUID, as AWS shows it
	UID          string
	Created      time.Time
	Definitions  []definition
	Keys         []keyElement
	Indexes      []indexRecord // local ones first
	OnDemand     bool
	OnDemandAt   *time.Time // when it was last switched to on-demand
	Throughput   throughput
	OnDemandMax  limits
	Warm         units // as asked for
	Class        string
	ClassChanged *time.Time
	Protected    bool
	KeyARN       string // of the KMS key; empty: the default encryption
	Recovery     *recovery
	TTL          string // attribute; empty: off
}

type definition struct {
	Name string
	Type attribute.Type
}

// indexRecord is a secondary index.
type indexRecord struct {
	Name        string
	UID         string
	Local       bool
	Keys        []keyElement
	Projection  string // ALL, KEYS_ONLY or INCLUDE
	NonKey      []string
	Throughput  throughput
	OnDemandMax limits
	Warm        units
}

type units struct{ Read, Write int64 }

type throughput struct {
	units
	Increased, Decreased *time.Time
}

// limits are upper bounds of on-demand throughput; nil is none.
type limits struct{ Read, Write *int64 }

type recovery struct {
	Since time.Time
	Days  int64
}

// countRecord has what a table and its indexes hold. Its id is the table's UID.
type countRecord struct {
	Items, Bytes int64
	Indexes      map[string]tally // by UID
}

type tally struct{ Items, Bytes int64 }

// plainName gives the name of a table that a request names, maybe by its ARN.
func plainName(sc state.Scope, name string) string {
	return strings.TrimPrefix(name, tableARN(sc, ""))
}

// checkTableName checks a new table's name.
func checkTableName(name string) error {
	if len(name) < 3 || len(name) > 255 {
		return invalid("TableName must be at least 3 characters long and at most 255 characters long")
	}
	return checkNamePattern(name, "tableName")
}

func checkNamePattern(name, member string) error {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+", name, member)
		}
	}
	return nil
}

// table gives a table to look at, after the deletion of what has expired in it. It is shared: read only.
func (t *txn) table(name string) (*tableRecord, error) {
	name = plainName(t.sc, name)
	r, ok := first(t.s.tables.Range(t.tx, t.sc, name, name+"\x00", false))
	if !ok {
		return nil, notFound(name)
	}
	return r, t.expire(r)
}

// itemTable is table for the operations on items, whose error does not name the table.
func (t *txn) itemTable(name string) (*tableRecord, error) {
	r, err := t.table(name)
	if isNotFound(err) {
		return nil, wire.Errorf("ResourceNotFoundException", "Requested resource not found")
	}
	return r, err
}

func first[T any](seq func(func(string, *T) bool)) (*T, bool) {
	for _, v := range seq {
		return v, true
	}
	return nil, false
}

// own gives a table to change, in an update.
func (t *txn) own(name string) (*tableRecord, error) {
	if _, err := t.table(name); err != nil {
		return nil, err
	}
	r, _ := t.s.tables.Get(t.tx, t.sc, plainName(t.sc, name))
	return r, nil
}

func (t *txn) put(r *tableRecord) { t.s.tables.Put(t.tx, t.sc, r.Name, r) }

func (r *tableRecord) index(name string) *indexRecord {
	for i := range r.Indexes {
		if r.Indexes[i].Name == name {
			return &r.Indexes[i]
		}
	}
	return nil
}

func (r *tableRecord) hasLocal() bool {
	return slices.ContainsFunc(r.Indexes, func(ix indexRecord) bool { return ix.Local })
}

// CreateTable makes a table, which is active at once.
func (s *Service) CreateTable(ctx context.Context, in *CreateTableInput) (*CreateTableOutput, error) {
	if err := refuseCreate(in); err != nil {
		return nil, err
	}
	sc := wire.CallFrom(ctx).Scope()
	r, err := s.newTable(in, plainName(sc, *in.TableName))
	if err != nil {
		return nil, err
	}
	if r.KeyARN, err = s.encryption(ctx, in.SSESpecification); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &CreateTableOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if _, ok := first(s.tables.Range(t.tx, t.sc, r.Name, r.Name+"\x00", false)); ok {
			return wire.Errorf("ResourceInUseException", "Table already exists: %s", r.Name)
		}
		t.put(r)
		s.counts.Put(t.tx, t.sc, r.UID, &countRecord{})
		state.ReplaceTags(t.tx, tableARN(t.sc, r.Name), tags)
		out.TableDescription = t.describe(r, active)
		return nil
	})
}

// refuseCreate names what a new table cannot have here.
func refuseCreate(in *CreateTableInput) error {
	switch {
	case in.StreamSpecification != nil && flag(in.StreamSpecification.StreamEnabled):
		return wire.NotImplemented("dynamodb:CreateTable with StreamSpecification")
	case in.ResourcePolicy != nil:
		return wire.NotImplemented("dynamodb:CreateTable with ResourcePolicy")
	case in.GlobalTableSourceArn != nil:
		return wire.NotImplemented("dynamodb:CreateTable with GlobalTableSourceArn")
	case in.GlobalTableSettingsReplicationMode != nil:
		return wire.NotImplemented("dynamodb:CreateTable with GlobalTableSettingsReplicationMode")
	case len(in.VectorIndexes) > 0:
		return wire.NotImplemented("dynamodb:CreateTable with VectorIndexes")
	}
	return nil
}

// encryption gives the ARN of the KMS key that a specification asks for, "" for the default encryption.
func (s *Service) encryption(ctx context.Context, spec *SSESpecification) (string, error) {
	if spec == nil || !flag(spec.Enabled) {
		if spec != nil && (spec.KMSMasterKeyId != nil || text(spec.SSEType) == "KMS") {
			return "", invalidValue("SSEType KMS and KMSMasterKeyId can only be specified when encryption is enabled")
		}
		return "", nil
	}
	if spec.SSEType != nil && *spec.SSEType != "KMS" {
		return "", invalidValue("SSEType %s is not supported", *spec.SSEType)
	}
	key := "alias/aws/dynamodb"
	if spec.KMSMasterKeyId != nil {
		key = *spec.KMSMasterKeyId
	}
	arn, err := s.d.Keys.KeyARN(ctx, key)
	if err != nil {
		return "", invalid("KMS key access denied error: KMS key %s cannot be used: %s", key, err)
	}
	return arn, nil
}

// DescribeTable describes a table.
func (s *Service) DescribeTable(ctx context.Context, in *DescribeTableInput) (*DescribeTableOutput, error) {
	out := &DescribeTableOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.table(*in.TableName)
		if err == nil {
			out.Table = t.describe(r, active)
		}
		return err
	})
}

// ListTables lists names in order, 100 at most.
func (s *Service) ListTables(ctx context.Context, in *ListTablesInput) (*ListTablesOutput, error) {
	limit := 100
	if in.Limit != nil {
		if *in.Limit < 1 || *in.Limit > 100 {
			return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and 100", *in.Limit)
		}
		limit = int(*in.Limit)
	}
	out := &ListTablesOutput{TableNames: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		page, next := state.Page(s.tables.From(t.tx, t.sc, text(in.ExclusiveStartTableName)), limit, nil)
		for _, r := range page {
			out.TableNames = append(out.TableNames, r.Name)
		}
		if next != "" {
			out.LastEvaluatedTableName = &next
		}
		return nil
	})
}

// DeleteTable deletes a table with all of its items.
func (s *Service) DeleteTable(ctx context.Context, in *DeleteTableInput) (*DeleteTableOutput, error) {
	out := &DeleteTableOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.table(*in.TableName)
		if err != nil {
			return err
		}
		if r.Protected {
			return invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		}
		out.TableDescription = t.describeDeleted(r)
		for id := range s.items.Prefix(t.tx, t.sc, r.UID+"/") {
			s.items.Delete(t.tx, t.sc, id)
		}
		s.counts.Delete(t.tx, t.sc, r.UID)
		s.tables.Delete(t.tx, t.sc, r.Name)
		return nil
	})
}

// DescribeLimits gives AWS's default quotas, none of which is enforced here.
func (s *Service) DescribeLimits(context.Context, *DescribeLimitsInput) (*DescribeLimitsOutput, error) {
	return &DescribeLimitsOutput{
		AccountMaxReadCapacityUnits: new(int64(80000)), AccountMaxWriteCapacityUnits: new(int64(80000)),
		TableMaxReadCapacityUnits: new(int64(40000)), TableMaxWriteCapacityUnits: new(int64(40000)),
	}, nil
}
