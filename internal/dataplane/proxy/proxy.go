package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Network carries flows between addresses of virtual networks.
type Network interface {
	// Dial connects from a network interface. A flow that is blocked gets no answer: Dial returns when ctx ends.
	Dial(ctx context.Context, iface string, to netip.AddrPort) (net.Conn, error)
	// Admit says whether a flow from outside may come to a port of a network interface. Unless ended is nil, it is called when the flow
	// has ended, with how many bytes came in and went out.
	Admit(ctx context.Context, source netip.AddrPort, iface string, port int) (ended func(in, out int64), err error)
	// Serve has flows within the network that lead to an interface connected by dial, until stop is called.
	Serve(iface string, dial func(ctx context.Context, port int) (net.Conn, error)) (stop func())
}

// Clock tells the time. Health checks, drains, logs and metrics go by it; connections' time-outs go by the machine's.
type Clock interface {
	Now() time.Time
	Wait(ctx context.Context, t time.Time) error
}

// Certificates gives certificates with their keys.
type Certificates interface {
	// Certificate gives the same pointer as long as the certificate is the same. Its Leaf is set.
	Certificate(id string) (*tls.Certificate, error)
	// Local gives a certificate for a host name under localhost; the same pointer as long as it is the same.
	Local(ctx context.Context, name string) (*tls.Certificate, error)
}

// Names knows what host names lead to load balancers beside their own.
type Names interface {
	// Resolve gives the DNSName of the load balancer.
	Resolve(host string) (dnsName string, ok bool)
}

// Sink takes what load balancers leave behind. Changes are told one after the other, in their order.
type Sink interface {
	TargetChanged(ctx context.Context, c Change)
	AccessLog(ctx context.Context, f LogFile)
	Metrics(ctx context.Context, balancer string, data []Datum)
	// Minute tells that a minute is over, whose metrics have been told.
	Minute(ctx context.Context, began time.Time)
}

// Change is a target's new state.
type Change struct {
	Group  string // its id
	Target netip.AddrPort
	Health Health
}

// Options is what a proxy works with. Network, Clock and Logger are needed.
type Options struct {
	Network      Network
	Clock        Clock
	Logger       *slog.Logger
	Certificates Certificates
	Names        Names
	Sink         Sink
	// Source gives the address that a flow comes from, of the context with which Network connects it.
	Source         func(ctx context.Context) netip.Addr
	ConnectTimeout time.Duration  // of connections to targets; AWS's 10 seconds if 0
	Hold           time.Duration  // how long a blocked client is kept waiting; 10 seconds if 0
	Random         func() float64 // from 0 up to 1
}

// Proxy serves load balancers.
type Proxy struct {
	network        Network
	clock          Clock
	logger         *slog.Logger
	errorLog       *log.Logger
	certificates   Certificates
	names          Names
	sink           Sink
	sourceOf       func(ctx context.Context) netip.Addr
	connectTimeout time.Duration
	hold           time.Duration
	random         func() float64
	buffers        *bufferPool

	ctx     context.Context // ends with the proxy
	cancel  context.CancelFunc
	running sync.WaitGroup

	now    atomic.Pointer[snapshot]
	guards atomic.Pointer[map[string]Guard] // by balancer; nil without any

	mu      sync.Mutex
	groups  map[string]*group
	lasting map[string]*lasting // by balancer
	tls     map[tlsKey]*tlsEntry

	plain, secure *connQueue
	servers       []*http.Server
	edge          atomic.Pointer[net.TCPAddr]

	told   queue
	worked progress
	gate   *gate // of requests
}

const defaultWait = 10 * time.Second

// New makes a proxy that serves nothing yet. It works until Close.
func New(o Options) *Proxy {
	p := &Proxy{
		network: o.Network, clock: o.Clock, logger: o.Logger, certificates: o.Certificates, names: o.Names, sink: o.Sink, sourceOf: o.Source,
		connectTimeout: o.ConnectTimeout, hold: o.Hold, random: o.Random, buffers: newBufferPool(),
		groups: map[string]*group{}, lasting: map[string]*lasting{}, tls: map[tlsKey]*tlsEntry{},
		gate: newGate(),
	}
	if p.connectTimeout == 0 {
		p.connectTimeout = defaultWait
	}
	if p.hold == 0 {
		p.hold = defaultWait
	}
	if p.random == nil {
		p.random = rand.Float64
	}
	p.errorLog = slog.NewLogLogger(p.logger.Handler(), slog.LevelDebug)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.now.Store(&snapshot{})
	p.serveConns()
	p.running.Go(func() { p.told.run(p.ctx, p.sink) })
	p.running.Go(p.report)
	return p
}

// randomBytes fills b for identifiers, which need not be secret.
func (p *Proxy) randomBytes(b []byte) {
	for len(b) > 0 {
		n := rand.Uint64()
		for i := 0; i < 8 && len(b) > 0; i++ {
			b[0], b, n = byte(n), b[1:], n>>8
		}
	}
}

// tell passes a change on. It does not block.
func (p *Proxy) tell(c Change) {
	if p.sink != nil {
		p.told.put(c)
	}
}

// Close ends all service: what is in flight is cut off. Logs up to now are handed over.
func (p *Proxy) Close() error {
	p.Apply(Config{})
	p.cancel()
	p.plain.close()
	p.secure.close()
	var err error
	for _, s := range p.servers {
		err = errors.Join(err, s.Close())
	}
	p.gate.close()
	p.gate.wait()
	p.running.Wait()
	return err
}

// Idle waits until all changes are told, and reports are made up to now.
func (p *Proxy) Idle(ctx context.Context) error {
	if err := p.worked.wait(ctx, p.clock.Now().Truncate(time.Minute)); err != nil {
		return err
	}
	return p.told.idle(ctx)
}

// bufferPool gives the buffers that bodies are copied through.
type bufferPool struct{ pool sync.Pool }

const bufferSize = 32 << 10

func newBufferPool() *bufferPool {
	return &bufferPool{sync.Pool{New: func() any { return new([bufferSize]byte) }}}
}

func (b *bufferPool) Get() []byte { return b.pool.Get().(*[bufferSize]byte)[:] }

func (b *bufferPool) Put(p []byte) {
	if len(p) == bufferSize {
		b.pool.Put((*[bufferSize]byte)(p))
	}
}
