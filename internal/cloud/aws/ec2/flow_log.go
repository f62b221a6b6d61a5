package ec2

import (
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

type flowLogRecord struct {
	ID, ResourceID, Traffic      string
	DestinationType, Destination string
	LogGroup                     string // of a destination in CloudWatch Logs
	Role, CrossAccountRole       string
	Format                       string
	Interval                     int64 // seconds
	FileFormat                   string
	Hive, PerHour, Options       bool
	Created                      time.Time
	Failed                       string // why the last delivery failed
}

// defaultFlowLogFormat is version 2 of the record.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
const defaultFlowLogFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

var flowLogQuery = query[flowLogRecord]{
	kind: "vpc-flow-log", notFound: "InvalidFlowLogId.NotFound", noun: "flow log", prefix: "fl-",
	values: func(_ *txn, r *flowLogRecord, name string) ([]string, bool) {
		switch name {
		case "deliver-log-status":
			if r.Failed != "" {
				return []string{"FAILED"}, true
			}
			return []string{"SUCCESS"}, true
		case "log-destination-type":
			return []string{r.DestinationType}, true
		case "flow-log-id":
			return []string{r.ID}, true
		case "log-group-name":
			return some(r.LogGroup), true
		case "resource-id":
			return []string{r.ResourceID}, true
		case "traffic-type":
			return []string{r.Traffic}, true
		}
		return nil, false
	},
	narrow: map[string]string{"resource-id": "resource"},
}

func (t *txn) renderFlowLog(r *flowLogRecord) FlowLog {
	v := FlowLog{FlowLogId: new(r.ID), ResourceId: new(r.ResourceID), TrafficType: new(r.Traffic), LogDestinationType: new(r.DestinationType),
		LogFormat: new(r.Format), MaxAggregationInterval: new(r.Interval), CreationTime: new(r.Created), FlowLogStatus: new("ACTIVE"),
		DeliverLogsStatus: new("SUCCESS"), Tags: t.tagSet("vpc-flow-log", r.ID)}
	if r.Failed != "" {
		v.DeliverLogsStatus, v.DeliverLogsErrorMessage = new("FAILED"), new(r.Failed)
	}
	for _, m := range []struct {
		to    **string
		value string
	}{{&v.LogDestination, r.Destination}, {&v.LogGroupName, r.LogGroup}, {&v.DeliverLogsPermissionArn, r.Role}, {&v.DeliverCrossAccountRole, r.CrossAccountRole}} {
		if m.value != "" {
			*m.to = new(m.value)
		}
	}
	if r.Options {
		v.DestinationOptions = &DestinationOptionsResponse{FileFormat: new(r.FileFormat), HiveCompatiblePartitions: new(r.Hive), PerHourPartition: new(r.PerHour)}
	}
	return v
}

// flowLogSettings checks a request's settings and gives the record that they make, without a resource.
func flowLogSettings(in *CreateFlowLogsInput, region, account string) (*flowLogRecord, error) {
	r := &flowLogRecord{Traffic: text(in.TrafficType), DestinationType: text(in.LogDestinationType), Destination: text(in.LogDestination), LogGroup: text(in.LogGroupName),
		Role: text(in.DeliverLogsPermissionArn), CrossAccountRole: text(in.DeliverCrossAccountRole), Format: text(in.LogFormat), Interval: 600}
	if in.MaxAggregationInterval != nil {
		r.Interval = *in.MaxAggregationInterval
	}
	if r.Format == "" {
		r.Format = defaultFlowLogFormat
	}
	if r.DestinationType == "" {
		r.DestinationType = "cloud-watch-logs"
	}
	switch {
	case !slices.Contains([]string{"ACCEPT", "REJECT", "ALL"}, r.Traffic):
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter trafficType is invalid.", r.Traffic)
	case r.Interval != 60 && r.Interval != 600:
		return nil, wire.Errorf("InvalidParameterValue", "Value (%d) for parameter maxAggregationInterval is invalid. Expecting 60 or 600.", r.Interval)
	case r.LogGroup != "" && r.Destination != "":
		return nil, wire.Errorf("InvalidParameterCombination", "Please only provide LogGroupName or only provide LogDestination.")
	case r.LogGroup == "" && r.Destination == "":
		return nil, wire.Errorf("InvalidParameterValue", "LogDestination can't be empty if LogGroupName is not provided.")
	case len(in.TagFieldSpecifications) > 0:
		return nil, wire.NotImplemented("ec2:CreateFlowLogs with tag fields")
	}
	if err := r.checkDestination(region, account); err != nil {
		return nil, err
	}
	if o := in.DestinationOptions; o != nil {
		if r.DestinationType != "s3" {
			return nil, wire.Errorf("InvalidParameterCombination", "DestinationOptions can only be given with the log destination type s3.")
		}
		r.Options, r.FileFormat, r.Hive, r.PerHour = true, text(o.FileFormat), truth(o.HiveCompatiblePartitions), truth(o.PerHourPartition)
		if r.FileFormat == "" {
			r.FileFormat = "plain-text"
		}
		if r.FileFormat != "plain-text" && r.FileFormat != "parquet" {
			return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter fileFormat is invalid.", r.FileFormat)
		}
	}
	return r, nil
}

// checkDestination checks where a flow log goes, and completes the log group's name or ARN from the other.
func (r *flowLogRecord) checkDestination(region, account string) error {
	switch r.DestinationType {
	case "cloud-watch-logs":
		if r.Role == "" {
			return wire.Errorf("InvalidParameterValue", "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
		}
		if r.LogGroup != "" {
			r.Destination = "arn:aws:logs:" + region + ":" + account + ":log-group:" + r.LogGroup
			return nil
		}
		_, name, ok := strings.Cut(r.Destination, ":log-group:")
		if !ok || !strings.HasPrefix(r.Destination, "arn:aws:logs:") {
			return wire.Errorf("InvalidParameterValue", "LogDestination: %s is not a valid CloudWatch Logs log group ARN.", r.Destination)
		}
		r.LogGroup = strings.TrimSuffix(name, ":*")
	case "s3":
		if r.Role != "" {
			return wire.Errorf("InvalidParameterCombination", "DeliverLogsPermissionArn is not applicable for s3 delivery.")
		}
		if !strings.HasPrefix(r.Destination, "arn:aws:s3:::") {
			return wire.Errorf("InvalidParameterValue", "LogDestination: %s is not a valid S3 bucket ARN.", r.Destination)
		}
	case "kinesis-data-firehose":
		return wire.NotImplemented("ec2:CreateFlowLogs to Kinesis Data Firehose")
	default:
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter logDestinationType is invalid.", r.DestinationType)
	}
	return nil
}

// flowLogResource checks that the resource to log exists and is of the type that the request says.
func (t *txn) flowLogResource(kind, id string) error {
	var err error
	switch kind {
	case "VPC":
		_, err = t.vpc(id)
	case "Subnet":
		_, err = t.subnet(id)
	case "NetworkInterface":
		_, err = get(t, t.s.interfaces, interfaceQuery, id)
	case "TransitGateway", "TransitGatewayAttachment", "RegionalNatGateway":
		return wire.NotImplemented("ec2:CreateFlowLogs of a " + kind)
	default:
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter resourceType is invalid.", kind)
	}
	return err
}

// CreateFlowLogs makes a flow log for each resource. Those that cannot have one are named in the answer.
func (s *Service) CreateFlowLogs(ctx context.Context, in *CreateFlowLogsInput) (*CreateFlowLogsOutput, error) {
	call := wire.CallFrom(ctx)
	settings, err := flowLogSettings(in, call.Region, call.Account)
	if err != nil {
		return nil, err
	}
	out := &CreateFlowLogsOutput{ClientToken: in.ClientToken, FlowLogIds: []string{}, Unsuccessful: []UnsuccessfulItem{}}
	return out, once(ctx, s, "CreateFlowLogs", in.DryRun, in.ClientToken, in, out, func(t *txn) error {
		for _, resource := range in.ResourceIds {
			if err := t.flowLogResource(*in.ResourceType, resource); err != nil {
				return err
			}
			r := *settings
			r.ID, r.ResourceID, r.Created = t.id("fl"), resource, t.s.d.Clock.Now()
			if t.hasFlowLog(&r) {
				out.Unsuccessful = append(out.Unsuccessful, UnsuccessfulItem{ResourceId: new(resource), Error: &UnsuccessfulItemError{
					Code: new("FlowLogAlreadyExists"), Message: new("Error. There is an existing Flow Log with the same configuration and log destination.")}})
				continue
			}
			s.flowLogs.Put(t.tx, t.sc, r.ID, &r)
			if err := t.applyTags(in.TagSpecifications, "vpc-flow-log", "vpc-flow-log", r.ID); err != nil {
				return err
			}
			out.FlowLogIds = append(out.FlowLogIds, r.ID)
		}
		return nil
	})
}

// hasFlowLog reports whether a resource has a log of the same traffic and format to the same place.
func (t *txn) hasFlowLog(r *flowLogRecord) bool {
	for _, have := range t.s.flowLogs.By(t.tx, t.sc, "resource", r.ResourceID) {
		if have.Traffic == r.Traffic && have.Destination == r.Destination && have.Format == r.Format {
			return true
		}
	}
	return false
}

// DescribeFlowLogs lists flow logs. AWS answers ids that do not exist with nothing.
func (s *Service) DescribeFlowLogs(ctx context.Context, in *DescribeFlowLogsInput) (*DescribeFlowLogsOutput, error) {
	out := &DescribeFlowLogsOutput{FlowLogs: []FlowLog{}}
	return out, s.view(ctx, in.DryRun, func(t *txn) error {
		ids := existing(t, s.flowLogs, in.FlowLogIds)
		if len(ids) == 0 && len(in.FlowLogIds) > 0 {
			return nil
		}
		found, next, err := find(t, s.flowLogs, flowLogQuery, ids, in.Filter, in.MaxResults, in.NextToken)
		for _, r := range found {
			out.FlowLogs = append(out.FlowLogs, t.renderFlowLog(r))
		}
		out.NextToken = next
		return err
	})
}

// DeleteFlowLogs deletes flow logs. Ids that do not exist are named in the answer.
func (s *Service) DeleteFlowLogs(ctx context.Context, in *DeleteFlowLogsInput) (*DeleteFlowLogsOutput, error) {
	out := &DeleteFlowLogsOutput{Unsuccessful: []UnsuccessfulItem{}}
	return out, s.update(ctx, in.DryRun, func(t *txn) error {
		for _, id := range in.FlowLogIds {
			if !s.flowLogs.Delete(t.tx, t.sc, id) {
				out.Unsuccessful = append(out.Unsuccessful, UnsuccessfulItem{ResourceId: new(id), Error: &UnsuccessfulItemError{
					Code: new("InvalidFlowLogId.NotFound"), Message: new("These flow log ids in the input list are not found: [" + id + "]")}})
			}
		}
		return nil
	})
}

// deleteFlowLogsOf deletes the logs of a resource that goes.
func (t *txn) deleteFlowLogsOf(resourceID string) {
	for id := range t.s.flowLogs.By(t.tx, t.sc, "resource", resourceID) {
		t.s.flowLogs.Delete(t.tx, t.sc, id)
	}
}
