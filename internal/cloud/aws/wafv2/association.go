package wafv2

import (
	"context"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// associationRecord stands under the ARN of the protected resource.
type associationRecord struct {
	Resource, ACL string // ARNs
}

// loadBalancer checks that an ARN is an Application Load Balancer's that is there.
func (t *txn) loadBalancer(arn string) error {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return invalid("RESOURCE_ARN", arn, "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.")
	}
	if parts[2] != "elasticloadbalancing" {
		return wire.NotImplemented("wafv2: web ACLs for resources of " + parts[2])
	}
	if !strings.HasPrefix(parts[5], "loadbalancer/app/") {
		return invalid("RESOURCE_ARN", arn, "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.")
	}
	if !t.there(arn) {
		return nonexistent()
	}
	return nil
}

func (t *txn) there(arn string) bool {
	if t.d.LoadBalancers == nil {
		return false
	}
	_, ok := t.d.LoadBalancers.LoadBalancer(t.tx, t.sc, arn)
	return ok
}

// protected gives the ARNs of what a web ACL protects. A load balancer that was deleted is protected no longer.
func (t *txn) protected(acl string) []string {
	out := []string{}
	for _, r := range t.associations.By(t.tx, t.sc, "acl", acl) {
		if t.there(r.Resource) {
			out = append(out, r.Resource)
		}
	}
	return out
}

// AssociateWebACL has a web ACL protect a load balancer, in place of another that does.
func (s *Service) AssociateWebACL(ctx context.Context, in *AssociateWebACLInput) (*AssociateWebACLOutput, error) {
	return &AssociateWebACLOutput{}, s.update(ctx, func(t *txn) error {
		r, err := t.aclKind().byARN(t, *in.WebACLArn)
		if err != nil {
			return err
		}
		if r.Scope != scopeRegional {
			return invalid("RESOURCE_ARN", *in.WebACLArn, "A web ACL for CloudFront is associated by the distribution's own settings.")
		}
		if err := t.loadBalancer(*in.ResourceArn); err != nil {
			return err
		}
		t.associations.Put(t.tx, t.sc, *in.ResourceArn, &associationRecord{Resource: *in.ResourceArn, ACL: *in.WebACLArn})
		return nil
	})
}

// DisassociateWebACL ends the protection of a load balancer, if there is any.
func (s *Service) DisassociateWebACL(ctx context.Context, in *DisassociateWebACLInput) (*DisassociateWebACLOutput, error) {
	return &DisassociateWebACLOutput{}, s.update(ctx, func(t *txn) error {
		if err := t.loadBalancer(*in.ResourceArn); err != nil {
			return err
		}
		t.associations.Delete(t.tx, t.sc, *in.ResourceArn)
		return nil
	})
}

// GetWebACLForResource gives the web ACL that protects a load balancer, or none.
func (s *Service) GetWebACLForResource(ctx context.Context, in *GetWebACLForResourceInput) (*GetWebACLForResourceOutput, error) {
	out := &GetWebACLForResourceOutput{}
	return out, s.view(ctx, func(t *txn) error {
		if err := t.loadBalancer(*in.ResourceArn); err != nil {
			return err
		}
		r, ok := t.associations.Get(t.tx, t.sc, *in.ResourceArn)
		if !ok {
			return nil
		}
		acl, err := t.aclKind().byARN(t, r.ACL)
		if err == nil {
			out.WebACL = t.renderACL(acl)
		}
		return err
	})
}

// resourceTypes are what a regional web ACL can protect on AWS.
var resourceTypes = []string{"APPLICATION_LOAD_BALANCER", "API_GATEWAY", "APPSYNC", "COGNITO_USER_POOL", "APP_RUNNER_SERVICE", "VERIFIED_ACCESS_INSTANCE", "AMPLIFY"}

// ListResourcesForWebACL lists what a web ACL protects: load balancers unless another type is asked for.
func (s *Service) ListResourcesForWebACL(ctx context.Context, in *ListResourcesForWebACLInput) (*ListResourcesForWebACLOutput, error) {
	out := &ListResourcesForWebACLOutput{ResourceArns: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		r, err := t.aclKind().byARN(t, *in.WebACLArn)
		if err != nil {
			return err
		}
		if in.ResourceType != nil && !slices.Contains(resourceTypes, *in.ResourceType) {
			return invalid("RESOURCE_TYPE", *in.ResourceType, "The resource type is not valid.")
		}
		if in.ResourceType == nil || *in.ResourceType == resourceTypes[0] {
			out.ResourceArns = t.protected(r.arn(t.sc, kindACL))
		}
		return nil
	})
}
