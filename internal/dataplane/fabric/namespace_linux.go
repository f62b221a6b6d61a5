package fabric

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/link/tun"

	"atoll/internal/dataplane/thread"
)

// device is the name that containers on Fargate see.
const device = "eth0"

// Attach makes a network namespace with an interface, and serves the interface's address from it. It needs the capability
// CAP_SYS_ADMIN, at least in a user namespace.
func (f *Fabric) Attach(_ context.Context, iface Interface) (*Namespace, error) {
	return f.attach(iface, openInterface)
}

func (f *Fabric) attach(iface Interface, open func() (far, error)) (*Namespace, error) {
	n := &Namespace{iface: iface}
	end, err := n.create(open)
	if err != nil {
		return nil, fmt.Errorf("making the network namespace of %s: %w", iface.ID, err)
	}
	n.name = "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/" + strconv.Itoa(int(n.ns.Fd())) // there as long as this process lives
	shut := func() { _ = unix.Close(end.fd) }
	device, err := fdbased.New(&fdbased.Options{FDs: []int{end.fd}, MTU: end.mtu, RXChecksumOffload: true, EthernetHeader: end.frames, Address: hardware})
	if err == nil {
		n.link, err = f.newLink(iface.ID, device, shut)
	}
	if err == nil && end.frames {
		err = n.link.knows(iface.Address, hardware)
	}
	if err != nil {
		shut()
		return nil, errors.Join(fmt.Errorf("carrying the traffic of %s: %w", iface.ID, err), n.ns.Close())
	}
	n.stop = f.Serve(iface.ID, n.dial)
	return n, nil
}

// dial connects to a port within the namespace.
func (n *Namespace) dial(ctx context.Context, port int) (c net.Conn, err error) {
	address := netip.AddrPortFrom(n.iface.Address, uint16(port)).String()
	err = within(n.ns, func() error {
		c, err = new(net.Dialer).DialContext(ctx, "tcp4", address)
		return err
	})
	return c, err
}

// far is where the packets of a namespace's interface come out.
type far struct {
	fd     int
	frames bool // with Ethernet's header
	mtu    uint32
}

// openInterface makes the interface of the namespace that the calling thread is in.
func openInterface() (far, error) {
	fd, err := tun.Open(device)
	if closed(err) {
		return openPair()
	}
	if err != nil {
		return far{}, fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	return far{fd: fd, mtu: mtu}, nil
}

// create makes the namespace and its interface.
func (n *Namespace) create(open func() (far, error)) (end far, err error) {
	err = thread.Run(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unsharing: %w", err)
		}
		if n.ns, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return err
		}
		if end, err = open(); err != nil {
			return errors.Join(err, n.ns.Close())
		}
		if err := configure(n.iface, end.mtu, true); err != nil {
			return errors.Join(err, unix.Close(end.fd), n.ns.Close())
		}
		return nil
	})
	return end, err
}

// configure sets the interface and the routes of the namespace in which the calling thread is; mtu is in bytes, own says that nobody else has set it up.
func configure(iface Interface, mtu uint32, own bool) error {
	h, err := netlink.NewHandle()
	if err != nil {
		return err
	}
	defer h.Close()
	lo, err := h.LinkByName("lo")
	if err != nil {
		return err
	}
	eth, err := h.LinkByName(device)
	if err != nil {
		return err
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: iface.Address.AsSlice(), Mask: net.CIDRMask(iface.Subnet.Bits(), 32)}}
	steps := []struct {
		name string
		do   func() error
	}{
		{"bringing lo up", func() error { return h.LinkSetUp(lo) }},
		{"setting the MTU", func() error { return h.LinkSetMTU(eth, int(mtu)) }},
		{"adding the address", func() error { return h.AddrAdd(eth, address) }},
		{"bringing the interface up", func() error { return h.LinkSetUp(eth) }},
		{"adding the default route", func() error {
			return h.RouteAdd(&netlink.Route{LinkIndex: eth.Attrs().Index, Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}, Gw: iface.router().AsSlice()})
		}},
		// As containers have it: ports below 1024 are not for root alone.
		{"opening low ports", func() error {
			if !own {
				return nil
			}
			return os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0)
		}},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// within runs f on a thread that is in a namespace.
func within(ns *os.File, f func() error) error {
	return thread.Run(func() error {
		if err := netns.Set(netns.NsHandle(ns.Fd())); err != nil {
			return fmt.Errorf("entering the network namespace: %w", err)
		}
		return f()
	})
}
