package dynamodb

import (
	"context"
	"time"

	"atoll/internal/cloud/wire"
)

const (
	recoveryDays = 35 // how far back recovery reaches, by default and at most
	recoveryLag  = 5 * time.Minute
)

// DescribeContinuousBackups tells whether a table has point-in-time recovery.
func (s *Service) DescribeContinuousBackups(ctx context.Context, in *DescribeContinuousBackupsInput) (*DescribeContinuousBackupsOutput, error) {
	out := &DescribeContinuousBackupsOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.table(*in.TableName)
		if err != nil {
			return tableNotFound(t, err, *in.TableName)
		}
		out.ContinuousBackupsDescription = t.recovery(r)
		return nil
	})
}

// UpdateContinuousBackups turns point-in-time recovery on or off, or changes its period.
func (s *Service) UpdateContinuousBackups(ctx context.Context, in *UpdateContinuousBackupsInput) (*UpdateContinuousBackupsOutput, error) {
	spec := in.PointInTimeRecoverySpecification
	if spec.RecoveryPeriodInDays != nil {
		switch days := *spec.RecoveryPeriodInDays; {
		case !*spec.PointInTimeRecoveryEnabled:
			return nil, invalidValue("RecoveryPeriodInDays cannot be specified when PointInTimeRecoveryEnabled is false")
		case days < 1 || days > recoveryDays:
			return nil, invalid("1 validation error detected: Value '%d' at 'pointInTimeRecoverySpecification.recoveryPeriodInDays' failed to satisfy constraint: Member must have value between 1 and 35", days)
		}
	}
	out := &UpdateContinuousBackupsOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.own(*in.TableName)
		if err != nil {
			return tableNotFound(t, err, *in.TableName)
		}
		switch {
		case !*spec.PointInTimeRecoveryEnabled:
			r.Recovery = nil
		case r.Recovery == nil:
			r.Recovery = &recovery{Since: t.now, Days: recoveryDays}
		}
		if spec.RecoveryPeriodInDays != nil {
			r.Recovery.Days = *spec.RecoveryPeriodInDays
		}
		t.put(r)
		out.ContinuousBackupsDescription = t.recovery(r)
		return nil
	})
}

func tableNotFound(t *txn, err error, name string) error {
	if isNotFound(err) {
		return wire.Errorf("TableNotFoundException", "Table not found: %s", plainName(t.sc, name))
	}
	return err
}

func (t *txn) recovery(r *tableRecord) *ContinuousBackupsDescription {
	d := &PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: new("DISABLED")}
	if r.Recovery != nil {
		earliest, latest := r.Recovery.Since, t.now.Add(-recoveryLag)
		if first := t.now.AddDate(0, 0, -int(r.Recovery.Days)); first.After(earliest) {
			earliest = first
		}
		if latest.Before(earliest) {
			latest = earliest
		}
		d = &PointInTimeRecoveryDescription{
			PointInTimeRecoveryStatus: new("ENABLED"), RecoveryPeriodInDays: &r.Recovery.Days,
			EarliestRestorableDateTime: &earliest, LatestRestorableDateTime: &latest,
		}
	}
	return &ContinuousBackupsDescription{ContinuousBackupsStatus: new("ENABLED"), PointInTimeRecoveryDescription: d}
}
