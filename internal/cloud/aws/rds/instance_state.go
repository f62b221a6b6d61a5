package rds

import (
	"context"
	"time"

	"atoll/internal/cloud/wire"
)

// RebootDBInstance starts an instance anew, by which all parameters of its group take effect.
func (s *Service) RebootDBInstance(ctx context.Context, in *RebootDBInstanceInput) (*RebootDBInstanceOutput, error) {
	out := &RebootDBInstanceOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.instance(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		if s := r.status(); s != "available" && s != "incompatible-parameters" {
			return wire.Errorf("InvalidDBInstanceState", "Instance %s is not in available state.", r.ID)
		}
		if yes(in.ForceFailover) {
			if !r.MultiAZ {
				return conflict("The ForceFailover parameter can't be specified for DB instances that are not Multi-AZ.")
			}
			if r.Server != nil {
				t.follow(r, "rebooting")
				r.Server.Switches++ // the zones follow
			} else {
				t.swap(r)
			}
		} else {
			t.restart(r, "rebooting")
		}
		t.applyParameters(r)
		t.putInstance(r)
		t.note(r, "RDS-EVENT-0004", "availability", "DB instance shutdown")
		t.note(r, "RDS-EVENT-0006", "availability", "DB instance restarted")
		out.DBInstance = t.render(r)
		return nil
	})
}

// StopDBInstance stops an instance, for seven days at most.
func (s *Service) StopDBInstance(ctx context.Context, in *StopDBInstanceInput) (*StopDBInstanceOutput, error) {
	if yes(in.DetachFromDBCapacityReservation) {
		return nil, wire.NotImplemented("rds:StopDBInstance with DetachFromDBCapacityReservation")
	}
	out := &StopDBInstanceOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.running(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		if r.Source != "" || len(t.replicas(r)) > 0 {
			return wire.Errorf("InvalidDBInstanceState", "You can't stop a DB instance that has a read replica or that is a read replica.")
		}
		if name := text(in.DBSnapshotIdentifier); name != "" {
			if _, err := t.snapshotOf(r, name, nil); err != nil {
				return err
			}
		}
		r.Stopped = t.now
		t.follow(r, "stopping")
		t.putInstance(r)
		t.note(r, "RDS-EVENT-0087", "notification", "DB instance stopped")
		out.DBInstance = t.render(r)
		return nil
	})
}

// StartDBInstance starts a stopped instance.
func (s *Service) StartDBInstance(ctx context.Context, in *StartDBInstanceInput) (*StartDBInstanceOutput, error) {
	if text(in.DBCapacityReservationIdentifier) != "" {
		return nil, wire.NotImplemented("rds:StartDBInstance with DBCapacityReservationIdentifier")
	}
	out := &StartDBInstanceOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.instance(*in.DBInstanceIdentifier)
		if err != nil {
			return err
		}
		if r.status() != "stopped" {
			return wire.Errorf("InvalidDBInstanceState", "Instance %s is not in stopped state.", r.ID)
		}
		t.start(r)
		t.follow(r, "starting")
		t.note(r, "RDS-EVENT-0088", "notification", "DB instance started")
		t.putInstance(r)
		out.DBInstance = t.render(r)
		return nil
	})
}

// start ends an instance's stop. Windows that have passed are not made up for.
func (t *txn) start(r *instanceRecord) {
	r.Stopped = time.Time{}
	if r.Retention > 0 {
		r.NextBackup = nextBackup(r.BackupWindow, t.now)
	}
	if !r.NextWindow.IsZero() {
		r.NextWindow = nextMaintenance(r.Maintenance, t.now)
	}
	t.applyParameters(r)
}
