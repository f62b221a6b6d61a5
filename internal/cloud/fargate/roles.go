package fargate

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/state"
)

// may asks whether the execution role allows an action; the error is worded as the service would refuse it.
func (t *task) may(action, resource string) error { return t.roleMay(t.execution, action, resource) }

func (t *task) roleMay(arn, action, resource string) error {
	return t.agent.d.Store.View(func(tx *state.Tx) error {
		role, ok := t.agent.d.Roles.Role(tx, arn)
		if !ok {
			return fmt.Errorf("ECS was unable to assume the role '%s'", arn)
		}
		p := auth.Principal{
			Account: role.Account, ARN: "arn:aws:sts::" + role.Account + ":assumed-role/" + role.Name + "/" + t.id, UserID: role.ID + ":" + t.id, Role: role.ARN,
		}
		permissions, ok := t.agent.d.Roles.Permissions(tx, p)
		request := &auth.Request{Caller: p.Caller(), Action: action, Resource: resource, Context: p.Context(t.now())}
		decision := auth.NotAllowed
		if ok {
			decision = permissions.Evaluate(request)
		}
		switch decision {
		case auth.Allowed:
			return nil
		case auth.Denied:
			return fmt.Errorf("AccessDeniedException: User: %s is not authorized to perform: %s on resource: %s with an explicit deny in an identity-based policy", p.ARN, action, resource)
		}
		return fmt.Errorf("AccessDeniedException: User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action", p.ARN, action, resource, action)
	})
}

// mayPull asks whether the execution role may pull an image; those of other registries are nobody's to allow.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func (t *task) mayPull(reference string) error {
	host, rest, _ := strings.Cut(reference, "/")
	parts := strings.Split(host, ".") // ACCOUNT.dkr.ecr.REGION.amazonaws.com
	if len(parts) < 6 || parts[1] != "dkr" || parts[2] != "ecr" {
		return nil
	}
	repository, _, _ := strings.Cut(rest, "@")
	repository, _, _ = strings.Cut(repository, ":")
	resource := "arn:aws:ecr:" + parts[3] + ":" + parts[0] + ":repository/" + repository
	if err := t.may("ecr:GetAuthorizationToken", "*"); err != nil {
		return failed("ResourceInitializationError", "unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: %v", err)
	}
	for _, action := range []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} {
		if err := t.may(action, resource); err != nil {
			return failed("CannotPullContainerError", "pull image manifest has been retried 1 time(s): failed to resolve ref %s: %v", reference, err)
		}
	}
	return nil
}

// fetchSecrets reads what the containers get by reference.
func (t *task) fetchSecrets(ctx context.Context) error {
	for _, c := range t.containers {
		for _, s := range c.definition.Secrets {
			value, err := t.fetch(ctx, *s.ValueFrom)
			if err != nil {
				return err
			}
			t.hidden[c.name+"/"+*s.Name] = value
		}
	}
	return nil
}

// fetch reads a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:KEY:STAGE:VERSION], or a parameter by its ARN or, in the task's
// own region, by its name. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
func (t *task) fetch(ctx context.Context, from string) (string, error) {
	parts := strings.Split(from, ":")
	if len(parts) >= 7 && parts[2] == "secretsmanager" {
		return t.fetchSecret(ctx, parts)
	}
	sc, name, arn := t.sc, from, "arn:aws:ssm:"+t.sc.Region+":"+t.sc.Account+":parameter/"+strings.TrimPrefix(from, "/")
	if len(parts) >= 6 && parts[2] == "ssm" {
		sc, arn = state.Scope{Account: parts[4], Region: parts[3]}, from
		name = strings.TrimPrefix(strings.Join(parts[5:], ":"), "parameter")
		if strings.Count(name, "/") == 1 { // a name without levels has no slash before it
			name = name[1:]
		}
	}
	const words = "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
	if err := t.may("ssm:GetParameters", arn); err != nil {
		return "", fmt.Errorf(words+"%w", err)
	}
	value, err := t.agent.d.Values.Parameter(ctx, sc, name)
	if err != nil {
		return "", fmt.Errorf(words+"invalid parameters: %s: %w", name, err)
	}
	return value, nil
}

func (t *task) fetchSecret(ctx context.Context, parts []string) (string, error) {
	arn := strings.Join(parts[:7], ":")
	more := append(parts[7:len(parts):len(parts)], "", "", "")
	key, stage, version := more[0], more[1], more[2]
	words := "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + arn + " from secrets manager: "
	if err := t.may("secretsmanager:GetSecretValue", arn); err != nil {
		return "", fmt.Errorf(words+"%w", err)
	}
	value, err := t.agent.d.Values.Secret(ctx, state.Scope{Account: parts[4], Region: parts[3]}, arn, version, stage)
	if err != nil {
		return "", fmt.Errorf(words+"%w", err)
	}
	if key == "" {
		return value, nil
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(value), &fields); err != nil {
		return "", fmt.Errorf("retrieved secret from Secrets Manager did not contain json: secret %s", arn)
	}
	field, ok := fields[key]
	if !ok {
		return "", fmt.Errorf("retrieved secret from Secrets Manager did not contain json key %s", key)
	}
	if s, ok := field.(string); ok {
		return s, nil
	}
	b, err := json.Marshal(field)
	return string(b), err
}

// sessionLasts is how long credentials of a task role are valid, at most.
const sessionLasts = 6 * time.Hour

// roleCredentials gives credentials of the task's role.
func (t *task) roleCredentials(ctx context.Context) (auth.Key, error) {
	return t.agent.d.Sessions.BeginFor(ctx, t.role, t.id, t.sc.Region, sessionLasts)
}
