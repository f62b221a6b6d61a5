package rds_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"atoll/internal/cloud/cloudtest"
)

func TestSnapshots(t *testing.T) {
	c := start(t, cloudtest.Durable())
	source := c.create("a", func(in *rds.CreateDBInstanceInput) { in.DBName, in.Port = aws.String("app"), aws.Int32(6000) })
	create := &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("a"), DBSnapshotIdentifier: aws.String("S1"), Tags: tag("k", "v")}
	s := must(c.CreateDBSnapshot(c.ctx, create))(t).DBSnapshot
	if *s.DBSnapshotIdentifier != "s1" || *s.Status != "available" || *s.DBSnapshotArn != arnPrefix+"snapshot:s1" || *s.SnapshotType != "manual" || *s.PercentProgress != 100 ||
		*s.Port != 6000 || *s.VpcId != *source.DBSubnetGroup.VpcId || *s.DbiResourceId != *source.DbiResourceId || len(s.TagList) != 1 {
		t.Errorf("got %+v", s)
	}
	_, err := c.CreateDBSnapshot(c.ctx, create)
	refused(t, err, "DBSnapshotAlreadyExists")
	share := func(add, remove []string) []string {
		out := must(c.ModifyDBSnapshotAttribute(c.ctx, &rds.ModifyDBSnapshotAttributeInput{DBSnapshotIdentifier: aws.String("s1"), AttributeName: aws.String("restore"),
			ValuesToAdd: add, ValuesToRemove: remove}))(t)
		return out.DBSnapshotAttributesResult.DBSnapshotAttributes[0].AttributeValues
	}
	share([]string{"222222222222", "all"}, nil)
	if got := share(nil, []string{"all"}); !slices.Equal(got, []string{"222222222222"}) {
		t.Errorf("shared with %v", got)
	}
	dup := must(c.CopyDBSnapshot(c.ctx, &rds.CopyDBSnapshotInput{SourceDBSnapshotIdentifier: s.DBSnapshotArn, TargetDBSnapshotIdentifier: aws.String("s2"), CopyTags: aws.Bool(true),
		KmsKeyId: aws.String("alias/aws/rds")}))(t).DBSnapshot
	if *dup.SourceDBSnapshotIdentifier != *s.DBSnapshotArn || !*dup.Encrypted || len(dup.TagList) != 1 {
		t.Errorf("got %+v", dup)
	}
	c.delete("a")
	c.cloud.Restart()
	back := must(c.RestoreDBInstanceFromDBSnapshot(c.ctx, &rds.RestoreDBInstanceFromDBSnapshotInput{DBInstanceIdentifier: aws.String("b"), DBSnapshotIdentifier: aws.String("s2"),
		DBInstanceClass: aws.String("db.t4g.small"), PubliclyAccessible: aws.Bool(false)}))(t).DBInstance
	if *back.DBName != "app" || *back.Endpoint.Port != 6000 || *back.MasterUsername != "app" || *back.EngineVersion != *source.EngineVersion || !*back.StorageEncrypted ||
		*back.DbiResourceId == *source.DbiResourceId || len(back.TagList) != 1 || *back.PreferredMaintenanceWindow != *source.PreferredMaintenanceWindow {
		t.Errorf("got %+v", back)
	}
	must(c.DeleteDBSnapshot(c.ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("s1")}))(t)
	_, err = c.DescribeDBSnapshots(c.ctx, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String("s1")})
	refused(t, err, "DBSnapshotNotFound", "DBSnapshot s1 not found.")
	_, err = c.RestoreDBInstanceFromDBSnapshot(c.ctx, &rds.RestoreDBInstanceFromDBSnapshotInput{DBInstanceIdentifier: aws.String("c"), DBSnapshotIdentifier: aws.String("s1")})
	refused(t, err, "DBSnapshotNotFound")
}

func TestAutomatedBackups(t *testing.T) {
	c := start(t)
	made := c.create("a", func(in *rds.CreateDBInstanceInput) { in.BackupRetentionPeriod = aws.Int32(2) })
	first := c.snapshots("a", "automated")
	if len(first) != 1 || !strings.HasPrefix(*first[0].DBSnapshotIdentifier, "rds:a-20") || made.LatestRestorableTime == nil {
		t.Fatalf("got %+v", first)
	}
	_, err := c.DeleteDBSnapshot(c.ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: first[0].DBSnapshotIdentifier})
	refused(t, err, "InvalidDBSnapshotState")
	c.cloud.Clock.Advance(5 * 24 * time.Hour)
	if s := c.snapshots("a", "automated"); len(s) < 2 || len(s) > 3 || *s[0].DBSnapshotIdentifier == *first[0].DBSnapshotIdentifier ||
		s[0].SnapshotCreateTime.Hour() != 3 || s[0].SnapshotCreateTime.Minute() != 0 {
		t.Errorf("after five days: %+v", s)
	}
	restore := func(id string, change func(in *rds.RestoreDBInstanceToPointInTimeInput)) (*types.DBInstance, error) {
		in := &rds.RestoreDBInstanceToPointInTimeInput{TargetDBInstanceIdentifier: &id, PubliclyAccessible: aws.Bool(false), SourceDBInstanceIdentifier: aws.String("a")}
		change(in)
		out, err := c.RestoreDBInstanceToPointInTime(c.ctx, in)
		if err != nil {
			return nil, err
		}
		return out.DBInstance, nil
	}
	back := must(restore("b", func(in *rds.RestoreDBInstanceToPointInTimeInput) { in.UseLatestRestorableTime = aws.Bool(true) }))(t)
	if *back.DBInstanceClass != *made.DBInstanceClass || *back.BackupRetentionPeriod != 2 || *back.MasterUsername != "app" {
		t.Errorf("got %+v", back)
	}
	_, err = restore("c", func(in *rds.RestoreDBInstanceToPointInTimeInput) {})
	refused(t, err, "InvalidParameterCombination", "RestoreTime")
	_, err = restore("c", func(in *rds.RestoreDBInstanceToPointInTimeInput) {
		in.RestoreTime = aws.Time(c.cloud.Clock.Now().Add(-72 * time.Hour))
	})
	refused(t, err, "InvalidParameterValue", "restore window")
	must(restore("c", func(in *rds.RestoreDBInstanceToPointInTimeInput) {
		in.SourceDBInstanceIdentifier, in.SourceDbiResourceId, in.RestoreTime = nil, made.DbiResourceId, aws.Time(c.cloud.Clock.Now().Add(-24*time.Hour))
	}))(t)
	c.create("none")
	_, err = restore("d", func(in *rds.RestoreDBInstanceToPointInTimeInput) {
		in.SourceDBInstanceIdentifier, in.UseLatestRestorableTime = aws.String("none"), aws.Bool(true)
	})
	refused(t, err, "PointInTimeRestoreNotEnabled")
	off := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.BackupRetentionPeriod, in.ApplyImmediately = aws.Int32(0), aws.Bool(true)
	}))(t)
	if off.LatestRestorableTime != nil || len(c.snapshots("a", "automated")) != 0 {
		t.Error("backups are left")
	}
}

func TestReplicas(t *testing.T) {
	c := start(t)
	replica := func(id, source string) (*types.DBInstance, error) {
		out, err := c.CreateDBInstanceReadReplica(c.ctx, &rds.CreateDBInstanceReadReplicaInput{DBInstanceIdentifier: &id, SourceDBInstanceIdentifier: &source})
		if err != nil {
			return nil, err
		}
		return out.DBInstance, nil
	}
	c.create("a")
	_, err := replica("r", "a")
	refused(t, err, "InvalidDBInstanceState", "Automated backups are not enabled")
	must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.BackupRetentionPeriod, in.ApplyImmediately = aws.Int32(1), aws.Bool(true)
	}))(t)
	r := must(replica("r", arnPrefix+"db:a"))(t)
	if *r.ReadReplicaSourceDBInstanceIdentifier != "a" || *r.BackupRetentionPeriod != 0 || *r.MasterUsername != "app" || *r.DBInstanceClass != "db.t4g.micro" ||
		*r.StatusInfos[0].Status != "replicating" {
		t.Errorf("got %+v", r)
	}
	must(replica("q", "a"))(t)
	if got := c.instance("a").ReadReplicaDBInstanceIdentifiers; !slices.Equal(got, []string{"q", "r"}) {
		t.Errorf("got the replicas %v", got)
	}
	_, err = c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.BackupRetentionPeriod = aws.Int32(0) })
	refused(t, err, "InvalidDBInstanceState", "read replicas")
	_, err = c.StopDBInstance(c.ctx, &rds.StopDBInstanceInput{DBInstanceIdentifier: aws.String("a")})
	refused(t, err, "InvalidDBInstanceState", "read replica")
	_, err = c.DeleteDBInstance(c.ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("r"), FinalDBSnapshotIdentifier: aws.String("x")})
	refused(t, err, "InvalidParameterCombination", "can not be specified when deleting a replica instance")
	must(c.PromoteReadReplica(c.ctx, &rds.PromoteReadReplicaInput{DBInstanceIdentifier: aws.String("r")}))(t)
	if p := c.instance("r"); p.ReadReplicaSourceDBInstanceIdentifier != nil || *p.BackupRetentionPeriod != 1 {
		t.Errorf("got %+v", p)
	}
	_, err = c.PromoteReadReplica(c.ctx, &rds.PromoteReadReplicaInput{DBInstanceIdentifier: aws.String("r")})
	refused(t, err, "InvalidDBInstanceState", "not a read replica")
	c.delete("a")
	if q := c.instance("q"); q.ReadReplicaSourceDBInstanceIdentifier != nil {
		t.Error("the replica still follows the deleted source")
	}
}
