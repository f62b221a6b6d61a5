package ecs

import (
	"slices"

	"atoll/internal/cloud/wire"
)

// errNoNamespace is the answer to every namespace of Cloud Map.
func errNoNamespace() error {
	return wire.Errorf("NamespaceNotFoundException", "The specified namespace was not found.")
}

func platformUnknown() error {
	return wire.Errorf("PlatformUnknownException", "The specified platform does not exist.")
}

// mergeConfig gives a deployment configuration with what is given laid over what a service has.
func mergeConfig(operation string, have DeploymentConfiguration, given *DeploymentConfiguration, scheduling, controller string) (DeploymentConfiguration, error) {
	if given == nil {
		return have, nil
	}
	if err := checkStrategyName(operation, given); err != nil {
		return have, err
	}
	next := have
	if given.MaximumPercent != nil {
		next.MaximumPercent = given.MaximumPercent
	}
	if given.MinimumHealthyPercent != nil {
		next.MinimumHealthyPercent = given.MinimumHealthyPercent
	}
	if b := given.DeploymentCircuitBreaker; b != nil {
		next.DeploymentCircuitBreaker = b
	}
	if a := given.Alarms; a != nil {
		next.Alarms = &DeploymentAlarms{AlarmNames: append([]string{}, a.AlarmNames...), Rollback: a.Rollback, Enable: a.Enable}
	}
	return next, checkConfig(&next, scheduling, controller)
}

// checkStrategyName refuses all strategies but the rolling one.
func checkStrategyName(operation string, c *DeploymentConfiguration) error {
	if err := oneOf("deploymentConfiguration.strategy", c.Strategy, "BLUE_GREEN", "CANARY", "LINEAR", "ROLLING"); err != nil {
		return err
	}
	switch {
	case c.Strategy != nil && *c.Strategy != "ROLLING":
		return unable(operation, "the deployment strategy "+*c.Strategy)
	case c.CanaryConfiguration != nil || c.LinearConfiguration != nil:
		return invalid("canaryConfiguration and linearConfiguration are not supported with the deployment strategy ROLLING.")
	case number(c.BakeTimeInMinutes) != 0:
		return unable(operation, "bakeTimeInMinutes")
	case len(c.LifecycleHooks) > 0:
		return unable(operation, "lifecycleHooks")
	case c.EarlySuccessCriteria != nil && truth(c.EarlySuccessCriteria.Enable):
		return unable(operation, "earlySuccessCriteria")
	}
	return nil
}

func checkConfig(c *DeploymentConfiguration, scheduling, controller string) error {
	most, least := number(c.MaximumPercent), number(c.MinimumHealthyPercent)
	switch {
	case least < 0 || least > 100:
		return invalid("Minimum healthy percent must be between 0 and 100.")
	case most < 0 || most > 200:
		return invalid("Maximum percent must be between 0 and 200.")
	case scheduling == replica && most < 100:
		return invalid("Maximum percent must not be less than 100.")
	case scheduling == replica && most == 100 && least == 100:
		return invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
	case c.DeploymentCircuitBreaker != nil && truth(c.DeploymentCircuitBreaker.Enable) && controller != controllerECS:
		return invalid("Deployment circuit breaker is only supported with the deployment controller ECS.")
	}
	if b := c.DeploymentCircuitBreaker; b != nil && b.ThresholdConfiguration != nil {
		if err := oneOf("deploymentCircuitBreaker.thresholdConfiguration.type", b.ThresholdConfiguration.Type, "BOUNDED_PERCENT", "COUNT", "UNBOUNDED_PERCENT"); err != nil {
			return err
		}
		if n := *b.ThresholdConfiguration.Value; n < 1 {
			return invalid("The value of the circuit breaker's threshold must be greater than 0.")
		}
	}
	a := c.Alarms
	if a == nil || !truth(a.Enable) {
		return nil
	}
	switch {
	case controller != controllerECS:
		return invalid("Deployment alarms are only supported with the deployment controller ECS.")
	case len(a.AlarmNames) == 0:
		return invalid("alarmNames cannot be empty when deployment alarms are enabled.")
	case len(slices.Compact(slices.Sorted(slices.Values(a.AlarmNames)))) != len(a.AlarmNames):
		return invalid("alarmNames must not contain duplicates.")
	}
	return nil
}

// defaultConfig is what a service has where nothing is given.
func defaultConfig(scheduling, controller string) DeploymentConfiguration {
	c := DeploymentConfiguration{MaximumPercent: new(int64(200)), MinimumHealthyPercent: new(int64(100))}
	if scheduling == daemon {
		c.MaximumPercent, c.MinimumHealthyPercent = new(int64(100)), new(int64(0))
	}
	if controller == controllerECS {
		c.Strategy = new("ROLLING")
		c.BakeTimeInMinutes = new(int64(0))
		c.DeploymentCircuitBreaker = &DeploymentCircuitBreaker{Enable: new(false), Rollback: new(false)}
	}
	return c
}

// checkPlacement checks where tasks are to be placed, which only instances need.
func checkPlacement(constraints []PlacementConstraint, strategy []PlacementStrategy, onFargate bool, scheduling string) error {
	if onFargate && len(constraints)+len(strategy) > 0 {
		return invalid("Placement strategies and constraints are not supported with FARGATE launch type")
	}
	if len(constraints) > 10 {
		return invalid("A service can have at most 10 placement constraints.")
	}
	if len(strategy) > 5 {
		return invalid("A service can have at most 5 placement strategies.")
	}
	if scheduling == daemon && len(strategy) > 0 {
		return invalid("Placement strategies are not supported when creating or updating a service with a DAEMON scheduling strategy.")
	}
	for _, c := range constraints {
		if err := oneOf("placementConstraints.type", c.Type, "distinctInstance", "memberOf"); err != nil {
			return err
		}
		if text(c.Type) == "memberOf" && text(c.Expression) == "" {
			return invalid("Expression is required for the placement constraint memberOf.")
		}
	}
	for _, s := range strategy {
		if err := oneOf("placementStrategy.type", s.Type, "binpack", "random", "spread"); err != nil {
			return err
		}
	}
	return nil
}
