package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"atoll/internal/cloud/wire"
)

// maxPolicy is the largest policy in bytes.
const maxPolicy = 20 << 10

// statement is what is checked of a policy's statement.
type statement struct {
	Effect                  string
	Principal, NotPrincipal json.RawMessage
	Action, NotAction       json.RawMessage
	Resource, NotResource   json.RawMessage
	Condition               map[string]map[string]json.RawMessage
}

func malformedPolicy(format string, args ...any) error {
	return wire.Errorf("MalformedPolicy", format, args...)
}

// oneOrMore reads a JSON string, or a list of them.
func oneOrMore(raw json.RawMessage) ([]string, bool) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, true
	}
	var list []string
	return list, json.Unmarshal(raw, &list) == nil && len(list) > 0
}

// parsePolicy checks a bucket policy's form, and that it is about the bucket.
func parsePolicy(policy, bucket string) ([]statement, error) {
	var doc struct {
		Version   string
		Statement json.RawMessage
	}
	switch {
	case !strings.HasPrefix(strings.TrimSpace(policy), "{"), json.Unmarshal([]byte(policy), &doc) != nil:
		return nil, malformedPolicy("Policies must be valid JSON and the first byte must be '{'")
	case len(policy) > maxPolicy:
		return nil, malformedPolicy("Policy exceeds the maximum allowed document size.")
	case doc.Version != "" && doc.Version != "2012-10-17" && doc.Version != "2008-10-17":
		return nil, malformedPolicy("The policy must contain a valid version string")
	case doc.Statement == nil:
		return nil, malformedPolicy("Missing required field Statement")
	}
	var list []statement
	if json.Unmarshal(doc.Statement, &list) != nil {
		var one statement
		if json.Unmarshal(doc.Statement, &one) != nil {
			return nil, malformedPolicy("Invalid policy syntax.")
		}
		list = []statement{one}
	}
	if len(list) == 0 {
		return nil, malformedPolicy("Could not parse the policy: Statement is empty!")
	}
	for _, st := range list {
		if err := st.check(bucket); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (st statement) check(bucket string) error {
	switch {
	case st.Effect == "":
		return malformedPolicy("Missing required field Effect")
	case st.Effect != "Allow" && st.Effect != "Deny":
		return malformedPolicy("Invalid effect: %s", st.Effect)
	case st.Principal == nil && st.NotPrincipal == nil:
		return malformedPolicy("Missing required field Principal")
	case st.Action == nil && st.NotAction == nil:
		return malformedPolicy("Missing required field Action")
	case st.Resource == nil && st.NotResource == nil:
		return malformedPolicy("Missing required field Resource")
	}
	for _, raw := range []json.RawMessage{st.Action, st.NotAction} {
		if raw == nil {
			continue
		}
		actions, ok := oneOrMore(raw)
		if !ok {
			return malformedPolicy("Policy has invalid action")
		}
		for _, a := range actions {
			if a != "*" && !strings.HasPrefix(strings.ToLower(a), "s3:") {
				return malformedPolicy("Policy has invalid action")
			}
		}
	}
	for _, raw := range []json.RawMessage{st.Resource, st.NotResource} {
		if raw == nil {
			continue
		}
		resources, ok := oneOrMore(raw)
		if !ok {
			return malformedPolicy("Policy has invalid resource")
		}
		for _, r := range resources {
			if !isAbout(r, bucket) {
				return malformedPolicy("Policy has invalid resource")
			}
		}
	}
	return checkPrincipal(st.Principal, st.NotPrincipal)
}

// isAbout reports whether a resource of a policy may be the bucket or in it.
func isAbout(resource, bucket string) bool {
	rest, ok := strings.CutPrefix(resource, "arn:aws:s3:::")
	if !ok {
		return resource == "*"
	}
	name, _, _ := strings.Cut(rest, "/")
	if i := strings.IndexAny(name, "*?$"); i >= 0 {
		return strings.HasPrefix(bucket, name[:i])
	}
	return name == bucket
}

func checkPrincipal(raws ...json.RawMessage) error {
	for _, raw := range raws {
		if raw == nil {
			continue
		}
		var star string
		if json.Unmarshal(raw, &star) == nil {
			if star != "*" {
				return malformedPolicy("Invalid principal in policy")
			}
			continue
		}
		var kinds map[string]json.RawMessage
		if json.Unmarshal(raw, &kinds) != nil {
			return malformedPolicy("Invalid principal in policy")
		}
		for kind, value := range kinds {
			_, ok := oneOrMore(value)
			if !ok || kind != "AWS" && kind != "Service" && kind != "Federated" && kind != "CanonicalUser" {
				return malformedPolicy("Invalid principal in policy")
			}
		}
	}
	return nil
}

// narrowing are the condition keys that make a statement for everybody not public, if they have fixed values.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
var narrowing = map[string]bool{
	"aws:principalarn": true, "aws:principalorgid": true, "aws:principalorgpaths": true, "aws:principalaccount": true, "aws:sourceip": true,
	"aws:sourcearn": true, "aws:sourcevpc": true, "aws:sourcevpce": true, "aws:sourceowner": true, "aws:sourceaccount": true,
	"aws:userid": true, "aws:vpcsourceip": true, "s3:x-amz-server-side-encryption-aws-kms-key-id": true,
	"s3:dataaccesspointarn": true, "s3:dataaccesspointaccount": true,
}

// public reports whether a statement allows everybody something.
func (st statement) public() bool {
	if st.Effect != "Allow" {
		return false
	}
	everybody := st.NotPrincipal != nil || string(st.Principal) == `"*"`
	var kinds map[string]json.RawMessage
	if !everybody && json.Unmarshal(st.Principal, &kinds) == nil {
		for _, kind := range []string{"AWS", "CanonicalUser"} {
			list, _ := oneOrMore(kinds[kind])
			for _, p := range list {
				everybody = everybody || strings.Contains(p, "*")
			}
		}
	}
	return everybody && !st.narrowed()
}

func (st statement) narrowed() bool {
	for operator, keys := range st.Condition {
		if strings.Contains(operator, "Not") || operator == "Null" {
			continue
		}
		for key, raw := range keys {
			values, ok := oneOrMore(raw)
			if !ok || !narrowing[strings.ToLower(key)] {
				continue
			}
			fixed := true
			for _, v := range values {
				if strings.EqualFold(key, "aws:SourceIp") {
					fixed = fixed && v != "0.0.0.0/0" && v != "::/0"
				} else {
					fixed = fixed && !strings.ContainsAny(strings.TrimSuffix(v, "/*"), "*?") && !strings.Contains(v, "${")
				}
			}
			if fixed {
				return true
			}
		}
	}
	return false
}

func isPublicPolicy(list []statement) bool {
	for _, st := range list {
		if st.public() {
			return true
		}
	}
	return false
}

// GetBucketPolicy gives a bucket's policy as it was put.
func (s *Service) GetBucketPolicy(ctx context.Context, in *GetBucketPolicyInput) (*GetBucketPolicyOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.Policy == nil {
		return nil, fail("NoSuchBucketPolicy", detail{BucketName: in.Bucket})
	}
	return &GetBucketPolicyOutput{Policy: b.Policy}, nil
}

// PutBucketPolicy sets a bucket's policy. One that is public is refused while the bucket's public access block, or the account's, says so.
func (s *Service) PutBucketPolicy(ctx context.Context, in *PutBucketPolicyInput) (*PutBucketPolicyOutput, error) {
	call := wire.CallFrom(ctx)
	return &PutBucketPolicyOutput{}, s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(t *txn) error {
		b := t.b
		list, err := parsePolicy(*in.Policy, b.Name)
		if err != nil {
			return err
		}
		if t.blocks(func(c *PublicAccessBlockConfiguration) *bool { return c.BlockPublicPolicy }) && isPublicPolicy(list) {
			return deny("User: %s is not authorized to perform: s3:PutBucketPolicy on resource: %q because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
				call.ARN, bucketARN(b.Name))
		}
		b.Policy = in.Policy
		t.putBucket()
		return nil
	})
}

// DeleteBucketPolicy removes a bucket's policy.
func (s *Service) DeleteBucketPolicy(ctx context.Context, in *DeleteBucketPolicyInput) (*DeleteBucketPolicyOutput, error) {
	return &DeleteBucketPolicyOutput{}, s.change(ctx, in.Bucket, in.ExpectedBucketOwner, func(b *BucketRecord) error {
		b.Policy = nil
		return nil
	})
}

// GetBucketPolicyStatus tells whether a bucket's policy is public.
func (s *Service) GetBucketPolicyStatus(ctx context.Context, in *GetBucketPolicyStatusInput) (*GetBucketPolicyStatusOutput, error) {
	b, err := s.settings(ctx, in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.Policy == nil {
		return nil, fail("NoSuchBucketPolicy", detail{BucketName: in.Bucket})
	}
	list, err := parsePolicy(*b.Policy, b.Name)
	if err != nil {
		return nil, fmt.Errorf("reading the stored policy of %s: %w", b.Name, err)
	}
	return &GetBucketPolicyStatusOutput{PolicyStatus: &PolicyStatus{IsPublic: new(isPublicPolicy(list))}}, nil
}
