package route53

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/wire"
)

// recordTypes are those that Route 53 has. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
var recordTypes = [...]string{"A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"}

func badType(value, member string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]", value, member, strings.Join(recordTypes[:], ", "))
}

// named names a change as Route 53's messages do.
func named(c *Change) string {
	identifier := "null"
	if c.ResourceRecordSet.SetIdentifier != nil {
		identifier = *c.ResourceRecordSet.SetIdentifier
	}
	return fmt.Sprintf("Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]", *c.Action, *c.ResourceRecordSet.Name, *c.ResourceRecordSet.Type, identifier)
}

// checkChange checks the shape of a change: what it may have together.
func checkChange(c *Change) error {
	r := c.ResourceRecordSet
	switch {
	case !slices.Contains([]string{"CREATE", "DELETE", "UPSERT"}, *c.Action):
		return invalid("1 validation error detected: Value '%s' at 'changeBatch.changes.1.member.action' failed to satisfy constraint: Member must satisfy enum value set: [CREATE, DELETE, UPSERT]", *c.Action)
	case !slices.Contains(recordTypes[:], *r.Type):
		return badType(*r.Type, "changeBatch.changes.1.member.resourceRecordSet.type")
	case r.TrafficPolicyInstanceId != nil:
		return wire.NotImplemented("route53:ChangeResourceRecordSets with TrafficPolicyInstanceId")
	}
	plain, partly := r.TTL != nil && len(r.ResourceRecords) > 0, r.TTL != nil || len(r.ResourceRecords) > 0
	const forms = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
	switch {
	case r.AliasTarget != nil && partly:
		return invalid("Invalid request: %s, but found more than one in %s", forms, named(c))
	case r.AliasTarget == nil && !plain:
		return invalid("Invalid request: %s, but found none in %s", forms, named(c))
	case r.TTL != nil && (*r.TTL < 0 || *r.TTL > 2147483647):
		return invalid("1 validation error detected: Value '%d' at 'changeBatch.changes.1.member.resourceRecordSet.tTL' failed to satisfy constraint: Member must be between 0 and 2147483647", *r.TTL)
	}
	return checkPolicy(c)
}

// Kinds of routing policies.
const (
	policyWeighted     = "Weight"
	policyLatency      = "Region"
	policyFailover     = "Failover"
	policyGeolocation  = "GeoLocation"
	policyMultivalue   = "MultiValueAnswer"
	policyGeoproximity = "GeoProximityLocation"
	policyCIDR         = "CidrRoutingConfig"
)

// policies gives the kinds of routing policies that a record set has.
func policies(r *ResourceRecordSet) []string {
	var out []string
	for _, p := range []struct {
		name  string
		given bool
	}{
		{policyWeighted, r.Weight != nil}, {policyLatency, r.Region != nil}, {policyFailover, r.Failover != nil}, {policyGeolocation, r.GeoLocation != nil},
		{policyMultivalue, r.MultiValueAnswer != nil && *r.MultiValueAnswer}, {policyGeoproximity, r.GeoProximityLocation != nil},
		{policyCIDR, r.CidrRoutingConfig != nil},
	} {
		if p.given {
			out = append(out, p.name)
		}
	}
	return out
}

var regionNames = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)

func checkPolicy(c *Change) error {
	r := c.ResourceRecordSet
	kinds := policies(r)
	const all = "Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig]"
	switch {
	case len(kinds) > 1:
		return invalid("Invalid request: %s, but found more than one in %s", all, named(c))
	case r.SetIdentifier != nil && len(kinds) == 0:
		return invalid("Invalid request: %s, but found none in %s", all, named(c))
	case r.SetIdentifier == nil && len(kinds) == 1:
		return invalid("Invalid request: Missing field 'SetIdentifier' in %s", named(c))
	case r.SetIdentifier != nil && (*r.SetIdentifier == "" || utf8.RuneCountInString(*r.SetIdentifier) > 128 || strings.ContainsAny(*r.SetIdentifier, "\x00\x01")):
		return invalid("1 validation error detected: Value '%s' at 'setIdentifier' failed to satisfy constraint: Member must have length between 1 and 128", *r.SetIdentifier)
	case r.Weight != nil && (*r.Weight < 0 || *r.Weight > 255):
		return invalid("1 validation error detected: Value '%d' at 'weight' failed to satisfy constraint: Member must be between 0 and 255", *r.Weight)
	case r.Region != nil && !regionNames.MatchString(*r.Region):
		return invalid("1 validation error detected: Value '%s' at 'region' failed to satisfy constraint: Member must be the name of a region", *r.Region)
	case r.Failover != nil && *r.Failover != "PRIMARY" && *r.Failover != "SECONDARY":
		return invalid("1 validation error detected: Value '%s' at 'failover' failed to satisfy constraint: Member must satisfy enum value set: [PRIMARY, SECONDARY]", *r.Failover)
	case len(kinds) == 1 && kinds[0] == policyMultivalue && r.AliasTarget != nil:
		return invalid("Invalid request: A multivalue answer record cannot be an alias in %s", named(c))
	case len(kinds) == 1 && *r.Type == "CNAME" && kinds[0] == policyMultivalue, len(kinds) == 1 && (*r.Type == "NS" || *r.Type == "SOA"):
		return invalid("Invalid request: A record of type %s cannot have the routing policy %s in %s", *r.Type, kinds[0], named(c))
	}
	if r.GeoLocation != nil {
		return checkPlace(r.GeoLocation)
	}
	if p := r.GeoProximityLocation; p != nil {
		return checkProximity(p)
	}
	return nil
}

// checkPlace checks a place: a continent, or a country, which may have a subdivision.
func checkPlace(g *GeoLocation) error {
	continents := []string{"AF", "AN", "AS", "EU", "NA", "OC", "SA"}
	countries := regexp.MustCompile(`^([A-Z]{2}|\*)$`)
	subdivisions := regexp.MustCompile(`^([A-Z0-9]{1,3}|\*)$`)
	switch {
	case (g.ContinentCode == nil) == (g.CountryCode == nil):
		return invalid("Invalid request: A GeoLocation has either a ContinentCode or a CountryCode.")
	case g.ContinentCode != nil && (!slices.Contains(continents, *g.ContinentCode) || g.SubdivisionCode != nil),
		g.CountryCode != nil && !countries.MatchString(*g.CountryCode), g.SubdivisionCode != nil && !subdivisions.MatchString(*g.SubdivisionCode):
		return invalid("Invalid request: The GeoLocation [ContinentCode=%s, CountryCode=%s, SubdivisionCode=%s] is not one that Route 53 has.", text(g.ContinentCode), text(g.CountryCode), text(g.SubdivisionCode))
	}
	return nil
}

func checkProximity(p *GeoProximityLocation) error {
	given := 0
	for _, is := range []bool{p.AWSRegion != nil, p.LocalZoneGroup != nil, p.Coordinates != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return invalid("Invalid request: A GeoProximityLocation has exactly one of AWSRegion, LocalZoneGroup and Coordinates.")
	}
	if p.Bias != nil && (*p.Bias < -99 || *p.Bias > 99) {
		return invalid("1 validation error detected: Value '%d' at 'bias' failed to satisfy constraint: Member must be between -99 and 99", *p.Bias)
	}
	return nil
}

// checkOwn holds the zone to the records that each zone has.
func (b *batch) checkOwn() {
	for kind, rule := range map[string]string{"SOA": "A HostedZone must contain exactly one SOA record.",
		"NS": "A HostedZone must contain at least one NS record for the zone itself."} {
		if _, ok := b.records.Get(b.tx, b.sc, setKey(b.zone.ID, b.zone.Name, kind, "")); !ok {
			b.complain(rule)
		}
	}
}

// checkNeighbours holds a record set against the others of its name.
func (b *batch) checkNeighbours(r *ResourceRecordSet) {
	switch {
	case *r.Type == "SOA" && *r.Name != b.zone.Name:
		b.complain("RRSet of type SOA with DNS name " + *r.Name + " is not permitted: only the zone itself has one.")
	case *r.Type == "CNAME" && *r.Name == b.zone.Name:
		b.complain("RRSet of type CNAME with DNS name " + *r.Name + " is not permitted at apex in zone " + b.zone.Name)
		return
	}
	for _, other := range b.records.Prefix(b.tx, b.sc, b.zone.ID+"/"+reversed(*r.Name)+"\x01") {
		o := &other.Set
		switch {
		case *o.Type == *r.Type:
			b.checkSiblings(r, o)
		case *r.Type == "CNAME":
			b.complain("RRSet of type CNAME with DNS name " + *r.Name + " is not permitted as it conflicts with other records with the same DNS name in zone " + b.zone.Name)
		case *o.Type == "CNAME":
			b.complain("RRSet of type " + *r.Type + " with DNS name " + *r.Name +
				" is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone " + b.zone.Name)
		}
	}
}

// checkSiblings holds a record set against another of its name and type: they must share a routing policy.
func (b *batch) checkSiblings(r, other *ResourceRecordSet) {
	if text(r.SetIdentifier) == text(other.SetIdentifier) {
		return
	}
	who := "RRSet with DNS name " + *r.Name + ", type " + *r.Type
	if r.SetIdentifier != nil {
		who += ", SetIdentifier " + *r.SetIdentifier
	}
	mine, theirs := policies(r), policies(other)
	switch {
	case len(mine) == 0 || len(theirs) == 0:
		b.complain(who + " cannot be created as other RRSets exist with the same name and type.")
	case mine[0] != theirs[0]:
		if mine[0] == policyMultivalue {
			b.complain(who + " cannot be created because a non multivalue answer rrset exists with the same name and type.")
			return
		}
		b.complain(who + " cannot be created as other RRSets with another routing policy exist with the same name and type.")
	case mine[0] == policyCIDR && *r.CidrRoutingConfig.CollectionId != *other.CidrRoutingConfig.CollectionId:
		b.complain(who + " cannot be created as RRSets with another CIDR collection exist with the same name and type.")
	case mine[0] != policyWeighted && mine[0] != policyMultivalue && samePlace(r, other):
		b.complain(who + " cannot be created as an RRSet with the same " + mine[0] + " exists with the same name and type.")
	}
}

// samePlace reports whether two record sets with the same kind of routing policy would answer the same queries.
func samePlace(a, b *ResourceRecordSet) bool {
	only := func(r *ResourceRecordSet) string {
		return fingerprint(&ResourceRecordSet{Region: r.Region, Failover: r.Failover, GeoLocation: r.GeoLocation, GeoProximityLocation: r.GeoProximityLocation, CidrRoutingConfig: r.CidrRoutingConfig})
	}
	return only(a) == only(b)
}
