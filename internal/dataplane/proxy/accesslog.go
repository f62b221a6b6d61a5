package proxy

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// LogFile is a file of access log entries, compressed with gzip.
type LogFile struct {
	Balancer string // its id
	Node     netip.Addr
	End      time.Time // of the five minutes
	Body     []byte
}

const (
	logPeriod  = 5 * time.Minute
	maxLogSize = 8 << 20 // compressed; then a file is written before its time
)

// logBuffer holds a node's entries until they are written.
type logBuffer struct {
	mu     sync.Mutex
	packed bytes.Buffer
	zip    *gzip.Writer // nil: nothing is held
	line   []byte
}

// add writes an entry, and hands a file over that has become too large.
func (l *logBuffer) add(e *exchange, end time.Time) {
	l.mu.Lock()
	l.line = e.entry(l.line[:0], end)
	if l.zip == nil {
		l.zip, _ = gzip.NewWriterLevel(&l.packed, gzip.BestSpeed) // the level is valid
	}
	_, _ = l.zip.Write(l.line) // into memory
	full := l.packed.Len() > maxLogSize
	l.mu.Unlock()
	if full {
		e.p.deliver(e.listener.balancer.ID, e.node)
	}
}

// take gives what is held, nil for nothing.
func (l *logBuffer) take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.zip == nil {
		return nil
	}
	_ = l.zip.Close() // into memory
	out := bytes.Clone(l.packed.Bytes())
	l.packed.Reset()
	l.zip = nil
	return out
}

// deliver hands a node's entries to the sink, in the background.
func (p *Proxy) deliver(balancer string, n *node) {
	body := n.log.take()
	if body == nil || p.sink == nil {
		return
	}
	f := LogFile{Balancer: balancer, Node: n.Address, End: p.clock.Now().Add(logPeriod - 1).Truncate(logPeriod), Body: body}
	p.running.Go(func() { p.sink.AccessLog(context.WithoutCancel(p.ctx), f) })
}

// report hands over metrics each minute and logs every five, until the proxy is closed.
func (p *Proxy) report() {
	for {
		now := p.clock.Now()
		minute := now.Truncate(time.Minute)
		p.worked.set(minute)
		if p.clock.Wait(p.ctx, minute.Add(time.Minute)) != nil {
			return
		}
		p.measure(minute)
		if p.sink == nil {
			continue
		}
		for id, b := range p.now.Load().balancers {
			for _, n := range b.nodes {
				if !p.clock.Now().Truncate(logPeriod).Equal(now.Truncate(logPeriod)) {
					if body := n.log.take(); body != nil {
						p.sink.AccessLog(p.ctx, LogFile{id, n.Address, minute.Add(time.Minute).Truncate(logPeriod), body})
					}
				}
			}
		}
	}
}

// measure hands over the metrics of a minute.
func (p *Proxy) measure(minute time.Time) {
	for id, b := range p.now.Load().balancers {
		if b.Refused != "" {
			continue
		}
		var groups []*group
		p.mu.Lock()
		for i := range b.Groups {
			if g := p.groups[b.Groups[i].ID]; g != nil {
				groups = append(groups, g)
			}
		}
		p.mu.Unlock()
		if d := b.data(minute, groups); len(d) > 0 && p.sink != nil {
			p.sink.Metrics(p.ctx, id, d)
		}
	}
	if p.sink != nil {
		p.sink.Minute(p.ctx, minute)
	}
}

// entry appends an entry, as
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-entry-syntax has it.
func (e *exchange) entry(b []byte, end time.Time) []byte {
	r, l := e.in, e.listener
	b = append(b, e.kind()...)
	b = append(b, ' ')
	b = appendTime(b, end)
	b = append(b, ' ')
	b = append(b, l.balancer.Resource...)
	b = append(b, ' ')
	b = e.source().AppendTo(b)
	b = append(b, ' ')
	if e.target != nil {
		b = e.target.address.AppendTo(b)
	} else {
		b = append(b, '-')
	}
	b = append(b, ' ')
	b = e.times(b, end)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(e.status), 10)
	b = append(b, ' ')
	b = appendStatus(b, e.targetStatus)
	b = append(b, ' ')
	b = strconv.AppendInt(b, e.received, 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, e.sent, 10)
	b = append(b, ` "`...)
	b = appendText(b, r.Method)
	b = append(b, ' ')
	b = appendText(b, e.scheme()+"://"+hostOnly(r.Host)+":"+l.port+r.URL.RequestURI())
	b = append(b, ' ')
	b = append(b, r.Proto...)
	b = append(b, `" `...)
	b = appendQuoted(b, r.Header.Get("User-Agent"))
	if r.TLS != nil {
		b = append(b, ' ')
		b = append(b, tls.CipherSuiteName(r.TLS.CipherSuite)...)
		b = append(b, ' ')
		b = append(b, versionName(r.TLS.Version)...)
		b = append(b, ' ')
	} else {
		b = append(b, " - - "...)
	}
	if e.group != nil {
		b = append(b, e.group.id...)
	} else {
		b = append(b, '-')
	}
	b = append(b, ' ')
	b = appendQuoted(b, e.trace)
	b = append(b, ' ')
	e.conn.mu.Lock()
	chosen, conn := e.conn.chosen, e.conn.trace
	e.conn.mu.Unlock()
	name := ""
	if r.TLS != nil {
		name = r.TLS.ServerName
	}
	b = appendQuoted(b, name)
	b = append(b, ' ')
	b = appendQuoted(b, chosen)
	b = append(b, ' ')
	b = e.outcome(b)
	b = append(b, conn...)
	b = append(b, ' ')
	b = appendQuoted(b, e.newHost)
	b = append(b, ' ')
	b = appendQuoted(b, e.newURI)
	if e.newHost != "" || e.newURI != "" {
		b = append(b, ` "TransformSuccess"`...)
	} else {
		b = append(b, ` "-"`...)
	}
	return append(b, '\n')
}

// times appends how long the request, the target and the answer took, in seconds; -1 where it did not come so far.
func (e *exchange) times(b []byte, end time.Time) []byte {
	if e.targetStatus == 0 {
		switch {
		case e.dispatched.IsZero() && (e.action == "redirect" || e.action == "fixed-response"):
			return append(b, "0.000 0.000 0.000"...)
		default:
			return append(b, "-1 -1 -1"...)
		}
	}
	b = strconv.AppendFloat(b, e.dispatched.Sub(e.began).Seconds(), 'f', 3, 64)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, e.answered.Sub(e.dispatched).Seconds(), 'f', 3, 64)
	b = append(b, ' ')
	return strconv.AppendFloat(b, max(0, end.Sub(e.answered).Seconds()), 'f', 3, 64)
}

// outcome appends what became of the request, from the rule's priority to the classification.
func (e *exchange) outcome(b []byte) []byte {
	if e.rule != nil {
		b = strconv.AppendInt(b, int64(e.rule.Priority), 10)
	} else {
		b = append(b, '-')
	}
	b = append(b, ' ')
	b = appendTime(b, e.began)
	b = append(b, ' ')
	b = appendQuoted(b, e.actions())
	b = append(b, ' ')
	b = appendQuoted(b, e.redirected)
	b = append(b, ' ')
	b = appendQuoted(b, e.reason)
	b = append(b, ' ')
	if e.target != nil {
		b = append(b, '"')
		b = e.target.address.AppendTo(b)
		b = append(b, `" "`...)
		b = appendStatus(b, e.targetStatus)
		b = append(b, `" `...)
	} else {
		b = append(b, `"-" "-" `...)
	}
	return append(b, `"-" "-" `...)
}

// actions names what has been done with the request, in its order.
func (e *exchange) actions() string {
	switch {
	case e.guard == "":
		return e.action
	case e.action == "":
		return e.guard
	}
	return e.guard + "," + e.action
}

func (e *exchange) scheme() string {
	if e.listener.Secure {
		return "https"
	}
	return "http"
}

// kind gives the type of the request.
func (e *exchange) kind() string {
	switch {
	case e.status == 101 && e.listener.Secure:
		return "wss"
	case e.status == 101:
		return "ws"
	case e.in.ProtoMajor == 2 && strings.HasPrefix(e.in.Header.Get("Content-Type"), "application/grpc"):
		return "grpcs"
	case e.in.ProtoMajor == 2:
		return "h2"
	}
	return e.scheme()
}

func hostOnly(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

func appendTime(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
}

func appendStatus(b []byte, status int) []byte {
	if status == 0 {
		return append(b, '-')
	}
	return strconv.AppendInt(b, int64(status), 10)
}

// appendQuoted appends a text in quotes, - for an empty one.
func appendQuoted(b []byte, text string) []byte {
	if text == "" {
		return append(b, `"-"`...)
	}
	b = append(b, '"')
	b = appendText(b, text)
	return append(b, '"')
}

// appendText escapes what could end a quoted text or a line.
func appendText(b []byte, text string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}
