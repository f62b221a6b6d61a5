package rds

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

// DescribeCertificates lists the certificate authorities.
func (s *Service) DescribeCertificates(ctx context.Context, in *DescribeCertificatesInput) (*DescribeCertificatesOutput, error) {
	size, err := pageSize(in.MaxRecords, 100)
	if err != nil {
		return nil, err
	}
	if len(in.Filters) > 0 {
		return nil, wire.NotImplemented("rds:DescribeCertificates with Filters")
	}
	ids := slices.Sorted(maps.Keys(certificates))
	if id := text(in.CertificateIdentifier); id != "" {
		if err := checkCertificate(id); err != nil {
			return nil, err
		}
		ids = []string{id}
	}
	page, next, err := pageOfSlice(ids, size, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &DescribeCertificatesOutput{DefaultCertificateForNewLaunches: new(defaultCertificate), Marker: next}
	region := wire.CallFrom(ctx).Region
	for _, id := range page {
		until, err := time.Parse(time.DateOnly, certificates[id])
		if err != nil {
			return nil, err
		}
		out.Certificates = append(out.Certificates, Certificate{
			CertificateIdentifier: &id, CertificateType: new("CA"), Thumbprint: new(digest(40, id, region)), ValidFrom: new(time.Date(2021, 5, 25, 0, 0, 0, 0, time.UTC)),
			ValidTill: &until, CertificateArn: new("arn:aws:rds:" + region + "::cert:" + id), CustomerOverride: new(false),
		})
	}
	return out, nil
}

// DescribeOptionGroups lists the default option groups, and then those that users made.
func (s *Service) DescribeOptionGroups(ctx context.Context, in *DescribeOptionGroupsInput) (*DescribeOptionGroupsOutput, error) {
	size, err := pageSize(in.MaxRecords, 100)
	if err != nil {
		return nil, err
	}
	if len(in.Filters) > 0 {
		return nil, wire.NotImplemented("rds:DescribeOptionGroups with Filters")
	}
	if text(in.MajorEngineVersion) != "" && text(in.EngineName) == "" {
		return nil, conflict("An engine name must be specified when a major engine version is.")
	}
	named := strings.ToLower(text(in.OptionGroupName))
	if named != "" && text(in.EngineName) != "" {
		return nil, conflict("An option group name and an engine name can't be specified together.")
	}
	sc := wire.CallFrom(ctx).Scope()
	var all []OptionGroup
	for _, e := range engines() {
		for _, v := range e.versions {
			name := defaultOptionGroup(e.name, v)
			if !v.standard || named != "" && name != named || text(in.EngineName) != "" && *in.EngineName != e.name ||
				text(in.MajorEngineVersion) != "" && *in.MajorEngineVersion != v.major {
				continue
			}
			all = append(all, OptionGroup{
				OptionGroupName: &name, OptionGroupDescription: new("Default option group for " + e.name + " " + v.major), EngineName: &e.name, MajorEngineVersion: &v.major,
				Options: []Option{}, AllowsVpcAndNonVpcInstanceMemberships: new(true), OptionGroupArn: new(arn(sc, "og", name)),
			})
		}
	}
	_ = s.view(ctx, func(t *txn) error {
		for _, g := range t.optionGroups.All(t.tx, t.sc) {
			if (named == "" || g.Name == named) && (text(in.EngineName) == "" || *in.EngineName == g.Engine) && (text(in.MajorEngineVersion) == "" || *in.MajorEngineVersion == g.Major) {
				all = append(all, *t.renderOptionGroup(g))
			}
		}
		return nil
	})
	if named != "" && len(all) == 0 {
		return nil, noOptionGroup(named)
	}
	out := &DescribeOptionGroupsOutput{}
	out.OptionGroupsList, out.Marker, err = pageOfSlice(all, size, in.Marker)
	return out, err
}

// DescribePendingMaintenanceActions finds none: there are no machines here whose systems AWS would renew, and engines are upgraded
// by ModifyDBInstance alone.
func (s *Service) DescribePendingMaintenanceActions(ctx context.Context, in *DescribePendingMaintenanceActionsInput) (*DescribePendingMaintenanceActionsOutput, error) {
	if _, err := pageSize(in.MaxRecords, 100); err != nil {
		return nil, err
	}
	for _, f := range in.Filters {
		if !slices.Contains([]string{"db-cluster-id", "db-instance-id"}, text(f.Name)) {
			return nil, invalid("Unrecognized filter name: %s", text(f.Name))
		}
	}
	out := &DescribePendingMaintenanceActionsOutput{PendingMaintenanceActions: []ResourcePendingMaintenanceActions{}}
	return out, s.view(ctx, func(t *txn) error {
		if id := text(in.ResourceIdentifier); id != "" {
			if _, err := t.instance(id); err != nil {
				return wire.Errorf("ResourceNotFoundFault", "The specified resource ID was not found: %s", id)
			}
		}
		return nil
	})
}

// DescribeDBLogFiles lists an instance's log files: none as long as no database writes them.
func (s *Service) DescribeDBLogFiles(ctx context.Context, in *DescribeDBLogFilesInput) (*DescribeDBLogFilesOutput, error) {
	out := &DescribeDBLogFilesOutput{DescribeDBLogFiles: []DescribeDBLogFilesDetails{}}
	return out, s.view(ctx, func(t *txn) error {
		_, err := t.instance(*in.DBInstanceIdentifier)
		return err
	})
}
