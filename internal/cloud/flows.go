package cloud

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"atoll/internal/cloud/aws/ec2"
	"atoll/internal/cloud/clock"
	"atoll/internal/dataplane/fabric"
	"atoll/internal/reach"
)

// flowReports is how often flows under way are entered in flow logs.
const flowReports = 10 * time.Second

// flowLogs takes flows into flow logs.
type flowLogs interface {
	LogsFlows(interfaces ...string) bool
	LogFlow(f ec2.SeenFlow)
}

// flowCounter enters what flows carry in the flow logs of EC2: of those for which there is a log when they begin. What a flow carries is
// known in bytes of data; the packets are those that TCP would make of them.
type flowCounter struct {
	logs  flowLogs
	clock clock.Clock

	mu   sync.Mutex
	open map[*countedFlow]struct{}
}

// countedFlow is a flow under way.
type countedFlow struct {
	counter *flowCounter
	flow    reach.Flow
	path    reach.Path
	tally   fabric.Tally

	mu             sync.Mutex
	since          time.Time // of what is not entered yet
	sent, received int64     // bytes that are entered
	begun          bool      // its handshake is entered
}

func newFlowCounter(logs flowLogs, c clock.Clock) *flowCounter {
	return &flowCounter{logs: logs, clock: c, open: map[*countedFlow]struct{}{}}
}

// judged takes what was decided of a flow, enters one that was blocked, and gives what counts one that was not.
func (c *flowCounter) judged(f fabric.Flow, flow reach.Flow, path reach.Path) *fabric.Tally {
	from, to := flow.From, path.To
	if to == "" {
		to = flow.ToInterface
	}
	if !c.logs.LogsFlows(from, to) {
		return nil
	}
	flow.SourcePort = f.Port
	if !path.Allowed {
		c.logs.LogFlow(ec2.SeenFlow{Flow: flow, Path: path, Sent: packets(0, 0, 1)})
		return nil
	}
	counted := &countedFlow{counter: c, flow: flow, path: path, since: c.clock.Now()}
	counted.tally.Port.Store(uint32(f.Port))
	counted.tally.End = counted.end
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[counted] = struct{}{}
	return &counted.tally
}

// Run enters what flows under way have carried, until ctx ends.
func (c *flowCounter) Run(ctx context.Context) error {
	for c.clock.Wait(ctx, c.clock.Now().Add(flowReports)) == nil {
		c.mu.Lock()
		open := make([]*countedFlow, 0, len(c.open))
		for f := range c.open {
			open = append(open, f)
		}
		c.mu.Unlock()
		for _, f := range open {
			f.enter(false)
		}
	}
	return nil
}

// header is the size of the headers of a packet of TCP over IPv4, and segment that of the data in it, in bytes, on a network with AWS's
// usual MTU of 1,500. Flow logs count packets as they would go over one. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html
const (
	header  = 40
	segment = 1460
)

// packets gives what carries data one way, acknowledges what came the other way, by every second packet of that, and opens or ends a
// flow by some packets without data.
func packets(data, other, control int64) ec2.Traffic {
	n := (data+segment-1)/segment + (other+2*segment-1)/(2*segment) + control
	return ec2.Traffic{Packets: n, Bytes: data + n*header}
}

// enter enters what is not entered yet of a flow that came about. A flow that stands still is not entered.
func (f *countedFlow) enter(last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sent, received := f.tally.Sent.Load(), f.tally.Received.Load()
	if !last && sent == f.sent && received == f.received {
		return
	}
	control := int64(0) // the opener's two packets and the other's one, at the begin and at the end
	if !f.begun {
		control++
	}
	if last {
		control++
	}
	there, back := sent-f.sent, received-f.received
	f.log(packets(there, back, 2*control), packets(back, there, control))
	f.sent, f.received, f.begun, f.since = sent, received, true, f.counter.clock.Now()
}

func (f *countedFlow) log(sent, received ec2.Traffic) {
	flow := f.flow
	flow.SourcePort = uint16(f.tally.Port.Load())
	f.counter.logs.LogFlow(ec2.SeenFlow{Flow: flow, Path: f.path, Sent: sent, Received: received, Since: f.since})
}

// end is the tally's End.
func (f *countedFlow) end(err error) {
	f.counter.mu.Lock()
	delete(f.counter.open, f)
	f.counter.mu.Unlock()
	switch {
	case err == nil:
		f.enter(true)
	case errors.Is(err, syscall.ECONNREFUSED):
		f.log(packets(0, 0, 1), packets(0, 0, 1))
	default:
		f.log(packets(0, 0, 1), ec2.Traffic{})
	}
}
