package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// A load balancer behind CloudFront lets in CloudFront's prefix list, which stands for 55 of a group's 60 rules.
func TestCloudFrontPrefixList(t *testing.T) {
	n, ctx := start(t), t.Context()
	const name = "com.amazonaws.global.cloudfront.origin-facing"
	lists := call(n.DescribeManagedPrefixLists(ctx, &ec2.DescribeManagedPrefixListsInput{Filters: filters("prefix-list-name", name)})).ok(t).PrefixLists
	if len(lists) != 1 || *lists[0].OwnerId != "AWS" {
		t.Fatalf("the lists are %+v", lists)
	}
	id := *lists[0].PrefixListId
	entries := call(n.GetManagedPrefixListEntries(ctx, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &id})).ok(t).Entries
	if len(entries) == 0 {
		t.Error("the list has no entries")
	}
	group := n.group(n.vpc("10.0.0.0/16"), "alb")
	n.allow(group, permission("tcp", 443, 443, id)).ok(t)
	n.allow(group, permission("tcp", 80, 80, id)).fails(t, "RulesPerSecurityGroupLimitExceeded")
}
