package fargate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"atoll/internal/cloud/aws/ecs"
	"atoll/internal/cloud/state"
	"atoll/internal/dataplane/container"
	"atoll/internal/dataplane/fabric"
)

var errNotHere = errors.New("the task does not run here")

// task is a task that runs. What it was made of does not change.
type task struct {
	agent       *Agent
	sc          state.Scope
	arn, id     string
	definition  ecs.TaskDefinition
	record      ecs.Task // as it was when it was started
	iface       fabric.Interface
	zone        string
	cpu, memory int64 // CPU units and MiB of the task
	execution   string
	role        string
	credentials string // id under which the task's role's credentials are found
	dir         string
	containers  []*taskContainer
	namespace   *fabric.Namespace
	trust       []byte // certificates in PEM

	mu       sync.Mutex
	asked    bool          // to stop
	stopping chan struct{} // closed when the task is to end
	pullFrom time.Time
	pullStop time.Time
	started  time.Time
	hidden   map[string]string // values of secrets, by container and name
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func truth(b *bool) bool { return b != nil && *b }

// amount reads a number of units, such as a task's CPU.
func amount(s *string) int64 {
	n, _ := strconv.ParseInt(text(s), 10, 64)
	return n
}

func last(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// service gives the name of the service that the task belongs to; empty for none.
func (t *task) service() string {
	name, ok := strings.CutPrefix(text(t.record.Group), "service:")
	if !ok {
		return ""
	}
	return name
}

// newTask copies what a task is made of, since records are changed by later transactions.
func (a *Agent) newTask(tx *state.Tx, run *ecs.TaskRun) *task {
	t := &task{
		agent: a, sc: run.Scope, arn: *run.Task.TaskArn, id: last(*run.Task.TaskArn), definition: *run.Definition, record: *run.Task,
		cpu: amount(run.Task.Cpu), memory: amount(run.Task.Memory), execution: text(run.Definition.ExecutionRoleArn), role: text(run.Definition.TaskRoleArn),
		zone: text(run.Task.AvailabilityZone), credentials: a.d.IDs.UUID(), stopping: make(chan struct{}), hidden: map[string]string{},
	}
	t.dir = filepath.Join(a.d.Dir, t.id)
	if o := run.Task.Overrides; o != nil {
		if o.ExecutionRoleArn != nil {
			t.execution = *o.ExecutionRoleArn
		}
		if o.TaskRoleArn != nil {
			t.role = *o.TaskRoleArn
		}
	}
	t.iface = fabric.Interface{ID: run.Interface, Address: address(run.PrivateIP)}
	for _, attachment := range run.Task.Attachments {
		for _, d := range attachment.Details {
			if text(d.Name) == "subnetId" {
				if sub, ok := a.d.Subnets.Subnet(tx, run.Scope, text(d.Value)); ok {
					t.iface.Subnet, _ = netip.ParsePrefix(sub.CIDR)
				}
			}
		}
	}
	t.iface.Hostname = t.hostname()
	for i := range t.definition.ContainerDefinitions {
		t.containers = append(t.containers, a.newContainer(t, &t.definition.ContainerDefinitions[i], run.Task.Containers[i]))
	}
	return t
}

// stop has the task end; it may be called more than once.
func (t *task) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.asked {
		t.asked = true
		close(t.stopping)
	}
}

// failure is why a task could not be started, in AWS's words.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
type failure struct{ kind, message string }

func (f *failure) Error() string { return f.kind + ": " + f.message }

func failed(kind, format string, args ...any) error {
	return &failure{kind, fmt.Sprintf(format, args...)}
}

// run takes the task from its start to its end.
func (t *task) run(ctx context.Context) {
	defer t.agent.forget(t)
	report := ecs.Report{Task: t.arn, Status: "STOPPED"}
	err := t.start(ctx)
	if err == nil {
		t.agent.tell(t.sc, t.runningReport())
		report.StopCode, report.Reason = t.watch(ctx)
		if report.StopCode != "" { // before what takes its time: nobody is to send it requests any more
			t.agent.tell(t.sc, ecs.Report{Task: t.arn, Status: "STOPPING", StopCode: report.StopCode, Reason: report.Reason})
		}
	} else if report.StopCode, report.Reason = "TaskFailedToStart", err.Error(); errors.Is(err, errEssentialEnded) {
		report.StopCode = "EssentialContainerExited"
	}
	t.endContainers(ctx)
	if err := t.cleanUp(); err != nil {
		t.agent.d.Logger.Error("cleaning up after a task", "task", t.arn, "err", err)
	}
	for _, c := range t.containers {
		report.Containers = append(report.Containers, c.endReport())
	}
	t.agent.tell(t.sc, report)
}

// start takes the task to where all of its containers run.
func (t *task) start(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // a stop ends what a start waits for
		select {
		case <-t.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := t.prepare(ctx); err != nil {
		return err
	}
	if err := t.pull(ctx); err != nil {
		return err
	}
	return t.startContainers(ctx)
}

func (t *task) prepare(ctx context.Context) error {
	if err := t.unsupported(); err != nil {
		return err
	}
	if err := os.MkdirAll(t.dir, 0o711); err != nil {
		return failed("ResourceInitializationError", "%v", err)
	}
	limits := container.Limits{CPUs: float64(t.cpu) / 1024, Memory: t.memory << 20}
	if err := t.agent.d.Runtime.Group(t.id, limits); err != nil {
		return failed("ResourceInitializationError", "%v", err)
	}
	if t.agent.d.Trust != nil {
		var err error
		if t.trust, err = t.agent.d.Trust(ctx); err != nil {
			return failed("ResourceInitializationError", "%v", err)
		}
	}
	namespace, err := t.agent.d.Network.Attach(ctx, t.iface)
	if err != nil {
		return failed("ResourceInitializationError", "failed to configure ENI: %v", err)
	}
	t.namespace = namespace
	if err := t.fetchSecrets(ctx); err != nil {
		return failed("ResourceInitializationError", "unable to pull secrets or registry auth: execution resource retrieval failed: %v", err)
	}
	return t.prepareLogs(ctx)
}

func (t *task) now() time.Time { return t.agent.d.Clock.Now() }

// pull gets the images of all containers.
func (t *task) pull(ctx context.Context) error {
	t.mu.Lock()
	t.pullFrom = t.now()
	from := t.pullFrom
	t.mu.Unlock()
	t.agent.tell(t.sc, ecs.Report{Task: t.arn, Status: "PENDING", PullStarted: &from})
	errs := make([]error, len(t.containers))
	var all sync.WaitGroup
	for i, c := range t.containers {
		all.Go(func() { errs[i] = c.pull(ctx) })
	}
	all.Wait()
	t.mu.Lock()
	t.pullStop = t.now()
	t.mu.Unlock()
	return errors.Join(slices.DeleteFunc(errs, func(e error) bool { return e == nil })...)
}

func (t *task) runningReport() ecs.Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.started = t.now()
	r := ecs.Report{Task: t.arn, Status: "RUNNING", PullStopped: &t.pullStop}
	for _, c := range t.containers {
		r.Containers = append(r.Containers, ecs.ContainerReport{Name: c.name, Status: "RUNNING", RuntimeID: c.runtimeID, ImageDigest: c.image.Digest})
	}
	return r
}

// watch returns when the task is to end, with why if that is its own doing.
func (t *task) watch(ctx context.Context) (code, reason string) {
	ended := make(chan *taskContainer, len(t.containers))
	for _, c := range t.containers {
		if c.process != nil {
			t.agent.running.Go(func() { <-c.process.Done(); ended <- c })
		}
	}
	for {
		select {
		case <-ctx.Done():
			return "", ""
		case <-t.stopping:
			return "", ""
		case c := <-ended:
			if c.essential {
				return "EssentialContainerExited", "Essential container in task exited"
			}
			t.agent.tell(t.sc, ecs.Report{Task: t.arn, Containers: []ecs.ContainerReport{c.endReport()}})
		}
	}
}

// grace is how long containers have to end when the cloud itself ends.
const grace = 5 * time.Second

// endContainers ends what runs, in the order opposite to that of its start: SIGTERM, or what the image asks for, and SIGKILL after the
// stop time-out. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
func (t *task) endContainers(ctx context.Context) {
	for _, group := range t.stopOrder() {
		var all sync.WaitGroup
		for _, c := range group {
			if c.process == nil {
				continue
			}
			all.Go(func() { c.end(ctx) })
		}
		all.Wait()
	}
	for _, c := range t.containers {
		c.finish()
	}
}

func (t *task) cleanUp() error {
	var errs []error
	for _, c := range t.containers {
		if c.image.Release != nil {
			errs = append(errs, c.image.Release())
		}
	}
	if t.namespace != nil {
		errs = append(errs, t.namespace.Close())
	}
	return errors.Join(append(errs, t.agent.d.Runtime.RemoveGroup(t.id), os.RemoveAll(t.dir))...)
}

// signalNamed gives a signal by its name or number, as images have it.
func signalNamed(name string) syscall.Signal {
	if n, err := strconv.Atoi(name); err == nil {
		return syscall.Signal(n)
	}
	if s, ok := map[string]syscall.Signal{ // by Linux's numbers: images are Linux's, and Windows knows fewer
		"INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "HUP": syscall.SIGHUP, "USR1": 0xa, "USR2": 0xc, "KILL": syscall.SIGKILL, "WINCH": 0x1c,
	}[strings.TrimPrefix(name, "SIG")]; ok {
		return s
	}
	return syscall.SIGTERM
}
