package rds

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	manual    = "manual"
	automated = "automated"
)

type snapshotRecord struct {
	database
	ID, InstanceID string
	Type           string // manual or automated
	Class          string `json:",omitempty"` // of the instance
	Taken          time.Time
	Original       time.Time // when the snapshot was taken that this one is a copy of
	Copied         string    // ARN of the snapshot that this one is a copy of
	Shares         []string  // accounts that may restore it, or "all"
	State          string    `json:",omitempty"` // creating or failed; empty: available
	Data           string    `json:",omitempty"` // name of the copied data; empty where no server ran
}

const (
	snapshotCreating = "creating"
	snapshotFailed   = "failed"
)

// statusBackingUp is that of an instance while a snapshot is taken that a call asked for.
const statusBackingUp = "backing-up"

func (r *snapshotRecord) status() string {
	if r.State != "" {
		return r.State
	}
	return "available"
}

func (t *txn) snapshot(identifier string) (*snapshotRecord, error) {
	id, err := nameIn(t.sc, "snapshot", identifier)
	if err != nil {
		return nil, err
	}
	r, ok := t.snapshots.Get(t.tx, t.sc, id)
	if !ok {
		return nil, wire.Errorf("DBSnapshotNotFound", "DBSnapshot %s not found.", id)
	}
	return r, nil
}

// newSnapshotID checks the name of a new manual snapshot.
func (t *txn) newSnapshotID(name, member string) (string, error) {
	id, err := identifier(name, member, 255)
	if err != nil {
		return "", err
	}
	if _, exists := t.snapshots.Get(t.tx, t.sc, id); exists {
		return "", wire.Errorf("DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier %s already exists.", id)
	}
	return id, nil
}

// snapshotOf takes a manual snapshot of an instance.
func (t *txn) snapshotOf(r *instanceRecord, name string, tags map[string]string) (*snapshotRecord, error) {
	id, err := t.newSnapshotID(name, "DBSnapshotIdentifier")
	if err != nil {
		return nil, err
	}
	s := t.take(r, id, manual, t.now)
	if r.Server != nil && r.Server.Status == "" && r.Stopped.IsZero() {
		t.follow(r, statusBackingUp)
		t.putInstance(r)
	}
	if r.CopyTags && len(tags) == 0 {
		tags = state.Tags(t.tx, instanceARN(t.sc, r.ID))
	}
	t.tagSnapshot(id, tags)
	t.happened("db-snapshot", id, arn(t.sc, "snapshot", id), "RDS-EVENT-0042", "creation", "Manual snapshot created")
	return s, nil
}

// tagSnapshot gives a snapshot tags, but for those that belong to AWS.
func (t *txn) tagSnapshot(id string, tags map[string]string) {
	own := maps.Clone(tags)
	maps.DeleteFunc(own, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") })
	state.SetTags(t.tx, arn(t.sc, "snapshot", id), own)
}

func (t *txn) take(r *instanceRecord, id, kind string, at time.Time) *snapshotRecord {
	s := &snapshotRecord{database: r.database, ID: id, InstanceID: r.ID, Class: r.Class, Type: kind, Taken: at, Original: at}
	if r.Server != nil {
		s.State, s.Data = snapshotCreating, "snap-"+t.d.IDs.Hex(17)
		key := serverKey{t.sc, r.ResourceID}
		t.tx.AfterCommit(func() { t.keeper.kick(key) })
	}
	t.snapshots.Put(t.tx, t.sc, id, s)
	return s
}

// CreateDBSnapshot takes a snapshot.
func (s *Service) CreateDBSnapshot(ctx context.Context, in *CreateDBSnapshotInput) (*CreateDBSnapshotOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &CreateDBSnapshotOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.running(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		taken, err := t.snapshotOf(r, *in.DBSnapshotIdentifier, tags)
		if err != nil {
			return err
		}
		out.DBSnapshot = t.renderSnapshot(taken)
		return nil
	})
}

// DeleteDBSnapshot deletes a manual snapshot.
func (s *Service) DeleteDBSnapshot(ctx context.Context, in *DeleteDBSnapshotInput) (*DeleteDBSnapshotOutput, error) {
	out := &DeleteDBSnapshotOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.snapshot(*in.DBSnapshotIdentifier)
		if err != nil {
			return err
		}
		if r.Type != manual {
			return wire.Errorf("InvalidDBSnapshotState", "The snapshot %s is an automated one. RDS deletes it with the instance or when its retention ends.", r.ID)
		}
		out.DBSnapshot = t.renderSnapshot(r)
		out.DBSnapshot.Status = new("deleted")
		t.sweep()
		t.snapshots.Delete(t.tx, t.sc, r.ID)
		t.happened("db-snapshot", r.ID, arn(t.sc, "snapshot", r.ID), "RDS-EVENT-0041", "deletion", "DB snapshot deleted")
		return nil
	})
}

// ModifyDBSnapshot upgrades a snapshot's engine version.
func (s *Service) ModifyDBSnapshot(ctx context.Context, in *ModifyDBSnapshotInput) (*ModifyDBSnapshotOutput, error) {
	out := &ModifyDBSnapshotOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.snapshot(*in.DBSnapshotIdentifier)
		if err != nil {
			return err
		}
		e, _ := findEngine(r.Engine)
		v := e.version(r.Version)
		if asked := text(in.EngineVersion); asked != "" {
			if v, err = e.upgrade(r.Version, asked, true); err != nil {
				return err
			}
		}
		if r.OptionGroup, err = t.optionGroupOf(in.OptionGroupName, r.OptionGroup, e, v); err != nil {
			return err
		}
		r.Version = v.number
		t.snapshots.Put(t.tx, t.sc, r.ID, r)
		out.DBSnapshot = t.renderSnapshot(r)
		return nil
	})
}

// DescribeDBSnapshots lists snapshots. Those that other accounts share are none: restoring them is not implemented.
func (s *Service) DescribeDBSnapshots(ctx context.Context, in *DescribeDBSnapshotsInput) (*DescribeDBSnapshotsOutput, error) {
	kind := text(in.SnapshotType)
	if !slices.Contains([]string{"", manual, automated, "shared", "public", "awsbackup"}, kind) {
		return nil, invalid("Invalid snapshot type: %s", kind)
	}
	out := &DescribeDBSnapshotsOutput{DBSnapshots: []DBSnapshot{}}
	return out, s.view(ctx, func(t *txn) error {
		if id := text(in.DBSnapshotIdentifier); id != "" {
			if _, err := t.snapshot(id); err != nil {
				return err
			}
		}
		id, err := nameIn(t.sc, "snapshot", text(in.DBSnapshotIdentifier))
		if err != nil {
			return err
		}
		of, err := nameIn(t.sc, "db", text(in.DBInstanceIdentifier))
		if err != nil {
			return err
		}
		found, next, err := pageOf(t, t.snapshots, list{in.MaxRecords, in.Marker, in.Filters}, map[string]func(*snapshotRecord) []string{
			"db-instance-id":  func(r *snapshotRecord) []string { return []string{r.InstanceID, instanceARN(t.sc, r.InstanceID)} },
			"db-snapshot-id":  func(r *snapshotRecord) []string { return []string{r.ID} },
			"dbi-resource-id": func(r *snapshotRecord) []string { return []string{r.ResourceID} },
			"snapshot-type":   func(r *snapshotRecord) []string { return []string{r.Type} },
			"engine":          func(r *snapshotRecord) []string { return []string{r.Engine} },
		}, func(r *snapshotRecord) bool {
			return (id == "" || r.ID == id) && (of == "" || r.InstanceID == of) && (text(in.DbiResourceId) == "" || r.ResourceID == *in.DbiResourceId) &&
				(kind == "" || kind == r.Type || kind == "public" && slices.Contains(r.Shares, "all"))
		})
		if err != nil {
			return err
		}
		for _, r := range found {
			out.DBSnapshots = append(out.DBSnapshots, *t.renderSnapshot(r))
		}
		out.Marker = next
		return nil
	})
}

func (t *txn) renderSnapshot(r *snapshotRecord) *DBSnapshot {
	out := &DBSnapshot{
		DBSnapshotIdentifier: &r.ID, DBInstanceIdentifier: &r.InstanceID, SnapshotCreateTime: &r.Taken, Engine: &r.Engine, AllocatedStorage: &r.Storage.Size,
		Status: new(r.status()), Port: &r.Port, AvailabilityZone: given(r.Zone), VpcId: &r.VPC, InstanceCreateTime: &r.Created, MasterUsername: &r.Username,
		EngineVersion: &r.Version, LicenseModel: &r.License, SnapshotType: &r.Type, StorageThroughput: &r.Storage.Throughput, OptionGroupName: &r.OptionGroup,
		PercentProgress: new(int64(100)), SourceDBSnapshotIdentifier: given(r.Copied), StorageType: &r.Storage.Type, Encrypted: &r.Encrypted,
		BackupRetentionPeriod: &r.Retention, PreferredBackupWindow: &r.BackupWindow, KmsKeyId: given(r.KmsKey), DBSnapshotArn: new(arn(t.sc, "snapshot", r.ID)),
		IAMDatabaseAuthenticationEnabled: &r.IAMAuth, ProcessorFeatures: []ProcessorFeature{}, DbiResourceId: &r.ResourceID,
		TagList: t.tagList(arn(t.sc, "snapshot", r.ID)), SnapshotTarget: new("region"), OriginalSnapshotCreateTime: &r.Original, SnapshotDatabaseTime: &r.Taken,
		MultiTenant: new(false), DedicatedLogVolume: new(false), StorageEncryptionType: new("none"),
	}
	if r.Encrypted {
		out.StorageEncryptionType = new("sse-kms")
	}
	if r.State == snapshotCreating {
		out.PercentProgress = new(int64(0))
	}
	if r.Copied != "" {
		out.SourceRegion = &t.sc.Region
	}
	if r.Storage.IOPS > 0 {
		out.Iops = &r.Storage.IOPS
	}
	return out
}
