package rds

import (
	"context"
	"maps"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// listed is a version with its engine.
type listed struct {
	*engine
	version
}

// DescribeDBEngineVersions lists the versions of engines.
func (s *Service) DescribeDBEngineVersions(_ context.Context, in *DescribeDBEngineVersionsInput) (*DescribeDBEngineVersionsOutput, error) {
	size, err := pageSize(in.MaxRecords, 100)
	if err != nil {
		return nil, err
	}
	pass, err := filtered(in.Filters, map[string]func(*listed) []string{
		"db-parameter-group-family": func(v *listed) []string { return []string{v.family} },
		"engine":                    func(v *listed) []string { return []string{v.engine.name} },
		"engine-mode":               func(*listed) []string { return []string{"provisioned"} },
		"engine-version":            func(v *listed) []string { return []string{v.number} },
		"status":                    func(v *listed) []string { return []string{v.status()} },
	})
	if err != nil {
		return nil, err
	}
	if name := text(in.Engine); name != "" {
		if _, err := engineFor(name, "DescribeDBEngineVersions"); err != nil {
			return nil, err
		}
	} else if yes(in.DefaultOnly) {
		return nil, conflict("An engine must be specified when DefaultOnly is.")
	}
	var all []listed
	for _, e := range engines() {
		if name := text(in.Engine); name != "" && strings.ToLower(name) != e.name {
			continue
		}
		for _, v := range e.versions {
			entry := listed{e, v}
			if entry.asked(in) && pass(&entry) {
				all = append(all, entry)
			}
		}
	}
	page, next, err := pageOfSlice(all, size, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &DescribeDBEngineVersionsOutput{DBEngineVersions: make([]DBEngineVersion, 0, len(page)), Marker: next}
	for _, v := range page {
		out.DBEngineVersions = append(out.DBEngineVersions, v.render(in))
	}
	return out, nil
}

func (v *listed) status() string {
	if v.deprecated {
		return "deprecated"
	}
	return "available"
}

func (v *listed) asked(in *DescribeDBEngineVersionsInput) bool {
	number := text(in.EngineVersion)
	if v.deprecated && !yes(in.IncludeAll) || number != "" && v.number != number && v.major != number {
		return false
	}
	if family := text(in.DBParameterGroupFamily); family != "" && family != v.family {
		return false
	}
	if !yes(in.DefaultOnly) {
		return true
	}
	major := ""
	if number != "" {
		major = v.major
	}
	standard, _ := v.standard(major)
	return v.number == standard.number
}

// standard is the engine's: both embedded types have the name.
func (v *listed) standard(major string) (version, bool) { return v.engine.standard(major) }

func (v *listed) render(in *DescribeDBEngineVersionsInput) DBEngineVersion {
	out := DBEngineVersion{
		Engine: &v.engine.name, MajorEngineVersion: &v.major, EngineVersion: &v.number, DBParameterGroupFamily: &v.family, DBEngineDescription: &v.description,
		DBEngineVersionDescription: new(v.description + " " + v.number), ValidUpgradeTarget: []UpgradeTarget{}, ExportableLogTypes: v.logs,
		SupportsLogExportsToCloudwatchLogs: new(true), SupportsReadReplica: new(true), SupportedFeatureNames: v.features, Status: new(v.status()),
		SupportsParallelQuery: new(false), SupportsGlobalDatabases: new(false), SupportsBabelfish: new(false), SupportsLimitlessDatabase: new(false),
		SupportsCertificateRotationWithoutRestart: new(true), SupportedCACertificateIdentifiers: slices.Sorted(maps.Keys(certificates)),
		SupportsLocalWriteForwarding: new(false), SupportsIntegrations: new(false), SupportedEngineModes: []string{"provisioned"},
	}
	if v.engine.name == mysql && yes(in.ListSupportedCharacterSets) {
		for _, name := range []string{"latin1", "utf8mb3", "utf8mb4"} {
			out.SupportedCharacterSets = append(out.SupportedCharacterSets, CharacterSet{CharacterSetName: &name, CharacterSetDescription: &name})
		}
	}
	if v.engine.name == mysql && yes(in.ListSupportedTimezones) {
		for _, name := range []string{"Africa/Cairo", "America/Los_Angeles", "Asia/Tokyo", "Australia/Sydney", "Europe/Berlin", "UTC"} {
			out.SupportedTimezones = append(out.SupportedTimezones, Timezone{TimezoneName: &name})
		}
	}
	for _, target := range v.upgrades(v.version) {
		major := target.major != v.major
		standard, _ := v.standard(v.major)
		out.ValidUpgradeTarget = append(out.ValidUpgradeTarget, UpgradeTarget{
			Engine: &v.engine.name, EngineVersion: &target.number, Description: new(v.description + " " + target.number),
			AutoUpgrade: new(!major && target.number == standard.number), IsMajorVersionUpgrade: &major,
			SupportsParallelQuery: new(false), SupportsGlobalDatabases: new(false), SupportsBabelfish: new(false), SupportsLimitlessDatabase: new(false),
			SupportsLocalWriteForwarding: new(false), SupportsIntegrations: new(false), SupportedEngineModes: []string{"provisioned"},
		})
	}
	return out
}

// upgrade checks that an instance can be moved from one of its engine's versions to another one, and gives that one.
func (e *engine) upgrade(from, to string, majorAllowed bool) (version, error) {
	now := e.version(from)
	target, err := e.resolve(to)
	if err != nil {
		return version{}, err
	}
	if target.number == now.number || to == now.major && older(target.number, now.number) {
		return now, nil // a major version alone raises an instance to its standard, never lowers it
	}
	if !slices.Contains(e.upgrades(now), target) {
		return version{}, conflict("Cannot upgrade %s from %s to %s", e.name, now.number, target.number)
	}
	if target.major != now.major && !majorAllowed {
		return version{}, conflict("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
	}
	return target, nil
}

// DescribeBlueGreenDeployments finds none: they cannot be made here.
func (s *Service) DescribeBlueGreenDeployments(_ context.Context, in *DescribeBlueGreenDeploymentsInput) (*DescribeBlueGreenDeploymentsOutput, error) {
	if id := text(in.BlueGreenDeploymentIdentifier); id != "" {
		return nil, wire.Errorf("BlueGreenDeploymentNotFoundFault", "BlueGreenDeployment %s not found", id)
	}
	if _, err := pageSize(in.MaxRecords, 100); err != nil {
		return nil, err
	}
	return &DescribeBlueGreenDeploymentsOutput{BlueGreenDeployments: []BlueGreenDeployment{}}, nil
}
