package ecr

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

const (
	maxLifecycle    = 30720 // characters
	maxRules        = 50
	lifecyclePeriod = time.Hour
)

// lifecyclePolicy is a repository's rules on when its images go away.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
type lifecyclePolicy struct {
	Rules []lifecycleRule `json:"rules"`
}

type lifecycleRule struct {
	Priority    int       `json:"rulePriority"`
	Description string    `json:"description"`
	Selection   selection `json:"selection"`
	Action      struct {
		Type   string `json:"type"`
		Target string `json:"targetStorageClass"`
	} `json:"action"`
}

type selection struct {
	TagStatus    string   `json:"tagStatus"`
	Prefixes     []string `json:"tagPrefixList"`
	Patterns     []string `json:"tagPatternList"`
	StorageClass string   `json:"storageClass"`
	CountType    string   `json:"countType"`
	CountUnit    string   `json:"countUnit"`
	CountNumber  int      `json:"countNumber"`
}

// Ways of counting.
const (
	countImages = "imageCountMoreThan"
	countPushed = "sinceImagePushed"
	countPulled = "sinceImagePulled"
	countMoved  = "sinceImageTransitioned"
)

// invalidLifecycle says why a lifecycle policy is none.
func invalidLifecycle(format string, args ...any) error {
	return invalid("LifecyclePolicyText", "Lifecycle policy validation failure: "+fmt.Sprintf(format, args...))
}

// parseLifecycle reads a lifecycle policy and gives its rules by their priority.
func parseLifecycle(document string) ([]lifecycleRule, error) {
	var p lifecyclePolicy
	d := json.NewDecoder(bytes.NewReader([]byte(document)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, invalidLifecycle("the policy is not of the schema: %v", err)
	}
	if len(p.Rules) < 1 || len(p.Rules) > maxRules {
		return nil, invalidLifecycle("a policy must have between 1 and %d rules", maxRules)
	}
	slices.SortFunc(p.Rules, func(a, b lifecycleRule) int { return cmp.Compare(a.Priority, b.Priority) })
	untagged := false
	for i, r := range p.Rules {
		if i > 0 && r.Priority == p.Rules[i-1].Priority {
			return nil, invalidLifecycle("the rule priority %d is not unique", r.Priority)
		}
		if err := r.check(); err != nil {
			return nil, err
		}
		switch r.Selection.TagStatus {
		case "any":
			if i < len(p.Rules)-1 {
				return nil, invalidLifecycle("a rule with tagStatus any must have the highest rulePriority")
			}
		case "untagged":
			if untagged {
				return nil, invalidLifecycle("only one rule may have tagStatus untagged")
			}
			untagged = true
		}
	}
	return p.Rules, nil
}

func (r *lifecycleRule) check() error {
	s := &r.Selection
	lists := len(s.Prefixes) + len(s.Patterns)
	switch {
	case r.Priority < 1:
		return invalidLifecycle("rulePriority must be 1 or more")
	case r.Action.Type == "transition" || s.CountType == countMoved || s.StorageClass == "archive":
		return wire.NotImplemented("ecr:PutLifecyclePolicy with the storage class archive")
	case r.Action.Type != "expire" || r.Action.Target != "":
		return invalidLifecycle("the action of rule %d must be expire", r.Priority)
	case s.StorageClass != "" && s.StorageClass != "standard":
		return invalidLifecycle("the storageClass of rule %d must be standard or archive", r.Priority)
	case !slices.Contains([]string{"tagged", "untagged", "any"}, s.TagStatus):
		return invalidLifecycle("the tagStatus of rule %d must be tagged, untagged or any", r.Priority)
	case s.TagStatus == "tagged" && lists == 0:
		return invalidLifecycle("rule %d with tagStatus tagged needs a tagPrefixList or a tagPatternList", r.Priority)
	case s.TagStatus != "tagged" && lists > 0:
		return invalidLifecycle("rule %d may have a tagPrefixList or a tagPatternList with tagStatus tagged only", r.Priority)
	case len(s.Prefixes) > 0 && len(s.Patterns) > 0:
		return invalidLifecycle("rule %d cannot have both a tagPrefixList and a tagPatternList", r.Priority)
	case slices.Contains(s.Prefixes, ""):
		return invalidLifecycle("the tagPrefixList of rule %d has an empty prefix", r.Priority)
	case s.CountNumber < 1:
		return invalidLifecycle("the countNumber of rule %d must be 1 or more", r.Priority)
	}
	for _, p := range s.Patterns {
		if !filters.MatchString(p) || strings.Count(p, "*") > 4 {
			return invalidLifecycle("the pattern %q of rule %d must have letters, digits and . _ - with 4 wildcards at most", p, r.Priority)
		}
	}
	switch s.CountType {
	case countImages:
		if s.CountUnit != "" {
			return invalidLifecycle("rule %d cannot have a countUnit with the countType %s", r.Priority, countImages)
		}
	case countPushed, countPulled:
		if s.CountUnit != "days" {
			return invalidLifecycle("the countUnit of rule %d must be days", r.Priority)
		}
	default:
		return invalidLifecycle("the countType of rule %d must be %s, %s, %s or %s", r.Priority, countImages, countPushed, countPulled, countMoved)
	}
	return nil
}

// selects reports whether a rule is about an image: all of its prefixes or patterns must fit one of the image's tags.
func (s *selection) selects(i *imageRecord) bool {
	all := func(wanted []string, fits func(wanted, tag string) bool) bool {
		for _, w := range wanted {
			if !slices.ContainsFunc(i.Tags, func(tag string) bool { return fits(w, tag) }) {
				return false
			}
		}
		return true
	}
	switch s.TagStatus {
	case "any":
		return true
	case "untagged":
		return len(i.Tags) == 0
	}
	return len(i.Tags) > 0 && all(s.Prefixes, func(p, tag string) bool { return strings.HasPrefix(tag, p) }) && all(s.Patterns, fits)
}

// lifecycleDue reports whether a repository's lifecycle policy is to act again.
func (t *txn) lifecycleDue(r *repositoryRecord) bool {
	return r.Lifecycle != "" && t.now.Sub(r.Evaluated) >= lifecyclePeriod
}

// expire has a repository's lifecycle policy act. An image that a rule is about is kept from all later ones, and one that an index
// names is kept as long as the index. The caller stores the repository.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
func (t *txn) expire(r *repositoryRecord) {
	if r.Lifecycle == "" {
		return
	}
	r.Evaluated = t.now
	rules, err := parseLifecycle(r.Lifecycle)
	if err != nil {
		t.d.Logger.Error("a stored lifecycle policy cannot be read", "repository", r.Name, "err", err)
		return
	}
	var images []*imageRecord
	for _, i := range t.images.Prefix(t.tx, t.sc, r.Name+":") {
		images = append(images, i)
	}
	slices.SortFunc(images, func(a, b *imageRecord) int {
		return cmp.Or(b.Pushed.Compare(a.Pushed), cmp.Compare(a.Digest, b.Digest)) // the last one first
	})
	claimed := map[string]bool{}
	var expired []*imageRecord
	for _, rule := range rules {
		var selected []*imageRecord
		for _, i := range images {
			if rule.Selection.selects(i) {
				selected = append(selected, i)
			}
		}
		for n, i := range selected {
			if !claimed[i.Digest] && rule.Selection.tooMany(n, i, t.now) {
				expired = append(expired, i)
			}
		}
		for _, i := range selected {
			claimed[i.Digest] = true
		}
	}
	slices.SortStableFunc(expired, func(a, b *imageRecord) int { return cmp.Compare(len(b.Manifests), len(a.Manifests)) }) // indexes first
	for _, i := range expired {
		if !t.needed(r, i.Digest) {
			t.deleteImage(r, i)
		}
	}
}

// tooMany reports whether the nth selected image, from the last one pushed, is one too many or too old.
func (s *selection) tooMany(n int, i *imageRecord, now time.Time) bool {
	since := i.Pushed
	if s.CountType == countPulled && !i.Pulled.IsZero() {
		since = i.Pulled
	}
	if s.CountType == countImages {
		return n >= s.CountNumber
	}
	return now.Sub(since) > time.Duration(s.CountNumber)*24*time.Hour
}

// PutLifecyclePolicy gives a repository a lifecycle policy, which acts at once.
func (s *Service) PutLifecyclePolicy(ctx context.Context, in *PutLifecyclePolicyInput) (*PutLifecyclePolicyOutput, error) {
	if n := len(*in.LifecyclePolicyText); n < 100 || n > maxLifecycle {
		return nil, invalid("LifecyclePolicyText", "Member must have length between 100 and 30720")
	}
	if _, err := parseLifecycle(*in.LifecyclePolicyText); err != nil {
		return nil, err
	}
	out := &PutLifecyclePolicyOutput{RepositoryName: in.RepositoryName, LifecyclePolicyText: in.LifecyclePolicyText}
	return out, s.change(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		r.Lifecycle = *in.LifecyclePolicyText
		t.expire(r)
		out.RegistryId = new(t.sc.Account)
		return nil
	})
}

// GetLifecyclePolicy gives a repository's lifecycle policy.
func (s *Service) GetLifecyclePolicy(ctx context.Context, in *GetLifecyclePolicyInput) (*GetLifecyclePolicyOutput, error) {
	out := &GetLifecyclePolicyOutput{RepositoryName: in.RepositoryName}
	return out, s.read(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		out.RegistryId, out.LifecyclePolicyText, out.LastEvaluatedAt = new(t.sc.Account), new(r.Lifecycle), new(r.Evaluated)
		return t.hasLifecycle(r)
	})
}

// DeleteLifecyclePolicy takes a repository's lifecycle policy away.
func (s *Service) DeleteLifecyclePolicy(ctx context.Context, in *DeleteLifecyclePolicyInput) (*DeleteLifecyclePolicyOutput, error) {
	out := &DeleteLifecyclePolicyOutput{RepositoryName: in.RepositoryName}
	return out, s.change(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		if err := t.hasLifecycle(r); err != nil {
			return err
		}
		out.RegistryId, out.LifecyclePolicyText, out.LastEvaluatedAt = new(t.sc.Account), new(r.Lifecycle), new(r.Evaluated)
		r.Lifecycle, r.Evaluated = "", time.Time{}
		return nil
	})
}

func (t *txn) hasLifecycle(r *repositoryRecord) error {
	if r.Lifecycle == "" {
		return wire.Errorf("LifecyclePolicyNotFoundException", "Lifecycle policy does not exist for the repository with name '%s' in the registry with id '%s'", r.Name, t.sc.Account)
	}
	return nil
}
