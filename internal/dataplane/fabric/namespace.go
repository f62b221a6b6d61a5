package fabric

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

// Namespace is a network namespace whose traffic the fabric carries.
type Namespace struct {
	iface Interface
	name  string
	ns    *os.File // nil for one of another process
	link  *link
	stop  func()
}

// Name is what a container's Spec says to be in the namespace, as long as that is not closed.
func (n *Namespace) Name() string { return n.name }

// Close ends the flows of the namespace. The namespace itself is gone with the last process in it.
func (n *Namespace) Close() error {
	n.stop()
	n.link.close()
	if n.ns == nil {
		return nil
	}
	return n.ns.Close()
}

// router is the address of the subnet's router, as a VPC has it.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func (i Interface) router() netip.Addr { return i.Subnet.Masked().Addr().Next() }

// dialThrough connects to a port within the namespace over its link: from where the flow comes, or else from the router.
func (n *Namespace) dialThrough(ctx context.Context, port int) (net.Conn, error) {
	source := Source(ctx)
	if !source.Is4() || source == n.iface.Address { // the kernel takes no packet from its own address
		source = n.iface.router()
	}
	full := func(a netip.Addr, port int) tcpip.FullAddress {
		return tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFromSlice(a.AsSlice()), Port: uint16(port)}
	}
	if !n.link.begin() {
		return nil, net.ErrClosed
	}
	defer n.link.flows.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.link.ctx, cancel)()
	c, err := gonet.DialTCPWithBind(ctx, n.link.stack, full(source, 0), full(n.iface.Address, port), ipv4.ProtocolNumber)
	if err != nil {
		return nil, dialError(err, port)
	}
	if !n.link.hold(c) {
		return nil, net.ErrClosed
	}
	return &held{c, n.link}, nil
}

// dialError gives an error of the stack's the meaning that the system's have.
func dialError(err error, port int) error {
	for _, e := range []struct {
		theirs tcpip.Error
		ours   error
	}{
		{&tcpip.ErrConnectionRefused{}, syscall.ECONNREFUSED}, {&tcpip.ErrConnectionReset{}, syscall.ECONNRESET},
		{&tcpip.ErrTimeout{}, syscall.ETIMEDOUT}, {&tcpip.ErrHostUnreachable{}, syscall.EHOSTUNREACH},
	} {
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Err.Error() == e.theirs.String() {
			return fmt.Errorf("port %d: %w", port, e.ours)
		}
	}
	return err
}

// held is a connection into a namespace, which ends with its link.
type held struct {
	*gonet.TCPConn
	link *link
}

// Close closes the connection.
func (h *held) Close() error {
	h.link.release(h.TCPConn)
	return h.TCPConn.Close()
}
