package route53_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"atoll/internal/cloud/cloudtest"
)

func TestPublicZone(t *testing.T) {
	c := start(t, cloudtest.Durable())
	out := must(c.CreateHostedZone(c.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("Example.ORG"), CallerReference: aws.String("a"),
		HostedZoneConfig: &types.HostedZoneConfig{Comment: aws.String("first")}}))(t)
	z := out.HostedZone
	if *z.Name != "example.org." || !regexp.MustCompile(`^/hostedzone/Z[0-9A-Z]+$`).MatchString(*z.Id) || *z.ResourceRecordSetCount != 2 ||
		*z.Config.Comment != "first" || z.Config.PrivateZone || out.ChangeInfo.Status != types.ChangeStatusInsync || len(out.DelegationSet.NameServers) != 4 {
		t.Errorf("created: %+v", out)
	}
	_, err := c.CreateHostedZone(c.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("example.com"), CallerReference: aws.String("a")})
	refused(t, err, "HostedZoneAlreadyExists")
	_, err = c.CreateHostedZone(c.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("exa mple.com"), CallerReference: aws.String("b")})
	refused(t, err, "InvalidDomainName")
	must(c.GetChange(c.ctx, &sdk.GetChangeInput{Id: out.ChangeInfo.Id}))(t)
	_, err = c.GetChange(c.ctx, &sdk.GetChangeInput{Id: aws.String("C123")})
	refused(t, err, "NoSuchChange")

	c.cloud.Restart()
	must(c.UpdateHostedZoneComment(c.ctx, &sdk.UpdateHostedZoneCommentInput{Id: z.Id, Comment: aws.String("second")}))(t)
	got := must(c.GetHostedZone(c.ctx, &sdk.GetHostedZoneInput{Id: z.Id}))(t)
	if *got.HostedZone.Config.Comment != "second" || !slices.Equal(got.DelegationSet.NameServers, out.DelegationSet.NameServers) || len(got.VPCs) != 0 {
		t.Errorf("read: %+v", got)
	}
	c.zone = *z.Id
	names, records := c.list(sdk.ListResourceRecordSetsInput{})
	if !slices.Equal(names, []string{"example.org. NS", "example.org. SOA"}) || *records.ResourceRecordSets[0].TTL != 172800 ||
		*records.ResourceRecordSets[0].ResourceRecords[0].Value != out.DelegationSet.NameServers[0]+"." {
		t.Errorf("the zone's own records are %v", names)
	}
	dnssec := must(c.GetDNSSEC(c.ctx, &sdk.GetDNSSECInput{HostedZoneId: z.Id}))(t)
	if *dnssec.Status.ServeSignature != "NOT_SIGNING" {
		t.Errorf("DNSSEC is %s", *dnssec.Status.ServeSignature)
	}

	c.add(set("www.example.org", types.RRTypeA, "192.0.2.1"))
	_, err = c.DeleteHostedZone(c.ctx, &sdk.DeleteHostedZoneInput{Id: z.Id})
	refused(t, err, "HostedZoneNotEmpty")
	if err := c.change(change(types.ChangeActionDelete, set("www.example.org", types.RRTypeA, "192.0.2.1"))); err != nil {
		t.Fatal(err)
	}
	must(c.DeleteHostedZone(c.ctx, &sdk.DeleteHostedZoneInput{Id: z.Id}))(t)
	_, err = c.GetHostedZone(c.ctx, &sdk.GetHostedZoneInput{Id: z.Id})
	refused(t, err, "NoSuchHostedZone", "No hosted zone found with ID: ")
}

func TestPrivateZone(t *testing.T) {
	c := start(t)
	first, second := c.vpc("10.0.0.0/16"), c.vpc("10.1.0.0/16")
	out := c.create("internal", first)
	id := out.HostedZone.Id
	if !out.HostedZone.Config.PrivateZone || out.DelegationSet != nil || *out.VPC.VPCId != first {
		t.Errorf("created: %+v", out)
	}
	associate := func(zone *string, vpc string) error {
		_, err := c.AssociateVPCWithHostedZone(c.ctx, &sdk.AssociateVPCWithHostedZoneInput{HostedZoneId: zone, VPC: &types.VPC{VPCId: &vpc, VPCRegion: types.VPCRegionUsEast1}})
		return err
	}
	disassociate := func(vpc string) error {
		_, err := c.DisassociateVPCFromHostedZone(c.ctx, &sdk.DisassociateVPCFromHostedZoneInput{HostedZoneId: id, VPC: &types.VPC{VPCId: &vpc, VPCRegion: types.VPCRegionUsEast1}})
		return err
	}
	refused(t, disassociate(first), "LastVPCAssociation")
	refused(t, disassociate(second), "VPCAssociationNotFound")
	refused(t, associate(id, first), "ConflictingDomainExists")
	refused(t, associate(id, "vpc-0123"), "InvalidVPCId")
	refused(t, associate(&c.zone, second), "PublicZoneVPCAssociation")
	if err := associate(id, second); err != nil {
		t.Fatal(err)
	}
	_, err := c.CreateHostedZone(c.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("internal"), CallerReference: aws.String("other"),
		VPC: &types.VPC{VPCId: &second, VPCRegion: types.VPCRegionUsEast1}})
	refused(t, err, "ConflictingDomainExists")
	seen := must(c.ListHostedZonesByVPC(c.ctx, &sdk.ListHostedZonesByVPCInput{VPCId: &second, VPCRegion: types.VPCRegionUsEast1}))(t)
	if len(seen.HostedZoneSummaries) != 1 || *seen.HostedZoneSummaries[0].Name != "internal." {
		t.Errorf("the VPC sees %+v", seen.HostedZoneSummaries)
	}
	if err := disassociate(first); err != nil {
		t.Fatal(err)
	}
	got := must(c.GetHostedZone(c.ctx, &sdk.GetHostedZoneInput{Id: id}))(t)
	if len(got.VPCs) != 1 || *got.VPCs[0].VPCId != second || got.DelegationSet != nil {
		t.Errorf("read: %+v", got)
	}
	_, err = c.GetDNSSEC(c.ctx, &sdk.GetDNSSECInput{HostedZoneId: id})
	refused(t, err, "InvalidArgument", "Operation is unsupported for private")
	_, err = c.CreateHostedZone(c.ctx, &sdk.CreateHostedZoneInput{Name: aws.String("example.com"), CallerReference: aws.String("b"),
		HostedZoneConfig: &types.HostedZoneConfig{PrivateZone: true}})
	refused(t, err, "InvalidInput")
}

func TestListZones(t *testing.T) {
	c := start(t)
	for _, name := range []string{"b.example.net", "a.example.org", "example.org"} {
		c.create(name, "")
	}
	private := c.create("internal", c.vpc("10.0.0.0/16"))
	byName := func(from *string) (names []string) {
		in := &sdk.ListHostedZonesByNameInput{DNSName: from, MaxItems: aws.Int32(2)}
		for {
			out := must(c.ListHostedZonesByName(c.ctx, in))(t)
			for _, z := range out.HostedZones {
				names = append(names, *z.Name)
			}
			if !out.IsTruncated {
				return names
			}
			in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId
		}
	}
	if got := byName(nil); !slices.Equal(got, []string{"internal.", "example.net.", "b.example.net.", "example.org.", "a.example.org."}) {
		t.Errorf("by name: %v", got)
	}
	if got := byName(aws.String("example.org")); !slices.Equal(got, []string{"example.org.", "a.example.org."}) {
		t.Errorf("from a name on: %v", got)
	}
	n := 0
	pages := sdk.NewListHostedZonesPaginator(c.Client, &sdk.ListHostedZonesInput{MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		n += len(must(pages.NextPage(c.ctx))(t).HostedZones)
	}
	if count := *must(c.GetHostedZoneCount(c.ctx, &sdk.GetHostedZoneCountInput{}))(t).HostedZoneCount; n != 5 || count != 5 {
		t.Errorf("%d zones in pages, %d counted", n, count)
	}
	only := must(c.ListHostedZones(c.ctx, &sdk.ListHostedZonesInput{HostedZoneType: types.HostedZoneTypePrivateHostedZone}))(t).HostedZones
	if len(only) != 1 || *only[0].Id != *private.HostedZone.Id {
		t.Errorf("private zones: %+v", only)
	}
}

func TestTags(t *testing.T) {
	c := start(t)
	id := aws.String(c.zone[len("/hostedzone/"):])
	change := func(add []types.Tag, remove ...string) error {
		_, err := c.ChangeTagsForResource(c.ctx, &sdk.ChangeTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: id, AddTags: add, RemoveTagKeys: remove})
		return err
	}
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	if err := change([]types.Tag{tag("a", "1"), tag("b", "2")}); err != nil {
		t.Fatal(err)
	}
	if err := change([]types.Tag{tag("c", "")}, "a"); err != nil {
		t.Fatal(err)
	}
	got := must(c.ListTagsForResource(c.ctx, &sdk.ListTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: id}))(t).ResourceTagSet
	if len(got.Tags) != 2 || *got.Tags[0].Key != "b" || *got.Tags[1].Value != "" || *got.ResourceId != *id {
		t.Errorf("the tags are %+v", got)
	}
	sets := must(c.ListTagsForResources(c.ctx, &sdk.ListTagsForResourcesInput{ResourceType: types.TagResourceTypeHostedzone, ResourceIds: []string{*id}}))(t).ResourceTagSets
	if len(sets) != 1 || len(sets[0].Tags) != 2 {
		t.Errorf("the tag sets are %+v", sets)
	}
	refused(t, change([]types.Tag{tag("aws:a", "1")}), "InvalidInput")
	id = aws.String("Z0")
	refused(t, change([]types.Tag{tag("a", "1")}), "NoSuchHostedZone")
}

func TestHealthChecks(t *testing.T) {
	c := start(t)
	create := func(reference, path string) (*sdk.CreateHealthCheckOutput, error) {
		return c.CreateHealthCheck(c.ctx, &sdk.CreateHealthCheckInput{CallerReference: &reference, HealthCheckConfig: &types.HealthCheckConfig{
			Type: types.HealthCheckTypeHttps, FullyQualifiedDomainName: aws.String("example.net"), ResourcePath: &path}})
	}
	h := must(create("a", "/"))(t).HealthCheck
	if *h.HealthCheckConfig.Port != 443 || *h.HealthCheckConfig.RequestInterval != 30 || *h.HealthCheckConfig.FailureThreshold != 3 || !*h.HealthCheckConfig.EnableSNI || *h.HealthCheckVersion != 1 {
		t.Errorf("created: %+v", h.HealthCheckConfig)
	}
	if again := must(create("a", "/"))(t).HealthCheck; *again.Id != *h.Id {
		t.Error("the same call made another health check")
	}
	_, err := create("a", "/other")
	refused(t, err, "HealthCheckAlreadyExists")
	updated := must(c.UpdateHealthCheck(c.ctx, &sdk.UpdateHealthCheckInput{HealthCheckId: h.Id, FailureThreshold: aws.Int32(5), HealthCheckVersion: aws.Int64(1),
		ResetElements: []types.ResettableElementName{types.ResettableElementNameResourcePath}}))(t).HealthCheck
	if *updated.HealthCheckConfig.FailureThreshold != 5 || *updated.HealthCheckVersion != 2 || updated.HealthCheckConfig.ResourcePath != nil {
		t.Errorf("updated: %+v", updated.HealthCheckConfig)
	}
	_, err = c.UpdateHealthCheck(c.ctx, &sdk.UpdateHealthCheckInput{HealthCheckId: h.Id, HealthCheckVersion: aws.Int64(1)})
	refused(t, err, "HealthCheckVersionMismatch")
	_, err = c.CreateHealthCheck(c.ctx, &sdk.CreateHealthCheckInput{CallerReference: aws.String("b"), HealthCheckConfig: &types.HealthCheckConfig{Type: types.HealthCheckTypeTcp}})
	refused(t, err, "InvalidInput")

	checked := routed(set("www.example.net", types.RRTypeA, "192.0.2.1"), "a", weight(1))
	checked.HealthCheckId = h.Id
	c.add(checked)
	must(c.DeleteHealthCheck(c.ctx, &sdk.DeleteHealthCheckInput{HealthCheckId: h.Id}))(t)
	_, err = c.GetHealthCheck(c.ctx, &sdk.GetHealthCheckInput{HealthCheckId: h.Id})
	refused(t, err, "NoSuchHealthCheck")
	refused(t, c.change(change(types.ChangeActionUpsert, checked)), "NoSuchHealthCheck")
	if list := must(c.ListHealthChecks(c.ctx, &sdk.ListHealthChecksInput{}))(t).HealthChecks; len(list) != 0 {
		t.Errorf("health checks: %+v", list)
	}
}

func TestHealthChecksOfOtherKinds(t *testing.T) {
	c := start(t)
	create := func(config types.HealthCheckConfig) (*sdk.CreateHealthCheckOutput, error) {
		return c.CreateHealthCheck(c.ctx, &sdk.CreateHealthCheckInput{CallerReference: aws.String(string(config.Type)), HealthCheckConfig: &config})
	}
	tcp := must(create(types.HealthCheckConfig{Type: types.HealthCheckTypeTcp, FullyQualifiedDomainName: aws.String("db.example.net"), Port: aws.Int32(5432)}))(t).HealthCheck
	if *tcp.HealthCheckConfig.FullyQualifiedDomainName != "db.example.net" || tcp.HealthCheckConfig.IPAddress != nil {
		t.Errorf("created: %+v", tcp.HealthCheckConfig)
	}
	alarm := types.HealthCheckConfig{Type: types.HealthCheckTypeCloudwatchMetric, InsufficientDataHealthStatus: types.InsufficientDataHealthStatusHealthy}
	_, err := create(alarm)
	refused(t, err, "InvalidInput", "needs an alarm")
	alarm.AlarmIdentifier = &types.AlarmIdentifier{Name: aws.String("errors"), Region: types.CloudWatchRegionEuWest1}
	h := must(create(alarm))(t).HealthCheck
	if *h.HealthCheckConfig.AlarmIdentifier.Name != "errors" || h.HealthCheckConfig.RequestInterval != nil || h.HealthCheckConfig.InsufficientDataHealthStatus != "Healthy" {
		t.Errorf("created: %+v", h.HealthCheckConfig)
	}
	updated := must(c.UpdateHealthCheck(c.ctx, &sdk.UpdateHealthCheckInput{HealthCheckId: h.Id, InsufficientDataHealthStatus: types.InsufficientDataHealthStatusUnhealthy,
		AlarmIdentifier: &types.AlarmIdentifier{Name: aws.String("other"), Region: types.CloudWatchRegionEuWest1}}))(t).HealthCheck.HealthCheckConfig
	if *updated.AlarmIdentifier.Name != "other" || updated.InsufficientDataHealthStatus != "Unhealthy" {
		t.Errorf("updated: %+v", updated)
	}
}
