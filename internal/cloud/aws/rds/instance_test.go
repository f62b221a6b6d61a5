package rds_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"atoll/internal/cloud/cloudtest"
)

func TestInstanceLifeCycle(t *testing.T) {
	c := start(t, cloudtest.Durable())
	made := c.create("Web", func(in *rds.CreateDBInstanceInput) { in.Tags = tag("team", "a"); in.DBName = aws.String("app") })
	check := func(i *types.DBInstance) {
		t.Helper()
		if *i.DBInstanceIdentifier != "web" || *i.DBInstanceStatus != "available" || *i.DBInstanceArn != arnPrefix+"db:web" || *i.EngineVersion != "17.6" ||
			*i.DBName != "app" || *i.StorageType != "gp2" || i.Iops != nil || *i.StorageThroughput != 0 || *i.BackupRetentionPeriod != 0 ||
			*i.LicenseModel != "postgresql-license" || *i.CACertificateIdentifier != "rds-ca-rsa2048-g1" || *i.NetworkType != "IPV4" || i.KmsKeyId != nil ||
			*i.DBSubnetGroup.DBSubnetGroupName != "default" || *i.OptionGroupMemberships[0].OptionGroupName != "default:postgres-17" ||
			*i.DBParameterGroups[0].DBParameterGroupName != "default.postgres17" || *i.DBParameterGroups[0].ParameterApplyStatus != "in-sync" ||
			!*i.AutoMinorVersionUpgrade || i.LatestRestorableTime != nil || len(i.VpcSecurityGroups) != 1 || *i.TagList[0].Value != "a" ||
			i.PendingModifiedValues == nil || i.DatabaseInsightsMode != "standard" || !strings.HasPrefix(*i.DbiResourceId, "db-") {
			t.Errorf("got %+v", i)
		}
		if e := i.Endpoint; *e.Port != 5432 || *e.HostedZoneId != "Z2R2ITUGPM61AM" || !strings.HasPrefix(*e.Address, "web.") ||
			!strings.HasSuffix(*e.Address, ".us-east-1.rds.amazonaws.com") || len(*e.Address) != len("web.cabcdefghijk.us-east-1.rds.amazonaws.com") {
			t.Errorf("got %s", *e.Address)
		}
	}
	check(made)
	c.cloud.Restart()
	check(c.instance("WEB"))
	found := must(c.DescribeDBInstances(c.ctx, &rds.DescribeDBInstancesInput{Filters: []types.Filter{{Name: aws.String("dbi-resource-id"), Values: []string{*made.DbiResourceId}}}}))(t)
	if len(found.DBInstances) != 1 {
		t.Error("not found by its resource id")
	}
	if n := c.interfaces(); len(n) != 1 || *n[0].RequesterId != "amazon-rds" || *n[0].AvailabilityZone != *made.AvailabilityZone {
		t.Errorf("got %+v", n)
	}
	_, err := c.CreateDBInstance(c.ctx, input("web"))
	refused(t, err, "DBInstanceAlreadyExists")
	c.delete("web")
	_, err = c.DescribeDBInstances(c.ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("web")})
	refused(t, err, "DBInstanceNotFound", "DBInstance web not found.")
	if len(c.interfaces()) != 0 {
		t.Error("its network interface is still there")
	}
}

func TestInstanceChecks(t *testing.T) {
	c := start(t)
	type in = rds.CreateDBInstanceInput
	for name, check := range map[string]struct {
		change func(in *in)
		code   string
		words  string
	}{
		"identifier":      {func(in *in) { in.DBInstanceIdentifier = aws.String("a--b") }, "InvalidParameterValue", "is not a valid identifier"},
		"engine":          {func(in *in) { in.Engine = aws.String("mariadb") }, "NotImplementedByLocalCloud", "mariadb"},
		"no engine":       {func(in *in) { in.Engine = aws.String("dbase") }, "InvalidParameterValue", "Invalid DB engine"},
		"version":         {func(in *in) { in.EngineVersion = aws.String("16.99") }, "InvalidParameterCombination", "Cannot find version 16.99 for postgres"},
		"class":           {func(in *in) { in.DBInstanceClass = aws.String("db.t2.micro") }, "InvalidParameterCombination", "DBInstanceClass=db.t2.micro, Engine=postgres, EngineVersion=17.6, LicenseModel=postgresql-license"},
		"class's form":    {func(in *in) { in.DBInstanceClass = aws.String("t3.micro") }, "InvalidParameterValue", "Invalid DB Instance class: t3.micro"},
		"storage":         {func(in *in) { in.AllocatedStorage = aws.Int32(4) }, "InvalidParameterCombination", "Invalid storage size for engine name postgres and storage type gp2: 4"},
		"gp3 iops":        {func(in *in) { in.StorageType = aws.String("gp3"); in.Iops = aws.Int32(3000) }, "InvalidParameterCombination", "storage size less than 400"},
		"io1 size":        {func(in *in) { in.Iops = aws.Int32(1000) }, "InvalidParameterCombination", "storage type io1: 20"},
		"io1 ratio":       {func(in *in) { in.AllocatedStorage = aws.Int32(100); in.Iops = aws.Int32(6000) }, "InvalidParameterCombination", "ratio"},
		"growth":          {func(in *in) { in.MaxAllocatedStorage = aws.Int32(20) }, "InvalidParameterCombination", "Max storage size must be greater than storage size"},
		"user":            {func(in *in) { in.MasterUsername = aws.String("admin") }, "InvalidParameterValue", "reserved word"},
		"user's form":     {func(in *in) { in.MasterUsername = aws.String("1a") }, "InvalidParameterValue", "MasterUsername"},
		"short password":  {func(in *in) { in.MasterUserPassword = aws.String("short") }, "InvalidParameterValue", "because it is shorter than 8 characters"},
		"password":        {func(in *in) { in.MasterUserPassword = aws.String("with/slashes") }, "InvalidParameterValue", "Only printable ASCII"},
		"no password":     {func(in *in) { in.MasterUserPassword = nil }, "InvalidParameterValue", "MasterUserPassword"},
		"two passwords":   {func(in *in) { in.ManageMasterUserPassword = aws.Bool(true) }, "InvalidParameterCombination", "MasterUserPassword"},
		"database":        {func(in *in) { in.DBName = aws.String("a-b") }, "InvalidParameterValue", "DBName"},
		"retention":       {func(in *in) { in.BackupRetentionPeriod = aws.Int32(36) }, "InvalidParameterValue", "36"},
		"windows":         {func(in *in) { in.PreferredBackupWindow = aws.String("05:30-06:30") }, "InvalidParameterCombination", "must not overlap"},
		"window":          {func(in *in) { in.PreferredBackupWindow = aws.String("5-6") }, "InvalidParameterValue", "backup window"},
		"port":            {func(in *in) { in.Port = aws.Int32(80) }, "InvalidParameterValue", "1150"},
		"certificate":     {func(in *in) { in.CACertificateIdentifier = aws.String("rds-ca-2015") }, "CertificateNotFound", ""},
		"logs":            {func(in *in) { in.EnableCloudwatchLogsExports = []string{"audit"} }, "InvalidParameterCombination", "You cannot use the log types 'audit'"},
		"key":             {func(in *in) { in.KmsKeyId = aws.String("alias/none") }, "KMSKeyNotAccessibleFault", "alias/none"},
		"subnet group":    {func(in *in) { in.DBSubnetGroupName = aws.String("none") }, "DBSubnetGroupNotFoundFault", ""},
		"parameter group": {func(in *in) { in.DBParameterGroupName = aws.String("none") }, "DBParameterGroupNotFound", "DBParameterGroup not found: none"},
		"other family":    {func(in *in) { in.DBParameterGroupName = aws.String("default.postgres16") }, "InvalidParameterCombination", "DBParameterGroupFamily postgres17"},
		"option group":    {func(in *in) { in.OptionGroupName = aws.String("mine") }, "OptionGroupNotFoundFault", ""},
		"security group":  {func(in *in) { in.VpcSecurityGroupIds = []string{"sg-0"} }, "InvalidParameterValue", "Invalid security group"},
		"no role":         {func(in *in) { in.MonitoringInterval = aws.Int32(30) }, "InvalidParameterCombination", "A MonitoringRoleARN value is required"},
		"interval":        {func(in *in) { in.MonitoringInterval = aws.Int32(7) }, "InvalidParameterValue", "monitoring interval"},
		"insights":        {func(in *in) { in.DatabaseInsightsMode = "advanced" }, "InvalidParameterCombination", "Performance Insights"},
		"insights' days": {func(in *in) {
			in.EnablePerformanceInsights = aws.Bool(true)
			in.PerformanceInsightsRetentionPeriod = aws.Int32(8)
		}, "InvalidParameterValue", "retention period"},
		"zone of Multi-AZ": {func(in *in) { in.MultiAZ = aws.Bool(true); in.AvailabilityZone = aws.String("us-east-1a") }, "InvalidParameterCombination", "Multi-AZ"},
		"network":          {func(in *in) { in.NetworkType = aws.String("DUAL") }, "NetworkTypeNotSupported", ""},
		"license":          {func(in *in) { in.LicenseModel = aws.String("general-public-license") }, "InvalidParameterCombination", "license"},
		"tags":             {func(in *in) { in.Tags = tag("aws:x", "y") }, "InvalidParameterValue", "aws:"},
		"domain":           {func(in *in) { in.Domain = aws.String("d-1") }, "NotImplementedByLocalCloud", "Domain"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.CreateDBInstance(c.ctx, input("x", check.change))
			refused(t, err, check.code, check.words)
		})
	}
	role := c.role("other", "ecs.amazonaws.com")
	_, err := c.CreateDBInstance(c.ctx, input("x", func(in *in) { in.MonitoringInterval, in.MonitoringRoleArn = aws.Int32(30), &role }))
	refused(t, err, "InvalidParameterValue", "ENHANCED_MONITORING")
	if len(must(c.DescribeDBInstances(c.ctx, &rds.DescribeDBInstancesInput{}))(t).DBInstances) != 0 || len(c.interfaces()) != 0 {
		t.Error("a refused call left something")
	}
}

func TestStorage(t *testing.T) {
	c := start(t)
	made := c.create("a", func(in *rds.CreateDBInstanceInput) {
		in.StorageType, in.MaxAllocatedStorage, in.StorageEncrypted = aws.String("gp3"), aws.Int32(100), aws.Bool(true)
	})
	if *made.Iops != 3000 || *made.StorageThroughput != 125 || *made.MaxAllocatedStorage != 100 || !strings.Contains(*made.KmsKeyId, ":key/") {
		t.Errorf("got %+v", made)
	}
	grown := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.AllocatedStorage, in.MaxAllocatedStorage, in.ApplyImmediately = aws.Int32(400), aws.Int32(1000), aws.Bool(true)
	}))(t)
	if *grown.AllocatedStorage != 400 || *grown.Iops != 12000 || *grown.StorageThroughput != 500 || *grown.MaxAllocatedStorage != 1000 {
		t.Errorf("got %+v", grown)
	}
	small := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.AllocatedStorage, in.ApplyImmediately = aws.Int32(401), aws.Bool(true)
	}))(t)
	if *small.AllocatedStorage != 440 {
		t.Errorf("grew to %d GiB", *small.AllocatedStorage)
	}
	_, err := c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.AllocatedStorage = aws.Int32(100) })
	refused(t, err, "InvalidParameterValue", "can't be reduced")
	if off := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.MaxAllocatedStorage = aws.Int32(440) }))(t); off.MaxAllocatedStorage != nil {
		t.Errorf("still grows to %d", *off.MaxAllocatedStorage)
	}
}

func TestMultiAZ(t *testing.T) {
	c := start(t)
	vpc, subnets := c.subnets("a", "b")
	c.group("main", subnets)
	sg := *must(c.ec2.CreateSecurityGroup(c.ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("db"), Description: aws.String("db"), VpcId: &vpc}))(t).GroupId
	inMain := func(in *rds.CreateDBInstanceInput) { in.DBSubnetGroupName = aws.String("main") }
	_, err := c.CreateDBInstance(c.ctx, input("x", func(in *rds.CreateDBInstanceInput) { in.VpcSecurityGroupIds = []string{sg} }))
	refused(t, err, "InvalidParameterCombination", "different VPCs")
	_, err = c.CreateDBInstance(c.ctx, input("x", inMain, func(in *rds.CreateDBInstanceInput) { in.PubliclyAccessible = aws.Bool(true) }))
	refused(t, err, "InvalidVPCNetworkStateFault", "no internet gateway")
	made := c.create("a", inMain, func(in *rds.CreateDBInstanceInput) {
		in.MultiAZ, in.VpcSecurityGroupIds, in.PubliclyAccessible = aws.Bool(true), []string{sg}, nil
	})
	if *made.PubliclyAccessible || !*made.MultiAZ || *made.SecondaryAvailabilityZone == *made.AvailabilityZone || len(c.interfaces()) != 2 {
		t.Errorf("got %+v", made)
	}
	_, err = c.ec2.DeleteSecurityGroup(c.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &sg})
	refused(t, err, "DependencyViolation")
	over := must(c.RebootDBInstance(c.ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("a"), ForceFailover: aws.Bool(true)}))(t).DBInstance
	if *over.AvailabilityZone != *made.SecondaryAvailabilityZone || *over.SecondaryAvailabilityZone != *made.AvailabilityZone {
		t.Errorf("after the failover: %s and %s", *over.AvailabilityZone, *over.SecondaryAvailabilityZone)
	}
	single := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.MultiAZ, in.ApplyImmediately = aws.Bool(false), aws.Bool(true) }))(t)
	if *single.MultiAZ || single.SecondaryAvailabilityZone != nil || len(c.interfaces()) != 1 {
		t.Errorf("got %+v", single)
	}
	_, err = c.RebootDBInstance(c.ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("a"), ForceFailover: aws.Bool(true)})
	refused(t, err, "InvalidParameterCombination")
	_, err = c.DeleteDBSubnetGroup(c.ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: aws.String("main")})
	refused(t, err, "InvalidDBSubnetGroupStateFault")
	c.delete("a")
	must(c.DeleteDBSubnetGroup(c.ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: aws.String("main")}))(t)
}

func TestManagedPassword(t *testing.T) {
	c := start(t)
	made := c.create("a", func(in *rds.CreateDBInstanceInput) {
		in.MasterUserPassword, in.ManageMasterUserPassword = nil, aws.Bool(true)
	})
	secret := made.MasterUserSecret
	if secret == nil || *secret.SecretStatus != "active" || !strings.Contains(*secret.KmsKeyId, ":key/") || !strings.Contains(*secret.SecretArn, ":secret:rds!db-") {
		t.Fatalf("got %+v", secret)
	}
	value := func() string {
		return *must(c.secrets.GetSecretValue(c.ctx, &secretsmanager.GetSecretValueInput{SecretId: secret.SecretArn}))(t).SecretString
	}
	first := value()
	if !strings.HasPrefix(first, `{"username":"app","password":"`) {
		t.Errorf("got %s", first)
	}
	_, err := c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.MasterUserPassword = aws.String("something-else") })
	refused(t, err, "InvalidParameterCombination", "ManageMasterUserPassword")
	_, err = c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.RotateMasterUserPassword = aws.Bool(true) })
	refused(t, err, "InvalidParameterCombination", "immediately")
	must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.RotateMasterUserPassword, in.ApplyImmediately = aws.Bool(true), aws.Bool(true)
	}))(t)
	if value() == first {
		t.Error("the password was not rotated")
	}
	_, err = c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.ManageMasterUserPassword = aws.Bool(false) })
	refused(t, err, "InvalidParameterCombination", "MasterUserPassword must be provided")
	own := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.ManageMasterUserPassword, in.MasterUserPassword = aws.Bool(false), aws.String("something-else")
	}))(t)
	_, err = c.secrets.DescribeSecret(c.ctx, &secretsmanager.DescribeSecretInput{SecretId: secret.SecretArn})
	refused(t, err, "ResourceNotFoundException")
	if own.MasterUserSecret != nil {
		t.Errorf("got %+v", own.MasterUserSecret)
	}
	again := must(c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.ManageMasterUserPassword = aws.Bool(true) }))(t)
	c.delete("a")
	_, err = c.secrets.DescribeSecret(c.ctx, &secretsmanager.DescribeSecretInput{SecretId: again.MasterUserSecret.SecretArn})
	refused(t, err, "ResourceNotFoundException")
}

func TestDelete(t *testing.T) {
	c := start(t)
	c.create("a", func(in *rds.CreateDBInstanceInput) {
		in.DeletionProtection, in.BackupRetentionPeriod, in.CopyTagsToSnapshot, in.Tags = aws.Bool(true), aws.Int32(2), aws.Bool(true), tag("k", "v")
	})
	remove := func(skip *bool, final *string) error {
		_, err := c.DeleteDBInstance(c.ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("a"), SkipFinalSnapshot: skip, FinalDBSnapshotIdentifier: final,
			DeleteAutomatedBackups: aws.Bool(false)})
		return err
	}
	refused(t, remove(aws.Bool(true), nil), "InvalidParameterCombination", "disable deletion protection")
	must(c.modify("a", func(in *rds.ModifyDBInstanceInput) { in.DeletionProtection = aws.Bool(false) }))(t)
	refused(t, remove(nil, nil), "InvalidParameterCombination", "FinalDBSnapshotIdentifier is required")
	refused(t, remove(aws.Bool(true), aws.String("end")), "InvalidParameterCombination", "FinalDBSnapshotIdentifier and SkipFinalSnapshot")
	must(c.CreateDBSnapshot(c.ctx, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("a"), DBSnapshotIdentifier: aws.String("end")}))(t)
	refused(t, remove(nil, aws.String("end")), "DBSnapshotAlreadyExists")
	if err := remove(nil, aws.String("last")); err != nil {
		t.Fatal(err)
	}
	manual := c.snapshots("a", "manual")
	if len(manual) != 2 || *manual[1].DBSnapshotIdentifier != "last" || len(manual[1].TagList) != 1 {
		t.Errorf("got %+v", manual)
	}
	backups := func() []types.DBInstanceAutomatedBackup {
		return must(c.DescribeDBInstanceAutomatedBackups(c.ctx, &rds.DescribeDBInstanceAutomatedBackupsInput{DBInstanceIdentifier: aws.String("a")}))(t).DBInstanceAutomatedBackups
	}
	if b := backups(); len(b) != 1 || *b[0].Status != "retained" || len(c.snapshots("a", "automated")) != 1 {
		t.Errorf("got %+v", b)
	}
	c.cloud.Clock.Advance(49 * time.Hour)
	if len(backups()) != 0 || len(c.snapshots("a", "automated")) != 0 {
		t.Error("the backups outlive their retention")
	}
}
