package ecs

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

var imageCharacters = regexp.MustCompile(`^[a-zA-Z0-9_\-:./#@+]+$`)

// newContainers checks the containers of a task definition and gives them with AWS's defaults: of the lists, those that AWS always
// shows are empty where they are not given.
func newContainers(given []ContainerDefinition, d *TaskDefinition) ([]ContainerDefinition, error) {
	if len(given) == 0 {
		return nil, refused("Container list cannot be empty.")
	}
	if len(given) > 10 {
		return nil, refused("Too many containers.")
	}
	out := make([]ContainerDefinition, 0, len(given))
	essential := false
	for _, c := range given {
		if err := checkContainer(&c, d); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(other ContainerDefinition) bool { return *other.Name == *c.Name }) {
			return nil, refused("Duplicate container name '%s'.", *c.Name)
		}
		setDefaults(&c, d)
		essential = essential || *c.Essential
		out = append(out, c)
	}
	if !essential {
		return nil, refused("At least one container must be essential.")
	}
	if err := checkHostPorts(out); err != nil {
		return nil, err
	}
	if err := checkReferences(out); err != nil {
		return nil, err
	}
	return out, checkProxy(d.ProxyConfiguration, out)
}

func setDefaults(c *ContainerDefinition, d *TaskDefinition) {
	if c.Cpu == nil {
		c.Cpu = new(int64(0))
	}
	if c.Essential == nil {
		c.Essential = new(true)
	}
	ports := []PortMapping{}
	for _, p := range c.PortMappings {
		if p.Protocol == nil {
			p.Protocol = new("tcp")
		}
		if mode := text(d.NetworkMode); number(p.HostPort) == 0 && p.ContainerPort != nil {
			p.HostPort = new(int64(0))
			if mode == "awsvpc" || mode == "host" {
				p.HostPort = new(*p.ContainerPort)
			}
		}
		ports = append(ports, p)
	}
	c.PortMappings = ports
	c.Environment = append([]KeyValuePair{}, c.Environment...)
	c.MountPoints = append([]MountPoint{}, c.MountPoints...)
	c.VolumesFrom = append([]VolumeFrom{}, c.VolumesFrom...)
	c.SystemControls = append([]SystemControl{}, c.SystemControls...)
	if h := c.HealthCheck; h != nil {
		full := HealthCheck{Command: h.Command, Interval: new(int64(30)), Timeout: new(int64(5)), Retries: new(int64(3)), StartPeriod: h.StartPeriod}
		for _, m := range []struct{ to, from **int64 }{{&full.Interval, &h.Interval}, {&full.Timeout, &h.Timeout}, {&full.Retries, &h.Retries}} {
			if *m.from != nil {
				*m.to = *m.from
			}
		}
		c.HealthCheck = &full
	}
}

func checkContainer(c *ContainerDefinition, d *TaskDefinition) error {
	awsvpc := text(d.NetworkMode) == "awsvpc"
	switch {
	case text(c.Name) == "":
		return refused("Container.name should not be null or empty.")
	case !names.MatchString(*c.Name):
		return refused("Container.name contains invalid characters.")
	case text(c.Image) == "":
		return refused("Container.image should not be null or empty.")
	case !imageCharacters.MatchString(*c.Image):
		return refused("Container.image contains invalid characters.")
	case number(c.Cpu) < 0:
		return refused("Invalid 'cpu' setting for container '%s'.", *c.Name)
	case awsvpc && len(c.Links) > 0:
		return refused("Links are not supported when networkMode=awsvpc.")
	case awsvpc && c.Hostname != nil:
		return refused("'hostname' is not supported on container when networkMode=awsvpc.")
	case awsvpc && len(c.DnsServers)+len(c.DnsSearchDomains) > 0:
		return refused("'dnsServers' and 'dnsSearchDomains' are not supported on container when networkMode=awsvpc.")
	case awsvpc && truth(c.DisableNetworking):
		return refused("Container.disableNetworking is not supported when networkMode=awsvpc.")
	case c.StopTimeout != nil && (*c.StopTimeout < 0 || *c.StopTimeout > 120 && slices.Contains(d.RequiresCompatibilities, fargate)):
		return refused("Container.stopTimeout must be between 0 and 120 seconds.")
	case c.StartTimeout != nil && (*c.StartTimeout < 0 || *c.StartTimeout > 120 && slices.Contains(d.RequiresCompatibilities, fargate)):
		return refused("Container.startTimeout must be between 0 and 120 seconds.")
	case len(c.ResourceRequirements) > 0:
		return unable("RegisterTaskDefinition", "resourceRequirements")
	case len(c.CredentialSpecs) > 0:
		return unable("RegisterTaskDefinition", "credentialSpecs")
	}
	if err := oneOf("versionConsistency", c.VersionConsistency, "disabled", "enabled"); err != nil {
		return err
	}
	for _, check := range []func(*ContainerDefinition) error{checkPorts, checkVariables, checkHealthCheck, checkUlimits, checkLogs, checkRestarts} {
		if err := check(c); err != nil {
			return err
		}
	}
	for _, m := range c.MountPoints {
		switch {
		case text(m.SourceVolume) != "" && !slices.ContainsFunc(d.Volumes, func(v Volume) bool { return *v.Name == *m.SourceVolume }):
			return refused("Unknown volume '%s'.", *m.SourceVolume)
		case text(m.ContainerPath) == "":
			return refused("The mount point of container '%s' must have a containerPath.", *c.Name)
		}
	}
	for _, p := range c.PortMappings {
		if awsvpc && number(p.HostPort) != 0 && number(p.HostPort) != number(p.ContainerPort) {
			return refused("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
		}
		if text(d.NetworkMode) == "host" && number(p.HostPort) != 0 && number(p.HostPort) != number(p.ContainerPort) {
			return refused("When networkMode=host, the host ports and container ports in port mappings must match.")
		}
	}
	return nil
}

var portNames = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,63}$`)

func checkPorts(c *ContainerDefinition) error {
	for _, p := range c.PortMappings {
		for _, port := range []*int64{p.ContainerPort, p.HostPort} {
			if number(port) < 0 || number(port) > 65535 {
				return refused("Invalid port number %d in the port mappings of container '%s'.", *port, *c.Name)
			}
		}
		switch {
		case p.ContainerPortRange != nil:
			return unable("RegisterTaskDefinition", "containerPortRange")
		case number(p.ContainerPort) == 0:
			return refused("The containerPort of a port mapping of container '%s' must be between 1 and 65535.", *c.Name)
		case p.Name != nil && !portNames.MatchString(*p.Name):
			return refused("Invalid port mapping name '%s'. Up to 64 lowercase letters, numbers, hyphens, and underscores are allowed, and the first character can't be a hyphen.", *p.Name)
		}
		if err := oneOf("portMappings.protocol", p.Protocol, "tcp", "udp"); err != nil {
			return err
		}
		if err := oneOf("portMappings.appProtocol", p.AppProtocol, "grpc", "http", "http2"); err != nil {
			return err
		}
	}
	return nil
}

func checkVariables(c *ContainerDefinition) error {
	var seen []string
	for _, v := range c.Environment {
		seen = append(seen, text(v.Name))
	}
	for _, s := range c.Secrets {
		if *s.Name == "" || *s.ValueFrom == "" {
			return refused("The secret name and valueFrom must not be empty.")
		}
		if slices.Contains(seen, *s.Name) {
			return refused("The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", *s.Name)
		}
		if strings.HasPrefix(*s.ValueFrom, "arn:") && !strings.Contains(*s.ValueFrom, ":secretsmanager:") && !strings.Contains(*s.ValueFrom, ":ssm:") {
			return refused("Invalid ARN for secret '%s': %s", *s.Name, *s.ValueFrom)
		}
		seen = append(seen, *s.Name)
	}
	for _, f := range c.EnvironmentFiles {
		if err := oneOf("environmentFiles.type", f.Type, "s3"); err != nil {
			return err
		}
		if !strings.HasPrefix(*f.Value, "arn:aws:s3:::") || !strings.HasSuffix(*f.Value, ".env") {
			return refused("Invalid environment file '%s': the ARN of an S3 object with the suffix .env is required.", *f.Value)
		}
	}
	return nil
}

func checkHealthCheck(c *ContainerDefinition) error {
	h := c.HealthCheck
	if h == nil {
		return nil
	}
	if len(h.Command) == 0 {
		return refused("HealthCheck.command should not be empty.")
	}
	for _, m := range []struct {
		name     string
		value    *int64
		min, max int64
	}{{"interval", h.Interval, 5, 300}, {"timeout", h.Timeout, 2, 120}, {"retries", h.Retries, 1, 10}, {"startPeriod", h.StartPeriod, 0, 300}} {
		if m.value != nil && (*m.value < m.min || *m.value > m.max) {
			return refused("HealthCheck.%s must be between %d and %d.", m.name, m.min, m.max)
		}
	}
	return nil
}

func checkUlimits(c *ContainerDefinition) error {
	var seen []string
	for _, u := range c.Ulimits {
		if err := oneOf("ulimits.name", u.Name, "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
			"rtprio", "rttime", "sigpending", "stack"); err != nil {
			return err
		}
		if *u.SoftLimit > *u.HardLimit && *u.HardLimit != -1 {
			return refused("The soft limit of ulimit '%s' must not be greater than its hard limit.", *u.Name)
		}
		if slices.Contains(seen, *u.Name) {
			return refused("Duplicate ulimit '%s'.", *u.Name)
		}
		seen = append(seen, *u.Name)
	}
	return nil
}

func checkRestarts(c *ContainerDefinition) error {
	r := c.RestartPolicy
	if r == nil {
		return nil
	}
	if n := r.RestartAttemptPeriod; n != nil && (*n < 60 || *n > 1800) {
		return refused("RestartPolicy.restartAttemptPeriod must be between 60 and 1800 seconds.")
	}
	if len(r.IgnoredExitCodes) > 50 {
		return refused("RestartPolicy.ignoredExitCodes can have at most 50 exit codes.")
	}
	return nil
}

// awslogsOptions are those that ECS takes. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
func awslogsOptions() []string {
	return []string{"awslogs-create-group", "awslogs-datetime-format", "awslogs-endpoint", "awslogs-group", "awslogs-multiline-pattern", "awslogs-region",
		"awslogs-stream", "awslogs-stream-prefix", "max-buffer-size", "mode"}
}

func checkLogs(c *ContainerDefinition) error {
	l := c.LogConfiguration
	if l == nil {
		return nil
	}
	if drivers := []string{"awsfirelens", "awslogs", "fluentd", "gelf", "journald", "json-file", "splunk", "syslog"}; !slices.Contains(drivers, *l.LogDriver) {
		return refused("%s is not a valid log driver. Must be one of [%s]", *l.LogDriver, strings.Join(drivers, ","))
	}
	if *l.LogDriver != "awslogs" {
		return nil
	}
	var lacks, extra []string
	for _, name := range []string{"awslogs-region", "awslogs-group"} {
		if l.Options[name] == "" {
			lacks = append(lacks, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Options)) {
		if !slices.Contains(awslogsOptions(), name) {
			extra = append(extra, name)
		}
	}
	mode, hasMode := l.Options["mode"]
	create, hasCreate := l.Options["awslogs-create-group"]
	switch {
	case len(lacks) > 0:
		return refused("Log driver awslogs requires options: %s", strings.Join(lacks, ", "))
	case len(extra) > 0:
		return refused("Log driver awslogs disallows options: %s", strings.Join(extra, ", "))
	case hasCreate && create != "true":
		return refused("Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.")
	case hasMode && mode != "blocking" && mode != "non-blocking":
		return refused("Log driver awslogs option 'mode' should be 'blocking' or 'non-blocking'.")
	}
	return nil
}
