package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// firstPace is how often a target is checked that has never been healthy, where the interval is longer.
const firstPace = time.Second

// check begins to check a target, or begins anew. The lock is held.
func (g *group) check(t *target) {
	t.halt()
	ctx, cancel := context.WithCancel(g.p.ctx)
	t.stop = cancel
	if t.health.State != Healthy && t.health.State != Unhealthy {
		g.set(t, Health{Initial, "Elb.RegistrationInProgress", "Target registration is in progress"})
	}
	config, nodes := g.config.Health, g.nodes
	probe := &probe{group: g, target: t, check: config, secure: config.Secure, grpc: g.config.Version == "GRPC"}
	g.p.running.Go(func() {
		defer cancel()
		for {
			began := g.p.clock.Now()
			failure := probe.fromAll(ctx, nodes)
			if ctx.Err() != nil {
				return
			}
			if err := g.p.clock.Wait(ctx, began.Add(g.judge(ctx, t, &config, failure))); err != nil {
				return
			}
		}
	})
}

// judge takes the result of a check, nil for a pass, and says when the next one is due.
func (g *group) judge(ctx context.Context, t *target, c *Check, failure *Health) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ctx.Err() != nil { // the target drains, or is checked in another way
		return 0
	}
	now := g.p.clock.Now()
	switch {
	case failure == nil:
		t.passed, t.failed = t.passed+1, 0
		if t.health.State == Initial || t.health.State == Unhealthy && t.passed >= c.Healthy {
			g.set(t, Health{State: Healthy})
		}
	case t.health.State == Initial && !t.counted.IsZero() && now.Sub(t.counted) < c.Interval:
	default:
		t.passed, t.failed, t.counted = 0, t.failed+1, now
		switch {
		case t.health.State == Unhealthy || t.failed >= c.Unhealthy:
			g.set(t, *failure)
		case t.health.State == Initial:
			g.set(t, Health{Initial, "Elb.InitialHealthChecking", "Initial health checks in progress"})
		}
	}
	if t.health.State == Initial {
		return min(firstPace, c.Interval)
	}
	return c.Interval
}

// probe is one target's check.
type probe struct {
	group        *group
	target       *target
	check        Check
	secure, grpc bool
}

// fromAll checks from each node, and gives the first one's failure.
func (p *probe) fromAll(ctx context.Context, nodes []*node) *Health {
	results := make([]*Health, len(nodes))
	var running sync.WaitGroup
	for i, n := range nodes {
		running.Go(func() { results[i] = p.from(ctx, n) })
	}
	running.Wait()
	for _, r := range results {
		if r != nil {
			return r
		}
	}
	return nil
}

func (p *probe) from(ctx context.Context, n *node) *Health {
	ctx, cancel := context.WithTimeout(ctx, p.check.Timeout)
	defer cancel()
	code, err := p.ask(ctx, n)
	var timeout net.Error
	switch {
	case err != nil && (ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout()):
		return &Health{Unhealthy, "Target.Timeout", "Request timed out"}
	case err != nil:
		return &Health{Unhealthy, "Target.FailedHealthChecks", "Health checks failed"}
	case !matches(p.check.Codes, code):
		return &Health{Unhealthy, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [" + strconv.Itoa(code) + "]"}
	}
	return nil
}

// ask sends the check's request, on a connection of its own, and gives the code of the answer.
func (p *probe) ask(ctx context.Context, n *node) (code int, err error) {
	address := p.target.address
	if p.check.Port != 0 {
		address = withPort(address, p.check.Port)
	}
	p.group.mu.Lock()
	tr := p.group.newTransport(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return p.group.p.network.Dial(ctx, n.Interface, address)
	})
	p.group.mu.Unlock()
	tr.DisableKeepAlives = tr.Protocols.HTTP1()
	defer tr.CloseIdleConnections()
	scheme := "http://"
	if p.secure {
		scheme = "https://"
		tr.TLSClientConfig = insecure()
	}
	method, body := http.MethodGet, []byte(nil)
	if p.grpc {
		method, body = http.MethodPost, make([]byte, 5) // an empty message
	}
	req, err := http.NewRequestWithContext(ctx, method, scheme+address.String()+p.check.Path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	if p.grpc {
		req.Header.Set("Content-Type", "application/grpc")
		req.Header.Set("Te", "trailers")
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if !p.grpc {
		return resp.StatusCode, nil
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return 0, err
	}
	status := resp.Trailer.Get("Grpc-Status")
	if status == "" {
		status = resp.Header.Get("Grpc-Status")
	}
	return strconv.Atoi(status)
}

// matches says whether a code is among codes such as "200,300-399".
func matches(codes string, code int) bool {
	for part := range strings.SplitSeq(codes, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		low, err := strconv.Atoi(first)
		high, err2 := strconv.Atoi(last)
		if err == nil && err2 == nil && code >= low && code <= high {
			return true
		}
	}
	return false
}
