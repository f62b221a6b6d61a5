package rds

import (
	"context"
	"crypto/sha256"
	"math/big"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// database is what an instance, a snapshot and a retained backup have in common.
type database struct {
	ResourceID    string // DbiResourceId
	Engine        string
	Version       string
	License       string
	Storage       storage
	Encrypted     bool
	KmsKey        string
	Username      string
	Password      string
	DBName        string
	Port          int64
	IAMAuth       bool
	Retention     int64 // days
	BackupWindow  string
	Maintenance   string // the maintenance window
	OptionGroup   string
	Zone, VPC     string
	Created       time.Time // of the instance
	MinorUpgrades bool
	Lifecycle     string // engine lifecycle support
}

// attached is a network interface of an instance.
type attached struct{ ID, Subnet, Zone string }

type instanceRecord struct {
	database
	ID              string
	Class           string
	SubnetGroup     string
	SecurityGroups  []string
	Interfaces      []attached // the first is the one in use, the other one the standby's
	MultiAZ         bool
	SecondaryZone   string
	Public          bool
	NetworkType     string
	ParameterGroup  string
	ParameterStatus string
	AppliedGroup    string            // whose parameters are in force
	Applied         map[string]string `json:",omitempty"` // the parameters in force that are not defaults
	Certificate     string
	CopyTags        bool
	Protected       bool
	Insights        insights
	Monitoring      monitoring
	Logs            []string // exported
	Roles           []instanceRole
	Secret          *secret   `json:",omitempty"` // of the master user, if RDS manages the password
	Source          string    // identifier of the instance that this one replicates
	Pending         *pending  `json:",omitempty"`
	Stopped         time.Time // zero: it runs
	Server          *running  `json:",omitempty"`
	NextBackup      time.Time
	NextWindow      time.Time // of maintenance, where something is pending
}

type insights struct {
	Mode      string // standard or advanced
	Enabled   bool
	KmsKey    string
	Retention int64 // days
}

type monitoring struct {
	Interval int64 // seconds
	Role     string
}

type instanceRole struct{ ARN, Feature string }

type secret struct{ ARN, KmsKey string }

// stopsFor is how long RDS lets an instance be stopped.
const stopsFor = 7 * 24 * time.Hour

const dueFormat = "2006-01-02T15:04:05.000000000Z"

// due gives the time at which something happens to the instance by itself, for the index of that name.
func (r *instanceRecord) due() []string {
	var first time.Time
	consider := func(at time.Time) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if r.Stopped.IsZero() {
		consider(r.NextBackup)
		consider(r.NextWindow)
	} else {
		consider(r.Stopped.Add(stopsFor))
	}
	if first.IsZero() {
		return nil
	}
	return []string{first.UTC().Format(dueFormat)}
}

func (r *instanceRecord) status() string {
	if r.Server != nil && r.Server.Status != "" {
		return r.Server.Status
	}
	if !r.Stopped.IsZero() {
		return "stopped"
	}
	return "available"
}

// instance gives an instance by its identifier or its ARN.
func (t *txn) instance(identifier string) (*instanceRecord, error) {
	id, err := nameIn(t.sc, "db", identifier)
	if err != nil {
		return nil, err
	}
	r, ok := t.instances.Get(t.tx, t.sc, id)
	if !ok {
		return nil, wire.Errorf("DBInstanceNotFound", "DBInstance %s not found.", id)
	}
	return r, nil
}

// running is instance for one that must be available.
func (t *txn) running(identifier string) (*instanceRecord, error) {
	r, err := t.instance(identifier)
	if err != nil {
		return nil, err
	}
	if r.status() != "available" {
		return nil, wire.Errorf("InvalidDBInstanceState", "Instance %s is not in available state.", r.ID)
	}
	return r, nil
}

// putInstance stores an instance, and notes when something is due for it.
func (t *txn) putInstance(r *instanceRecord) {
	switch {
	case r.Retention == 0:
		r.NextBackup = time.Time{}
	case r.NextBackup.IsZero():
		r.NextBackup = nextBackup(r.BackupWindow, t.now)
	}
	switch {
	case r.Pending.empty():
		r.Pending, r.NextWindow = nil, time.Time{}
	case r.NextWindow.IsZero():
		r.NextWindow = nextMaintenance(r.Maintenance, t.now)
	}
	t.instances.Put(t.tx, t.sc, r.ID, r)
}

// replicas gives the identifiers of an instance's read replicas.
func (t *txn) replicas(r *instanceRecord) []string {
	out := []string{}
	for id := range t.instances.By(t.tx, t.sc, "source", r.ID) {
		out = append(out, id)
	}
	return out
}

// DescribeDBInstances lists instances.
func (s *Service) DescribeDBInstances(ctx context.Context, in *DescribeDBInstancesInput) (*DescribeDBInstancesOutput, error) {
	out := &DescribeDBInstancesOutput{DBInstances: []DBInstance{}}
	return out, s.view(ctx, func(t *txn) error {
		filters := map[string]func(*instanceRecord) []string{
			"db-cluster-id":   func(*instanceRecord) []string { return nil },
			"db-instance-id":  func(r *instanceRecord) []string { return []string{r.ID, instanceARN(t.sc, r.ID)} },
			"dbi-resource-id": func(r *instanceRecord) []string { return []string{r.ResourceID} },
			"domain":          func(*instanceRecord) []string { return nil },
			"engine":          func(r *instanceRecord) []string { return []string{r.Engine} },
		}
		if id := text(in.DBInstanceIdentifier); id != "" {
			r, err := t.instance(id)
			if err != nil {
				return err
			}
			pass, err := filtered(in.Filters, filters)
			if err != nil {
				return err
			}
			if pass(r) {
				out.DBInstances = append(out.DBInstances, *t.render(r))
			}
			return nil
		}
		found, next, err := pageOf(t, t.instances, list{in.MaxRecords, in.Marker, in.Filters}, filters, nil)
		if err != nil {
			return err
		}
		for _, r := range found {
			out.DBInstances = append(out.DBInstances, *t.render(r))
		}
		out.Marker = next
		return nil
	})
}

// zoneIDs are the hosted zones in which RDS has the names of a region's instances, as they are known.
var zoneIDs = map[string]string{
	"ap-northeast-1": "Z24O6O9L7SGTNB", "ap-southeast-1": "Z2G0U3KFCY8NZ5", "ap-southeast-2": "Z32T0VRHXEXS0V", "eu-central-1": "Z1RLNUO7B9Q6NB",
	"eu-west-1": "Z29XKXDKYMONMX", "eu-west-2": "Z1TTGA775OQIYO", "us-east-1": "Z2R2ITUGPM61AM", "us-east-2": "Z2XHWR1WZ565X2",
	"us-west-1": "Z10WI91S59XXQN", "us-west-2": "Z1PVIF0B656C1W",
}

func hostedZone(region string) string {
	if id, ok := zoneIDs[region]; ok {
		return id
	}
	return "Z" + strings.ToUpper(digest(13, region))
}

// digest gives n letters and digits that follow from texts.
func digest(n int, of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(of, "/")))
	return new(big.Int).SetBytes(sum[:]).Text(36)[:n]
}

// address gives the name by which an instance is reached. Its middle is the same for all of an account's instances in a region.
func address(sc state.Scope, id string) string {
	return id + ".c" + digest(11, "rds", sc.Account, sc.Region) + "." + sc.Region + ".rds.amazonaws.com"
}

func (t *txn) endpoint(r *instanceRecord) *Endpoint {
	return &Endpoint{Address: new(address(t.sc, r.ID)), Port: &r.Port, HostedZoneId: new(hostedZone(t.sc.Region))}
}

// restorable gives the latest time that an instance's backups reach: the last round five minutes.
func (t *txn) restorable(r *instanceRecord) time.Time {
	if r.Retention == 0 {
		return time.Time{}
	}
	until := t.now
	if !r.Stopped.IsZero() {
		until = r.Stopped
	}
	if r.Server != nil {
		return until.Truncate(time.Second) // a restore has the server archive what it has
	}
	if at := until.Truncate(5 * time.Minute); at.After(r.Created) {
		return at
	}
	return r.Created
}

func (t *txn) render(r *instanceRecord) *DBInstance {
	expires, _ := time.Parse(time.DateOnly, certificates[r.Certificate])
	if issued := r.Created.AddDate(1, 0, 0); issued.Before(expires) || expires.IsZero() {
		expires = issued
	}
	out := &DBInstance{
		DBInstanceIdentifier: &r.ID, DBInstanceClass: &r.Class, Engine: &r.Engine, DBInstanceStatus: new(r.status()), MasterUsername: &r.Username,
		DBName: given(r.DBName), Endpoint: t.endpoint(r), AllocatedStorage: &r.Storage.Size, InstanceCreateTime: &r.Created,
		PreferredBackupWindow: &r.BackupWindow, BackupRetentionPeriod: &r.Retention, DBSecurityGroups: []DBSecurityGroupMembership{},
		DBParameterGroups: []DBParameterGroupStatus{{DBParameterGroupName: &r.ParameterGroup, ParameterApplyStatus: &r.ParameterStatus}},
		AvailabilityZone:  &r.Zone, PreferredMaintenanceWindow: &r.Maintenance, UpgradeRolloutOrder: new("second"),
		PendingModifiedValues: r.Pending.render(r), LatestRestorableTime: moment(t.restorable(r)), MultiAZ: &r.MultiAZ, EngineVersion: &r.Version,
		AutoMinorVersionUpgrade: &r.MinorUpgrades, ReadReplicaSourceDBInstanceIdentifier: given(r.Source), ReadReplicaDBInstanceIdentifiers: t.replicas(r),
		LicenseModel: &r.License, StorageThroughput: &r.Storage.Throughput,
		OptionGroupMemberships:    []OptionGroupMembership{{OptionGroupName: &r.OptionGroup, Status: new(inSync)}},
		SecondaryAvailabilityZone: given(r.SecondaryZone), PubliclyAccessible: &r.Public, StorageType: &r.Storage.Type, DbInstancePort: new(int64(0)),
		StorageEncrypted: &r.Encrypted, KmsKeyId: given(r.KmsKey), DbiResourceId: &r.ResourceID, CACertificateIdentifier: &r.Certificate,
		DomainMemberships: []DomainMembership{}, CopyTagsToSnapshot: &r.CopyTags, MonitoringInterval: &r.Monitoring.Interval,
		MonitoringRoleArn: given(r.Monitoring.Role), DBInstanceArn: new(instanceARN(t.sc, r.ID)), IAMDatabaseAuthenticationEnabled: &r.IAMAuth,
		DatabaseInsightsMode: &r.Insights.Mode, PerformanceInsightsEnabled: &r.Insights.Enabled, EnabledCloudwatchLogsExports: r.Logs,
		DeletionProtection: &r.Protected, AssociatedRoles: []DBInstanceRole{}, TagList: t.tagList(instanceARN(t.sc, r.ID)), CustomerOwnedIpEnabled: new(false),
		NetworkType: &r.NetworkType, ActivityStreamStatus: new("stopped"), BackupTarget: new("region"), MultiTenant: new(false),
		DedicatedLogVolume: new(false), IsStorageConfigUpgradeAvailable: new(false), EngineLifecycleSupport: given(r.Lifecycle),
		CertificateDetails: &CertificateDetails{CAIdentifier: &r.Certificate, ValidTill: &expires}, StorageEncryptionType: new("none"),
	}
	if r.Encrypted {
		out.StorageEncryptionType = new("sse-kms")
	}
	if r.Storage.IOPS > 0 {
		out.Iops = &r.Storage.IOPS
	}
	if r.Storage.Most > 0 {
		out.MaxAllocatedStorage = &r.Storage.Most
	}
	for _, id := range r.SecurityGroups {
		out.VpcSecurityGroups = append(out.VpcSecurityGroups, VpcSecurityGroupMembership{VpcSecurityGroupId: &id, Status: new("active")})
	}
	if g, err := t.subnetGroup(r.SubnetGroup); err == nil {
		out.DBSubnetGroup = t.renderSubnetGroup(g)
		out.DBSubnetGroup.DBSubnetGroupArn = nil // an instance's answer is without it
		out.DBSubnetGroup.SupportedNetworkTypes = nil
	}
	if r.Insights.Enabled {
		out.PerformanceInsightsKMSKeyId, out.PerformanceInsightsRetentionPeriod = given(r.Insights.KmsKey), &r.Insights.Retention
	}
	if r.Monitoring.Interval > 0 {
		out.EnhancedMonitoringResourceArn = new("arn:aws:logs:" + t.sc.Region + ":" + t.sc.Account + ":log-group:RDSOSMetrics:log-stream:" + r.ResourceID)
	}
	for _, role := range r.Roles {
		out.AssociatedRoles = append(out.AssociatedRoles, DBInstanceRole{RoleArn: &role.ARN, FeatureName: &role.Feature, Status: new("ACTIVE")})
	}
	if r.Secret != nil {
		out.MasterUserSecret = &MasterUserSecret{SecretArn: &r.Secret.ARN, SecretStatus: new("active"), KmsKeyId: &r.Secret.KmsKey}
	}
	if r.Source != "" {
		out.StatusInfos = []DBInstanceStatusInfo{{StatusType: new("read replication"), Normal: new(true), Status: new("replicating")}}
	}
	switch status := r.status(); {
	case status == "creating":
		out.Endpoint = nil
	case status == "available" && r.Server != nil && t.served(r):
		switch k, ok := t.servers.get(r.ResourceID); {
		case !ok || !k.up:
			out.DBInstanceStatus = new("starting") // the cloud itself has just started
		case k.full:
			out.DBInstanceStatus = new("storage-full") // there may be no space for the record to say so
		}
	}
	if !r.Stopped.IsZero() {
		out.AutomaticRestartTime = new(r.Stopped.Add(stopsFor))
	}
	return out
}

// connect gives an instance its network interfaces: one in its zone, one more in another zone for a standby.
func (t *txn) connect(r *instanceRecord, g *subnetGroupRecord) error {
	members := t.members(g)
	zone := r.Zone
	if zone == "" && len(members) > 0 {
		zone = roomiest(members, "").Zone
	}
	if !slices.ContainsFunc(members, func(s network.Subnet) bool { return s.Zone == zone }) {
		return conflict("The DB subnet group '%s' has no subnet in the Availability Zone %s.", g.Name, zone)
	}
	r.Zone, r.SecondaryZone, r.VPC, r.SubnetGroup = zone, "", g.VPC, g.Name
	wanted := []string{zone}
	if r.MultiAZ {
		other := roomiest(members, zone)
		if other.Zone == "" {
			return wire.Errorf("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group '%s' has no subnet in a second Availability Zone.", g.Name)
		}
		r.SecondaryZone = other.Zone
		wanted = append(wanted, other.Zone)
	}
	var had []attached
	had, r.Interfaces = r.Interfaces, nil
	for _, zone := range wanted {
		i := slices.IndexFunc(had, func(a attached) bool { return a.Zone == zone && slices.Contains(g.Subnets, a.Subnet) })
		if i >= 0 {
			r.Interfaces = append(r.Interfaces, had[i])
			had = slices.Delete(had, i, i+1)
			continue
		}
		in := network.InterfaceRequest{Groups: r.SecurityGroups, Description: "RDSNetworkInterface", Requester: "amazon-rds", PublicIP: r.Public}
		in.Subnet = roomiest(slices.DeleteFunc(slices.Clone(members), func(s network.Subnet) bool { return s.Zone != zone }), "").ID
		n, err := t.d.Interfaces.AttachInterface(t.tx, t.sc, in)
		if err != nil {
			return networkError(err)
		}
		r.Interfaces = append(r.Interfaces, attached{n.ID, n.Subnet, n.Zone})
	}
	for _, a := range had {
		t.d.Interfaces.ReleaseInterface(t.tx, t.sc, a.ID)
	}
	return nil
}

// roomiest gives the subnet with the most free addresses outside of a zone.
func roomiest(subnets []network.Subnet, outside string) network.Subnet {
	best := network.Subnet{Free: -1}
	for _, s := range subnets {
		if s.Zone != outside && s.Free > best.Free {
			best = s
		}
	}
	return best
}

// networkError words EC2's errors as RDS does.
func networkError(err error) error {
	e, ok := err.(*wire.Error) //nolint:errorlint // EC2's are never wrapped
	switch {
	case !ok:
		return err
	case e.Code == "InsufficientFreeAddressesInSubnet":
		return wire.Errorf("InsufficientAvailableIPsInSubnetFault", "%s", e.Message)
	case e.Code == "InvalidGroup.NotFound":
		return invalid("Invalid security group. %s", e.Message)
	}
	return wire.Errorf("InvalidVPCNetworkStateFault", "%s", e.Message)
}
