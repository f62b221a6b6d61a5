package auth_test

import (
	"errors"
	"strings"
	"testing"

	"atoll/internal/cloud/auth"
)

const (
	allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	trustEC2 = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
)

func identity(statement string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + statement + `}]}`
}

func TestParsePolicyRefusesBadGrammar(t *testing.T) {
	for name, c := range map[string]struct{ doc, message string }{
		"not JSON":               {`{"Version"`, "invalid Json"},
		"not an object":          {`[]`, "invalid Json"},
		"text after the end":     {allowAll + `x`, "invalid Json"},
		"unknown field":          {`{"invalid":true}`, "Unknown field invalid"},
		"fields by case":         {`{"version":"2012-10-17"}`, "Unknown field version"},
		"duplicate key":          {`{"Version":"2012-10-17","Version":"2012-10-17"}`, "invalid Json"},
		"no statement":           {`{"Version":"2012-10-17"}`, "Missing required field Statement"},
		"empty statements":       {`{"Version":"2012-10-17","Statement":[]}`, "Missing required field Statement"},
		"bad version":            {`{"Version":"2020-01-01","Statement":[]}`, "Invalid version"},
		"no effect":              {`{"Statement":[{"Action":"*","Resource":"*"}]}`, "Missing required field Effect"},
		"effect by case":         {`{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}`, "Invalid effect: allow"},
		"statement of no object": {`{"Statement":["x"]}`, "statement"},
		"action and not action":  {identity(`"Action":"*","NotAction":"*","Resource":"*"`), "both Action and NotAction"},
		"both resources":         {identity(`"Action":"*","Resource":"*","NotResource":"*"`), "both Resource and NotResource"},
		"both principals":        {identity(`"Action":"*","Principal":"*","NotPrincipal":"*"`), "both Principal and NotPrincipal"},
		"nested resources":       {identity(`"Action":"*","Resource":[["*"]]`), "Invalid value for field Resource"},
		"numeric action":         {identity(`"Action":1,"Resource":"*"`), "Invalid value for field Action"},
		"condition of a list":    {identity(`"Action":"*","Resource":"*","Condition":{"StringLike":["demo-prefix/"]}`), "Invalid value for field StringLike"},
		"unknown operator":       {identity(`"Action":"*","Resource":"*","Condition":{"StringIs":{"a":"b"}}`), "Invalid Condition type"},
		"qualified null":         {identity(`"Action":"*","Resource":"*","Condition":{"NullIfExists":{"a":"b"}}`), "Invalid Condition type"},
		"condition of an object": {identity(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"a":{}}}`), "Invalid value for field a"},
		"principal of text":      {identity(`"Action":"*","Principal":"everyone"`), "Invalid principal"},
		"kind of principal":      {identity(`"Action":"*","Principal":{"User":"x"}`), "Unknown field User"},
		"no kind of principal":   {identity(`"Action":"*","Principal":{}`), "Principal"},
		"control characters":     {identity(`"Action":"*","Resource":"arn:aws:s3:::\u0000"`), "Invalid value for field Resource"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := auth.ParsePolicy([]byte(c.doc))
			var fault *auth.PolicyError
			if !errors.As(err, &fault) || !fault.Grammar || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %v, want a fault of grammar with %q", err, c.message)
			}
		})
	}
}

func TestCheckByKind(t *testing.T) {
	for name, c := range map[string]struct {
		doc     string
		kind    auth.Kind
		message string // empty: valid
	}{
		"identity":                  {allowAll, auth.IdentityPolicy, ""},
		"trust":                     {trustEC2, auth.TrustPolicy, ""},
		"identity with a principal": {identity(`"Action":"*","Resource":"*","Principal":"*"`), auth.IdentityPolicy, "should not specify a principal"},
		"identity without action":   {identity(`"Resource":"*"`), auth.IdentityPolicy, "must contain actions"},
		"identity with no actions":  {identity(`"Action":[],"Resource":"*"`), auth.IdentityPolicy, "must contain actions"},
		"identity without resource": {identity(`"Action":"*"`), auth.IdentityPolicy, "must contain resources"},
		"no vendor":                 {identity(`"Action":"GetObject","Resource":"*"`), auth.IdentityPolicy, "prefaced by a vendor"},
		"two colons":                {identity(`"Action":"s3:Get:Object","Resource":"*"`), auth.IdentityPolicy, "only one colon"},
		"odd vendor":                {identity(`"Action":"s_3:Get","Resource":"*"`), auth.IdentityPolicy, "Vendor s_3 is not valid"},
		"no ARN":                    {identity(`"Action":"*","Resource":"bucket"`), auth.IdentityPolicy, `Resource bucket must be in ARN format or "*".`},
		"no ARN with colons":        {identity(`"Action":"*","Resource":"a:b:c"`), auth.IdentityPolicy, "must be in ARN format"},
		"partition":                 {identity(`"Action":"*","Resource":"arn:oops:s3:::b"`), auth.IdentityPolicy, `Partition "oops" is not valid for resource "arn:oops:s3:::b".`},
		"partition, short ARN":      {identity(`"Action":"*","Resource":"arn:oops:s3"`), auth.IdentityPolicy, `"arn:oops:s3:*:*:*"`},
		"vendor of the resource":    {identity(`"Action":"*","Resource":"arn:aws"`), auth.IdentityPolicy, "Resource vendor must be fully qualified"},
		"region of S3":              {identity(`"Action":"*","Resource":"arn:aws:s3:us-east-1::b"`), auth.IdentityPolicy, "can not contain region information"},
		"region of IAM":             {identity(`"Action":"*","Resource":"arn:aws:iam:us-east-1::role/r"`), auth.IdentityPolicy, "cannot contain region information"},
		"path of IAM":               {identity(`"Action":"*","Resource":"arn:aws:iam::123456789012:thing/x"`), auth.IdentityPolicy, "IAM resource path must either be"},
		"wildcard path of IAM":      {identity(`"Action":"*","Resource":"arn:aws:iam::123456789012:*"`), auth.IdentityPolicy, ""},
		"variable":                  {identity(`"Action":"*","Resource":"arn:${aws:PrincipalTag/p}:s3:::b"`), auth.IdentityPolicy, ""},
		"same SID": {`{"Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]}`,
			auth.IdentityPolicy, "Statement IDs (SID) in a single policy must be unique."},
		"trust with a resource":      {identity(`"Action":"sts:AssumeRole","Principal":"*","Resource":"*"`), auth.TrustPolicy, "Has prohibited field Resource"},
		"trust with a not resource":  {identity(`"Action":"sts:AssumeRole","Principal":"*","NotResource":"*"`), auth.TrustPolicy, "Has prohibited field NotResource"},
		"trust with a not action":    {identity(`"NotAction":"sts:AssumeRole","Principal":"*"`), auth.TrustPolicy, "Has prohibited field NotAction"},
		"trust without principal":    {identity(`"Action":"sts:AssumeRole"`), auth.TrustPolicy, "Missing required field Principal"},
		"trust without action":       {identity(`"Principal":"*"`), auth.TrustPolicy, "Missing required field Action"},
		"trust with others' actions": {identity(`"Action":"s3:GetObject","Principal":"*"`), auth.TrustPolicy, "may only specify STS AssumeRole actions"},
		"trust with tags":            {identity(`"Action":["sts:assumerole","sts:TagSession","sts:AssumeRole*"],"Principal":"*"`), auth.TrustPolicy, ""},
		"trust allowing the others":  {identity(`"Action":"sts:AssumeRole","NotPrincipal":{"AWS":"123456789012"}`), auth.TrustPolicy, "Has prohibited field NotPrincipal"},
		"resource":                   {identity(`"Action":"s3:*","Principal":"*","Resource":"*"`), auth.ResourcePolicy, ""},
		"resource, no principal":     {identity(`"Action":"s3:*","Resource":"*"`), auth.ResourcePolicy, "Missing required field Principal"},
		"resource, no action":        {identity(`"Principal":"*","Resource":"*"`), auth.ResourcePolicy, "Missing required field Action"},
		"resource, no resource":      {identity(`"Principal":"*","Action":"s3:*"`), auth.ResourcePolicy, "Missing required field Resource"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := auth.ParsePolicy([]byte(c.doc))
			if err != nil {
				t.Fatal(err)
			}
			err = p.Check(c.kind)
			if c.message == "" && err != nil || c.message != "" && (err == nil || !strings.Contains(err.Error(), c.message)) {
				t.Errorf("got %v, want %q", err, c.message)
			}
		})
	}
}

func TestReplacePrincipalsLeavesTheRest(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:role/r"
	doc := `{ "Statement": [ {"Sid":"` + arn + `", "Principal": {"AWS": [ "` + arn + `", "*" ]},
	"Condition": {"ArnEquals": {"aws:PrincipalArn": "` + arn + `"}}}, {"NotPrincipal":{"AWS":"arn:aws:iam::123456789012:role\/r"}} ] }`
	want := strings.Replace(doc, `[ "`+arn, `[ "AROAX`, 1)
	want = strings.Replace(want, `arn:aws:iam::123456789012:role\/r`, "AROAX", 1)
	if got := auth.ReplacePrincipals(doc, map[string]string{arn: "AROAX"}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzParsePolicy(f *testing.F) {
	for _, seed := range []string{
		allowAll, trustEC2, `{"Statement":[]}`, `{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["1"]},"NotAction":["a:b"],"NotResource":["arn:aws:s3:::${aws:username}/*"]}}`,
		identity(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringLikeIfExists":{"k":["${x, 'd'}",1,true]},"Null":{"k":false},"Bool":{}}`),
		identity(`"Action":"*","Resource":"${`), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := auth.ParsePolicy(doc)
		if (p == nil) == (err == nil) {
			t.Fatalf("got the policy %v and the error %v", p, err)
		}
		var fault *auth.PolicyError
		if err != nil && !errors.As(err, &fault) {
			t.Fatalf("the error %v is no PolicyError", err)
		}
		if err != nil {
			return
		}
		for _, kind := range []auth.Kind{auth.IdentityPolicy, auth.TrustPolicy, auth.ResourcePolicy} {
			_ = p.Check(kind)
		}
		r := &auth.Request{Caller: auth.Principal{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/u", UserID: "AIDA"}.Caller(),
			Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Context: auth.Context{"k": {"v", "w"}}}
		_ = auth.Evaluate(r, p)
		names := map[string]string{"1": "2", "*": "AROA"}
		if _, err := auth.ParsePolicy([]byte(auth.ReplacePrincipals(string(doc), names))); err != nil && !strings.Contains(err.Error(), "Invalid principal") {
			t.Fatalf("with principals replaced: %v", err)
		}
	})
}
