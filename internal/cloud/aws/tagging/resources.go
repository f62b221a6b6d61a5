package tagging

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Limits of GetResources: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
const (
	defaultPage  = 50
	maxPage      = 100
	minTags      = 100
	maxPageTags  = 500
	maxFilters   = 50
	maxValues    = 20
	maxARNs      = 100
	maxTypes     = 100
	maxKeyRunes  = 128
	maxTypeBytes = 256
)

// GetResources finds resources by their tags and types, or gives the tags of those that are named.
func (s *Service) GetResources(ctx context.Context, in *GetResourcesInput) (*GetResourcesOutput, error) {
	if err := checkResources(in); err != nil {
		return nil, err
	}
	after, err := pageAfter(in.PaginationToken)
	if err != nil {
		return nil, err
	}
	out := &GetResourcesOutput{PaginationToken: new(""), ResourceTagMappingList: []ResourceTagMapping{}}
	return out, s.view(ctx, func(t *txn) error {
		if len(in.ResourceARNList) > 0 {
			out.ResourceTagMappingList = t.named(in)
			return nil
		}
		size, room := pageSize(in)
		last := ""
		t.tagged(after, func(arn string, n name, tags map[string]string) bool {
			if !fits(in, n, tags) {
				return true
			}
			// A resource without tags counts as one with one, and none is split over pages.
			cost := max(len(tags), 1)
			if len(out.ResourceTagMappingList) > 0 && (len(out.ResourceTagMappingList) == size || room < cost) {
				out.PaginationToken = state.Token(last)
				return false
			}
			out.ResourceTagMappingList = append(out.ResourceTagMappingList, mapping(arn, tags))
			last, room = arn, room-cost
			return true
		})
		return nil
	})
}

func checkResources(in *GetResourcesInput) error {
	if in.IncludeComplianceDetails != nil && *in.IncludeComplianceDetails {
		return wire.NotImplemented("tagging:GetResources with IncludeComplianceDetails")
	}
	if in.ExcludeCompliantResources != nil && *in.ExcludeCompliantResources {
		return invalid("ExcludeCompliantResources can be true only if IncludeComplianceDetails is true.")
	}
	if n := in.ResourcesPerPage; n != nil && (*n < 1 || *n > maxPage) {
		return invalid("ResourcesPerPage must be between 1 and %d.", maxPage)
	}
	if n := in.TagsPerPage; n != nil && (*n < minTags || *n > maxPageTags || *n%minTags != 0) {
		return invalid("TagsPerPage must be between %d and %d, in increments of %d.", minTags, maxPageTags, minTags)
	}
	if len(in.ResourceARNList) > 0 {
		if in.ResourcesPerPage != nil || in.TagsPerPage != nil || text(in.PaginationToken) != "" {
			return invalid("ResourceARNList cannot be combined with ResourcesPerPage, TagsPerPage or PaginationToken.")
		}
		return checkARNs(in.ResourceARNList, maxARNs)
	}
	if len(in.TagFilters) > maxFilters {
		return invalid("A maximum of %d TagFilters can be specified.", maxFilters)
	}
	for _, f := range in.TagFilters {
		if key := text(f.Key); key == "" || utf8.RuneCountInString(key) > maxKeyRunes || len(f.Values) > maxValues {
			return invalid("A tag filter must have a key of 1 to %d characters and at most %d values.", maxKeyRunes, maxValues)
		}
	}
	if len(in.ResourceTypeFilters) > maxTypes {
		return invalid("A maximum of %d ResourceTypeFilters can be specified.", maxTypes)
	}
	for _, f := range in.ResourceTypeFilters {
		service, kind, some := strings.Cut(f, ":")
		if len(f) > maxTypeBytes || service == "" || some && (kind == "" || strings.Contains(kind, ":")) {
			return invalid("The resource type filter %s is not in the format service[:resourceType].", f)
		}
	}
	return nil
}

// pageSize gives how many resources, and how many tags, a page may have.
func pageSize(in *GetResourcesInput) (resources, tags int) {
	resources, tags = defaultPage, 1<<30
	switch {
	case in.ResourcesPerPage != nil:
		resources = int(*in.ResourcesPerPage)
	case in.TagsPerPage != nil:
		resources = 1 << 30
	}
	if in.TagsPerPage != nil {
		tags = int(*in.TagsPerPage)
	}
	return resources, tags
}

// named gives those of the listed resources that exist in the caller's region and have or had tags.
func (t *txn) named(in *GetResourcesInput) []ResourceTagMapping {
	out := []ResourceTagMapping{}
	for _, arn := range slices.Compact(slices.Sorted(slices.Values(in.ResourceARNList))) {
		n, _ := parse(arn)
		_, sc, _, ok := state.Lookup(t.tx, arn)
		if !ok || sc.Account != t.sc.Account || n.untaggable() || !t.here(arn, sc) || !state.WasTagged(t.tx, sc.Account, arn) {
			continue
		}
		if tags := state.Tags(t.tx, arn); fits(in, n, tags) {
			out = append(out, mapping(arn, tags))
		}
	}
	return out
}

// fits reports whether a resource is of one of the types asked for, and passes each tag filter.
func fits(in *GetResourcesInput, n name, tags map[string]string) bool {
	if len(in.ResourceTypeFilters) > 0 && !slices.ContainsFunc(in.ResourceTypeFilters, n.is) {
		return false
	}
	for _, f := range in.TagFilters {
		value, ok := tags[*f.Key]
		if !ok || len(f.Values) > 0 && !slices.Contains(f.Values, value) {
			return false
		}
	}
	return true
}

func mapping(arn string, tags map[string]string) ResourceTagMapping {
	m := ResourceTagMapping{ResourceARN: &arn, Tags: []Tag{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		m.Tags = append(m.Tags, Tag{Key: &key, Value: new(tags[key])})
	}
	return m
}
