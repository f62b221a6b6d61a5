package cloudtrail

import (
	"context"
	"regexp"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const principal = "cloudtrail.amazonaws.com"

var (
	bucketNames = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	topicNames  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
)

// keyOf finds the KMS key that settings name, before the transaction: nil where they name none.
func (s *Service) keyOf(ctx context.Context, in *UpdateTrailInput) (*string, error) {
	if text(in.KmsKeyId) == "" {
		return in.KmsKeyId, nil
	}
	arn, err := s.d.Keys.KeyARN(ctx, *in.KmsKeyId)
	if err != nil {
		return nil, wire.Errorf("KmsKeyNotFoundException", "KMS key not found: %s", *in.KmsKeyId)
	}
	return &arn, nil
}

// apply changes the settings that are given, and checks that all of them fit together.
func (t *txn) apply(r *trailRecord, in *UpdateTrailInput, key *string) error {
	if truth(in.IsOrganizationTrail) {
		return wire.Errorf("OrganizationsNotInUseException", "Your account is not a member of an organization.")
	}
	if in.RecursiveLogging != nil {
		return wire.NotImplemented("cloudtrail:CreateTrail with RecursiveLogging")
	}
	set(&r.Global, in.IncludeGlobalServiceEvents)
	set(&r.MultiRegion, in.IsMultiRegionTrail)
	if r.MultiRegion && !r.Global {
		return wire.Errorf("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
	}
	if r.Validation != truth(in.EnableLogFileValidation) && in.EnableLogFileValidation != nil {
		r.Validation = *in.EnableLogFileValidation
		r.Digests, r.DigestFrom = nil, hour(t.now)
	}
	set(&r.Key, key)
	if err := t.applyTopic(r, in.SnsTopicName); err != nil {
		return err
	}
	if err := t.applyBucket(r, in); err != nil {
		return err
	}
	return t.applyGroup(r, in)
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

func (t *txn) applyTopic(r *trailRecord, topic *string) error {
	if topic == nil {
		return nil
	}
	if *topic == "" {
		r.Topic = ""
		return nil
	}
	arn, name := *topic, *topic
	if parts := strings.Split(*topic, ":"); len(parts) == 6 && parts[0] == "arn" && parts[2] == "sns" && parts[4] == t.sc.Account {
		name = parts[5]
	} else {
		arn = "arn:aws:sns:" + t.sc.Region + ":" + t.sc.Account + ":" + name
	}
	if !topicNames.MatchString(name) {
		return wire.Errorf("InvalidSnsTopicNameException", "SNS Topic name is not valid: %s", *topic)
	}
	if !t.d.Topics.ServiceMay(t.tx, arn, principal, t.sc.Account, trailARN(t.sc, r.Name)) {
		return wire.Errorf("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")
	}
	r.Topic = arn
	return nil
}

func (t *txn) applyBucket(r *trailRecord, in *UpdateTrailInput) error {
	set(&r.Prefix, in.S3KeyPrefix)
	set(&r.Bucket, in.S3BucketName)
	if !bucketNames.MatchString(r.Bucket) {
		return wire.Errorf("InvalidS3BucketNameException", "Bucket name is not valid: %s", r.Bucket)
	}
	if len(r.Prefix) > 200 || strings.ContainsAny(r.Prefix, "\x00<>") {
		return wire.Errorf("InvalidS3PrefixException", "The S3 prefix must have at most 200 valid characters.")
	}
	exists, may := t.mayWrite(t.tx, r, t.sc)
	switch {
	case !exists:
		return wire.Errorf("S3BucketDoesNotExistException", "S3 bucket %s does not exist!", r.Bucket)
	case !may:
		return wire.Errorf("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s", r.Bucket)
	}
	return nil
}

// mayWrite asks a bucket's policy whether CloudTrail may see its ACL and put a trail's files into it.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func (s *Service) mayWrite(tx *state.Tx, r *trailRecord, sc state.Scope) (exists, may bool) {
	c := auth.Context{}
	c.Set("aws:SourceArn", trailARN(sc, r.Name))
	c.Set("aws:SourceAccount", sc.Account)
	c.Set("aws:SecureTransport", "true")
	exists, may = s.d.Buckets.ServiceMay(tx, principal, "s3:GetBucketAcl", r.Bucket, "", c)
	if !may {
		return exists, false
	}
	c.Set("s3:x-amz-acl", "bucket-owner-full-control")
	return s.d.Buckets.ServiceMay(tx, principal, "s3:PutObject", r.Bucket, r.root(sc.Account)+"/CloudTrail/"+sc.Region+"/file", c)
}

// root is the folder of a trail's files in its bucket.
func (r *trailRecord) root(account string) string {
	root := "AWSLogs/" + account
	if r.Prefix != "" {
		root = r.Prefix + "/" + root
	}
	return root
}

func (t *txn) applyGroup(r *trailRecord, in *UpdateTrailInput) error {
	if in.CloudWatchLogsLogGroupArn == nil && in.CloudWatchLogsRoleArn == nil {
		return nil
	}
	set(&r.Group, in.CloudWatchLogsLogGroupArn)
	set(&r.Role, in.CloudWatchLogsRoleArn)
	switch {
	case r.Group == "" && r.Role == "":
		return nil
	case r.Group == "":
		return wire.Errorf("InvalidCloudWatchLogsLogGroupArnException", "You must specify a log group ARN as well as a role ARN.")
	case r.Role == "":
		return wire.Errorf("InvalidCloudWatchLogsRoleArnException", "You must specify a role ARN as well as a log group.")
	}
	sc, name, ok := splitGroup(r.Group)
	if !ok || sc != t.sc || !t.d.Groups.HasGroup(t.tx, sc, name) {
		return wire.Errorf("InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN.")
	}
	return t.checkRole(t.tx, r.Role, sc, name)
}

// splitGroup reads the ARN of a log group with ":*" at its end.
func splitGroup(arn string) (sc state.Scope, name string, ok bool) {
	parts := strings.Split(arn, ":")
	if len(parts) != 8 || parts[0] != "arn" || parts[2] != "logs" || parts[5] != "log-group" || parts[7] != "*" {
		return sc, "", false
	}
	return state.Scope{Account: parts[4], Region: parts[3]}, parts[6], true
}

// streamOf names the stream in the trail's log group.
func streamOf(sc state.Scope) string { return sc.Account + "_CloudTrail_" + sc.Region }

// checkRole checks that CloudTrail can use a role to make its stream in a group, and to put events into it.
func (s *Service) checkRole(tx *state.Tx, arn string, sc state.Scope, group string) error {
	role, ok := s.d.Roles.Role(tx, arn)
	if !ok || role.Account != sc.Account {
		return wire.Errorf("InvalidCloudWatchLogsRoleArnException", "CloudTrail cannot validate the specified role ARN.")
	}
	denied := wire.Errorf("InvalidCloudWatchLogsRoleArnException", "Access denied. Verify in IAM that the role has adequate permissions.")
	c := auth.Context{}
	c.Set("aws:SourceAccount", sc.Account)
	if !role.Trusts(principal, c) {
		return denied
	}
	p := auth.Principal{Account: sc.Account, ARN: arn, Role: arn, UserID: role.ID + ":CLOUDTRAIL"}
	permissions, ok := s.d.Roles.Permissions(tx, p)
	stream := "arn:aws:logs:" + sc.Region + ":" + sc.Account + ":log-group:" + group + ":log-stream:" + streamOf(sc)
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		if !ok || permissions.Evaluate(&auth.Request{Caller: p.Caller(), Action: action, Resource: stream, Context: p.Context(s.d.Clock.Now())}) != auth.Allowed {
			return denied
		}
	}
	return nil
}
