package rds

import (
	"cmp"
	"context"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// restored begins an instance with a database that there was.
func (t *txn) restored(db database, engineName *string) (*instanceRecord, error) {
	if name := text(engineName); name != "" && !strings.EqualFold(name, db.Engine) {
		return nil, conflict("The engine %s can't be restored from a backup of the engine %s.", name, db.Engine)
	}
	db.Storage.Most, db.IAMAuth, db.Zone = 0, false, ""
	return &instanceRecord{database: db}, nil
}

// check refuses a snapshot that is not available.
func (r *snapshotRecord) check() error {
	if r.State != "" {
		return wire.Errorf("InvalidDBSnapshotState", "The snapshot %s is in the state %s, it is not available.", r.ID, r.State)
	}
	return nil
}

// begin has the server of a restored instance begin with data.
func (t *txn) begin(r *instanceRecord, from *origin) error {
	if !t.served(r) {
		return nil
	}
	if from.Snapshot == "" {
		return wire.Errorf("InvalidRestoreFault", "The backup has no data: it was taken when no databases ran in this cloud.")
	}
	r.Server = &running{Origin: from}
	return nil
}

// beginAt is begin for a time: on the last automated snapshot before, the archived log is replayed.
func (t *txn) beginAt(r *instanceRecord, from *backupRecord, at *time.Time) error {
	o := &origin{Replay: from.ResourceID, Until: or(at, time.Time{})}
	var taken time.Time
	for _, s := range t.snapshots.By(t.tx, t.sc, "instance", from.InstanceID) {
		if s.ResourceID == from.ResourceID && s.Type == automated && s.State == "" && s.Data != "" && s.Taken.After(taken) && (at == nil || !s.Taken.After(*at)) {
			o.Snapshot, taken = s.Data, s.Taken
		}
	}
	return t.begin(r, o)
}

// RestoreDBInstanceFromDBSnapshot makes an instance from a snapshot.
func (s *Service) RestoreDBInstanceFromDBSnapshot(ctx context.Context, in *RestoreDBInstanceFromDBSnapshotInput) (*RestoreDBInstanceFromDBSnapshotOutput, error) {
	const operation = "RestoreDBInstanceFromDBSnapshot"
	if err := refuse(operation, map[string]bool{
		"DBClusterSnapshotIdentifier": text(in.DBClusterSnapshotIdentifier) != "", "TdeCredentialArn": text(in.TdeCredentialArn) != "",
		"Domain": text(in.Domain)+text(in.DomainFqdn) != "", "ProcessorFeatures": len(in.ProcessorFeatures) > 0, "EnableCustomerOwnedIp": yes(in.EnableCustomerOwnedIp),
		"BackupTarget": or(in.BackupTarget, "region") != "region", "CustomIamInstanceProfile": text(in.CustomIamInstanceProfile) != "",
		"DedicatedLogVolume": yes(in.DedicatedLogVolume), "AdditionalStorageVolumes": len(in.AdditionalStorageVolumes) > 0,
		"TagSpecifications": len(in.TagSpecifications) > 0, "DBCapacityReservationIdentifier": text(in.DBCapacityReservationIdentifier) != "",
	}); err != nil {
		return nil, err
	}
	if text(in.DBName) != "" {
		return nil, conflict("DBName can't be specified when restoring this engine.")
	}
	if text(in.DBSnapshotIdentifier) == "" {
		return nil, invalid("The parameter DBSnapshotIdentifier must be provided and must not be blank.")
	}
	rq := request{
		operation: operation, ID: *in.DBInstanceIdentifier, Class: in.DBInstanceClass, SubnetGroup: in.DBSubnetGroupName, Zone: in.AvailabilityZone,
		Params: in.DBParameterGroupName, Options: in.OptionGroupName, Certificate: in.CACertificateIdentifier, Network: in.NetworkType,
		Lifecycle: in.EngineLifecycleSupport, License: in.LicenseModel, SecurityGroups: in.VpcSecurityGroupIds, Logs: in.EnableCloudwatchLogsExports,
		MultiAZ: in.MultiAZ, Public: in.PubliclyAccessible, Minor: in.AutoMinorVersionUpgrade, Copy: in.CopyTagsToSnapshot, Protect: in.DeletionProtection,
		IAM: in.EnableIAMDatabaseAuthentication, Port: in.Port, Retention: in.BackupRetentionPeriod, BackupWindow: in.PreferredBackupWindow,
		Storage: choice{Type: in.StorageType, Size: in.AllocatedStorage, IOPS: in.Iops, Throughput: in.StorageThroughput},
		Manage:  in.ManageMasterUserPassword, SecretKey: in.MasterUserSecretKmsKeyId, Tags: in.Tags,
	}
	out := &RestoreDBInstanceFromDBSnapshotOutput{}
	var from *snapshotRecord
	var err error
	out.DBInstance, err = s.create(ctx, rq, func(t *txn) (*instanceRecord, error) {
		var err error
		if from, err = t.snapshot(*in.DBSnapshotIdentifier); err != nil {
			return nil, err
		}
		if in.AllocatedStorage != nil && *in.AllocatedStorage < from.Storage.Size {
			return nil, conflict("Allocated storage can't be smaller than that of the snapshot: %d GiB.", from.Storage.Size)
		}
		if err := from.check(); err != nil {
			return nil, err
		}
		r, err := t.restored(from.database, in.Engine)
		if err == nil {
			err = t.begin(r, &origin{Snapshot: from.Data})
		}
		if err == nil && text(in.DBInstanceClass) == "" {
			r.Class = cmp.Or(t.classOf(from.InstanceID, from.ResourceID), from.Class)
		}
		return r, err
	}, func(t *txn, r *instanceRecord) {
		if len(in.Tags) == 0 {
			state.SetTags(t.tx, instanceARN(t.sc, r.ID), state.Tags(t.tx, arn(t.sc, "snapshot", from.ID)))
		}
		t.note(r, "RDS-EVENT-0043", "restoration", "Restored from snapshot %s", from.ID)
		t.happened("db-snapshot", from.ID, arn(t.sc, "snapshot", from.ID), "RDS-EVENT-0043", "restoration", "Restored to DB instance "+r.ID)
	})
	return out, err
}

// classOf gives the class of the instance that a backup is of, if it is still there.
func (t *txn) classOf(id, resource string) string {
	if r, ok := t.instances.Get(t.tx, t.sc, id); ok && r.ResourceID == resource {
		return r.Class
	}
	return ""
}

// RestoreDBInstanceToPointInTime makes an instance from the automated backups of another one, as it was at a time.
func (s *Service) RestoreDBInstanceToPointInTime(ctx context.Context, in *RestoreDBInstanceToPointInTimeInput) (*RestoreDBInstanceToPointInTimeOutput, error) {
	const operation = "RestoreDBInstanceToPointInTime"
	if err := refuse(operation, map[string]bool{
		"TdeCredentialArn": text(in.TdeCredentialArn) != "", "Domain": text(in.Domain)+text(in.DomainFqdn) != "", "ProcessorFeatures": len(in.ProcessorFeatures) > 0,
		"EnableCustomerOwnedIp": yes(in.EnableCustomerOwnedIp), "BackupTarget": or(in.BackupTarget, "region") != "region",
		"CustomIamInstanceProfile": text(in.CustomIamInstanceProfile) != "", "DedicatedLogVolume": yes(in.DedicatedLogVolume),
		"AdditionalStorageVolumes": len(in.AdditionalStorageVolumes) > 0, "TagSpecifications": len(in.TagSpecifications) > 0,
		"DBCapacityReservationIdentifier": text(in.DBCapacityReservationIdentifier) != "",
	}); err != nil {
		return nil, err
	}
	if yes(in.UseLatestRestorableTime) == (in.RestoreTime != nil) {
		return nil, conflict("Specify either RestoreTime or UseLatestRestorableTime.")
	}
	rq := request{
		operation: operation, ID: *in.TargetDBInstanceIdentifier, Class: in.DBInstanceClass, SubnetGroup: in.DBSubnetGroupName, Zone: in.AvailabilityZone,
		Params: in.DBParameterGroupName, Options: in.OptionGroupName, Certificate: in.CACertificateIdentifier, Network: in.NetworkType,
		Lifecycle: in.EngineLifecycleSupport, License: in.LicenseModel, SecurityGroups: in.VpcSecurityGroupIds, Logs: in.EnableCloudwatchLogsExports,
		MultiAZ: in.MultiAZ, Public: in.PubliclyAccessible, Minor: in.AutoMinorVersionUpgrade, Copy: in.CopyTagsToSnapshot, Protect: in.DeletionProtection,
		IAM: in.EnableIAMDatabaseAuthentication, Port: in.Port, Retention: in.BackupRetentionPeriod, BackupWindow: in.PreferredBackupWindow,
		Storage: choice{in.StorageType, in.AllocatedStorage, in.Iops, in.StorageThroughput, in.MaxAllocatedStorage},
		Manage:  in.ManageMasterUserPassword, SecretKey: in.MasterUserSecretKmsKeyId, Tags: in.Tags,
	}
	out := &RestoreDBInstanceToPointInTimeOutput{}
	var from *backupRecord
	var err error
	out.DBInstance, err = s.create(ctx, rq, func(t *txn) (*instanceRecord, error) {
		var err error
		if from, err = t.restoreSource(in); err != nil {
			return nil, err
		}
		if at := or(in.RestoreTime, from.Latest); at.Before(from.Earliest.Truncate(time.Second)) || at.After(from.Latest) {
			return nil, invalid("The specified instance cannot be restored to %s: the restore window goes from %s to %s.", at.UTC().Format(time.RFC3339),
				from.Earliest.UTC().Format(time.RFC3339), from.Latest.UTC().Format(time.RFC3339))
		}
		r, err := t.restored(from.database, in.Engine)
		if err == nil {
			err = t.beginAt(r, from, in.RestoreTime)
		}
		if err != nil {
			return nil, err
		}
		if text(in.DBInstanceClass) == "" {
			r.Class = t.classOf(from.InstanceID, from.ResourceID)
		}
		r.Storage.Most = from.Storage.Most
		return r, nil
	}, func(t *txn, r *instanceRecord) {
		t.note(r, "RDS-EVENT-0019", "restoration", "Restored from DB instance %s to %s", from.InstanceID, r.ID)
	})
	return out, err
}

// restoreSource finds the backups that a call names in one of three ways.
func (t *txn) restoreSource(in *RestoreDBInstanceToPointInTimeInput) (*backupRecord, error) {
	named := 0
	for _, s := range []*string{in.SourceDBInstanceIdentifier, in.SourceDbiResourceId, in.SourceDBInstanceAutomatedBackupsArn} {
		if text(s) != "" {
			named++
		}
	}
	if named != 1 {
		return nil, conflict("Specify one of SourceDBInstanceIdentifier, SourceDbiResourceId and SourceDBInstanceAutomatedBackupsArn.")
	}
	if id := text(in.SourceDBInstanceIdentifier); id != "" {
		r, err := t.instance(id)
		if err != nil {
			return nil, err
		}
		if r.Retention == 0 {
			return nil, wire.Errorf("PointInTimeRestoreNotEnabled", "Point in time restore is not enabled for instance %s.", r.ID)
		}
		return t.backupOf(r), nil
	}
	for _, b := range t.allBackups() {
		if b.ResourceID == text(in.SourceDbiResourceId) || arn(t.sc, "auto-backup", b.ID) == text(in.SourceDBInstanceAutomatedBackupsArn) {
			return b, nil
		}
	}
	return nil, wire.Errorf("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackup %s not found.",
		text(in.SourceDbiResourceId)+text(in.SourceDBInstanceAutomatedBackupsArn))
}
