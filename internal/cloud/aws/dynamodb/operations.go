package dynamodb

import (
	"context"
	"maps"
	"slices"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.CreateTable, wire.On(func(ctx context.Context, in *CreateTableInput) []string { return on(ctx, in.TableName) })),
		wire.Read(s.DescribeTable, wire.On(func(ctx context.Context, in *DescribeTableInput) []string { return on(ctx, in.TableName) })),
		wire.Write(s.UpdateTable, wire.On(func(ctx context.Context, in *UpdateTableInput) []string { return on(ctx, in.TableName) })),
		wire.Write(s.DeleteTable, wire.On(func(ctx context.Context, in *DeleteTableInput) []string { return on(ctx, in.TableName) })),
		wire.Read(s.ListTables),
		wire.Read(s.DescribeLimits),
		wire.Read(s.DescribeTimeToLive, wire.On(func(ctx context.Context, in *DescribeTimeToLiveInput) []string { return on(ctx, in.TableName) })),
		wire.Write(s.UpdateTimeToLive, wire.On(func(ctx context.Context, in *UpdateTimeToLiveInput) []string { return on(ctx, in.TableName) })),
		wire.Read(s.DescribeContinuousBackups, wire.On(func(ctx context.Context, in *DescribeContinuousBackupsInput) []string { return on(ctx, in.TableName) })),
		wire.Write(s.UpdateContinuousBackups, wire.On(func(ctx context.Context, in *UpdateContinuousBackupsInput) []string { return on(ctx, in.TableName) })),
		wire.Read(s.ListTagsOfResource, wire.On(func(_ context.Context, in *ListTagsOfResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Write(s.TagResource, wire.On(func(_ context.Context, in *TagResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Write(s.UntagResource, wire.On(func(_ context.Context, in *UntagResourceInput) []string { return []string{*in.ResourceArn} })),
		wire.Write(s.PutItem, wire.On(func(ctx context.Context, in *PutItemInput) []string { return on(ctx, in.TableName) })),
		wire.Read(s.GetItem, wire.On(func(ctx context.Context, in *GetItemInput) []string { return on(ctx, in.TableName) })),
		wire.Write(s.UpdateItem, wire.On(func(ctx context.Context, in *UpdateItemInput) []string { return on(ctx, in.TableName) })),
		wire.Write(s.DeleteItem, wire.On(func(ctx context.Context, in *DeleteItemInput) []string { return on(ctx, in.TableName) })),
		wire.Read(s.Query, wire.On(func(ctx context.Context, in *QueryInput) []string { return onIndex(ctx, in.TableName, in.IndexName) })),
		wire.Read(s.Scan, wire.On(func(ctx context.Context, in *ScanInput) []string { return onIndex(ctx, in.TableName, in.IndexName) })),
		wire.Read(s.BatchGetItem, wire.On(func(ctx context.Context, in *BatchGetItemInput) []string {
			return onAll(ctx, slices.Sorted(maps.Keys(in.RequestItems)))
		})),
		wire.Write(s.BatchWriteItem, wire.On(func(ctx context.Context, in *BatchWriteItemInput) []string {
			return onAll(ctx, slices.Sorted(maps.Keys(in.RequestItems)))
		})),
		// On AWS a transaction needs the permission for each of its single actions; the table has room for one.
		// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
		wire.Read(s.TransactGetItems, wire.Action("dynamodb:GetItem"), wire.On(func(ctx context.Context, in *TransactGetItemsInput) []string {
			var names []string
			for _, item := range in.TransactItems {
				names = append(names, text(item.Get.TableName))
			}
			return onAll(ctx, names)
		})),
		wire.Write(s.TransactWriteItems, wire.Action("dynamodb:PutItem"), wire.On(func(ctx context.Context, in *TransactWriteItemsInput) []string {
			var names []string
			for _, item := range in.TransactItems {
				if a, err := newAction(item); err == nil {
					names = append(names, a.table)
				}
			}
			return onAll(ctx, names)
		})),
	}
}

// on gives the ARN of a table named in a request.
func on(ctx context.Context, name *string) []string { return onAll(ctx, []string{text(name)}) }

func onAll(ctx context.Context, names []string) []string {
	sc := wire.CallFrom(ctx).Scope()
	out := make([]string, 0, len(names))
	for _, name := range names {
		if arn := tableARN(sc, plainName(sc, name)); !slices.Contains(out, arn) {
			out = append(out, arn)
		}
	}
	return out
}

func onIndex(ctx context.Context, name, index *string) []string {
	out := on(ctx, name)
	if index != nil {
		out[0] += "/index/" + *index
	}
	return out
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func flag(b *bool) bool { return b != nil && *b }
