package events

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
)

const maxTags = 50

// readTags checks tags and gives them as a map.
func readTags(tags []Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		k, v := *tag.Key, *tag.Value
		_, twice := out[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return nil, constraint(k, "tags", "Map keys must have length between 1 and 128")
		case utf8.RuneCountInString(v) > 256:
			return nil, constraint(v, "tags", "Map values must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, invalid("Tag keys starting with aws: are reserved for system use.")
		case twice:
			return nil, invalid("Duplicate tag keys are not allowed.")
		}
		out[k] = v
	}
	return out, nil
}

func (t *txn) tag(arn string, tags map[string]string) error {
	state.SetTags(t.tx, arn, tags)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return invalid("A resource can have no more than %d tags.", maxTags)
	}
	return nil
}

// tagged checks that an ARN is a bus's or a rule's. The default bus gets a record, so that its tags have something to belong to.
func (t *txn) tagged(arn string) error {
	prefix := "arn:aws:events:" + t.sc.Region + ":" + t.sc.Account + ":"
	rest, ok := strings.CutPrefix(arn, prefix)
	if !ok {
		return invalid("Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.")
	}
	if bus, ok := strings.CutPrefix(rest, "event-bus/"); ok {
		r, err := t.bus(&bus)
		if err == nil && t.tx.Writable() {
			t.putBus(r)
		}
		return err
	}
	name, ok := strings.CutPrefix(rest, "rule/")
	if !ok {
		return invalid("Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.")
	}
	bus := defaultBus
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		bus, name = name[:i], name[i+1:]
	}
	_, err := t.rule(&bus, name)
	return err
}

// ListTagsForResource gives the tags of a bus or a rule.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{Tags: []Tag{}}
	return out, s.view(ctx, func(t *txn) error {
		tags := state.Tags(t.tx, *in.ResourceARN)
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			out.Tags = append(out.Tags, Tag{Key: new(k), Value: new(tags[k])})
		}
		return t.tagged(*in.ResourceARN)
	})
}

// TagResource tags a bus or a rule.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	return &TagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceARN); err != nil {
			return err
		}
		return t.tag(*in.ResourceARN, tags)
	})
}

// UntagResource takes tags from a bus or a rule.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	return &UntagResourceOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.tagged(*in.ResourceARN); err != nil {
			return err
		}
		state.RemoveTags(t.tx, *in.ResourceARN, in.TagKeys)
		return nil
	})
}
