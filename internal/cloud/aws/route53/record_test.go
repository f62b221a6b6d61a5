package route53_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"atoll/internal/cloud/cloudtest"
)

func TestRecords(t *testing.T) {
	c := start(t, cloudtest.Durable())
	c.add(set("WWW.example.net", types.RRTypeA, "192.0.2.1", "192.0.2.2"), set("*.example.net.", types.RRTypeCname, "www.example.net"),
		set("a.www.example.net", types.RRTypeTxt, `"one" "two"`), set(`sp\040ace.example.net`, types.RRTypeA, "192.0.2.1"))
	c.cloud.Restart()
	names, _ := c.list(sdk.ListResourceRecordSetsInput{})
	want := []string{"example.net. NS", "example.net. SOA", `\052.example.net. CNAME`, `sp\040ace.example.net. A`, "www.example.net. A", "a.www.example.net. TXT"}
	if !slices.Equal(names, want) {
		t.Errorf("the records are %v", names)
	}
	names, page := c.list(sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("*.example.net"), StartRecordType: types.RRTypeCname, MaxItems: aws.Int32(1)})
	if !slices.Equal(names, want[2:3]) || !page.IsTruncated || *page.NextRecordName != `sp\040ace.example.net.` || page.NextRecordType != types.RRTypeA {
		t.Errorf("from the wildcard on: %v, %+v", names, page)
	}
	if names, _ := c.list(sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("www.example.net"), StartRecordType: types.RRTypeAaaa}); !slices.Equal(names, want[5:]) {
		t.Errorf("after a type: %v", names)
	}
	_, err := c.ListResourceRecordSets(c.ctx, &sdk.ListResourceRecordSetsInput{HostedZoneId: &c.zone, StartRecordType: types.RRTypeA})
	refused(t, err, "InvalidInput")

	refused(t, c.change(change(types.ChangeActionCreate, set("www.example.net", types.RRTypeA, "192.0.2.9"))), "InvalidChangeBatch",
		"[Tried to create resource record set [name='www.example.net.', type='A'] but it already exists]")
	refused(t, c.change(change(types.ChangeActionDelete, set("www.example.net", types.RRTypeA, "192.0.2.1"))), "InvalidChangeBatch",
		"[name='www.example.net.', type='A'] but the values provided do not match the current values")
	refused(t, c.change(change(types.ChangeActionDelete, set("x.example.net", types.RRTypeA, "192.0.2.1"))), "InvalidChangeBatch", "but it was not found")
	if err := c.change(change(types.ChangeActionUpsert, set("www.example.net", types.RRTypeA, "192.0.2.9")), change(types.ChangeActionUpsert, set("new.example.net", types.RRTypeA, "192.0.2.9"))); err != nil {
		t.Fatal(err)
	}
	err = c.change(change(types.ChangeActionDelete, set("www.example.net", types.RRTypeA, "192.0.2.9")), change(types.ChangeActionCreate, set("www.example.net", types.RRTypeCname, "example.org")))
	if err != nil {
		t.Fatal(err)
	}
	names, page = c.list(sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("new.example.net")})
	if !slices.Contains(names, "www.example.net. CNAME") || slices.Contains(names, "www.example.net. A") || *page.ResourceRecordSets[0].TTL != 60 {
		t.Errorf("after the changes: %v", names)
	}
	if n := *must(c.GetHostedZone(c.ctx, &sdk.GetHostedZoneInput{Id: &c.zone}))(t).HostedZone.ResourceRecordSetCount; n != 7 {
		t.Errorf("the zone counts %d record sets", n)
	}
}

func TestBatchIsAllOrNothing(t *testing.T) {
	c := start(t)
	err := c.change(change(types.ChangeActionCreate, set("a.example.net", types.RRTypeA, "192.0.2.1")),
		change(types.ChangeActionCreate, set("b.example.net", types.RRTypeA, "192.0.2")),
		change(types.ChangeActionDelete, set("c.example.net", types.RRTypeA, "192.0.2.1")))
	refused(t, err, "InvalidChangeBatch", "ARRDATAIllegalIPv4Address", "[name='c.example.net.', type='A'] but it was not found")
	if names, _ := c.list(sdk.ListResourceRecordSetsInput{}); len(names) != 2 {
		t.Errorf("after a batch that failed: %v", names)
	}
	var many []types.Change
	for range 501 {
		many = append(many, change(types.ChangeActionUpsert, set("a.example.net", types.RRTypeA, "192.0.2.1")))
	}
	refused(t, c.change(many...), "InvalidChangeBatch", "limit of 1000")
	refused(t, c.change(change(types.ChangeActionCreate, set("a.example.net", types.RRTypeA, "192.0.2.1")), change(types.ChangeActionUpsert, set("a.example.net", types.RRTypeA, "192.0.2.2"))),
		"InvalidChangeBatch", "invalid set of changes")
	_, zone := c.list(sdk.ListResourceRecordSetsInput{})
	for _, r := range zone.ResourceRecordSets {
		refused(t, c.change(change(types.ChangeActionDelete, &r)), "InvalidChangeBatch", "A HostedZone must contain")
	}
}

func TestRecordsThatDoNotFit(t *testing.T) {
	c := start(t)
	c.add(set("www.example.net", types.RRTypeA, "192.0.2.1"), set("alias.example.net", types.RRTypeCname, "example.org"),
		routed(set("w.example.net", types.RRTypeA, "192.0.2.1"), "a", weight(10)),
		routed(set("f.example.net", types.RRTypeA, "192.0.2.1"), "a", func(r *types.ResourceRecordSet) { r.Failover = types.ResourceRecordSetFailoverPrimary }))
	none := set("x.example.net", types.RRTypeA)
	none.TTL = nil
	both := alias("x.example.net", types.RRTypeA, "Z35SXDOTRQ7X7K", "a.us-east-1.elb.amazonaws.com")
	both.TTL = aws.Int64(60)
	unnamed := set("x.example.net", types.RRTypeA, "192.0.2.1")
	unnamed.Weight = aws.Int64(1)
	for name, test := range map[string]struct {
		set        *types.ResourceRecordSet
		code, want string
	}{
		"outside":             {set("www.example.org", types.RRTypeA, "192.0.2.1"), "InvalidChangeBatch", "RRSet with DNS name www.example.org. is not permitted in zone example.net."},
		"CNAME at the apex":   {set("example.net", types.RRTypeCname, "example.org"), "InvalidChangeBatch", "is not permitted at apex in zone example.net."},
		"CNAME beside A":      {set("www.example.net", types.RRTypeCname, "example.org"), "InvalidChangeBatch", "is not permitted as it conflicts with other records with the same DNS name in zone example.net."},
		"A beside CNAME":      {set("alias.example.net", types.RRTypeA, "192.0.2.1"), "InvalidChangeBatch", "RRSet of type A with DNS name alias.example.net. is not permitted because a conflicting RRSet of type CNAME"},
		"two CNAMEs":          {set("x.example.net", types.RRTypeCname, "example.org", "example.com"), "InvalidChangeBatch", "exactly one value"},
		"SOA below the apex":  {set("x.example.net", types.RRTypeSoa, "ns.example.net. a.example.net. 1 2 3 4 5"), "InvalidChangeBatch", "SOA"},
		"twice":               {set("x.example.net", types.RRTypeA, "192.0.2.1", "192.0.2.1"), "InvalidChangeBatch", "Duplicate Resource Record"},
		"empty label":         {set("x..example.net", types.RRTypeA, "192.0.2.1"), "InvalidChangeBatch", "DomainLabelEmpty"},
		"space":               {set("x y.example.net", types.RRTypeA, "192.0.2.1"), "InvalidChangeBatch", "UnsupportedCharacter"},
		"no values":           {none, "InvalidInput", "but found none in Change with [Action=CREATE, Name=x.example.net, Type=A, SetIdentifier=null]"},
		"alias with a TTL":    {both, "InvalidInput", "but found more than one in Change with"},
		"no identifier":       {unnamed, "InvalidInput", "Missing field 'SetIdentifier'"},
		"no policy":           {routed(set("x.example.net", types.RRTypeA, "192.0.2.1"), "a", func(*types.ResourceRecordSet) {}), "InvalidInput", "but found none in"},
		"weighted and simple": {set("w.example.net", types.RRTypeA, "192.0.2.1"), "InvalidChangeBatch", "cannot be created as other RRSets exist with the same name and type."},
		"simple and weighted": {routed(set("www.example.net", types.RRTypeA, "192.0.2.1"), "a", weight(1)), "InvalidChangeBatch", "SetIdentifier a cannot be created as other RRSets exist"},
		"two policies": {routed(set("w.example.net", types.RRTypeA, "192.0.2.1"), "b", func(r *types.ResourceRecordSet) { r.MultiValueAnswer = aws.Bool(true) }),
			"InvalidChangeBatch", "because a non multivalue answer rrset exists"},
		"two primaries": {routed(set("f.example.net", types.RRTypeA, "192.0.2.2"), "b", func(r *types.ResourceRecordSet) { r.Failover = types.ResourceRecordSetFailoverPrimary }),
			"InvalidChangeBatch", "same Failover"},
		"weight":        {routed(set("x.example.net", types.RRTypeA, "192.0.2.1"), "a", weight(256)), "InvalidInput", "between 0 and 255"},
		"alias to none": {alias("x.example.net", types.RRTypeA, c.zone, "y.example.net"), "InvalidChangeBatch", "but that target was not found"},
		"alias outside": {alias("x.example.net", types.RRTypeA, c.zone, "www.example.org"), "InvalidChangeBatch", "does not lie within the target zone"},
		"alias to another region": {alias("x.example.net", types.RRTypeA, "Z35SXDOTRQ7X7K", "a-1.eu-west-1.elb.amazonaws.com"), "InvalidChangeBatch",
			"Tried to create an alias that targets a-1.eu-west-1.elb.amazonaws.com., type A in zone Z35SXDOTRQ7X7K, but the alias target name does not lie within the target zone"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, c.change(change(types.ChangeActionCreate, test.set)), test.code, test.want)
		})
	}
}

func TestValues(t *testing.T) {
	c := start(t)
	for kind, values := range map[types.RRType]struct{ good, bad []string }{
		types.RRTypeA:     {[]string{"192.0.2.1"}, []string{"::1", "192.0.2.256"}},
		types.RRTypeAaaa:  {[]string{"2001:db8::1"}, []string{"192.0.2.1", "fe80::1%eth0"}},
		types.RRTypeCaa:   {[]string{`0 issue "ca.example.net"`, `128 iodef ""`}, []string{"0 issue ca.example.net", `256 issue "a"`, `0 "a"`}},
		types.RRTypeCname: {[]string{"example.org", "_a.example.org."}, []string{"a b", ""}},
		types.RRTypeDs:    {[]string{"123 4 5 1234567890ABCDEF"}, []string{"123 4 5", "123 4 5 xyz"}},
		types.RRTypeHttps: {[]string{`1 . alpn="h2,h3"`, "0 example.org."}, []string{"1", "x ."}},
		types.RRTypeMx:    {[]string{"10 mail.example.net."}, []string{"mail.example.net.", "70000 mail.example.net."}},
		types.RRTypeNaptr: {[]string{`100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.`}, []string{`100 50 s "" "" .`}},
		types.RRTypeNs:    {[]string{"ns.example.org"}, []string{"a..b"}},
		types.RRTypePtr:   {[]string{"host.example.org"}, []string{"host example"}},
		types.RRTypeSrv:   {[]string{"1 10 5269 xmpp.example.net."}, []string{"1 10 xmpp.example.net."}},
		types.RRTypeSshfp: {[]string{"4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789"}, []string{"4 2"}},
		types.RRTypeSvcb:  {[]string{"1 svc.example.net. port=8080"}, []string{"svc"}},
		types.RRTypeTlsa:  {[]string{"3 1 1 0b9fa5a59eed715c26c1020c711b4f6e"}, []string{"3 1 x 0b"}},
		types.RRTypeTxt:   {[]string{`"v=spf1 -all"`, `"a" "b \"c\""`, `"a""b \" c"`, `"` + strings.Repeat("a", 255) + `""b"`, `"` + strings.Repeat("a", 255) + `"`}, []string{"bare", `"open`, `"a"b`, `"a" b`, `"` + strings.Repeat("a", 256) + `"`}},
	} {
		name := strings.ToLower(string(kind)) + ".example.net"
		for _, v := range values.good {
			if err := c.change(change(types.ChangeActionUpsert, set(name, kind, v))); err != nil {
				t.Errorf("%s %s: %v", kind, v, err)
			}
		}
		for _, v := range values.bad {
			refused(t, c.change(change(types.ChangeActionUpsert, set(name, kind, v))), "InvalidChangeBatch", "Invalid Resource Record: 'FATAL problem: ")
		}
	}
}

func TestRouting(t *testing.T) {
	c := start(t)
	eu := func(r *types.ResourceRecordSet) {
		r.GeoLocation = &types.GeoLocation{ContinentCode: aws.String("EU")}
	}
	world := func(r *types.ResourceRecordSet) {
		r.GeoLocation = &types.GeoLocation{CountryCode: aws.String("*")}
	}
	region := func(name types.ResourceRecordSetRegion) func(*types.ResourceRecordSet) {
		return func(r *types.ResourceRecordSet) { r.Region = name }
	}
	many := func(r *types.ResourceRecordSet) { r.MultiValueAnswer = aws.Bool(true) }
	c.add(routed(set("g.example.net", types.RRTypeA, "192.0.2.1"), "eu", eu), routed(set("g.example.net", types.RRTypeA, "192.0.2.2"), "world", world),
		routed(set("l.example.net", types.RRTypeA, "192.0.2.1"), "a", region("eu-west-1")), routed(set("l.example.net", types.RRTypeA, "192.0.2.2"), "b", region("us-east-1")),
		routed(set("m.example.net", types.RRTypeA, "192.0.2.1"), "a", many), routed(set("m.example.net", types.RRTypeA, "192.0.2.2"), "b", many),
		routed(set("w.example.net", types.RRTypeCname, "a.example.org"), "a", weight(0)), routed(set("w.example.net", types.RRTypeCname, "b.example.org"), "b", weight(5)),
		alias("example.net", types.RRTypeA, "Z35SXDOTRQ7X7K", "DualStack.web-1.us-east-1.elb.amazonaws.com"), alias("to.example.net", types.RRTypeA, c.zone, "l.example.net"))
	names, page := c.list(sdk.ListResourceRecordSetsInput{StartRecordName: aws.String("l.example.net"), StartRecordType: types.RRTypeA, StartRecordIdentifier: aws.String("b")})
	if !slices.Equal(names, []string{"l.example.net. A b", "m.example.net. A a", "m.example.net. A b", "to.example.net. A", "w.example.net. CNAME a", "w.example.net. CNAME b"}) {
		t.Errorf("from an identifier on: %v", names)
	}
	if page.ResourceRecordSets[0].Region != "us-east-1" || !*page.ResourceRecordSets[1].MultiValueAnswer || page.ResourceRecordSets[3].TTL != nil || *page.ResourceRecordSets[4].Weight != 0 {
		t.Errorf("the record sets are %+v", page.ResourceRecordSets)
	}
	_, page = c.list(sdk.ListResourceRecordSetsInput{MaxItems: aws.Int32(1)})
	if a := page.ResourceRecordSets[0].AliasTarget; *a.DNSName != "dualstack.web-1.us-east-1.elb.amazonaws.com." || a.EvaluateTargetHealth {
		t.Errorf("the alias is %+v", a)
	}
	answer := func(name string, kind types.RRType) string {
		out := must(c.TestDNSAnswer(c.ctx, &sdk.TestDNSAnswerInput{HostedZoneId: &c.zone, RecordName: &name, RecordType: kind}))(t)
		return *out.ResponseCode + " " + strings.Join(out.RecordData, " ")
	}
	c.add(set("*.wild.example.net", types.RRTypeA, "192.0.2.7"), set("a.b.wild.example.net", types.RRTypeA, "192.0.2.8"))
	for query, want := range map[string]string{
		"w.example.net A": "NOERROR b.example.org", "to.example.net A": "NOERROR 192.0.2.1", "x.wild.example.net A": "NOERROR 192.0.2.7",
		"b.wild.example.net A": "NOERROR ", "x.b.wild.example.net A": "NXDOMAIN ", "x.example.net A": "NXDOMAIN ", "m.example.net AAAA": "NOERROR ", "example.org A": "REFUSED ",
	} {
		name, kind, _ := strings.Cut(query, " ")
		if got := answer(name, types.RRType(kind)); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	_, err := c.TestDNSAnswer(c.ctx, &sdk.TestDNSAnswerInput{HostedZoneId: &c.zone, RecordName: aws.String("example.net"), RecordType: types.RRTypeA})
	refused(t, err, "NotImplementedByLocalCloud")
	if err := c.change(change(types.ChangeActionDelete, routed(set("w.example.net", types.RRTypeCname, "b.example.org"), "b", weight(5)))); err != nil {
		t.Error(err)
	}
}
