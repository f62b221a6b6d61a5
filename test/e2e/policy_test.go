//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// standing is what an applied environment has, by resource type.
type standing map[string][]*tfjson.StateResource

// standing reads an environment's state.
func (p *project) standing(environment string) standing {
	p.t.Helper()
	works, err := filepath.Glob(filepath.Join(p.dir, "infra", ".atoll", "*", environment, "environment"))
	if err != nil || len(works) != 1 {
		p.t.Fatalf("the copies are %q, %v", works, err)
	}
	s := &stack{t: p.t, cloud: p.cloud.in(environment), dir: works[0]}
	var state tfjson.State
	if err := json.Unmarshal([]byte(s.terraform("show", "-json").must(0)), &state); err != nil {
		p.t.Fatal(err)
	}
	all := standing{}
	var walk func(m *tfjson.StateModule)
	walk = func(m *tfjson.StateModule) {
		for _, r := range m.Resources {
			if r.Mode == tfjson.ManagedResourceMode {
				all[r.Type] = append(all[r.Type], r)
			}
		}
		for _, child := range m.ChildModules {
			walk(child)
		}
	}
	walk(state.Values.RootModule)
	return all
}

// rule is one that policy scanners have for a type of resource.
type rule struct {
	kind, says string
	holds      func(all standing, v map[string]any) bool
}

func is(name string, want any) func(standing, map[string]any) bool {
	return func(_ standing, v map[string]any) bool { return v[name] == want }
}

// companion reports whether a bucket has a resource of another type.
func companion(kind string, check func(map[string]any) bool) func(standing, map[string]any) bool {
	return func(all standing, v map[string]any) bool {
		return slices.ContainsFunc(all[kind], func(r *tfjson.StateResource) bool {
			return r.AttributeValues["bucket"] == v["bucket"] && check(r.AttributeValues)
		})
	}
}

func yes(map[string]any) bool { return true }

// block gives the first block of a name, empty where there is none.
func block(v map[string]any, name string) map[string]any {
	list, _ := v[name].([]any)
	if len(list) == 0 {
		return map[string]any{}
	}
	m, _ := list[0].(map[string]any)
	return m
}

// rules are what Trivy, Checkov and AWS's Security Hub ask of these resources in production.
var rules = []rule{
	{"aws_s3_bucket", "is closed to the public", companion("aws_s3_bucket_public_access_block", func(b map[string]any) bool {
		return b["block_public_acls"] == true && b["block_public_policy"] == true && b["ignore_public_acls"] == true && b["restrict_public_buckets"] == true
	})},
	{"aws_s3_bucket", "is encrypted", companion("aws_s3_bucket_server_side_encryption_configuration", yes)},
	{"aws_s3_bucket", "keeps old versions", companion("aws_s3_bucket_versioning", func(b map[string]any) bool { return block(b, "versioning_configuration")["status"] == "Enabled" })},
	{"aws_s3_bucket", "has a life cycle", companion("aws_s3_bucket_lifecycle_configuration", yes)},
	{"aws_s3_bucket", "refuses calls without TLS", companion("aws_s3_bucket_policy", func(b map[string]any) bool { return strings.Contains(fmt.Sprint(b["policy"]), "aws:SecureTransport") })},
	{"aws_s3_bucket", "is kept while it holds something", is("force_destroy", false)},
	{"aws_lb", "drops malformed headers", is("drop_invalid_header_fields", true)},
	{"aws_lb", "is protected against deletion", is("enable_deletion_protection", true)},
	{"aws_lb", "writes access logs", func(_ standing, v map[string]any) bool { return block(v, "access_logs")["enabled"] == true }},
	{"aws_lb", "has a firewall", func(all standing, v map[string]any) bool {
		return slices.ContainsFunc(all["aws_wafv2_web_acl_association"], func(r *tfjson.StateResource) bool { return r.AttributeValues["resource_arn"] == v["arn"] })
	}},
	{"aws_db_instance", "is encrypted", is("storage_encrypted", true)},
	{"aws_db_instance", "is not public", is("publicly_accessible", false)},
	{"aws_db_instance", "is protected against deletion", is("deletion_protection", true)},
	{"aws_db_instance", "takes minor versions by itself", is("auto_minor_version_upgrade", true)},
	{"aws_db_instance", "gives its tags to snapshots", is("copy_tags_to_snapshot", true)},
	{"aws_db_instance", "has Performance Insights", is("performance_insights_enabled", true)},
	{"aws_db_instance", "has enhanced monitoring", func(_ standing, v map[string]any) bool { return v["monitoring_interval"] != float64(0) }},
	{"aws_db_instance", "has no password in the state", func(_ standing, v map[string]any) bool { return v["password"] == nil || v["password"] == "" }},
	{"aws_db_instance", "is backed up, or copies one that is", func(_ standing, v map[string]any) bool {
		days, _ := v["backup_retention_period"].(float64)
		return days >= 7 || v["replicate_source_db"] != ""
	}},
	{"aws_db_instance", "stands in two zones, or copies one that does", func(_ standing, v map[string]any) bool {
		return v["multi_az"] == true || v["replicate_source_db"] != ""
	}},
	{"aws_db_parameter_group", "forces TLS", func(_ standing, v map[string]any) bool {
		return strings.Contains(fmt.Sprint(v["parameter"]), "name:rds.force_ssl value:1")
	}},
	{"aws_ecr_repository", "has tags that stay", is("image_tag_mutability", "IMMUTABLE")},
	{"aws_ecr_repository", "scans images", func(_ standing, v map[string]any) bool {
		return block(v, "image_scanning_configuration")["scan_on_push"] == true
	}},
	{"aws_ecr_repository", "is kept while it holds images", is("force_delete", false)},
	{"aws_cloudwatch_log_group", "ends its records some day", func(_ standing, v map[string]any) bool { return v["retention_in_days"] != float64(0) }},
	{"aws_ecs_cluster", "measures its containers", func(_ standing, v map[string]any) bool {
		return !strings.Contains(fmt.Sprint(v["setting"]), "disabled")
	}},
	{"aws_ecs_service", "has no public address", func(_ standing, v map[string]any) bool {
		return block(v, "network_configuration")["assign_public_ip"] == false
	}},
	{"aws_ecs_service", "rolls back what fails", func(_ standing, v map[string]any) bool {
		b := block(v, "deployment_circuit_breaker")
		return b["enable"] == true && b["rollback"] == true
	}},
	{"aws_ecs_task_definition", "cannot write to its image, has no privileges, writes a log, and has no secret in plain sight", sound},
	{"aws_vpc_security_group_ingress_rule", "lets the world in to the load balancer's ports alone", func(_ standing, v map[string]any) bool {
		return v["cidr_ipv4"] != "0.0.0.0/0" || v["from_port"] == float64(80) || v["from_port"] == float64(443)
	}},
	{"aws_vpc_security_group_ingress_rule", "is for one port, and says what for", onePort},
	{"aws_vpc_security_group_egress_rule", "is for one port, and says what for", onePort},
	{"aws_default_security_group", "is empty", func(_ standing, v map[string]any) bool {
		return fmt.Sprint(v["ingress"], v["egress"]) == "[] []"
	}},
	{"aws_subnet", "gives no public addresses by itself", is("map_public_ip_on_launch", false)},
	{"aws_vpc", "has flow logs", func(all standing, v map[string]any) bool {
		return slices.ContainsFunc(all["aws_flow_log"], func(r *tfjson.StateResource) bool { return r.AttributeValues["vpc_id"] == v["id"] })
	}},
	{"aws_sns_topic_policy", "refuses calls without TLS", func(_ standing, v map[string]any) bool {
		return strings.Contains(fmt.Sprint(v["policy"]), "aws:SecureTransport")
	}},
	{"aws_iam_role", "is trusted to this account's resources alone", func(_ standing, v map[string]any) bool {
		return strings.Contains(fmt.Sprint(v["assume_role_policy"]), "aws:SourceAccount")
	}},
	{"aws_iam_role_policy", "allows named actions on named resources", leastPrivilege},
}

func onePort(_ standing, v map[string]any) bool {
	return v["from_port"] == v["to_port"] && v["ip_protocol"] == "tcp" && v["description"] != ""
}

func sound(_ standing, v map[string]any) bool {
	var containers []struct {
		ReadonlyRootFilesystem, Privileged bool
		LogConfiguration                   any
		Environment                        []struct{ Name string }
	}
	text, _ := v["container_definitions"].(string)
	if json.Unmarshal([]byte(text), &containers) != nil || len(containers) == 0 {
		return false
	}
	for _, c := range containers {
		if !c.ReadonlyRootFilesystem || c.Privileged || c.LogConfiguration == nil {
			return false
		}
		for _, e := range c.Environment {
			for _, word := range []string{"PASSWORD", "SECRET", "TOKEN"} {
				if strings.Contains(strings.ToUpper(e.Name), word) {
					return false
				}
			}
		}
	}
	return true
}

// unbounded are the actions that AWS authorises on no resource, or on no smaller one.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var unbounded = []string{"ecr:GetAuthorizationToken", "logs:DescribeLogGroups", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
	"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"}

func leastPrivilege(_ standing, v map[string]any) bool {
	var policy struct {
		Statement []struct {
			Effect           string
			Action, Resource any
		}
	}
	text, _ := v["policy"].(string)
	if json.Unmarshal([]byte(text), &policy) != nil {
		return false
	}
	texts := func(v any) []string {
		if list, ok := v.([]any); ok {
			var out []string
			for _, e := range list {
				out = append(out, fmt.Sprint(e))
			}
			return out
		}
		return []string{fmt.Sprint(v)}
	}
	for _, s := range policy.Statement {
		for _, action := range texts(s.Action) {
			if strings.Contains(action, "*") || slices.Contains(texts(s.Resource), "*") && !slices.Contains(unbounded, action) {
				return false
			}
		}
	}
	return true
}

// safe checks the rules on an environment. Each must have something to hold for.
func (all standing) safe(t *testing.T) {
	t.Helper()
	for _, r := range rules {
		if len(all[r.kind]) == 0 {
			t.Errorf("there is no %s of which it can be said that it %s", r.kind, r.says)
		}
		for _, resource := range all[r.kind] {
			if !r.holds(all, resource.AttributeValues) {
				t.Errorf("it is not so that %s %s", resource.Address, r.says)
			}
		}
	}
}
