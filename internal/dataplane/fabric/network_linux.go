package fabric

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/link/tun"

	"atoll/internal/dataplane/thread"
)

// RunNetwork makes the interface of the network namespace that this process is in, and carries its packets over stdin and stdout to the
// Fabric that has the other ends, until stdin ends: atoll container-network ADDRESS/BITS. It gives the exit code.
func RunNetwork(args []string) int {
	if err := runNetwork(args, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runNetwork(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New(NetworkCommand + ": the address is missing")
	}
	at, err := netip.ParsePrefix(args[0])
	if err != nil {
		return err
	}
	tunnel, err := tun.Open(device)
	if err != nil {
		return fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	if err := configure(Interface{Address: at.Addr(), Subnet: at}, mtu, false); err != nil {
		return err
	}
	if _, err := out.Write(make([]byte, frameHeader)); err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- thread.Run(func() error { return fromTunnel(tunnel, out) }) }()
	go func() { failed <- toTunnel(tunnel, bufio.NewReaderSize(in, 256<<10)) }()
	err = <-failed
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) { // the fabric has gone
		return nil
	}
	return err
}

// fromTunnel writes the packets that the namespace sends, those that are there together at once.
func fromTunnel(tunnel int, out io.Writer) error {
	const most = 256 << 10
	batch := make([]byte, 0, most)
	for {
		room := batch[len(batch) : len(batch)+frameHeader+mtu]
		n, err := unix.Read(tunnel, room[frameHeader:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil && !errors.Is(err, unix.EAGAIN):
			return fmt.Errorf("reading from /dev/net/tun: %w", err)
		case err == nil:
			room[0], room[1] = byte(n>>8), byte(n)
			batch = batch[:len(batch)+frameHeader+n]
			if len(batch)+frameHeader+mtu <= most {
				continue
			}
		case len(batch) == 0:
			if _, err := unix.Poll([]unix.PollFd{{Fd: int32(tunnel), Events: unix.POLLIN}}, -1); err != nil && !errors.Is(err, unix.EINTR) {
				return fmt.Errorf("waiting for packets: %w", err)
			}
			continue
		}
		if _, err := out.Write(batch); err != nil {
			return err
		}
		batch = batch[:0]
	}
}

// toTunnel takes packets to the namespace. One that the system does not take is lost, and sent again by those who miss it.
func toTunnel(tunnel int, in *bufio.Reader) error {
	packet := make([]byte, 1<<16)
	for {
		size := 0
		err := readFrame(in, func(n int) []byte { size = n; return packet[:n] })
		if err != nil {
			return err
		}
		if size > 0 {
			_, _ = unix.Write(tunnel, packet[:size])
		}
	}
}
