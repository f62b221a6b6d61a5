package ssm

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
)

const (
	maxLabels      = 10 // of a version
	maxLabelLength = 100
)

// labelsOf gives the labels of a version, in order.
func (p *parameterRecord) labelsOf(number int64) []string {
	out := []string{}
	for label, n := range p.Labels {
		if n == number {
			out = append(out, label)
		}
	}
	slices.Sort(out)
	return out
}

// GetParameterHistory gives a parameter's versions, the oldest first.
func (s *Service) GetParameterHistory(ctx context.Context, in *GetParameterHistoryInput) (*GetParameterHistoryOutput, error) {
	limit, err := limitOf(in.MaxResults, 50, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &GetParameterHistoryOutput{Parameters: []ParameterHistory{}}
	return out, s.view(ctx, func(t *txn) error {
		p, err := t.parameter(*in.Name)
		if err != nil {
			return err
		}
		found, next := state.Page(t.versions.PrefixFrom(t.tx, t.sc, idOf(p.Name)+":", after), limit, nil)
		for _, v := range found {
			value, err := t.value(p, v, flag(in.WithDecryption))
			if err != nil {
				return err
			}
			out.Parameters = append(out.Parameters, ParameterHistory{
				Name: new(p.Name), Type: new(v.Type), KeyId: optional(v.Key), LastModifiedDate: new(v.Modified), LastModifiedUser: new(v.User),
				Description: optional(v.Description), Value: new(value), AllowedPattern: optional(v.Pattern), Version: new(v.Number),
				Labels: p.labelsOf(v.Number), Tier: new(v.Tier), Policies: renderPolicies(v.Policies), DataType: new(v.DataType),
			})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// LabelParameterVersion gives labels to a version, the current one unless another is named; they leave the versions that had them.
// Labels that cannot be are named in the answer.
func (s *Service) LabelParameterVersion(ctx context.Context, in *LabelParameterVersionInput) (*LabelParameterVersionOutput, error) {
	if err := checkLabels(in.Labels); err != nil {
		return nil, err
	}
	out := &LabelParameterVersionOutput{InvalidLabels: []string{}}
	return out, s.update(ctx, func(t *txn) error {
		p, number, err := t.labelled(*in.Name, in.ParameterVersion)
		if err != nil {
			return err
		}
		for _, label := range in.Labels {
			lower := strings.ToLower(label)
			if !labelNames.MatchString(label) || strings.HasPrefix(lower, "aws") || strings.HasPrefix(lower, "ssm") {
				out.InvalidLabels = append(out.InvalidLabels, label)
				continue
			}
			p.Labels[label] = number
		}
		if len(p.labelsOf(number)) > maxLabels {
			return errorf("ParameterVersionLabelLimitExceeded", "A parameter version can have a maximum of ten labels. Move one or more labels to another version and try again.")
		}
		t.parameters.Put(t.tx, t.sc, idOf(p.Name), p)
		out.ParameterVersion = new(number)
		return nil
	})
}

// UnlabelParameterVersion takes labels from a version; those that it does not have are named in the answer.
func (s *Service) UnlabelParameterVersion(ctx context.Context, in *UnlabelParameterVersionInput) (*UnlabelParameterVersionOutput, error) {
	if err := checkLabels(in.Labels); err != nil {
		return nil, err
	}
	out := &UnlabelParameterVersionOutput{InvalidLabels: []string{}, RemovedLabels: []string{}}
	return out, s.update(ctx, func(t *txn) error {
		p, number, err := t.labelled(*in.Name, in.ParameterVersion)
		if err != nil {
			return err
		}
		for _, label := range in.Labels {
			if n, ok := p.Labels[label]; ok && n == number {
				delete(p.Labels, label)
				out.RemovedLabels = append(out.RemovedLabels, label)
			} else {
				out.InvalidLabels = append(out.InvalidLabels, label)
			}
		}
		t.parameters.Put(t.tx, t.sc, idOf(p.Name), p)
		return nil
	})
}

func checkLabels(labels []string) error {
	if len(labels) < 1 || len(labels) > maxLabels {
		return constraint("labels", "Member must have length between 1 and 10")
	}
	for _, label := range labels {
		if label == "" || len(label) > maxLabelLength {
			return constraint("labels", "Member must have length between 1 and 100")
		}
	}
	return nil
}

// labelled finds a parameter and the number of one of its versions.
func (t *txn) labelled(name string, version *int64) (*parameterRecord, int64, error) {
	p, err := t.parameter(name)
	if err != nil {
		return nil, 0, err
	}
	if version == nil {
		return p, p.Current.Number, nil
	}
	if _, ok := t.versions.Get(t.tx, t.sc, versionKey(p, *version)); !ok {
		return nil, 0, errorf("ParameterVersionNotFound", "Systems Manager could not find version %d of %s. Verify the version and try again.", *version, p.Name)
	}
	return p, *version, nil
}
