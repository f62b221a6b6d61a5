package rds_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/dataplane/postgres/postgrestest"
)

func TestServerLogsAndMetrics(t *testing.T) {
	postgrestest.Need(t)
	inner := start(t, cloudtest.Durable(), cloudtest.Postgres())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	inner.ctx = ctx
	c := &real{client: inner}
	signer := c.cloud.Signer()
	logs := cloudwatchlogs.NewFromConfig(c.cloud.Config(), func(o *cloudwatchlogs.Options) { o.HTTPSignerV4 = signer })
	metrics := cloudwatch.NewFromConfig(c.cloud.Config(), func(o *cloudwatch.Options) { o.HTTPSignerV4 = signer })
	c.create("a", fifteen, func(in *rds.CreateDBInstanceInput) {
		in.EnableCloudwatchLogsExports, in.MasterUserPassword, in.ManageMasterUserPassword = []string{"postgresql"}, nil, aws.Bool(true)
	})
	made := c.available("a")
	password := func() string {
		value := must(c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: made.MasterUserSecret.SecretArn}))(t).SecretString
		var secret struct{ Password string }
		if err := json.Unmarshal([]byte(*value), &secret); err != nil {
			t.Fatal(err)
		}
		return secret.Password
	}
	first := password()
	must(c.modify("a", func(in *rds.ModifyDBInstanceInput) {
		in.RotateMasterUserPassword, in.ApplyImmediately = aws.Bool(true), aws.Bool(true)
	}))(t)
	c.available("a")
	if _, err := c.connect("a", first, true); err == nil || !strings.Contains(err.Error(), "28P01") {
		t.Errorf("with the password from before its rotation: %v", err)
	}
	conn, err := c.connect("a", password(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SELECT * FROM nothing_of_that_name"); err == nil {
		t.Error("a table that is not there was read")
	}
	for found := false; !found; {
		if err := c.cloud.Idle(ctx); err != nil {
			t.Fatal(err)
		}
		out := must(logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/rds/instance/a/postgresql")}))(t)
		for _, e := range out.Events {
			found = found || strings.Contains(*e.Message, "nothing_of_that_name") && strings.Contains(*e.Message, ":app@shop:[")
		}
	}
	if err := c.cloud.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	values := func(name string, from time.Time) []cwtypes.Datapoint {
		return must(metrics.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{Namespace: aws.String("AWS/RDS"), MetricName: &name, StartTime: &from,
			EndTime: aws.Time(c.cloud.Clock.Now().Add(time.Minute)), Period: aws.Int32(60), Statistics: []cwtypes.Statistic{cwtypes.StatisticMaximum},
			Dimensions: []cwtypes.Dimension{{Name: aws.String("DBInstanceIdentifier"), Value: aws.String("a")}}}))(t).Datapoints
	}
	if len(values("FreeStorageSpace", made.InstanceCreateTime.Add(-time.Minute))) == 0 {
		t.Error("an instance that has become available has no values yet")
	}
	c.cloud.Clock.Advance(2 * time.Minute)
	from := c.cloud.Clock.Now()
	for _, name := range []string{"DatabaseConnections", "FreeStorageSpace", "FreeableMemory", "CPUUtilization"} {
		for found := false; !found; {
			c.cloud.Clock.Advance(time.Minute)
			points := values(name, from)
			if found = len(points) > 0; found {
				t.Logf("%s: %v", name, *points[0].Maximum)
				if name == "DatabaseConnections" && *points[0].Maximum != 1 {
					t.Errorf("%v connections are open", *points[0].Maximum)
				}
			}
			if ctx.Err() != nil {
				t.Fatal("no values came")
			}
		}
	}
}
