package sns

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// feedback matches the attributes of delivery status logging.
var feedback = regexp.MustCompile(`^(Application|Firehose|HTTP|Lambda|SQS)(SuccessFeedbackRoleArn|FailureFeedbackRoleArn|SuccessFeedbackSampleRate)$`)

var roleARNs = regexp.MustCompile(`^arn:aws:iam::\d{12}:role/.+$`)

// setTopicAttribute checks a value and gives it to a topic. An empty value takes most attributes away.
func (t *txn) setTopicAttribute(r *topicRecord, name, value string) error {
	if err := t.checkTopicAttribute(r, name, value); err != nil {
		return err
	}
	switch {
	case name == "Policy":
		r.Policy = arnPrincipals(value)
	case value == "" || name == "ArchivePolicy": // which can only be empty
		delete(r.Attributes, name)
	default:
		r.Attributes[name] = value
	}
	return nil
}

func (t *txn) checkTopicAttribute(r *topicRecord, name, value string) error {
	oneOf := func(values ...string) error {
		if value != "" && !slices.Contains(values, value) {
			return invalid("%s Reason: %s must be one of %s", name, value, strings.Join(values, ", "))
		}
		return nil
	}
	fifoOnly := func() error {
		if !r.fifo() && value != "" && value != "false" {
			return invalid("Attributes Reason: %s can only be set for FIFO topics", name)
		}
		return nil
	}
	switch name {
	case "Policy":
		return t.checkPolicy(value)
	case "DeliveryPolicy":
		if value == "" {
			return nil
		}
		_, err := parseTopicDelivery(value)
		return err
	case "DisplayName":
		if utf8.RuneCountInString(value) > 100 {
			return invalid("DisplayName Reason: must be at most 100 characters long")
		}
		return nil
	case "KmsMasterKeyId":
		return nil // AWS takes any; publishing fails later
	case "TracingConfig":
		return oneOf("PassThrough", "Active")
	case "SignatureVersion":
		return oneOf("1", "2")
	case "ContentBasedDeduplication":
		if err := fifoOnly(); err != nil {
			return err
		}
		return oneOf("true", "false")
	case "FifoThroughputScope":
		if err := fifoOnly(); err != nil {
			return err
		}
		return oneOf("Topic", "MessageGroup")
	case "ArchivePolicy":
		if value == "" || value == "{}" {
			return nil
		}
		return wire.NotImplemented("sns: topics with an ArchivePolicy")
	}
	if !feedback.MatchString(name) {
		return invalid("AttributeName")
	}
	if !strings.HasSuffix(name, "SampleRate") {
		if value != "" && !roleARNs.MatchString(value) {
			return invalid("%s Reason: %s is not the ARN of a role", name, value)
		}
		return nil
	}
	if n, err := strconv.Atoi(value); value != "" && (err != nil || n < 0 || n > 100) {
		return invalid("%s Reason: must be between 0 and 100", name)
	}
	return nil
}

// SetTopicAttributes sets one attribute.
func (s *Service) SetTopicAttributes(ctx context.Context, in *SetTopicAttributesInput) (*SetTopicAttributesOutput, error) {
	return &SetTopicAttributesOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.topic(*in.TopicArn, "TopicArn")
		if err != nil {
			return err
		}
		if r.Attributes == nil {
			r.Attributes = map[string]string{}
		}
		if err := t.setTopicAttribute(r, *in.AttributeName, text(in.AttributeValue)); err != nil {
			return err
		}
		t.putTopic(r)
		return nil
	})
}

// GetTopicAttributes gives all attributes that a topic has.
func (s *Service) GetTopicAttributes(ctx context.Context, in *GetTopicAttributesInput) (*GetTopicAttributesOutput, error) {
	out := &GetTopicAttributesOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.topic(*in.TopicArn, "TopicArn")
		if err != nil {
			return err
		}
		pending, confirmed := int64(0), int64(0)
		for _, sub := range t.subscriptions.Prefix(t.tx, t.sc, subscriptionID(r.Name, "")) {
			if sub.Pending {
				pending++
			} else {
				confirmed++
			}
		}
		out.Attributes = map[string]string{
			"TopicArn": topicARN(t.sc, r.Name), "Owner": t.sc.Account, "Policy": r.Policy, "DisplayName": "",
			"EffectiveDeliveryPolicy": topicDelivery(r).String(),
			"SubscriptionsPending":    strconv.FormatInt(pending, 10), "SubscriptionsConfirmed": strconv.FormatInt(confirmed, 10),
			"SubscriptionsDeleted": strconv.FormatInt(r.Deleted, 10),
		}
		if r.fifo() {
			out.Attributes["FifoTopic"] = "true"
			out.Attributes["ContentBasedDeduplication"] = "false"
			out.Attributes["FifoThroughputScope"] = "Topic"
		}
		maps.Copy(out.Attributes, r.Attributes)
		return nil
	})
}

// Topic reports whether there is a topic with an ARN that a resource in sc may name: one of its region.
func (s *Service) Topic(tx *state.Tx, sc state.Scope, arn string) bool {
	parts, err := splitARN(arn, "TopicArn")
	if err != nil || len(parts) != 6 || parts[3] != sc.Region {
		return false
	}
	_, ok := s.topics.Get(tx, state.Scope{Account: parts[4], Region: parts[3]}, parts[5])
	return ok
}
