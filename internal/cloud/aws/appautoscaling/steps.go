package appautoscaling

import (
	"cmp"
	"math"
	"slices"
)

const (
	byChange  = "ChangeInCapacity"
	byPercent = "PercentChangeInCapacity"
	exactly   = "ExactCapacity"
)

const maxSteps = 20

// checkSteps checks the configuration of a step scaling policy.
func checkSteps(c *StepScalingPolicyConfiguration) error {
	if c.AdjustmentType == nil {
		return invalid("AdjustmentType is required in a step scaling policy")
	}
	if err := checkEnum(*c.AdjustmentType, "adjustmentType", byChange, byPercent, exactly); err != nil {
		return err
	}
	if c.MetricAggregationType != nil {
		if err := checkEnum(*c.MetricAggregationType, "metricAggregationType", "Average", "Minimum", "Maximum"); err != nil {
			return err
		}
	}
	switch n := len(c.StepAdjustments); {
	case n == 0:
		return invalid("At least one step adjustment must be specified")
	case n > maxSteps:
		return invalid("A policy can have no more than %d step adjustments", maxSteps)
	case c.MinAdjustmentMagnitude != nil && (*c.AdjustmentType != byPercent || *c.MinAdjustmentMagnitude < 0):
		return invalid("MinAdjustmentMagnitude is a number of at least 0, for the adjustment type PercentChangeInCapacity only")
	case c.Cooldown != nil && *c.Cooldown < 0:
		return invalid("Cooldown must be greater than or equal to 0")
	}
	steps := slices.Clone(c.StepAdjustments)
	slices.SortFunc(steps, func(a, b StepAdjustment) int { return cmp.Compare(a.low(), b.low()) })
	for i, s := range steps {
		switch {
		case s.MetricIntervalLowerBound == nil && s.MetricIntervalUpperBound == nil && len(steps) > 1:
			return invalid("A step adjustment must have a bound if there are several")
		case s.low() >= s.high():
			return invalid("The upper bound of a step adjustment must be greater than its lower bound")
		case *c.AdjustmentType == exactly && *s.ScalingAdjustment < 0:
			return invalid("ScalingAdjustment must not be negative for the adjustment type ExactCapacity")
		case i > 0 && s.low() < steps[i-1].high():
			return invalid("The intervals of step adjustments cannot overlap")
		case i > 0 && s.low() > steps[i-1].high():
			return invalid("There cannot be a gap between the intervals of step adjustments")
		case s.low() < 0 && s.high() > 0 && !math.IsInf(s.low(), -1) && !math.IsInf(s.high(), 1):
			return invalid("The interval of a step adjustment must lie on one side of the alarm's threshold")
		}
	}
	return nil
}

func (s StepAdjustment) low() float64 {
	if s.MetricIntervalLowerBound == nil {
		return math.Inf(-1)
	}
	return *s.MetricIntervalLowerBound
}

func (s StepAdjustment) high() float64 {
	if s.MetricIntervalUpperBound == nil {
		return math.Inf(1)
	}
	return *s.MetricIntervalUpperBound
}

// steps gives the capacity that a step scaling policy wants: that of the step for how far the metric lies beyond the threshold.
// https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
func (r *policyRecord) steps(a AlarmView, base int64) (int64, bool) {
	if len(a.Values) == 0 {
		return 0, false
	}
	beyond := aggregate(text(r.Step.MetricAggregationType), a.Values) - a.Threshold
	for _, s := range r.Step.StepAdjustments {
		fits := beyond >= s.low() && beyond < s.high()
		if !a.Above { // below a threshold the bounds are inclusive the other way round
			fits = beyond > s.low() && beyond <= s.high()
		}
		if fits {
			return r.adjusted(base, *s.ScalingAdjustment), true
		}
	}
	return 0, false
}

func aggregate(kind string, values []float64) float64 {
	switch kind {
	case "Minimum":
		return slices.Min(values)
	case "Maximum":
		return slices.Max(values)
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// adjusted applies an adjustment to a capacity. Percentages are rounded towards zero, those below one away from it.
func (r *policyRecord) adjusted(base, by int64) int64 {
	switch *r.Step.AdjustmentType {
	case exactly:
		return by
	case byChange:
		return max(base+by, 0)
	}
	change := float64(base) * float64(by) / 100
	n := int64(change)
	switch {
	case change > 0 && change < 1:
		n = 1
	case change < 0 && change > -1:
		n = -1
	}
	if m := r.Step.MinAdjustmentMagnitude; m != nil && change > 0 {
		n = max(n, *m)
	} else if m != nil && change < 0 {
		n = min(n, -*m)
	}
	return max(base+n, 0)
}
