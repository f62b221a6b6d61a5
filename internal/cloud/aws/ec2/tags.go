package ec2

import (
	"context"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// kindOf gives the resource type behind an id, as EC2's ARNs and tag specifications name it, and the error code for one that
// does not exist.
func kindOf(id string) (kind, notFound string) {
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix {
	case "vpc":
		return "vpc", "InvalidVpcID.NotFound"
	case "subnet":
		return "subnet", "InvalidSubnetID.NotFound"
	case "igw":
		return "internet-gateway", "InvalidInternetGatewayID.NotFound"
	case "eigw":
		return "egress-only-internet-gateway", "InvalidEgressOnlyInternetGatewayId.NotFound"
	case "rtb":
		return "route-table", "InvalidRouteTableID.NotFound"
	case "sg":
		return "security-group", "InvalidGroup.NotFound"
	case "sgr":
		return "security-group-rule", "InvalidSecurityGroupRuleId.NotFound"
	case "acl":
		return "network-acl", "InvalidNetworkAclID.NotFound"
	case "eipalloc":
		return "elastic-ip", "InvalidAllocationID.NotFound"
	case "nat":
		return "natgateway", "NatGatewayNotFound"
	case "eni":
		return "network-interface", "InvalidNetworkInterfaceID.NotFound"
	case "vpce":
		return "vpc-endpoint", "InvalidVpcEndpointId.NotFound"
	case "fl":
		return "vpc-flow-log", "InvalidFlowLogId.NotFound"
	case "pl":
		return "prefix-list", "InvalidPrefixListID.NotFound"
	case "dopt":
		return "dhcp-options", "InvalidDhcpOptionID.NotFound"
	}
	return "", "InvalidID"
}

// tagSet gives a resource's tags, sorted by key, for an answer; never nil, since EC2 answers an empty tagSet.
func (t *txn) tagSet(kind, id string) []Tag {
	tags := state.Tags(t.tx, arn(t.sc, kind, id))
	out := make([]Tag, 0, len(tags))
	for k, v := range tags {
		out = append(out, Tag{Key: new(k), Value: new(v)})
	}
	slices.SortFunc(out, func(a, b Tag) int { return strings.Compare(*a.Key, *b.Key) })
	return out
}

// applyTags tags a new resource with what the request's specifications say for its type. specType is the type's name there;
// a specification of another type is an error, as on AWS.
func (t *txn) applyTags(specs []TagSpecification, kind, specType, id string) error {
	for _, spec := range specs {
		if text(spec.ResourceType) != specType {
			return wire.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", text(spec.ResourceType))
		}
		set, err := tagMap(spec.Tags)
		if err != nil {
			return err
		}
		if err := t.setTags(arn(t.sc, kind, id), set); err != nil {
			return err
		}
	}
	return nil
}

// maxTags is AWS's limit of tags on a resource.
const maxTags = 50

func (t *txn) setTags(arn string, set map[string]string) error {
	state.SetTags(t.tx, arn, set)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return wire.Errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return nil
}

func tagMap(tags []Tag) (map[string]string, error) {
	set := make(map[string]string, len(tags))
	for _, tag := range tags {
		key := text(tag.Key)
		switch {
		case key == "":
			return nil, wire.Errorf("InvalidParameterValue", "Tag keys cannot be null or empty")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, wire.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case utf8.RuneCountInString(key) > 128:
			return nil, wire.Errorf("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters")
		case utf8.RuneCountInString(text(tag.Value)) > 256:
			return nil, wire.Errorf("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters")
		}
		if _, twice := set[key]; twice {
			return nil, wire.Errorf("InvalidParameterValue", "Duplicate tag key '%s' specified.", key)
		}
		set[key] = text(tag.Value)
	}
	return set, nil
}

// taggable gives the ARN of an existing resource.
func (t *txn) taggable(id string) (string, error) {
	kind, notFound := kindOf(id)
	if kind == "" {
		return "", wire.Errorf(notFound, "The ID '%s' is not valid", id)
	}
	a := arn(t.sc, kind, id)
	if _, _, _, ok := state.Lookup(t.tx, a); !ok {
		return "", wire.Errorf(notFound, "The ID '%s' does not exist", id)
	}
	return a, nil
}

// CreateTags adds or overwrites tags of one or more resources; either all are changed or none.
func (s *Service) CreateTags(ctx context.Context, in *CreateTagsInput) (*CreateTagsOutput, error) {
	set, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &CreateTagsOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		for _, id := range in.Resources {
			a, err := t.taggable(id)
			if err != nil {
				return err
			}
			if err := t.setTags(a, set); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteTags removes tags: all of a resource's when none are named, and a tag with a value only if it has that value.
func (s *Service) DeleteTags(ctx context.Context, in *DeleteTagsInput) (*DeleteTagsOutput, error) {
	return &DeleteTagsOutput{}, s.update(ctx, in.DryRun, func(t *txn) error {
		for _, id := range in.Resources {
			a, err := t.taggable(id)
			if err != nil {
				return err
			}
			have := state.Tags(t.tx, a)
			var keys []string
			for _, tag := range in.Tags {
				if v, ok := have[text(tag.Key)]; ok && (tag.Value == nil || *tag.Value == v) {
					keys = append(keys, *tag.Key)
				}
			}
			if len(in.Tags) == 0 {
				for k := range have {
					keys = append(keys, k)
				}
			}
			state.RemoveTags(t.tx, a, keys)
		}
		return nil
	})
}

// DescribeTags lists tags of all of the region's resources.
func (s *Service) DescribeTags(ctx context.Context, in *DescribeTagsInput) (*DescribeTagsOutput, error) {
	if err := checkMaxResults(in.MaxResults); err != nil {
		return nil, err
	}
	out := &DescribeTagsOutput{Tags: []TagDescription{}}
	err := s.view(ctx, in.DryRun, func(t *txn) error {
		for _, f := range in.Filters {
			switch name := text(f.Name); {
			case name == "key", name == "value", name == "resource-id", name == "resource-type", strings.HasPrefix(name, "tag:"):
			default:
				return wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", name)
			}
		}
		prefix := arn(t.sc, "", "")
		prefix = strings.TrimSuffix(prefix, "/")
		after, err := tokenID(in.NextToken)
		if err != nil {
			return err
		}
		for a := range t.taggedARNs(prefix, in.Filters) {
			kind, id, _ := strings.Cut(strings.TrimPrefix(a, prefix), "/")
			for _, tag := range t.tagSet(kind, id) {
				at := id + "\n" + *tag.Key
				if at <= after || !tagMatches(in.Filters, kind, id, tag) {
					continue
				}
				out.Tags = append(out.Tags, TagDescription{Key: tag.Key, Value: tag.Value, ResourceId: new(id), ResourceType: new(kind)})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out.Tags, func(a, b TagDescription) int {
		return strings.Compare(*a.ResourceId+"\n"+*a.Key, *b.ResourceId+"\n"+*b.Key)
	})
	if in.MaxResults != nil && len(out.Tags) > int(*in.MaxResults) {
		out.Tags = out.Tags[:*in.MaxResults]
		last := out.Tags[len(out.Tags)-1]
		out.NextToken = state.Token(*last.ResourceId + "\n" + *last.Key)
	}
	return out, nil
}

// taggedARNs gives the region's ARNs, or only those that a resource-id filter names.
func (t *txn) taggedARNs(prefix string, filters []Filter) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range filters {
			if text(f.Name) != "resource-id" || slices.ContainsFunc(f.Values, func(v string) bool { return strings.ContainsAny(v, `*?\`) }) {
				continue
			}
			for _, id := range f.Values {
				if kind, _ := kindOf(id); kind != "" && !yield(arn(t.sc, kind, id)) {
					return
				}
			}
			return
		}
		for a := range state.Tagged(t.tx, t.sc.Account, prefix) {
			if strings.HasPrefix(a, prefix) && !yield(a) {
				return
			}
		}
	}
}

func tagMatches(filters []Filter, kind, id string, tag Tag) bool {
	for _, f := range filters {
		got := ""
		switch name := text(f.Name); name {
		case "key":
			got = *tag.Key
		case "value":
			got = *tag.Value
		case "resource-id":
			got = id
		case "resource-type":
			got = kind
		default: // tag:KEY
			if name[len("tag:"):] != *tag.Key {
				return false
			}
			got = *tag.Value
		}
		if !anyMatch([]string{got}, f.Values) {
			return false
		}
	}
	return true
}
