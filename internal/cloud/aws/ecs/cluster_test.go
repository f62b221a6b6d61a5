package ecs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"atoll/internal/cloud"
)

func TestClusterLifeCycle(t *testing.T) {
	l := start(t)
	in := &ecs.CreateClusterInput{ClusterName: aws.String("c"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}
	c := must(l.CreateCluster(l.ctx, in))(t).Cluster
	if *c.ClusterArn != prefix+"cluster/c" || *c.Status != "ACTIVE" || len(c.Tags) != 1 || *c.Settings[0].Value != "disabled" || len(c.CapacityProviders) != 0 {
		t.Errorf("got %+v", c)
	}
	describe := func(include ...types.ClusterField) *types.Cluster {
		t.Helper()
		return &must(l.DescribeClusters(l.ctx, &ecs.DescribeClustersInput{Clusters: []string{*c.ClusterArn}, Include: include}))(t).Clusters[0]
	}
	must(l.UpdateCluster(l.ctx, &ecs.UpdateClusterInput{Cluster: aws.String("c"), Settings: []types.ClusterSetting{{Name: "containerInsights", Value: aws.String("enhanced")}},
		Configuration: &types.ClusterConfiguration{ExecuteCommandConfiguration: &types.ExecuteCommandConfiguration{Logging: types.ExecuteCommandLoggingNone}}}))(t)
	if got := describe(types.ClusterFieldSettings, types.ClusterFieldConfigurations, types.ClusterFieldStatistics); *got.Settings[0].Value != "enhanced" ||
		got.Configuration.ExecuteCommandConfiguration.Logging != "NONE" || len(got.Statistics) != 8 || len(got.Tags) != 0 {
		t.Errorf("got %+v", got)
	}
	if got := describe(); len(got.Settings) != 0 || got.Configuration != nil {
		t.Errorf("got %+v", got)
	}
	if again := must(l.CreateCluster(l.ctx, in))(t).Cluster; *again.Settings[0].Value != "enhanced" {
		t.Errorf("made again, got %+v", again)
	}
	must(l.DeleteCluster(l.ctx, &ecs.DeleteClusterInput{Cluster: aws.String("c")}))(t)
	if got := describe(); *got.Status != "INACTIVE" {
		t.Errorf("got %+v", got)
	}
	_, err := l.DeleteCluster(l.ctx, &ecs.DeleteClusterInput{Cluster: aws.String("c")})
	refused(t, err, "ClusterNotFoundException")
	l.cloud.Clock.Advance(time.Hour)
	if out := must(l.DescribeClusters(l.ctx, &ecs.DescribeClustersInput{Clusters: []string{"c"}}))(t); len(out.Clusters) != 0 || *out.Failures[0].Reason != "MISSING" {
		t.Errorf("got %+v", out)
	}
}

func TestClusterChecks(t *testing.T) {
	l := start(t)
	for _, c := range []struct {
		in         ecs.CreateClusterInput
		code, want string
	}{
		{ecs.CreateClusterInput{ClusterName: aws.String("a b")}, "InvalidParameterException", "cluster name"},
		{ecs.CreateClusterInput{Settings: []types.ClusterSetting{{Name: "containerInsights", Value: aws.String("x")}}}, "InvalidParameterException", "setting value x"},
		{ecs.CreateClusterInput{CapacityProviders: []string{"x"}}, "InvalidParameterException", "The specified capacity provider 'x' was not found."},
		{ecs.CreateClusterInput{ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("x")}}, "NotImplementedByLocalCloud", "Cloud Map"},
		{ecs.CreateClusterInput{Configuration: &types.ClusterConfiguration{ExecuteCommandConfiguration: &types.ExecuteCommandConfiguration{Logging: types.ExecuteCommandLoggingOverride}}},
			"InvalidParameterException", "logConfiguration"},
	} {
		_, err := l.CreateCluster(l.ctx, &c.in)
		refused(t, err, c.code, c.want)
	}
}

func TestClustersInPages(t *testing.T) {
	l := start(t)
	for i := range 5 {
		must(l.CreateCluster(l.ctx, &ecs.CreateClusterInput{ClusterName: aws.String(fmt.Sprint("c", i))}))(t)
	}
	var got []string
	for pages := ecs.NewListClustersPaginator(l, &ecs.ListClustersInput{MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
		for _, arn := range must(pages.NextPage(l.ctx))(t).ClusterArns {
			got = append(got, strings.TrimPrefix(arn, prefix+"cluster/"))
		}
	}
	if strings.Join(got, " ") != "c0 c1 c2 c3 c4 main" {
		t.Errorf("got %q", got)
	}
	_, err := l.ListClusters(l.ctx, &ecs.ListClustersInput{NextToken: aws.String("?")})
	refused(t, err, "InvalidParameterException")
}

func TestCapacityProviders(t *testing.T) {
	l := start(t)
	l.register(fargate("app"))
	main := aws.String("main")
	item := func(name string, base, weight int32) types.CapacityProviderStrategyItem {
		return types.CapacityProviderStrategyItem{CapacityProvider: &name, Base: base, Weight: weight}
	}
	for _, c := range []struct {
		strategy []types.CapacityProviderStrategyItem
		want     string
	}{
		{[]types.CapacityProviderStrategyItem{item("FARGATE_SPOT", 0, 1)}, "not associated with the cluster"},
		{[]types.CapacityProviderStrategyItem{item("FARGATE", 0, 1), item("FARGATE", 0, 1)}, "duplicate"},
		{[]types.CapacityProviderStrategyItem{item("FARGATE", 0, 1001)}, "weight"},
	} {
		_, err := l.PutClusterCapacityProviders(l.ctx, &ecs.PutClusterCapacityProvidersInput{Cluster: main, CapacityProviders: []string{"FARGATE"}, DefaultCapacityProviderStrategy: c.strategy})
		refused(t, err, "InvalidParameterException", c.want)
	}
	c := must(l.PutClusterCapacityProviders(l.ctx, &ecs.PutClusterCapacityProvidersInput{Cluster: main, CapacityProviders: []string{"FARGATE", "FARGATE_SPOT"},
		DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{item("FARGATE", 1, 1), item("FARGATE_SPOT", 0, 3)}}))(t).Cluster
	if len(c.CapacityProviders) != 2 || c.DefaultCapacityProviderStrategy[1].Weight != 3 {
		t.Errorf("got %+v", c)
	}
	in := l.service("web", "app", 5)
	in.LaunchType = ""
	s := l.create(in)
	if s.LaunchType != "" || len(s.CapacityProviderStrategy) != 2 || *s.PlatformVersion != "LATEST" {
		t.Errorf("got %+v", s)
	}
	count := map[string]int{}
	for _, task := range l.tasks("web", "") {
		count[*task.CapacityProviderName]++
	}
	if count["FARGATE"] != 2 || count["FARGATE_SPOT"] != 3 {
		t.Errorf("got %v", count)
	}
	_, err := l.PutClusterCapacityProviders(l.ctx, &ecs.PutClusterCapacityProvidersInput{Cluster: main, CapacityProviders: []string{}, DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{}})
	refused(t, err, "ResourceInUseException")
	spot := []types.CapacityProviderStrategyItem{item("FARGATE_SPOT", 0, 1)}
	_, err = l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: main, Service: aws.String("web"), CapacityProviderStrategy: spot})
	refused(t, err, "InvalidParameterException", "you must force a new deployment")
	must(l.UpdateService(l.ctx, &ecs.UpdateServiceInput{Cluster: main, Service: aws.String("web"), CapacityProviderStrategy: spot, ForceNewDeployment: true}))(t)
	for _, task := range l.tasks("web", "") {
		if *task.CapacityProviderName != "FARGATE_SPOT" {
			t.Errorf("got a task on %s", *task.CapacityProviderName)
		}
	}
	out := must(l.DescribeCapacityProviders(l.ctx, &ecs.DescribeCapacityProvidersInput{}))(t)
	if len(out.CapacityProviders) != 2 || *out.CapacityProviders[1].Name != "FARGATE_SPOT" {
		t.Errorf("got %+v", out)
	}
	_, err = l.CreateCapacityProvider(l.ctx, &ecs.CreateCapacityProviderInput{Name: aws.String("x"), AutoScalingGroupProvider: &types.AutoScalingGroupProvider{AutoScalingGroupArn: aws.String("x")}})
	refused(t, err, "NotImplementedByLocalCloud")
	_, err = l.DeleteCapacityProvider(l.ctx, &ecs.DeleteCapacityProviderInput{CapacityProvider: aws.String("x")})
	refused(t, err, "ClientException", "capacity provider does not exist")
}

func TestAccountSettings(t *testing.T) {
	l := start(t)
	effective := func(name types.SettingName) types.Setting {
		t.Helper()
		return must(l.ListAccountSettings(l.ctx, &ecs.ListAccountSettingsInput{Name: name, EffectiveSettings: true}))(t).Settings[0]
	}
	if s := effective(types.SettingNameContainerInsights); *s.Value != "disabled" || *s.PrincipalArn != "arn:aws:iam::"+cloud.DefaultAccount+":root" {
		t.Errorf("got %+v", s)
	}
	must(l.PutAccountSettingDefault(l.ctx, &ecs.PutAccountSettingDefaultInput{Name: types.SettingNameContainerInsights, Value: aws.String("enabled")}))(t)
	if s := effective(types.SettingNameContainerInsights); *s.Value != "enabled" {
		t.Errorf("got %+v", s)
	}
	c := must(l.CreateCluster(l.ctx, &ecs.CreateClusterInput{ClusterName: aws.String("c")}))(t).Cluster
	if *c.Settings[0].Value != "enabled" {
		t.Errorf("a new cluster has %+v", c.Settings)
	}
	_, err := l.PutAccountSettingDefault(l.ctx, &ecs.PutAccountSettingDefaultInput{Name: types.SettingNameTaskLongArnFormat, Value: aws.String("disabled")})
	refused(t, err, "InvalidParameterException", "You can no longer disable")
	_, err = l.PutAccountSetting(l.ctx, &ecs.PutAccountSettingInput{Name: types.SettingNameContainerInsights, Value: aws.String("x")})
	refused(t, err, "InvalidParameterException")
	must(l.DeleteAccountSetting(l.ctx, &ecs.DeleteAccountSettingInput{Name: types.SettingNameContainerInsights}))(t)
	if s := effective(types.SettingNameContainerInsights); *s.Value != "disabled" {
		t.Errorf("got %+v", s)
	}
	if got := must(l.ListAccountSettings(l.ctx, &ecs.ListAccountSettingsInput{}))(t).Settings; len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}
