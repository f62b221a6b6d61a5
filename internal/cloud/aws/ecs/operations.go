package ecs

import (
	"context"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.CreateCapacityProvider),
		wire.Write(s.CreateCluster, on(func(sc state.Scope, in *CreateClusterInput) []string { return clusterOf(sc, in.ClusterName) })),
		wire.Write(s.CreateService, on(func(sc state.Scope, in *CreateServiceInput) []string {
			return serviceOf(sc, in.Cluster, in.ServiceName)
		})),
		wire.Write(s.DeleteAccountSetting),
		wire.Write(s.DeleteCapacityProvider, on(func(sc state.Scope, in *DeleteCapacityProviderInput) []string {
			return []string{arn(sc, "capacity-provider", last(text(in.CapacityProvider)))}
		})),
		wire.Write(s.DeleteCluster, on(func(sc state.Scope, in *DeleteClusterInput) []string { return clusterOf(sc, in.Cluster) })),
		wire.Write(s.DeleteService, on(func(sc state.Scope, in *DeleteServiceInput) []string { return serviceOf(sc, in.Cluster, in.Service) })),
		wire.Write(s.DeleteTaskDefinitions, on(func(sc state.Scope, in *DeleteTaskDefinitionsInput) []string {
			var out []string
			for _, d := range in.TaskDefinitions {
				out = append(out, definitionOf(sc, &d)...)
			}
			return out
		})),
		wire.Write(s.DeregisterTaskDefinition), // AWS authorises it on "*", and DescribeTaskDefinition too
		wire.Read(s.DescribeCapacityProviders),
		wire.Read(s.DescribeClusters, on(func(sc state.Scope, in *DescribeClustersInput) []string {
			var out []string
			for _, c := range in.Clusters {
				out = append(out, clusterARN(sc, last(c)))
			}
			return out
		})),
		wire.Read(s.DescribeContainerInstances),
		wire.Read(s.DescribeServiceDeployments, on(func(_ state.Scope, in *DescribeServiceDeploymentsInput) []string { return in.ServiceDeploymentArns })),
		wire.Read(s.DescribeServiceRevisions, on(func(_ state.Scope, in *DescribeServiceRevisionsInput) []string { return in.ServiceRevisionArns })),
		wire.Read(s.DescribeServices, on(func(sc state.Scope, in *DescribeServicesInput) []string {
			var out []string
			for _, name := range in.Services {
				out = append(out, serviceOf(sc, in.Cluster, &name)...)
			}
			return out
		})),
		wire.Read(s.DescribeTaskDefinition),
		wire.Read(s.DescribeTasks, on(func(sc state.Scope, in *DescribeTasksInput) []string { return tasksOf(sc, in.Cluster, in.Tasks) })),
		wire.Write(s.ExecuteCommand, on(func(sc state.Scope, in *ExecuteCommandInput) []string {
			return append(clusterOf(sc, in.Cluster), tasksOf(sc, in.Cluster, []string{text(in.Task)})...)
		})),
		wire.Read(s.GetTaskProtection, on(func(sc state.Scope, in *GetTaskProtectionInput) []string { return tasksOf(sc, in.Cluster, in.Tasks) })),
		wire.Read(s.ListAccountSettings),
		wire.Read(s.ListClusters),
		wire.Read(s.ListContainerInstances, on(func(sc state.Scope, in *ListContainerInstancesInput) []string { return clusterOf(sc, in.Cluster) })),
		wire.Read(s.ListServiceDeployments, on(func(sc state.Scope, in *ListServiceDeploymentsInput) []string {
			return serviceOf(sc, in.Cluster, in.Service)
		})),
		wire.Read(s.ListServices),
		wire.Read(s.ListServicesByNamespace),
		wire.Read(s.ListTagsForResource, on(func(_ state.Scope, in *ListTagsForResourceInput) []string { return []string{text(in.ResourceArn)} })),
		wire.Read(s.ListTaskDefinitionFamilies),
		wire.Read(s.ListTaskDefinitions),
		wire.Read(s.ListTasks),
		wire.Write(s.PutAccountSetting),
		wire.Write(s.PutAccountSettingDefault),
		wire.Write(s.PutClusterCapacityProviders, on(func(sc state.Scope, in *PutClusterCapacityProvidersInput) []string { return clusterOf(sc, in.Cluster) })),
		wire.Write(s.RegisterTaskDefinition, on(func(sc state.Scope, in *RegisterTaskDefinitionInput) []string {
			return []string{arn(sc, "task-definition", text(in.Family)+":*")}
		})),
		wire.Write(s.RunTask, on(func(sc state.Scope, in *RunTaskInput) []string { return definitionOf(sc, in.TaskDefinition) })),
		wire.Write(s.StopServiceDeployment, on(func(_ state.Scope, in *StopServiceDeploymentInput) []string {
			return []string{text(in.ServiceDeploymentArn)}
		})),
		wire.Write(s.StopTask, on(func(sc state.Scope, in *StopTaskInput) []string {
			return tasksOf(sc, in.Cluster, []string{text(in.Task)})
		})),
		wire.Write(s.TagResource, on(func(_ state.Scope, in *TagResourceInput) []string { return []string{text(in.ResourceArn)} })),
		wire.Write(s.UntagResource, on(func(_ state.Scope, in *UntagResourceInput) []string { return []string{text(in.ResourceArn)} })),
		wire.Write(s.UpdateCapacityProvider, on(func(sc state.Scope, in *UpdateCapacityProviderInput) []string {
			return []string{arn(sc, "capacity-provider", last(text(in.Name)))}
		})),
		wire.Write(s.UpdateCluster, on(func(sc state.Scope, in *UpdateClusterInput) []string { return clusterOf(sc, in.Cluster) })),
		wire.Write(s.UpdateClusterSettings, on(func(sc state.Scope, in *UpdateClusterSettingsInput) []string { return clusterOf(sc, in.Cluster) })),
		wire.Write(s.UpdateService, on(func(sc state.Scope, in *UpdateServiceInput) []string { return serviceOf(sc, in.Cluster, in.Service) })),
		wire.Write(s.UpdateTaskProtection, on(func(sc state.Scope, in *UpdateTaskProtectionInput) []string { return tasksOf(sc, in.Cluster, in.Tasks) })),
	}
}

// on says which resources a call is about, in the caller's account and region.
func on[I any](resources func(sc state.Scope, in *I) []string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string { return resources(wire.CallFrom(ctx).Scope(), in) })
}

func clusterOf(sc state.Scope, cluster *string) []string {
	return []string{clusterARN(sc, clusterName(cluster))}
}

func serviceOf(sc state.Scope, cluster, service *string) []string {
	return []string{arn(sc, "service", clusterName(cluster)+"/"+serviceName(text(service)))}
}

func definitionOf(sc state.Scope, definition *string) []string {
	return []string{arn(sc, "task-definition", last(text(definition)))}
}

func tasksOf(sc state.Scope, cluster *string, tasks []string) []string {
	var out []string
	for _, task := range tasks {
		out = append(out, arn(sc, "task", clusterName(cluster)+"/"+last(task)))
	}
	return out
}
