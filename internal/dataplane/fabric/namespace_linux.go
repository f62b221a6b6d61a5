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
// CAP_SYS_ADMIN and /dev/net/tun.
func (f *Fabric) Attach(_ context.Context, iface Interface) (*Namespace, error) {
	n := &Namespace{iface: iface}
	tunnel, err := n.create()
	if err != nil {
		return nil, fmt.Errorf("making the network namespace of %s: %w", iface.ID, err)
	}
	n.name = "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/" + strconv.Itoa(int(n.ns.Fd())) // there as long as this process lives
	shut := func() { _ = unix.Close(tunnel) }
	device, err := fdbased.New(&fdbased.Options{FDs: []int{tunnel}, MTU: mtu, RXChecksumOffload: true})
	if err == nil {
		n.link, err = f.newLink(iface.ID, device, shut)
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

// create makes the namespace, and gives the TUN device in it that stands for its interface.
func (n *Namespace) create() (tunnel int, err error) {
	err = thread.Run(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unsharing: %w", err)
		}
		if n.ns, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return err
		}
		if tunnel, err = tun.Open(device); err != nil {
			return errors.Join(fmt.Errorf("opening /dev/net/tun: %w", err), n.ns.Close())
		}
		if err := configure(n.iface, true); err != nil {
			return errors.Join(err, unix.Close(tunnel), n.ns.Close())
		}
		return nil
	})
	return tunnel, err
}

// configure sets the interface and the routes of the namespace in which the calling thread is; own says that nobody else has set it up.
func configure(iface Interface, own bool) error {
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
		{"setting the MTU", func() error { return h.LinkSetMTU(eth, mtu) }},
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
