package kms

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
)

// managedServices are those whose AWS managed key an account has by the alias alias/aws/NAME, made on first use, in order.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
var managedServices = []string{
	"acm", "backup", "codebuild", "dynamodb", "ebs", "ecr", "elasticfilesystem", "es", "fsx", "glue", "kafka", "kinesis", "kinesisvideo",
	"lambda", "lightsail", "rds", "redshift", "s3", "secretsmanager", "ses", "sns", "sqs", "ssm", "workspaces", "xray",
}

// managedDescription is AWS's text for a managed key.
func managedDescription(service string) string {
	return "Default key that protects my " + strings.ToUpper(service) + " data when no other key is defined"
}

// managedPolicy lets the account use the key through its service alone.
func managedPolicy(sc state.Scope, service string) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "auto-%[1]s-1",
  "Statement" : [ {
    "Sid" : "Allow access through %[1]s for all principals in the account that are authorized to use it",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "*"
    },
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {
      "StringEquals" : {
        "kms:CallerAccount" : "%[2]s",
        "kms:ViaService" : "%[1]s.%[3]s.amazonaws.com"
      }
    }
  }, {
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::%[2]s:root"
    },
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  } ]
}`, service, sc.Account, sc.Region)
}

// viewManaged runs a read that may name an AWS managed key by an alias whose key is not there yet; it makes that key first.
func (s *Service) viewManaged(ctx context.Context, name string, fn func(t *txn) error) error {
	at := strings.Index(name, "alias/aws/")
	if at < 0 || !slices.Contains(managedServices, name[at+len("alias/aws/"):]) {
		return s.view(ctx, fn)
	}
	alias, there := name[at:], false
	err := s.view(ctx, func(t *txn) error {
		// A name that is not of this account and region finds nothing: fn says so.
		local, notLocal := t.local(name)
		_, exists := t.aliases.Get(t.tx, t.sc, alias)
		there = exists || local != alias || notLocal != nil
		return nil
	})
	if err == nil && !there {
		err = s.update(ctx, func(t *txn) error { return t.makeManaged(alias) })
	}
	if err != nil {
		return err
	}
	return s.view(ctx, fn)
}

func (t *txn) makeManaged(alias string) error {
	if _, exists := t.aliases.Get(t.tx, t.sc, alias); exists {
		return nil
	}
	service := strings.TrimPrefix(alias, "alias/aws/")
	k := &keyRecord{
		ID: t.d.IDs.UUID(), Spec: symmetric, Usage: usageEncrypt, Description: managedDescription(service), State: stateEnabled,
		Created: t.now, Service: service, Policy: managedPolicy(t.sc, service), RotationPeriod: yearly,
	}
	k.NextRotation = t.now.Add(k.rotationPeriod())
	t.addMaterial(k, newSymmetricMaterial())
	t.putKey(k)
	t.aliases.Put(t.tx, t.sc, alias, &aliasRecord{Name: alias, KeyID: k.ID, Created: t.now, Updated: t.now})
	return nil
}
