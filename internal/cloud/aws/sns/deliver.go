package sns

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"atoll/internal/cloud/state"
)

// envelope is the message that endpoints get.
// https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
type envelope struct {
	Type              string
	MessageID         string `json:"MessageId"`
	Token             string `json:",omitempty"`
	TopicARN          string `json:"TopicArn"`
	Subject           string `json:",omitempty"`
	Message           string
	SubscribeURL      string `json:",omitempty"`
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string
	UnsubscribeURL    string               `json:",omitempty"`
	MessageAttributes map[string]attribute `json:",omitempty"`
}

const timestamps = "2006-01-02T15:04:05.000Z"

// link gives a URL by which an unsigned call is made.
func link(base, action string, members ...string) string {
	query := "Action=" + action
	for i := 0; i+1 < len(members); i += 2 {
		query += "&" + members[i] + "=" + url.QueryEscape(members[i+1])
	}
	return base + "/?" + query
}

// attempt does a job once. A time says when to try again, after a failure that may pass.
func (s *Service) attempt(ctx context.Context, j *jobRecord) (again time.Time, err error) {
	var topic *topicRecord
	var sub *subscriptionRecord
	ok := false
	err = s.d.Store.View(func(tx *state.Tx) error {
		topic, sub, ok = (&txn{Service: s, tx: tx}).of(j)
		return nil
	})
	if err != nil || !ok || j.Kind == jobExpire || j.Kind == jobConfirm && !sub.Pending {
		return again, err
	}
	e, err := s.envelope(ctx, j, topic, sub)
	if err != nil {
		return again, err
	}
	if !sub.web() {
		return again, s.write(j, topic, sub, e)
	}
	policy := delivery(topic, sub)
	mayPass, err := s.post(ctx, j, sub, &policy, e)
	if err == nil || !mayPass {
		return again, err
	}
	retry := policy.HealthyRetryPolicy
	if j.Attempt >= *retry.NumRetries {
		return again, err
	}
	return s.d.Clock.Now().Add(retry.delay(j.Attempt)), err
}

func (s *Service) envelope(ctx context.Context, j *jobRecord, topic *topicRecord, sub *subscriptionRecord) (*envelope, error) {
	signer, err := s.signing(ctx)
	if err != nil {
		return nil, err
	}
	e := &envelope{
		Type: "Notification", MessageID: j.MessageID, TopicARN: topicARN(j.Scope, topic.Name), Subject: j.Subject, Message: j.Message,
		Timestamp: j.Published.UTC().Format(timestamps), SignatureVersion: "1", SigningCertURL: sub.Base + signer.path, MessageAttributes: j.Attributes,
	}
	if v := topic.Attributes["SignatureVersion"]; v != "" {
		e.SignatureVersion = v
	}
	var pairs []string
	if j.Kind == jobConfirm {
		e.Type, e.Token = "SubscriptionConfirmation", sub.Token
		e.Message = "You have chosen to subscribe to the topic " + e.TopicARN + ".\nTo confirm the subscription, visit the SubscribeURL included in this message."
		e.SubscribeURL = link(sub.Base, "ConfirmSubscription", "TopicArn", e.TopicARN, "Token", sub.Token)
		pairs = []string{"Message", e.Message, "MessageId", e.MessageID, "SubscribeURL", e.SubscribeURL, "Timestamp", e.Timestamp,
			"Token", e.Token, "TopicArn", e.TopicARN, "Type", e.Type}
	} else {
		e.UnsubscribeURL = link(sub.Base, "Unsubscribe", "SubscriptionArn", subscriptionARN(j.Scope, sub))
		pairs = []string{"Message", e.Message, "MessageId", e.MessageID}
		if e.Subject != "" {
			pairs = append(pairs, "Subject", e.Subject)
		}
		pairs = append(pairs, "Timestamp", e.Timestamp, "TopicArn", e.TopicARN, "Type", e.Type)
	}
	e.Signature, err = signer.sign(e.SignatureVersion, pairs...)
	return e, err
}

// write delivers to endpoints that are not reached from here: into the cloud's log.
func (s *Service) write(j *jobRecord, topic *topicRecord, sub *subscriptionRecord, e *envelope) error {
	what, message := "an email", e.Message
	switch {
	case !sub.mail():
		what = "a text message"
	case j.Kind == jobConfirm:
		message = "To confirm the subscription, visit " + e.SubscribeURL
		e.Subject = "AWS Notification - Subscription Confirmation"
	case sub.Protocol == "email-json":
		raw, err := e.json()
		if err != nil {
			return err
		}
		message = string(raw)
	case e.Subject == "":
		e.Subject = "AWS Notification Message"
	}
	s.d.Logger.Info(what, "to", sub.Endpoint, "from", topic.Attributes["DisplayName"], "subject", e.Subject, "message", message, "topic", e.TopicARN, "id", e.MessageID)
	return nil
}

// json writes the envelope as SNS does: characters of HTML are not escaped.
func (e *envelope) json() ([]byte, error) {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	if err := w.Encode(e); err != nil {
		return nil, fmt.Errorf("encoding a message: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// post calls an HTTP endpoint. mayPass says of an error that another attempt may succeed.
func (s *Service) post(ctx context.Context, j *jobRecord, sub *subscriptionRecord, policy *deliveryPolicy, e *envelope) (mayPass bool, err error) {
	raw := j.Kind == jobNotify && sub.Attributes["RawMessageDelivery"] == "true"
	body := []byte(e.Message)
	if !raw {
		if body, err = e.json(); err != nil {
			return false, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.Endpoint, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", policy.RequestPolicy.HeaderContentType)
	req.Header.Set("User-Agent", "Amazon Simple Notification Service Agent")
	req.Header.Set("X-Amz-Sns-Message-Type", e.Type)
	req.Header.Set("X-Amz-Sns-Message-Id", e.MessageID)
	req.Header.Set("X-Amz-Sns-Topic-Arn", e.TopicARN)
	if j.Kind == jobNotify {
		req.Header.Set("X-Amz-Sns-Subscription-Arn", subscriptionARN(j.Scope, sub))
	}
	if raw {
		req.Header.Set("X-Amz-Sns-Rawdelivery", "true")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return true, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return false, nil
	}
	return resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests, fmt.Errorf("the endpoint answered %s", resp.Status)
}
