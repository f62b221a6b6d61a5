package dynamodb

const active = "ACTIVE"

// describe renders a table.
func (t *txn) describe(r *tableRecord, status string) *TableDescription {
	count, ok := first(t.s.counts.Range(t.tx, t.sc, r.UID, r.UID+"\x00", false))
	if !ok {
		count = &countRecord{}
	}
	d := &TableDescription{
		TableName: &r.Name, TableArn: new(tableARN(t.sc, r.Name)), TableId: &r.ID, TableStatus: &status, CreationDateTime: &r.Created,
		KeySchema: showKeys(r.Keys), ItemCount: new(count.Items), TableSizeBytes: new(count.Bytes),
		ProvisionedThroughput: r.Throughput.show(), OnDemandThroughput: r.OnDemandMax.show(), DeletionProtectionEnabled: &r.Protected,
	}
	for _, a := range r.Definitions {
		d.AttributeDefinitions = append(d.AttributeDefinitions, AttributeDefinition{AttributeName: &a.Name, AttributeType: new(string(a.Type))})
	}
	if r.OnDemandAt != nil {
		d.BillingModeSummary = &BillingModeSummary{BillingMode: new(provisionedMode), LastUpdateToPayPerRequestDateTime: r.OnDemandAt}
		if r.OnDemand {
			d.BillingModeSummary.BillingMode = new(onDemandMode)
		}
	}
	if r.Class != "" {
		d.TableClassSummary = &TableClassSummary{TableClass: &r.Class, LastUpdateDateTime: r.ClassChanged}
	}
	if r.KeyARN != "" {
		d.SSEDescription = &SSEDescription{Status: new("ENABLED"), SSEType: new("KMS"), KMSMasterKeyArn: &r.KeyARN}
	}
	warm := r.warm()
	d.WarmThroughput = &TableWarmThroughputDescription{ReadUnitsPerSecond: &warm.Read, WriteUnitsPerSecond: &warm.Write, Status: new(active)}
	for i := range r.Indexes {
		ix := &r.Indexes[i]
		held := count.Indexes[ix.UID]
		arn := new(tableARN(t.sc, r.Name) + "/index/" + ix.Name)
		projection := &Projection{ProjectionType: &ix.Projection, NonKeyAttributes: ix.NonKey}
		if ix.Local {
			d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, LocalSecondaryIndexDescription{
				IndexName: &ix.Name, KeySchema: showKeys(ix.Keys), Projection: projection, IndexArn: arn, ItemCount: &held.Items, IndexSizeBytes: &held.Bytes,
			})
			continue
		}
		warm := r.indexWarm(ix)
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, GlobalSecondaryIndexDescription{
			IndexName: &ix.Name, KeySchema: showKeys(ix.Keys), Projection: projection, IndexArn: arn, ItemCount: &held.Items, IndexSizeBytes: &held.Bytes,
			IndexStatus: new(active), ProvisionedThroughput: ix.Throughput.show(), OnDemandThroughput: ix.OnDemandMax.show(),
			WarmThroughput: &GlobalSecondaryIndexWarmThroughputDescription{ReadUnitsPerSecond: &warm.Read, WriteUnitsPerSecond: &warm.Write, Status: new(active)},
		})
	}
	return d
}

// describeDeleted renders a table as DeleteTable answers it.
func (t *txn) describeDeleted(r *tableRecord) *TableDescription {
	d := t.describe(r, "DELETING")
	d.AttributeDefinitions, d.KeySchema, d.CreationDateTime, d.WarmThroughput = nil, nil, nil, nil
	d.LocalSecondaryIndexes, d.GlobalSecondaryIndexes = nil, nil
	return d
}

func showKeys(keys []keyElement) []KeySchemaElement {
	out := make([]KeySchemaElement, len(keys))
	for i, k := range keys {
		out[i] = KeySchemaElement{AttributeName: &keys[i].Name, KeyType: new("HASH")}
		if k.Range {
			out[i].KeyType = new("RANGE")
		}
	}
	return out
}
