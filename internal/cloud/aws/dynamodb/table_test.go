package dynamodb_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"atoll/internal/cloud/cloudtest"
)

func (h *harness) describe() *types.TableDescription {
	h.Helper()
	out, err := h.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: name})
	h.ok(err)
	return out.Table
}

func provisioned(r, w int64) *types.ProvisionedThroughput {
	return &types.ProvisionedThroughput{ReadCapacityUnits: &r, WriteCapacityUnits: &w}
}

func TestTableLifeCycle(t *testing.T) {
	h := start(t, cloudtest.Durable())
	defs, schema := definitions("id:S", "at:N")
	create := &dynamodb.CreateTableInput{TableName: name, AttributeDefinitions: defs, KeySchema: schema, ProvisionedThroughput: provisioned(2, 3),
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}
	made, err := h.CreateTable(ctx, create)
	h.ok(err)
	d := made.TableDescription
	if d.TableStatus != types.TableStatusActive || aws.ToString(d.TableArn) != "arn:aws:dynamodb:us-east-1:111111111111:table/things" ||
		len(aws.ToString(d.TableId)) != 36 || d.BillingModeSummary != nil || aws.ToInt64(d.ItemCount) != 0 || d.SSEDescription != nil ||
		aws.ToInt64(d.ProvisionedThroughput.ReadCapacityUnits) != 2 || d.DeletionProtectionEnabled == nil || d.TableClassSummary != nil ||
		aws.ToInt64(d.WarmThroughput.WriteUnitsPerSecond) != 3 || d.WarmThroughput.Status != types.TableStatusActive {
		t.Errorf("got %+v", d)
	}
	_, err = h.CreateTable(ctx, create)
	h.fails(err, "ResourceInUseException", "Table already exists: things")
	h.put("things", item{"id": str("a"), "at": num("1"), "x": str("yz")})
	h.cloud.Restart()
	after := h.describe()
	if *after.TableId != *d.TableId || aws.ToInt64(after.ItemCount) != 1 || aws.ToInt64(after.TableSizeBytes) != 2+1+2+2+1+2 {
		t.Errorf("got %+v", after)
	}
	// By its ARN, too.
	byARN, err := h.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: d.TableArn})
	h.ok(err)
	if *byARN.Table.TableId != *d.TableId {
		t.Errorf("got %+v", byARN.Table)
	}
	gone, err := h.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name})
	h.ok(err)
	if gone.TableDescription.TableStatus != types.TableStatusDeleting {
		t.Errorf("got %+v", gone.TableDescription)
	}
	_, err = h.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: name})
	h.fails(err, "ResourceNotFoundException", "Requested resource not found: Table: things not found")
	_, err = h.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name})
	h.fails(err, "ResourceNotFoundException", "Requested resource not found: Table: things not found")
	_, err = h.CreateTable(ctx, create)
	h.ok(err)
	if h.get("things", item{"id": str("a"), "at": num("1")}) != nil {
		t.Error("a new table has an old one's items")
	}
}

func TestCreateTableFaults(t *testing.T) {
	h := start(t)
	hash, _ := definitions("id:S")
	both, _ := definitions("id:S", "at:N")
	_, key := definitions("id:S")
	_, keys := definitions("id:S", "at:N")
	onDemand := types.BillingModePayPerRequest
	index := func(name string, schema []types.KeySchemaElement, p types.ProjectionType) []types.GlobalSecondaryIndex {
		return []types.GlobalSecondaryIndex{{IndexName: &name, KeySchema: schema, Projection: &types.Projection{ProjectionType: p}}}
	}
	_, at := definitions("at:N")
	for _, c := range []struct {
		in      dynamodb.CreateTableInput
		message string
	}{
		{dynamodb.CreateTableInput{TableName: aws.String("ab"), AttributeDefinitions: hash, KeySchema: key, BillingMode: onDemand}, "TableName must be at least 3 characters long and at most 255 characters long"},
		{dynamodb.CreateTableInput{TableName: aws.String("a b c"), AttributeDefinitions: hash, KeySchema: key, BillingMode: onDemand}, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
		{dynamodb.CreateTableInput{AttributeDefinitions: hash, KeySchema: key}, "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
		{dynamodb.CreateTableInput{AttributeDefinitions: hash, KeySchema: key, BillingMode: onDemand, ProvisionedThroughput: provisioned(1, 1)}, "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"},
		{dynamodb.CreateTableInput{AttributeDefinitions: hash, KeySchema: key, ProvisionedThroughput: provisioned(0, 1)}, "Member must have value greater than or equal to 1"},
		{dynamodb.CreateTableInput{AttributeDefinitions: both, KeySchema: key, BillingMode: onDemand}, "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"},
		{dynamodb.CreateTableInput{AttributeDefinitions: hash, KeySchema: keys, BillingMode: onDemand}, "Some index key attributes are not defined in AttributeDefinitions. Keys: [id, at], AttributeDefinitions: [id]"},
		{dynamodb.CreateTableInput{AttributeDefinitions: both, KeySchema: keys[1:], BillingMode: onDemand}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{dynamodb.CreateTableInput{AttributeDefinitions: append(both, types.AttributeDefinition{AttributeName: aws.String("zz"), AttributeType: "S"}), KeySchema: key, BillingMode: onDemand,
			GlobalSecondaryIndexes: index("by-at", at, types.ProjectionTypeAll)}, "One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [id, at, zz], keys used: [at, id]"},
		{dynamodb.CreateTableInput{AttributeDefinitions: both, KeySchema: key, BillingMode: onDemand, GlobalSecondaryIndexes: index("by-at", at, types.ProjectionTypeInclude)}, "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"},
		{dynamodb.CreateTableInput{AttributeDefinitions: both, KeySchema: key, BillingMode: onDemand, GlobalSecondaryIndexes: append(index("by-at", at, types.ProjectionTypeAll), index("by-at", at, types.ProjectionTypeAll)...)}, "Duplicate index name: by-at"},
		{dynamodb.CreateTableInput{AttributeDefinitions: hash, KeySchema: key, BillingMode: onDemand, LocalSecondaryIndexes: []types.LocalSecondaryIndex{{IndexName: aws.String("local"), KeySchema: key, Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll}}}}, "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"},
		{dynamodb.CreateTableInput{AttributeDefinitions: hash, KeySchema: key, BillingMode: onDemand, WarmThroughput: &types.WarmThroughput{ReadUnitsPerSecond: aws.Int64(1)}}, "decreasing WarmThroughput is not supported"},
	} {
		if c.in.TableName == nil {
			c.in.TableName = name
		}
		_, err := h.CreateTable(ctx, &c.in)
		h.invalid(err, c.message)
	}
	for _, in := range []dynamodb.CreateTableInput{
		{StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly}},
		{ResourcePolicy: aws.String("{}")},
	} {
		in.TableName, in.AttributeDefinitions, in.KeySchema, in.BillingMode = name, hash, key, onDemand
		_, err := h.CreateTable(ctx, &in)
		h.fails(err, "NotImplementedByLocalCloud", "dynamodb:CreateTable with ")
	}
}

func TestTablesOfRegions(t *testing.T) {
	h := start(t)
	for _, n := range []string{"ccc", "aaa", "bbb"} {
		h.table(n, "id:S")
	}
	config := h.cloud.Config()
	config.Region = "eu-west-1"
	other := dynamodb.NewFromConfig(config)
	out, err := other.ListTables(ctx, nil)
	h.ok(err)
	if len(out.TableNames) != 0 {
		t.Errorf("got %q", out.TableNames)
	}
	var names []string
	pages := dynamodb.NewListTablesPaginator(h.Client, &dynamodb.ListTablesInput{Limit: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		h.ok(err)
		names = append(names, page.TableNames...)
	}
	if strings.Join(names, " ") != "aaa bbb ccc" {
		t.Errorf("got %q", names)
	}
}

func TestUpdateTableModes(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	update := func(in dynamodb.UpdateTableInput) error {
		in.TableName = name
		_, err := h.UpdateTable(ctx, &in)
		return err
	}
	d := h.describe()
	if d.BillingModeSummary.BillingMode != types.BillingModePayPerRequest || aws.ToInt64(d.WarmThroughput.ReadUnitsPerSecond) != 12000 || aws.ToInt64(d.ProvisionedThroughput.ReadCapacityUnits) != 0 {
		t.Errorf("got %+v", d)
	}
	h.ok(update(dynamodb.UpdateTableInput{OnDemandThroughput: &types.OnDemandThroughput{MaxReadRequestUnits: aws.Int64(5), MaxWriteRequestUnits: aws.Int64(6)}}))
	h.ok(update(dynamodb.UpdateTableInput{OnDemandThroughput: &types.OnDemandThroughput{MaxReadRequestUnits: aws.Int64(-1)}}))
	if d := h.describe().OnDemandThroughput; d.MaxReadRequestUnits != nil || aws.ToInt64(d.MaxWriteRequestUnits) != 6 {
		t.Errorf("got %+v", d)
	}
	h.ok(update(dynamodb.UpdateTableInput{WarmThroughput: &types.WarmThroughput{ReadUnitsPerSecond: aws.Int64(12100), WriteUnitsPerSecond: aws.Int64(4100)}}))
	h.invalid(update(dynamodb.UpdateTableInput{WarmThroughput: &types.WarmThroughput{ReadUnitsPerSecond: aws.Int64(12000)}}),
		"Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported")
	h.ok(update(dynamodb.UpdateTableInput{BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: provisioned(1, 1)}))
	if d := h.describe(); d.BillingModeSummary.BillingMode != types.BillingModeProvisioned || d.OnDemandThroughput != nil {
		t.Errorf("got %+v", d)
	}
	h.invalid(update(dynamodb.UpdateTableInput{ProvisionedThroughput: provisioned(1, 1)}), "The provisioned throughput for the table will not change.")
	h.ok(update(dynamodb.UpdateTableInput{ProvisionedThroughput: provisioned(2, 1)}))
	if d := h.describe(); d.ProvisionedThroughput.LastIncreaseDateTime == nil || d.ProvisionedThroughput.LastDecreaseDateTime != nil {
		t.Errorf("got %+v", d.ProvisionedThroughput)
	}
	h.ok(update(dynamodb.UpdateTableInput{TableClass: types.TableClassStandardInfrequentAccess}))
	if h.describe().TableClassSummary.TableClass != types.TableClassStandardInfrequentAccess {
		t.Error("the table class did not change")
	}
	h.invalid(update(dynamodb.UpdateTableInput{}), "At least one of ProvisionedThroughput, BillingMode")
	h.ok(update(dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(true)}))
	_, err := h.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name})
	h.invalid(err, "Resource cannot be deleted as it is currently protected against deletion")
	h.ok(update(dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(false)}))
	_, err = h.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name})
	h.ok(err)
	h.fails(update(dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(false)}), "ResourceNotFoundException", "Table: things not found")
	h.fails(update(dynamodb.UpdateTableInput{ReplicaUpdates: []types.ReplicationGroupUpdate{{Create: &types.CreateReplicationGroupMemberAction{RegionName: aws.String("eu-west-1")}}}}),
		"NotImplementedByLocalCloud", "dynamodb:UpdateTable with ReplicaUpdates")
}

func TestEncryption(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	keys := kms.NewFromConfig(h.cloud.Config())
	own, err := keys.CreateKey(ctx, nil)
	h.ok(err)
	managed, err := keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/aws/dynamodb")})
	h.ok(err)
	update := func(spec types.SSESpecification) error {
		_, err := h.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: name, SSESpecification: &spec})
		return err
	}
	h.invalid(update(types.SSESpecification{Enabled: aws.Bool(false)}), "Table is already encrypted by default")
	h.ok(update(types.SSESpecification{Enabled: aws.Bool(true)}))
	if d := h.describe().SSEDescription; d.Status != types.SSEStatusEnabled || d.SSEType != types.SSETypeKms || aws.ToString(d.KMSMasterKeyArn) != *managed.KeyMetadata.Arn {
		t.Errorf("got %+v", d)
	}
	h.ok(update(types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms, KMSMasterKeyId: own.KeyMetadata.KeyId}))
	if d := h.describe().SSEDescription; aws.ToString(d.KMSMasterKeyArn) != *own.KeyMetadata.Arn {
		t.Errorf("got %+v", d)
	}
	h.invalid(update(types.SSESpecification{Enabled: aws.Bool(true), KMSMasterKeyId: own.KeyMetadata.Arn}), "Table is already encrypted with given KMSMasterKeyId")
	h.invalid(update(types.SSESpecification{Enabled: aws.Bool(true), KMSMasterKeyId: aws.String("alias/none")}), "KMS key")
	h.ok(update(types.SSESpecification{Enabled: aws.Bool(false)}))
	if d := h.describe().SSEDescription; d != nil {
		t.Errorf("got %+v", d)
	}
}

func TestTimeToLive(t *testing.T) {
	h := start(t, cloudtest.Durable())
	h.table("things", "id:S")
	now := h.cloud.Clock.Now().Unix()
	for id, at := range map[string]int64{"soon": now + 60, "later": now + 3600, "past": now - 10, "ancient": now - 6*365*86400} {
		h.put("things", item{"id": str(id), "ends": num(strconv.FormatInt(at, 10))})
	}
	h.put("things", item{"id": str("text"), "ends": str(strconv.FormatInt(now-10, 10))})
	enable := func(on bool, attribute string) error {
		_, err := h.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: name,
			TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &attribute, Enabled: &on}})
		return err
	}
	status := func(want types.TimeToLiveStatus, attribute string) {
		t.Helper()
		out, err := h.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: name})
		h.ok(err)
		if d := out.TimeToLiveDescription; d.TimeToLiveStatus != want || aws.ToString(d.AttributeName) != attribute {
			t.Errorf("got %+v", d)
		}
	}
	count := func(want int64) {
		t.Helper()
		if got := aws.ToInt64(h.describe().ItemCount); got != want {
			t.Errorf("got %d items, want %d", got, want)
		}
	}
	status(types.TimeToLiveStatusDisabled, "")
	h.invalid(enable(false, "ends"), "TimeToLive is already disabled")
	count(5)
	h.ok(enable(true, "ends"))
	status(types.TimeToLiveStatusEnabled, "ends")
	h.invalid(enable(true, "ends"), "TimeToLive is already enabled")
	count(4) // without the past one
	h.cloud.Restart()
	h.cloud.Clock.Advance(time.Minute)
	if h.get("things", item{"id": str("soon")}) != nil {
		t.Error("an expired item is still there")
	}
	count(3)
	out, err := h.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: item{"id": str("later")}, UpdateExpression: aws.String("SET ends = ends + :d"),
		ExpressionAttributeValues: item{":d": num("60")}, ReturnValues: types.ReturnValueAllNew})
	h.ok(err)
	if len(out.Attributes) != 2 {
		t.Errorf("got %s", show(out.Attributes))
	}
	h.ok(enable(false, "ends"))
	h.cloud.Clock.Advance(10 * time.Minute)
	count(3)
}

func TestContinuousBackups(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	get := func() *types.PointInTimeRecoveryDescription {
		t.Helper()
		out, err := h.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: name})
		h.ok(err)
		if out.ContinuousBackupsDescription.ContinuousBackupsStatus != types.ContinuousBackupsStatusEnabled {
			t.Errorf("got %+v", out.ContinuousBackupsDescription)
		}
		return out.ContinuousBackupsDescription.PointInTimeRecoveryDescription
	}
	set := func(on bool, days *int32) error {
		_, err := h.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{TableName: name,
			PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: &on, RecoveryPeriodInDays: days}})
		return err
	}
	if d := get(); d.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusDisabled || d.RecoveryPeriodInDays != nil {
		t.Errorf("got %+v", d)
	}
	h.ok(set(true, nil))
	if d := get(); d.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusEnabled || aws.ToInt32(d.RecoveryPeriodInDays) != 35 || d.EarliestRestorableDateTime == nil {
		t.Errorf("got %+v", d)
	}
	h.ok(set(true, aws.Int32(10)))
	h.cloud.Clock.Advance(10 * time.Minute)
	if d := get(); aws.ToInt32(d.RecoveryPeriodInDays) != 10 || !d.LatestRestorableDateTime.After(*d.EarliestRestorableDateTime) {
		t.Errorf("got %+v", d)
	}
	h.invalid(set(true, aws.Int32(36)), "Member must have value between 1 and 35")
	h.ok(set(false, nil))
	if d := get(); d.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusDisabled {
		t.Errorf("got %+v", d)
	}
	_, err := h.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String("others")})
	h.fails(err, "TableNotFoundException", "Table not found: others")
}

func TestTags(t *testing.T) {
	h := start(t)
	h.table("things", "id:S")
	arn := h.describe().TableArn
	_, err := h.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("a"), Value: aws.String("")}}})
	h.ok(err)
	_, err = h.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("2")}}})
	h.invalid(err, "reserved prefix")
	_, err = h.UntagResource(ctx, &dynamodb.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b", "c"}})
	h.ok(err)
	out, err := h.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: arn})
	h.ok(err)
	if len(out.Tags) != 1 || *out.Tags[0].Key != "a" {
		t.Errorf("got %+v", out.Tags)
	}
	_, err = h.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: aws.String(*arn + "x")})
	h.fails(err, "ResourceNotFoundException", "Requested resource not found: ResourcArn:")
	var many []types.Tag
	for i := range 49 {
		many = append(many, types.Tag{Key: aws.String("k" + strconv.Itoa(i)), Value: aws.String("v")})
	}
	_, err = h.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: arn, Tags: many})
	h.ok(err)
	_, err = h.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("one"), Value: aws.String("more")}}})
	h.invalid(err, "Too many tags")
	out, err = h.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: arn})
	h.ok(err)
	if len(out.Tags) != 50 || out.NextToken != nil {
		t.Errorf("listed %d tags", len(out.Tags))
	}
	limits, err := h.DescribeLimits(ctx, nil)
	h.ok(err)
	if limits.TableMaxReadCapacityUnits == nil {
		t.Errorf("got %+v", limits)
	}
}
