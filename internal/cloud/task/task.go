// Package task has the words in which services ask ECS to run tasks. It has no behaviour.
package task

// Request asks for tasks of a definition to be run once, as ecs:RunTask does.
type Request struct {
	Cluster           string // ARN or name
	Definition        string // ARN, with or without a revision
	LaunchType        string // empty: the cluster's default strategy, or CapacityProviders
	Count             int
	Subnets, Groups   []string // of tasks in the network mode awsvpc
	AssignPublicIP    bool
	PlatformVersion   string
	Group             string // empty: family:FAMILY
	CapacityProviders []CapacityProvider
	OverridesJSON     string // as ecs:RunTask's overrides in JSON; empty for none
	StartedBy         string
	PropagateTags     string // TASK_DEFINITION or empty
	ManagedTags       bool   // have ECS add its own tags
	EnableExec        bool
	Tags              map[string]string
}

// CapacityProvider is one of a capacity provider strategy.
type CapacityProvider struct {
	Name         string
	Weight, Base int
}
