package rds_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"atoll/internal/cloud/cloudtest"
)

func TestPendingChanges(t *testing.T) {
	c := start(t, cloudtest.Durable())
	c.create("a")
	later := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.DBInstanceClass, in.AllocatedStorage, in.BackupRetentionPeriod = aws.String("db.m7g.large"), aws.Int32(100), aws.Int32(3)
		in.CopyTagsToSnapshot, in.DBPortNumber = aws.Bool(true), aws.Int32(6000)
	}))(t)
	p := later.PendingModifiedValues
	if *later.DBInstanceClass != "db.t4g.micro" || *p.DBInstanceClass != "db.m7g.large" || *p.AllocatedStorage != 100 || *p.BackupRetentionPeriod != 3 || p.StorageType != nil {
		t.Errorf("got %+v", p)
	}
	if !*later.CopyTagsToSnapshot || *later.Endpoint.Port != 6000 {
		t.Errorf("did not change at once: %+v", later)
	}
	back := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.DBInstanceClass = aws.String("db.t4g.micro") }))(t)
	if back.PendingModifiedValues.DBInstanceClass != nil || *back.PendingModifiedValues.AllocatedStorage != 100 {
		t.Errorf("got %+v", back.PendingModifiedValues)
	}
	must(c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.DBInstanceClass = aws.String("db.m7g.large") }))(t)
	c.cloud.Restart()
	c.cloud.Clock.Advance(7 * 24 * time.Hour)
	now := c.instance("a")
	if *now.DBInstanceClass != "db.m7g.large" || *now.AllocatedStorage != 100 || *now.BackupRetentionPeriod != 3 || now.PendingModifiedValues.DBInstanceClass != nil {
		t.Errorf("after the maintenance window: %+v", now)
	}
	if e := c.events("a"); !slices.Contains(e, "Finished applying modification to DB instance class") {
		t.Errorf("got the events %q", e)
	}
	at := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.DBInstanceClass, in.ApplyImmediately = aws.String("db.t4g.small"), aws.Bool(true)
	}))(t)
	if *at.DBInstanceClass != "db.t4g.small" {
		t.Errorf("got %s", *at.DBInstanceClass)
	}
	_, err := c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.ApplyImmediately = aws.Bool(true) })
	refused(t, err, "InvalidParameterCombination", "No modifications were requested")
}

func TestRename(t *testing.T) {
	c := start(t)
	c.create("a", func(in *rds.CreateDBInstanceInput) { in.Tags, in.BackupRetentionPeriod = tag("k", "v"), aws.Int32(1) })
	c.create("b")
	must(c.CreateDBInstanceReadReplica(c.ctx, &rds.CreateDBInstanceReadReplicaInput{DBInstanceIdentifier: aws.String("r"), SourceDBInstanceIdentifier: aws.String("a")}))(t)
	_, err := c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.NewDBInstanceIdentifier = aws.String("b") })
	refused(t, err, "DBInstanceAlreadyExists")
	later := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.NewDBInstanceIdentifier = aws.String("New") }))(t)
	if *later.DBInstanceIdentifier != "a" || *later.PendingModifiedValues.DBInstanceIdentifier != "new" {
		t.Errorf("got %+v", later)
	}
	now := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.ApplyImmediately, in.CopyTagsToSnapshot = aws.Bool(true), aws.Bool(true)
	}))(t)
	if *now.DBInstanceIdentifier != "new" || !strings.HasPrefix(*now.Endpoint.Address, "new.") || len(now.TagList) != 1 || *now.DbiResourceId != *later.DbiResourceId {
		t.Errorf("got %+v", now)
	}
	if r := c.instance("r"); *r.ReadReplicaSourceDBInstanceIdentifier != "new" {
		t.Errorf("the replica follows %s", *r.ReadReplicaSourceDBInstanceIdentifier)
	}
	_, err = c.DescribeDBInstances(c.ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("a")})
	refused(t, err, "DBInstanceNotFound")
}

func TestUpgrade(t *testing.T) {
	c := start(t)
	c.create("a", func(in *rds.CreateDBInstanceInput) { in.EngineVersion = aws.String("15.12") })
	to := func(version string, major bool, change ...func(in *rds.ModifyDBInstanceInput)) (*types.DBInstance, error) {
		return c.modify("a", func(in *rds.ModifyDBInstanceInput) {
			in.EngineVersion, in.AllowMajorVersionUpgrade, in.ApplyImmediately = &version, &major, aws.Bool(true)
			for _, f := range change {
				f(in)
			}
		})
	}
	_, err := to("14.20", true)
	refused(t, err, "InvalidParameterCombination", "Cannot upgrade postgres from 15.12 to 14.20")
	_, err = to("16.3", true) // older than 15.12
	refused(t, err, "InvalidParameterCombination", "Cannot upgrade postgres from 15.12 to 16.3")
	_, err = to("16", false)
	refused(t, err, "InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present")
	if i := must(to("15", false))(t); *i.EngineVersion != "15.14" {
		t.Errorf("got %s", *i.EngineVersion)
	}
	must(c.CreateDBParameterGroup(c.ctx, &rds.CreateDBParameterGroupInput{DBParameterGroupName: aws.String("p15"), DBParameterGroupFamily: aws.String("postgres15"), Description: aws.String("x")}))(t)
	must(c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.DBParameterGroupName = aws.String("p15") }))(t)
	_, err = to("17", true)
	refused(t, err, "InvalidParameterCombination", "DBParameterGroupFamily postgres17")
	i := must(to("17", true, func(in *rds.ModifyDBInstanceInput) { in.DBParameterGroupName = aws.String("default.postgres17") }))(t)
	if *i.EngineVersion != "17.6" || *i.DBParameterGroups[0].DBParameterGroupName != "default.postgres17" || *i.OptionGroupMemberships[0].OptionGroupName != "default:postgres-17" {
		t.Errorf("got %+v", i)
	}
}

func TestSettingsOfMonitoring(t *testing.T) {
	c := start(t)
	role := c.role("monitor", "monitoring.rds.amazonaws.com")
	made := c.create("a", func(in *rds.CreateDBInstanceInput) {
		in.MonitoringInterval, in.MonitoringRoleArn, in.EnablePerformanceInsights = aws.Int32(30), &role, aws.Bool(true)
		in.EnableCloudwatchLogsExports = []string{"postgresql"}
	})
	if *made.MonitoringInterval != 30 || *made.MonitoringRoleArn != role || made.EnhancedMonitoringResourceArn == nil || *made.PerformanceInsightsRetentionPeriod != 7 ||
		made.PerformanceInsightsKMSKeyId == nil || !slices.Equal(made.EnabledCloudwatchLogsExports, []string{"postgresql"}) {
		t.Errorf("got %+v", made)
	}
	must(c.iam.DeleteRole(c.ctx, &iam.DeleteRoleInput{RoleName: aws.String("monitor")}))(t)
	off := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.MonitoringInterval, in.EnablePerformanceInsights = aws.Int32(0), aws.Bool(false)
		in.CloudwatchLogsExportConfiguration = &types.CloudwatchLogsExportConfiguration{EnableLogTypes: []string{"upgrade"}, DisableLogTypes: []string{"postgresql"}}
	}))(t)
	if *off.MonitoringInterval != 0 || off.MonitoringRoleArn != nil || *off.PerformanceInsightsEnabled || off.PerformanceInsightsKMSKeyId != nil ||
		!slices.Equal(off.EnabledCloudwatchLogsExports, []string{"upgrade"}) {
		t.Errorf("got %+v", off)
	}
	feature := c.role("import", "rds.amazonaws.com")
	add := &rds.AddRoleToDBInstanceInput{DBInstanceIdentifier: aws.String("a"), RoleArn: &feature, FeatureName: aws.String("s3Import")}
	must(c.AddRoleToDBInstance(c.ctx, add))(t)
	_, err := c.AddRoleToDBInstance(c.ctx, add)
	refused(t, err, "DBInstanceRoleAlreadyExists")
	_, err = c.AddRoleToDBInstance(c.ctx, &rds.AddRoleToDBInstanceInput{DBInstanceIdentifier: aws.String("a"), RoleArn: &feature, FeatureName: aws.String("S3_INTEGRATION")})
	refused(t, err, "InvalidParameterValue", "feature-name")
	if r := c.instance("a").AssociatedRoles; len(r) != 1 || *r[0].Status != "ACTIVE" {
		t.Errorf("got %+v", r)
	}
	remove := &rds.RemoveRoleFromDBInstanceInput{DBInstanceIdentifier: aws.String("a"), RoleArn: &feature, FeatureName: aws.String("s3Import")}
	must(c.RemoveRoleFromDBInstance(c.ctx, remove))(t)
	_, err = c.RemoveRoleFromDBInstance(c.ctx, remove)
	refused(t, err, "DBInstanceRoleNotFound")
}

func TestStop(t *testing.T) {
	c := start(t)
	c.create("a")
	must(c.StopDBInstance(c.ctx, &rds.StopDBInstanceInput{DBInstanceIdentifier: aws.String("a"), DBSnapshotIdentifier: aws.String("stop")}))(t)
	if i := c.instance("a"); *i.DBInstanceStatus != "stopped" || i.AutomaticRestartTime == nil || len(c.snapshots("a", "manual")) != 1 {
		t.Errorf("got %+v", i)
	}
	_, err := c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.DeletionProtection = aws.Bool(true) })
	refused(t, err, "InvalidDBInstanceState", "can't modify a stopped DB instance")
	_, err = c.RebootDBInstance(c.ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("a")})
	refused(t, err, "InvalidDBInstanceState", "Instance a is not in available state.")
	must(c.StartDBInstance(c.ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: aws.String("a")}))(t)
	_, err = c.StartDBInstance(c.ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: aws.String("a")})
	refused(t, err, "InvalidDBInstanceState")
	must(c.StopDBInstance(c.ctx, &rds.StopDBInstanceInput{DBInstanceIdentifier: aws.String("a")}))(t)
	c.cloud.Clock.Advance(7*24*time.Hour + time.Minute)
	if i := c.instance("a"); *i.DBInstanceStatus != "available" {
		t.Errorf("after seven days it is %s", *i.DBInstanceStatus)
	}
}
