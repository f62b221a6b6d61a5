package events

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

type busRecord struct {
	Name              string
	Description       string
	KmsKey            string
	Policy            string
	Log               *logConfig
	Created, Modified time.Time // zero for the default bus, which was always there
}

type logConfig struct{ IncludeDetail, Level string }

const maxBuses = 100 // of an account in a region

func (t *txn) putBus(r *busRecord) { t.buses.Put(t.tx, t.sc, r.Name, r) }

// busSettings are the members that CreateEventBus and UpdateEventBus share.
type busSettings struct {
	operation   string
	description *string
	key         *string
	dead        *DeadLetterConfig
	log         *LogConfig
}

// apply checks settings and gives them to a bus. What is absent is taken away.
func (s *Service) apply(ctx context.Context, in busSettings, r *busRecord) error {
	if in.dead != nil && in.dead.Arn != nil {
		return wire.NotImplemented("events:" + in.operation + " with DeadLetterConfig")
	}
	if len([]rune(text(in.description))) > 512 {
		return constraint(text(in.description), "description", "Member must have length less than or equal to 512")
	}
	r.Description, r.KmsKey, r.Log = text(in.description), text(in.key), nil
	if r.KmsKey != "" {
		if _, err := s.d.Keys.KeyARN(ctx, r.KmsKey); err != nil {
			return invalid("The KMS key %s does not exist or cannot be used.", r.KmsKey)
		}
	}
	if in.log != nil {
		r.Log = &logConfig{IncludeDetail: text(in.log.IncludeDetail), Level: text(in.log.Level)}
		if !slices.Contains([]string{"", "NONE", "FULL"}, r.Log.IncludeDetail) {
			return constraint(r.Log.IncludeDetail, "logConfig.includeDetail", "Member must satisfy enum value set: [FULL, NONE]")
		}
		if !slices.Contains([]string{"", "OFF", "ERROR", "INFO", "TRACE"}, r.Log.Level) {
			return constraint(r.Log.Level, "logConfig.level", "Member must satisfy enum value set: [INFO, ERROR, OFF, TRACE]")
		}
	}
	return nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (l *logConfig) render() *LogConfig {
	if l == nil {
		return nil
	}
	return &LogConfig{IncludeDetail: optional(l.IncludeDetail), Level: optional(l.Level)}
}

// CreateEventBus makes a custom bus.
func (s *Service) CreateEventBus(ctx context.Context, in *CreateEventBusInput) (*CreateEventBusOutput, error) {
	name := *in.Name
	switch {
	case !busNames.MatchString(name):
		return nil, constraint(name, "name", "Member must satisfy regular expression pattern: [/\\.\\-_A-Za-z0-9]+")
	case in.EventSourceName != nil || strings.HasPrefix(name, "aws.partner/"):
		return nil, missing("Event source %s does not exist.", name) // there are no partner event sources here
	case strings.Contains(name, "/"):
		return nil, invalid("Event bus name must not contain '/'.")
	}
	tags, err := readTags(in.Tags)
	if err != nil {
		return nil, err
	}
	r := &busRecord{Name: name}
	if err := s.apply(ctx, busSettings{"CreateEventBus", in.Description, in.KmsKeyIdentifier, in.DeadLetterConfig, in.LogConfig}, r); err != nil {
		return nil, err
	}
	out := &CreateEventBusOutput{Description: optional(r.Description), KmsKeyIdentifier: optional(r.KmsKey), LogConfig: r.Log.render()}
	return out, s.update(ctx, func(t *txn) error {
		if _, exists := t.buses.Get(t.tx, t.sc, name); exists || name == defaultBus {
			return wire.Errorf("ResourceAlreadyExistsException", "Event bus %s already exists.", name)
		}
		if t.buses.Len(t.tx, t.sc) >= maxBuses {
			return wire.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
		}
		r.Created, r.Modified = t.now, t.now
		t.putBus(r)
		out.EventBusArn = new(busARN(t.sc, name))
		return t.tag(*out.EventBusArn, tags)
	})
}

// UpdateEventBus replaces a bus's settings.
func (s *Service) UpdateEventBus(ctx context.Context, in *UpdateEventBusInput) (*UpdateEventBusOutput, error) {
	var settings busRecord
	if err := s.apply(ctx, busSettings{"UpdateEventBus", in.Description, in.KmsKeyIdentifier, in.DeadLetterConfig, in.LogConfig}, &settings); err != nil {
		return nil, err
	}
	out := &UpdateEventBusOutput{Description: optional(settings.Description), KmsKeyIdentifier: optional(settings.KmsKey), LogConfig: settings.Log.render()}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.bus(in.Name)
		if err != nil {
			return err
		}
		r.Description, r.KmsKey, r.Log, r.Modified = settings.Description, settings.KmsKey, settings.Log, t.now
		t.putBus(r)
		out.Name, out.Arn = new(r.Name), new(busARN(t.sc, r.Name))
		return nil
	})
}

// DeleteEventBus deletes a custom bus. One that is not there is fine.
func (s *Service) DeleteEventBus(ctx context.Context, in *DeleteEventBusInput) (*DeleteEventBusOutput, error) {
	name := busOf(in.Name)
	if name == defaultBus {
		return nil, invalid("Cannot delete event bus default.")
	}
	return &DeleteEventBusOutput{}, s.update(ctx, func(t *txn) error {
		for range t.rules.Prefix(t.tx, t.sc, ruleID(name, "")) {
			return invalid("Event bus %s can't be deleted since it has rules.", name)
		}
		t.buses.Delete(t.tx, t.sc, name)
		return nil
	})
}

// DescribeEventBus gives a bus with its policy.
func (s *Service) DescribeEventBus(ctx context.Context, in *DescribeEventBusInput) (*DescribeEventBusOutput, error) {
	out := &DescribeEventBusOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.bus(in.Name)
		if err != nil {
			return err
		}
		out.Name, out.Arn = new(r.Name), new(busARN(t.sc, r.Name))
		out.Description, out.KmsKeyIdentifier, out.Policy, out.LogConfig = optional(r.Description), optional(r.KmsKey), optional(r.Policy), r.Log.render()
		if !r.Created.IsZero() {
			out.CreationTime, out.LastModifiedTime = new(r.Created), new(r.Modified)
		}
		return nil
	})
}

// ListEventBuses lists buses by name.
func (s *Service) ListEventBuses(ctx context.Context, in *ListEventBusesInput) (*ListEventBusesOutput, error) {
	limit, after, err := page(in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	prefix := text(in.NamePrefix)
	out := &ListEventBusesOutput{EventBuses: []EventBus{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.listBuses(prefix, after), limit, nil)
		for _, r := range found {
			e := EventBus{Name: new(r.Name), Arn: new(busARN(t.sc, r.Name)), Description: optional(r.Description), Policy: optional(r.Policy)}
			if !r.Created.IsZero() {
				e.CreationTime, e.LastModifiedTime = new(r.Created), new(r.Modified)
			}
			out.EventBuses = append(out.EventBuses, e)
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

// listBuses gives the buses with a prefix after a name, the default one among them even if nothing is stored of it.
func (t *txn) listBuses(prefix, after string) func(yield func(string, *busRecord) bool) {
	return func(yield func(string, *busRecord) bool) {
		given := !strings.HasPrefix(defaultBus, prefix) || after >= defaultBus
		for name, r := range t.buses.PrefixFrom(t.tx, t.sc, prefix, after) {
			if !given && name > defaultBus && !yield(defaultBus, &busRecord{Name: defaultBus}) {
				return
			}
			given = given || name >= defaultBus
			if !yield(name, r) {
				return
			}
		}
		if !given {
			yield(defaultBus, &busRecord{Name: defaultBus})
		}
	}
}
