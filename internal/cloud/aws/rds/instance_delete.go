package rds

import (
	"context"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

// DeleteDBInstance deletes an instance, by default after a last snapshot.
func (s *Service) DeleteDBInstance(ctx context.Context, in *DeleteDBInstanceInput) (*DeleteDBInstanceOutput, error) {
	out := &DeleteDBInstanceOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.instance(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		final := text(in.FinalDBSnapshotIdentifier)
		switch {
		case r.Protected:
			return conflict("Cannot delete protected DB Instance, please disable deletion protection and try again.")
		case yes(in.SkipFinalSnapshot) && final != "":
			return conflict("You cannot specify both FinalDBSnapshotIdentifier and SkipFinalSnapshot.")
		case r.Source != "" && final != "":
			return conflict("FinalDBSnapshotIdentifier can not be specified when deleting a replica instance")
		case r.Source == "" && !yes(in.SkipFinalSnapshot) && final == "":
			return conflict("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
		case !r.Stopped.IsZero() && final != "":
			// AWS starts the instance for the snapshot.
			t.start(r)
		}
		if r.status() == "deleting" {
			return wire.Errorf("InvalidDBInstanceState", "Instance %s is already being deleted.", r.ID)
		}
		if final != "" {
			if _, err := t.snapshotOf(r, final, nil); err != nil {
				return err
			}
		}
		if r.Server != nil && t.served(r) {
			t.follow(r, "deleting")
			r.Server.KeepBackups = !or(in.DeleteAutomatedBackups, true) && r.Retention > 0
			t.putInstance(r)
			out.DBInstance = t.render(r)
			return nil
		}
		t.note(r, "RDS-EVENT-0003", "deletion", "DB instance deleted")
		out.DBInstance = t.render(r)
		out.DBInstance.DBInstanceStatus = new("deleting")
		t.remove(r, or(in.DeleteAutomatedBackups, true))
		return nil
	})
}

// remove takes an instance out, with all that belongs to it alone. Its replicas become instances of their own.
func (t *txn) remove(r *instanceRecord, backups bool) {
	if backups || r.Retention == 0 {
		t.dropAutomated(r)
	} else {
		t.backups.Put(t.tx, t.sc, r.ResourceID, &backupRecord{database: r.database, ID: backupID(r.ResourceID), InstanceID: r.ID, Latest: t.restorable(r),
			Earliest: t.earliest(r), Ends: t.now.Add(time.Duration(r.Retention) * 24 * time.Hour)})
	}
	for _, id := range t.replicas(r) {
		replica, _ := t.instances.Get(t.tx, t.sc, id)
		replica.Source = ""
		t.follow(replica, "")
		t.putInstance(replica)
		t.note(replica, "RDS-EVENT-0202", "read replica", "Replication has stopped: the source %s was deleted.", r.ID)
	}
	for _, a := range r.Interfaces {
		t.d.Interfaces.ReleaseInterface(t.tx, t.sc, a.ID)
	}
	t.unmanage(r)
	t.instances.Delete(t.tx, t.sc, r.ID)
}

// AddRoleToDBInstance lets an instance use a role for one of its features.
func (s *Service) AddRoleToDBInstance(ctx context.Context, in *AddRoleToDBInstanceInput) (*AddRoleToDBInstanceOutput, error) {
	return &AddRoleToDBInstanceOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.running(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		e, _ := findEngine(r.Engine)
		known := false
		for _, feature := range e.features {
			known = known || feature == *in.FeatureName
		}
		if !known {
			return invalid("The feature-name parameter must be provided with the current operation for the %s engine: '%s' is none of its features.", e.name, *in.FeatureName)
		}
		role, ok := t.d.Roles.Role(t.tx, *in.RoleArn)
		if !ok || role.Account != t.sc.Account || !role.Trusts("rds.amazonaws.com", auth.Source(t.sc.Account, instanceARN(t.sc, r.ID))) {
			return invalid("IAM role ARN value is invalid or does not include the required permissions for: %s", *in.FeatureName)
		}
		for _, had := range r.Roles {
			if had.Feature == *in.FeatureName || had.ARN == *in.RoleArn {
				return wire.Errorf("DBInstanceRoleAlreadyExists", "Role ARN %s, or the feature %s, is already associated with the DB instance.", *in.RoleArn, *in.FeatureName)
			}
		}
		r.Roles = append(r.Roles, instanceRole{*in.RoleArn, *in.FeatureName})
		t.putInstance(r)
		return nil
	})
}

// RemoveRoleFromDBInstance takes a role from an instance.
func (s *Service) RemoveRoleFromDBInstance(ctx context.Context, in *RemoveRoleFromDBInstanceInput) (*RemoveRoleFromDBInstanceOutput, error) {
	return &RemoveRoleFromDBInstanceOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.running(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		for i, had := range r.Roles {
			if had.ARN == *in.RoleArn && had.Feature == *in.FeatureName {
				r.Roles = append(r.Roles[:i], r.Roles[i+1:]...)
				t.putInstance(r)
				return nil
			}
		}
		return wire.Errorf("DBInstanceRoleNotFound", "Role ARN %s is not associated with the DB instance for the feature %s.", *in.RoleArn, *in.FeatureName)
	})
}
