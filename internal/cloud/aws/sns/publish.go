package sns

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

// duplicateRecord is a message of a FIFO topic, by TOPIC/DEDUPLICATION-ID or, where groups count by themselves, TOPIC/GROUP/ID.
type duplicateRecord struct {
	MessageID string
	Sequence  int64
	At        time.Time
}

const duplicateTime = 5 * time.Minute

// fifoIDs are the members of a message that FIFO topics use.
type fifoIDs struct{ group, duplicate *string }

var fifoID = regexp.MustCompile("^[A-Za-z0-9!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]{1,128}$")

// Publish publishes a message to a topic, or as a text message to a phone.
func (s *Service) Publish(ctx context.Context, in *PublishInput) (*PublishOutput, error) {
	m, _, err := readMessage(in.Subject, in.Message, in.MessageStructure, in.MessageAttributes)
	if err != nil {
		return nil, err
	}
	target := in.TopicArn
	if target == nil {
		target = in.TargetArn
	}
	if in.PhoneNumber != nil {
		if target != nil || !phoneNumbers.MatchString(*in.PhoneNumber) {
			return nil, invalid("PhoneNumber Reason: %s is not valid to publish to", *in.PhoneNumber)
		}
		id := s.d.IDs.UUID()
		s.d.Logger.Info("a text message", "to", *in.PhoneNumber, "message", m.text("sms"), "id", id)
		return &PublishOutput{MessageId: new(id)}, nil
	}
	if target == nil {
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	}
	if strings.Contains(*target, ":endpoint/") {
		return nil, wire.NotImplemented("sns:Publish to endpoints of mobile push")
	}
	if err := s.checkKey(ctx, *target); err != nil {
		return nil, err
	}
	out := &PublishOutput{}
	return out, s.update(ctx, func(t *txn) error {
		topic, err := t.topic(*target, "TopicArn")
		if err != nil {
			return err
		}
		id, sequence, err := t.publish(topic, m, fifoIDs{in.MessageGroupId, in.MessageDeduplicationId})
		out.MessageId = new(id)
		if sequence != "" {
			out.SequenceNumber = new(sequence)
		}
		return err
	})
}

// checkKey checks that the key of an encrypted topic can be used.
func (s *Service) checkKey(ctx context.Context, arn string) error {
	key := ""
	err := s.view(ctx, func(t *txn) error {
		topic, err := t.topic(arn, "TopicArn")
		if err == nil {
			key = topic.Attributes["KmsMasterKeyId"]
		}
		return err
	})
	if err != nil || key == "" {
		return err
	}
	_, err = s.d.Keys.KeyARN(ctx, key)
	var refused *wire.Error
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case "NotFoundException", "InvalidArnException":
		return wire.Errorf("KMSNotFound", "%s (Service: AWSKMS; Status Code: 400; Error Code: NotFoundException)", refused.Message)
	case "DisabledException":
		return wire.Errorf("KMSDisabled", "%s (Service: AWSKMS; Status Code: 400; Error Code: DisabledException)", refused.Message)
	}
	return wire.Errorf("KMSInvalidState", "%s (Service: AWSKMS; Status Code: 400; Error Code: %s)", refused.Message, refused.Code)
}

// publish gives a message to the topic's subscriptions.
func (t *txn) publish(topic *topicRecord, m *message, ids fifoIDs) (id, sequence string, err error) {
	if err := checkFIFO(topic, ids); err != nil {
		return "", "", err
	}
	id = t.d.IDs.UUID()
	if topic.fifo() {
		id, sequence = t.number(topic, m, ids, id)
		return id, sequence, nil
	}
	for _, r := range t.subscriptions.Prefix(t.tx, t.sc, subscriptionID(topic.Name, "")) {
		if r.Pending || !m.passes(r) {
			continue
		}
		t.enqueue(&jobRecord{
			Kind: jobNotify, Topic: topic.Name, Subscription: r.ID, MessageID: id, Published: t.now,
			Subject: m.Subject, Message: m.text(r.Protocol), Attributes: m.Attributes,
		})
	}
	return id, "", nil
}

func checkFIFO(topic *topicRecord, ids fifoIDs) error {
	for name, id := range map[string]*string{"MessageGroupId": ids.group, "MessageDeduplicationId": ids.duplicate} {
		if id != nil && !fifoID.MatchString(*id) {
			return invalid("%s Reason: must be 1 to 128 letters, digits and punctuation marks", name)
		}
	}
	switch {
	case !topic.fifo() && ids.duplicate != nil:
		return invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	case topic.fifo() && ids.group == nil:
		return invalid("The MessageGroupId parameter is required for FIFO topics")
	case topic.fifo() && ids.duplicate == nil && topic.Attributes["ContentBasedDeduplication"] != "true":
		return invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	return nil
}

// number gives a message of a FIFO topic its id and sequence number; one that repeats a message of the last five minutes has that one's.
func (t *txn) number(topic *topicRecord, m *message, ids fifoIDs, fresh string) (id, sequence string) {
	key := text(ids.duplicate)
	if key == "" {
		sum := sha256.Sum256([]byte(m.Body))
		key = hex.EncodeToString(sum[:])
	}
	if topic.Attributes["FifoThroughputScope"] == "MessageGroup" {
		key = *ids.group + "/" + key
	}
	key = topic.Name + "/" + key
	r, ok := t.duplicates.Get(t.tx, t.sc, key)
	if !ok || t.now.Sub(r.At) >= duplicateTime {
		for old, d := range t.duplicates.Prefix(t.tx, t.sc, topic.Name+"/") {
			if t.now.Sub(d.At) >= duplicateTime {
				t.duplicates.Delete(t.tx, t.sc, old)
			}
		}
		topic.Sequence++
		t.putTopic(topic)
		r = &duplicateRecord{MessageID: fresh, Sequence: topic.Sequence, At: t.now}
		t.duplicates.Put(t.tx, t.sc, key, r)
	}
	return r.MessageID, fmt.Sprintf("1%019d", r.Sequence)
}

const maxBatch = 10

var batchID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// PublishBatch publishes up to ten messages. Those that are refused stand in Failed.
func (s *Service) PublishBatch(ctx context.Context, in *PublishBatchInput) (*PublishBatchOutput, error) {
	messages, err := readBatch(in.PublishBatchRequestEntries)
	if err != nil {
		return nil, err
	}
	if err := s.checkKey(ctx, *in.TopicArn); err != nil {
		return nil, err
	}
	out := &PublishBatchOutput{}
	return out, s.update(ctx, func(t *txn) error {
		out.Successful, out.Failed = []PublishBatchResultEntry{}, []BatchResultErrorEntry{}
		for i, e := range in.PublishBatchRequestEntries {
			topic, err := t.topic(*in.TopicArn, "TopicArn")
			if err != nil {
				return err
			}
			id, sequence := "", ""
			if err = messages[i].err; err == nil {
				id, sequence, err = t.publish(topic, messages[i].m, fifoIDs{e.MessageGroupId, e.MessageDeduplicationId})
			}
			var refused *wire.Error
			switch {
			case errors.As(err, &refused):
				out.Failed = append(out.Failed, BatchResultErrorEntry{Id: e.Id, Code: new(refused.Code), SenderFault: new(true), Message: new(refused.Message)})
			case err != nil:
				return err
			default:
				entry := PublishBatchResultEntry{Id: e.Id, MessageId: new(id)}
				if sequence != "" {
					entry.SequenceNumber = new(sequence)
				}
				out.Successful = append(out.Successful, entry)
			}
		}
		return nil
	})
}

// batched is a message of a batch, or why it is refused.
type batched struct {
	m   *message
	err error
}

func readBatch(entries []PublishBatchRequestEntry) ([]batched, error) {
	switch n := len(entries); {
	case n == 0:
		return nil, wire.Errorf("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case n > maxBatch:
		return nil, wire.Errorf("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	var out []batched
	seen := map[string]bool{}
	total := 0
	for _, e := range entries {
		if !batchID.MatchString(*e.Id) {
			return nil, wire.Errorf("InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.")
		}
		if seen[*e.Id] {
			return nil, wire.Errorf("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		seen[*e.Id] = true
		m, size, err := readMessage(e.Subject, e.Message, e.MessageStructure, e.MessageAttributes)
		if total += max(size, len(*e.Message)); total > maxMessageBytes {
			return nil, wire.Errorf("BatchRequestTooLong", "The length of all the batch messages put together is more than the limit.")
		}
		out = append(out, batched{m, err})
	}
	return out, nil
}
