package fargate

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"atoll/internal/dataplane/fabric"
)

// MetadataAddress is where tasks find their metadata and their credentials.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
const MetadataAddress = "169.254.170.2"

// Metadata serves the endpoint at MetadataAddress for the tasks of an agent.
type Metadata struct {
	agent *Agent
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// NewMetadata makes the endpoint.
func NewMetadata(a *Agent) *Metadata {
	return &Metadata{agent: a, conns: make(chan net.Conn), done: make(chan struct{})}
}

// Dial connects a task to the endpoint.
func (m *Metadata) Dial(ctx context.Context, _ string, port int) (net.Conn, error) {
	if port != 80 {
		return nil, fabric.Refused(port)
	}
	near, far := net.Pipe()
	select {
	case m.conns <- far:
		return near, nil
	case <-m.done:
	case <-ctx.Done():
	}
	return nil, errors.Join(near.Close(), far.Close(), net.ErrClosed)
}

// Run serves until ctx ends.
func (m *Metadata) Run(ctx context.Context) error {
	server := &http.Server{Handler: m.handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer ended()
	if err := server.Serve(m); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Accept gives the next connection of a task.
func (m *Metadata) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

// Close lets no more tasks in.
func (m *Metadata) Close() error {
	m.once.Do(func() { close(m.done) })
	return nil
}

// Addr is the endpoint's address.
func (m *Metadata) Addr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(MetadataAddress), Port: 80} }

func (m *Metadata) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/credentials/{token}", m.credentials)
	for _, version := range []string{"v3", "v4"} {
		mux.HandleFunc("GET /"+version+"/{token}", m.tell(func(t *task, c *taskContainer) (any, error) { return t.containerMetadata(c), nil }))
		mux.HandleFunc("GET /"+version+"/{token}/task", m.tell(func(t *task, _ *taskContainer) (any, error) { return t.metadata(), nil }))
		mux.HandleFunc("GET /"+version+"/{token}/taskWithTags", m.tell(func(t *task, _ *taskContainer) (any, error) { return t.metadata(), nil }))
	}
	return mux
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the task has gone away
}

func (m *Metadata) find(token string) (*task, *taskContainer) {
	m.agent.mu.Lock()
	defer m.agent.mu.Unlock()
	t := m.agent.tokens[token]
	if t == nil {
		return nil, nil
	}
	i := slices.IndexFunc(t.containers, func(c *taskContainer) bool { return c.token == token })
	if i < 0 {
		return t, nil
	}
	return t, t.containers[i]
}

func (m *Metadata) tell(what func(t *task, c *taskContainer) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t, c := m.find(r.PathValue("token"))
		if c == nil {
			http.Error(w, "V4 container metadata handler: unable to get container ID from request: unable to get docker ID from v3 endpoint ID: unable to find container", http.StatusNotFound)
			return
		}
		body, err := what(t, c)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, http.StatusOK, body)
	}
}

// credentials gives credentials of the task's role.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
func (m *Metadata) credentials(w http.ResponseWriter, r *http.Request) {
	t, c := m.find(r.PathValue("token"))
	if t == nil || c != nil || t.role == "" {
		answer(w, http.StatusBadRequest, map[string]any{"code": "InvalidIdInRequest", "message": "CredentialsV2Request: Credentials not found", "HTTPErrorCode": 400})
		return
	}
	key, err := t.roleCredentials(r.Context())
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]any{"code": "InternalServerError", "message": err.Error(), "HTTPErrorCode": 500})
		return
	}
	answer(w, http.StatusOK, map[string]string{
		"RoleArn": t.role, "AccessKeyId": key.ID, "SecretAccessKey": key.Secret, "Token": key.SessionToken, "Expiration": key.Expires.Format(time.RFC3339),
	})
}

// TaskMetadata is what the endpoint tells of a task.
type TaskMetadata struct {
	Cluster, TaskARN, Family, Revision string
	DesiredStatus, KnownStatus         string
	Limits                             TaskLimits
	PullStartedAt, PullStoppedAt       *time.Time `json:",omitempty"`
	AvailabilityZone                   string
	LaunchType                         string
	ServiceName                        string `json:",omitempty"`
	Containers                         []ContainerMetadata
}

// TaskLimits are vCPUs and MiB of a task, or CPU units and MiB of a container.
type TaskLimits struct {
	CPU    float64
	Memory int64
}

// ContainerMetadata is what the endpoint tells of a container.
type ContainerMetadata struct {
	DockerId, Name, DockerName, Image, ImageID string
	Labels                                     map[string]string
	DesiredStatus, KnownStatus                 string
	ExitCode                                   *int `json:",omitempty"`
	Limits                                     TaskLimits
	CreatedAt, StartedAt                       *time.Time `json:",omitempty"`
	Type                                       string
	LogDriver                                  string            `json:",omitempty"`
	LogOptions                                 map[string]string `json:",omitempty"`
	ContainerARN                               string
	Health                                     *HealthMetadata `json:",omitempty"` // of one with a health check
	Networks                                   []NetworkMetadata
}

// HealthMetadata is what the endpoint tells of a container's health.
type HealthMetadata struct {
	Status string     `json:"status"`
	Since  *time.Time `json:"statusSince,omitempty"`
}

// NetworkMetadata is what the endpoint tells of a container's network.
type NetworkMetadata struct {
	NetworkMode              string
	IPv4Addresses            []string
	AttachmentIndex          int
	IPv4SubnetCIDRBlock      string
	PrivateDNSName           string
	SubnetGatewayIpv4Address string
}

func (t *task) metadata() TaskMetadata {
	t.mu.Lock()
	from, pulled, desired, known := t.pullFrom, t.pullStop, "RUNNING", "RUNNING"
	if t.asked {
		desired = "STOPPED"
	}
	if t.started.IsZero() {
		known = "PENDING"
	}
	t.mu.Unlock()
	m := TaskMetadata{
		Cluster: text(t.record.ClusterArn), TaskARN: t.arn, Family: text(t.definition.Family), Revision: last(strings.ReplaceAll(text(t.definition.TaskDefinitionArn), ":", "/")),
		DesiredStatus: desired, KnownStatus: known, Limits: TaskLimits{float64(t.cpu) / 1024, t.memory}, AvailabilityZone: t.zone, LaunchType: "FARGATE",
		PullStartedAt: &from, PullStoppedAt: &pulled,
		ServiceName: t.service(),
	}
	for _, c := range t.containers {
		m.Containers = append(m.Containers, t.containerMetadata(c))
	}
	return m
}

func (t *task) containerMetadata(c *taskContainer) ContainerMetadata {
	m := ContainerMetadata{
		DockerId: c.runtimeID, Name: c.name, DockerName: c.name, Image: *c.definition.Image, ImageID: c.image.Digest, DesiredStatus: "RUNNING", KnownStatus: "RUNNING",
		Limits: TaskLimits{float64(number(c.definition.Cpu)), number(c.definition.Memory)}, Type: "NORMAL", ContainerARN: c.arn,
		Labels: map[string]string{
			"com.amazonaws.ecs.cluster": text(t.record.ClusterArn), "com.amazonaws.ecs.container-name": c.name, "com.amazonaws.ecs.task-arn": t.arn,
			"com.amazonaws.ecs.task-definition-family": text(t.definition.Family), "com.amazonaws.ecs.task-definition-version": last(strings.ReplaceAll(text(t.definition.TaskDefinitionArn), ":", "/")),
		},
		Networks: []NetworkMetadata{{NetworkMode: "awsvpc", IPv4Addresses: []string{t.iface.Address.String()}, IPv4SubnetCIDRBlock: t.iface.Subnet.String(),
			PrivateDNSName: t.hostname(), SubnetGatewayIpv4Address: t.iface.Subnet.Masked().Addr().Next().String()}},
	}
	c.tellState(&m)
	if l := c.definition.LogConfiguration; l != nil {
		m.LogDriver, m.LogOptions = text(l.LogDriver), map[string]string{"awslogs-stream": l.Options["awslogs-stream-prefix"] + "/" + c.name + "/" + t.id}
		for k, v := range l.Options {
			m.LogOptions[k] = v
		}
	}
	return m
}

// tellState tells how far a container has come, and how healthy it is.
func (c *taskContainer) tellState(m *ContainerMetadata) {
	if c.definition.HealthCheck != nil {
		c.task.mu.Lock()
		m.Health = &HealthMetadata{Status: "UNKNOWN"}
		if c.status != "" {
			m.Health.Status, m.Health.Since = c.status, new(c.since)
		}
		c.task.mu.Unlock()
	}
	select {
	case <-c.started:
	default:
		m.KnownStatus = "PULLED"
		return
	}
	m.CreatedAt, m.StartedAt = &c.begun, &c.begun
	select {
	case <-c.process.Done():
		m.DesiredStatus, m.KnownStatus, m.ExitCode = "STOPPED", "STOPPED", new(c.process.Wait().Code)
	default:
	}
}
