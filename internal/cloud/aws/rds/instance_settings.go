package rds

import (
	"maps"
	"slices"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/network"
	"atoll/internal/cloud/wire"
)

// Whether an instance goes on with a version beyond the end of its standard support.
const (
	lifecycleExtended = "open-source-rds-extended-support"
	lifecycleStandard = "open-source-rds-extended-support-disabled"
)

func checkPort(port int64) error {
	if port < 1150 || port > 65535 {
		return invalid("Invalid port number %d. It must be between 1150 and 65535.", port)
	}
	return nil
}

func checkRetention(days int64) error {
	if days < 0 || days > 35 {
		return invalid("Invalid backup retention period: %d. It must be between 0 and 35.", days)
	}
	return nil
}

func checkCertificate(id string) error {
	if _, ok := certificates[id]; !ok {
		return wire.Errorf("CertificateNotFound", "Certificate not found: %s", id)
	}
	return nil
}

func (t *txn) checkParameterGroup(name string, v version) error {
	g, err := t.parameterGroup(name)
	if err != nil {
		return err
	}
	if g.Family != v.family {
		return conflict("The parameter group %s with DBParameterGroupFamily %s can't be used for this instance. Use a parameter group with DBParameterGroupFamily %s.",
			g.Name, g.Family, v.family)
	}
	return nil
}

// checkSecurityGroups gives an instance's security groups: those given, which must be of its VPC, or the VPC's default one.
func (t *txn) checkSecurityGroups(ids []string, vpc string) ([]string, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
	if len(ids) == 0 {
		g, ok := t.d.SecurityGroups.DefaultSecurityGroup(t.tx, t.sc, vpc)
		if !ok {
			return nil, invalid("The VPC %s has no default security group.", vpc)
		}
		return []string{g.ID}, nil
	}
	for _, id := range ids {
		g, ok := t.d.SecurityGroups.SecurityGroup(t.tx, t.sc, id)
		if !ok {
			return nil, invalid("Invalid security group , groupId= %s, groupName=.", id)
		}
		if g.VPC != vpc {
			return nil, conflict("The DB instance and EC2 security group are in different VPCs. The DB instance is in %s and the EC2 security group is in %s", vpc, g.VPC)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func checkNetwork(kind string, members []network.Subnet) error {
	if kind != networkIPv4 && kind != networkDual {
		return invalid("Invalid network type: %s. Valid values are: IPV4, DUAL", kind)
	}
	if !slices.Contains(networkTypes(members), kind) {
		return wire.Errorf("NetworkTypeNotSupported", "The network type %s isn't supported by the DB subnet group: not all of its subnets have IPv6 CIDR blocks.", kind)
	}
	return nil
}

// exportLogs changes which logs go to CloudWatch Logs.
func (r *instanceRecord) exportLogs(e *engine, enable, disable []string) error {
	for _, name := range slices.Concat(enable, disable) {
		if !slices.Contains(e.logs, name) {
			return conflict("You cannot use the log types '%s' with engine version %s %s. For supported log types, see the documentation.", name, e.name, r.Version)
		}
		if slices.Contains(enable, name) && slices.Contains(disable, name) {
			return conflict("The log type '%s' can't be enabled and disabled at the same time.", name)
		}
	}
	set := map[string]bool{}
	for _, name := range slices.Concat(r.Logs, enable) {
		set[name] = true
	}
	for _, name := range disable {
		delete(set, name)
	}
	r.Logs = slices.Sorted(maps.Keys(set))
	return nil
}

// Days for which Performance Insights keeps its data: a week, or whole months of 31 days up to 23, or two years.
const (
	insightsWeek     = 7
	insightsMonth    = 31
	insightsTwoYears = 731
	insightsAdvanced = 465 // the least that the advanced mode of Database Insights needs
)

func (r *instanceRecord) setInsights(c class, mode *string, enabled *bool, key string, days *int64) error {
	next := r.Insights
	next.Mode, next.Enabled = or(given(text(mode)), next.Mode), or(enabled, next.Enabled)
	if next.Mode != "standard" && next.Mode != "advanced" {
		return invalid("Invalid database insights mode: %s. Valid values are: standard, advanced", next.Mode)
	}
	if !next.Enabled {
		if next.Mode == "advanced" {
			return conflict("To use the advanced mode of Database Insights, enable Performance Insights.")
		}
		if number(days) != 0 && yes(enabled) {
			return conflict("A Performance Insights retention period can't be specified when Performance Insights is disabled.")
		}
		r.Insights = insights{Mode: next.Mode}
		return nil
	}
	if !c.performanceInsights(r.Engine) {
		return conflict("Performance Insights not supported for this configuration.")
	}
	if next.Retention = or(days, next.Retention); next.Retention == 0 {
		next.Retention = insightsWeek
	}
	if d := next.Retention; d != insightsWeek && d != insightsTwoYears && (d%insightsMonth != 0 || d < insightsMonth || d > 23*insightsMonth) {
		return invalid("Invalid Performance Insights retention period: %d. Valid values are 7, multiples of 31 up to 713, and 731.", d)
	}
	if next.Mode == "advanced" && next.Retention < insightsAdvanced {
		return conflict("The advanced mode of Database Insights requires a Performance Insights retention period of at least %d days.", insightsAdvanced)
	}
	switch {
	case key == "" || key == next.KmsKey:
	case r.Insights.Enabled && next.KmsKey != "":
		return conflict("You cannot change your Performance Insights KMS key.")
	default:
		next.KmsKey = key
	}
	r.Insights = next
	return nil
}

// setMonitoring sets enhanced monitoring, whose role RDS must be able to assume.
func (t *txn) setMonitoring(r *instanceRecord, interval *int64, role *string) error {
	next := r.Monitoring
	next.Interval = or(interval, next.Interval)
	switch {
	case role != nil:
		next.Role = *role
	case next.Interval == 0:
		next.Role = "" // it is forgotten with the monitoring
	}
	if !slices.Contains([]int64{0, 1, 5, 10, 15, 30, 60}, next.Interval) {
		return invalid("Invalid monitoring interval: %d. Valid values are: 0, 1, 5, 10, 15, 30, 60", next.Interval)
	}
	if next.Interval > 0 && next.Role == "" {
		return conflict("A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.")
	}
	if next.Interval > 0 && next != r.Monitoring {
		known, ok := t.d.Roles.Role(t.tx, next.Role)
		if !ok || known.Account != t.sc.Account || !known.Trusts("monitoring.rds.amazonaws.com", auth.Source(t.sc.Account, instanceARN(t.sc, r.ID))) {
			return invalid("IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING")
		}
	}
	r.Monitoring = next
	return nil
}
