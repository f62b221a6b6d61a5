package ec2

import (
	"context"
	"hash/fnv"
	"slices"
	"strconv"

	"atoll/internal/cloud/wire"
)

// prefixListEntry is one block of a list.
type prefixListEntry struct{ CIDR, Description string }

// prefixListRecord is a customer's list, with all of its versions.
type prefixListRecord struct {
	ID, Name, Family string // family "IPv4" or "IPv6"
	MaxEntries       int64
	Version          int64
	State            string
	Versions         map[int64][]prefixListEntry
}

var prefixListQuery = query[prefixListRecord]{
	kind: "prefix-list", notFound: "InvalidPrefixListID.NotFound", noun: "prefix list", prefix: "pl-", malform: "InvalidPrefixListId.Malformed",
	values: func(t *txn, r *prefixListRecord, name string) ([]string, bool) {
		switch name {
		case "owner-id":
			return []string{t.sc.Account}, true
		case "prefix-list-id":
			return []string{r.ID}, true
		case "prefix-list-name":
			return []string{r.Name}, true
		}
		return nil, false
	},
}

// awsPrefixList is one of the lists that AWS keeps: of the services with gateway endpoints, and of CloudFront's servers, which a load
// balancer behind CloudFront lets in.
type awsPrefixList struct {
	id, name string
	weight   int64 // how many rules of a security group it stands for
	cidrs    []string
}

// awsPrefixLists gives a region's lists. The blocks are a part of those that AWS publishes for the service; their ids are made
// from the names, as they differ in each region. The weights are AWS's.
// https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
func awsPrefixLists(region string) []awsPrefixList {
	lists := []awsPrefixList{
		{name: "com.amazonaws.global.cloudfront.origin-facing", weight: 55, cidrs: []string{"3.10.17.128/25", "3.11.53.0/24", "13.48.32.0/24",
			"15.188.184.0/24", "18.192.142.0/23", "18.200.212.0/23", "35.158.136.0/24", "52.56.127.0/25", "52.57.254.0/24", "52.212.248.0/26", "130.176.0.0/17"}},
		{name: "com.amazonaws." + region + ".dynamodb", weight: 1, cidrs: []string{"52.94.0.0/22", "52.119.224.0/20"}},
		{name: "com.amazonaws." + region + ".s3", weight: 1, cidrs: []string{"3.5.0.0/16", "52.216.0.0/15", "54.231.0.0/16"}},
	}
	for i := range lists {
		h := fnv.New32a()
		h.Write([]byte(lists[i].name))
		lists[i].id = "pl-" + strconv.FormatUint(uint64(h.Sum32())|1<<31, 16)
	}
	return lists
}

func (t *txn) awsPrefixList(id string) (awsPrefixList, bool) {
	for _, l := range awsPrefixLists(t.sc.Region) {
		if l.id == id {
			return l, true
		}
	}
	return awsPrefixList{}, false
}

// prefixListExists checks that a list named by a route or a rule is there, AWS's own among them.
func (t *txn) prefixListExists(id string) error {
	if _, ok := t.awsPrefixList(id); ok {
		return nil
	}
	_, err := get(t, t.s.prefixLists, prefixListQuery, id)
	return err
}

// DescribePrefixLists lists AWS's own lists.
func (s *Service) DescribePrefixLists(ctx context.Context, in *DescribePrefixListsInput) (*DescribePrefixListsOutput, error) {
	out := &DescribePrefixListsOutput{PrefixLists: []PrefixList{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		found, err := t.findAWSPrefixLists(in.PrefixListIds, in.Filters)
		if err != nil {
			return err
		}
		if len(found) < len(in.PrefixListIds) && len(in.Filters) == 0 {
			return prefixListQuery.missing(in.PrefixListIds[0])
		}
		for _, l := range found {
			out.PrefixLists = append(out.PrefixLists, PrefixList{PrefixListId: new(l.id), PrefixListName: new(l.name), Cidrs: l.cidrs})
		}
		return nil
	})
}

// findAWSPrefixLists gives AWS's lists that are asked for by ids and filters.
func (t *txn) findAWSPrefixLists(ids []string, filters []Filter) ([]awsPrefixList, error) {
	v := func(_ *txn, l *awsPrefixList, name string) ([]string, bool) {
		switch name {
		case "owner-id":
			return []string{"AWS"}, true
		case "prefix-list-id":
			return []string{l.id}, true
		case "prefix-list-name":
			return []string{l.name}, true
		}
		return nil, false
	}
	if err := checkFilters(t, v, filters); err != nil {
		return nil, err
	}
	var out []awsPrefixList
	for _, l := range awsPrefixLists(t.sc.Region) {
		if (len(ids) == 0 || slices.Contains(ids, l.id)) && matches(t, query[awsPrefixList]{kind: "prefix-list", values: v}, &l, l.id, filters) {
			out = append(out, l)
		}
	}
	return out, nil
}

func (t *txn) renderPrefixList(r *prefixListRecord) ManagedPrefixList {
	return ManagedPrefixList{PrefixListId: new(r.ID), PrefixListName: new(r.Name), PrefixListArn: new(arn(t.sc, "prefix-list", r.ID)), AddressFamily: new(r.Family),
		MaxEntries: new(r.MaxEntries), Version: new(r.Version), State: new(r.State), OwnerId: new(t.sc.Account), Tags: t.tagSet("prefix-list", r.ID)}
}

func (t *txn) renderAWSPrefixList(l awsPrefixList) ManagedPrefixList {
	return ManagedPrefixList{PrefixListId: new(l.id), PrefixListName: new(l.name), PrefixListArn: new("arn:aws:ec2:" + t.sc.Region + ":aws:prefix-list/" + l.id),
		AddressFamily: new("IPv4"), State: new("create-complete"), OwnerId: new("AWS"), Tags: []Tag{}}
}

// DescribeManagedPrefixLists lists AWS's lists and the account's.
func (s *Service) DescribeManagedPrefixLists(ctx context.Context, in *DescribeManagedPrefixListsInput) (*DescribeManagedPrefixListsOutput, error) {
	out := &DescribeManagedPrefixListsOutput{PrefixLists: []ManagedPrefixList{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		if text(in.NextToken) == "" { // AWS's own stand on the first page
			found, err := t.findAWSPrefixLists(in.PrefixListIds, in.Filters)
			if err != nil {
				return err
			}
			for _, l := range found {
				out.PrefixLists = append(out.PrefixLists, t.renderAWSPrefixList(l))
			}
		}
		own := slices.DeleteFunc(slices.Clone(in.PrefixListIds), func(id string) bool { _, ok := t.awsPrefixList(id); return ok })
		if len(in.PrefixListIds) > 0 && len(own) == 0 {
			return nil
		}
		found, next, err := find(t, s.prefixLists, prefixListQuery, own, in.Filters, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.PrefixLists = append(out.PrefixLists, t.renderPrefixList(r))
		}
		out.NextToken = next
		return err
	})
}

// GetManagedPrefixListEntries gives a list's entries, of its current version or of an earlier one.
func (s *Service) GetManagedPrefixListEntries(ctx context.Context, in *GetManagedPrefixListEntriesInput) (*GetManagedPrefixListEntriesOutput, error) {
	out := &GetManagedPrefixListEntriesOutput{Entries: []PrefixListEntry{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		if l, ok := t.awsPrefixList(*in.PrefixListId); ok {
			for _, cidr := range l.cidrs {
				out.Entries = append(out.Entries, PrefixListEntry{Cidr: new(cidr)})
			}
			return nil
		}
		r, err := get(t, s.prefixLists, prefixListQuery, *in.PrefixListId)
		if err != nil {
			return err
		}
		version := r.Version
		if in.TargetVersion != nil {
			version = *in.TargetVersion
		}
		entries, ok := r.Versions[version]
		if !ok {
			return wire.Errorf("InvalidPrefixListVersion.NotFound", "The prefix list %s has no version %d.", r.ID, version)
		}
		for _, e := range entries {
			v := PrefixListEntry{Cidr: new(e.CIDR)}
			if e.Description != "" {
				v.Description = new(e.Description)
			}
			out.Entries = append(out.Entries, v)
		}
		return nil
	})
}

// GetManagedPrefixListAssociations lists the resources that use a list: route tables and security groups.
func (s *Service) GetManagedPrefixListAssociations(ctx context.Context, in *GetManagedPrefixListAssociationsInput) (*GetManagedPrefixListAssociationsOutput, error) {
	out := &GetManagedPrefixListAssociationsOutput{PrefixListAssociations: []PrefixListAssociation{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		if err := t.prefixListExists(*in.PrefixListId); err != nil {
			return err
		}
		for _, id := range t.prefixListUsers(*in.PrefixListId) {
			out.PrefixListAssociations = append(out.PrefixListAssociations, PrefixListAssociation{ResourceId: new(id), ResourceOwner: new(t.sc.Account)})
		}
		return nil
	})
}

// prefixListUsers gives the ids of the security groups and route tables that name a list.
func (t *txn) prefixListUsers(id string) []string {
	var out []string
	for _, rule := range t.s.rules.By(t.tx, t.sc, "prefix-list", id) {
		if !slices.Contains(out, rule.GroupID) {
			out = append(out, rule.GroupID)
		}
	}
	for rtb, r := range t.s.routeTables.All(t.tx, t.sc) {
		if r.route(id) >= 0 {
			out = append(out, rtb)
		}
	}
	return out
}
