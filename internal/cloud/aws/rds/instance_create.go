package rds

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// request is what the operations that make an instance can say of it. Absent members take what the instance is made from, or
// defaults.
type request struct {
	operation                                  string
	ID                                         string
	Class, SubnetGroup, Zone, Params, Options  *string
	Certificate, Network, Lifecycle, License   *string
	SecurityGroups, Logs                       []string
	MultiAZ, Public, Minor, Copy, Protect, IAM *bool
	Port, Retention                            *int64
	BackupWindow, Maintenance                  *string
	Storage                                    choice
	Interval                                   *int64
	MonitoringRole                             *string
	Mode                                       *string
	Insights                                   *bool
	InsightsKey                                *string
	InsightsDays                               *int64
	Manage                                     *bool
	Password, SecretKey                        *string
	Tags                                       []Tag
}

// keyring has the ARNs of the KMS keys that a call needs, looked up before its transaction.
type keyring struct{ insights, secret string }

// key gives the ARN of the KMS key that a call names, or of the AWS managed key of a service.
func (s *Service) key(ctx context.Context, named *string, service string) (string, error) {
	name := text(named)
	if name == "" {
		name = "alias/aws/" + service
	}
	found, err := s.d.Keys.KeyARN(ctx, name)
	if err != nil {
		return "", wire.Errorf("KMSKeyNotAccessibleFault", "The specified KMS key [%s] does not exist, is not enabled or you do not have permissions to access it.", name)
	}
	return found, nil
}

func (s *Service) keys(ctx context.Context, rq *request) (keyring, error) {
	var k keyring
	var err error
	if yes(rq.Insights) || text(rq.InsightsKey) != "" {
		if k.insights, err = s.key(ctx, rq.InsightsKey, "rds"); err != nil {
			return k, err
		}
	}
	if yes(rq.Manage) {
		if s.d.Secrets == nil {
			return k, wire.NotImplemented("rds:" + rq.operation + " with ManageMasterUserPassword")
		}
		k.secret, err = s.key(ctx, rq.SecretKey, "secretsmanager")
	} else if text(rq.SecretKey) != "" {
		err = invalid("A ManageMasterUserPassword value is required when MasterUserSecretKmsKeyId is specified.")
	}
	return k, err
}

// CreateDBInstance makes an instance with a new database.
func (s *Service) CreateDBInstance(ctx context.Context, in *CreateDBInstanceInput) (*CreateDBInstanceOutput, error) {
	e, err := engineFor(*in.Engine, "CreateDBInstance")
	if err != nil {
		return nil, err
	}
	if err := refuse("CreateDBInstance", map[string]bool{
		"DBSecurityGroups": len(in.DBSecurityGroups) > 0, "CharacterSetName": text(in.CharacterSetName) != "",
		"NcharCharacterSetName": text(in.NcharCharacterSetName) != "", "DBClusterIdentifier": text(in.DBClusterIdentifier) != "",
		"TdeCredentialArn": text(in.TdeCredentialArn) != "", "Domain": text(in.Domain)+text(in.DomainFqdn) != "", "Timezone": text(in.Timezone) != "",
		"ProcessorFeatures": len(in.ProcessorFeatures) > 0, "EnableCustomerOwnedIp": yes(in.EnableCustomerOwnedIp),
		"BackupTarget": or(in.BackupTarget, "region") != "region", "CustomIamInstanceProfile": text(in.CustomIamInstanceProfile) != "",
		"DBSystemId": text(in.DBSystemId) != "", "MultiTenant": yes(in.MultiTenant), "DedicatedLogVolume": yes(in.DedicatedLogVolume),
		"AdditionalStorageVolumes": len(in.AdditionalStorageVolumes) > 0, "DBCapacityReservationIdentifier": text(in.DBCapacityReservationIdentifier) != "",
		"MasterUserAuthenticationType": or(in.MasterUserAuthenticationType, "password") != "password", "PromotionTier": in.PromotionTier != nil,
		"TagSpecifications": len(in.TagSpecifications) > 0,
	}); err != nil {
		return nil, err
	}
	v, err := e.resolve(text(in.EngineVersion))
	if err != nil {
		return nil, err
	}
	if err := checkMaster(e, in); err != nil {
		return nil, err
	}
	if in.AllocatedStorage == nil {
		return nil, invalid("Invalid storage size for engine name %s and storage type %s: 0", e.name, or(in.StorageType, gp2))
	}
	rq := request{
		operation: "CreateDBInstance", ID: *in.DBInstanceIdentifier, Class: in.DBInstanceClass, SubnetGroup: in.DBSubnetGroupName, Zone: in.AvailabilityZone,
		Params: in.DBParameterGroupName, Options: in.OptionGroupName, Certificate: in.CACertificateIdentifier, Network: in.NetworkType,
		Lifecycle: in.EngineLifecycleSupport, License: in.LicenseModel, SecurityGroups: in.VpcSecurityGroupIds, Logs: in.EnableCloudwatchLogsExports,
		MultiAZ: in.MultiAZ, Public: in.PubliclyAccessible, Minor: in.AutoMinorVersionUpgrade, Copy: in.CopyTagsToSnapshot, Protect: in.DeletionProtection,
		IAM: in.EnableIAMDatabaseAuthentication, Port: in.Port, Retention: in.BackupRetentionPeriod, BackupWindow: in.PreferredBackupWindow,
		Maintenance: in.PreferredMaintenanceWindow, Storage: choice{in.StorageType, in.AllocatedStorage, in.Iops, in.StorageThroughput, in.MaxAllocatedStorage},
		Interval: in.MonitoringInterval, MonitoringRole: in.MonitoringRoleArn, Mode: in.DatabaseInsightsMode, Insights: in.EnablePerformanceInsights,
		InsightsKey: in.PerformanceInsightsKMSKeyId, InsightsDays: in.PerformanceInsightsRetentionPeriod, Manage: in.ManageMasterUserPassword,
		Password: in.MasterUserPassword, SecretKey: in.MasterUserSecretKmsKeyId, Tags: in.Tags,
	}
	base := instanceRecord{database: database{
		Engine: e.name, Version: v.number, License: e.license, Username: text(in.MasterUsername), Password: text(in.MasterUserPassword),
		DBName: text(in.DBName), Port: e.port, Retention: 1, MinorUpgrades: true, Encrypted: yes(in.StorageEncrypted) || text(in.KmsKeyId) != "",
	}}
	if text(in.KmsKeyId) != "" && in.StorageEncrypted != nil && !*in.StorageEncrypted {
		return nil, conflict("The StorageEncrypted parameter must be true when a KMS key is specified.")
	}
	if base.Encrypted {
		if base.KmsKey, err = s.key(ctx, in.KmsKeyId, "rds"); err != nil {
			return nil, err
		}
	}
	out := &CreateDBInstanceOutput{}
	out.DBInstance, err = s.create(ctx, rq, func(*txn) (*instanceRecord, error) { return &base, nil }, nil)
	return out, err
}

// refuse refuses the first of a call's members that are set and have no effect here.
func refuse(operation string, set map[string]bool) error {
	first := ""
	for member, is := range set {
		if is && (first == "" || member < first) {
			first = member
		}
	}
	if first == "" {
		return nil
	}
	return wire.NotImplemented("rds:" + operation + " with " + first)
}

// create makes an instance from what begin gives, and tells then what it was made from.
func (s *Service) create(ctx context.Context, rq request, begin func(t *txn) (*instanceRecord, error), then func(t *txn, r *instanceRecord)) (*DBInstance, error) {
	id, err := identifier(rq.ID, "DBInstanceIdentifier", 63)
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(rq.Tags)
	if err != nil {
		return nil, err
	}
	keys, err := s.keys(ctx, &rq)
	if err != nil {
		return nil, err
	}
	var out *DBInstance
	return out, s.update(ctx, func(t *txn) error {
		if _, exists := t.instances.Get(t.tx, t.sc, id); exists {
			return wire.Errorf("DBInstanceAlreadyExists", "DB instance already exists")
		}
		r, err := begin(t)
		if err != nil {
			return err
		}
		r.ID, r.ResourceID, r.Created = id, "db-"+strings.ToUpper(t.d.IDs.Alnum(26)), t.now
		r.Insights, r.Certificate, r.NetworkType = insights{Mode: "standard"}, defaultCertificate, networkIPv4
		if r.Lifecycle == "" {
			r.Lifecycle = lifecycleExtended
		}
		if err := t.settings(r, &rq, keys); err != nil {
			return err
		}
		if err := t.place(r, &rq); err != nil {
			return err
		}
		state.SetTags(t.tx, instanceARN(t.sc, id), tags)
		if yes(rq.Manage) {
			if err := t.manage(r, keys.secret); err != nil {
				return err
			}
		}
		t.applyParameters(r)
		t.follow(r, "creating")
		t.putInstance(r)
		switch {
		case then == nil && r.Server == nil:
			t.note(r, "RDS-EVENT-0005", "creation", "DB instance created")
		case then != nil:
			then(t, r)
		}
		if r.Retention > 0 {
			t.backUp(r, t.now)
		}
		out = t.render(r)
		return nil
	})
}

// settings checks the settings of a new instance that have nothing to do with its place, and takes them.
func (t *txn) settings(r *instanceRecord, rq *request, keys keyring) error {
	e, _ := findEngine(r.Engine)
	v := e.version(r.Version)
	if r.Class = or(given(text(rq.Class)), r.Class); r.Class == "" {
		return invalid("The parameter DBInstanceClass must be provided and must not be blank.")
	}
	c, err := checkClass(e, v, r.Class)
	if err != nil {
		return err
	}
	if r.Storage, err = r.Storage.choose(e.name, c, rq.Storage); err != nil {
		return err
	}
	if license := text(rq.License); license != "" && license != e.license {
		return conflict("Invalid license model '%s' for engine '%s'. Valid license models are: %s.", license, e.name, e.license)
	}
	r.Port = or(rq.Port, r.Port)
	if err := checkPort(r.Port); err != nil {
		return err
	}
	r.Retention = or(rq.Retention, r.Retention)
	if err := checkRetention(r.Retention); err != nil {
		return err
	}
	r.BackupWindow, r.Maintenance, err = windows(r.ResourceID, or(given(text(rq.BackupWindow)), r.BackupWindow), or(given(text(rq.Maintenance)), r.Maintenance))
	if err != nil {
		return err
	}
	r.ParameterGroup = or(given(strings.ToLower(text(rq.Params))), r.ParameterGroup)
	if r.ParameterGroup == "" {
		r.ParameterGroup = defaultParameterGroup(v)
	}
	if err := t.checkParameterGroup(r.ParameterGroup, v); err != nil {
		return err
	}
	if r.OptionGroup, err = t.optionGroupOf(rq.Options, r.OptionGroup, e, v); err != nil {
		return err
	}
	r.MinorUpgrades, r.CopyTags, r.Protected = or(rq.Minor, r.MinorUpgrades), or(rq.Copy, r.CopyTags), or(rq.Protect, false)
	r.IAMAuth = or(rq.IAM, r.IAMAuth)
	if r.Lifecycle = or(given(text(rq.Lifecycle)), r.Lifecycle); r.Lifecycle != lifecycleExtended && r.Lifecycle != lifecycleStandard {
		return invalid("Invalid engine lifecycle support: %s. Valid values are: %s, %s", r.Lifecycle, lifecycleExtended, lifecycleStandard)
	}
	r.Certificate = or(given(text(rq.Certificate)), r.Certificate)
	if err := checkCertificate(r.Certificate); err != nil {
		return err
	}
	if len(rq.Logs) > 0 {
		r.Logs = nil
	}
	if err := r.exportLogs(e, rq.Logs, nil); err != nil {
		return err
	}
	if err := r.setInsights(c, rq.Mode, rq.Insights, keys.insights, rq.InsightsDays); err != nil {
		return err
	}
	return t.setMonitoring(r, rq.Interval, rq.MonitoringRole)
}

// place gives a new instance its VPC, zones and network interfaces.
func (t *txn) place(r *instanceRecord, rq *request) error {
	var g *subnetGroupRecord
	var err error
	if name := text(rq.SubnetGroup); name != "" && !strings.EqualFold(name, defaultGroup) {
		g, err = t.subnetGroup(name)
	} else {
		g, err = t.useDefaultGroup()
	}
	if err != nil {
		return err
	}
	members := t.members(g)
	if r.SecurityGroups, err = t.checkSecurityGroups(rq.SecurityGroups, g.VPC); err != nil {
		return err
	}
	r.Zone, r.MultiAZ = text(rq.Zone), or(rq.MultiAZ, false)
	if r.Zone != "" && r.MultiAZ {
		return conflict("Requesting a specific availability zone is not valid for Multi-AZ instances.")
	}
	if r.Zone != "" && !slices.Contains(t.d.Zones.Zones(t.sc.Region), r.Zone) {
		return invalid("Invalid availability zone: '%s'", r.Zone)
	}
	vpc, _ := t.d.Subnets.VPC(t.tx, t.sc, g.VPC)
	r.Public = or(rq.Public, vpc.HasInternetGateway)
	if err := checkPublic(r, vpc); err != nil {
		return err
	}
	r.NetworkType = or(given(text(rq.Network)), r.NetworkType)
	if err := checkNetwork(r.NetworkType, members); err != nil {
		return err
	}
	return t.connect(r, g)
}

func checkPublic(r *instanceRecord, vpc network.VPC) error {
	if !r.Public {
		return nil
	}
	if !vpc.HasInternetGateway {
		return wire.Errorf("InvalidVPCNetworkStateFault", "Cannot create a publicly accessible DBInstance. The specified VPC has no internet gateway attached. "+
			"Update the VPC and then try again")
	}
	if !vpc.DNSHostnames {
		return wire.Errorf("InvalidVPCNetworkStateFault", "Cannot create a publicly accessible DBInstance. The specified VPC does not support DNS resolution, "+
			"DNS hostnames, or both. Update the VPC and then try again")
	}
	return nil
}
