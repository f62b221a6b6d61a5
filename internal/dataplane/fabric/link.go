package fabric

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/nested"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	nic = 1
	// beginning bounds how many flows of an interface may be waiting for an answer at once.
	beginning = 1024
	// connectTime bounds how long a flow waits for its other end; the container's own system gives up by itself.
	connectTime = 2 * time.Minute
	// idleUDP is how long a NAT gateway remembers a UDP flow, at the least.
	idleUDP = 350 * time.Second
)

// link is the far end of a namespace's interface: a TCP/IP stack to which every address belongs.
type link struct {
	fabric *Fabric
	iface  string
	stack  *stack.Stack
	shut   func() // closes what the packets came over
	ctx    context.Context
	cancel context.CancelFunc

	mu    sync.Mutex // guards what follows
	done  bool
	conns map[net.Conn]struct{}
	flows sync.WaitGroup
}

// newLink makes the far end of a device. shut closes the device at the link's end; it is not called where newLink fails.
func (f *Fabric) newLink(iface string, device stack.LinkEndpoint, shut func()) (*link, error) {
	l := &link{fabric: f, iface: iface, shut: shut, conns: map[net.Conn]struct{}{}}
	l.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, tcp.NewForwarder(l.stack, 0, beginning, l.tcp).HandlePacket)
	l.stack.SetTransportProtocolHandler(udp.ProtocolNumber, udp.NewForwarder(l.stack, l.udp).HandlePacket)
	if err := l.open(device); err != nil {
		l.cancel()
		l.stack.Close()
		return nil, err
	}
	return l, nil
}

func (l *link) open(device stack.LinkEndpoint) error {
	for _, step := range []func() tcpip.Error{
		func() tcpip.Error { return l.stack.CreateNIC(nic, newQuiet(device)) },
		func() tcpip.Error { return l.stack.SetPromiscuousMode(nic, true) }, // take packets for any address,
		func() tcpip.Error { return l.stack.SetSpoofing(nic, true) },        // and answer as any
		func() tcpip.Error {
			sack := tcpip.TCPSACKEnabled(true)
			return l.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &sack)
		},
	} {
		if err := step(); err != nil {
			return errors.New(err.String())
		}
	}
	l.stack.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return nil
}

// knows tells the stack the link address of the namespace's interface, on devices that have such addresses.
func (l *link) knows(at netip.Addr, hardware tcpip.LinkAddress) error {
	if err := l.stack.AddStaticNeighbor(nic, ipv4.ProtocolNumber, tcpip.AddrFromSlice(at.AsSlice()), hardware); err != nil {
		return errors.New(err.String())
	}
	return nil
}

// quiet is a device whose ICMP messages nobody answers: the stack would answer for every address there is.
type quiet struct{ nested.Endpoint }

func newQuiet(device stack.LinkEndpoint) *quiet {
	q := &quiet{}
	q.Init(device, q)
	return q
}

// DeliverNetworkPacket takes a packet that the namespace has sent.
func (q *quiet) DeliverNetworkPacket(protocol tcpip.NetworkProtocolNumber, pkt *stack.PacketBuffer) {
	if h, ok := pkt.Data().PullUp(header.IPv4MinimumSize); ok && protocol == header.IPv4ProtocolNumber && header.IPv4(h).Protocol() != uint8(header.ICMPv4ProtocolNumber) {
		q.Endpoint.DeliverNetworkPacket(protocol, pkt)
	}
}

// begin counts a flow in, unless the link is being closed.
func (l *link) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.done {
		l.flows.Add(1)
	}
	return !l.done
}

// hold has a connection closed with the link. It reports false, and closes it, if the link is closed already.
func (l *link) hold(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		if l.done {
			_ = c.Close()
			continue
		}
		l.conns[c] = struct{}{}
	}
	return !l.done
}

func (l *link) release(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		delete(l.conns, c)
	}
}

// close ends all flows, and waits for their end.
func (l *link) close() {
	l.mu.Lock()
	l.done = true
	conns := l.conns
	l.conns = map[net.Conn]struct{}{}
	l.mu.Unlock()
	l.cancel()
	for c := range conns {
		_ = c.Close()
	}
	l.stack.Close()
	l.flows.Wait()
	l.stack.RemoveNIC(nic)
	l.stack.Wait()
	l.shut()
}

func address(a tcpip.Address, port uint16) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(a.AsSlice())
	return netip.AddrPortFrom(ip, port)
}

// tcp connects a new flow. The forwarder calls it in a goroutine of its own, once for each SYN that is not one again.
func (l *link) tcp(r *tcp.ForwarderRequest) {
	if !l.begin() {
		r.Complete(false)
		return
	}
	defer l.flows.Done()
	id := r.ID()
	to := address(id.LocalAddress, id.LocalPort)
	ctx, cancel := context.WithTimeout(l.ctx, connectTime)
	defer cancel()
	if l.asksNames(to) {
		l.accept(r, func(c net.Conn) { l.namesOverTCP(c) })
		return
	}
	far, err := l.fabric.connect(ctx, Flow{From: l.iface, To: to, Protocol: "tcp", Port: id.RemotePort})
	if errors.Is(err, errNames) {
		l.accept(r, func(c net.Conn) { l.namesOverTCP(c) })
		return
	}
	if err != nil {
		l.fabric.config.Logger.Debug("a flow did not come about", "from", l.iface, "to", to, "err", err)
		r.Complete(refused(err)) // a reset where nothing listens, silence otherwise
		return
	}
	l.accept(r, func(c net.Conn) {
		if l.hold(far) {
			Splice(c, far)
			l.release(far)
		}
	})
	_ = far.Close()
}

// accept completes the handshake of a flow and lets serve have its connection.
func (l *link) accept(r *tcp.ForwarderRequest, serve func(net.Conn)) {
	var queue waiter.Queue
	endpoint, err := r.CreateEndpoint(&queue)
	r.Complete(false)
	if err != nil {
		return
	}
	c := gonet.NewTCPConn(&queue, endpoint)
	if l.hold(c) {
		serve(c)
		l.release(c)
	}
	_ = c.Close()
}

// amazonDNS is the address under which every VPC's DNS is found, besides its own.
// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
var amazonDNS = netip.AddrFrom4([4]byte{169, 254, 169, 253})

func (l *link) asksNames(to netip.AddrPort) bool { return to.Port() == 53 && to.Addr() == amazonDNS }

func (l *link) namesOverTCP(c net.Conn) {
	for {
		message, err := readMessage(c)
		if err != nil {
			return
		}
		answer := l.fabric.answer(l.ctx, l.iface, message, "tcp")
		if answer == nil || writeMessage(c, answer) != nil {
			return
		}
	}
}

// udp connects a new flow of datagrams.
func (l *link) udp(r *udp.ForwarderRequest) {
	id := r.ID()
	to := address(id.LocalAddress, id.LocalPort)
	var queue waiter.Queue
	endpoint, err := r.CreateEndpoint(&queue)
	if err != nil || !l.begin() {
		if err == nil {
			endpoint.Close()
		}
		return
	}
	c := gonet.NewUDPConn(&queue, endpoint)
	go func() {
		defer l.flows.Done()
		defer c.Close()
		if !l.hold(c) {
			return
		}
		defer l.release(c)
		if l.asksNames(to) {
			l.namesOverUDP(c)
			return
		}
		far, err := l.fabric.send(l.ctx, Flow{From: l.iface, To: to, Protocol: "udp", Port: id.RemotePort})
		if errors.Is(err, errNames) {
			l.namesOverUDP(c)
			return
		}
		if err != nil {
			l.fabric.config.Logger.Debug("a flow of datagrams did not come about", "from", l.iface, "to", to, "err", err)
			return
		}
		if l.hold(far) {
			spliceDatagrams(c, far)
			l.release(far)
		}
		_ = far.Close()
	}()
}

// send opens a flow of datagrams to the outside.
func (f *Fabric) send(ctx context.Context, flow Flow) (net.Conn, error) {
	var v Verdict
	if f.config.Policy != nil {
		v = f.config.Policy.Permit(ctx, flow)
		switch {
		case !v.Allowed:
			return nil, &BlockedError{flow.To, v.Reason}
		case v.Target != "":
			return v.Tally.over(nil, fmt.Errorf("datagrams to the interface %s: %w", v.Target, errors.ErrUnsupported))
		}
	}
	c, err := f.outside(ctx, flow)
	return v.Tally.over(c, err)
}

func (l *link) namesOverUDP(c net.Conn) {
	buffer := make([]byte, 65535)
	for {
		_ = c.SetReadDeadline(time.Now().Add(connectTime))
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if answer := l.fabric.answer(l.ctx, l.iface, buffer[:n], "udp"); answer != nil {
			_, _ = c.Write(answer) // lost datagrams are asked for again
		}
	}
}

// spliceDatagrams carries datagrams both ways until none has come for idleUDP.
func spliceDatagrams(a, b net.Conn) {
	done := make(chan struct{})
	carry := func(to, from net.Conn) {
		defer func() { _ = errors.Join(a.SetReadDeadline(time.Now()), b.SetReadDeadline(time.Now())) }()
		buffer := make([]byte, 65535)
		for {
			_ = from.SetReadDeadline(time.Now().Add(idleUDP))
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
	go func() { carry(a, b); close(done) }()
	carry(b, a)
	<-done
}
