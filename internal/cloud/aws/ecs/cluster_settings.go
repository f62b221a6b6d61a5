package ecs

import (
	"strconv"

	"atoll/internal/cloud/wire"
)

func checkClusterSettings(settings []ClusterSetting) error {
	for _, s := range settings {
		if text(s.Name) != "containerInsights" {
			return invalid("Invalid setting name %s. Valid name is: containerInsights", text(s.Name))
		}
		switch text(s.Value) {
		case "enabled", "disabled", "enhanced":
		default:
			return invalid("Invalid setting value %s. Valid values are: enabled, enhanced, disabled", text(s.Value))
		}
	}
	return nil
}

// clusterSettings gives the settings of a new cluster: what is not given is as the caller's account has it.
func (t *txn) clusterSettings(given []ClusterSetting) []ClusterSetting {
	if len(given) > 0 {
		return given[:1]
	}
	return []ClusterSetting{{Name: new("containerInsights"), Value: new(t.setting("containerInsights", t.caller).value)}}
}

// checkNamespace refuses a default namespace: there is no Cloud Map that could have one. An empty one takes the default away.
func checkNamespace(operation string, defaults *ClusterServiceConnectDefaultsRequest) error {
	if defaults == nil || *defaults.Namespace == "" {
		return nil
	}
	return wire.NotImplemented(operation + " with serviceConnectDefaults, which need AWS Cloud Map")
}

// checkClusterConfiguration checks what ECS Exec and managed storage are to use.
func checkClusterConfiguration(c *ClusterConfiguration) error {
	if c == nil || c.ExecuteCommandConfiguration == nil {
		return nil
	}
	e := c.ExecuteCommandConfiguration
	if err := oneOf("configuration.executeCommandConfiguration.logging", e.Logging, "DEFAULT", "NONE", "OVERRIDE"); err != nil {
		return err
	}
	switch logs := e.LogConfiguration; {
	case logs == nil && text(e.Logging) == "OVERRIDE":
		return invalid("A logConfiguration must be specified when the logging is OVERRIDE.")
	case logs == nil:
	case text(e.Logging) != "OVERRIDE":
		return invalid("A logConfiguration can only be specified when the logging is OVERRIDE.")
	case truth(logs.S3EncryptionEnabled) && text(logs.S3BucketName) == "":
		return invalid("An s3BucketName must be specified when s3EncryptionEnabled is true.")
	case truth(logs.CloudWatchEncryptionEnabled) && text(logs.CloudWatchLogGroupName) == "":
		return invalid("A cloudWatchLogGroupName must be specified when cloudWatchEncryptionEnabled is true.")
	}
	return nil
}

// clusterCounts are numbers of tasks and services by launch type.
type clusterCounts struct{ running, pending, active, draining map[string]int64 }

func (t *txn) count(cluster string) clusterCounts {
	c := clusterCounts{map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}}
	for _, r := range within(t, t.tasks, cluster+"/") {
		switch *r.Task.LastStatus {
		case taskRunning:
			c.running[*r.Task.LaunchType]++
		case taskProvisioning, taskPending, taskActivating:
			c.pending[*r.Task.LaunchType]++
		}
	}
	for _, r := range within(t, t.services, cluster+"/") {
		switch r.Status {
		case statusActive:
			c.active[r.launch()]++
		case statusDraining:
			c.draining[r.launch()]++
		}
	}
	return c
}

func (c *clusterCounts) statistics() []KeyValuePair {
	out := []KeyValuePair{}
	for _, of := range []struct {
		name   string
		counts map[string]int64
		launch string
	}{
		{"runningEC2TasksCount", c.running, ec2}, {"runningFargateTasksCount", c.running, fargate}, {"pendingEC2TasksCount", c.pending, ec2},
		{"pendingFargateTasksCount", c.pending, fargate}, {"activeEC2ServiceCount", c.active, ec2}, {"activeFargateServiceCount", c.active, fargate},
		{"drainingEC2ServiceCount", c.draining, ec2}, {"drainingFargateServiceCount", c.draining, fargate},
	} {
		out = append(out, KeyValuePair{Name: new(of.name), Value: new(strconv.FormatInt(of.counts[of.launch], 10))})
	}
	return out
}
