package cloud

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"atoll/internal/cloud/aws/ec2"
	"atoll/internal/cloud/clock"
	"atoll/internal/dataplane/fabric"
	"atoll/internal/reach"
)

// book is a flow log in memory.
type book struct {
	about string
	seen  []ec2.SeenFlow
}

func (b *book) LogsFlows(interfaces ...string) bool {
	for _, i := range interfaces {
		if i == b.about {
			return true
		}
	}
	return false
}

func (b *book) LogFlow(f ec2.SeenFlow) { b.seen = append(b.seen, f) }

func TestCountingFlows(t *testing.T) {
	now := clock.NewManual(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	b := &book{about: "eni-task"}
	c := newFlowCounter(b, now)
	flow := reach.Flow{From: "eni-task", To: netip.MustParseAddr("10.0.0.9"), Port: 5432}
	open := reach.Path{Allowed: true, To: "eni-db"}
	begin := func() *fabric.Tally {
		t.Helper()
		tally := c.judged(fabric.Flow{From: flow.From, Port: 40000}, flow, open)
		if tally == nil {
			t.Fatal("it is not counted")
		}
		return tally
	}
	want := func(what string, sent, received ec2.Traffic, since time.Duration) {
		t.Helper()
		if len(b.seen) != 1 {
			t.Fatalf("%s: %+v", what, b.seen)
		}
		f := b.seen[0]
		began := time.Duration(0)
		if !f.Since.IsZero() {
			began = now.Now().Sub(f.Since)
		}
		if f.Sent != sent || f.Received != received || f.Flow.SourcePort != 40000 || began != since {
			t.Errorf("%s: %+v", what, f)
		}
		b.seen = nil
	}

	tally := begin()
	now.Advance(3 * time.Second)
	tally.Sent.Add(1000)
	tally.Received.Add(5000)
	for f := range c.open {
		f.enter(false)
	}
	// SYN, ACK, one segment, acknowledgements of four; SYN, four segments, acknowledgement of one.
	want("under way", ec2.Traffic{Packets: 5, Bytes: 1200}, ec2.Traffic{Packets: 6, Bytes: 5240}, 3*time.Second)
	for f := range c.open {
		f.enter(false)
	}
	if len(b.seen) != 0 {
		t.Errorf("standing still: %+v", b.seen)
	}
	now.Advance(time.Second)
	tally.End(nil)
	want("ended", ec2.Traffic{Packets: 2, Bytes: 80}, ec2.Traffic{Packets: 1, Bytes: 40}, time.Second)

	begin().End(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})
	want("refused", ec2.Traffic{Packets: 1, Bytes: 40}, ec2.Traffic{Packets: 1, Bytes: 40}, 0)
	begin().End(errors.New("timed out"))
	want("without an answer", ec2.Traffic{Packets: 1, Bytes: 40}, ec2.Traffic{}, 0)

	if c.judged(fabric.Flow{Port: 40000}, flow, reach.Path{}) != nil {
		t.Error("a blocked flow is counted")
	}
	want("blocked", ec2.Traffic{Packets: 1, Bytes: 40}, ec2.Traffic{}, 0)
	flow.From = "eni-other"
	if c.judged(fabric.Flow{}, flow, open) != nil || len(b.seen) != 0 {
		t.Error("a flow that no log is about is counted")
	}
	if len(c.open) != 0 {
		t.Errorf("%d flows are left", len(c.open))
	}
}
