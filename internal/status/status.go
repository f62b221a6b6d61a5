package status

import "time"

// Status is how an environment does at one time. It is also what --json prints.
type Status struct {
	Environment  string        `json:"environment"`
	Region       string        `json:"region"`
	Well         bool          `json:"well"`
	Headline     string        `json:"headline"`
	Problems     []Problem     `json:"problems"`
	Services     []Service     `json:"services"`
	Jobs         []Job         `json:"jobs"`
	LoadBalancer *LoadBalancer `json:"load_balancer"` // null without one
	Databases    []Database    `json:"databases"`     // the primary one first
	Alarms       Alarms        `json:"alarms"`
}

// Problem is something that is not well.
type Problem struct {
	Part string `json:"part"` // such as service web
	What string `json:"what"`
	Why  string `json:"why,omitempty"`
}

// Service is an ECS service.
type Service struct {
	Name        string       `json:"name"`
	Desired     int          `json:"desired"`
	Running     int          `json:"running"`
	Pending     int          `json:"pending"`
	Image       string       `json:"image"`            // as its task definition names it
	Digest      string       `json:"digest,omitempty"` // of the image, sha256:...; of a tag, what a running task has
	CPU         string       `json:"cpu"`              // in 1/1024 of a vCPU
	Memory      string       `json:"memory"`           // MiB
	Definition  string       `json:"task_definition"`  // FAMILY:REVISION
	Deployments []Deployment `json:"deployments"`      // the newest first
	Tasks       []Task       `json:"tasks"`
	Stopped     []Task       `json:"stopped"` // the last ones that ECS still knows, the newest first
	Targets     []Target     `json:"targets"`
	Event       string       `json:"last_event,omitempty"`
}

// Deployment is one of a service's deployments.
type Deployment struct {
	ID         string    `json:"id"`
	Status     string    `json:"status"` // PRIMARY, ACTIVE
	State      string    `json:"rollout_state"`
	Reason     string    `json:"reason,omitempty"`
	Definition string    `json:"task_definition"`
	Desired    int       `json:"desired"`
	Running    int       `json:"running"`
	Failed     int       `json:"failed_tasks"`
	Created    time.Time `json:"created_at"`
	Updated    time.Time `json:"updated_at"`
}

// UnderWay reports whether ECS still works on it.
func (d *Deployment) UnderWay() bool { return d.Status == "ACTIVE" || d.State == "IN_PROGRESS" }

// Task is a task of a service or of a job.
type Task struct {
	ID         string     `json:"id"`
	Status     string     `json:"status"`
	Health     string     `json:"health,omitempty"` // of the container's health check, empty without one
	Zone       string     `json:"zone,omitempty"`
	Address    string     `json:"address,omitempty"`
	Definition string     `json:"task_definition"`
	Created    time.Time  `json:"created_at"`
	Started    *time.Time `json:"started_at,omitempty"`
	Stopped    *time.Time `json:"stopped_at,omitempty"`
	Code       string     `json:"stop_code,omitempty"`
	Reason     string     `json:"stopped_reason,omitempty"`
	ExitCode   *int       `json:"exit_code,omitempty"`
	Container  string     `json:"container_reason,omitempty"`
}

// Target is an address that the load balancer sends a service's requests to.
type Target struct {
	Group   string `json:"target_group"`
	Address string `json:"address"`
	Port    int    `json:"port"`
	State   string `json:"state"` // healthy, unhealthy, initial, draining, unused, unavailable
	Reason  string `json:"reason,omitempty"`
	Text    string `json:"description,omitempty"`
}

// LoadBalancer is the environment's load balancer.
type LoadBalancer struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Scheme string `json:"scheme"`
	DNS    string `json:"dns_name"`
	URL    string `json:"url"` // as it is reached from here; empty without a listener
}

// Database is an RDS instance.
type Database struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	Class      string `json:"class"`
	Engine     string `json:"engine"`
	Version    string `json:"version"`
	Host       string `json:"host,omitempty"`
	Port       int    `json:"port,omitempty"`
	StorageGiB int    `json:"storage_gib"`
	MaxGiB     int    `json:"max_storage_gib,omitempty"` // 0: it does not grow
	MultiAZ    bool   `json:"multi_az"`
	Zone       string `json:"zone,omitempty"`
	Replica    bool   `json:"replica"`
	Pending    bool   `json:"pending_changes"` // made in the next maintenance window
	Why        string `json:"why,omitempty"`   // RDS's last word on one that does not answer

	answers bool
}

// Job is a scheduled job.
type Job struct {
	Name     string `json:"name"`
	Schedule string `json:"schedule"`
	Enabled  bool   `json:"enabled"`
	Running  int    `json:"running"`
	Last     *Task  `json:"last_run"` // the last that ended, if ECS still knows it
}

// Alarms are the environment's alarms.
type Alarms struct {
	Alarm        int     `json:"alarm"`
	OK           int     `json:"ok"`
	Insufficient int     `json:"insufficient_data"`
	All          []Alarm `json:"all"` // those in alarm first
}

// Alarm is a CloudWatch alarm.
type Alarm struct {
	Name   string    `json:"name"`
	State  string    `json:"state"`
	Text   string    `json:"description,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
}
