// Command acceptance runs the AWS provider's own acceptance tests against a local cloud and writes docs/acceptance.md. These tests
// were written against AWS by people who do not know atoll. Each counts by its own "--- PASS" line; a skip is a failure.
//
// A test of a serial suite is named with its parents, such as TestAccCloudTrail_serial/Trail/basic.
//
//	go run ./tools/acceptance [-run REGEXP] [-list FILE] [-o FILE] [-keep]
//
// The provider's source comes from tools/provider; a test binary of a service takes about a minute to build and 900 MB on disk.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"atoll/internal/machine"
	"atoll/tools/provider"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		log.Fatalf("acceptance: %v", err)
	}
}

// source is the provider's module in the replace directive of tools/provider/module.
const source = "github.com/hashicorp/terraform-provider-aws"

type test struct {
	pkg, name string
	status    string // PASS, FAIL, SKIP or NONE where it did not run
	seconds   string
	output    string
}

type options struct {
	list, out, only, atoll string
	keep                   bool
	parallel               int
}

func run(ctx context.Context) error {
	var o options
	flag.StringVar(&o.list, "list", "tools/acceptance/tests.txt", "file with the tests")
	flag.StringVar(&o.out, "o", "docs/acceptance.md", "where the table goes; - for stdout alone")
	flag.StringVar(&o.only, "run", "", "only the tests whose name matches")
	flag.StringVar(&o.atoll, "atoll", "bin/atoll", "the atoll to test")
	flag.BoolVar(&o.keep, "keep", false, "keep the test binaries for the next run")
	flag.IntVar(&o.parallel, "parallel", 4, "tests at once")
	flag.Parse()
	tests, err := read(o.list, o.only)
	if err != nil {
		return err
	}
	cache, err := machine.Real().CacheDir()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "acceptance-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	env, stop, err := startCloud(ctx, o.atoll, filepath.Join(dir, "cloud"))
	if err != nil {
		return err
	}
	defer stop()
	for _, pkg := range packages(tests) {
		if err := o.runPackage(ctx, cache, dir, env, pkg, tests); err != nil {
			return err
		}
	}
	return report(o.out, o.only, tests)
}

func read(path, only string) ([]*test, error) {
	match, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var tests []*test
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[0] != "#" && match.MatchString(fields[1]) {
			tests = append(tests, &test{pkg: fields[0], name: fields[1], status: "NONE"})
		}
	}
	if len(tests) == 0 {
		return nil, fmt.Errorf("no test of %s matches", path)
	}
	return tests, nil
}

func packages(tests []*test) []string {
	var out []string
	for _, t := range tests {
		if len(out) == 0 || out[len(out)-1] != t.pkg {
			out = append(out, t.pkg)
		}
	}
	return out
}

// startCloud starts a cloud in the background and gives the environment for its clients.
func startCloud(ctx context.Context, atoll, dir string) (env []string, stop func(), err error) {
	if _, err := output(ctx, "", nil, atoll, "cloud", "start", "--detach", "--port", "0", "--runtime", "none", "--dir", dir); err != nil {
		return nil, nil, err
	}
	stop = func() {
		if _, err := output(context.WithoutCancel(ctx), "", nil, atoll, "cloud", "stop", "--dir", dir); err != nil {
			log.Print(err)
		}
	}
	out, err := output(ctx, "", nil, atoll, "cloud", "env", "--json", "--dir", dir, "--region", "us-west-2")
	if err != nil {
		stop()
		return nil, nil, err
	}
	var set map[string]string
	if err := json.Unmarshal([]byte(out), &set); err != nil {
		stop()
		return nil, nil, err
	}
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		stop()
		return nil, nil, err
	}
	return append(env, "TF_ACC=1", "TF_ACC_TERRAFORM_PATH="+terraform, "CHECKPOINT_DISABLE=1"), stop, nil
}

// runPackage builds a service's test binary, runs its tests in the package's own directory, where its fixtures are, and notes how
// each ended.
// build makes a package's test binary if it is not there. Linking one takes 8 GB of memory: one process builds at a time.
func build(ctx context.Context, module, importPath, binary, lockFile string) error {
	lock := flock.New(lockFile)
	if _, err := lock.TryLockContext(ctx, time.Second); err != nil {
		return err
	}
	defer lock.Close()
	if _, err := os.Stat(binary); err == nil {
		return nil
	}
	log.Printf("building the tests of %s", importPath)
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return err
	}
	_, err := output(ctx, module, []string{"GOFLAGS=-mod=readonly"}, "go", "test", "-vet=off", "-ldflags=-s -w", "-c", "-o", binary, importPath)
	return err
}

func (o *options) runPackage(ctx context.Context, cache, dir string, env []string, pkg string, tests []*test) error {
	module := filepath.Join(cache, "provider", "src")
	importPath := source + "/internal/service/" + pkg
	binary := filepath.Join(dir, pkg+".test")
	if o.keep {
		binary = filepath.Join(cache, "acceptance", provider.Version, pkg+".test")
	}
	if err := build(ctx, module, importPath, binary, filepath.Join(cache, "acceptance.lock")); err != nil {
		return err
	}
	if !o.keep {
		defer os.Remove(binary)
	}
	folder, err := output(ctx, module, []string{"GOFLAGS=-mod=readonly"}, "go", "list", "-f", "{{.Dir}}", importPath)
	if err != nil {
		return err
	}
	suites, names := selections(pkg, tests)
	total, passed := 0, 0
	started := time.Now()
	out := ""
	if pkg == "acm" {
		if err := makeZone(ctx, env); err != nil {
			return err
		}
		env = append(slices.Clone(env), "ACM_CERTIFICATE_ROOT_DOMAIN="+rootDomain)
	}
	for _, suite := range suites {
		total += len(names[suite])
		log.Printf("running %d tests of %s %s", len(names[suite]), pkg, suite)
		more, err := output(ctx, strings.TrimSpace(folder), env, binary, "-test.v", "-test.timeout", "60m", fmt.Sprintf("-test.parallel=%d", o.parallel),
			"-test.run", pattern(suite, names[suite]))
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		out += more
		if err != nil {
			out += fmt.Sprintf("\n%v\n", err) // a killed process says nothing itself
		}
	}
	for _, t := range tests {
		if t.pkg == pkg {
			t.read(out)
			if t.status == "PASS" {
				passed++
			}
		}
	}
	log.Printf("%s: %d of %d pass, %s", pkg, passed, total, time.Since(started).Round(time.Second))
	return nil
}

// selections gives a package's tests by their suites: "" has those of no suite, the others have their sub-tests.
func selections(pkg string, tests []*test) (suites []string, names map[string][]string) {
	names = map[string][]string{}
	for _, t := range tests {
		if t.pkg != pkg {
			continue
		}
		suite, name := "", t.name
		if i := strings.LastIndexByte(t.name, '/'); i >= 0 {
			suite, name = t.name[:i], t.name[i+1:]
		}
		if names[suite] == nil {
			suites = append(suites, suite)
		}
		names[suite] = append(names[suite], name)
	}
	return suites, names
}

// pattern gives the regular expressions that select tests of a suite: one for each level.
func pattern(suite string, names []string) string {
	last := "^(" + strings.Join(names, "|") + ")$"
	if suite == "" {
		return last
	}
	return "^" + strings.ReplaceAll(suite, "/", "$/^") + "$/" + last
}

// read finds the test's own line in the output of its package.
func (t *test) read(out string) {
	line := regexp.MustCompile(`(?m)^ *--- (PASS|FAIL|SKIP): ` + regexp.QuoteMeta(t.name) + ` \(([0-9.]+)s\)$`).FindStringSubmatchIndex(out)
	if line == nil {
		t.output = tail(out)
		return
	}
	t.status, t.seconds = out[line[2]:line[3]], out[line[4]:line[5]]
	if t.status == "PASS" {
		return
	}
	rest := out[line[1]:]
	if end := regexp.MustCompile(`(?m)^ *(=== |--- )`).FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	before := out[:line[0]]
	if i := strings.LastIndex(before, "=== NAME  "+t.name); i >= 0 {
		rest = before[i:] + rest
	}
	t.output = tail(rest)
}

func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// report writes the table, and fails unless every test passed.
func report(path, only string, tests []*test) error {
	var b bytes.Buffer
	passed := 0
	fmt.Fprintf(&b, "<!-- Written by make acceptance. -->\n# The AWS provider's acceptance tests\n\nThe own tests of hashicorp/aws %s, unmodified, against the local cloud. A test counts by its `--- PASS` line; a skip is a failure.\n\n| package | test | result | seconds |\n|---|---|---|---|\n", provider.Version)
	for _, t := range tests {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", t.pkg, t.name, t.status, t.seconds)
		if t.status == "PASS" {
			passed++
		}
	}
	fmt.Fprintf(&b, "\n%d of %d pass.\n", passed, len(tests))
	if _, err := os.Stdout.Write(b.Bytes()); err != nil {
		return err
	}
	for _, t := range tests {
		if t.status != "PASS" {
			log.Printf("\n=== %s %s: %s\n%s", t.pkg, t.name, t.status, t.output)
		}
	}
	if path != "-" && only == "" {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if passed < len(tests) {
		return fmt.Errorf("%d of %d tests do not pass", len(tests)-passed, len(tests))
	}
	return nil
}

// output runs a command and gives its stdout; with a test binary that is what there is, also when it fails.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && strings.HasSuffix(name, ".test") {
			return stdout.String() + stderr.String(), err
		}
		return "", &machine.CommandError{Args: cmd.Args, Dir: dir, Output: machine.Tail(stdout.String() + stderr.String()), Err: err}
	}
	return stdout.String(), nil
}
