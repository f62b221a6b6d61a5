package dynamodb

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// UpdateTable changes a table's settings and its global indexes.
func (s *Service) UpdateTable(ctx context.Context, in *UpdateTableInput) (*UpdateTableOutput, error) {
	if err := refuseUpdate(in); err != nil {
		return nil, err
	}
	keyARN, err := s.encryption(ctx, in.SSESpecification)
	if err != nil {
		return nil, err
	}
	out := &UpdateTableOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.own(*in.TableName)
		if err != nil {
			return err
		}
		if in.StreamSpecification != nil {
			return invalid("Table already has a disabled stream: TableName: %s", r.Name)
		}
		if in.SSESpecification != nil {
			if keyARN == r.KeyARN {
				if keyARN == "" {
					return invalidValue("Table is already encrypted by default")
				}
				return invalidValue("Table is already encrypted with given KMSMasterKeyId")
			}
			r.KeyARN = keyARN
		}
		if err := t.updateThroughput(r, in); err != nil {
			return err
		}
		if err := t.updateIndexes(r, in); err != nil {
			return err
		}
		if in.DeletionProtectionEnabled != nil {
			r.Protected = *in.DeletionProtectionEnabled
		}
		if in.TableClass != nil {
			if r.Class, err = tableClass(*in.TableClass); err != nil {
				return err
			}
			r.ClassChanged = &t.now
		}
		if err := setWarm(&r.Warm, in.WarmThroughput, r.warm(), "table"); err != nil {
			return err
		}
		t.put(r)
		out.TableDescription = t.describe(r, active)
		return nil
	})
}

// refuseUpdate names what a table cannot get here, and faults a request for nothing.
func refuseUpdate(in *UpdateTableInput) error {
	for _, m := range []struct {
		there bool
		name  string
	}{
		{in.StreamSpecification != nil && flag(in.StreamSpecification.StreamEnabled), "StreamSpecification"},
		{len(in.ReplicaUpdates) > 0, "ReplicaUpdates"},
		{len(in.GlobalTableWitnessUpdates) > 0, "GlobalTableWitnessUpdates"},
		{in.MultiRegionConsistency != nil, "MultiRegionConsistency"},
		{in.GlobalTableSettingsReplicationMode != nil, "GlobalTableSettingsReplicationMode"},
		{flag(in.DisassociationProtectionEnabled), "DisassociationProtectionEnabled"},
		{len(in.VectorIndexUpdates) > 0, "VectorIndexUpdates"},
	} {
		if m.there {
			return wire.NotImplemented("dynamodb:UpdateTable with " + m.name)
		}
	}
	if in.BillingMode == nil && in.ProvisionedThroughput == nil && len(in.GlobalSecondaryIndexUpdates) == 0 && in.StreamSpecification == nil &&
		in.SSESpecification == nil && in.TableClass == nil && in.DeletionProtectionEnabled == nil && in.OnDemandThroughput == nil &&
		in.WarmThroughput == nil {
		return invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	return nil
}

const unchanged = "The provisioned throughput for the %s will not change. The requested value equals the current value. " +
	"Current ReadCapacityUnits provisioned for the %[1]s: %[2]d. Requested ReadCapacityUnits: %[2]d. " +
	"Current WriteCapacityUnits provisioned for the %[1]s: %[3]d. Requested WriteCapacityUnits: %[3]d. " +
	"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."

func (t *txn) updateThroughput(r *tableRecord, in *UpdateTableInput) error {
	was := r.OnDemand
	if in.BillingMode != nil {
		mode, err := onDemand(in.BillingMode)
		if err != nil {
			return err
		}
		r.OnDemand = mode
	}
	switch {
	case r.OnDemand != was:
		if r.OnDemand {
			r.OnDemandAt = &t.now
		}
		for i := range r.Indexes {
			r.Indexes[i].Throughput, r.Indexes[i].OnDemandMax = throughput{}, limits{}
		}
		return r.setThroughput(in.ProvisionedThroughput, in.OnDemandThroughput)
	case r.OnDemand && in.ProvisionedThroughput != nil:
		return invalidValue("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !r.OnDemand && in.OnDemandThroughput != nil:
		return invalidValue("OnDemandThroughput cannot be specified when BillingMode is PROVISIONED")
	case in.OnDemandThroughput != nil:
		return r.OnDemandMax.set(in.OnDemandThroughput)
	case in.ProvisionedThroughput != nil:
		before := r.Throughput.units
		if err := r.Throughput.set(in.ProvisionedThroughput, &t.now); err != nil {
			return err
		}
		if r.Throughput.units == before && len(in.GlobalSecondaryIndexUpdates) == 0 && in.SSESpecification == nil && in.TableClass == nil &&
			in.DeletionProtectionEnabled == nil && in.WarmThroughput == nil {
			return invalid(unchanged, "table", before.Read, before.Write)
		}
	}
	return nil
}

// updateIndexes carries out the updates of global indexes, of which one at most may make or delete one.
func (t *txn) updateIndexes(r *tableRecord, in *UpdateTableInput) error {
	var err error
	if r.Definitions, err = definitions(r.Definitions, in.AttributeDefinitions); err != nil {
		return err
	}
	remade := 0
	for _, u := range in.GlobalSecondaryIndexUpdates {
		if u.Create != nil || u.Delete != nil {
			remade++
		}
		if remade > 1 {
			return wire.Errorf("LimitExceededException", "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
		}
		switch {
		case u.Create != nil:
			c := u.Create
			err = t.s.addGlobal(r, GlobalSecondaryIndex{
				IndexName: c.IndexName, KeySchema: c.KeySchema, Projection: c.Projection, ProvisionedThroughput: c.ProvisionedThroughput,
				OnDemandThroughput: c.OnDemandThroughput, WarmThroughput: c.WarmThroughput,
			})
			if err == nil {
				t.fillIndex(r, &r.Indexes[len(r.Indexes)-1])
			}
		case u.Delete != nil:
			err = t.deleteIndex(r, *u.Delete.IndexName)
		case u.Update != nil:
			err = t.updateIndex(r, u.Update)
		default:
			err = invalidValue("One of GlobalSecondaryIndexUpdate's Create, Update and Delete must be specified")
		}
		if err != nil {
			return err
		}
	}
	for _, ix := range r.Indexes {
		if !ix.Local && !r.OnDemand && ix.Throughput.Read == 0 {
			return invalidValue("ProvisionedThroughput must be specified for index: %s", ix.Name)
		}
	}
	used := r.usedAttributes()
	r.Definitions = slices.DeleteFunc(r.Definitions, func(d definition) bool { return !used[d.Name] })
	return nil
}

func (t *txn) globalIndex(r *tableRecord, name string) (*indexRecord, error) {
	ix := r.index(name)
	if ix == nil || ix.Local {
		return nil, wire.Errorf("ResourceNotFoundException", "Requested resource not found")
	}
	return ix, nil
}

func (t *txn) updateIndex(r *tableRecord, in *UpdateGlobalSecondaryIndexAction) error {
	ix, err := t.globalIndex(r, *in.IndexName)
	if err != nil {
		return err
	}
	switch {
	case in.ProvisionedThroughput == nil && in.OnDemandThroughput == nil && in.WarmThroughput == nil:
		return invalidValue("No throughput is specified for index: %s", ix.Name)
	case in.ProvisionedThroughput != nil && r.OnDemand:
		return invalidValue("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", ix.Name)
	case in.OnDemandThroughput != nil && !r.OnDemand:
		return invalidValue("OnDemandThroughput should not be specified for index: %s when BillingMode is PROVISIONED", ix.Name)
	}
	if in.ProvisionedThroughput != nil {
		before := ix.Throughput.units
		if err := ix.Throughput.set(in.ProvisionedThroughput, &t.now); err != nil {
			return err
		}
		if ix.Throughput.units == before {
			return invalid(unchanged, "index "+ix.Name, before.Read, before.Write)
		}
	}
	if err := ix.OnDemandMax.set(in.OnDemandThroughput); err != nil {
		return err
	}
	return setWarm(&ix.Warm, in.WarmThroughput, r.indexWarm(ix), "index: "+ix.Name)
}

// fillIndex enters the items that are there into a new index; those that do not fit its schema stay out.
func (t *txn) fillIndex(r *tableRecord, ix *indexRecord) {
	count, _ := t.s.counts.Get(t.tx, t.sc, r.UID)
	for id := range t.s.items.Prefix(t.tx, t.sc, r.UID+"/") {
		item, _ := t.s.items.Get(t.tx, t.sc, id)
		if e, ok := r.entry(ix, item.Item); ok {
			item.Entries = append(item.Entries, e)
			count.add(e, 1)
			t.s.items.Put(t.tx, t.sc, id, item)
		}
	}
	t.s.counts.Put(t.tx, t.sc, r.UID, count)
}

func (t *txn) deleteIndex(r *tableRecord, name string) error {
	ix, err := t.globalIndex(r, name)
	if err != nil {
		return err
	}
	uid := ix.UID
	r.Indexes = slices.DeleteFunc(r.Indexes, func(o indexRecord) bool { return o.UID == uid })
	for id := range t.s.items.Prefix(t.tx, t.sc, r.UID+"/") {
		item, _ := t.s.items.Get(t.tx, t.sc, id)
		item.Entries = slices.DeleteFunc(item.Entries, func(e entry) bool { return e.Index == uid })
		t.s.items.Put(t.tx, t.sc, id, item)
	}
	count, _ := t.s.counts.Get(t.tx, t.sc, r.UID)
	delete(count.Indexes, uid)
	t.s.counts.Put(t.tx, t.sc, r.UID, count)
	return nil
}
