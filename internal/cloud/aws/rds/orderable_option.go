package rds

import (
	"context"
	"slices"

	"atoll/internal/cloud/wire"
)

// DescribeOrderableDBInstanceOptions lists the combinations of an engine's versions, instance classes and storage types.
func (s *Service) DescribeOrderableDBInstanceOptions(ctx context.Context, in *DescribeOrderableDBInstanceOptionsInput) (*DescribeOrderableDBInstanceOptionsOutput, error) {
	size, err := pageSize(in.MaxRecords, 10000)
	if err != nil {
		return nil, err
	}
	e, err := engineFor(*in.Engine, "DescribeOrderableDBInstanceOptions")
	if err != nil {
		return nil, err
	}
	if len(in.Filters) > 0 {
		return nil, wire.NotImplemented("rds:DescribeOrderableDBInstanceOptions with Filters")
	}
	region := wire.CallFrom(ctx).Region
	out := &DescribeOrderableDBInstanceOptionsOutput{OrderableDBInstanceOptions: []OrderableDBInstanceOption{}}
	if in.Vpc != nil && !*in.Vpc || text(in.LicenseModel) != "" && *in.LicenseModel != e.license ||
		text(in.AvailabilityZoneGroup) != "" && *in.AvailabilityZoneGroup != region {
		return out, nil
	}
	type option struct {
		number string
		class  class
		volume volume
	}
	var all []option
	for _, v := range e.versions {
		if number := text(in.EngineVersion); v.deprecated || number != "" && number != v.number && number != v.major {
			continue
		}
		for _, c := range classes() {
			if name := text(in.DBInstanceClass); name != "" && name != c.name {
				continue
			}
			for _, vol := range volumes {
				if vol.name != magnetic || c.magnetic {
					all = append(all, option{v.number, c, vol})
				}
			}
		}
	}
	page, next, err := pageOfSlice(all, size, in.Marker)
	if err != nil {
		return nil, err
	}
	var zones []AvailabilityZone
	for _, z := range slices.Sorted(slices.Values(s.d.Zones.Zones(region))) {
		zones = append(zones, AvailabilityZone{Name: &z})
	}
	for _, o := range page {
		out.OrderableDBInstanceOptions = append(out.OrderableDBInstanceOptions, orderable(e, o.number, o.class, o.volume, region, zones))
	}
	out.Marker = next
	return out, nil
}

func orderable(e *engine, number string, c class, v volume, region string, zones []AvailabilityZone) OrderableDBInstanceOption {
	out := OrderableDBInstanceOption{
		Engine: &e.name, EngineVersion: &number, DBInstanceClass: &c.name, LicenseModel: &e.license, AvailabilityZoneGroup: &region, AvailabilityZones: zones,
		MultiAZCapable: new(true), ReadReplicaCapable: new(true), Vpc: new(true), SupportsStorageEncryption: new(true), StorageType: &v.name,
		SupportsIops: new(v.mostIOPS > 0), SupportsStorageThroughput: new(v.mostThroughput > 0), SupportsEnhancedMonitoring: new(true),
		SupportsIAMDatabaseAuthentication: new(true), SupportsPerformanceInsights: new(c.performanceInsights(e.name)), MinStorageSize: &v.least,
		MaxStorageSize: &v.most, AvailableProcessorFeatures: []AvailableProcessorFeature{}, SupportedEngineModes: []string{"provisioned"},
		SupportsStorageAutoscaling: new(v.name != magnetic), SupportsKerberosAuthentication: new(false), OutpostCapable: new(false),
		SupportedActivityStreamModes: []string{}, SupportsGlobalDatabases: new(false), SupportedNetworkTypes: []string{networkIPv4, networkDual},
		SupportsClusters: new(false), SupportsDedicatedLogVolume: new(false), SupportsAdditionalStorageVolumes: new(false), SupportsHttpEndpoint: new(false),
	}
	if v.mostIOPS > 0 {
		out.MinIopsPerDbInstance, out.MaxIopsPerDbInstance, out.MinIopsPerGib, out.MaxIopsPerGib = &v.leastIOPS, &v.mostIOPS, &v.leastRatio, &v.mostRatio
	}
	if v.mostThroughput > 0 {
		out.MinStorageThroughputPerDbInstance, out.MaxStorageThroughputPerDbInstance = &v.leastThroughput, &v.mostThroughput
		out.MinStorageThroughputPerIops, out.MaxStorageThroughputPerIops = new(0.0), new(0.25)
	}
	return out
}
