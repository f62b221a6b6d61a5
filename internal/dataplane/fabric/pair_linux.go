package fabric

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"atoll/internal/dataplane/thread"
)

// hardware is the link address of both ends of a pair: without ARP, a frame goes to the address that it comes from.
const hardware = "\x02\x00\x00\x00\x00\x01"

// pairMTU is that of EC2's network interfaces, in bytes. A socket's buffer, which users cannot make larger, holds few of the packets that
// /dev/net/tun takes. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html
const pairMTU = 9001

// openPair stands in for /dev/net/tun where that is closed to this user: it makes the interface of the namespace that the calling thread
// is in as one end of a pair, and gives a socket that gets and sends Ethernet frames at the other end, in a namespace of its own.
func openPair() (far, error) {
	var other *os.File
	if err := thread.Run(func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			other, err = os.Open("/proc/thread-self/ns/net")
		}
		return err
	}); err != nil {
		return far{}, err
	}
	defer other.Close() // the socket keeps the namespace
	h, err := netlink.NewHandle()
	if err != nil {
		return far{}, err
	}
	defer h.Close()
	pair := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: device, HardwareAddr: net.HardwareAddr(hardware), MTU: pairMTU},
		PeerName:  device, PeerHardwareAddr: net.HardwareAddr(hardware), PeerNamespace: netlink.NsFd(int(other.Fd())), PeerMTU: pairMTU,
	}
	if err := h.LinkAdd(pair); err != nil {
		return far{}, fmt.Errorf("making a pair of interfaces: %w", err)
	}
	near, err := h.LinkByName(device)
	if err == nil {
		// Frames of more than the MTU are for hardware that cuts them.
		err = errors.Join(h.LinkSetARPOff(near), h.LinkSetGSOMaxSegs(near, 1))
	}
	if err != nil {
		return far{}, fmt.Errorf("setting the interface up: %w", err)
	}
	end := far{frames: true, mtu: pairMTU}
	err = within(other, func() (err error) {
		end.fd, err = openFrames()
		return err
	})
	return end, err
}

// openFrames brings the calling thread's end of a pair up, and opens a socket for the IPv4 that arrives there.
func openFrames() (socket int, err error) {
	h, err := netlink.NewHandle()
	if err != nil {
		return -1, err
	}
	defer h.Close()
	end, err := h.LinkByName(device)
	if err == nil {
		err = errors.Join(h.LinkSetARPOff(end), h.LinkSetUp(end))
	}
	if err != nil {
		return -1, fmt.Errorf("setting the far end up: %w", err)
	}
	const protocol = unix.ETH_P_IP>>8 | unix.ETH_P_IP&0xff<<8 // in network byte order
	socket, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return -1, fmt.Errorf("opening a packet socket: %w", err)
	}
	if err := unix.Bind(socket, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: end.Attrs().Index}); err != nil {
		return -1, errors.Join(fmt.Errorf("binding a packet socket: %w", err), unix.Close(socket))
	}
	return socket, nil
}

// closed reports whether an error says that this user may not use a device, or that there is none.
func closed(err error) bool {
	return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV)
}
