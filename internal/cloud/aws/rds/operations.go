package rds

import (
	"context"
	"strings"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AddRoleToDBInstance, on("db", func(in *AddRoleToDBInstanceInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.AddSourceIdentifierToSubscription, on("es", func(in *AddSourceIdentifierToSubscriptionInput) *string { return in.SubscriptionName })),
		wire.Write(s.AddTagsToResource, wire.On(func(_ context.Context, in *AddTagsToResourceInput) []string { return []string{*in.ResourceName} })),
		wire.Write(s.CopyDBSnapshot, both("snapshot", func(in *CopyDBSnapshotInput) *string { return in.TargetDBSnapshotIdentifier },
			"snapshot", func(in *CopyDBSnapshotInput) *string { return in.SourceDBSnapshotIdentifier })),
		wire.Write(s.CreateDBInstance, on("db", func(in *CreateDBInstanceInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.CreateDBInstanceReadReplica, on("db", func(in *CreateDBInstanceReadReplicaInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.CreateDBParameterGroup, on("pg", func(in *CreateDBParameterGroupInput) *string { return in.DBParameterGroupName })),
		wire.Write(s.CreateDBSnapshot, both("snapshot", func(in *CreateDBSnapshotInput) *string { return in.DBSnapshotIdentifier },
			"db", func(in *CreateDBSnapshotInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.CreateDBSubnetGroup, on("subgrp", func(in *CreateDBSubnetGroupInput) *string { return in.DBSubnetGroupName })),
		wire.Write(s.CreateEventSubscription, on("es", func(in *CreateEventSubscriptionInput) *string { return in.SubscriptionName })),
		wire.Write(s.CreateOptionGroup, on("og", func(in *CreateOptionGroupInput) *string { return in.OptionGroupName })),
		wire.Write(s.DeleteDBInstance, on("db", func(in *DeleteDBInstanceInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.DeleteDBInstanceAutomatedBackup),
		wire.Write(s.DeleteDBParameterGroup, on("pg", func(in *DeleteDBParameterGroupInput) *string { return in.DBParameterGroupName })),
		wire.Write(s.DeleteDBSnapshot, on("snapshot", func(in *DeleteDBSnapshotInput) *string { return in.DBSnapshotIdentifier })),
		wire.Write(s.DeleteDBSubnetGroup, on("subgrp", func(in *DeleteDBSubnetGroupInput) *string { return in.DBSubnetGroupName })),
		wire.Write(s.DeleteEventSubscription, on("es", func(in *DeleteEventSubscriptionInput) *string { return in.SubscriptionName })),
		wire.Write(s.DeleteOptionGroup, on("og", func(in *DeleteOptionGroupInput) *string { return in.OptionGroupName })),
		wire.Read(s.DescribeBlueGreenDeployments),
		wire.Read(s.DescribeCertificates),
		wire.Read(s.DescribeDBEngineVersions),
		wire.Read(s.DescribeDBInstanceAutomatedBackups),
		wire.Read(s.DescribeDBInstances, on("db", func(in *DescribeDBInstancesInput) *string { return in.DBInstanceIdentifier })),
		wire.Read(s.DescribeDBLogFiles, on("db", func(in *DescribeDBLogFilesInput) *string { return in.DBInstanceIdentifier })),
		wire.Read(s.DescribeDBParameterGroups, on("pg", func(in *DescribeDBParameterGroupsInput) *string { return in.DBParameterGroupName })),
		wire.Read(s.DescribeDBParameters, on("pg", func(in *DescribeDBParametersInput) *string { return in.DBParameterGroupName })),
		wire.Read(s.DescribeDBSnapshotAttributes, on("snapshot", func(in *DescribeDBSnapshotAttributesInput) *string { return in.DBSnapshotIdentifier })),
		wire.Read(s.DescribeDBSnapshots, on("snapshot", func(in *DescribeDBSnapshotsInput) *string { return in.DBSnapshotIdentifier })),
		wire.Read(s.DescribeDBSubnetGroups, on("subgrp", func(in *DescribeDBSubnetGroupsInput) *string { return in.DBSubnetGroupName })),
		wire.Read(s.DescribeEngineDefaultParameters),
		wire.Read(s.DescribeEventCategories),
		wire.Read(s.DescribeEventSubscriptions, on("es", func(in *DescribeEventSubscriptionsInput) *string { return in.SubscriptionName })),
		wire.Read(s.DescribeEvents),
		wire.Read(s.DescribeOptionGroups),
		wire.Read(s.DescribeOrderableDBInstanceOptions),
		wire.Read(s.DescribePendingMaintenanceActions),
		wire.Read(s.DescribeValidDBInstanceModifications, on("db", func(in *DescribeValidDBInstanceModificationsInput) *string { return in.DBInstanceIdentifier })),
		wire.Read(s.ListTagsForResource, wire.On(func(_ context.Context, in *ListTagsForResourceInput) []string { return []string{*in.ResourceName} })),
		wire.Write(s.ModifyDBInstance, on("db", func(in *ModifyDBInstanceInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.ModifyDBParameterGroup, on("pg", func(in *ModifyDBParameterGroupInput) *string { return in.DBParameterGroupName })),
		wire.Write(s.ModifyDBSnapshot, on("snapshot", func(in *ModifyDBSnapshotInput) *string { return in.DBSnapshotIdentifier })),
		wire.Write(s.ModifyDBSnapshotAttribute, on("snapshot", func(in *ModifyDBSnapshotAttributeInput) *string { return in.DBSnapshotIdentifier })),
		wire.Write(s.ModifyDBSubnetGroup, on("subgrp", func(in *ModifyDBSubnetGroupInput) *string { return in.DBSubnetGroupName })),
		wire.Write(s.ModifyEventSubscription, on("es", func(in *ModifyEventSubscriptionInput) *string { return in.SubscriptionName })),
		wire.Write(s.ModifyOptionGroup, on("og", func(in *ModifyOptionGroupInput) *string { return in.OptionGroupName })),
		wire.Write(s.PromoteReadReplica, on("db", func(in *PromoteReadReplicaInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.RebootDBInstance, on("db", func(in *RebootDBInstanceInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.RemoveRoleFromDBInstance, on("db", func(in *RemoveRoleFromDBInstanceInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.RemoveSourceIdentifierFromSubscription, on("es", func(in *RemoveSourceIdentifierFromSubscriptionInput) *string { return in.SubscriptionName })),
		wire.Write(s.RemoveTagsFromResource, wire.On(func(_ context.Context, in *RemoveTagsFromResourceInput) []string { return []string{*in.ResourceName} })),
		wire.Write(s.ResetDBParameterGroup, on("pg", func(in *ResetDBParameterGroupInput) *string { return in.DBParameterGroupName })),
		wire.Write(s.RestoreDBInstanceFromDBSnapshot, both("db", func(in *RestoreDBInstanceFromDBSnapshotInput) *string { return in.DBInstanceIdentifier },
			"snapshot", func(in *RestoreDBInstanceFromDBSnapshotInput) *string { return in.DBSnapshotIdentifier })),
		wire.Write(s.RestoreDBInstanceToPointInTime, both("db", func(in *RestoreDBInstanceToPointInTimeInput) *string { return in.TargetDBInstanceIdentifier },
			"db", func(in *RestoreDBInstanceToPointInTimeInput) *string { return in.SourceDBInstanceIdentifier })),
		wire.Write(s.StartDBInstance, on("db", func(in *StartDBInstanceInput) *string { return in.DBInstanceIdentifier })),
		wire.Write(s.StopDBInstance, on("db", func(in *StopDBInstanceInput) *string { return in.DBInstanceIdentifier })),
	}
}

// on says which member of the input names the resource, by name or ARN.
func on[I any](kind string, name func(in *I) *string) wire.Option {
	return both(kind, name, "", nil)
}

// both says which two members of the input name resources.
func both[I any](kind string, name func(in *I) *string, other string, otherName func(in *I) *string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		sc := wire.CallFrom(ctx).Scope()
		var out []string
		add := func(kind, name string) {
			switch {
			case name == "":
			case strings.HasPrefix(name, "arn:"):
				out = append(out, name)
			default:
				out = append(out, arn(sc, kind, strings.ToLower(name)))
			}
		}
		add(kind, text(name(in)))
		if otherName != nil {
			add(other, text(otherName(in)))
		}
		return out
	})
}
