//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"atoll/internal/cloud/daemon"
)

// atoll is the binary under test, built once.
var atoll string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "atoll-e2e-")
	if err != nil {
		panic(err)
	}
	atoll = filepath.Join(dir, "atoll")
	build := exec.Command("go", "build", "-o", atoll, "atoll/cmd/atoll")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // it is process 1 of containers, which have no libraries
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building atoll: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// localCloud is a cloud that runs as a process of its own.
type localCloud struct {
	t       *testing.T
	dir     string
	env     []string // for clients
	runtime string
	as      []string // a command that runs the cloud's as another user; none for this one
}

// startCloud starts a cloud whose tasks and databases are records, on a free port, and stops it with the test.
func startCloud(t *testing.T) *localCloud {
	t.Helper()
	return startCloudWith(t, "none")
}

// startCloudWith starts a cloud with a runtime for tasks.
func startCloudWith(t *testing.T, runtime string) *localCloud {
	t.Helper()
	c := &localCloud{t: t, dir: t.TempDir(), runtime: runtime}
	c.start("0")
	t.Cleanup(func() { run(t, nil, atoll, "cloud", "stop", "--dir", c.dir).must(0) })
	return c
}

// start starts the cloud on a port and reads the settings for clients.
func (c *localCloud) start(port string) {
	c.t.Helper()
	c.detach("--port", port).must(0)
	c.env = c.settings()
}

// detach starts the cloud with flags.
func (c *localCloud) detach(flags ...string) result {
	c.t.Helper()
	command := slices.Concat(c.as, []string{atoll, "cloud", "start", "--detach", "--runtime", c.runtime, "--dir", c.dir}, flags)
	return run(c.t, nil, command[0], command[1:]...)
}

func (c *localCloud) settings() []string { return c.settingsFor("111111111111") }

// in gives the cloud for the clients of another account, by its id or an environment's name.
func (c *localCloud) in(account string) *localCloud {
	c.t.Helper()
	other := *c
	other.env = c.settingsFor(account)
	return &other
}

// account asks for the id of the account that the clients use.
func (c *localCloud) account() string {
	c.t.Helper()
	who, err := sts.NewFromConfig(c.config()).GetCallerIdentity(c.t.Context(), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return *who.Account
}

func (c *localCloud) settingsFor(account string) []string {
	c.t.Helper()
	out := run(c.t, nil, atoll, "cloud", "env", "--json", "--region", "eu-west-1", "--account", account, "--dir", c.dir).must(0)
	var set map[string]string
	if err := json.Unmarshal([]byte(out), &set); err != nil {
		c.t.Fatal(err)
	}
	var env []string
	for k, v := range set {
		env = append(env, k+"="+v)
	}
	return env
}

func (c *localCloud) setting(name string) string {
	for _, e := range c.env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// kill ends the cloud's process without warning, and starts it again at the same address.
func (c *localCloud) kill() {
	c.t.Helper()
	port, edge := c.end()
	if r := c.again(port, edge); r.code != 0 {
		c.t.Fatalf("the cloud did not start again\n%s", r.stderr)
	}
}

// end ends the cloud's process without warning, and gives its ports.
func (c *localCloud) end() (port, edge string) {
	c.t.Helper()
	status := c.status()
	if err := syscall.Kill(status.PID, syscall.SIGKILL); err != nil {
		c.t.Fatal(err)
	}
	return c.portsOf(status)
}

func (c *localCloud) ports() (port, edge string) {
	c.t.Helper()
	return c.portsOf(c.status())
}

func (c *localCloud) portsOf(status daemon.Info) (port, edge string) {
	return status.Endpoint[strings.LastIndex(status.Endpoint, ":")+1:], status.Edge[strings.LastIndex(status.Edge, ":")+1:]
}

func (c *localCloud) status() (status daemon.Info) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(run(c.t, nil, atoll, "cloud", "status", "--json", "--dir", c.dir).must(0)), &status); err != nil {
		c.t.Fatal(err)
	}
	return status
}

// again starts the cloud at an address that it had, as soon as that is free, and gives the last attempt.
func (c *localCloud) again(port, edge string) result {
	c.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		r := c.detach("--port", port, "--edge-port", edge)
		if r.code == 0 || time.Now().After(deadline) || strings.Contains(r.stderr, "no space left") {
			return r
		}
	}
}

// result is what a command gave.
type result struct {
	t              *testing.T
	command        string
	stdout, stderr string
	code           int
}

// run runs a command with the machine's environment and env on top.
func run(t *testing.T, env []string, name string, args ...string) result {
	t.Helper()
	return runIn(t, "", env, name, args...)
}

// runIn is run in another directory.
func runIn(t *testing.T, dir string, env []string, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 15*time.Minute) // cleanups run commands too
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Env = append(append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "AWS_PAGER="), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	r := result{t: t, command: strings.Join(cmd.Args, " "), stdout: stdout.String(), stderr: stderr.String()}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%s: %v", r.command, err)
	}
	return r
}

// must fails the test unless the command ended with one of the codes, and gives its stdout.
func (r result) must(codes ...int) string {
	r.t.Helper()
	for _, c := range codes {
		if r.code == c {
			return r.stdout
		}
	}
	r.t.Fatalf("%s: exit code %d, want %v\n%s\n%s", r.command, r.code, codes, r.stdout, r.stderr)
	return ""
}

// need gives a tool's path, or skips the test and says how to get it.
func need(t *testing.T, tool, try string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Skipf("%s is not installed. Try: %s", tool, try)
	}
	return path
}

// root gives the repository's root.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
