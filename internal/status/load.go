package status

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"atoll/internal/inspect"
)

// Load asks how an environment does; now is the present time.
func Load(ctx context.Context, e *inspect.Environment, now time.Time) (*Status, error) {
	s := &Status{Environment: e.Name, Region: e.Config.Region, LoadBalancer: balancer(e.LoadBalancer), Problems: []Problem{}, Databases: []Database{}} // lists that JSON has as such
	for i := range e.Databases {
		d := database(&e.Databases[i])
		if !d.answers {
			var err error
			if d.Why, err = e.Why(ctx, &e.Databases[i]); err != nil {
				return nil, err
			}
		}
		s.Databases = append(s.Databases, d)
	}
	l := &loader{e: e, s: s}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.containers(ctx) })
	g.Go(func() error { return l.alarms(ctx) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	s.judge(now)
	return s, nil
}

// loader fills a status in.
type loader struct {
	e *inspect.Environment
	s *Status
}

func balancer(lb *inspect.LoadBalancer) *LoadBalancer {
	if lb == nil {
		return nil
	}
	out := &LoadBalancer{Name: lb.Name, DNS: lb.DNSName, Scheme: string(lb.Detail.Scheme), URL: URL(lb, "")}
	if st := lb.Detail.State; st != nil {
		out.State = string(st.Code)
	}
	return out
}

// URL gives the address at which a load balancer takes requests, under a domain of the environment's own or, where it is empty, under its own
// name. Empty without a listener.
func URL(lb *inspect.LoadBalancer, domain string) string {
	port := lb.Port()
	if port == 0 {
		return ""
	}
	u := url.URL{Scheme: "http", Host: cmp.Or(domain, lb.DNSName)}
	for _, l := range lb.Listeners {
		if int(aws.ToInt32(l.Port)) == port && l.Protocol == elbtypes.ProtocolEnumHttps {
			u.Scheme = "https"
		}
	}
	if usual := map[string]int{"http": 80, "https": 443}; usual[u.Scheme] != port {
		u.Host = net.JoinHostPort(u.Host, strconv.Itoa(port))
	}
	return u.String()
}

func database(d *inspect.Database) Database {
	i := d.Detail
	return Database{ID: d.ID, Status: aws.ToString(i.DBInstanceStatus), Class: aws.ToString(i.DBInstanceClass), Engine: aws.ToString(i.Engine),
		Version: aws.ToString(i.EngineVersion), Host: d.Address, Port: d.Port, StorageGiB: int(aws.ToInt32(i.AllocatedStorage)),
		MaxGiB: int(aws.ToInt32(i.MaxAllocatedStorage)), MultiAZ: aws.ToBool(i.MultiAZ), Zone: aws.ToString(i.AvailabilityZone), Replica: d.Replica(),
		Pending: pending(d), answers: d.Answers()}
}

// pending reports whether changes wait for the maintenance window.
func pending(d *inspect.Database) bool {
	p := d.Detail.PendingModifiedValues
	return p != nil && (p.DBInstanceClass != nil || p.AllocatedStorage != nil || p.EngineVersion != nil || p.MultiAZ != nil || p.MasterUserPassword != nil ||
		p.StorageType != nil || p.Iops != nil || p.Port != nil || p.BackupRetentionPeriod != nil)
}

// alarms finds those that carry the environment's tags, or begin with its prefix where the tags are not known yet. The alarms of target tracking,
// of which one is always in alarm, do neither.
func (l *loader) alarms(ctx context.Context) error {
	var names []string
	for _, arn := range l.e.Tagged("cloudwatch", "alarm:") {
		names = append(names, arn[strings.LastIndex(arn, ":alarm:")+len(":alarm:"):])
	}
	in := &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(l.e.Prefix() + "-"), AlarmTypes: []cwtypes.AlarmType{"MetricAlarm", "CompositeAlarm"}}
	var all []Alarm
	for pages := cloudwatch.NewDescribeAlarmsPaginator(cloudwatch.NewFromConfig(l.e.Config), in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("asking for the alarms: %w", err)
		}
		for _, a := range page.MetricAlarms {
			all = append(all, Alarm{aws.ToString(a.AlarmName), string(a.StateValue), aws.ToString(a.AlarmDescription), aws.ToString(a.StateReason), since(a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)})
		}
		for _, a := range page.CompositeAlarms {
			all = append(all, Alarm{aws.ToString(a.AlarmName), string(a.StateValue), aws.ToString(a.AlarmDescription), aws.ToString(a.StateReason), since(a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)})
		}
	}
	out := Alarms{All: []Alarm{}}
	for _, a := range all {
		if len(names) > 0 && !slices.Contains(names, a.Name) {
			continue
		}
		switch a.State {
		case "ALARM":
			out.Alarm++
		case "OK":
			out.OK++
		default:
			out.Insufficient++
		}
		out.All = append(out.All, a)
	}
	rank := func(a Alarm) int { return slices.Index([]string{"ALARM", "INSUFFICIENT_DATA", "OK"}, a.State) }
	slices.SortFunc(out.All, func(a, b Alarm) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name)) })
	l.s.Alarms = out
	return nil
}

// since gives the first of times that is there.
func since(times ...*time.Time) time.Time {
	for _, t := range times {
		if t != nil {
			return *t
		}
	}
	return time.Time{}
}
