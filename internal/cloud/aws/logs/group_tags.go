package logs

import (
	"context"
	"maps"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const maxTags = 50

func checkTags(tags map[string]string) error {
	for k, v := range tags {
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return constraint(k, "tags", "Map keys must have length between 1 and 128")
		case utf8.RuneCountInString(v) > 256:
			return constraint(v, "tags", "Map values must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return invalid("Tag keys starting with aws: are reserved for system use.")
		}
	}
	return nil
}

func (t *txn) tag(g *groupRecord, tags map[string]string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	arn := groupARN(t.sc, g.Name)
	state.SetTags(t.tx, arn, tags)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return wire.Errorf("TooManyTagsException", "A resource can have no more than %d tags.", maxTags)
	}
	return nil
}

// tags gives a group's tags for an answer: AWS answers an empty map where there are none.
func (t *txn) tags(g *groupRecord) map[string]string {
	tags := maps.Clone(state.Tags(t.tx, groupARN(t.sc, g.Name)))
	if tags == nil {
		tags = map[string]string{}
	}
	return tags
}

// ListTagsForResource gives a group's tags by its ARN.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{}
	return out, s.view(ctx, func(t *txn) error {
		g, err := t.groupByARN(*in.ResourceArn)
		if err == nil {
			out.Tags = t.tags(g)
		}
		return err
	})
}

// TagResource tags a group by its ARN.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.groupByARN(*in.ResourceArn)
		if err != nil {
			return err
		}
		return t.tag(g, in.Tags)
	})
}

// UntagResource takes tags from a group by its ARN.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.groupByARN(*in.ResourceArn)
		if err == nil {
			state.RemoveTags(t.tx, groupARN(t.sc, g.Name), in.TagKeys)
		}
		return err
	})
}

// ListTagsLogGroup gives a group's tags by its name.
func (s *Service) ListTagsLogGroup(ctx context.Context, in *ListTagsLogGroupInput) (*ListTagsLogGroupOutput, error) {
	out := &ListTagsLogGroupOutput{}
	return out, s.view(ctx, func(t *txn) error {
		g, err := t.group(*in.LogGroupName)
		if err == nil {
			out.Tags = t.tags(g)
		}
		return err
	})
}

// TagLogGroup tags a group by its name.
func (s *Service) TagLogGroup(ctx context.Context, in *TagLogGroupInput) (*TagLogGroupOutput, error) {
	return &TagLogGroupOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.group(*in.LogGroupName)
		if err != nil {
			return err
		}
		return t.tag(g, in.Tags)
	})
}

// UntagLogGroup takes tags from a group by its name.
func (s *Service) UntagLogGroup(ctx context.Context, in *UntagLogGroupInput) (*UntagLogGroupOutput, error) {
	return &UntagLogGroupOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.group(*in.LogGroupName)
		if err == nil {
			state.RemoveTags(t.tx, groupARN(t.sc, g.Name), in.Tags)
		}
		return err
	})
}
