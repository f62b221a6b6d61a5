package route53

import (
	"context"
	"strings"

	"atoll/internal/cloud/wire"
)

// limitOf reads a page size; what exceeds the most counts as the most.
func limitOf(asked *int64, most int) (int, error) {
	if asked == nil || *asked > int64(most) {
		return most, nil
	}
	if *asked < 1 {
		return 0, invalid("1 validation error detected: Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1", *asked)
	}
	return int(*asked), nil
}

// ListHostedZones lists zones by id. A marker is the id of the page's first zone.
func (s *Service) ListHostedZones(ctx context.Context, in *ListHostedZonesInput) (*ListHostedZonesOutput, error) {
	limit, err := limitOf(in.MaxItems, 100)
	if err != nil {
		return nil, err
	}
	if in.HostedZoneType != nil && *in.HostedZoneType != "PrivateHostedZone" {
		return nil, invalid("1 validation error detected: Value '%s' at 'hostedZoneType' failed to satisfy constraint: Member must satisfy enum value set: [PrivateHostedZone]", *in.HostedZoneType)
	}
	out := &ListHostedZonesOutput{HostedZones: []HostedZone{}, Marker: new(text(in.Marker)), IsTruncated: new(false), MaxItems: new(int64(limit))}
	return out, s.view(ctx, func(t *txn) error {
		for id, z := range t.zones.Range(t.tx, t.sc, text(in.Marker), "\xff", false) {
			if in.HostedZoneType != nil && !z.Private || in.DelegationSetId != nil && z.DelegationSet != bare(*in.DelegationSetId) {
				continue
			}
			if len(out.HostedZones) == limit {
				out.IsTruncated, out.NextMarker = new(true), new(id)
				break
			}
			out.HostedZones = append(out.HostedZones, *z.render())
		}
		return nil
	})
}

// ListHostedZonesByName lists zones by their names with the labels reversed, then by id, from a name and an id on.
func (s *Service) ListHostedZonesByName(ctx context.Context, in *ListHostedZonesByNameInput) (*ListHostedZonesByNameOutput, error) {
	limit, err := limitOf(in.MaxItems, 100)
	if err != nil {
		return nil, err
	}
	if in.HostedZoneId != nil && in.DNSName == nil {
		return nil, invalid("The hosted zone ID can be specified only together with a DNS name.")
	}
	from := ""
	if text(in.DNSName) != "" {
		name, wrong := parseName(*in.DNSName)
		if wrong != nil {
			return nil, wire.Errorf("InvalidDomainName", "%s is not a valid domain name", *in.DNSName)
		}
		from = reversed(name) + "\x00" + bare(text(in.HostedZoneId))
	}
	out := &ListHostedZonesByNameOutput{HostedZones: []HostedZone{}, IsTruncated: new(false), MaxItems: new(int64(limit)),
		DNSName: in.DNSName, HostedZoneId: in.HostedZoneId}
	return out, s.view(ctx, func(t *txn) error {
		for _, z := range t.zones.ByRange(t.tx, t.sc, "name", from, "\xff", false) {
			if len(out.HostedZones) == limit {
				out.IsTruncated, out.NextDNSName, out.NextHostedZoneId = new(true), new(z.Name), new(z.ID)
				break
			}
			out.HostedZones = append(out.HostedZones, *z.render())
		}
		return nil
	})
}

// zonesOf gives the zones that a name may have records in: those with its name and with the names above it, the nearest first.
func (t *txn) zonesOf(name string) []*zoneRecord {
	var out []*zoneRecord
	for rest := name; rest != ""; {
		for _, z := range t.zones.By(t.tx, t.sc, "name", reversed(rest)) {
			out = append(out, z)
		}
		_, rest, _ = strings.Cut(rest, ".")
	}
	return out
}
