package sns

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// retryPolicy says how often and when a failed delivery is tried again. Delays are in seconds.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
type retryPolicy struct {
	MinDelayTarget     *int   `json:"minDelayTarget"`
	MaxDelayTarget     *int   `json:"maxDelayTarget"`
	NumRetries         *int   `json:"numRetries"`
	NumMaxDelayRetries int    `json:"numMaxDelayRetries"`
	NumNoDelayRetries  int    `json:"numNoDelayRetries"`
	NumMinDelayRetries int    `json:"numMinDelayRetries"`
	BackoffFunction    string `json:"backoffFunction"`
}

type throttlePolicy struct {
	MaxReceivesPerSecond int `json:"maxReceivesPerSecond"`
}

type requestPolicy struct {
	HeaderContentType string `json:"headerContentType"`
}

// topicDeliveryPolicy is a topic's DeliveryPolicy, for its HTTP endpoints.
type topicDeliveryPolicy struct {
	HTTP topicHTTPPolicy `json:"http"`
}

type topicHTTPPolicy struct {
	DefaultHealthyRetryPolicy    *retryPolicy    `json:"defaultHealthyRetryPolicy"`
	DisableSubscriptionOverrides bool            `json:"disableSubscriptionOverrides"`
	DefaultThrottlePolicy        *throttlePolicy `json:"defaultThrottlePolicy,omitempty"`
	DefaultRequestPolicy         *requestPolicy  `json:"defaultRequestPolicy"`
}

func (p topicDeliveryPolicy) String() string { return string(encode(p)) }

// deliveryPolicy is a subscription's DeliveryPolicy.
type deliveryPolicy struct {
	HealthyRetryPolicy *retryPolicy    `json:"healthyRetryPolicy"`
	SicklyRetryPolicy  *retryPolicy    `json:"sicklyRetryPolicy"`
	ThrottlePolicy     *throttlePolicy `json:"throttlePolicy"`
	RequestPolicy      *requestPolicy  `json:"requestPolicy"`
	Guaranteed         bool            `json:"guaranteed"`
}

func (p deliveryPolicy) String() string { return string(encode(p)) }

const (
	defaultDelay       = 20 // seconds, least and most
	defaultRetries     = 3
	defaultBackoff     = "linear"
	defaultContentType = "text/plain; charset=UTF-8"
)

var (
	backoffs     = []string{"linear", "arithmetic", "geometric", "exponential"}
	contentTypes = []string{"text/plain", "application/json", "application/xml", "application/x-www-form-urlencoded", "application/octet-stream",
		"text/css", "text/csv", "text/html", "text/xml", "text/javascript", "application/javascript", "application/soap+xml",
		"application/x-www-form-urlencoded", "text/calendar", "text/markdown", "text/n3", "text/tab-separated-values"}
)

func readStrictly(document string, into any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(document)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return invalid("DeliveryPolicy: %s", err)
	}
	return nil
}

func parseTopicDelivery(document string) (topicDeliveryPolicy, error) {
	var p topicDeliveryPolicy
	if err := readStrictly(document, &p); err != nil {
		return p, err
	}
	if err := p.HTTP.DefaultHealthyRetryPolicy.check("http.defaultHealthyRetryPolicy"); err != nil {
		return p, err
	}
	return p, checkRequests(p.HTTP.DefaultThrottlePolicy, p.HTTP.DefaultRequestPolicy)
}

func parseDelivery(document string) (deliveryPolicy, error) {
	var p deliveryPolicy
	if err := readStrictly(document, &p); err != nil {
		return p, err
	}
	for _, r := range []*retryPolicy{p.HealthyRetryPolicy, p.SicklyRetryPolicy} {
		if err := r.check("healthyRetryPolicy"); err != nil {
			return p, err
		}
	}
	return p, checkRequests(p.ThrottlePolicy, p.RequestPolicy)
}

func checkRequests(throttle *throttlePolicy, request *requestPolicy) error {
	if throttle != nil && throttle.MaxReceivesPerSecond < 1 {
		return invalid("DeliveryPolicy: throttlePolicy.maxReceivesPerSecond must be greater than or equal to 1")
	}
	if request != nil {
		kind, _, _ := strings.Cut(request.HeaderContentType, ";")
		if !slices.Contains(contentTypes, strings.TrimSpace(kind)) {
			return invalid("DeliveryPolicy: requestPolicy.headerContentType %q is not supported", request.HeaderContentType)
		}
	}
	return nil
}

func (r *retryPolicy) check(at string) error {
	if r == nil {
		return nil
	}
	least, most, retries := r.delays()
	switch {
	case least < 1 || least > most:
		return invalid("DeliveryPolicy: %s.minDelayTarget must be between 1 and maxDelayTarget", at)
	case most > 3600:
		return invalid("DeliveryPolicy: %s.maxDelayTarget must be less than or equal to 3600", at)
	case retries < 0 || retries > 100:
		return invalid("DeliveryPolicy: %s.numRetries must be between 0 and 100", at)
	case r.NumNoDelayRetries < 0 || r.NumMinDelayRetries < 0 || r.NumMaxDelayRetries < 0 ||
		r.NumNoDelayRetries+r.NumMinDelayRetries+r.NumMaxDelayRetries > retries:
		return invalid("DeliveryPolicy: %s.numRetries must not be less than the retries of its phases together", at)
	case r.BackoffFunction != "" && !slices.Contains(backoffs, r.BackoffFunction):
		return invalid("DeliveryPolicy: %s.backoffFunction must be one of %s", at, strings.Join(backoffs, ", "))
	}
	total := time.Duration(0)
	for i := range retries {
		total += r.delay(i)
	}
	if total > time.Hour {
		return invalid("DeliveryPolicy: %s: the total of all delays must not be greater than 3600 seconds", at)
	}
	return nil
}

// delays gives the bounds of the delays, in seconds, and the number of retries.
func (r *retryPolicy) delays() (least, most, retries int) {
	least, most, retries = defaultDelay, defaultDelay, defaultRetries
	if r.MinDelayTarget != nil {
		least = *r.MinDelayTarget
	}
	if most = max(most, least); r.MaxDelayTarget != nil {
		most = *r.MaxDelayTarget
	}
	if r.NumRetries != nil {
		retries = *r.NumRetries
	}
	return least, most, retries
}

// full gives the policy with its defaults.
func (r *retryPolicy) full() *retryPolicy {
	if r == nil {
		r = &retryPolicy{}
	}
	out := *r
	least, most, retries := r.delays()
	out.MinDelayTarget, out.MaxDelayTarget, out.NumRetries = new(least), new(most), new(retries)
	if out.BackoffFunction == "" {
		out.BackoffFunction = defaultBackoff
	}
	return &out
}

// delay gives the time before a retry; the first is number 0. The phases are: without delay, with the least, growing, with the most.
func (r *retryPolicy) delay(retry int) time.Duration {
	shortest, longest, retries := r.delays()
	least, most := float64(shortest), float64(longest)
	i := retry - r.NumNoDelayRetries
	if i < 0 {
		return 0
	}
	if i -= r.NumMinDelayRetries; i < 0 {
		return time.Duration(shortest) * time.Second
	}
	steps := retries - r.NumNoDelayRetries - r.NumMinDelayRetries - r.NumMaxDelayRetries
	if i >= steps || steps < 2 {
		if i < steps {
			return time.Duration(shortest) * time.Second
		}
		return time.Duration(longest) * time.Second
	}
	part := float64(i) / float64(steps-1) // 0 to 1
	seconds := least
	switch r.BackoffFunction {
	case "arithmetic":
		seconds += (most - least) * part * part
	case "geometric":
		seconds = least * math.Pow(most/least, part)
	case "exponential":
		seconds += (most - least) * (math.Exp2(float64(i)) - 1) / (math.Exp2(float64(steps-1)) - 1)
	default:
		seconds += (most - least) * part
	}
	return time.Duration(seconds * float64(time.Second))
}

// topicDelivery gives the policy in force for a topic.
func topicDelivery(r *topicRecord) topicDeliveryPolicy {
	p, _ := parseTopicDelivery(r.Attributes["DeliveryPolicy"]) // checked when it was set; absent gives the defaults
	p.HTTP.DefaultHealthyRetryPolicy = p.HTTP.DefaultHealthyRetryPolicy.full()
	if p.HTTP.DefaultRequestPolicy == nil {
		p.HTTP.DefaultRequestPolicy = &requestPolicy{HeaderContentType: defaultContentType}
	}
	return p
}

// delivery gives the policy in force for a subscription: its own where the topic lets it, else the topic's.
func delivery(r *topicRecord, sub *subscriptionRecord) deliveryPolicy {
	topic := topicDelivery(r).HTTP
	p := deliveryPolicy{}
	if !topic.DisableSubscriptionOverrides {
		p, _ = parseDelivery(sub.Attributes["DeliveryPolicy"])
	}
	if p.HealthyRetryPolicy == nil {
		p.HealthyRetryPolicy = topic.DefaultHealthyRetryPolicy
	}
	p.HealthyRetryPolicy = p.HealthyRetryPolicy.full()
	if p.ThrottlePolicy == nil {
		p.ThrottlePolicy = topic.DefaultThrottlePolicy
	}
	if p.RequestPolicy == nil {
		p.RequestPolicy = topic.DefaultRequestPolicy
	}
	return p
}
