package appautoscaling

import (
	"math"
	"slices"
	"strings"
)

// Metrics that AWS knows by themselves.
const (
	averageCPU       = "ECSServiceAverageCPUUtilization"
	averageMemory    = "ECSServiceAverageMemoryUtilization"
	requestsByTarget = "ALBRequestCountPerTarget"
	readUsage        = "DynamoDBReadCapacityUtilization"
	writeUsage       = "DynamoDBWriteCapacityUtilization"
)

func metricStatistics() []string {
	return []string{"Average", "Minimum", "Maximum", "SampleCount", "Sum"}
}

// checkTracking checks the configuration of a target tracking policy.
func (t *txn) checkTracking(r *policyRecord) error {
	c := r.Tracking
	if *c.TargetValue <= 0 || math.IsNaN(*c.TargetValue) || math.IsInf(*c.TargetValue, 0) {
		return invalid("TargetValue must be greater than 0")
	}
	for _, seconds := range []*int64{c.ScaleInCooldown, c.ScaleOutCooldown} {
		if seconds != nil && *seconds < 0 {
			return invalid("A cooldown must be greater than or equal to 0")
		}
	}
	switch {
	case (c.PredefinedMetricSpecification == nil) == (c.CustomizedMetricSpecification == nil):
		return invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified")
	case c.CustomizedMetricSpecification != nil:
		return checkCustomized(c.CustomizedMetricSpecification)
	}
	p := c.PredefinedMetricSpecification
	fits := map[string][]string{
		desiredCount: {averageCPU, averageMemory, requestsByTarget}, tableReads: {readUsage}, indexReads: {readUsage}, tableWrites: {writeUsage}, indexWrites: {writeUsage},
	}[r.Dimension]
	if !slices.Contains(fits, *p.PredefinedMetricType) {
		return invalid("The predefined metric %s does not fit the scalable dimension %s", *p.PredefinedMetricType, r.Dimension)
	}
	if r.usesUnits() && *c.TargetValue > 100 {
		return invalid("TargetValue must be a percentage for the predefined metric %s", *p.PredefinedMetricType)
	}
	if *p.PredefinedMetricType != requestsByTarget {
		if p.ResourceLabel != nil {
			return invalid("A resource label can be specified for the predefined metric %s only", requestsByTarget)
		}
		return nil
	}
	return t.checkLabel(text(p.ResourceLabel))
}

// checkLabel checks a label such as app/my-alb/778d41231b141a0f/targetgroup/my-tg/943f017f100becff: both must be there, and belong
// together.
func (t *txn) checkLabel(label string) error {
	balancer, group, ok := splitLabel(label)
	if !ok {
		return invalid("The resource label %q is invalid. It has the form app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>", label)
	}
	prefix := "arn:aws:elasticloadbalancing:" + t.sc.Region + ":" + t.sc.Account + ":"
	if _, ok := t.d.Balancers.LoadBalancer(t.tx, t.sc, prefix+"loadbalancer/"+balancer); !ok {
		return invalid("The load balancer of the resource label %s does not exist", label)
	}
	g, ok := t.d.Balancers.TargetGroup(t.tx, t.sc, prefix+group)
	if !ok {
		return invalid("The target group of the resource label %s does not exist", label)
	}
	if !slices.Contains(g.LoadBalancers, prefix+"loadbalancer/"+balancer) {
		return invalid("The target group of the resource label %s is not attached to the load balancer", label)
	}
	return nil
}

func splitLabel(label string) (balancer, group string, ok bool) {
	parts := strings.Split(label, "/")
	if len(parts) != 6 || parts[0] != "app" || parts[3] != "targetgroup" || slices.Contains(parts, "") {
		return "", "", false
	}
	return strings.Join(parts[:3], "/"), strings.Join(parts[3:], "/"), true
}

func checkCustomized(c *CustomizedMetricSpecification) error {
	if len(c.Metrics) > 0 {
		if c.MetricName != nil || c.Namespace != nil || c.Statistic != nil || c.Unit != nil || len(c.Dimensions) > 0 {
			return invalid("Metrics cannot be specified together with MetricName, Namespace, Dimensions, Statistic and Unit")
		}
		return nil // CloudWatch checks the queries
	}
	if c.MetricName == nil || c.Namespace == nil || c.Statistic == nil {
		return invalid("MetricName, Namespace and Statistic are required in a customized metric specification without Metrics")
	}
	return checkEnum(*c.Statistic, "statistic", metricStatistics()...)
}

// usesUnits reports whether the policy tracks the use of DynamoDB's provisioned units: its alarms then depend on the capacity.
func (r *policyRecord) usesUnits() bool {
	p := r.Tracking != nil && r.Tracking.PredefinedMetricSpecification != nil
	return p && r.Namespace == dynamodb
}

// Periods of the alarms, in AWS's numbers.
const (
	minute       = 60
	highPeriods  = 3
	lowPeriods   = 15
	unitsHigh    = 2   // periods of a high use of units
	lowRatio     = 0.9 // of the target value, below which a service scales in
	unitsSlack   = 20  // percentage points below the target value, below which a table does
	unitsPeriod  = 300
	unitsPeriods = 3
)

// putAlarms makes the alarms of a target tracking policy, and deletes those that it needs no more. Alarms keep their names.
func (t *txn) putAlarms(r *policyRecord) error {
	if r.Tracking == nil {
		return nil
	}
	wanted, err := t.wantedAlarms(r)
	if err != nil {
		return err
	}
	var have []ownAlarm
	for _, a := range r.Alarms {
		if !slices.ContainsFunc(wanted, func(w wantedAlarm) bool { return w.kind == a.For }) {
			t.d.Alarms.DeleteAlarm(t.tx, t.sc, a.Name)
			continue
		}
		have = append(have, a)
	}
	r.Alarms = have
	for _, w := range wanted {
		i := slices.IndexFunc(r.Alarms, func(a ownAlarm) bool { return a.For == w.kind })
		if i < 0 {
			r.Alarms = append(r.Alarms, ownAlarm{w.kind, "TargetTracking-" + r.Resource + "-" + w.kind + "-" + t.d.IDs.UUID()})
			i = len(r.Alarms) - 1
		}
		w.Name, w.Action = r.Alarms[i].Name, r.ARN
		w.Description = "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy " + r.ARN + "."
		if err := t.d.Alarms.PutAlarm(t.tx, t.sc, w.NewAlarm); err != nil {
			return err
		}
	}
	return nil
}

// wantedAlarm is an alarm without a name, and what it is for.
type wantedAlarm struct {
	kind string
	NewAlarm
}

const (
	forHigh        = "AlarmHigh"
	forLow         = "AlarmLow"
	forCapacityTop = "ProvisionedCapacityHigh"
	forCapacityLow = "ProvisionedCapacityLow"
)

func (t *txn) wantedAlarms(r *policyRecord) ([]wantedAlarm, error) {
	target := *r.Tracking.TargetValue
	metric := r.metric()
	high, low := metric, metric
	high.Above, high.Threshold, high.Period, high.Periods = true, target, minute, highPeriods
	low.Threshold, low.Period, low.Periods = target*lowRatio, minute, lowPeriods
	low.Threshold = math.Round(low.Threshold*1e9) / 1e9
	out := []wantedAlarm{{forHigh, high}}
	if !r.usesUnits() {
		if !yes(r.Tracking.DisableScaleIn) {
			out = append(out, wantedAlarm{forLow, low})
		}
		return out, nil
	}
	units, err := t.capacity(r.key)
	if err != nil {
		return nil, err
	}
	perMinute := float64(units) * minute / 100
	out[0].Threshold, out[0].Periods = perMinute*target, unitsHigh
	low.Threshold = perMinute * max(target-unitsSlack, 0)
	if !yes(r.Tracking.DisableScaleIn) {
		out = append(out, wantedAlarm{forLow, low})
	}
	provisioned := metric
	provisioned.Metric, provisioned.Statistic = strings.Replace(metric.Metric, "Consumed", "Provisioned", 1), "Average"
	provisioned.Threshold, provisioned.Period, provisioned.Periods = float64(units), unitsPeriod, unitsPeriods
	top := provisioned
	top.Above = true
	return append(out, wantedAlarm{forCapacityTop, top}, wantedAlarm{forCapacityLow, provisioned}), nil
}

// metric gives the metric of a target tracking policy.
func (r *policyRecord) metric() NewAlarm {
	first, second, _ := r.parts()
	if c := r.Tracking.CustomizedMetricSpecification; c != nil {
		a := NewAlarm{Namespace: text(c.Namespace), Metric: text(c.MetricName), Statistic: text(c.Statistic), Unit: text(c.Unit), Queries: c.Metrics}
		for _, d := range c.Dimensions {
			a.Dimensions = append(a.Dimensions, [2]string{*d.Name, *d.Value})
		}
		return a
	}
	p := r.Tracking.PredefinedMetricSpecification
	switch kind := *p.PredefinedMetricType; kind {
	case averageCPU, averageMemory:
		a := NewAlarm{Namespace: "AWS/ECS", Metric: "CPUUtilization", Statistic: "Average", Unit: "Percent", Dimensions: [][2]string{{"ClusterName", first}, {"ServiceName", second}}}
		if kind == averageMemory {
			a.Metric = "MemoryUtilization"
		}
		return a
	case requestsByTarget:
		balancer, group, _ := splitLabel(text(p.ResourceLabel))
		return NewAlarm{Namespace: "AWS/ApplicationELB", Metric: "RequestCountPerTarget", Statistic: "Sum", Dimensions: [][2]string{{"TargetGroup", group}, {"LoadBalancer", balancer}}}
	}
	a := NewAlarm{Namespace: "AWS/DynamoDB", Metric: "ConsumedWriteCapacityUnits", Statistic: "Sum", Dimensions: [][2]string{{"TableName", first}}}
	if r.reads() {
		a.Metric = "ConsumedReadCapacityUnits"
	}
	if second != "" {
		a.Dimensions = append(a.Dimensions, [2]string{"GlobalSecondaryIndexName", second})
	}
	return a
}

// refreshAlarms brings alarms whose thresholds depend on the capacity up to date.
func (t *txn) refreshAlarms(k key) {
	for _, r := range t.policies.Prefix(t.tx, t.sc, k.id()+separator) {
		if !r.usesUnits() {
			continue
		}
		own, ok := t.policies.Get(t.tx, t.sc, r.id())
		if !ok {
			continue
		}
		if err := t.putAlarms(own); err != nil {
			t.d.Logger.Error("changing the alarms of a scaling policy", "policy", own.ARN, "err", err)
			continue
		}
		t.policies.Put(t.tx, t.sc, own.id(), own)
	}
}

// proposal gives the capacity that a target tracking policy wants: as much as would bring the metric to its target value, if what it
// measures spreads over the capacity.
func (r *policyRecord) proposal(a AlarmView, base int64) (int64, bool) {
	if len(a.Values) == 0 {
		return 0, false
	}
	value := a.Values[len(a.Values)-1]
	if !a.Above { // what must be carried after a scale-in is the most of what was
		value = slices.Max(a.Values)
	}
	target := *r.Tracking.TargetValue
	wanted := float64(base) * value / target
	if r.usesUnits() {
		wanted = value / minute / (target / 100)
	}
	const most = 1 << 31
	return int64(math.Ceil(min(max(wanted, 0), most) - 1e-9)), true
}
