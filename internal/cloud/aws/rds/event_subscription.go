package rds

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/event"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Topics are the SNS topics that event subscriptions publish to.
type Topics interface {
	// ServiceMay says whether a topic exists and lets a service publish that acts for an account, about a resource of its own.
	ServiceMay(tx *state.Tx, topicARN, service, account, source string) bool
	// DeliverFor publishes to a topic as a service, about the resource with the ARN source.
	DeliverFor(ctx context.Context, sc state.Scope, topicARN, service, source, subject, message string) error
}

// subscriptionRecord sends events to a topic. Its id is its name in lower case.
type subscriptionRecord struct {
	Name, Topic string
	SourceType  string   // empty: of all sources
	Sources     []string // ids; none: all of the type
	Categories  []string // none: all
	Enabled     bool
	Created     time.Time
}

const (
	eventsPrincipal  = "events.rds.amazonaws.com"
	maxSubscriptions = 20 // of an account in a region
)

var subscriptionNames = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]{0,254}$`)

func (r *subscriptionRecord) wants(sourceType, id, category string) bool {
	return r.Enabled && (r.SourceType == "" || r.SourceType == sourceType) && (len(r.Sources) == 0 || slices.Contains(r.Sources, id)) &&
		(len(r.Categories) == 0 || slices.Contains(r.Categories, category))
}

func (t *txn) subscription(name string) (*subscriptionRecord, error) {
	r, ok := t.subscriptions.Get(t.tx, t.sc, strings.ToLower(name))
	if !ok {
		return nil, wire.Errorf("SubscriptionNotFound", "Event Subscription %s not found.", name)
	}
	return r, nil
}

// putSubscription checks a subscription against what there is, and stores it.
func (t *txn) putSubscription(r *subscriptionRecord) error {
	if r.SourceType != "" && categories()[r.SourceType] == nil {
		return invalid("Invalid source type: %s", r.SourceType)
	}
	if len(r.Sources) > 0 && r.SourceType == "" {
		return conflict("A source type must be provided when source identifiers are.")
	}
	for _, c := range r.Categories {
		known := r.SourceType != "" && slices.Contains(categories()[r.SourceType], c)
		if r.SourceType == "" {
			for _, of := range categories() {
				known = known || slices.Contains(of, c)
			}
		}
		if !known {
			return wire.Errorf("SubscriptionCategoryNotFound", "The event category %s does not exist for the source type %s.", c, r.SourceType)
		}
	}
	for i, id := range r.Sources {
		r.Sources[i] = strings.ToLower(id)
		if !t.hasSource(r.SourceType, r.Sources[i]) {
			return wire.Errorf("SourceNotFound", "Could not find source: %s", id)
		}
	}
	subscription := arn(t.sc, "es", strings.ToLower(r.Name))
	if _, _, _, ok := state.Lookup(t.tx, r.Topic); !ok {
		return wire.Errorf("SNSTopicArnNotFound", "SNS topic %s does not exist.", r.Topic)
	}
	if !t.d.Topics.ServiceMay(t.tx, r.Topic, eventsPrincipal, t.sc.Account, subscription) {
		return wire.Errorf("SNSNoAuthorization", "RDS is not authorized to publish to the SNS topic %s.", r.Topic)
	}
	t.subscriptions.Put(t.tx, t.sc, strings.ToLower(r.Name), r)
	return nil
}

// hasSource reports whether a source of events is there; what the local cloud does not have never is.
func (t *txn) hasSource(sourceType, id string) (ok bool) {
	switch sourceType {
	case "db-instance":
		_, ok = t.instances.Get(t.tx, t.sc, id)
	case "db-snapshot":
		_, ok = t.snapshots.Get(t.tx, t.sc, id)
	case "db-parameter-group":
		_, ok = t.parameterGroups.Get(t.tx, t.sc, id)
	}
	return ok
}

func (t *txn) renderSubscription(r *subscriptionRecord) *EventSubscription {
	return &EventSubscription{CustomerAwsId: &t.sc.Account, CustSubscriptionId: &r.Name, SnsTopicArn: &r.Topic, Status: new("active"),
		SubscriptionCreationTime: new(r.Created.UTC().Format("2006-01-02 15:04:05.000")), SourceType: given(r.SourceType), SourceIdsList: r.Sources,
		EventCategoriesList: r.Categories, Enabled: &r.Enabled, EventSubscriptionArn: new(arn(t.sc, "es", strings.ToLower(r.Name)))}
}

// CreateEventSubscription has events published to a topic.
func (s *Service) CreateEventSubscription(ctx context.Context, in *CreateEventSubscriptionInput) (*CreateEventSubscriptionOutput, error) {
	if !subscriptionNames.MatchString(*in.SubscriptionName) {
		return nil, invalid("The parameter SubscriptionName is not a valid identifier. Identifiers must begin with a letter and contain only ASCII letters, digits, and hyphens.")
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	out := &CreateEventSubscriptionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		id, n := strings.ToLower(*in.SubscriptionName), 0
		if _, taken := t.subscriptions.Get(t.tx, t.sc, id); taken {
			return wire.Errorf("SubscriptionAlreadyExist", "Event subscription %s already exists.", *in.SubscriptionName)
		}
		for range t.subscriptions.All(t.tx, t.sc) {
			n++
		}
		if n >= maxSubscriptions {
			return wire.Errorf("EventSubscriptionQuotaExceeded", "The quota of %d event subscriptions has been reached.", maxSubscriptions)
		}
		r := &subscriptionRecord{Name: *in.SubscriptionName, Topic: *in.SnsTopicArn, SourceType: text(in.SourceType), Sources: in.SourceIds,
			Categories: in.EventCategories, Enabled: or(in.Enabled, true), Created: t.now}
		if err := t.putSubscription(r); err != nil {
			return err
		}
		state.SetTags(t.tx, arn(t.sc, "es", id), tags)
		out.EventSubscription = t.renderSubscription(r)
		return nil
	})
}

// changeSubscription runs a change of a subscription and gives what it is then.
func (s *Service) changeSubscription(ctx context.Context, name string, change func(r *subscriptionRecord) error) (out *EventSubscription, err error) {
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.subscription(name)
		if err != nil {
			return err
		}
		if err := change(r); err != nil {
			return err
		}
		if err := t.putSubscription(r); err != nil {
			return err
		}
		out = t.renderSubscription(r)
		return nil
	})
}

// ModifyEventSubscription changes what a subscription publishes, and where to.
func (s *Service) ModifyEventSubscription(ctx context.Context, in *ModifyEventSubscriptionInput) (*ModifyEventSubscriptionOutput, error) {
	out, err := s.changeSubscription(ctx, *in.SubscriptionName, func(r *subscriptionRecord) error {
		r.Topic, r.Enabled = or(in.SnsTopicArn, r.Topic), or(in.Enabled, r.Enabled)
		if in.SourceType != nil {
			r.SourceType = *in.SourceType
		}
		if in.EventCategories != nil {
			r.Categories = in.EventCategories
		}
		return nil
	})
	return &ModifyEventSubscriptionOutput{EventSubscription: out}, err
}

// AddSourceIdentifierToSubscription adds a source to those that a subscription is about.
func (s *Service) AddSourceIdentifierToSubscription(ctx context.Context, in *AddSourceIdentifierToSubscriptionInput) (*AddSourceIdentifierToSubscriptionOutput, error) {
	out, err := s.changeSubscription(ctx, *in.SubscriptionName, func(r *subscriptionRecord) error {
		if !slices.Contains(r.Sources, strings.ToLower(*in.SourceIdentifier)) {
			r.Sources = append(r.Sources, *in.SourceIdentifier)
		}
		return nil
	})
	return &AddSourceIdentifierToSubscriptionOutput{EventSubscription: out}, err
}

// RemoveSourceIdentifierFromSubscription takes a source from those that a subscription is about. The source itself may be gone.
func (s *Service) RemoveSourceIdentifierFromSubscription(ctx context.Context, in *RemoveSourceIdentifierFromSubscriptionInput) (*RemoveSourceIdentifierFromSubscriptionOutput, error) {
	out := &RemoveSourceIdentifierFromSubscriptionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.subscription(*in.SubscriptionName)
		if err != nil {
			return err
		}
		i := slices.Index(r.Sources, strings.ToLower(*in.SourceIdentifier))
		if i < 0 {
			return wire.Errorf("SourceNotFound", "Could not find source: %s", *in.SourceIdentifier)
		}
		r.Sources = slices.Delete(r.Sources, i, i+1)
		t.subscriptions.Put(t.tx, t.sc, strings.ToLower(r.Name), r)
		out.EventSubscription = t.renderSubscription(r)
		return nil
	})
}

// DescribeEventSubscriptions lists subscriptions.
func (s *Service) DescribeEventSubscriptions(ctx context.Context, in *DescribeEventSubscriptionsInput) (*DescribeEventSubscriptionsOutput, error) {
	out := &DescribeEventSubscriptionsOutput{EventSubscriptionsList: []EventSubscription{}}
	return out, s.view(ctx, func(t *txn) error {
		if name := text(in.SubscriptionName); name != "" {
			r, err := t.subscription(name)
			if err == nil {
				out.EventSubscriptionsList = append(out.EventSubscriptionsList, *t.renderSubscription(r))
			}
			return err
		}
		found, next, err := pageOf(t, t.subscriptions, list{in.MaxRecords, in.Marker, in.Filters}, nil, nil)
		for _, r := range found {
			out.EventSubscriptionsList = append(out.EventSubscriptionsList, *t.renderSubscription(r))
		}
		out.Marker = next
		return err
	})
}

// DeleteEventSubscription ends a subscription.
func (s *Service) DeleteEventSubscription(ctx context.Context, in *DeleteEventSubscriptionInput) (*DeleteEventSubscriptionOutput, error) {
	out := &DeleteEventSubscriptionOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.subscription(*in.SubscriptionName)
		if err != nil {
			return err
		}
		out.EventSubscription = t.renderSubscription(r)
		out.EventSubscription.Status = new("deleting")
		t.subscriptions.Delete(t.tx, t.sc, strings.ToLower(r.Name))
		return nil
	})
}

// notification is the message to a topic.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.ListSubscription.html
type notification struct {
	Source     string `json:"Event Source"`
	Time       string `json:"Event Time"`
	Link       string `json:"Identifier Link"`
	SourceID   string `json:"Source ID"`
	SourceARN  string `json:"Source ARN"`
	EventID    string `json:"Event ID"`
	EventWords string `json:"Event Message"`
}

// tell publishes an event of RDS to the topics of those who have subscribed to it.
func (s *Service) tell(ctx context.Context, e event.Event) {
	d, ok := e.Detail.(Detail)
	if !ok || e.Source != "aws.rds" || len(d.EventCategories) == 0 {
		return
	}
	sourceType := ""
	for kind, words := range sourceWords() {
		if words[1] == d.SourceType {
			sourceType = kind
		}
	}
	var to []*subscriptionRecord
	_ = s.d.Store.View(func(tx *state.Tx) error {
		for _, r := range s.subscriptions.All(tx, e.Scope) {
			if r.wants(sourceType, d.SourceIdentifier, d.EventCategories[0]) {
				to = append(to, r)
			}
		}
		return nil
	})
	if len(to) == 0 {
		return
	}
	message, err := json.Marshal(notification{Source: sourceType, Time: e.Time.UTC().Format("2006-01-02 15:04:05.000"),
		Link:     "https://console.aws.amazon.com/rds/home?region=" + e.Scope.Region + "#" + strings.ReplaceAll(sourceType, "-", "") + ":id=" + d.SourceIdentifier,
		SourceID: d.SourceIdentifier, SourceARN: d.SourceArn, EventID: "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#" + d.EventID,
		EventWords: d.Message})
	if err != nil {
		s.d.Logger.Error("encoding an event of RDS", "err", err)
		return
	}
	for _, r := range to {
		if err := s.d.Topics.DeliverFor(ctx, e.Scope, r.Topic, eventsPrincipal, arn(e.Scope, "es", strings.ToLower(r.Name)), "RDS Notification Message", string(message)); err != nil {
			s.d.Logger.Warn("an event subscription of RDS cannot publish", "subscription", r.Name, "topic", r.Topic, "err", err)
		}
	}
}
