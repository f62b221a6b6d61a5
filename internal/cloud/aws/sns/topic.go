package sns

import (
	"context"
	"maps"
	"regexp"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

type topicRecord struct {
	Name       string
	Created    time.Time
	Policy     string
	Attributes map[string]string // as set, without Policy
	Deleted    int64             // subscriptions that were deleted
	Sequence   int64             // of the last message of a FIFO topic
}

func (r *topicRecord) fifo() bool { return strings.HasSuffix(r.Name, fifoSuffix) }

const fifoSuffix = ".fifo"

const maxTopics = 100_000 // of an account in a region

var topicNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func checkTopicName(name string, fifo bool) error {
	switch {
	case fifo && (len(name) > 256 || !strings.HasSuffix(name, fifoSuffix) || !topicNames.MatchString(strings.TrimSuffix(name, fifoSuffix))):
		return invalid("Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.")
	case !fifo && !topicNames.MatchString(name):
		return invalid("Topic Name")
	}
	return nil
}

func (t *txn) putTopic(r *topicRecord) { t.topics.Put(t.tx, t.sc, r.Name, r) }

// CreateTopic makes a topic, or gives the one that is there if it has the same attributes and tags.
func (s *Service) CreateTopic(ctx context.Context, in *CreateTopicInput) (*CreateTopicOutput, error) {
	if in.DataProtectionPolicy != nil {
		return nil, wire.NotImplemented("sns:CreateTopic with DataProtectionPolicy")
	}
	name := *in.Name
	if err := checkTopicName(name, in.Attributes["FifoTopic"] == "true"); err != nil {
		return nil, err
	}
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &CreateTopicOutput{}
	return out, s.update(ctx, func(t *txn) error {
		arn := topicARN(t.sc, name)
		out.TopicArn = new(arn)
		r := &topicRecord{Name: name, Created: t.now, Attributes: map[string]string{}, Policy: defaultPolicy(arn, t.sc.Account)}
		for attribute, value := range in.Attributes {
			if attribute == "FifoTopic" {
				if value != "true" && value != "false" {
					return invalid("Attributes Reason: FifoTopic must be true or false")
				}
				continue
			}
			if err := t.setTopicAttribute(r, attribute, value); err != nil {
				return err
			}
		}
		if old, exists := t.topics.Get(t.tx, t.sc, name); exists {
			return t.sameTopic(old, r, in.Attributes, tags)
		}
		if t.topics.Len(t.tx, t.sc) >= maxTopics {
			return wire.Errorf("TopicLimitExceeded", "The maximum number of topics is reached.")
		}
		t.putTopic(r)
		return t.tag(arn, tags)
	})
}

// sameTopic refuses to make a topic again in another way: of the attributes those count that are given, of the tags all.
func (t *txn) sameTopic(old, r *topicRecord, given, tags map[string]string) error {
	for attribute := range given {
		same := r.Attributes[attribute] == old.Attributes[attribute]
		if attribute == "Policy" {
			same = r.Policy == old.Policy
		}
		if attribute != "FifoTopic" && !same {
			return invalid("Attributes Reason: Topic already exists with different attributes")
		}
	}
	if len(tags) > 0 && !maps.Equal(tags, state.Tags(t.tx, topicARN(t.sc, old.Name))) {
		return invalid("Tags Reason: Topic already exists with different tags")
	}
	return nil
}

// DeleteTopic deletes a topic with its subscriptions. One that is not there is fine.
func (s *Service) DeleteTopic(ctx context.Context, in *DeleteTopicInput) (*DeleteTopicOutput, error) {
	return &DeleteTopicOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.topic(*in.TopicArn, "TopicArn")
		if isCode(err, "NotFound") {
			return nil
		}
		if err != nil {
			return err
		}
		for id := range t.subscriptions.Prefix(t.tx, t.sc, subscriptionID(r.Name, "")) {
			t.subscriptions.Delete(t.tx, t.sc, id)
		}
		for id := range t.duplicates.Prefix(t.tx, t.sc, r.Name+"/") {
			t.duplicates.Delete(t.tx, t.sc, id)
		}
		t.topics.Delete(t.tx, t.sc, r.Name)
		return nil
	})
}

// ListTopics lists topics by name.
func (s *Service) ListTopics(ctx context.Context, in *ListTopicsInput) (*ListTopicsOutput, error) {
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListTopicsOutput{Topics: []Topic{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.topics.From(t.tx, t.sc, after), pageSize, nil)
		for _, r := range found {
			out.Topics = append(out.Topics, Topic{TopicArn: new(topicARN(t.sc, r.Name))})
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// GetDataProtectionPolicy gives nothing: no topic can have such a policy here.
func (s *Service) GetDataProtectionPolicy(ctx context.Context, in *GetDataProtectionPolicyInput) (*GetDataProtectionPolicyOutput, error) {
	return &GetDataProtectionPolicyOutput{}, s.view(ctx, func(t *txn) error {
		_, err := t.topic(*in.ResourceArn, "ResourceArn")
		return err
	})
}
