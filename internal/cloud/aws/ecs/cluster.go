package ecs

import (
	"context"
	"slices"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

type clusterRecord struct {
	Name      string
	Status    string
	Settings  []ClusterSetting
	Config    *ClusterConfiguration
	Providers []string
	Strategy  []CapacityProviderStrategyItem
	Deleted   time.Time
}

// kept is how long ECS shows what was deleted as INACTIVE here; AWS names no time.
const kept = time.Hour

func errNoCluster() error { return wire.Errorf("ClusterNotFoundException", "Cluster not found.") }

// cluster finds an active cluster by name or ARN; none means "default".
func (t *txn) cluster(cluster *string) (*clusterRecord, error) {
	c, ok := t.anyCluster(cluster)
	if !ok {
		return nil, errNoCluster()
	}
	if c.Status != statusActive {
		return nil, wire.Errorf("ClusterNotFoundException", "The referenced cluster was inactive.")
	}
	return c, nil
}

// anyCluster finds a cluster, a deleted one too.
func (t *txn) anyCluster(cluster *string) (*clusterRecord, bool) {
	name := clusterName(cluster)
	if c := text(cluster); c != "" && c != name && c != clusterARN(t.sc, name) {
		return nil, false
	}
	c, ok := t.clusters.Get(t.tx, t.sc, name)
	if !ok || c.Status == statusInactive && t.now.Sub(c.Deleted) >= kept {
		return nil, false
	}
	return c, true
}

// CreateCluster makes a cluster, or gives the active one of the name as it is.
func (s *Service) CreateCluster(ctx context.Context, in *CreateClusterInput) (*CreateClusterOutput, error) {
	name := text(in.ClusterName)
	if name == "" {
		name = "default"
	}
	if !names.MatchString(name) {
		return nil, invalid("The cluster name is not valid. It can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.")
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkNamespace("ecs:CreateCluster", in.ServiceConnectDefaults); err != nil {
		return nil, err
	}
	if err := checkClusterConfiguration(in.Configuration); err != nil {
		return nil, err
	}
	if err := checkClusterSettings(in.Settings); err != nil {
		return nil, err
	}
	out := &CreateClusterOutput{}
	return out, s.update(ctx, func(t *txn) error {
		c, ok := t.clusters.Get(t.tx, t.sc, name)
		if !ok || c.Status != statusActive {
			c = &clusterRecord{Name: name, Status: statusActive, Settings: t.clusterSettings(in.Settings), Config: in.Configuration}
			if err := checkProviders(in.CapacityProviders); err != nil {
				return err
			}
			if err := checkStrategy(in.DefaultCapacityProviderStrategy, in.CapacityProviders); err != nil {
				return err
			}
			c.Providers, c.Strategy = providerNames(in.CapacityProviders), strategyWithDefaults(in.DefaultCapacityProviderStrategy)
			t.clusters.Put(t.tx, t.sc, name, c)
			state.SetTags(t.tx, clusterARN(t.sc, name), tags)
		}
		out.Cluster = new(t.renderCluster(c, []string{"SETTINGS", "TAGS", "CONFIGURATIONS"}))
		return nil
	})
}

// UpdateCluster changes a cluster's settings and configuration.
func (s *Service) UpdateCluster(ctx context.Context, in *UpdateClusterInput) (*UpdateClusterOutput, error) {
	if err := checkNamespace("ecs:UpdateCluster", in.ServiceConnectDefaults); err != nil {
		return nil, err
	}
	if err := checkClusterConfiguration(in.Configuration); err != nil {
		return nil, err
	}
	out := &UpdateClusterOutput{}
	return out, s.changeCluster(ctx, in.Cluster, in.Settings, &out.Cluster, func(_ *txn, c *clusterRecord) error {
		if in.Configuration != nil {
			c.Config = in.Configuration
		}
		return nil
	})
}

// UpdateClusterSettings changes a cluster's settings.
func (s *Service) UpdateClusterSettings(ctx context.Context, in *UpdateClusterSettingsInput) (*UpdateClusterSettingsOutput, error) {
	out := &UpdateClusterSettingsOutput{}
	return out, s.changeCluster(ctx, in.Cluster, in.Settings, &out.Cluster, func(*txn, *clusterRecord) error { return nil })
}

func (s *Service) changeCluster(ctx context.Context, cluster *string, settings []ClusterSetting, out **Cluster, change func(t *txn, c *clusterRecord) error) error {
	if err := checkClusterSettings(settings); err != nil {
		return err
	}
	return s.update(ctx, func(t *txn) error {
		c, err := t.cluster(cluster)
		if err != nil {
			return err
		}
		for _, setting := range settings {
			i := slices.IndexFunc(c.Settings, func(have ClusterSetting) bool { return *have.Name == *setting.Name })
			c.Settings[i] = setting
		}
		if err := change(t, c); err != nil {
			return err
		}
		t.clusters.Put(t.tx, t.sc, c.Name, c)
		*out = new(t.renderCluster(c, []string{"SETTINGS", "TAGS", "CONFIGURATIONS"}))
		return nil
	})
}

// DeleteCluster deletes a cluster that has neither services nor tasks.
func (s *Service) DeleteCluster(ctx context.Context, in *DeleteClusterInput) (*DeleteClusterOutput, error) {
	out := &DeleteClusterOutput{}
	return out, s.update(ctx, func(t *txn) error {
		c, err := t.cluster(in.Cluster)
		if err != nil {
			return err
		}
		for _, r := range within(t, t.services, c.Name+"/") {
			if r.Status != statusInactive {
				return wire.Errorf("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
			}
		}
		for _, r := range within(t, t.tasks, c.Name+"/") {
			if !r.stopped() {
				return wire.Errorf("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
			}
		}
		out.Cluster = new(t.renderCluster(c, []string{"SETTINGS", "TAGS", "CONFIGURATIONS"}))
		c.Status, c.Deleted = statusInactive, t.now
		t.clusters.Put(t.tx, t.sc, c.Name, c)
		out.Cluster.Status = new(c.Status)
		return nil
	})
}

// DescribeClusters shows clusters; without names, the default cluster.
func (s *Service) DescribeClusters(ctx context.Context, in *DescribeClustersInput) (*DescribeClustersOutput, error) {
	if len(in.Clusters) > 100 {
		return nil, invalid("Clusters cannot have more than 100 elements.")
	}
	for _, field := range in.Include {
		if err := oneOf("include", &field, "ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"); err != nil {
			return nil, err
		}
	}
	clusters := in.Clusters
	if len(clusters) == 0 {
		clusters = []string{"default"}
	}
	out := &DescribeClustersOutput{Clusters: []Cluster{}, Failures: []Failure{}}
	return out, s.view(ctx, func(t *txn) error {
		for _, name := range clusters {
			c, ok := t.anyCluster(&name)
			if !ok {
				out.Failures = append(out.Failures, missing(clusterARN(t.sc, last(name))))
				continue
			}
			out.Clusters = append(out.Clusters, t.renderCluster(c, in.Include))
		}
		return nil
	})
}

// missing is what AWS answers for one of several resources that is not there.
func missing(arn string) Failure { return Failure{Arn: new(arn), Reason: new("MISSING")} }

// ListClusters lists the active clusters.
func (s *Service) ListClusters(ctx context.Context, in *ListClustersInput) (*ListClustersOutput, error) {
	p, err := pageOf(in.MaxResults, in.NextToken, 100)
	if err != nil {
		return nil, err
	}
	out := &ListClustersOutput{ClusterArns: []string{}}
	return out, s.view(ctx, func(t *txn) error {
		found, next := tablePage(t, t.clusters, "", p, func(c *clusterRecord) bool { return c.Status == statusActive })
		for _, c := range found {
			out.ClusterArns = append(out.ClusterArns, clusterARN(t.sc, c.Name))
		}
		out.NextToken = next
		return nil
	})
}

func (t *txn) renderCluster(c *clusterRecord, include []string) Cluster {
	counts := t.count(c.Name)
	out := Cluster{
		ClusterArn: new(clusterARN(t.sc, c.Name)), ClusterName: new(c.Name), Status: new(c.Status),
		RegisteredContainerInstancesCount: new(int64(0)), RunningTasksCount: new(counts.running[fargate] + counts.running[ec2]),
		PendingTasksCount: new(counts.pending[fargate] + counts.pending[ec2]), ActiveServicesCount: new(counts.active[fargate] + counts.active[ec2]),
		Statistics: []KeyValuePair{}, Tags: []Tag{}, Settings: []ClusterSetting{},
		CapacityProviders: append([]string{}, c.Providers...), DefaultCapacityProviderStrategy: append([]CapacityProviderStrategyItem{}, c.Strategy...),
	}
	if slices.Contains(include, "SETTINGS") {
		out.Settings = append(out.Settings, c.Settings...)
	}
	if slices.Contains(include, "CONFIGURATIONS") {
		out.Configuration = c.Config
	}
	if slices.Contains(include, "TAGS") {
		out.Tags = t.tagList(clusterARN(t.sc, c.Name))
	}
	if slices.Contains(include, "STATISTICS") {
		out.Statistics = counts.statistics()
	}
	return out
}
