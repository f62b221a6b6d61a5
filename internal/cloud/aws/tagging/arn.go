package tagging

import (
	"strings"

	"atoll/internal/cloud/state"
)

// globalRegion is where the resources of global services show.
const globalRegion = "us-east-1"

// name is a resource's ARN in its parts.
type name struct{ service, kind string }

// parse reads an ARN. The kind is what stands before the resource's own name; S3's buckets and SNS's topics have none.
func parse(arn string) (name, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
		return name{}, false
	}
	kind := ""
	if i := strings.IndexAny(parts[5], ":/"); i > 0 {
		kind = parts[5][:i]
	}
	return name{service: parts[2], kind: kind}, true
}

// untaggable are the kinds of IAM that this API leaves to IAM itself.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
func (n name) untaggable() bool { return n.service == "iam" && (n.kind == "role" || n.kind == "user") }

// is reports whether a resource is of the type in a filter, such as "ec2:vpc" or "s3".
func (n name) is(filter string) bool {
	service, kind, some := strings.Cut(filter, ":")
	return n.service == service && (!some || n.kind == kind)
}

// here reports whether a resource shows in the caller's region.
func (t *txn) here(arn string, sc state.Scope) bool {
	region := sc.Region
	if bucket, ok := strings.CutPrefix(arn, "arn:aws:s3:::"); ok {
		region, _ = t.d.Buckets.BucketRegion(t.tx, bucket)
	}
	if region == "" {
		region = globalRegion
	}
	return region == t.sc.Region
}

// tagged calls f with the account's resources in the caller's region that have or had tags, and come after an ARN, until f gives false.
func (t *txn) tagged(after string, f func(arn string, n name, tags map[string]string) bool) {
	for arn, sc := range state.Tagged(t.tx, t.sc.Account, after) {
		n, ok := parse(arn)
		if !ok || n.untaggable() || !t.here(arn, sc) {
			continue
		}
		if !f(arn, n, state.Tags(t.tx, arn)) {
			return
		}
	}
}
