package rds

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// CopyDBSnapshot makes a manual snapshot from another one of the same region, encrypted with another key where one is given.
func (s *Service) CopyDBSnapshot(ctx context.Context, in *CopyDBSnapshotInput) (*CopyDBSnapshotOutput, error) {
	source := *in.SourceDBSnapshotIdentifier
	sc := wire.CallFrom(ctx).Scope()
	if strings.HasPrefix(source, "arn:") && !strings.HasPrefix(source, arn(sc, "snapshot", "")) {
		return nil, wire.NotImplemented("rds:CopyDBSnapshot from another region or account")
	}
	if err := refuse("CopyDBSnapshot", map[string]bool{
		"TargetCustomAvailabilityZone": text(in.TargetCustomAvailabilityZone) != "", "SnapshotTarget": or(in.SnapshotTarget, "region") != "region",
		"CopyOptionGroup": yes(in.CopyOptionGroup), "SnapshotAvailabilityZone": text(in.SnapshotAvailabilityZone) != "",
		"TagSpecifications": len(in.TagSpecifications) > 0,
	}); err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	key := ""
	if text(in.KmsKeyId) != "" {
		if key, err = s.key(ctx, in.KmsKeyId, "rds"); err != nil {
			return nil, err
		}
	}
	out := &CopyDBSnapshotOutput{}
	return out, s.update(ctx, func(t *txn) error {
		from, err := t.snapshot(source)
		if err != nil {
			return err
		}
		if err := from.check(); err != nil {
			return err
		}
		id, err := t.newSnapshotID(*in.TargetDBSnapshotIdentifier, "TargetDBSnapshotIdentifier")
		if err != nil {
			return err
		}
		r := *from
		e, _ := findEngine(r.Engine)
		if r.OptionGroup, err = t.optionGroupOf(in.OptionGroupName, from.OptionGroup, e, e.version(r.Version)); err != nil {
			return err
		}
		r.ID, r.Type, r.Taken, r.Copied, r.Shares = id, manual, t.now, arn(t.sc, "snapshot", from.ID), nil
		if key != "" {
			r.Encrypted, r.KmsKey = true, key
		}
		if yes(in.CopyTags) && len(tags) == 0 {
			tags = state.Tags(t.tx, r.Copied)
		}
		t.snapshots.Put(t.tx, t.sc, id, &r)
		t.tagSnapshot(id, tags)
		t.happened("db-snapshot", id, arn(t.sc, "snapshot", id), "RDS-EVENT-0060", "creation", "DB snapshot copied from "+from.ID)
		out.DBSnapshot = t.renderSnapshot(&r)
		return nil
	})
}

var accountIDs = regexp.MustCompile(`^\d{12}$`)

// ModifyDBSnapshotAttribute shares a manual snapshot, or takes that back.
func (s *Service) ModifyDBSnapshotAttribute(ctx context.Context, in *ModifyDBSnapshotAttributeInput) (*ModifyDBSnapshotAttributeOutput, error) {
	if *in.AttributeName != "restore" {
		return nil, invalid("Invalid snapshot attribute: %s", *in.AttributeName)
	}
	out := &ModifyDBSnapshotAttributeOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.snapshot(*in.DBSnapshotIdentifier)
		if err != nil {
			return err
		}
		if r.Type != manual {
			return wire.Errorf("InvalidDBSnapshotState", "Only manual snapshots can be shared. Copy the snapshot %s first.", r.ID)
		}
		for _, account := range in.ValuesToAdd {
			switch {
			case account == "all" && r.Encrypted:
				return invalid("Encrypted snapshots can't be shared as public.")
			case account != "all" && !accountIDs.MatchString(account):
				return invalid("Invalid account id: %s", account)
			case !slices.Contains(r.Shares, account):
				r.Shares = append(r.Shares, account)
			}
		}
		r.Shares = slices.DeleteFunc(r.Shares, func(a string) bool { return slices.Contains(in.ValuesToRemove, a) })
		if len(r.Shares) > 20 {
			return wire.Errorf("SharedSnapshotQuotaExceeded", "A snapshot can be shared with at most 20 accounts.")
		}
		slices.Sort(r.Shares)
		t.snapshots.Put(t.tx, t.sc, r.ID, r)
		out.DBSnapshotAttributesResult = r.attributes()
		return nil
	})
}

// DescribeDBSnapshotAttributes says with whom a snapshot is shared.
func (s *Service) DescribeDBSnapshotAttributes(ctx context.Context, in *DescribeDBSnapshotAttributesInput) (*DescribeDBSnapshotAttributesOutput, error) {
	out := &DescribeDBSnapshotAttributesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.snapshot(*in.DBSnapshotIdentifier)
		if err != nil {
			return err
		}
		out.DBSnapshotAttributesResult = r.attributes()
		return nil
	})
}

func (r *snapshotRecord) attributes() *DBSnapshotAttributesResult {
	shares := append([]string{}, r.Shares...)
	return &DBSnapshotAttributesResult{DBSnapshotIdentifier: &r.ID, DBSnapshotAttributes: []DBSnapshotAttribute{{AttributeName: new("restore"), AttributeValues: shares}}}
}
