package fabric

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// Packets go over a stream each behind its length: two bytes, big endian. A length of zero is no packet: the network process sends one
// when it is ready.
const frameHeader = 2

const (
	// streamBuffer is how many bytes may wait to be written before those who write wait too.
	streamBuffer = 1 << 20
	// mtu of the interfaces in namespaces, in bytes. No packet leaves the machine in this form, so larger ones cost less.
	mtu = 65520
)

// frames gathers packets for a stream while others are being written, and writes them at once.
type frames struct {
	mu      sync.Mutex
	changed sync.Cond
	pending []byte
	closed  bool
}

func newFrames() *frames {
	f := &frames{}
	f.changed.L = &f.mu
	return f
}

// add queues a packet in parts. It reports false where the stream is closed.
func (f *frames) add(size int, parts ...[]byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.pending) > streamBuffer && !f.closed {
		f.changed.Wait()
	}
	if f.closed {
		return false
	}
	f.pending = binary.BigEndian.AppendUint16(f.pending, uint16(size))
	for _, p := range parts {
		f.pending = append(f.pending, p...)
	}
	f.changed.Broadcast()
	return true
}

func (f *frames) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.changed.Broadcast()
}

// writeTo writes what is queued until the stream is closed or fails.
func (f *frames) writeTo(w io.Writer) error {
	defer f.close()
	var writing []byte
	for {
		f.mu.Lock()
		for len(f.pending) == 0 && !f.closed {
			f.changed.Wait()
		}
		if f.closed {
			f.mu.Unlock()
			return nil
		}
		writing, f.pending = f.pending, writing[:0]
		f.changed.Broadcast()
		f.mu.Unlock()
		if _, err := w.Write(writing); err != nil {
			return fmt.Errorf("writing packets: %w", err)
		}
	}
}

// readFrame reads a packet into a buffer that take gives for its size; take is not asked for an empty one.
func readFrame(r *bufio.Reader, take func(size int) []byte) error {
	var head [frameHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	size := int(binary.BigEndian.Uint16(head[:]))
	if size == 0 {
		return nil
	}
	_, err := io.ReadFull(r, take(size))
	return err
}

// streamDevice is a device whose packets go over a stream.
type streamDevice struct {
	*channel.Endpoint
	stream  io.ReadWriteCloser
	out     *frames
	running sync.WaitGroup
}

func newStreamDevice(stream io.ReadWriteCloser) *streamDevice {
	d := &streamDevice{Endpoint: channel.New(0, mtu, ""), stream: stream, out: newFrames()}
	d.LinkEPCapabilities = stack.CapabilityRXChecksumOffload // nothing on the way damages packets
	return d
}

// begin carries packets until shut, once the device is attached to a stack.
func (d *streamDevice) begin() {
	d.running.Go(func() { _ = d.out.writeTo(d.stream) }) // a stream that has ended says so to its reader
	d.running.Go(func() { d.receive(bufio.NewReaderSize(d.stream, 256<<10)) })
}

// receive passes packets on to the stack. A stream that ends is a network without packets.
func (d *streamDevice) receive(r *bufio.Reader) {
	defer d.out.close()
	for {
		var packet *buffer.View
		err := readFrame(r, func(size int) []byte {
			packet = buffer.NewViewSize(size)
			return packet.AsSlice()
		})
		if err != nil {
			return
		}
		if packet == nil {
			continue
		}
		if header.IPVersion(packet.AsSlice()) != header.IPv4Version {
			packet.Release()
			continue
		}
		p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithView(packet)})
		d.InjectInbound(header.IPv4ProtocolNumber, p)
		p.DecRef()
	}
}

// WritePackets sends packets of the stack's.
func (d *streamDevice) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	for n, p := range packets.AsSlice() {
		if !d.out.add(p.Size(), p.AsSlices()...) {
			return n, &tcpip.ErrClosedForSend{}
		}
	}
	return packets.Len(), nil
}

func (d *streamDevice) shut() {
	d.out.close()
	_ = d.stream.Close() // nothing on it is of use any more
	d.running.Wait()
}

// AttachStream serves an interface's address from a namespace that another process is in, and carries packets for: RunNetwork, at the
// other end of a stream, which the Namespace closes. name is what a container's Spec says to be in that network.
func (f *Fabric) AttachStream(iface Interface, name string, stream io.ReadWriteCloser) (*Namespace, error) {
	d := newStreamDevice(stream)
	l, err := f.newLink(iface.ID, d, d.shut)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("carrying the traffic of %s: %w", iface.ID, err), stream.Close())
	}
	d.begin()
	n := &Namespace{iface: iface, name: name, link: l}
	n.stop = f.Serve(iface.ID, n.dialThrough)
	return n, nil
}

// AwaitNetwork returns when the process at the other end of a stream is ready to carry packets; it comes before AttachStream.
func AwaitNetwork(stream io.Reader) error {
	if _, err := io.ReadFull(stream, make([]byte, frameHeader)); err != nil {
		return fmt.Errorf("waiting for the network: %w", err)
	}
	return nil
}
