package route53

import (
	"context"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// queryLogRecord says where the queries of a public zone are logged to.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateQueryLoggingConfig.html
type queryLogRecord struct{ ID, Zone, Group string }

func queryLogARN(id string) string { return "arn:aws:route53:::queryloggingconfig/" + id }

func (r *queryLogRecord) render() *QueryLoggingConfig {
	return &QueryLoggingConfig{Id: new(r.ID), HostedZoneId: new(r.Zone), CloudWatchLogsLogGroupArn: new(r.Group)}
}

func (t *txn) queryLog(id string) (*queryLogRecord, error) {
	r, ok := t.queryLogs.Get(t.tx, t.sc, id)
	if !ok {
		return nil, wire.Errorf("NoSuchQueryLoggingConfig", "The query logging config with ID %s does not exist", id)
	}
	return r, nil
}

// queryLogOf finds the configuration of a zone.
func (t *txn) queryLogOf(zone string) (*queryLogRecord, bool) {
	for _, r := range t.queryLogs.By(t.tx, t.sc, "zone", zone) {
		return r, true
	}
	return nil, false
}

// CreateQueryLoggingConfig sets the log group of a zone, which lies in us-east-1, where Route 53 may write by a resource policy.
func (s *Service) CreateQueryLoggingConfig(ctx context.Context, in *CreateQueryLoggingConfigInput) (*CreateQueryLoggingConfigOutput, error) {
	parts := strings.SplitN(*in.CloudWatchLogsLogGroupArn, ":", 7)
	if len(parts) != 7 || parts[2] != "logs" || parts[5] != "log-group" {
		return nil, invalid("The ARN for the CloudWatch Logs log group is invalid: %s", *in.CloudWatchLogsLogGroupArn)
	}
	if parts[3] != "us-east-1" {
		return nil, invalid("The CloudWatch Logs log group must be in the us-east-1 Region.")
	}
	group := strings.TrimSuffix(parts[6], ":*")
	out := &CreateQueryLoggingConfigOutput{}
	return out, s.update(ctx, func(t *txn) error {
		z, err := t.zone(*in.HostedZoneId)
		if err != nil {
			return err
		}
		if z.Private {
			return invalid("Query logging can be configured only for public hosted zones: %s", z.ID)
		}
		if _, exists := t.queryLogOf(z.ID); exists {
			return wire.Errorf("QueryLoggingConfigAlreadyExists", "A query logging configuration already exists for this hosted zone.")
		}
		sc := state.Scope{Account: t.sc.Account, Region: "us-east-1"}
		switch {
		case parts[4] != t.sc.Account || !t.d.Logs.HasGroup(t.tx, sc, group):
			return wire.Errorf("NoSuchCloudWatchLogsLogGroup", "The specified CloudWatch Logs log group doesn't exist.")
		case !t.d.Logs.ServiceMay(t.tx, sc, "route53.amazonaws.com", zoneARN(z.ID), group, z.ID+"/IAD89-P1"):
			return wire.Errorf("InsufficientCloudWatchLogsResourcePolicy", "Route 53 does not have the permissions required to create a log stream or write query logs to the log group %s.", group)
		}
		r := &queryLogRecord{ID: t.d.IDs.UUID(), Zone: z.ID, Group: strings.TrimSuffix(*in.CloudWatchLogsLogGroupArn, ":*")}
		t.queryLogs.Put(t.tx, t.sc, r.ID, r)
		out.QueryLoggingConfig, out.Location = r.render(), new("https://route53.amazonaws.com/2013-04-01/queryloggingconfig/"+r.ID)
		return nil
	})
}

// GetQueryLoggingConfig gives a configuration.
func (s *Service) GetQueryLoggingConfig(ctx context.Context, in *GetQueryLoggingConfigInput) (*GetQueryLoggingConfigOutput, error) {
	out := &GetQueryLoggingConfigOutput{}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.queryLog(*in.Id)
		if err == nil {
			out.QueryLoggingConfig = r.render()
		}
		return err
	})
}

// DeleteQueryLoggingConfig deletes a configuration.
func (s *Service) DeleteQueryLoggingConfig(ctx context.Context, in *DeleteQueryLoggingConfigInput) (*DeleteQueryLoggingConfigOutput, error) {
	return &DeleteQueryLoggingConfigOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.queryLog(*in.Id)
		if err == nil {
			t.queryLogs.Delete(t.tx, t.sc, r.ID)
		}
		return err
	})
}

// ListQueryLoggingConfigs lists the account's configurations, or a zone's.
func (s *Service) ListQueryLoggingConfigs(ctx context.Context, in *ListQueryLoggingConfigsInput) (*ListQueryLoggingConfigsOutput, error) {
	limit, err := limitOf(in.MaxResults, 100)
	if err != nil {
		return nil, err
	}
	after, err := state.After(in.NextToken, wire.Errorf("InvalidPaginationToken", "The value of the NextToken parameter is invalid."))
	if err != nil {
		return nil, err
	}
	out := &ListQueryLoggingConfigsOutput{QueryLoggingConfigs: []QueryLoggingConfig{}}
	return out, s.view(ctx, func(t *txn) error {
		if in.HostedZoneId != nil {
			z, err := t.zone(*in.HostedZoneId)
			if err != nil {
				return err
			}
			if r, ok := t.queryLogOf(z.ID); ok {
				out.QueryLoggingConfigs = append(out.QueryLoggingConfigs, *r.render())
			}
			return nil
		}
		found, next := state.Page(t.queryLogs.From(t.tx, t.sc, after), limit, nil)
		for _, r := range found {
			out.QueryLoggingConfigs = append(out.QueryLoggingConfigs, *r.render())
		}
		out.NextToken = state.Token(next)
		return nil
	})
}
