package acm

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const maxTags = 50

// tagMap checks tags and gives them as a map.
func tagMap(tags []Tag) (map[string]string, error) {
	if len(tags) > maxTags {
		return nil, wire.Errorf("TooManyTagsException", "A certificate can have no more than %d tags.", maxTags)
	}
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		k, v := *tag.Key, text(tag.Value)
		_, twice := out[k]
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return nil, constraint(k, "tags.1.member.key", "Member must have length between 1 and 128")
		case utf8.RuneCountInString(v) > 256:
			return nil, constraint(v, "tags.1.member.value", "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, wire.Errorf("InvalidTagException", "Invalid Tag Key: %q. AWS internal tags cannot be changed with this API.", k)
		case twice:
			return nil, wire.Errorf("InvalidTagException", "Duplicate tag keys found: %s.", k)
		}
		out[k] = v
	}
	return out, nil
}

func (t *txn) tag(r *certificateRecord, tags map[string]string) error {
	arn := certificateARN(t.sc, r.ID)
	state.SetTags(t.tx, arn, tags)
	if len(state.Tags(t.tx, arn)) > maxTags {
		return wire.Errorf("TooManyTagsException", "A certificate can have no more than %d tags.", maxTags)
	}
	return nil
}

// AddTagsToCertificate tags a certificate.
func (s *Service) AddTagsToCertificate(ctx context.Context, in *AddTagsToCertificateInput) (*AddTagsToCertificateOutput, error) {
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return &AddTagsToCertificateOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.certificate(*in.CertificateArn)
		if err != nil {
			return err
		}
		return t.tag(r, tags)
	})
}

// RemoveTagsFromCertificate takes tags from a certificate; those that are given with a value only if they have it.
func (s *Service) RemoveTagsFromCertificate(ctx context.Context, in *RemoveTagsFromCertificateInput) (*RemoveTagsFromCertificateOutput, error) {
	return &RemoveTagsFromCertificateOutput{}, s.update(ctx, func(t *txn) error {
		if _, err := t.certificate(*in.CertificateArn); err != nil {
			return err
		}
		has := state.Tags(t.tx, *in.CertificateArn)
		var gone []string
		for _, tag := range in.Tags {
			if tag.Value == nil || has[*tag.Key] == *tag.Value {
				gone = append(gone, *tag.Key)
			}
		}
		state.RemoveTags(t.tx, *in.CertificateArn, gone)
		return nil
	})
}

// ListTagsForCertificate gives a certificate's tags.
func (s *Service) ListTagsForCertificate(ctx context.Context, in *ListTagsForCertificateInput) (*ListTagsForCertificateOutput, error) {
	out := &ListTagsForCertificateOutput{Tags: []Tag{}}
	return out, s.view(ctx, func(t *txn) error {
		if _, err := t.certificate(*in.CertificateArn); err != nil {
			return err
		}
		tags := state.Tags(t.tx, *in.CertificateArn)
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			out.Tags = append(out.Tags, Tag{Key: new(key), Value: new(tags[key])})
		}
		return nil
	})
}
