package route53

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

// checkRecord is a health check.
type checkRecord struct {
	ID, Reference string
	Config        HealthCheckConfig
	Version       int64
}

func checkARN(id string) string { return "arn:aws:route53:::healthcheck/" + id }

// check finds a health check by its id.
func (t *txn) check(id string) (*checkRecord, error) {
	c, ok := t.checks.Get(t.tx, t.sc, id)
	if !ok {
		return nil, wire.Errorf("NoSuchHealthCheck", "A health check with id %s does not exist.", id)
	}
	return c, nil
}

func (c *checkRecord) render() *HealthCheck {
	return &HealthCheck{Id: new(c.ID), CallerReference: new(c.Reference), HealthCheckConfig: new(c.Config), HealthCheckVersion: new(c.Version)}
}

// CreateHealthCheck makes a health check. The same call again gives the one that was made.
func (s *Service) CreateHealthCheck(ctx context.Context, in *CreateHealthCheckInput) (*CreateHealthCheckOutput, error) {
	if *in.CallerReference == "" || len(*in.CallerReference) > 64 {
		return nil, invalid("1 validation error detected: Value '%s' at 'callerReference' failed to satisfy constraint: Member must have length between 1 and 64", *in.CallerReference)
	}
	config := *in.HealthCheckConfig
	if err := fillCheck(&config); err != nil {
		return nil, err
	}
	out := &CreateHealthCheckOutput{}
	return out, s.update(ctx, func(t *txn) error {
		if err := t.checkChildren(&config); err != nil {
			return err
		}
		for _, old := range t.checks.By(t.tx, t.sc, "reference", *in.CallerReference) {
			if !sameCheck(&old.Config, &config) {
				return wire.Errorf("HealthCheckAlreadyExists", "A health check with the caller reference %s and other settings exists already.", old.Reference)
			}
			out.HealthCheck, out.Location = old.render(), checkLocation(old.ID)
			return nil
		}
		c := &checkRecord{ID: t.d.IDs.UUID(), Reference: *in.CallerReference, Config: config, Version: 1}
		t.checks.Put(t.tx, t.sc, c.ID, c)
		out.HealthCheck, out.Location = c.render(), checkLocation(c.ID)
		return nil
	})
}

func checkLocation(id string) *string {
	return new("https://route53.amazonaws.com/2013-04-01/healthcheck/" + id)
}

func sameCheck(a, b *HealthCheckConfig) bool {
	return fingerprint(a) == fingerprint(b)
}

// fillCheck checks a configuration and gives it what AWS takes by default.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
func fillCheck(c *HealthCheckConfig) error {
	kinds := []string{"CALCULATED", "CLOUDWATCH_METRIC", "HTTP", "HTTP_STR_MATCH", "HTTPS", "HTTPS_STR_MATCH", "RECOVERY_CONTROL", "TCP"}
	switch {
	case !slices.Contains(kinds, *c.Type):
		return invalid("1 validation error detected: Value '%s' at 'healthCheckConfig.type' failed to satisfy constraint: Member must satisfy enum value set: [%s]", *c.Type, strings.Join(kinds, ", "))
	case *c.Type == "RECOVERY_CONTROL":
		return wire.NotImplemented("route53:CreateHealthCheck with Type " + *c.Type)
	}
	fill(&c.Inverted, false)
	fill(&c.Disabled, false)
	if *c.Type == "CALCULATED" {
		switch {
		case c.HealthThreshold == nil || *c.HealthThreshold < 0 || *c.HealthThreshold > 256:
			return invalid("Basic request validation failed on a health check: HealthThreshold must be between 0 and 256.")
		case len(c.ChildHealthChecks) > 256:
			return invalid("Basic request validation failed on a health check: It has more than 256 child health checks.")
		}
		return nil
	}
	if *c.Type == "CLOUDWATCH_METRIC" {
		return checkAlarm(c)
	}
	return fillEndpoint(c)
}

// checkAlarm checks what a health check says of the alarm that it follows.
func checkAlarm(c *HealthCheckConfig) error {
	status := []string{"Healthy", "Unhealthy", "LastKnownStatus"}
	switch {
	case c.AlarmIdentifier == nil:
		return invalid("Basic request validation failed on a health check: A health check of the type CLOUDWATCH_METRIC needs an alarm.")
	case c.InsufficientDataHealthStatus != nil && !slices.Contains(status, *c.InsufficientDataHealthStatus):
		return invalid("1 validation error detected: Value '%s' at 'healthCheckConfig.insufficientDataHealthStatus' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			*c.InsufficientDataHealthStatus, strings.Join(status, ", "))
	}
	return nil
}

func fill[T any](p **T, otherwise T) {
	if *p == nil {
		*p = &otherwise
	}
}

func fillEndpoint(c *HealthCheckConfig) error {
	kind := strings.TrimSuffix(*c.Type, "_STR_MATCH")
	match := kind != *c.Type
	switch kind {
	case "HTTP":
		fill(&c.Port, 80)
	case "HTTPS":
		fill(&c.Port, 443)
	}
	fill(&c.RequestInterval, 30)
	fill(&c.FailureThreshold, 3)
	fill(&c.MeasureLatency, false)
	fill(&c.EnableSNI, kind == "HTTPS")
	const failed = "Basic request validation failed on a health check: "
	switch {
	case c.IPAddress == nil && c.FullyQualifiedDomainName == nil:
		return invalid(failed + "Either an IP address or a fully qualified domain name must be specified.")
	case c.Port == nil:
		return invalid(failed + "A TCP health check needs a port.")
	case *c.Port < 1 || *c.Port > 65535:
		return invalid(failed + "The port must be between 1 and 65535.")
	case match && text(c.SearchString) == "":
		return invalid(failed + "A health check that matches a string needs SearchString.")
	case !match && c.SearchString != nil:
		return invalid(failed + "SearchString is for health checks that match a string only.")
	case len(text(c.SearchString)) > 255, len(text(c.ResourcePath)) > 255, len(text(c.FullyQualifiedDomainName)) > 255:
		return invalid(failed + "A text is longer than 255 characters.")
	case *c.RequestInterval != 10 && *c.RequestInterval != 30:
		return invalid(failed + "The request interval must be 10 or 30 seconds.")
	case *c.FailureThreshold < 1 || *c.FailureThreshold > 10:
		return invalid(failed + "The failure threshold must be between 1 and 10.")
	case c.Regions != nil && len(c.Regions) < 3:
		return invalid(failed + "At least three regions must be specified.")
	}
	if c.IPAddress != nil {
		if _, err := netip.ParseAddr(*c.IPAddress); err != nil {
			return invalid(failed+"%s is not a valid IP address.", *c.IPAddress)
		}
	}
	return nil
}

// checkChildren refuses a calculated health check on others that are not there.
func (t *txn) checkChildren(c *HealthCheckConfig) error {
	for _, id := range c.ChildHealthChecks {
		if _, err := t.check(id); err != nil {
			return invalid("Basic request validation failed on a health check: The child health check %s does not exist.", id)
		}
	}
	return nil
}

// GetHealthCheck gives a health check.
func (s *Service) GetHealthCheck(ctx context.Context, in *GetHealthCheckInput) (*GetHealthCheckOutput, error) {
	out := &GetHealthCheckOutput{}
	return out, s.view(ctx, func(t *txn) error {
		c, err := t.check(*in.HealthCheckId)
		if err == nil {
			out.HealthCheck = c.render()
		}
		return err
	})
}

// ListHealthChecks lists health checks by id. A marker is the id of the page's first one.
func (s *Service) ListHealthChecks(ctx context.Context, in *ListHealthChecksInput) (*ListHealthChecksOutput, error) {
	limit, err := limitOf(in.MaxItems, 1000)
	if err != nil {
		return nil, err
	}
	out := &ListHealthChecksOutput{HealthChecks: []HealthCheck{}, Marker: new(text(in.Marker)), IsTruncated: new(false), MaxItems: new(int64(limit))}
	return out, s.view(ctx, func(t *txn) error {
		for id, c := range t.checks.Range(t.tx, t.sc, text(in.Marker), "\xff", false) {
			if len(out.HealthChecks) == limit {
				out.IsTruncated, out.NextMarker = new(true), new(id)
				break
			}
			out.HealthChecks = append(out.HealthChecks, *c.render())
		}
		return nil
	})
}

// UpdateHealthCheck changes the settings that are given.
func (s *Service) UpdateHealthCheck(ctx context.Context, in *UpdateHealthCheckInput) (*UpdateHealthCheckOutput, error) {
	out := &UpdateHealthCheckOutput{}
	return out, s.update(ctx, func(t *txn) error {
		c, err := t.check(*in.HealthCheckId)
		if err != nil {
			return err
		}
		if in.HealthCheckVersion != nil && *in.HealthCheckVersion != c.Version {
			return wire.Errorf("HealthCheckVersionMismatch", "The health check's version is %d, not %d.", c.Version, *in.HealthCheckVersion)
		}
		if err := c.Config.merge(in); err != nil {
			return err
		}
		if err := fillCheck(&c.Config); err != nil {
			return err
		}
		if err := t.checkChildren(&c.Config); err != nil {
			return err
		}
		c.Version++
		t.checks.Put(t.tx, t.sc, c.ID, c)
		out.HealthCheck = c.render()
		return nil
	})
}

// merge takes over what is given.
func (c *HealthCheckConfig) merge(in *UpdateHealthCheckInput) error {
	for _, name := range in.ResetElements {
		switch name {
		case "ChildHealthChecks":
			c.ChildHealthChecks = nil
		case "FullyQualifiedDomainName":
			c.FullyQualifiedDomainName = nil
		case "Regions":
			c.Regions = nil
		case "ResourcePath":
			c.ResourcePath = nil
		default:
			return invalid("1 validation error detected: Value '%s' at 'resetElements' failed to satisfy constraint: Member must satisfy enum value set: [ChildHealthChecks, FullyQualifiedDomainName, Regions, ResourcePath]", name)
		}
	}
	take(&c.IPAddress, in.IPAddress)
	take(&c.Port, in.Port)
	take(&c.ResourcePath, in.ResourcePath)
	take(&c.FullyQualifiedDomainName, in.FullyQualifiedDomainName)
	take(&c.SearchString, in.SearchString)
	take(&c.FailureThreshold, in.FailureThreshold)
	take(&c.Inverted, in.Inverted)
	take(&c.Disabled, in.Disabled)
	take(&c.HealthThreshold, in.HealthThreshold)
	take(&c.EnableSNI, in.EnableSNI)
	take(&c.AlarmIdentifier, in.AlarmIdentifier)
	take(&c.InsufficientDataHealthStatus, in.InsufficientDataHealthStatus)
	if in.ChildHealthChecks != nil {
		c.ChildHealthChecks = in.ChildHealthChecks
	}
	if in.Regions != nil {
		c.Regions = in.Regions
	}
	return nil
}

func take[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

// DeleteHealthCheck deletes a health check, whether records name it or not, as AWS does.
func (s *Service) DeleteHealthCheck(ctx context.Context, in *DeleteHealthCheckInput) (*DeleteHealthCheckOutput, error) {
	return &DeleteHealthCheckOutput{}, s.update(ctx, func(t *txn) error {
		c, err := t.check(*in.HealthCheckId)
		if err == nil {
			t.checks.Delete(t.tx, t.sc, c.ID)
		}
		return err
	})
}
