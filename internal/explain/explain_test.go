package explain_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/config"
	"atoll/internal/explain"
	"atoll/internal/hint"
	"atoll/internal/inspect"
	"atoll/internal/inspect/inspecttest"
)

const tfvars = `project = "shop"
region = "us-east-1"
network = { nat_gateways = "single" }
services = {
  web = {
    port = 8080
    database = true
    routing = { paths = ["/*"] }
  }
  worker = {
    command = ["worker"]
  }
}
`

type lab struct {
	*inspecttest.Shop
	t        *testing.T
	settings config.Environment
}

func start(t *testing.T) *lab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dev.tfvars")
	if err := os.WriteFile(file, []byte(tfvars), 0o600); err != nil {
		t.Fatal(err)
	}
	return &lab{Shop: inspecttest.New(t, cloudtest.Start(t).Config()), t: t, settings: config.Environment{Name: "dev", Project: "shop", File: file}}
}

func (l *lab) try(q explain.Question) (*explain.Answer, error) {
	l.t.Helper()
	e := inspecttest.Must(inspect.Load(l.t.Context(), l.Clients, inspecttest.Project, inspecttest.Environment))(l.t)
	return explain.Ask(l.t.Context(), e, l.settings, q)
}

func (l *lab) ask(from, to string, port int) *explain.Answer {
	l.t.Helper()
	return inspecttest.Must(l.try(explain.Question{From: from, To: to, Port: port}))(l.t)
}

// allowed wants a path to be open, over some rules or hops.
func (l *lab) allowed(from, to string, port int, words ...string) {
	l.t.Helper()
	a := l.ask(from, to, port)
	text := dump(a)
	if !a.Allowed || a.Failing != 0 || len(a.Advice) > 0 {
		l.t.Errorf("%s to %s is blocked:\n%s", from, to, text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			l.t.Errorf("%s to %s lacks %q:\n%s", from, to, w, text)
		}
	}
}

// blocked wants a path to be blocked, and an advice that has some words.
func (l *lab) blocked(from, to string, port int, words ...string) *explain.Answer {
	l.t.Helper()
	a := l.ask(from, to, port)
	text := dump(a)
	if a.Allowed || a.Failing == 0 {
		l.t.Errorf("%s to %s is allowed:\n%s", from, to, text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			l.t.Errorf("%s to %s lacks %q:\n%s", from, to, w, text)
		}
	}
	return a
}

func dump(a *explain.Answer) string {
	var b strings.Builder
	b.WriteString(a.From + " -> " + a.To + "\n")
	for _, h := range a.Hops {
		b.WriteString(string(h.Verdict) + " " + string(h.Kind) + " " + h.Rule + " " + h.Reason + "\n")
	}
	for _, x := range a.Advice {
		b.WriteString("lacks: " + x.Lacks + "\nmend: " + x.Mend + "\n")
	}
	return b.String()
}

func TestAllowed(t *testing.T) {
	l := start(t)
	l.allowed("web", "db", 0, "web -> the database", "tcp 5432", "sgr-", "a task of web (eni-", "the database (eni-")
	l.allowed("web", "database", 5432)
	l.allowed("lb", "web", 0, "tcp 8080", "the load balancer -> web")
	l.allowed("internet", "lb", 0, "tcp 80 to", "internet-gateway", "the load balancer (eni-")
	l.allowed("203.0.113.99", "load-balancer", 80)
	l.allowed("worker", "internet", 0, "nat-gateway", "tcp 443")
	l.allowed("report", "198.51.100.77", 443, "a task of report in subnet-")
	l.allowed("web", "shop-dev", 0, "the database shop-dev")
	if a := l.ask("web", "db", 0); a.Ways < 1 || a.Port != 5432 || a.Protocol != "tcp" {
		t.Errorf("got %+v", a)
	}
	dns := inspecttest.Must(l.try(explain.Question{From: "web", To: "10.0.0.2", Port: 53, Protocol: "udp"}))(t)
	if !dns.Allowed || !strings.Contains(dump(dns), "Amazon's DNS server") {
		t.Error(dump(dns))
	}

	// By addresses and interfaces, and with no task running.
	e := inspecttest.Must(inspect.Load(t.Context(), l.Clients, "shop", "dev"))(t)
	web, _ := e.Service("web")
	l.allowed(web.Tasks[0].Interface, "db", 0)
	l.allowed(web.Tasks[0].Address.String(), "db", 0)
	l.allowed("lb", web.Tasks[0].Address.String(), 8080)
	l.Scale("web", 0)
	l.allowed("web", "db", 0, "a task of web in subnet-")
	if a := l.ask("web", "db", 0); len(a.Notes) != 1 || !strings.HasPrefix(a.Notes[0], "no task of web runs") || a.Ways != 2 {
		t.Errorf("got the notes %q, %d ways", a.Notes, a.Ways)
	}
}

func TestBlocked(t *testing.T) {
	l := start(t)
	l.blocked("worker", "db", 0, "blocked security-groups", "No outbound rule of shop-dev-worker ("+l.Groups["worker"]+") allows tcp 5432",
		"lacks: shop-dev-database ("+l.Groups["database"]+") lacks an inbound rule: tcp 5432 from shop-dev-worker ("+l.Groups["worker"]+")",
		"lacks: shop-dev-worker ("+l.Groups["worker"]+") lacks an outbound rule: tcp 5432 to shop-dev-database",
		"mend: write services.worker.database = true in dev.tfvars, then atoll up dev")
	l.blocked("report", "db", 0, "write jobs.report.database = true in dev.tfvars")

	l.NotIn("database", 5432, "web")
	a := l.blocked("web", "db", 0, "No inbound rule of shop-dev-database ("+l.Groups["database"], "mend: atoll up dev puts it back: it is what the files say; dev.tfvars, line 7: services.web.database")
	if len(a.Advice) != 1 || a.Advice[0].Setting != "services.web.database" {
		t.Errorf("the advice is %+v", a.Advice)
	}
	l.In("database", 5432, "web")
	l.allowed("web", "db", 0)

	l.blocked("web", "internet", 587, "mend: write services.web.egress_ports = [..., 587] in dev.tfvars, then atoll up dev")
	l.blocked("lb", "worker", 8080, "mend: write services.worker.routing = ")
	l.NotIn("web", 8080, "load-balancer")
	l.blocked("lb", "web", 0, "atoll up dev puts it back: it is what the files say; dev.tfvars, line 8: services.web.routing")
	l.blocked("internet", "lb", 443, "give dev.tfvars a domain, or load_balancer.certificate_arn")
	l.blocked("internet", "web", 0, "has no public address", "atoll explain dev internet lb")
	l.blocked("internet", "db", 0, "for the environment's tasks alone")
	l.blocked("db", "web", 8080, "add it in Terraform, as an aws_vpc_security_group_egress_rule")

	inspecttest.Must(l.EC2.DeleteRoute(t.Context(), &ec2.DeleteRouteInput{RouteTableId: &l.PrivateTable, DestinationCidrBlock: aws.String("0.0.0.0/0")}))(t)
	l.blocked("web", "internet", 0, "has no route to", "atoll up dev puts back the routes")
}

func TestBlockedByACL(t *testing.T) {
	l := start(t)
	acls := inspecttest.Must(l.EC2.DescribeNetworkAcls(t.Context(), &ec2.DescribeNetworkAclsInput{Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{l.VPC}}}}))(t)
	id := acls.NetworkAcls[0].NetworkAclId
	inspecttest.Must(l.EC2.CreateNetworkAclEntry(t.Context(), &ec2.CreateNetworkAclEntryInput{NetworkAclId: id, RuleNumber: aws.Int32(50), Egress: aws.Bool(true), RuleAction: "deny",
		Protocol: aws.String("tcp"), CidrBlock: aws.String("0.0.0.0/0"), PortRange: &types.PortRange{From: aws.Int32(443), To: aws.Int32(443)}}))(t)
	l.blocked("web", "internet", 0, "Entry 50 of "+*id, "aws ec2 delete-network-acl-entry --network-acl-id "+*id+" --rule-number 50 --egress")
	inspecttest.Must(l.EC2.DeleteNetworkAclEntry(t.Context(), &ec2.DeleteNetworkAclEntryInput{NetworkAclId: id, RuleNumber: aws.Int32(100), Egress: aws.Bool(false)}))(t)
	l.blocked("internet", "lb", 0, "lacks an entry that allows it", "aws ec2 create-network-acl-entry --network-acl-id "+*id+" --rule-number NUMBER --ingress --rule-action allow --protocol tcp --port-range From=80,To=80 --cidr-block 192.0.2.1/32")
}

func TestMistakes(t *testing.T) {
	l := start(t)
	for _, c := range []struct {
		q    explain.Question
		want string
		try  string
	}{
		{explain.Question{From: "web", To: "cache"}, `dev has no part "cache"`, "one of: web, worker, report, lb, db, internet"},
		{explain.Question{From: "eni-0123456789abcdef0", To: "db"}, "there is no network interface eni-0123456789abcdef0", "describe-network-interfaces"},
		{explain.Question{From: "web", To: "worker"}, "on which port worker takes connections is not known", "--port"},
		{explain.Question{From: "web", To: "db", Protocol: "sctp"}, `the protocol "sctp" is not known`, "tcp, udp or icmp"},
	} {
		_, err := l.try(c.q)
		if err == nil {
			t.Errorf("%v was answered", c.q)
			continue
		}
		if message, try := hint.Split(err); !strings.Contains(message, c.want) || !strings.Contains(try, c.try) {
			t.Errorf("%v: %q, try %q", c.q, message, try)
		}
	}
}
