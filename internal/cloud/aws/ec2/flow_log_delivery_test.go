package ec2

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/aws/iam"
	"atoll/internal/cloud/aws/logs"
	"atoll/internal/cloud/clock"
	"atoll/internal/reach"
)

// logged is an app with a flow log of its VPC, and what delivers it.
type logged struct {
	*app
	clock *clock.Manual
	logs  *logs.Service
	iam   *iam.Service
}

const flowLogTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},
	"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"},"ArnLike":{"aws:SourceArn":"arn:aws:ec2:us-east-1:111122223333:vpc-flow-log/*"}}}]}`

func newLogged(t *testing.T) *logged {
	t.Helper()
	a := newApp(t)
	now := clock.NewManual(time.Date(2026, 5, 1, 12, 0, 10, 0, time.UTC))
	discard := slog.New(slog.DiscardHandler)
	l := &logged{app: a, clock: now, logs: logs.New(logs.Deps{Store: a.d.Store, Clock: now, Logger: discard}), iam: iam.New(iam.Deps{Store: a.d.Store, Clock: now, Logger: discard})}
	a.d.Clock, a.d.Logs, a.d.Roles = now, l.logs, l.iam
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	did(l.iam.CreateRole(a.ctx, &iam.CreateRoleInput{RoleName: new("flow"), AssumeRolePolicyDocument: new(flowLogTrust)}))(t)
	did(l.logs.CreateLogGroup(a.ctx, &logs.CreateLogGroupInput{LogGroupName: new("/flow")}))(t)
	return l
}

// allow lets the role write.
func (l *logged) allow() {
	did(l.iam.PutRolePolicy(l.ctx, &iam.PutRolePolicyInput{RoleName: new("flow"), PolicyName: new("write"), PolicyDocument: new(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:us-east-1:111122223333:log-group:/flow:*"}]}`)}))(l.t)
}

func (l *logged) flowLog(in CreateFlowLogsInput) string {
	l.t.Helper()
	in.LogGroupName, in.DeliverLogsPermissionArn = new("/flow"), new("arn:aws:iam::111122223333:role/flow")
	in.MaxAggregationInterval = new(int64(60))
	out := did(l.CreateFlowLogs(l.ctx, &in))(l.t)
	if len(out.FlowLogIds) != 1 {
		l.t.Fatalf("got %+v", out)
	}
	return out.FlowLogIds[0]
}

// pass judges a flow and logs it.
func (l *logged) pass(f reach.Flow, sent, received int64) {
	f.SourcePort = 40000
	seen := SeenFlow{Flow: f, Path: l.Decide(f), Sent: Traffic{sent, sent * 100}}
	if seen.Path.Allowed {
		seen.Received = Traffic{received, received * 1000}
	}
	l.LogFlow(seen)
}

// advance moves on to the end of the interval.
func (l *logged) advance() {
	l.t.Helper()
	l.clock.Advance(time.Minute)
	if err := l.Idle(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// records gives those of a stream.
func (l *logged) records(stream string) []string {
	l.t.Helper()
	out, err := l.logs.GetLogEvents(l.ctx, &logs.GetLogEventsInput{LogGroupName: new("/flow"), LogStreamName: &stream, StartFromHead: new(true)})
	if err != nil {
		return nil
	}
	var list []string
	for _, e := range out.Events {
		list = append(list, *e.Message)
	}
	return list
}

func TestFlowLogDelivery(t *testing.T) {
	l := newLogged(t)
	l.allow()
	l.flowLog(CreateFlowLogsInput{ResourceType: new("VPC"), ResourceIds: []string{l.vpc}, TrafficType: new("ALL")})
	toDB := reach.Flow{From: l.web.ID, ToInterface: l.db.ID, Port: 5432}
	start := l.clock.Now().Unix()
	l.pass(toDB, 4, 3)
	l.clock.Advance(5 * time.Second)
	l.pass(toDB, 6, 7)
	l.pass(reach.Flow{From: l.web.ID, ToInterface: l.db.ID, Port: 22}, 1, 0)
	l.pass(reach.Flow{From: l.lb.ID, To: netip.MustParseAddr(l.web.PrivateIP), Port: 9999}, 1, 0)
	l.pass(reach.Flow{Source: office, ToInterface: l.lb.ID, Port: 80}, 2, 2)
	l.pass(reach.Flow{From: l.web.ID, To: office, Port: 443}, 5, 5)
	l.advance()

	web, db, lb := l.web, l.db, l.lb
	want := func(stream string, lines ...string) {
		t.Helper()
		got := l.records(stream)
		for _, line := range lines {
			found := false
			for _, g := range got {
				found = found || g == line
			}
			if !found {
				t.Errorf("%s lacks\n  %s\nit has\n  %s", stream, line, strings.Join(got, "\n  "))
			}
		}
		if len(got) != len(lines) {
			t.Errorf("%s has %d records, want %d:\n  %s", stream, len(got), len(lines), strings.Join(got, "\n  "))
		}
	}
	line := func(eni, src, dst, rest string) string {
		return fmt.Sprintf("2 111122223333 %s %s %s %s OK", eni, src, dst, rest)
	}
	all := fmt.Sprintf("%d %d", start, start+5)
	later := fmt.Sprintf("%d %d", start+5, start+5)
	want(web.ID+"-all",
		line(web.ID, web.PrivateIP, db.PrivateIP, "40000 5432 6 10 1000 "+all+" ACCEPT"),
		line(web.ID, db.PrivateIP, web.PrivateIP, "5432 40000 6 10 10000 "+all+" ACCEPT"),
		line(web.ID, web.PrivateIP, db.PrivateIP, "40000 22 6 1 100 "+later+" ACCEPT"),
		line(web.ID, lb.PrivateIP, web.PrivateIP, "40000 9999 6 1 100 "+later+" REJECT"),
		line(web.ID, web.PrivateIP, "192.0.2.10", "40000 443 6 5 500 "+later+" ACCEPT"),
		line(web.ID, "192.0.2.10", web.PrivateIP, "443 40000 6 5 5000 "+later+" ACCEPT"))
	want(db.ID+"-all",
		line(db.ID, web.PrivateIP, db.PrivateIP, "40000 5432 6 10 1000 "+all+" ACCEPT"),
		line(db.ID, db.PrivateIP, web.PrivateIP, "5432 40000 6 10 10000 "+all+" ACCEPT"),
		line(db.ID, web.PrivateIP, db.PrivateIP, "40000 22 6 1 100 "+later+" REJECT"))
	want(lb.ID+"-all",
		line(lb.ID, lb.PrivateIP, web.PrivateIP, "40000 9999 6 1 100 "+later+" ACCEPT"),
		line(lb.ID, "192.0.2.10", lb.PrivateIP, "40000 80 6 2 200 "+later+" ACCEPT"),
		line(lb.ID, lb.PrivateIP, "192.0.2.10", "80 40000 6 2 2000 "+later+" ACCEPT"))

	// The next interval begins anew.
	l.pass(toDB, 1, 0)
	l.advance()
	if n := len(l.records(db.ID + "-all")); n != 4 {
		t.Errorf("after the next interval there are %d records", n)
	}
}

// TestFlowLogKinds has logs of a subnet and of an interface, of one kind of traffic, in a format of their own.
func TestFlowLogKinds(t *testing.T) {
	l := newLogged(t)
	l.allow()
	l.flowLog(CreateFlowLogsInput{ResourceType: new("Subnet"), ResourceIds: []string{l.data}, TrafficType: new("REJECT")})
	l.flowLog(CreateFlowLogsInput{ResourceType: new("NetworkInterface"), ResourceIds: []string{l.web.ID}, TrafficType: new("ACCEPT"),
		LogFormat: new("${version} ${vpc-id} ${subnet-id} ${flow-direction} ${action} ${dstport} ${tcp-flags} ${region} ${type}")})
	l.pass(reach.Flow{From: l.web.ID, ToInterface: l.db.ID, Port: 5432}, 1, 0)
	l.pass(reach.Flow{From: l.web.ID, ToInterface: l.db.ID, Port: 22}, 1, 0)
	l.pass(reach.Flow{From: l.lb.ID, ToInterface: l.web.ID, Port: 22}, 1, 0)
	l.advance()
	if got := l.records(l.db.ID + "-reject"); len(got) != 1 || !strings.Contains(got[0], " 22 6 1 100 ") || !strings.HasSuffix(got[0], "REJECT OK") {
		t.Errorf("the subnet's log has %q", got)
	}
	got := l.records(l.web.ID + "-accept")
	head := "5 " + l.vpc + " " + l.private + " egress ACCEPT "
	if len(got) != 2 || !strings.HasPrefix(got[0], head) || !strings.HasSuffix(got[0], " - us-east-1 IPv4") {
		t.Errorf("the interface's log has %q", got)
	}
}

// TestFlowLogFailure has a role that may not write.
func TestFlowLogFailure(t *testing.T) {
	l := newLogged(t)
	id := l.flowLog(CreateFlowLogsInput{ResourceType: new("VPC"), ResourceIds: []string{l.vpc}, TrafficType: new("ALL")})
	status := func() string {
		f := did(l.DescribeFlowLogs(l.ctx, &DescribeFlowLogsInput{FlowLogIds: []string{id}}))(t).FlowLogs[0]
		return *f.DeliverLogsStatus + " " + text(f.DeliverLogsErrorMessage)
	}
	l.pass(reach.Flow{From: l.web.ID, ToInterface: l.db.ID, Port: 5432}, 1, 1)
	l.advance()
	if got := status(); got != "FAILED Access error" {
		t.Errorf("without permissions the status is %q", got)
	}
	l.allow()
	l.pass(reach.Flow{From: l.web.ID, ToInterface: l.db.ID, Port: 5432}, 1, 1)
	l.advance()
	if got := status(); got != "SUCCESS " || len(l.records(l.web.ID+"-all")) != 2 {
		t.Errorf("with permissions the status is %q", got)
	}
	l.pass(reach.Flow{From: l.web.ID, ToInterface: l.db.ID, Port: 5432}, 1, 1)
	did(l.DeleteFlowLogs(l.ctx, &DeleteFlowLogsInput{FlowLogIds: []string{id}}))(t)
	l.advance()
	if n := len(l.records(l.web.ID + "-all")); n != 2 {
		t.Errorf("a deleted log has %d records", n)
	}
}

func TestLogsFlows(t *testing.T) {
	l := newLogged(t)
	if l.LogsFlows(l.web.ID, l.db.ID) {
		t.Error("without a flow log")
	}
	l.flowLog(CreateFlowLogsInput{ResourceType: new("Subnet"), ResourceIds: []string{l.data}, TrafficType: new("REJECT")})
	for _, c := range []struct {
		interfaces []string
		want       bool
	}{{[]string{l.web.ID, l.db.ID}, true}, {[]string{"", l.db.ID}, true}, {[]string{l.web.ID, ""}, false}, {[]string{"eni-none"}, false}} {
		if got := l.LogsFlows(c.interfaces...); got != c.want {
			t.Errorf("%v: %v", c.interfaces, got)
		}
	}
}
