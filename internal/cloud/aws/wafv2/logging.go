package wafv2

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// loggingRecord stands under the ARN of its web ACL.
type loggingRecord struct {
	Scope  string
	Config LoggingConfiguration
}

const logPrefix = "aws-waf-logs-" // begins the name of every log destination

// PutLoggingConfiguration says where a web ACL's log goes.
func (s *Service) PutLoggingConfiguration(ctx context.Context, in *PutLoggingConfigurationInput) (*PutLoggingConfigurationOutput, error) {
	c := in.LoggingConfiguration
	if text(c.LogType) != "" && *c.LogType != "WAF_LOGS" || text(c.LogScope) != "" && *c.LogScope != "CUSTOMER" {
		return nil, wire.NotImplemented("wafv2:PutLoggingConfiguration with a LogType or LogScope other than the default")
	}
	c.LogType, c.LogScope, c.ManagedByFirewallManager = new("WAF_LOGS"), new("CUSTOMER"), new(false)
	return &PutLoggingConfigurationOutput{LoggingConfiguration: c}, s.update(ctx, func(t *txn) error {
		acl, err := t.aclKind().byARN(t, *c.ResourceArn)
		if err != nil {
			return err
		}
		if err := t.checkDestinations(c.LogDestinationConfigs); err != nil {
			return err
		}
		for _, f := range c.RedactedFields {
			name, err := checkField(&f)
			if err != nil {
				return err
			}
			if kind, _, _ := strings.Cut(name, ":"); !slices.Contains([]string{"header", "method", "query", "path"}, kind) {
				return invalid("FIELD_TO_MATCH", kind, "Only a single header, the method, the query string and the URI path can be redacted.")
			}
		}
		if err := checkFilter(c.LoggingFilter); err != nil {
			return err
		}
		t.loggings.Put(t.tx, t.sc, *c.ResourceArn, &loggingRecord{Scope: acl.Scope, Config: *c})
		return nil
	})
}

// checkDestinations checks the one destination that a web ACL can have.
func (t *txn) checkDestinations(arns []string) error {
	if len(arns) != 1 {
		return invalid("LOG_DESTINATION", "LogDestinationConfigs", "You can specify only one log destination.")
	}
	arn := arns[0]
	refusal := invalid("LOG_DESTINATION", arn, "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.")
	p := strings.SplitN(arn, ":", 6)
	if len(p) != 6 || p[0] != "arn" {
		return refusal
	}
	switch p[2] {
	case "logs":
		name := strings.TrimSuffix(strings.TrimPrefix(p[5], "log-group:"), ":*")
		if !strings.HasPrefix(name, logPrefix) || !strings.HasPrefix(p[5], "log-group:") {
			return refusal
		}
		if !t.d.Logs.HasGroup(t.tx, state.Scope{Account: p[4], Region: p[3]}, name) {
			return nonexistent()
		}
	case "s3":
		bucket, _, _ := strings.Cut(p[5], "/")
		if !strings.HasPrefix(bucket, logPrefix) {
			return refusal
		}
		if exists, _ := t.d.Buckets.ServiceMay(t.tx, "delivery.logs.amazonaws.com", "s3:PutObject", bucket, "AWSLogs/", nil); !exists {
			return nonexistent()
		}
	case "firehose":
		if !strings.HasPrefix(p[5], "deliverystream/"+logPrefix) {
			return refusal
		}
		return wire.NotImplemented("wafv2:PutLoggingConfiguration with a destination of firehose")
	default:
		return refusal
	}
	return nil
}

func checkFilter(f *LoggingFilter) error {
	if f == nil {
		return nil
	}
	behavior := func(v string) error {
		if v != "KEEP" && v != "DROP" {
			return invalid("LOGGING_FILTER", v, "The behavior must be KEEP or DROP.")
		}
		return nil
	}
	if err := behavior(*f.DefaultBehavior); err != nil {
		return err
	}
	if len(f.Filters) == 0 {
		return invalid("LOGGING_FILTER", "Filters", "At least one filter must be given.")
	}
	for _, x := range f.Filters {
		if err := behavior(*x.Behavior); err != nil {
			return err
		}
		if *x.Requirement != "MEETS_ALL" && *x.Requirement != "MEETS_ANY" || len(x.Conditions) == 0 {
			return invalid("LOGGING_FILTER", *x.Requirement, "The requirement must be MEETS_ALL or MEETS_ANY, with at least one condition.")
		}
		for _, c := range x.Conditions {
			if err := checkCondition(&c); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkCondition(c *Condition) error {
	actions := []string{"ALLOW", "BLOCK", "COUNT", "CAPTCHA", "CHALLENGE", "EXCLUDED_AS_COUNT"}
	switch {
	case (c.ActionCondition == nil) == (c.LabelNameCondition == nil):
		return oneValue("FILTER_CONDITION", "Condition")
	case c.ActionCondition != nil && !slices.Contains(actions, *c.ActionCondition.Action):
		return invalid("ACTION_CONDITION", *c.ActionCondition.Action, "The action is not valid.")
	case c.LabelNameCondition != nil && !validLabel(*c.LabelNameCondition.LabelName):
		return invalid("FILTER_CONDITION", *c.LabelNameCondition.LabelName, "The label is not valid.")
	}
	return nil
}

// GetLoggingConfiguration gives a web ACL's logging configuration.
func (s *Service) GetLoggingConfiguration(ctx context.Context, in *GetLoggingConfigurationInput) (*GetLoggingConfigurationOutput, error) {
	out := &GetLoggingConfigurationOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, ok := t.loggings.Get(t.tx, t.sc, *in.ResourceArn)
		if !ok {
			return nonexistent()
		}
		out.LoggingConfiguration = &r.Config
		return nil
	})
}

// DeleteLoggingConfiguration ends a web ACL's logging.
func (s *Service) DeleteLoggingConfiguration(ctx context.Context, in *DeleteLoggingConfigurationInput) (*DeleteLoggingConfigurationOutput, error) {
	return &DeleteLoggingConfigurationOutput{}, s.update(ctx, func(t *txn) error {
		if !t.loggings.Delete(t.tx, t.sc, *in.ResourceArn) {
			return nonexistent()
		}
		return nil
	})
}

// ListLoggingConfigurations lists a scope's logging configurations.
func (s *Service) ListLoggingConfigurations(ctx context.Context, in *ListLoggingConfigurationsInput) (*ListLoggingConfigurationsOutput, error) {
	size, after, err := page(in.NextMarker, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &ListLoggingConfigurationsOutput{LoggingConfigurations: []LoggingConfiguration{}}
	return out, s.view(ctx, func(t *txn) error {
		if err := t.checkScope(*in.Scope); err != nil {
			return err
		}
		found, next := state.Page(t.loggings.From(t.tx, t.sc, after), size, func(r *loggingRecord) bool { return r.Scope == *in.Scope })
		for _, r := range found {
			out.LoggingConfigurations = append(out.LoggingConfigurations, r.Config)
		}
		out.NextMarker = state.Token(next)
		return nil
	})
}
