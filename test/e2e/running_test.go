//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// guestbook is the example app, brought up where nothing was.
type guestbook struct {
	t     *testing.T
	cloud *localCloud
	dir   string // the folder that atoll is called in
	url   string
}

// site is an HTTP client that finds every load balancer at the edge.
func site(edge string) *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, edge)
	}}}
}

func (g *guestbook) client() *http.Client {
	return site("127.0.0.1" + g.url[strings.LastIndex(g.url, ":"):])
}

func (g *guestbook) atoll(args ...string) result {
	g.t.Helper()
	return runIn(g.t, g.dir, []string{"ATOLL_CLOUD_DIR=" + g.cloud.dir, "AWS_REGION=eu-west-1"}, atoll, args...)
}

// get asks for a path until check is content.
func (g *guestbook) get(path string, check func(status int, body string) bool) (status int, body string) {
	g.t.Helper()
	client := g.client()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		answer, err := client.Get(g.url + path)
		if err == nil {
			raw, readErr := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			status, body, err = answer.StatusCode, string(raw), readErr
			if err == nil && check(status, body) {
				return status, body
			}
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("%s: %d %s %v", path, status, body, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func ok(status int, _ string) bool { return status == http.StatusOK }

func (g *guestbook) write(message string) {
	g.t.Helper()
	answer, err := g.client().Post(g.url+"/api/entries", "application/json", strings.NewReader(`{"author":"e2e","message":"`+message+`"}`))
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		body, _ := io.ReadAll(answer.Body)
		g.t.Fatalf("%d %s", answer.StatusCode, body)
	}
}

// load asks for the entries 100 times a second until stop is called, which tells how often each status came.
func (g *guestbook) load() (stop func() map[string]int) {
	var mu sync.Mutex
	got := map[string]int{}
	done, ended := make(chan struct{}), make(chan struct{})
	client := g.client()
	go func() {
		defer close(ended)
		var all sync.WaitGroup
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				all.Wait()
				return
			case <-tick.C:
				all.Go(func() {
					what := ""
					answer, err := client.Get(g.url + "/api/entries?limit=1")
					if err != nil {
						what = err.Error()
					} else {
						_, _ = io.Copy(io.Discard, answer.Body)
						_ = answer.Body.Close()
						what = strconv.Itoa(answer.StatusCode)
					}
					mu.Lock()
					defer mu.Unlock()
					got[what]++
				})
			}
		}
	}()
	return func() map[string]int {
		close(done)
		<-ended
		return got
	}
}

// webTasks gives the ids of the tasks of the service web that run.
func (g *guestbook) webTasks() []string {
	g.t.Helper()
	out, err := ecs.NewFromConfig(g.cloud.config()).ListTasks(g.t.Context(), &ecs.ListTasksInput{Cluster: aws.String("guestbook-dev"), ServiceName: aws.String("web")})
	if err != nil {
		g.t.Fatal(err)
	}
	var ids []string
	for _, arn := range out.TaskArns {
		ids = append(ids, arn[strings.LastIndexByte(arn, '/')+1:])
	}
	return ids
}

// processes gives the processes whose control group's path holds a text.
func processes(t *testing.T, text string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(b), text) {
			pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// TestRunning brings the example app up where there is nothing, and does to it what happens in production.
func TestRunning(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("tasks need root: run the tests as root to have them tested")
	}
	need(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	c := startCloudWith(t, "auto")
	c.env = c.settingsFor("dev")
	before := c.inventory()
	g := &guestbook{t: t, cloud: c, dir: t.TempDir()}
	var outputs map[string]any
	began := time.Now()
	if err := json.Unmarshal([]byte(g.atoll("up", "--json").must(0)), &outputs); err != nil {
		t.Fatal(err)
	}
	t.Logf("from nothing to an answer: %s", time.Since(began))
	g.url = fmt.Sprint(outputs["url"])
	g.get("/", ok)
	g.write("a row")
	g.get("/api/entries", func(status int, body string) bool { return status == http.StatusOK && strings.Contains(body, "a row") })
	if r := g.atoll("plan", "dev", "--detailed-exitcode"); r.code != 0 {
		t.Errorf("a plan is not empty: exit code %d\n%s", r.code, r.stdout)
	}

	t.Run("a killed task costs nothing", func(t *testing.T) { g.killTask(t) })
	t.Run("a broken image is rolled back", func(t *testing.T) { g.deployBroken(t) })
	t.Run("a new image is deployed, and rolled back", func(t *testing.T) { g.deployNew(t) })
	t.Run("a killed cloud comes back", func(t *testing.T) {
		c.kill()
		g.get("/api/entries", func(status int, body string) bool { return status == http.StatusOK && strings.Contains(body, "a row") })
	})
	t.Run("a missing rule blocks", func(t *testing.T) { g.removeRule(t) })

	g.atoll("destroy", "dev", "--yes").must(0)
	c.inventory().same(t, before.without(ownKeys...))
	for _, left := range []string{"tasks", "databases/servers", "databases/backups", "databases/snapshots"} {
		if found, _ := filepath.Glob(filepath.Join(c.dir, "data", left, "*")); len(found) > 0 {
			t.Errorf("left: %q", found)
		}
	}
	if mounts, err := os.ReadFile("/proc/mounts"); err != nil || strings.Contains(string(mounts), c.dir) {
		t.Errorf("something is mounted below %s, %v", c.dir, err)
	}
}

func (g *guestbook) killTask(t *testing.T) {
	_, err := applicationautoscaling.NewFromConfig(g.cloud.config()).RegisterScalableTarget(t.Context(), &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scaling.ServiceNamespaceEcs, ScalableDimension: scaling.ScalableDimensionECSServiceDesiredCount, ResourceId: aws.String("service/guestbook-dev/web"),
		MinCapacity: aws.Int32(2), MaxCapacity: aws.Int32(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	g.steady(t, 2)
	task := g.webTasks()[0]
	stop := g.load()
	pids := processes(t, task)
	if len(pids) == 0 {
		t.Fatal("the task has no process")
	}
	if err := syscall.Kill(pids[len(pids)-1], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	g.steady(t, 2)
	got := stop()
	if slices.Contains(g.webTasks(), task) {
		t.Error("the killed task still counts as running")
	}
	if failed := sum(got) - got["200"]; failed > 2 { // those that it was at
		t.Errorf("got %v", got)
	}
}

func sum(got map[string]int) (n int) {
	for _, v := range got {
		n += v
	}
	return n
}

// steady waits until the service web runs n tasks, and nothing else.
func (g *guestbook) steady(t *testing.T, n int32) {
	t.Helper()
	client := ecs.NewFromConfig(g.cloud.config())
	deadline := time.Now().Add(2 * time.Minute)
	for seen := 0; seen < 3; time.Sleep(300 * time.Millisecond) {
		out, err := client.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: aws.String("guestbook-dev"), Services: []string{"web"}})
		if err != nil {
			t.Fatal(err)
		}
		s := out.Services[0]
		if s.DesiredCount == n && s.RunningCount == n && s.PendingCount == 0 && len(s.Deployments) == 1 && s.Deployments[0].RolloutState == "COMPLETED" {
			seen++
			continue
		}
		seen = 0
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d tasks run", s.RunningCount, s.DesiredCount)
		}
	}
}

// source gives the path of a file of the app.
func (g *guestbook) source(name string) string {
	return filepath.Join(g.cloud.dir, "guestbook", filepath.FromSlash(name))
}

func (g *guestbook) editSource(t *testing.T, name, old, replacement string) (undo func()) {
	t.Helper()
	raw, err := os.ReadFile(g.source(name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(g.source(name), []byte(strings.Replace(string(raw), old, replacement, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() { _ = os.WriteFile(g.source(name), raw, 0o600) }
}

func (g *guestbook) deployBroken(t *testing.T) {
	undo := g.editSource(t, "cmd/guestbook/main.go", "func main() {", "func main() {\n\tprintln(\"the app cannot find its settings\"); os.Exit(3)")
	defer undo()
	stop := g.load()
	r := g.atoll("deploy", "dev")
	g.steady(t, 2)
	if got := stop(); len(got) != 1 || got["200"] == 0 {
		t.Errorf("got %v", got)
	}
	for _, want := range []string{"exit code 3", "the app cannot find its settings", "rolled it back"} {
		if r.code != 6 || !strings.Contains(r.stderr, want) {
			t.Errorf("exit code %d, and %q is not in:\n%s", r.code, want, r.stderr)
		}
	}
}

func (g *guestbook) deployNew(t *testing.T) {
	defer g.editSource(t, "cmd/guestbook/main.go", "func main() {", "func main() {\n\tif len(os.Args) == 0 { return }")()
	stop := g.load()
	image := strings.TrimSpace(g.atoll("deploy", "dev").must(0))
	back := strings.TrimSpace(g.atoll("rollback", "dev").must(0))
	if got := stop(); len(got) != 1 || got["200"] == 0 {
		t.Errorf("got %v", got)
	}
	if image == back || !strings.Contains(image, "@sha256:") || !strings.Contains(back, "@sha256:") {
		t.Errorf("deployed %s, and went back to %s", image, back)
	}
}

func (g *guestbook) removeRule(t *testing.T) {
	client := ec2.NewFromConfig(g.cloud.config())
	all, err := client.DescribeSecurityGroupRules(t.Context(), &ec2.DescribeSecurityGroupRulesInput{})
	if err != nil {
		t.Fatal(err)
	}
	removed := false
	for _, r := range all.SecurityGroupRules {
		if aws.ToString(r.Description) == "PostgreSQL from web" {
			_, err := client.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: r.GroupId, SecurityGroupRuleIds: []string{*r.SecurityGroupRuleId}})
			if err != nil {
				t.Fatal(err)
			}
			removed = true
		}
	}
	if !removed {
		t.Fatal("there is no such rule")
	}
	g.get("/api/entries", func(status int, _ string) bool { return status >= 500 })
	r := g.atoll("explain", "dev", "web", "db")
	if r.code != 5 || !strings.Contains(r.stdout, "lacks an inbound rule: tcp 5432") {
		t.Errorf("exit code %d\n%s\n%s", r.code, r.stdout, r.stderr)
	}
	g.atoll("up", "dev").must(0)
	g.get("/api/entries", ok)
	g.atoll("explain", "dev", "web", "db").must(0)
}
