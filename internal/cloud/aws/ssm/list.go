package ssm

import (
	"context"
	"iter"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// GetParametersByPath gives the parameters under a path: those right under it or, recursively, all.
func (s *Service) GetParametersByPath(ctx context.Context, in *GetParametersByPathInput) (*GetParametersByPathOutput, error) {
	path := *in.Path
	switch {
	case !strings.HasPrefix(path, "/"):
		return nil, invalid(`The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can't be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.`)
	case strings.HasPrefix(path, "/aws/") || path == "/aws":
		return nil, wire.NotImplemented("ssm:GetParametersByPath of AWS's public parameters")
	}
	f, err := filtersOf(in.ParameterFilters, "Type", "KeyId", "Label")
	if err != nil {
		return nil, err
	}
	limit, err := limitOf(in.MaxResults, 10, 10)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &GetParametersByPathOutput{Parameters: []Parameter{}}
	return out, s.view(ctx, func(t *txn) error {
		prefix := under(path)
		found, next := state.Page(t.parameters.PrefixFrom(t.tx, t.sc, prefix, after), limit, func(p *parameterRecord) bool {
			return !p.expired(t.now) && (flag(in.Recursive) || !strings.Contains(idOf(p.Name)[len(prefix):], "/")) && t.passes(f, p)
		})
		for _, p := range found {
			r, err := t.render(p, t.labelledBy(f, p), flag(in.WithDecryption))
			if err != nil {
				return err
			}
			out.Parameters = append(out.Parameters, *r)
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// under gives what the ids of the parameters under a path begin with.
func under(path string) string {
	prefix := strings.Trim(path, "/")
	if prefix != "" {
		prefix += "/"
	}
	return prefix
}

// labelledBy gives the version that a filter by label chose, else the current one.
func (t *txn) labelledBy(filters []filter, p *parameterRecord) *versionRecord {
	for _, f := range filters {
		for _, label := range f.values {
			number, ok := p.Labels[label]
			if v, there := t.versions.Get(t.tx, t.sc, versionKey(p, number)); f.key == "Label" && ok && there {
				return v
			}
		}
	}
	return &p.Current
}

// DescribeParameters lists parameters without their values.
func (s *Service) DescribeParameters(ctx context.Context, in *DescribeParametersInput) (*DescribeParametersOutput, error) {
	if len(in.Filters) > 0 && len(in.ParameterFilters) > 0 {
		return nil, invalid("You can use either Filters or ParameterFilters in a single request.")
	}
	f, err := filtersOf(in.ParameterFilters, "Name", "Type", "KeyId", "Path", "Tier", "DataType", "tag:")
	if err != nil {
		return nil, err
	}
	for _, old := range in.Filters {
		key := *old.Key
		if !slices.Contains([]string{"Name", "Type", "KeyId"}, key) {
			return nil, constraint("filters.1.member.key", "Member must satisfy enum value set: [Type, KeyId, Name]")
		}
		option := "Equals"
		if key == "Name" {
			option = "BeginsWith"
		}
		f = append(f, filter{key: key, option: option, values: old.Values})
	}
	limit, err := limitOf(in.MaxResults, 10, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeParametersOutput{Parameters: []ParameterMetadata{}}
	if flag(in.Shared) {
		return out, nil
	}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.candidates(f, after), limit, func(p *parameterRecord) bool { return !p.expired(t.now) && t.passes(f, p) })
		for _, p := range found {
			v := &p.Current
			out.Parameters = append(out.Parameters, ParameterMetadata{
				Name: new(p.Name), ARN: new(t.arn(p)), Type: new(v.Type), KeyId: optional(v.Key), LastModifiedDate: new(v.Modified),
				LastModifiedUser: new(v.User), Description: optional(v.Description), AllowedPattern: optional(v.Pattern), Version: new(v.Number),
				Tier: new(v.Tier), Policies: renderPolicies(v.Policies), DataType: new(v.DataType),
			})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// candidates gives the parameters among which those that pass the filters are: by their names where these are given.
func (t *txn) candidates(filters []filter, after string) iter.Seq2[string, *parameterRecord] {
	for _, f := range filters {
		if f.key != "Name" || f.option != "Equals" {
			continue
		}
		var ids []string
		for _, name := range f.values {
			ids = append(ids, idOf(name))
		}
		slices.Sort(ids)
		return func(yield func(string, *parameterRecord) bool) {
			for _, id := range slices.Compact(ids) {
				if p, ok := t.parameters.Get(t.tx, t.sc, id); ok && id > after && !yield(id, p) {
					return
				}
			}
		}
	}
	return t.parameters.From(t.tx, t.sc, after)
}

// filter is one filter of a list; a parameter passes by one of the values.
type filter struct {
	key, option string
	values      []string
}

// filtersOf checks filters; keys are those that the operation takes, "tag:" for all tags.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
func filtersOf(in []ParameterStringFilter, keys ...string) ([]filter, error) {
	var out []filter
	for _, f := range in {
		key, option := *f.Key, text(f.Option)
		known := slices.Contains(keys, key) || strings.HasPrefix(key, "tag:") && len(key) > len("tag:") && slices.Contains(keys, "tag:")
		options := []string{"Equals", "BeginsWith"}
		switch {
		case !known:
			return nil, errorf("InvalidFilterKey", "The following filter key is not valid: %s. Valid filter keys include: [%s].", key, strings.Join(keys, ", "))
		case slices.ContainsFunc(out, func(o filter) bool { return o.key == key }):
			return nil, errorf("InvalidFilterKey", "The following filter is duplicated in the request: %s. A request can contain only one occurrence of a specific filter.", key)
		case key == "Path":
			options = []string{"OneLevel", "Recursive"}
		case key == "Name":
			options = append(options, "Contains")
		case key == "Label" || key == "Tier" || key == "DataType":
			options = options[:1]
		}
		if option == "" {
			option = options[0]
		}
		if !slices.Contains(options, option) {
			return nil, errorf("InvalidFilterOption", "The following filter option is not valid: %s. Valid options include: [%s].", option, strings.Join(options, ", "))
		}
		if len(f.Values) == 0 && !strings.HasPrefix(key, "tag:") {
			return nil, errorf("InvalidFilterValue", "The following filter values are missing : null for filter key %s", key)
		}
		if err := checkFilterValues(key, f.Values); err != nil {
			return nil, err
		}
		out = append(out, filter{key: key, option: option, values: f.Values})
	}
	return out, nil
}

func checkFilterValues(key string, values []string) error {
	if len(values) > 50 {
		return constraint("parameterFilters.1.member.values", "Member must have length less than or equal to 50")
	}
	for _, v := range values {
		switch {
		case key == "Type" && !slices.Contains([]string{typeString, typeList, typeSecure}, v):
			return errorf("InvalidFilterOption", "The following filter value is not valid: %s. Valid values include: [SecureString, String, StringList].", v)
		case key == "Path" && !strings.HasPrefix(v, "/"):
			return invalid("The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".")
		}
	}
	return nil
}

func (t *txn) passes(filters []filter, p *parameterRecord) bool {
	for _, f := range filters {
		if !t.fits(f, p) {
			return false
		}
	}
	return true
}

func (t *txn) fits(f filter, p *parameterRecord) bool {
	v, have := &p.Current, ""
	switch f.key {
	case "Name":
		have = p.Name
	case "Type":
		have = v.Type
	case "KeyId":
		have = v.Key
	case "Tier":
		have = v.Tier
	case "DataType":
		have = v.DataType
	case "Label":
		return slices.ContainsFunc(f.values, func(label string) bool { _, ok := p.Labels[label]; return ok })
	case "Path":
		return slices.ContainsFunc(f.values, func(path string) bool {
			rest, ok := strings.CutPrefix(idOf(p.Name), under(path))
			return ok && (f.option == "Recursive" || !strings.Contains(rest, "/"))
		})
	default:
		value, ok := state.Tags(t.tx, t.arn(p))[strings.TrimPrefix(f.key, "tag:")]
		if !ok || len(f.values) == 0 {
			return ok
		}
		have = value
	}
	return slices.ContainsFunc(f.values, func(want string) bool {
		switch f.option {
		case "BeginsWith":
			return strings.HasPrefix(have, want)
		case "Contains":
			return strings.Contains(have, want)
		}
		return have == want
	})
}
