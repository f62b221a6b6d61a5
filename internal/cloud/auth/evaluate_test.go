package auth_test

import (
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
)

const account = "123456789012"

var (
	root    = auth.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account}
	alice   = auth.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/team/alice", UserID: "AIDAALICE"}
	session = auth.Principal{Account: account, ARN: "arn:aws:sts::" + account + ":assumed-role/r/s", UserID: "AROAROLE:s", Role: "arn:aws:iam::" + account + ":role/p/r"}
)

func parse(t testing.TB, doc string) *auth.Policy {
	t.Helper()
	p, err := auth.ParsePolicy([]byte(doc))
	if err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return p
}

func TestEvaluateActionsAndResources(t *testing.T) {
	for name, c := range map[string]struct {
		statement, action, resource string
		want                        auth.Decision
	}{
		"all":                       {`"Action":"*","Resource":"*"`, "s3:GetObject", "arn:aws:s3:::b/k", auth.Allowed},
		"no resource":               {`"Action":"*","Resource":"*"`, "s3:ListAllMyBuckets", "*", auth.Allowed},
		"action by any case":        {`"Action":"S3:getobject","Resource":"*"`, "s3:GetObject", "*", auth.Allowed},
		"action by wildcard":        {`"Action":"s3:Get*","Resource":"*"`, "s3:GetObject", "*", auth.Allowed},
		"action by one character":   {`"Action":"s3:GetObjec?","Resource":"*"`, "s3:GetObject", "*", auth.Allowed},
		"another action":            {`"Action":"s3:Put*","Resource":"*"`, "s3:GetObject", "*", auth.NotAllowed},
		"not action":                {`"NotAction":"iam:*","Resource":"*"`, "s3:GetObject", "*", auth.Allowed},
		"within not action":         {`"NotAction":"iam:*","Resource":"*"`, "iam:GetRole", "*", auth.NotAllowed},
		"resource by wildcard":      {`"Action":"*","Resource":"arn:aws:s3:::b/*"`, "s3:GetObject", "arn:aws:s3:::b/x/y:z", auth.Allowed},
		"resource by case":          {`"Action":"*","Resource":"arn:aws:s3:::B/*"`, "s3:GetObject", "arn:aws:s3:::b/x", auth.NotAllowed},
		"short ARN":                 {`"Action":"*","Resource":"arn:aws:s3"`, "s3:GetObject", "arn:aws:s3:::b/x", auth.Allowed},
		"wildcard within its part":  {`"Action":"*","Resource":"arn:aws:sqs:*:q"`, "sqs:SendMessage", "arn:aws:sqs:us-east-1:" + account + ":q", auth.NotAllowed},
		"ARN against no resource":   {`"Action":"*","Resource":"arn:aws:s3:::b"`, "s3:ListAllMyBuckets", "*", auth.NotAllowed},
		"not resource":              {`"Action":"*","NotResource":"arn:aws:s3:::secret*"`, "s3:GetObject", "arn:aws:s3:::b/k", auth.Allowed},
		"within not resource":       {`"Action":"*","NotResource":"arn:aws:s3:::secret*"`, "s3:GetObject", "arn:aws:s3:::secret/k", auth.NotAllowed},
		"variable":                  {`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`, "s3:GetObject", "arn:aws:s3:::home/alice/k", auth.Allowed},
		"variable of another":       {`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`, "s3:GetObject", "arn:aws:s3:::home/bob/k", auth.NotAllowed},
		"default of a variable":     {`"Action":"*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team, 'none'}/*"`, "s3:GetObject", "arn:aws:s3:::none/k", auth.Allowed},
		"variable without a value":  {`"Action":"*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}/*"`, "s3:GetObject", "arn:aws:s3:::/k", auth.NotAllowed},
		"all but an unknown value":  {`"Action":"*","NotResource":"arn:aws:s3:::${aws:PrincipalTag/team}/*"`, "s3:GetObject", "arn:aws:s3:::x/k", auth.NotAllowed},
		"a star that means itself":  {`"Action":"*","Resource":"arn:aws:s3:::b/${*}"`, "s3:GetObject", "arn:aws:s3:::b/k", auth.NotAllowed},
		"a star that is itself":     {`"Action":"*","Resource":"arn:aws:s3:::b/${*}"`, "s3:GetObject", "arn:aws:s3:::b/*", auth.Allowed},
		"wildcard in a value":       {`"Action":"*","Resource":"arn:aws:s3:::${test:star}"`, "s3:GetObject", "arn:aws:s3:::anything", auth.NotAllowed},
		"unclosed variable":         {`"Action":"*","Resource":"arn:aws:s3:::${x"`, "s3:GetObject", "arn:aws:s3:::${x", auth.Allowed},
		"one character of UTF-8":    {`"Action":"*","Resource":"arn:aws:s3:::b/?"`, "s3:GetObject", "arn:aws:s3:::b/é", auth.Allowed},
		"many wildcards, no match":  {`"Action":"*","Resource":"arn:aws:s3:::` + strings.Repeat("*a", 50) + `"`, "s3:GetObject", "arn:aws:s3:::" + strings.Repeat("a", 5000) + "b", auth.NotAllowed},
		"several actions":           {`"Action":["a:b","s3:GetObject"],"Resource":["arn:aws:s3:::x","*"]`, "s3:GetObject", "*", auth.Allowed},
		"an empty condition object": {`"Action":"*","Resource":"*","Condition":{}`, "s3:GetObject", "*", auth.Allowed},
	} {
		t.Run(name, func(t *testing.T) {
			r := &auth.Request{Caller: alice.Caller(), Action: c.action, Resource: c.resource, Context: alice.Context(time.Unix(0, 0))}
			r.Context.Set("test:star", "*")
			if got := auth.Evaluate(r, parse(t, identity(c.statement))); got != c.want {
				t.Errorf("allowing %s: %v, want %v", c.statement, got, c.want)
			}
			deny := parse(t, strings.Replace(identity(c.statement), "Allow", "Deny", 1))
			if c.want == auth.Allowed && auth.Evaluate(r, parse(t, allowAll), deny) != auth.Denied {
				t.Errorf("denying %s does not deny", c.statement)
			}
		})
	}
}

func TestVersion2008HasNoVariables(t *testing.T) {
	doc := strings.Replace(identity(`"Action":"*","Resource":"arn:aws:s3:::${aws:username}"`), "2012-10-17", "2008-10-17", 1)
	for resource, want := range map[string]auth.Decision{"arn:aws:s3:::alice": auth.NotAllowed, "arn:aws:s3:::${aws:username}": auth.Allowed} {
		r := &auth.Request{Caller: alice.Caller(), Action: "s3:x", Resource: resource, Context: alice.Context(time.Unix(0, 0))}
		if got := auth.Evaluate(r, parse(t, doc)); got != want {
			t.Errorf("%s: %v, want %v", resource, got, want)
		}
	}
}

func TestEvaluatePrincipals(t *testing.T) {
	service := auth.Caller{Service: "ec2.amazonaws.com"}
	federated := auth.Caller{Federated: "arn:aws:iam::" + account + ":oidc-provider/i"}
	for name, c := range map[string]struct {
		principal string
		caller    auth.Caller
		want      auth.Decision
	}{
		"everyone":                {`"Principal":"*"`, alice.Caller(), auth.Allowed},
		"every AWS principal":     {`"Principal":{"AWS":"*"}`, alice.Caller(), auth.Allowed},
		"a user":                  {`"Principal":{"AWS":"` + alice.ARN + `"}`, alice.Caller(), auth.Allowed},
		"a user by id":            {`"Principal":{"AWS":"AIDAALICE"}`, alice.Caller(), auth.Allowed},
		"another user":            {`"Principal":{"AWS":"` + alice.ARN + `x"}`, alice.Caller(), auth.NotAllowed},
		"no wildcards in names":   {`"Principal":{"AWS":"arn:aws:iam::` + account + `:user/*"}`, alice.Caller(), auth.NotAllowed},
		"the account":             {`"Principal":{"AWS":"` + account + `"}`, alice.Caller(), auth.AllowedToAccount},
		"the account by its root": {`"Principal":{"AWS":"` + root.ARN + `"}`, alice.Caller(), auth.AllowedToAccount},
		"account and user":        {`"Principal":{"AWS":["` + account + `","` + alice.ARN + `"]}`, alice.Caller(), auth.Allowed},
		"root as the account":     {`"Principal":{"AWS":"` + account + `"}`, root.Caller(), auth.Allowed},
		"another account":         {`"Principal":{"AWS":"999999999999"}`, alice.Caller(), auth.NotAllowed},
		"a role's session":        {`"Principal":{"AWS":"` + session.ARN + `"}`, session.Caller(), auth.Allowed},
		"the session's role":      {`"Principal":{"AWS":"` + session.Role + `"}`, session.Caller(), auth.Allowed},
		"the role by id":          {`"Principal":{"AWS":"AROAROLE"}`, session.Caller(), auth.Allowed},
		"a service":               {`"Principal":{"Service":["x","ec2.amazonaws.com"]}`, service, auth.Allowed},
		"a service, not AWS":      {`"Principal":{"AWS":"` + account + `"}`, service, auth.NotAllowed},
		"a provider":              {`"Principal":{"Federated":"` + federated.Federated + `"}`, federated, auth.Allowed},
		"another provider":        {`"Principal":{"Federated":"x"}`, federated, auth.NotAllowed},
		"not this one":            {`"NotPrincipal":{"AWS":"` + alice.ARN + `"}`, alice.Caller(), auth.NotAllowed},
		"not the account":         {`"NotPrincipal":{"AWS":"` + account + `"}`, alice.Caller(), auth.NotAllowed},
		"not another":             {`"NotPrincipal":{"AWS":"999999999999"}`, alice.Caller(), auth.Allowed},
	} {
		t.Run(name, func(t *testing.T) {
			r := &auth.Request{Caller: c.caller, Action: "sts:AssumeRole", Resource: "arn:aws:iam::" + account + ":role/x", Context: auth.Context{}}
			if got := auth.Evaluate(r, parse(t, identity(`"Action":"sts:AssumeRole",`+c.principal))); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestEvaluateConditions(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		condition string
		want      bool
	}{
		{`"StringEquals":{"t:one":"a"}`, true},
		{`"StringEquals":{"T:ONE":["x","a"]}`, true},
		{`"StringEquals":{"t:one":"A"}`, false},
		{`"StringEquals":{"t:none":"a"}`, false},
		{`"StringEquals":{"t:one":"a","t:two":"b"}`, false},
		{`"StringEqualsIfExists":{"t:none":"a"}`, true},
		{`"StringEqualsIfExists":{"t:one":"b"}`, false},
		{`"StringEquals":{"t:star":"*"}`, true},
		{`"StringEquals":{"t:one":"*"}`, false},
		{`"StringEquals":{"t:one":"${t:one}"}`, true},
		{`"StringEquals":{"t:one":"${t:none}"}`, false},
		{`"StringNotEquals":{"t:one":"b"}`, true},
		{`"StringNotEquals":{"t:one":["b","a"]}`, false},
		{`"StringNotEquals":{"t:none":"a"}`, true},
		{`"StringEqualsIgnoreCase":{"t:one":"A"}`, true},
		{`"StringNotEqualsIgnoreCase":{"t:one":"A"}`, false},
		{`"StringLike":{"t:path":"/a/*/c"}`, true},
		{`"StringLike":{"t:path":"/a/?/d"}`, false},
		{`"StringNotLike":{"t:path":"/a/*"}`, false},
		{`"StringNotLike":{"t:none":"*"}`, true},
		{`"NumericEquals":{"t:num":10}`, true},
		{`"NumericEquals":{"t:num":"10.0"}`, true},
		{`"NumericNotEquals":{"t:num":"10"}`, false},
		{`"NumericLessThan":{"t:num":"10"}`, false},
		{`"NumericLessThanEquals":{"t:num":"10"}`, true},
		{`"NumericGreaterThan":{"t:num":"-1"}`, true},
		{`"NumericGreaterThanEquals":{"t:num":"11"}`, false},
		{`"NumericGreaterThan":{"t:one":"1"}`, false},
		{`"NumericEquals":{"t:nan":"NaN"}`, false},
		{`"DateGreaterThan":{"aws:CurrentTime":"2026-02-28T12:00:00Z"}`, true},
		{`"DateLessThan":{"aws:CurrentTime":"2026-03-01T13:00:00+02:00"}`, false},
		{`"DateLessThan":{"aws:CurrentTime":"2026-03-01T13:00:00Z"}`, true},
		{`"DateEquals":{"aws:EpochTime":"2026-03-01T12:00:00Z"}`, true},
		{`"DateNotEquals":{"aws:CurrentTime":"2026-03-01"}`, true},
		{`"DateLessThanEquals":{"aws:CurrentTime":"2026"}`, false},
		{`"DateGreaterThanEquals":{"aws:CurrentTime":"1772366400"}`, true},
		{`"DateEquals":{"t:one":"2026"}`, false},
		{`"Bool":{"t:bool":true}`, true},
		{`"Bool":{"t:bool":"False"}`, false},
		{`"BoolIfExists":{"t:none":"true"}`, true},
		{`"BinaryEquals":{"t:bin":"aGk="}`, true},
		{`"BinaryEquals":{"t:one":"aGk="}`, false},
		{`"IpAddress":{"t:ip":"10.0.0.0/8"}`, true},
		{`"IpAddress":{"t:ip":["192.168.0.0/16","10.1.2.3"]}`, true},
		{`"IpAddress":{"t:ip":"10.1.2.4"}`, false},
		{`"NotIpAddress":{"t:ip":"10.0.0.0/8"}`, false},
		{`"IpAddress":{"t:ip6":"2001:db8::/32"}`, true},
		{`"IpAddress":{"t:one":"0.0.0.0/0"}`, false},
		{`"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"}`, true},
		{`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}`, false},
		{`"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}`, true},
		{`"ArnNotLike":{"aws:PrincipalArn":"arn:*"}`, false},
		{`"Null":{"t:none":"true"}`, true},
		{`"Null":{"t:one":true}`, false},
		{`"Null":{"t:one":"false"}`, true},
		{`"ForAnyValue:StringEquals":{"t:many":["b","z"]}`, true},
		{`"ForAnyValue:StringEquals":{"t:many":"z"}`, false},
		{`"ForAnyValue:StringEquals":{"t:none":"z"}`, false},
		{`"ForAnyValue:StringNotEquals":{"t:many":"a"}`, true},
		{`"ForAnyValue:StringNotEquals":{"t:many":["a","b"]}`, false},
		{`"ForAnyValue:StringNotEquals":{"t:none":"a"}`, false},
		{`"ForAllValues:StringEquals":{"t:many":["a","b","c"]}`, true},
		{`"ForAllValues:StringEquals":{"t:many":"a"}`, false},
		{`"ForAllValues:StringEquals":{"t:none":"a"}`, true},
		{`"ForAllValues:StringNotLike":{"t:many":"z*"}`, true},
		{`"ForAllValues:StringNotLike":{"t:many":"b*"}`, false},
		{`"StringNotEquals":{"t:many":"b"}`, false},
		{`"NoSuchOperator":{}`, true},
		{`"StringEquals":{"aws:username":"alice","aws:PrincipalType":"User","aws:userid":"AIDAALICE","aws:PrincipalAccount":"123456789012"}`, true},
	} {
		t.Run(c.condition, func(t *testing.T) {
			ctx := alice.Context(now)
			ctx.Set("t:one", "a")
			ctx.Set("t:star", "*")
			ctx.Set("t:path", "/a/b/c")
			ctx.Set("t:num", "10")
			ctx.Set("t:nan", "NaN")
			ctx.Set("t:bool", "true")
			ctx.Set("t:bin", "aGk=")
			ctx.Set("t:ip", "10.1.2.3")
			ctx.Set("t:ip6", "2001:db8::1")
			ctx.Set("t:many", "a", "b")
			r := &auth.Request{Caller: alice.Caller(), Action: "s3:x", Resource: "*", Context: ctx}
			got := auth.Evaluate(r, parse(t, identity(`"Action":"*","Resource":"*","Condition":{`+c.condition+`}`)))
			if (got == auth.Allowed) != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestContextOfPrincipals(t *testing.T) {
	for name, c := range map[string]struct {
		p        auth.Principal
		arn, typ string
	}{
		"root": {root, root.ARN, "Account"}, "user": {alice, alice.ARN, "User"}, "session": {session, session.Role, "AssumedRole"},
	} {
		ctx := c.p.Context(time.Unix(0, 0))
		if got := ctx.Get("AWS:principalarn"); len(got) != 1 || got[0] != c.arn {
			t.Errorf("%s: aws:PrincipalArn is %v, want %s", name, got, c.arn)
		}
		if got := ctx.Get("aws:PrincipalType"); len(got) != 1 || got[0] != c.typ {
			t.Errorf("%s: aws:PrincipalType is %v, want %s", name, got, c.typ)
		}
	}
	if got := auth.Anonymous().Context(time.Unix(0, 0)).Get("aws:PrincipalArn"); got != nil {
		t.Errorf("an anonymous caller has the ARN %v", got)
	}
}

func TestPermissionsWithinABoundary(t *testing.T) {
	r := &auth.Request{Caller: alice.Caller(), Action: "s3:GetObject", Resource: "*", Context: auth.Context{}}
	all, s3 := []*auth.Policy{parse(t, allowAll)}, []*auth.Policy{parse(t, identity(`"Action":"s3:*","Resource":"*"`))}
	ec2 := []*auth.Policy{parse(t, identity(`"Action":"ec2:*","Resource":"*"`))}
	for name, c := range map[string]struct {
		p    auth.Permissions
		want auth.Decision
	}{
		"none":         {auth.Permissions{}, auth.NotAllowed},
		"unbounded":    {auth.Permissions{Policies: all}, auth.Allowed},
		"within":       {auth.Permissions{Policies: all, Bounded: true, Boundary: s3}, auth.Allowed},
		"outside":      {auth.Permissions{Policies: all, Bounded: true, Boundary: ec2}, auth.NotAllowed},
		"no boundary":  {auth.Permissions{Policies: all, Bounded: true}, auth.NotAllowed},
		"not by bound": {auth.Permissions{Bounded: true, Boundary: all}, auth.NotAllowed},
	} {
		if got := c.p.Evaluate(r); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	p := parse(b, identity(`"Action":["s3:Get*","s3:List*"],"Resource":"arn:aws:s3:::home/${aws:username}/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`))
	r := &auth.Request{Caller: alice.Caller(), Action: "s3:GetObject", Resource: "arn:aws:s3:::home/alice/a/b/c", Context: alice.Context(time.Unix(0, 0))}
	r.Context.Set("aws:SourceIp", "10.1.2.3")
	for b.Loop() {
		if auth.Evaluate(r, p) != auth.Allowed {
			b.Fatal("not allowed")
		}
	}
}
