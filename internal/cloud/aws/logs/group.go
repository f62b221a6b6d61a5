package logs

import (
	"context"
	"iter"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// The classes of log groups.
const (
	classStandard = "STANDARD"
	classRare     = "INFREQUENT_ACCESS"
	classDelivery = "DELIVERY"
)

type groupRecord struct {
	Name        string
	Class       string
	Created     int64 // milliseconds
	Retention   int64 // days, 0: for ever
	KmsKey      string
	Protected   bool
	StoredBytes int64
}

// CreateLogGroup makes a group.
func (s *Service) CreateLogGroup(ctx context.Context, in *CreateLogGroupInput) (*CreateLogGroupOutput, error) {
	name := *in.LogGroupName
	if err := checkName(name, "logGroupName", groupNames); err != nil {
		return nil, err
	}
	if strings.HasPrefix(strings.ToLower(name), "aws/") {
		return nil, invalid("Log groups starting with AWS/ are reserved for AWS.")
	}
	g := &groupRecord{Name: name, Class: classStandard, Protected: in.DeletionProtectionEnabled != nil && *in.DeletionProtectionEnabled}
	if in.LogGroupClass != nil {
		g.Class = *in.LogGroupClass
	}
	switch g.Class {
	case classStandard, classRare:
	case classDelivery:
		g.Retention = 2 // and no other: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
	case "ESSENTIALS":
		return nil, wire.NotImplemented("logs:CreateLogGroup with the class ESSENTIALS")
	default:
		return nil, constraint(g.Class, "logGroupClass", "Member must satisfy enum value set: [DELIVERY, ESSENTIALS, INFREQUENT_ACCESS, STANDARD]")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if in.KmsKeyId != nil {
		if err := s.checkKey(ctx, name, *in.KmsKeyId); err != nil {
			return nil, err
		}
		g.KmsKey = *in.KmsKeyId
	}
	return &CreateLogGroupOutput{}, s.update(ctx, func(t *txn) error {
		if _, exists := t.groups.Get(t.tx, t.sc, name); exists {
			return wire.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
		}
		g.Created = t.now.UnixMilli()
		t.putGroup(g)
		return t.tag(g, in.Tags)
	})
}

func (t *txn) putGroup(g *groupRecord) { t.groups.Put(t.tx, t.sc, g.Name, g) }

// changeGroup runs a change of one group.
func (s *Service) changeGroup(ctx context.Context, name, identifier *string, change func(t *txn, g *groupRecord) error) error {
	return s.update(ctx, func(t *txn) error {
		g, err := t.groupBy(name, identifier)
		if err != nil {
			return err
		}
		if err := change(t, g); err != nil {
			return err
		}
		t.putGroup(g)
		return nil
	})
}

// DeleteLogGroup deletes a group with its streams, events and metric filters.
func (s *Service) DeleteLogGroup(ctx context.Context, in *DeleteLogGroupInput) (*DeleteLogGroupOutput, error) {
	return &DeleteLogGroupOutput{}, s.update(ctx, func(t *txn) error {
		g, err := t.group(*in.LogGroupName)
		if err != nil {
			return err
		}
		if g.Protected {
			return wire.Errorf("ValidationException", "Log group %s has deletion protection enabled. Disable deletion protection before you delete the log group.", g.Name)
		}
		for _, st := range t.streams.Prefix(t.tx, t.sc, g.Name+":") {
			t.deleteStream(st)
		}
		for id := range t.filters.Prefix(t.tx, t.sc, g.Name+":") {
			t.filters.Delete(t.tx, t.sc, id)
		}
		t.policies.Delete(t.tx, t.sc, groupARN(t.sc, g.Name))
		t.groups.Delete(t.tx, t.sc, g.Name)
		return nil
	})
}

// PutLogGroupDeletionProtection sets or lifts the protection.
func (s *Service) PutLogGroupDeletionProtection(ctx context.Context, in *PutLogGroupDeletionProtectionInput) (*PutLogGroupDeletionProtectionOutput, error) {
	return &PutLogGroupDeletionProtectionOutput{}, s.changeGroup(ctx, nil, in.LogGroupIdentifier, func(_ *txn, g *groupRecord) error {
		g.Protected = *in.DeletionProtectionEnabled
		return nil
	})
}

// AssociateKmsKey gives a group a key.
func (s *Service) AssociateKmsKey(ctx context.Context, in *AssociateKmsKeyInput) (*AssociateKmsKeyOutput, error) {
	group := text(in.LogGroupName)
	if in.ResourceIdentifier != nil {
		group = groupOfIdentifier(*in.ResourceIdentifier)
	}
	if err := s.checkKey(ctx, group, *in.KmsKeyId); err != nil {
		return nil, err
	}
	return &AssociateKmsKeyOutput{}, s.changeGroup(ctx, in.LogGroupName, in.ResourceIdentifier, func(_ *txn, g *groupRecord) error {
		g.KmsKey = *in.KmsKeyId
		return nil
	})
}

// DisassociateKmsKey takes a group's key away.
func (s *Service) DisassociateKmsKey(ctx context.Context, in *DisassociateKmsKeyInput) (*DisassociateKmsKeyOutput, error) {
	return &DisassociateKmsKeyOutput{}, s.changeGroup(ctx, in.LogGroupName, in.ResourceIdentifier, func(_ *txn, g *groupRecord) error {
		g.KmsKey = ""
		return nil
	})
}

// checkKey checks that a group can be given a key, which goes by its ARN here.
func (s *Service) checkKey(ctx context.Context, group, key string) error {
	if !strings.HasPrefix(key, "arn:") || !strings.Contains(key, ":key/") {
		return invalid("The specified KMS key '%s' is not valid. Specify the ARN of a KMS key.", key)
	}
	if _, err := s.d.Keys.KeyARN(ctx, key); err != nil {
		return invalid("The specified KMS key does not exist or is not allowed to be used with Arn '%s'", groupARN(wire.CallFrom(ctx).Scope(), group))
	}
	return nil
}

// DescribeLogGroups lists groups by name.
func (s *Service) DescribeLogGroups(ctx context.Context, in *DescribeLogGroupsInput) (*DescribeLogGroupsOutput, error) {
	if in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	for _, account := range in.AccountIdentifiers {
		if account != wire.CallFrom(ctx).Account {
			return nil, wire.NotImplemented("logs:DescribeLogGroups of linked accounts")
		}
	}
	if len(in.LogGroupIdentifiers) > 50 {
		return nil, invalid("At most 50 logGroupIdentifiers can be specified.")
	}
	limit, err := limitOf(in.Limit, 50)
	if err != nil {
		return nil, err
	}
	after, err := pageAfter(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &DescribeLogGroupsOutput{LogGroups: []LogGroup{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.listGroups(in, after), limit, func(g *groupRecord) bool {
			return (in.LogGroupNamePattern == nil || strings.Contains(g.Name, *in.LogGroupNamePattern)) &&
				(in.LogGroupClass == nil || g.Class == *in.LogGroupClass)
		})
		for _, g := range found {
			out.LogGroups = append(out.LogGroups, t.renderGroup(g))
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

func (t *txn) listGroups(in *DescribeLogGroupsInput, after string) iter.Seq2[string, *groupRecord] {
	if len(in.LogGroupIdentifiers) == 0 {
		return t.groups.PrefixFrom(t.tx, t.sc, text(in.LogGroupNamePrefix), after)
	}
	names := make([]string, 0, len(in.LogGroupIdentifiers))
	for _, identifier := range in.LogGroupIdentifiers {
		names = append(names, groupOfIdentifier(identifier))
	}
	slices.Sort(names)
	return func(yield func(string, *groupRecord) bool) {
		for _, name := range slices.Compact(names) {
			g, ok := t.groups.Get(t.tx, t.sc, name)
			if ok && name > after && strings.HasPrefix(name, text(in.LogGroupNamePrefix)) && !yield(name, g) {
				return
			}
		}
	}
}

func (t *txn) renderGroup(g *groupRecord) LogGroup {
	arn := groupARN(t.sc, g.Name)
	filters := int64(0)
	for range t.filters.Prefix(t.tx, t.sc, g.Name+":") {
		filters++
	}
	out := LogGroup{
		LogGroupName: new(g.Name), CreationTime: new(g.Created), MetricFilterCount: new(filters), Arn: new(arn + ":*"),
		LogGroupArn: new(arn), StoredBytes: new(g.StoredBytes), LogGroupClass: new(g.Class),
		DeletionProtectionEnabled: new(g.Protected), BearerTokenAuthenticationEnabled: new(false),
	}
	if g.Retention != 0 {
		out.RetentionInDays = new(g.Retention)
	}
	if g.KmsKey != "" {
		out.KmsKeyId = new(g.KmsKey)
	}
	return out
}
