// Command bench measures a running local cloud from outside, over real HTTP with real signatures: requests per second and latency of
// three calls with few and with many other resources, the time to start, and memory. A bare net/http handler that answers the
// same bytes is measured beside it by the same client.
//
//	go run ./tools/bench [-atoll bin/atoll] [-time 5s] [-connections 8] [-many 10000]
package main

import (
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
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		log.Fatalf("bench: %v", err)
	}
}

type options struct {
	atoll       string
	time        time.Duration
	connections int
	many        int
}

func run(ctx context.Context) (err error) {
	var o options
	flag.StringVar(&o.atoll, "atoll", "bin/atoll", "the atoll to measure")
	flag.DurationVar(&o.time, "time", 5*time.Second, "how long each call is measured")
	flag.IntVar(&o.connections, "connections", 8, "connections at once")
	flag.IntVar(&o.many, "many", 10_000, "how many other resources are many")
	flag.Parse()
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c := &process{atoll: o.atoll, dir: filepath.Join(dir, "cloud")}
	if err := o.measureStart(ctx, c); err != nil {
		return err
	}
	if err := c.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop(context.WithoutCancel(ctx))) }()
	if err := c.memory("at the start"); err != nil {
		return err
	}
	time.Sleep(4 * time.Second) // it gives memory back when nobody calls
	if err := c.memory("idle"); err != nil {
		return err
	}
	fmt.Printf("\n| call | other resources | requests/s | p50 | p99 |\n|---|---|---|---|---|\n")
	if err := o.measureFloor(ctx); err != nil {
		return err
	}
	client, err := newClient(ctx, c)
	if err != nil {
		return err
	}
	have := 0
	for _, others := range []int{10, o.many} {
		if err := client.seed(ctx, have, others); err != nil {
			return fmt.Errorf("making %d resources: %w", others, err)
		}
		have = others
		for _, call := range client.calls() {
			m, err := load(ctx, o, call.next)
			if err != nil {
				return fmt.Errorf("%s: %w", call.name, err)
			}
			m.print(call.name, fmt.Sprint(others))
		}
	}
	return c.memory(fmt.Sprintf("with 3 × %d resources", o.many))
}

// process is a cloud that runs detached.
type process struct {
	atoll, dir string
	pid        int
	endpoint   string
	env        map[string]string
}

func (c *process) command(ctx context.Context, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, c.atoll, append(args, "--dir", c.dir)...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("atoll %s: %w\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return out, err
}

func (c *process) start(ctx context.Context) error {
	out, err := c.command(ctx, "cloud", "start", "--detach", "--port", "0", "--json")
	if err != nil {
		return err
	}
	var info struct {
		PID      int
		Endpoint string
	}
	if err := json.Unmarshal(out, &info); err != nil {
		return err
	}
	c.pid, c.endpoint = info.PID, info.Endpoint
	if out, err = c.command(ctx, "cloud", "env", "--json"); err != nil {
		return err
	}
	return json.Unmarshal(out, &c.env)
}

func (c *process) stop(ctx context.Context) error {
	_, err := c.command(ctx, "cloud", "stop")
	return err
}

// memory prints the process's resident memory.
func (c *process) memory(when string) error {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.pid))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(raw)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var n int
			if _, err := fmt.Sscan(kb, &n); err != nil {
				return err
			}
			fmt.Printf("memory %s: %.1f MiB\n", when, float64(n)/1024)
		}
	}
	return nil
}

// measureStart prints how long it takes from running the command until the cloud has answered a first signed call.
func (o options) measureStart(ctx context.Context, c *process) error {
	var times []time.Duration
	for range 10 {
		began := time.Now()
		if err := c.start(ctx); err != nil {
			return err
		}
		client, err := newClient(ctx, c)
		if err != nil {
			return err
		}
		if err := client.first(ctx); err != nil {
			return err
		}
		times = append(times, time.Since(began))
		if err := c.stop(ctx); err != nil {
			return err
		}
	}
	slices.Sort(times)
	fmt.Printf("start to first answered call: median %s, slowest %s of %d (two runs of atoll and the client's set-up included)\n",
		times[len(times)/2].Round(time.Millisecond), times[len(times)-1].Round(time.Millisecond), len(times))
	return nil
}
