package rds

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// ModifyDBInstance changes an instance's settings. Some take effect at once, others in the next maintenance window unless
// ApplyImmediately is set; with it, what was pending before takes effect as well.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
func (s *Service) ModifyDBInstance(ctx context.Context, in *ModifyDBInstanceInput) (*ModifyDBInstanceOutput, error) {
	if err := refuse("ModifyDBInstance", map[string]bool{
		"DBSecurityGroups": len(in.DBSecurityGroups) > 0, "TdeCredentialArn": text(in.TdeCredentialArn) != "", "ProcessorFeatures": len(in.ProcessorFeatures) > 0,
		"Domain": text(in.Domain)+text(in.DomainFqdn)+text(in.DomainAuthSecretArn) != "", "PromotionTier": in.PromotionTier != nil,
		"ReplicaMode": text(in.ReplicaMode) != "", "AutomationMode": text(in.AutomationMode) != "", "EnableCustomerOwnedIp": yes(in.EnableCustomerOwnedIp),
		"AwsBackupRecoveryPointArn": text(in.AwsBackupRecoveryPointArn) != "", "MultiTenant": yes(in.MultiTenant), "DedicatedLogVolume": yes(in.DedicatedLogVolume),
		"Engine": text(in.Engine) != "", "AdditionalStorageVolumes": len(in.AdditionalStorageVolumes) > 0, "TagSpecifications": len(in.TagSpecifications) > 0,
		"DBCapacityReservationIdentifier": text(in.DBCapacityReservationIdentifier) != "",
		"MasterUserAuthenticationType":    or(in.MasterUserAuthenticationType, "password") != "password",
	}); err != nil {
		return nil, err
	}
	bare := *in
	bare.DBInstanceIdentifier, bare.ApplyImmediately, bare.AllowMajorVersionUpgrade = nil, nil, nil
	if reflect.ValueOf(bare).IsZero() {
		return nil, conflict("No modifications were requested")
	}
	keys, err := s.keys(ctx, &request{operation: "ModifyDBInstance", Insights: in.EnablePerformanceInsights, InsightsKey: in.PerformanceInsightsKMSKeyId,
		Manage: in.ManageMasterUserPassword, SecretKey: in.MasterUserSecretKmsKeyId})
	if err != nil {
		return nil, err
	}
	out := &ModifyDBInstanceOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.instance(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		if !r.Stopped.IsZero() {
			return wire.Errorf("InvalidDBInstanceState", "You can't modify a stopped DB instance. Start the DB instance %s, and then modify it.", r.ID)
		}
		keys := keys
		if text(in.PerformanceInsightsKMSKeyId) == "" && r.Insights.Enabled {
			keys.insights = "" // it stays with the key that it has
		}
		if r.Server != nil && !slices.Contains([]string{"available", "storage-full", "incompatible-parameters"}, r.status()) {
			return wire.Errorf("InvalidDBInstanceState", "Database instance is not in available state.")
		}
		if r.Pending == nil {
			r.Pending = &pending{}
		}
		if err := t.postpone(r, in); err != nil {
			return err
		}
		if err := t.modifyNow(r, in, keys); err != nil {
			return err
		}
		if yes(in.ApplyImmediately) {
			if err := t.apply(r); err != nil {
				return err
			}
		}
		t.follow(r, "modifying")
		t.putInstance(r)
		out.DBInstance = t.render(r)
		return nil
	})
}

// modifyNow makes the changes that never wait.
func (t *txn) modifyNow(r *instanceRecord, in *ModifyDBInstanceInput, keys keyring) error {
	e, _ := findEngine(r.Engine)
	c, _ := findClass(or(r.Pending.Class, r.Class))
	r.MinorUpgrades, r.CopyTags = or(in.AutoMinorVersionUpgrade, r.MinorUpgrades), or(in.CopyTagsToSnapshot, r.CopyTags)
	r.Protected = or(in.DeletionProtection, r.Protected)
	if mode := text(in.EngineLifecycleSupport); mode != "" {
		return wire.NotImplemented("rds:ModifyDBInstance with EngineLifecycleSupport")
	}
	if in.DBPortNumber != nil {
		if err := checkPort(*in.DBPortNumber); err != nil {
			return err
		}
		r.Port = *in.DBPortNumber
	}
	if err := t.modifyWindows(r, in); err != nil {
		return err
	}
	if in.PubliclyAccessible != nil && *in.PubliclyAccessible != r.Public {
		r.Public = *in.PubliclyAccessible
		if err := t.reconnect(r); err != nil {
			return err
		}
	}
	if kind := text(in.NetworkType); kind != "" && kind != r.NetworkType {
		g, err := t.subnetGroup(r.SubnetGroup)
		if err != nil {
			return err
		}
		if err := checkNetwork(kind, t.members(g)); err != nil {
			return err
		}
		r.NetworkType = kind
	}
	if err := t.modifySecurityGroups(r, in); err != nil {
		return err
	}
	if err := t.setMonitoring(r, in.MonitoringInterval, in.MonitoringRoleArn); err != nil {
		return err
	}
	if in.DatabaseInsightsMode != nil || in.EnablePerformanceInsights != nil || in.PerformanceInsightsRetentionPeriod != nil || in.PerformanceInsightsKMSKeyId != nil {
		days := in.PerformanceInsightsRetentionPeriod
		if number(days) == 0 {
			days = nil
		}
		if in.EnablePerformanceInsights != nil && !*in.EnablePerformanceInsights {
			days = nil
		}
		if err := r.setInsights(c, in.DatabaseInsightsMode, in.EnablePerformanceInsights, keys.insights, days); err != nil {
			return err
		}
	}
	if l := in.CloudwatchLogsExportConfiguration; l != nil {
		if err := r.exportLogs(e, l.EnableLogTypes, l.DisableLogTypes); err != nil {
			return err
		}
	}
	return t.modifyMaster(r, in, keys.secret)
}

func (t *txn) modifyWindows(r *instanceRecord, in *ModifyDBInstanceInput) error {
	backup, maintenance, err := windows(r.ResourceID, or(given(text(in.PreferredBackupWindow)), r.BackupWindow),
		or(given(text(in.PreferredMaintenanceWindow)), r.Maintenance))
	if err != nil {
		return err
	}
	if backup != r.BackupWindow && r.Retention > 0 {
		r.NextBackup = nextBackup(backup, t.now)
	}
	if maintenance != r.Maintenance && !r.NextWindow.IsZero() {
		r.NextWindow = nextMaintenance(maintenance, t.now)
	}
	r.BackupWindow, r.Maintenance = backup, maintenance
	return nil
}

// reconnect makes an instance's network interfaces anew, with or without public addresses.
func (t *txn) reconnect(r *instanceRecord) error {
	vpc, _ := t.d.Subnets.VPC(t.tx, t.sc, r.VPC)
	if err := checkPublic(r, vpc); err != nil {
		return err
	}
	g, err := t.subnetGroup(r.SubnetGroup)
	if err != nil {
		return err
	}
	for _, a := range r.Interfaces {
		t.d.Interfaces.ReleaseInterface(t.tx, t.sc, a.ID)
	}
	r.Interfaces = nil
	return t.connect(r, g)
}

func (t *txn) modifySecurityGroups(r *instanceRecord, in *ModifyDBInstanceInput) error {
	if len(in.VpcSecurityGroupIds) == 0 {
		return nil
	}
	vpc := r.VPC
	if r.Pending.SubnetGroup != nil && yes(in.ApplyImmediately) {
		g, err := t.subnetGroup(*r.Pending.SubnetGroup)
		if err != nil {
			return err
		}
		vpc = g.VPC // they are set when the instance moves
	}
	groups, err := t.checkSecurityGroups(in.VpcSecurityGroupIds, vpc)
	if err != nil {
		return err
	}
	r.SecurityGroups = groups
	if vpc != r.VPC {
		return nil
	}
	for _, a := range r.Interfaces {
		if err := t.d.Interfaces.SetInterfaceGroups(t.tx, t.sc, a.ID, groups); err != nil {
			return networkError(err)
		}
	}
	return nil
}

// postpone checks the changes that can wait, and adds them to those that do.
func (t *txn) postpone(r *instanceRecord, in *ModifyDBInstanceInput) error {
	e, _ := findEngine(r.Engine)
	p := r.Pending
	if err := t.deferVersion(r, e, in); err != nil {
		return err
	}
	v := e.version(or(p.Version, r.Version))
	if name := text(in.DBInstanceClass); name != "" {
		if _, err := checkClass(e, v, name); err != nil {
			return err
		}
		want(&p.Class, r.Class, name)
	}
	if err := t.deferStorage(r, e, in); err != nil {
		return err
	}
	if license := text(in.LicenseModel); license != "" && license != e.license {
		return conflict("Invalid license model '%s' for engine '%s'. Valid license models are: %s.", license, e.name, e.license)
	}
	if text(in.OptionGroupName) != "" {
		name, err := t.optionGroupOf(in.OptionGroupName, "", e, v)
		if err != nil {
			return err
		}
		want(&p.OptionGroup, r.OptionGroup, name)
	}
	if id := text(in.CACertificateIdentifier); id != "" {
		if err := checkCertificate(id); err != nil {
			return err
		}
		want(&p.Certificate, r.Certificate, id)
	}
	if in.EnableIAMDatabaseAuthentication != nil {
		want(&p.IAMAuth, r.IAMAuth, *in.EnableIAMDatabaseAuthentication)
	}
	if err := t.deferRetention(r, in); err != nil {
		return err
	}
	if name := text(in.DBSubnetGroupName); name != "" {
		g, err := t.checkMove(r, name)
		if err != nil {
			return err
		}
		p.SubnetGroup = &g.Name
	}
	if in.MultiAZ != nil {
		g, err := t.subnetGroup(r.SubnetGroup)
		if err != nil {
			return err
		}
		if *in.MultiAZ {
			if err := secondZone(g, t.members(g), r.Zone); err != nil {
				return err
			}
		}
		want(&p.MultiAZ, r.MultiAZ, *in.MultiAZ)
	}
	if name := text(in.NewDBInstanceIdentifier); name != "" {
		id, err := identifier(name, "NewDBInstanceIdentifier", 63)
		if err != nil {
			return err
		}
		if _, exists := t.instances.Get(t.tx, t.sc, id); exists && id != r.ID {
			return wire.Errorf("DBInstanceAlreadyExists", "DB instance already exists")
		}
		want(&p.Identifier, r.ID, id)
	}
	return nil
}

// deferVersion notes an upgrade, and changes the parameter group: with the upgrade, or at once without one.
func (t *txn) deferVersion(r *instanceRecord, e *engine, in *ModifyDBInstanceInput) error {
	p := r.Pending
	group := strings.ToLower(text(in.DBParameterGroupName))
	target := e.version(or(p.Version, r.Version))
	if asked := text(in.EngineVersion); asked != "" {
		var err error
		if target, err = e.upgrade(r.Version, asked, yes(in.AllowMajorVersionUpgrade)); err != nil {
			return err
		}
		want(&p.Version, r.Version, target.number)
		p.ParameterGroup = nil
	}
	now := e.version(r.Version)
	if group != "" {
		if err := t.checkParameterGroup(group, target); err != nil {
			return err
		}
	}
	if target.number != now.number {
		if err := t.checkUpgrade(r, e, now, target); err != nil {
			return err
		}
		if target.major != now.major && r.Server != nil {
			return wire.NotImplemented("rds:ModifyDBInstance with a new major version of an instance whose database runs")
		}
		if target.major != now.major {
			if group == "" && p.ParameterGroup == nil && r.ParameterGroup != defaultParameterGroup(now) {
				return t.checkParameterGroup(r.ParameterGroup, target)
			}
			if group != "" {
				p.ParameterGroup = &group
			}
			return nil
		}
	}
	if group != "" && group != r.ParameterGroup {
		r.ParameterGroup = group
		r.ParameterStatus = pendingReboot
		if r.AppliedGroup == group {
			t.applyParameters(r)
		}
	}
	return nil
}

// checkUpgrade keeps replicas no older than their source.
func (t *txn) checkUpgrade(r *instanceRecord, e *engine, now, target version) error {
	if r.Source != "" && target.major != now.major {
		return wire.Errorf("InvalidDBInstanceState", "The major version of a read replica is upgraded with its source.")
	}
	if target.major != now.major {
		return nil
	}
	for _, id := range t.replicas(r) {
		replica, _ := t.instances.Get(t.tx, t.sc, id)
		if older(replica.Version, target.number) {
			return wire.Errorf("DBUpgradeDependencyFailure", "One or more of the DB Instance's read replicas need to be upgraded: %s. Engine: %s", id, e.name)
		}
	}
	return nil
}

func (t *txn) deferStorage(r *instanceRecord, e *engine, in *ModifyDBInstanceInput) error {
	if in.AllocatedStorage == nil && in.StorageType == nil && in.Iops == nil && in.StorageThroughput == nil && in.MaxAllocatedStorage == nil {
		return nil
	}
	ch := choice{in.StorageType, in.AllocatedStorage, in.Iops, in.StorageThroughput, in.MaxAllocatedStorage}
	if in.AllocatedStorage != nil {
		size, err := tenPercent(r.Storage.Size, *in.AllocatedStorage)
		if err != nil {
			return err
		}
		ch.Size = &size
	}
	base := r.Storage
	if r.Pending.Storage != nil {
		base = *r.Pending.Storage
		base.Most = r.Storage.Most
	}
	c, _ := findClass(or(r.Pending.Class, r.Class))
	next, err := base.choose(e.name, c, ch)
	if err != nil {
		return err
	}
	r.Storage.Most = next.Most
	want(&r.Pending.Storage, r.Storage, next)
	return nil
}

// deferRetention: other numbers of days count at once; turning backups on or off waits.
func (t *txn) deferRetention(r *instanceRecord, in *ModifyDBInstanceInput) error {
	if in.BackupRetentionPeriod == nil {
		return nil
	}
	days := *in.BackupRetentionPeriod
	if err := checkRetention(days); err != nil {
		return err
	}
	if days == 0 && len(t.replicas(r)) > 0 {
		return wire.Errorf("InvalidDBInstanceState", "Automated backups can't be disabled for DB instances that have read replicas.")
	}
	if (days == 0) != (r.Retention == 0) {
		want(&r.Pending.Retention, r.Retention, days)
		return nil
	}
	r.Pending.Retention = nil
	r.Retention = days
	return nil
}

// DescribeValidDBInstanceModifications says what storage an instance can have.
func (s *Service) DescribeValidDBInstanceModifications(ctx context.Context, in *DescribeValidDBInstanceModificationsInput) (*DescribeValidDBInstanceModificationsOutput, error) {
	out := &DescribeValidDBInstanceModificationsOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.instance(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		c, _ := findClass(r.Class)
		valid := &ValidDBInstanceModificationsMessage{ValidProcessorFeatures: []AvailableProcessorFeature{}, SupportsDedicatedLogVolume: new(false)}
		for _, v := range volumes {
			if v.name == magnetic && !c.magnetic {
				continue
			}
			o := ValidStorageOptions{StorageType: &v.name, StorageSize: []Range{{From: new(max(v.least, r.Storage.Size)), To: &v.most, Step: new(int64(1))}},
				SupportsStorageAutoscaling: new(v.name != magnetic)}
			if v.mostIOPS > 0 {
				o.ProvisionedIops = []Range{{From: &v.leastIOPS, To: &v.mostIOPS, Step: new(int64(1))}}
				o.IopsToStorageRatio = []DoubleRange{{From: &v.leastRatio, To: &v.mostRatio}}
			}
			if v.mostThroughput > 0 {
				o.ProvisionedStorageThroughput = []Range{{From: &v.leastThroughput, To: &v.mostThroughput, Step: new(int64(1))}}
				o.StorageThroughputToIopsRatio = []DoubleRange{{From: new(0.0), To: new(0.25)}}
			}
			valid.Storage = append(valid.Storage, o)
		}
		slices.SortFunc(valid.Storage, func(a, b ValidStorageOptions) int { return strings.Compare(*a.StorageType, *b.StorageType) })
		out.ValidDBInstanceModificationsMessage = valid
		return nil
	})
}
