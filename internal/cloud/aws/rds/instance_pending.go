package rds

import (
	"strings"

	"atoll/internal/cloud/network"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// pending has the changes of an instance that wait for its maintenance window.
type pending struct {
	Class          *string  `json:",omitempty"`
	Version        *string  `json:",omitempty"`
	Identifier     *string  `json:",omitempty"`
	Certificate    *string  `json:",omitempty"`
	OptionGroup    *string  `json:",omitempty"`
	SubnetGroup    *string  `json:",omitempty"`
	ParameterGroup *string  `json:",omitempty"` // comes with a version
	Storage        *storage `json:",omitempty"`
	MultiAZ        *bool    `json:",omitempty"`
	IAMAuth        *bool    `json:",omitempty"`
	Retention      *int64   `json:",omitempty"`
}

func (p *pending) empty() bool { return p == nil || *p == pending{} }

// want sets a change, or takes it back where it gives what the instance has.
func want[T comparable](p **T, has, asked T) {
	*p = nil
	if asked != has {
		*p = &asked
	}
}

func (p *pending) render(r *instanceRecord) *PendingModifiedValues {
	out := &PendingModifiedValues{}
	if p.empty() {
		return out
	}
	out.DBInstanceClass, out.EngineVersion, out.DBInstanceIdentifier, out.CACertificateIdentifier = p.Class, p.Version, p.Identifier, p.Certificate
	out.DBSubnetGroupName, out.MultiAZ, out.IAMDatabaseAuthenticationEnabled, out.BackupRetentionPeriod = p.SubnetGroup, p.MultiAZ, p.IAMAuth, p.Retention
	if s := p.Storage; s != nil {
		want(&out.AllocatedStorage, r.Storage.Size, s.Size)
		want(&out.StorageType, r.Storage.Type, s.Type)
		want(&out.Iops, r.Storage.IOPS, s.IOPS)
		want(&out.StorageThroughput, r.Storage.Throughput, s.Throughput)
	}
	return out
}

// apply makes an instance's pending changes.
func (t *txn) apply(r *instanceRecord) error {
	p := r.Pending
	r.Pending = nil
	if p.empty() {
		return nil
	}
	if p.Version != nil {
		t.setVersion(r, *p.Version, p.ParameterGroup)
	}
	if p.Class != nil {
		t.note(r, "RDS-EVENT-0012", "configuration change", "Applying modification to database instance class")
		r.Class = *p.Class
		t.applyParameters(r)
		t.restart(r, "modifying")
		t.note(r, "RDS-EVENT-0014", "configuration change", "Finished applying modification to DB instance class")
	}
	if p.Storage != nil {
		most := r.Storage.Most
		r.Storage = *p.Storage
		r.Storage.Most = most
		t.note(r, "RDS-EVENT-0017", "configuration change", "Finished applying modification to allocated storage")
	}
	if p.OptionGroup != nil {
		r.OptionGroup = *p.OptionGroup
	}
	if p.Certificate != nil {
		r.Certificate = *p.Certificate
	}
	if p.IAMAuth != nil {
		r.IAMAuth = *p.IAMAuth
	}
	if p.Retention != nil {
		t.setRetention(r, *p.Retention)
	}
	if p.SubnetGroup != nil {
		if err := t.move(r, *p.SubnetGroup); err != nil {
			return err
		}
	}
	if p.MultiAZ != nil {
		if err := t.setMultiAZ(r, *p.MultiAZ); err != nil {
			return err
		}
	}
	if p.Identifier != nil {
		return t.rename(r, *p.Identifier)
	}
	return nil
}

// setVersion upgrades an instance, and its replicas with it where the major version changes.
func (t *txn) setVersion(r *instanceRecord, number string, group *string) {
	e, _ := findEngine(r.Engine)
	from, to := e.version(r.Version), e.version(number)
	r.Version = number
	switch {
	case text(group) != "":
		r.ParameterGroup = *group
	case r.ParameterGroup == defaultParameterGroup(from):
		r.ParameterGroup = defaultParameterGroup(to)
	}
	r.OptionGroup, _ = t.optionGroupOf(nil, r.OptionGroup, e, to) // errs for a named one only
	t.applyParameters(r)
	t.restart(r, "upgrading")
	t.note(r, "RDS-EVENT-0047", "maintenance", "The DB instance was upgraded to the engine version %s.", number)
	if from.major == to.major {
		return
	}
	for _, id := range t.replicas(r) {
		replica, _ := t.instances.Get(t.tx, t.sc, id)
		t.setVersion(replica, number, nil)
		if g, err := t.parameterGroup(replica.ParameterGroup); err != nil || g.Family != to.family {
			replica.ParameterGroup = defaultParameterGroup(to)
			t.applyParameters(replica)
		}
		t.putInstance(replica)
	}
}

func (t *txn) setRetention(r *instanceRecord, days int64) {
	before := r.Retention
	r.Retention = days
	switch {
	case days == 0 && before > 0:
		t.dropAutomated(r)
		t.note(r, "RDS-EVENT-0028", "backup", "Automated backups have been disabled for this DB instance")
	case days > 0 && before == 0:
		t.backUp(r, t.now)
	}
}

func (t *txn) setMultiAZ(r *instanceRecord, on bool) error {
	r.MultiAZ = on
	g, err := t.subnetGroup(r.SubnetGroup)
	if err != nil {
		return err
	}
	if err := t.connect(r, g); err != nil {
		return err
	}
	if on {
		t.note(r, "RDS-EVENT-0015", "configuration change", "Finished applying modification to convert to a Multi-AZ DB instance")
	} else {
		t.note(r, "RDS-EVENT-0029", "configuration change", "Finished applying modification to convert to a standard (Single-AZ) DB instance")
	}
	return nil
}

// move brings an instance to the VPC of another subnet group.
func (t *txn) move(r *instanceRecord, group string) error {
	g, err := t.subnetGroup(group)
	if err != nil {
		return err
	}
	if r.SecurityGroups, err = t.checkSecurityGroups(r.groupsIn(t, g.VPC), g.VPC); err != nil {
		return err
	}
	had := r.Interfaces
	r.Interfaces, r.Zone = nil, ""
	if err := t.connect(r, g); err != nil {
		return err
	}
	for _, a := range had {
		t.d.Interfaces.ReleaseInterface(t.tx, t.sc, a.ID)
	}
	return nil
}

// groupsIn gives the instance's security groups that are of a VPC.
func (r *instanceRecord) groupsIn(t *txn, vpc string) []string {
	var out []string
	for _, id := range r.SecurityGroups {
		if g, ok := t.d.SecurityGroups.SecurityGroup(t.tx, t.sc, id); ok && g.VPC == vpc {
			out = append(out, id)
		}
	}
	return out
}

// rename gives an instance another identifier. What is bound to the old one follows, but for its snapshots.
func (t *txn) rename(r *instanceRecord, id string) error {
	if _, exists := t.instances.Get(t.tx, t.sc, id); exists {
		return wire.Errorf("DBInstanceAlreadyExists", "DB instance already exists")
	}
	old, replicas := r.ID, t.replicas(r)
	tags := state.Tags(t.tx, instanceARN(t.sc, old))
	t.instances.Delete(t.tx, t.sc, old)
	r.ID = id
	t.putInstance(r)
	state.SetTags(t.tx, instanceARN(t.sc, id), tags)
	for _, name := range replicas {
		replica, _ := t.instances.Get(t.tx, t.sc, name)
		replica.Source = id
		t.putInstance(replica)
	}
	t.note(r, "RDS-EVENT-0027", "notification", "The DB instance was renamed from %s to %s.", old, id)
	return nil
}

// checkMove checks that an instance can be moved to a subnet group.
func (t *txn) checkMove(r *instanceRecord, name string) (*subnetGroupRecord, error) {
	g, err := t.subnetGroup(name)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.EqualFold(g.Name, r.SubnetGroup):
		return nil, wire.Errorf("InvalidVPCNetworkStateFault", "The specified DB instance is already in the target DB subnet group.")
	case g.VPC == r.VPC:
		return nil, wire.Errorf("InvalidVPCNetworkStateFault", "You cannot move DB instance %s to subnet group %s. The specified DB subnet group and DB instance are "+
			"in the same VPC. Choose a DB subnet group in different VPC than the specified DB instance and try again.", r.ID, g.Name)
	case r.MultiAZ || r.Source != "" || len(t.replicas(r)) > 0:
		return nil, wire.Errorf("InvalidVPCNetworkStateFault", "You cannot move DB instance %s: it is Multi-AZ, or it is or has a read replica.", r.ID)
	}
	return g, nil
}

// secondZone checks that a subnet group has room for a standby.
func secondZone(g *subnetGroupRecord, members []network.Subnet, zone string) error {
	if roomiest(members, zone).Zone == "" {
		return wire.Errorf("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group '%s' has no subnet in a second Availability Zone.", g.Name)
	}
	return nil
}
