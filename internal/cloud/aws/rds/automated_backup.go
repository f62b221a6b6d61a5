package rds

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// backupRecord is what is kept of the automated backups of a deleted instance, by its resource id.
type backupRecord struct {
	database
	ID, InstanceID   string
	Earliest, Latest time.Time
	Ends             time.Time // of its retention
}

func (b *backupRecord) due() []string { return []string{b.Ends.UTC().Format(dueFormat)} }

func backupID(resource string) string { return "ab-" + digest(26, "backup", resource) }

// backUp takes the automated snapshot of a backup window, and drops those whose retention has ended.
func (t *txn) backUp(r *instanceRecord, at time.Time) {
	id := "rds:" + r.ID + "-" + at.UTC().Format("2006-01-02-15-04")
	s := t.take(r, id, automated, at)
	if r.CopyTags {
		t.tagSnapshot(id, state.Tags(t.tx, instanceARN(t.sc, r.ID)))
	}
	oldest := at.AddDate(0, 0, -int(r.Retention))
	for old := range t.snapshots.By(t.tx, t.sc, "instance", r.ID) {
		if o, _ := t.snapshots.Get(t.tx, t.sc, old); o.Type == automated && o.ResourceID == r.ResourceID && o.Taken.Before(oldest) {
			t.snapshots.Delete(t.tx, t.sc, old)
			t.sweep()
		}
	}
	t.note(r, "RDS-EVENT-0001", "backup", "Backing up DB instance")
	t.note(r, "RDS-EVENT-0002", "backup", "Finished DB Instance backup")
	t.happened("db-snapshot", s.ID, arn(t.sc, "snapshot", s.ID), "RDS-EVENT-0091", "creation", "Automated snapshot created")
}

// dropAutomated deletes all automated snapshots of an instance.
func (t *txn) dropAutomated(r *instanceRecord) {
	for _, s := range t.snapshots.All(t.tx, t.sc) {
		if s.Type == automated && s.ResourceID == r.ResourceID {
			t.snapshots.Delete(t.tx, t.sc, s.ID)
			t.sweep()
		}
	}
}

// earliest gives the earliest time to which an instance can be restored.
func (t *txn) earliest(r *instanceRecord) time.Time {
	if r.Server != nil { // the first backup that there is
		var first time.Time
		for _, s := range t.snapshots.By(t.tx, t.sc, "instance", r.ID) {
			if s.ResourceID == r.ResourceID && s.Type == automated && s.Data != "" && s.State == "" && (first.IsZero() || s.Taken.Before(first)) {
				first = s.Taken
			}
		}
		if !first.IsZero() {
			return first
		}
	}
	if from := t.now.AddDate(0, 0, -int(r.Retention)); from.After(r.Created) {
		return from
	}
	return r.Created
}

// backupOf gives the backups of an instance that there is.
func (t *txn) backupOf(r *instanceRecord) *backupRecord {
	return &backupRecord{database: r.database, ID: backupID(r.ResourceID), InstanceID: r.ID, Earliest: t.earliest(r), Latest: t.restorable(r)}
}

// allBackups gives the automated backups of instances, and those that outlive theirs.
func (t *txn) allBackups() []*backupRecord {
	var out []*backupRecord
	for _, r := range t.instances.All(t.tx, t.sc) {
		if r.Retention > 0 {
			out = append(out, t.backupOf(r))
		}
	}
	for _, b := range t.backups.All(t.tx, t.sc) {
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b *backupRecord) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (b *backupRecord) status() string {
	if b.Ends.IsZero() {
		return "active"
	}
	return "retained"
}

func (t *txn) renderBackup(b *backupRecord) *DBInstanceAutomatedBackup {
	out := &DBInstanceAutomatedBackup{
		DBInstanceArn: new(instanceARN(t.sc, b.InstanceID)), DbiResourceId: &b.ResourceID, Region: &t.sc.Region, DBInstanceIdentifier: &b.InstanceID,
		RestoreWindow: &RestoreWindow{EarliestTime: &b.Earliest, LatestTime: &b.Latest}, AllocatedStorage: &b.Storage.Size, Status: new(b.status()),
		Port: &b.Port, AvailabilityZone: &b.Zone, VpcId: &b.VPC, InstanceCreateTime: &b.Created, MasterUsername: &b.Username, Engine: &b.Engine,
		EngineVersion: &b.Version, LicenseModel: &b.License, StorageThroughput: &b.Storage.Throughput, OptionGroupName: &b.OptionGroup, Encrypted: &b.Encrypted,
		StorageType: &b.Storage.Type, KmsKeyId: given(b.KmsKey), IAMDatabaseAuthenticationEnabled: &b.IAMAuth, BackupRetentionPeriod: &b.Retention,
		PreferredBackupWindow: &b.BackupWindow, DBInstanceAutomatedBackupsArn: new(arn(t.sc, "auto-backup", b.ID)), BackupTarget: new("region"),
		MultiTenant: new(false), DedicatedLogVolume: new(false), TagList: t.tagList(arn(t.sc, "auto-backup", b.ID)),
	}
	if b.Storage.IOPS > 0 {
		out.Iops = &b.Storage.IOPS
	}
	return out
}

// DescribeDBInstanceAutomatedBackups lists automated backups.
func (s *Service) DescribeDBInstanceAutomatedBackups(ctx context.Context, in *DescribeDBInstanceAutomatedBackupsInput) (*DescribeDBInstanceAutomatedBackupsOutput, error) {
	size, err := pageSize(in.MaxRecords, 100)
	if err != nil {
		return nil, err
	}
	out := &DescribeDBInstanceAutomatedBackupsOutput{DBInstanceAutomatedBackups: []DBInstanceAutomatedBackup{}}
	return out, s.view(ctx, func(t *txn) error {
		pass, err := filtered(in.Filters, map[string]func(*backupRecord) []string{
			"status":          func(b *backupRecord) []string { return []string{b.status()} },
			"db-instance-id":  func(b *backupRecord) []string { return []string{b.InstanceID, instanceARN(t.sc, b.InstanceID)} },
			"dbi-resource-id": func(b *backupRecord) []string { return []string{b.ResourceID} },
		})
		if err != nil {
			return err
		}
		of, err := nameIn(t.sc, "db", text(in.DBInstanceIdentifier))
		if err != nil {
			return err
		}
		all := slices.DeleteFunc(t.allBackups(), func(b *backupRecord) bool {
			return !pass(b) || of != "" && b.InstanceID != of || text(in.DbiResourceId) != "" && b.ResourceID != *in.DbiResourceId ||
				text(in.DBInstanceAutomatedBackupsArn) != "" && arn(t.sc, "auto-backup", b.ID) != *in.DBInstanceAutomatedBackupsArn
		})
		if len(all) == 0 && text(in.DbiResourceId)+text(in.DBInstanceAutomatedBackupsArn) != "" {
			return wire.Errorf("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackup %s not found.", text(in.DbiResourceId)+text(in.DBInstanceAutomatedBackupsArn))
		}
		page, next, err := pageOfSlice(all, size, in.Marker)
		for _, b := range page {
			out.DBInstanceAutomatedBackups = append(out.DBInstanceAutomatedBackups, *t.renderBackup(b))
		}
		out.Marker = next
		return err
	})
}

// DeleteDBInstanceAutomatedBackup deletes the backups that outlive an instance.
func (s *Service) DeleteDBInstanceAutomatedBackup(ctx context.Context, in *DeleteDBInstanceAutomatedBackupInput) (*DeleteDBInstanceAutomatedBackupOutput, error) {
	if (text(in.DbiResourceId) == "") == (text(in.DBInstanceAutomatedBackupsArn) == "") {
		return nil, conflict("Specify either DbiResourceId or DBInstanceAutomatedBackupsArn.")
	}
	out := &DeleteDBInstanceAutomatedBackupOutput{}
	return out, s.update(ctx, func(t *txn) error {
		for _, b := range t.allBackups() {
			if b.ResourceID != text(in.DbiResourceId) && arn(t.sc, "auto-backup", b.ID) != text(in.DBInstanceAutomatedBackupsArn) {
				continue
			}
			if b.Ends.IsZero() {
				return wire.Errorf("InvalidDBInstanceAutomatedBackupState", "The automated backup of the DB instance %s is active. Only retained backups can be deleted.", b.InstanceID)
			}
			out.DBInstanceAutomatedBackup = t.renderBackup(b)
			out.DBInstanceAutomatedBackup.Status = new("deleting")
			t.dropBackup(b)
			return nil
		}
		return wire.Errorf("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackup %s not found.", text(in.DbiResourceId)+text(in.DBInstanceAutomatedBackupsArn))
	})
}

// dropBackup deletes a retained backup with its snapshots.
func (t *txn) dropBackup(b *backupRecord) {
	t.dropAutomated(&instanceRecord{database: database{ResourceID: b.ResourceID}})
	t.backups.Delete(t.tx, t.sc, b.ResourceID)
	t.sweep()
}
