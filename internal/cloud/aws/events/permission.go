package events

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/wire"
)

const maxPolicyBytes = 10240

var statementIDs = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// policyDocument is a bus's policy as AWS writes it. Statements are kept as they came.
type policyDocument struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

type statement struct {
	SID       string `json:"Sid"`
	Effect    string `json:"Effect"`
	Principal any    `json:"Principal"`
	Action    string `json:"Action"`
	Resource  string `json:"Resource"`
	Condition any    `json:"Condition,omitempty"`
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("events: " + err.Error()) // only maps, strings and slices come here
	}
	return raw
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

// readPolicy reads a stored policy, whose Statement may be one or a list.
func readPolicy(document string) (policyDocument, error) {
	p := policyDocument{Version: "2012-10-17"}
	if document == "" {
		return p, nil
	}
	var loose struct {
		Version, ID string
		Statement   json.RawMessage
	}
	if err := json.Unmarshal([]byte(document), &loose); err != nil {
		return p, err
	}
	p.Version, p.ID = loose.Version, loose.ID
	if json.Unmarshal(loose.Statement, &p.Statement) != nil {
		p.Statement = []json.RawMessage{loose.Statement}
	}
	return p, nil
}

func checkPolicy(document string) error {
	if len(document) > maxPolicyBytes {
		return wire.Errorf("PolicyLengthExceededException", "The policy is longer than %d bytes.", maxPolicyBytes)
	}
	p, err := auth.ParsePolicy([]byte(document))
	if err == nil {
		err = p.Check(auth.ResourcePolicy)
	}
	var fault *auth.PolicyError
	if errors.As(err, &fault) {
		return invalid("Parameter Policy is not valid. Reason: %s", fault.Message)
	}
	return err
}

// PutPermission sets a bus's whole policy, or one statement of it.
func (s *Service) PutPermission(ctx context.Context, in *PutPermissionInput) (*PutPermissionOutput, error) {
	return &PutPermissionOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.bus(in.EventBusName)
		if err != nil {
			return err
		}
		if in.Policy != nil {
			if in.StatementId != nil || in.Principal != nil || in.Action != nil || in.Condition != nil {
				return invalid("Policy cannot be given together with Action, Condition, Principal or StatementId.")
			}
			r.Policy = *in.Policy
		} else if r.Policy, err = t.withStatement(r, in); err != nil {
			return err
		}
		if err := checkPolicy(r.Policy); err != nil {
			return err
		}
		r.Modified = t.now
		t.putBus(r)
		return nil
	})
}

// withStatement gives a bus's policy with the statement that is asked for, in place of an older one of its id.
func (t *txn) withStatement(r *busRecord, in *PutPermissionInput) (string, error) {
	id, principal, action := text(in.StatementId), text(in.Principal), text(in.Action)
	switch {
	case !statementIDs.MatchString(id):
		return "", constraint(id, "statementId", "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]+")
	case principal != "*" && auth.AccountOf(principal) != principal:
		return "", constraint(principal, "principal", `Member must satisfy regular expression pattern: (\d{12}|\*)`)
	case action != "events:PutEvents":
		return "", invalid("Provided value in parameter 'action' is not supported.")
	}
	st := statement{SID: id, Effect: "Allow", Principal: principal, Action: action, Resource: busARN(t.sc, r.Name)}
	if principal != "*" {
		st.Principal = map[string]string{"AWS": "arn:aws:iam::" + principal + ":root"}
	}
	if c := in.Condition; c != nil {
		if text(c.Type) != "StringEquals" || text(c.Key) != "aws:PrincipalOrgID" {
			return "", invalid("Provided value in parameter 'condition' is not supported.")
		}
		st.Condition = map[string]map[string]string{*c.Type: {*c.Key: text(c.Value)}}
	}
	p, err := readPolicy(r.Policy)
	if err != nil {
		return "", err
	}
	p.Statement = slices.DeleteFunc(p.Statement, func(raw json.RawMessage) bool { return sid(raw) == id })
	p.Statement = append(p.Statement, encode(st))
	return string(encode(p)), nil
}

// RemovePermission removes a statement of a bus's policy, or all.
func (s *Service) RemovePermission(ctx context.Context, in *RemovePermissionInput) (*RemovePermissionOutput, error) {
	return &RemovePermissionOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.bus(in.EventBusName)
		if err != nil {
			return err
		}
		if r.Policy == "" {
			return missing("EventBus does not have a policy.")
		}
		p, err := readPolicy(r.Policy)
		if err != nil {
			return err
		}
		before := len(p.Statement)
		if flag(in.RemoveAllPermissions) {
			p.Statement = nil
		} else {
			p.Statement = slices.DeleteFunc(p.Statement, func(raw json.RawMessage) bool { return sid(raw) == text(in.StatementId) })
		}
		if len(p.Statement) == before {
			return missing("Statement with the provided id does not exist.")
		}
		r.Policy = ""
		if len(p.Statement) > 0 {
			r.Policy = string(encode(p))
		}
		r.Modified = t.now
		t.putBus(r)
		return nil
	})
}

// assumable refuses a role that EventBridge cannot take for a rule.
func (t *txn) assumable(role, rule string) error {
	if !strings.HasPrefix(role, "arn:aws:iam::") {
		return invalid("Parameter RoleArn is not valid. Reason: Provided Arn is not in correct format.")
	}
	context := auth.Context{}
	context.Set("aws:SourceAccount", t.sc.Account)
	context.Set("aws:SourceArn", rule)
	if r, ok := t.d.Roles.Role(t.tx, role); !ok || r.Account != t.sc.Account || !r.Trusts("events.amazonaws.com", context) {
		return invalid("Provided role '%s' cannot be assumed by principal 'events.amazonaws.com'.", role)
	}
	return nil
}
