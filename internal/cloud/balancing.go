package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"atoll/internal/cloud/aws/acm"
	"atoll/internal/cloud/aws/cloudwatch"
	"atoll/internal/cloud/aws/elbv2"
	"atoll/internal/cloud/aws/logs"
	"atoll/internal/cloud/aws/route53"
	"atoll/internal/cloud/aws/wafv2"
	"atoll/internal/cloud/state"
	"atoll/internal/dataplane/proxy"
)

// Network carries flows between addresses of VPCs.
type Network = proxy.Network

// balancing has a proxy serve the load balancers of Elastic Load Balancing. It outlives a Reset, and so does its edge.
type balancing struct {
	proxy  *proxy.Proxy
	guards *guarding
	logger *slog.Logger
	peers  atomic.Pointer[balancingPeers]

	mu    sync.Mutex
	pairs map[string]*keyPair // by the certificate's ARN
}

// balancingPeers are the services that a proxy deals with.
type balancingPeers struct {
	store        *state.Store
	balancers    *elbv2.Service
	certificates *acm.Service
	issuer       *issuer
	names        *route53.Service
	metrics      *cloudwatch.Service
	logs         *logs.Service
}

// keyPair is a certificate, and what it was read from.
type keyPair struct {
	pem   string
	ready *tls.Certificate
}

func newBalancing(config Config) *balancing {
	b := &balancing{logger: config.Logger, pairs: map[string]*keyPair{}}
	carrier := config.Network
	if carrier == nil {
		carrier = noNetwork{}
	}
	b.proxy = proxy.New(proxy.Options{Network: carrier, Clock: config.Clock, Logger: config.Logger, Certificates: b, Names: b, Sink: b, Source: config.Source})
	b.guards = newGuarding(b.proxy, config.Clock, config.Logger, newGuardLog(b.logs, config.Logger))
	b.proxy.Serve(config.Edge)
	return b
}

// idle waits until all that has happened so far is told, and logged.
func (b *balancing) idle(ctx context.Context) error {
	if err := b.proxy.Idle(ctx); err != nil {
		return err
	}
	return b.guards.log.idle(ctx)
}

// plane gives Elastic Load Balancing its data plane, nil without an edge.
func (c *Cloud) plane() elbv2.Plane {
	if c.balancing == nil {
		return nil
	}
	return c.balancing
}

// guard gives AWS WAF its data plane, nil without an edge.
func (c *Cloud) guard() wafv2.Plane {
	if c.balancing == nil {
		return nil
	}
	return c.balancing.guards
}

func (b *balancing) logs() *logs.Service {
	if p := b.peers.Load(); p != nil {
		return p.logs
	}
	return nil
}

// close ends all service. The logs so far are written: the services must still be there.
func (b *balancing) close() error {
	if b == nil {
		return nil
	}
	err := b.proxy.Close()
	b.guards.log.close()
	return err
}

// noNetwork is where no VPC has a network: clients reach load balancers, and load balancers nothing.
type noNetwork struct{}

func (noNetwork) Dial(context.Context, string, netip.AddrPort) (net.Conn, error) {
	return nil, fmt.Errorf("the cloud runs without a network: %w", net.ErrClosed)
}

func (noNetwork) Admit(context.Context, netip.AddrPort, string, int) (func(in, out int64), error) {
	return nil, nil
}

func (noNetwork) Serve(string, func(context.Context, int) (net.Conn, error)) (stop func()) {
	return func() {}
}

// Serve is elbv2.Plane's.
func (b *balancing) Serve(all []elbv2.Serving) {
	config := proxy.Config{Balancers: make([]proxy.Balancer, len(all))}
	for i := range all {
		config.Balancers[i] = proxied(&all[i])
	}
	b.guards.whenKnown(func() { b.proxy.Apply(config) })
}

// Targets is elbv2.Plane's.
func (b *balancing) Targets(group string) ([]elbv2.ServedTarget, bool) {
	health := b.proxy.Health(group)
	out := make([]elbv2.ServedTarget, 0, len(health))
	for at, h := range health {
		out = append(out, servedTarget(at, h))
	}
	return out, health != nil
}

func servedTarget(at netip.AddrPort, h proxy.Health) elbv2.ServedTarget {
	if h.State == proxy.Gone {
		h = proxy.Health{State: proxy.Unused, Reason: "Target.NotRegistered", Description: "Target is not registered to the target group"}
	}
	return elbv2.ServedTarget{Target: at.Addr().String(), Port: int(at.Port()), State: string(h.State), Reason: h.Reason, Description: h.Description}
}

// Certificate is proxy.Certificates'.
func (b *balancing) Certificate(arn string) (*tls.Certificate, error) {
	p := b.peers.Load()
	if p == nil {
		return nil, fmt.Errorf("the certificate %s is not known yet", arn)
	}
	var cert, chain, key []byte
	ok := false
	_ = p.store.View(func(tx *state.Tx) error { // it does not fail
		cert, chain, key, ok = p.certificates.KeyPair(tx, scopeOf(arn), arn)
		return nil
	})
	if !ok {
		return nil, fmt.Errorf("there is no issued certificate %s", arn)
	}
	pem := string(cert) + "\n" + string(chain)
	b.mu.Lock()
	defer b.mu.Unlock()
	if have := b.pairs[arn]; have != nil && have.pem == pem {
		return have.ready, nil
	}
	ready, err := tls.X509KeyPair([]byte(pem), key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate %s: %w", arn, err)
	}
	b.pairs[arn] = &keyPair{pem, &ready}
	return &ready, nil
}

// Local is proxy.Certificates'.
func (b *balancing) Local(ctx context.Context, name string) (*tls.Certificate, error) {
	p := b.peers.Load()
	if p == nil {
		return nil, errors.New("the cloud is starting")
	}
	return p.issuer.certificate(ctx, name)
}

// Resolve is proxy.Names'.
func (b *balancing) Resolve(host string) (string, bool) {
	p := b.peers.Load()
	if p == nil {
		return "", false
	}
	name, ok := "", false
	_ = p.store.View(func(tx *state.Tx) error { name, ok = p.names.AliasTarget(tx, host); return nil }) // it does not fail
	return strings.TrimPrefix(name, "dualstack."), ok
}

// TargetChanged is proxy.Sink's.
func (b *balancing) TargetChanged(ctx context.Context, c proxy.Change) {
	if p := b.peers.Load(); p != nil {
		if err := p.balancers.TargetChanged(ctx, c.Group, servedTarget(c.Target, c.Health)); err != nil && ctx.Err() == nil {
			b.logger.Error("telling of a target's state", "group", c.Group, "target", c.Target, "err", err)
		}
	}
}

// AccessLog is proxy.Sink's.
func (b *balancing) AccessLog(ctx context.Context, f proxy.LogFile) {
	if p := b.peers.Load(); p != nil {
		if err := p.balancers.DeliverAccessLog(ctx, f.Balancer, f.Node.String(), f.End, f.Body); err != nil {
			b.logger.Error("access logs are lost", "balancer", f.Balancer, "err", err)
		}
	}
}

// Metrics is proxy.Sink's.
func (b *balancing) Metrics(ctx context.Context, balancer string, all []proxy.Datum) {
	p := b.peers.Load()
	if p == nil {
		return
	}
	data := make([]cloudwatch.Datum, len(all))
	for i, d := range all {
		data[i] = cloudwatch.Datum{Namespace: "AWS/ApplicationELB", Name: d.Name, Unit: d.Unit, Dimensions: d.Dimensions, Values: d.Values, Counts: d.Counts, At: d.At}
	}
	if err := p.metrics.PutData(ctx, scopeOf(balancer), data); err != nil && ctx.Err() == nil {
		b.logger.Error("a load balancer's metrics are lost", "balancer", balancer, "err", err)
	}
}

// Minute is proxy.Sink's.
func (b *balancing) Minute(ctx context.Context, began time.Time) {
	if p := b.peers.Load(); p != nil {
		b.guards.measure(ctx, p.metrics, began)
	}
}

// scopeOf gives the account and region in an ARN.
func scopeOf(arn string) state.Scope {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return state.Scope{}
	}
	return state.Scope{Region: parts[3], Account: parts[4]}
}
