package rds

import (
	"context"
	"strings"

	"atoll/internal/cloud/wire"
)

// mostReplicas of one source. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html
const mostReplicas = 15

// CreateDBInstanceReadReplica makes an instance that follows another one of the same region.
func (s *Service) CreateDBInstanceReadReplica(ctx context.Context, in *CreateDBInstanceReadReplicaInput) (*CreateDBInstanceReadReplicaOutput, error) {
	const operation = "CreateDBInstanceReadReplica"
	source := text(in.SourceDBInstanceIdentifier)
	sc := wire.CallFrom(ctx).Scope()
	if err := refuse(operation, map[string]bool{
		"SourceDBClusterIdentifier": text(in.SourceDBClusterIdentifier) != "", "ProcessorFeatures": len(in.ProcessorFeatures) > 0,
		"Domain": text(in.Domain)+text(in.DomainFqdn) != "", "ReplicaMode": text(in.ReplicaMode) != "", "EnableCustomerOwnedIp": yes(in.EnableCustomerOwnedIp),
		"BackupTarget": or(in.BackupTarget, "region") != "region", "CustomIamInstanceProfile": text(in.CustomIamInstanceProfile) != "",
		"DedicatedLogVolume": yes(in.DedicatedLogVolume), "AdditionalStorageVolumes": len(in.AdditionalStorageVolumes) > 0,
		"TagSpecifications": len(in.TagSpecifications) > 0, "DBCapacityReservationIdentifier": text(in.DBCapacityReservationIdentifier) != "",
		"a source in another region or account": strings.HasPrefix(source, "arn:") && !strings.HasPrefix(source, instanceARN(sc, "")),
	}); err != nil {
		return nil, err
	}
	if source == "" {
		return nil, invalid("The parameter SourceDBInstanceIdentifier must be provided and must not be blank.")
	}
	rq := request{
		operation: operation, ID: *in.DBInstanceIdentifier, Class: in.DBInstanceClass, SubnetGroup: in.DBSubnetGroupName, Zone: in.AvailabilityZone,
		Params: in.DBParameterGroupName, Options: in.OptionGroupName, Certificate: in.CACertificateIdentifier, Network: in.NetworkType,
		SecurityGroups: in.VpcSecurityGroupIds, Logs: in.EnableCloudwatchLogsExports, MultiAZ: in.MultiAZ, Public: in.PubliclyAccessible,
		Minor: in.AutoMinorVersionUpgrade, Copy: in.CopyTagsToSnapshot, Protect: in.DeletionProtection, IAM: in.EnableIAMDatabaseAuthentication, Port: in.Port,
		Storage:  choice{in.StorageType, in.AllocatedStorage, in.Iops, in.StorageThroughput, in.MaxAllocatedStorage},
		Interval: in.MonitoringInterval, MonitoringRole: in.MonitoringRoleArn, Mode: in.DatabaseInsightsMode, Insights: in.EnablePerformanceInsights,
		InsightsKey: in.PerformanceInsightsKMSKeyId, InsightsDays: in.PerformanceInsightsRetentionPeriod, Tags: in.Tags,
	}
	if rq.SubnetGroup == nil { // in the source's network
		if err := s.view(ctx, func(t *txn) error {
			from, err := t.instance(source)
			if err == nil {
				rq.SubnetGroup = &from.SubnetGroup
			}
			return err
		}); err != nil {
			return nil, err
		}
	}
	out := &CreateDBInstanceReadReplicaOutput{}
	var err error
	out.DBInstance, err = s.create(ctx, rq, func(t *txn) (*instanceRecord, error) { return t.replicaOf(source, in) }, func(t *txn, r *instanceRecord) {
		t.note(r, "RDS-EVENT-0005", "creation", "DB instance created")
		t.note(r, "RDS-EVENT-0046", "read replica", "The read replica has resumed replication.")
	})
	return out, err
}

// replicaOf begins a replica.
func (t *txn) replicaOf(source string, in *CreateDBInstanceReadReplicaInput) (*instanceRecord, error) {
	from, err := t.running(source)
	if err != nil {
		return nil, err
	}
	switch {
	case from.Retention == 0:
		return nil, wire.Errorf("InvalidDBInstanceState", "Automated backups are not enabled for this database instance. To enable automated backups, "+
			"use ModifyDBInstance to set the backup retention period to a non-zero value.")
	case from.Secret != nil:
		return nil, invalid("Creating read replicas for source instance with engine %s where ManageMasterUserPassword is enabled is not supported.", from.Engine)
	case len(t.replicas(from)) >= mostReplicas:
		return nil, wire.Errorf("InvalidDBInstanceState", "A DB instance can have at most %d read replicas.", mostReplicas)
	case in.AllocatedStorage != nil && *in.AllocatedStorage < from.Storage.Size:
		return nil, conflict("A read replica can't have less allocated storage than its source: %d GiB.", from.Storage.Size)
	case text(in.KmsKeyId) != "" && !from.Encrypted:
		return nil, conflict("A KMS key can't be specified for a read replica of a DB instance that is not encrypted.")
	case text(in.KmsKeyId) != "" && *in.KmsKeyId != from.KmsKey:
		return nil, conflict("A read replica in the same region must have the KMS key of its source.")
	}
	r := &instanceRecord{database: from.database, Class: from.Class, Source: from.ID, ParameterGroup: from.ParameterGroup, Certificate: from.Certificate}
	if text(in.DBParameterGroupName) != "" && r.Engine == mysql {
		r.ParameterGroup = ""
	}
	r.Retention, r.Zone, r.Storage.Most = 0, "", from.Storage.Most
	return r, nil
}

// PromoteReadReplica makes a replica an instance of its own, with backups of a day unless the call says otherwise.
func (s *Service) PromoteReadReplica(ctx context.Context, in *PromoteReadReplicaInput) (*PromoteReadReplicaOutput, error) {
	if len(in.TagSpecifications) > 0 {
		return nil, wire.NotImplemented("rds:PromoteReadReplica with TagSpecifications")
	}
	out := &PromoteReadReplicaOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.running(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		if r.Source == "" {
			return wire.Errorf("InvalidDBInstanceState", "DB Instance is not a read replica.")
		}
		days := or(in.BackupRetentionPeriod, max(1, r.Retention))
		if err := checkRetention(days); err != nil {
			return err
		}
		if r.BackupWindow, _, err = windows(r.ResourceID, or(given(text(in.PreferredBackupWindow)), r.BackupWindow), r.Maintenance); err != nil {
			return err
		}
		r.Source = ""
		t.follow(r, "modifying")
		t.setRetention(r, days)
		t.putInstance(r)
		t.note(r, "RDS-EVENT-0065", "recovery", "The read replica was promoted to a standalone DB instance.")
		out.DBInstance = t.render(r)
		return nil
	})
}
