package fargate

import (
	"context"
	"time"

	"atoll/internal/cloud/aws/cloudwatch"
	"atoll/internal/cloud/state"
)

const (
	// measures is how often tasks are measured.
	measures = time.Minute
	// youngest is how long a task must have run to be measured: what it takes to come up says nothing of what it takes to serve.
	youngest = 20 * time.Second
)

// Metrics takes what was measured.
type Metrics interface {
	PutData(ctx context.Context, sc state.Scope, data []cloudwatch.Datum) error
}

// Meter tells CloudWatch each minute what the tasks of services use: CPUUtilization and MemoryUtilization in percent of the tasks' size, a
// value for each task. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_utilization.html
// A cluster has no such metrics of its own: AWS has them of EC2 instances only. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster_utilization.html
type Meter struct {
	agent   *Agent
	metrics Metrics
	before  map[*task]reading
}

// reading is the CPU time that a task has taken up to a moment.
type reading struct {
	at  time.Time
	cpu time.Duration
}

// NewMeter makes a meter of an agent's tasks.
func NewMeter(a *Agent, m Metrics) *Meter {
	return &Meter{agent: a, metrics: m, before: map[*task]reading{}}
}

// Run measures at the end of each minute, until ctx ends.
func (m *Meter) Run(ctx context.Context) error {
	clock := m.agent.d.Clock
	for {
		minute := clock.Now().Truncate(measures)
		if err := clock.Wait(ctx, minute.Add(measures)); err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		for sc, data := range m.measure(minute) {
			if err := m.metrics.PutData(ctx, sc, data); err != nil && ctx.Err() == nil {
				m.agent.d.Logger.Error("what tasks use cannot be stored", "account", sc.Account, "region", sc.Region, "err", err)
			}
		}
	}
}

// service names a service of ECS.
type service struct {
	sc            state.Scope
	cluster, name string
}

// measure gives the metrics of all services, as of the minute that has ended.
func (m *Meter) measure(minute time.Time) map[state.Scope][]cloudwatch.Datum {
	cpu, memory := map[service][]float64{}, map[service][]float64{}
	earlier := m.before
	m.before = map[*task]reading{}
	for _, t := range m.agent.measured() {
		s := service{t.sc, last(text(t.record.ClusterArn)), t.service()}
		before, known := earlier[t.task]
		if !known {
			before.at = t.began
		}
		now := t.now()
		lasted := now.Sub(before.at)
		if !known && lasted < youngest {
			continue
		}
		used, err := m.agent.d.Runtime.Usage(t.id)
		if err != nil || lasted <= 0 { // it has just ended, or the machine does not tell
			continue
		}
		m.before[t.task] = reading{now, used.CPU}
		cpu[s] = append(cpu[s], 100*(used.CPU-before.cpu).Seconds()/lasted.Seconds()*1024/float64(t.cpu))
		memory[s] = append(memory[s], 100*float64(used.Memory)/float64(t.memory<<20))
	}
	out := map[state.Scope][]cloudwatch.Datum{}
	for name, values := range map[string]map[service][]float64{"CPUUtilization": cpu, "MemoryUtilization": memory} {
		for s, all := range values {
			out[s.sc] = append(out[s.sc], cloudwatch.Datum{Namespace: "AWS/ECS", Name: name, Unit: "Percent", At: minute, Values: all, Counts: ones(len(all)),
				Dimensions: map[string]string{"ClusterName": s.cluster, "ServiceName": s.name}})
		}
	}
	return out
}

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

// runningTask is a task that is RUNNING, and since when.
type runningTask struct {
	*task
	began time.Time
}

// measured gives the tasks of services that are RUNNING.
func (a *Agent) measured() []runningTask {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []runningTask
	for _, t := range a.tasks {
		t.mu.Lock()
		if !t.started.IsZero() && !t.asked && t.service() != "" && t.cpu > 0 && t.memory > 0 {
			out = append(out, runningTask{t, t.started})
		}
		t.mu.Unlock()
	}
	return out
}
