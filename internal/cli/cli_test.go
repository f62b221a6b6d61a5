package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/rogpeppe/go-internal/testscript"

	"atoll/internal/cli"
	"atoll/internal/dataplane/postgres"
	"atoll/internal/inspect/inspecttest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"atoll": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := cli.Run(ctx, cli.System(), os.Args[1:])
		stop()
		os.Exit(code)
	}})
}

// TestScripts runs the command line as users do. Each script has a home directory of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("ATOLL_CACHE_DIR", e.WorkDir+"/cache")
			e.Setenv("ATOLL_RUNTIME", "none") // what runs is tested elsewhere
			e.Values["shop"] = new(inspecttest.Shop)
			for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // what is built and fetched already
				value, err := exec.Command("go", "env", name).Output()
				if err != nil {
					return err
				}
				e.Setenv(name, strings.TrimSpace(string(value)))
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "postgres" {
				return false, fmt.Errorf("the condition %s is not known", name)
			}
			_, err := postgres.Find(t.Context(), os.Getenv)
			_, noClient := exec.LookPath("psql")
			return err == nil && noClient == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"alarm": alarm, "corrupt": corrupt, "exits": exits, "interrupted": interrupted, "mode": mode, "repository": repository, "settled": settled, "shop": shop, "taken": taken, "writes": writes},
	})
}

// corrupt overwrites the middle of a file.
func corrupt(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	raw, err := os.ReadFile(path)
	ts.Check(err)
	for i := len(raw) / 4; i < len(raw)*3/4; i++ {
		raw[i] ^= 0xa5
	}
	ts.Check(os.WriteFile(path, raw, 0o600))
}

// taken listens on a free port of 127.0.0.1 until the script's end, and has a variable name it: taken PORT.
func taken(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// exits runs a program and wants an exit code: exits 5 atoll explain dev web db.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	failed, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		ts.Fatalf("%v: %v", args[1:], err)
	}
	if code := strconv.Itoa(failed.ExitCode()); code != args[0] {
		ts.Fatalf("the exit code is %s, want %s", code, args[0])
	}
}

// interrupted runs a program until a line of its stdout matches, sends it SIGINT, and wants it to end with exit code 0. What it wrote from then on is
// read too, so that it never waits: interrupted 'REGEXP' PROGRAM ARGUMENT...
func interrupted(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	path := ""
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if found := filepath.Join(dir, args[1]); path == "" {
			if _, err := os.Stat(found); err == nil {
				path = found
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	for _, name := range []string{"PATH", "HOME", "ATOLL_CACHE_DIR", "ATOLL_RUNTIME"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	seen := false
	var all strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if !seen && want.MatchString(lines.Text()) {
			seen = true
			ts.Check(cmd.Process.Signal(os.Interrupt))
		}
	}
	if err := cmd.Wait(); err != nil || !seen {
		ts.Fatalf("%v: %v; seen: %t\n%s%s", args[1:], err, seen, all.String(), stderr.String())
	}
}

// alarm makes an alarm that is raised.
func alarm(ts *testscript.TestScript, _ bool, args []string) {
	client, ctx := cloudwatch.NewFromConfig(sdk(ts)), context.Background()
	_, err := client.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{AlarmName: &args[0], Namespace: new("AWS/ECS"), MetricName: new("CPUUtilization"), Statistic: "Average",
		Period: new(int32(60)), EvaluationPeriods: new(int32(1)), Threshold: new(85.0), ComparisonOperator: "GreaterThanThreshold", ActionsEnabled: new(false)})
	ts.Check(err)
	_, err = client.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: &args[0], StateValue: "ALARM", StateReason: new("measured")})
	ts.Check(err)
}

// settled waits until the database of the environment dev answers.
func settled(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	err := rds.NewDBInstanceAvailableWaiter(rds.NewFromConfig(sdk(ts)), func(o *rds.DBInstanceAvailableWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 100*time.Millisecond
	}).Wait(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: new(inspecttest.Prefix)}, 2*time.Minute)
	ts.Check(err)
}

// writes writes log lines as a task would: writes GROUP STREAM MESSAGE...
func writes(ts *testscript.TestScript, _ bool, args []string) {
	client, ctx := cloudwatchlogs.NewFromConfig(sdk(ts)), context.Background()
	_, err := client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &args[0]})
	ts.Check(err)
	_, err = client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &args[0], LogStreamName: &args[1]})
	ts.Check(err)
	var events []logtypes.InputLogEvent
	for _, message := range args[2:] {
		events = append(events, logtypes.InputLogEvent{Timestamp: new(time.Now().UnixMilli()), Message: &message})
	}
	_, err = client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &args[0], LogStreamName: &args[1], LogEvents: events})
	ts.Check(err)
}

// script is a script as a test.
type script struct{ *testscript.TestScript }

func (script) Helper()                  {}
func (s script) Fatal(args ...any)      { s.Fatalf("%s", fmt.Sprint(args...)) }
func (script) Context() context.Context { return context.Background() }

// shop makes the resources of the environment dev in the cloud that runs, without Terraform; 'shop close' takes back the rule by which
// web reaches the database, and 'shop open' puts it back.
func shop(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value("shop").(*inspecttest.Shop)
	switch {
	case len(args) == 0:
		*s = *inspecttest.New(script{ts}, sdk(ts))
	case args[0] == "close":
		s.NotIn("database", 5432, "web")
	case args[0] == "open":
		s.In("database", 5432, "web")
	default:
		ts.Fatalf("shop %s is not known", args[0])
	}
}

// sdk gives the settings of clients for the cloud that runs.
func sdk(ts *testscript.TestScript) aws.Config {
	ts.Check(ts.Exec("atoll", "cloud", "env", "--json", "--region", "eu-west-1"))
	var set map[string]string
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &set))
	return aws.Config{Region: set["AWS_REGION"], BaseEndpoint: new(set["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(set["AWS_ACCESS_KEY_ID"], set["AWS_SECRET_ACCESS_KEY"], "")}
}

// repository makes a repository of the environment dev as the blueprint does: repository shop-dev/app.
func repository(ts *testscript.TestScript, _ bool, args []string) {
	_, err := ecr.NewFromConfig(sdk(ts)).CreateRepository(context.Background(), &ecr.CreateRepositoryInput{RepositoryName: &args[0], ImageTagMutability: types.ImageTagMutabilityImmutable,
		Tags: []types.Tag{{Key: new("Project"), Value: new("shop")}, {Key: new("Environment"), Value: new("dev")}}})
	ts.Check(err)
}

// mode checks a file's permissions: mode 0600 FILE.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := "0" + octal(info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has the mode %s, want %s", args[1], got, args[0])
	}
}

func octal(m os.FileMode) string {
	const digits = "01234567"
	return string([]byte{digits[m>>6&7], digits[m>>3&7], digits[m&7]})
}
