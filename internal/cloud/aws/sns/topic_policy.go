package sns

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

const maxPolicyBytes = 30 << 10

// permitted are the actions that AddPermission can allow, in lower case.
var permitted = []string{"addpermission", "deletetopic", "getdataprotectionpolicy", "gettopicattributes", "listsubscriptionsbytopic", "listtagsforresource",
	"publish", "putdataprotectionpolicy", "receive", "removepermission", "settopicattributes", "subscribe"}

// policyDocument is a policy as AWS writes it. Statements are kept as they came.
type policyDocument struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

type statement struct {
	SID       string         `json:"Sid"`
	Effect    string         `json:"Effect"`
	Principal map[string]any `json:"Principal"`
	Action    any            `json:"Action"`
	Resource  string         `json:"Resource"`
	Condition any            `json:"Condition,omitempty"`
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("sns: " + err.Error()) // only maps, strings and slices come here
	}
	return raw
}

// defaultPolicy lets the topic's account, and services that act for it, use the topic.
func defaultPolicy(arn, account string) string {
	return string(encode(policyDocument{Version: "2008-10-17", ID: "__default_policy_ID", Statement: []json.RawMessage{encode(statement{
		SID: "__default_statement_ID", Effect: "Allow", Principal: map[string]any{"AWS": "*"},
		Action: []string{"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission", "SNS:DeleteTopic",
			"SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish"},
		Resource: arn, Condition: map[string]any{"StringEquals": map[string]string{"AWS:SourceOwner": account}},
	})}}))
}

// checkPolicy refuses a document that cannot be a topic's policy.
func (t *txn) checkPolicy(document string) error {
	if len(document) > maxPolicyBytes {
		return invalid("Policy Reason: the document is longer than %d bytes", maxPolicyBytes)
	}
	p, err := auth.ParsePolicy([]byte(document))
	if err == nil {
		err = p.Check(auth.ResourcePolicy)
	}
	var fault *auth.PolicyError
	if errors.As(err, &fault) {
		return invalid("Policy Error: %s", fault.Message)
	}
	if err != nil {
		return err
	}
	for _, s := range p.Statements {
		for _, action := range slices.Concat(s.Actions, s.NotActions) {
			if vendor, _, _ := strings.Cut(action, ":"); action != "*" && !strings.EqualFold(vendor, "sns") {
				return invalid("Policy statement action out of service scope!")
			}
		}
		for _, principals := range []*auth.Principals{s.Principal, s.NotPrincipal} {
			if principals != nil && slices.ContainsFunc(principals.AWS, func(name string) bool { return !t.principal(name) }) {
				return invalid("Policy Error: PrincipalNotFound")
			}
		}
	}
	return nil
}

// principal reports whether a policy may name a principal: a role must be there.
func (t *txn) principal(name string) bool {
	if name == "*" || auth.AccountOf(name) != "" {
		return true
	}
	parts := strings.SplitN(name, ":", 6)
	switch {
	case len(parts) != 6 || parts[0] != "arn":
		return strings.HasPrefix(name, "AIDA") || strings.HasPrefix(name, "AROA")
	case strings.HasPrefix(parts[5], "role/"):
		_, ok := t.d.Roles.Role(t.tx, name)
		return ok
	}
	return true
}

// arnPrincipals writes accounts given by their number as their root users' ARNs, as AWS does.
func arnPrincipals(document string) string {
	p, err := auth.ParsePolicy([]byte(document))
	if err != nil {
		return document
	}
	names := map[string]string{}
	for _, s := range p.Statements {
		for _, principals := range []*auth.Principals{s.Principal, s.NotPrincipal} {
			if principals == nil {
				continue
			}
			for _, name := range principals.AWS {
				if account := auth.AccountOf(name); account == name && account != "" {
					names[name] = accountARN(account)
				}
			}
		}
	}
	return auth.ReplacePrincipals(document, names)
}

func accountARN(account string) string { return "arn:aws:iam::" + account + ":root" }

// changePolicy runs a change of a topic's policy.
func (s *Service) changePolicy(ctx context.Context, arn string, change func(t *txn, r *topicRecord, p *policyDocument) error) error {
	return s.update(ctx, func(t *txn) error {
		r, err := t.topic(arn, "TopicArn")
		if err != nil {
			return err
		}
		var p policyDocument
		if err := readPolicy(r.Policy, &p); err != nil {
			return err
		}
		if err := change(t, r, &p); err != nil {
			return err
		}
		r.Policy = string(encode(p))
		if len(p.Statement) == 0 {
			r.Policy = defaultPolicy(arn, t.sc.Account) // a policy cannot be empty
		}
		t.putTopic(r)
		return nil
	})
}

// readPolicy reads a stored policy, whose Statement may be one or a list.
func readPolicy(document string, p *policyDocument) error {
	var loose struct {
		Version, ID string
		Statement   json.RawMessage
	}
	if err := json.Unmarshal([]byte(document), &loose); err != nil {
		return err
	}
	p.Version, p.ID = loose.Version, loose.ID
	if json.Unmarshal(loose.Statement, &p.Statement) != nil {
		p.Statement = []json.RawMessage{loose.Statement}
	}
	return nil
}

func sid(raw json.RawMessage) string {
	var s struct {
		SID string `json:"Sid"`
	}
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s.SID
}

// AddPermission adds a statement that lets accounts act on the topic.
func (s *Service) AddPermission(ctx context.Context, in *AddPermissionInput) (*AddPermissionOutput, error) {
	if len(in.AWSAccountId) == 0 || len(in.ActionName) == 0 || *in.Label == "" {
		return nil, invalid("Label, AWSAccountId and ActionName must not be empty")
	}
	var principals, actions []string
	for _, account := range in.AWSAccountId {
		if auth.AccountOf(account) != account {
			return nil, invalid("AWSAccountId Reason: %s is not an account", account)
		}
		principals = append(principals, accountARN(account))
	}
	for _, action := range in.ActionName {
		if action != "*" && !slices.Contains(permitted, strings.ToLower(action)) {
			return nil, invalid("Policy statement action out of service scope!")
		}
		actions = append(actions, "SNS:"+action)
	}
	return &AddPermissionOutput{}, s.changePolicy(ctx, *in.TopicArn, func(_ *txn, _ *topicRecord, p *policyDocument) error {
		if slices.ContainsFunc(p.Statement, func(raw json.RawMessage) bool { return sid(raw) == *in.Label }) {
			return invalid("Statement already exists")
		}
		p.Statement = append(p.Statement, encode(statement{
			SID: *in.Label, Effect: "Allow", Principal: map[string]any{"AWS": one(principals)}, Action: one(actions), Resource: *in.TopicArn,
		}))
		return nil
	})
}

// one gives a list's only element as itself.
func one(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// RemovePermission removes the statement of a label; one that is not there is fine.
func (s *Service) RemovePermission(ctx context.Context, in *RemovePermissionInput) (*RemovePermissionOutput, error) {
	return &RemovePermissionOutput{}, s.changePolicy(ctx, *in.TopicArn, func(_ *txn, _ *topicRecord, p *policyDocument) error {
		p.Statement = slices.DeleteFunc(p.Statement, func(raw json.RawMessage) bool { return sid(raw) == *in.Label })
		return nil
	})
}

// ownerKnown are the services that tell the account for which they publish as aws:SourceOwner, so that a topic's default policy lets
// them. The others, such as EventBridge, need a statement of their own.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#source-account-versus-source-owner
var ownerKnown = []string{"cloudwatch.amazonaws.com", "autoscaling.amazonaws.com", "elasticache.amazonaws.com", "rds.amazonaws.com",
	"events.rds.amazonaws.com", "redshift.amazonaws.com", "ses.amazonaws.com", "guardduty.amazonaws.com"}

// serviceMay says whether a topic's policy lets a service publish for an account; source is the ARN of what it publishes about, if known.
func (t *txn) serviceMay(r *topicRecord, service, account, source string) error {
	context := auth.Context{}
	context.Set("aws:SourceAccount", account)
	context.Set("aws:PrincipalServiceName", service)
	context.Set("aws:PrincipalIsAWSService", "true")
	if slices.Contains(ownerKnown, service) {
		context.Set("aws:SourceOwner", account)
	}
	if source != "" {
		context.Set("aws:SourceArn", source)
	}
	arn := topicARN(t.sc, r.Name)
	p, err := auth.ParsePolicy([]byte(r.Policy))
	if err != nil {
		return err
	}
	if auth.Evaluate(&auth.Request{Caller: auth.Caller{Service: service}, Action: "sns:Publish", Resource: arn, Context: context}, p) != auth.Allowed {
		return wire.Errorf("AuthorizationError", "User: %s is not authorized to perform: SNS:Publish on resource: %s because no resource-based policy allows the SNS:Publish action", service, arn)
	}
	return nil
}
