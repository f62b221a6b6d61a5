package budgets

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const maxTags = 200

func checkTags(tags []ResourceTag) error {
	seen := map[string]bool{}
	for _, tag := range tags {
		switch key := *tag.Key; {
		case key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(*tag.Value) > 256:
			return invalid("A tag's key must have 1 to 128 characters, and its value at most 256.")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("Tag keys cannot start with aws:.")
		case seen[key]:
			return invalid("The tag key %s is given twice.", key)
		default:
			seen[key] = true
		}
	}
	return nil
}

func (t *txn) tag(name string, tags []ResourceTag) error {
	set := make(map[string]string, len(tags))
	for _, tag := range tags {
		set[*tag.Key] = *tag.Value
	}
	arn := budgetARN(t.sc.Account, name)
	state.SetTags(t.tx, arn, set)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return wire.Errorf("ServiceQuotaExceededException", "A resource can have no more than %d tags.", maxTags)
	}
	return nil
}

// named gives the name of a budget of the caller's account that an ARN is of.
func (t *txn) named(arn string) (string, error) {
	name, ok := strings.CutPrefix(arn, budgetARN(t.sc.Account, ""))
	if !ok {
		return "", invalid("The resource ARN %s is not valid.", arn)
	}
	if _, ok := t.budgets.Get(t.tx, t.sc, name); !ok {
		return "", wire.Errorf("NotFoundException", "The resource %s doesn't exist.", arn)
	}
	return name, nil
}

// TagResource tags a budget.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	if err := checkTags(in.ResourceTags); err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, s.update(ctx, wire.CallFrom(ctx).Account, func(t *txn) error {
		name, err := t.named(*in.ResourceARN)
		if err != nil {
			return err
		}
		return t.tag(name, in.ResourceTags)
	})
}

// UntagResource takes tags from a budget.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, wire.CallFrom(ctx).Account, func(t *txn) error {
		if _, err := t.named(*in.ResourceARN); err != nil {
			return err
		}
		state.RemoveTags(t.tx, *in.ResourceARN, in.ResourceTagKeys)
		return nil
	})
}

// ListTagsForResource gives a budget's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{ResourceTags: []ResourceTag{}}
	return out, s.view(ctx, wire.CallFrom(ctx).Account, func(t *txn) error {
		if _, err := t.named(*in.ResourceARN); err != nil {
			return err
		}
		tags := state.Tags(t.tx, *in.ResourceARN)
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			out.ResourceTags = append(out.ResourceTags, ResourceTag{Key: &key, Value: new(tags[key])})
		}
		return nil
	})
}
