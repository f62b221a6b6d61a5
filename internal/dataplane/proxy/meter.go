package proxy

import (
	"maps"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Datum is a metric's values of one minute.
type Datum struct {
	Name, Unit     string
	Dimensions     map[string]string
	Values, Counts []float64 // how often each value came
	At             time.Time // the minute's start
}

// counts are the numbers of a minute, of a load balancer or one of its groups, in a zone.
type counts struct {
	requests         float64
	own, target      [6]float64 // answers by their hundreds
	status           map[int]float64
	connectErrors    float64
	redirects, fixed float64
	times            map[int]float64 // by bucket
}

func (c *counts) add(o *counts) {
	c.requests += o.requests
	for i := range c.own {
		c.own[i] += o.own[i]
		c.target[i] += o.target[i]
	}
	c.connectErrors += o.connectErrors
	c.redirects += o.redirects
	c.fixed += o.fixed
	for k, v := range o.status {
		put(&c.status, k, v)
	}
	for k, v := range o.times {
		put(&c.times, k, v)
	}
}

func put(m *map[int]float64, key int, n float64) {
	if *m == nil {
		*m = map[int]float64{}
	}
	(*m)[key] += n
}

// meter counts what a node does.
type meter struct {
	mu        sync.Mutex
	all       counts
	groups    map[string]*counts // by what metrics call the group
	opened    float64
	active    float64
	processed float64
}

func newMeter() *meter { return &meter{groups: map[string]*counts{}} }

func (m *meter) connected() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened++
	m.active++
}

func (m *meter) disconnected() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.active--
}

// Buckets of times are 1 % wide; the lowest is for what took no time.
const (
	bucketBase = 1.01
	noTime     = math.MinInt32
)

func bucket(d time.Duration) int {
	if d <= 0 {
		return noTime
	}
	return int(math.Round(math.Log(d.Seconds()) / math.Log(bucketBase)))
}

func (m *meter) observe(e *exchange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.processed += float64(e.received + e.sent)
	c := &m.all
	c.requests++
	switch {
	case e.action == "redirect":
		c.redirects++
	case e.action == "fixed-response":
		c.fixed++
	case e.own:
		c.own[hundreds(e.status)]++
		if e.status >= 500 {
			put(&c.status, e.status, 1)
		}
	}
	if e.group == nil {
		return
	}
	name := e.group.resource
	g := m.groups[name]
	if g == nil {
		g = &counts{}
		m.groups[name] = g
	}
	for _, c := range []*counts{c, g} {
		if e.connectFailed {
			c.connectErrors++
		}
		if e.targetStatus != 0 {
			c.target[hundreds(e.targetStatus)]++
			put(&c.times, bucket(e.answered.Sub(e.dispatched)), 1)
		}
	}
	if e.target != nil {
		g.requests++
	}
}

func hundreds(status int) int { return min(max(status/100, 0), 5) }

// reading is what a node has counted since the last one.
type reading struct {
	all                       counts
	groups                    map[string]*counts
	opened, active, processed float64
}

func (m *meter) read() reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := reading{m.all, m.groups, m.opened, m.active, m.processed}
	m.all, m.groups, m.opened, m.processed = counts{}, map[string]*counts{}, 0, 0
	return r
}

// data gives a load balancer's metrics for a minute.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
func (b *balancer) data(at time.Time, groups []*group) []Datum {
	d := &data{at: at, balancer: b.Resource}
	sum := reading{groups: map[string]*counts{}}
	for _, n := range b.nodes {
		r := n.meter.read()
		d.balancerCounts(&r.all, n.Zone)
		sum.all.add(&r.all)
		sum.opened, sum.active, sum.processed = sum.opened+r.opened, sum.active+r.active, sum.processed+r.processed
		for name, c := range r.groups {
			d.groupCounts(c, name, n.Zone)
			if sum.groups[name] == nil {
				sum.groups[name] = &counts{}
			}
			sum.groups[name].add(c)
		}
		d.count("ActiveConnectionCount", r.active, "", n.Zone)
		d.count("NewConnectionCount", r.opened, "", n.Zone)
		d.one("ProcessedBytes", "Bytes", r.processed, "", n.Zone)
	}
	d.balancerCounts(&sum.all, "")
	d.count("ActiveConnectionCount", sum.active, "", "")
	d.count("NewConnectionCount", sum.opened, "", "")
	d.one("ProcessedBytes", "Bytes", sum.processed, "", "")
	for _, name := range slices.Sorted(maps.Keys(sum.groups)) {
		d.groupCounts(sum.groups[name], name, "")
	}
	for _, g := range groups {
		g.data(d, sum.groups[g.resource])
	}
	return d.out
}

// data adds how many of a group's targets are healthy, and how many requests came for each of them.
func (g *group) data(d *data, c *counts) {
	type hosts struct{ healthy, all float64 }
	zones := map[string]*hosts{}
	g.mu.Lock()
	for _, t := range g.order {
		for _, zone := range []string{"", t.zone} {
			if zone == "all" {
				continue
			}
			if zones[zone] == nil {
				zones[zone] = &hosts{}
			}
			if t.health.State == Healthy {
				zones[zone].healthy++
			}
			if t.health.State != Unused {
				zones[zone].all++
			}
			if t.zone == "" {
				break
			}
		}
	}
	g.mu.Unlock()
	for zone, h := range zones {
		d.put("HealthyHostCount", "Count", []float64{h.healthy}, []float64{1}, d.dims(g.resource, zone))
		d.put("UnHealthyHostCount", "Count", []float64{h.all - h.healthy}, []float64{1}, d.dims(g.resource, zone))
	}
	if c == nil || c.requests == 0 || zones[""] == nil || zones[""].all == 0 {
		return
	}
	n := zones[""].healthy
	if n == 0 {
		n = zones[""].all
	}
	for _, dims := range []map[string]string{{"TargetGroup": g.resource}, d.dims(g.resource, "")} {
		d.put("RequestCountPerTarget", "Count", []float64{c.requests / n}, []float64{1}, dims)
	}
}

// data gathers metrics.
type data struct {
	at       time.Time
	balancer string
	out      []Datum
}

func (d *data) dims(group, zone string) map[string]string {
	out := map[string]string{"LoadBalancer": d.balancer}
	if group != "" {
		out["TargetGroup"] = group
	}
	if zone != "" {
		out["AvailabilityZone"] = zone
	}
	return out
}

func (d *data) put(name, unit string, values, counts []float64, dims map[string]string) {
	d.out = append(d.out, Datum{Name: name, Unit: unit, Dimensions: dims, Values: values, Counts: counts, At: d.at})
}

// count adds a metric of n events, as AWS does: n samples of 1. Nothing is told of none.
func (d *data) count(name string, n float64, group, zone string) {
	if n > 0 {
		d.put(name, "Count", []float64{1}, []float64{n}, d.dims(group, zone))
	}
}

func (d *data) one(name, unit string, v float64, group, zone string) {
	if v > 0 {
		d.put(name, unit, []float64{v}, []float64{1}, d.dims(group, zone))
	}
}

func (d *data) balancerCounts(c *counts, zone string) {
	d.count("RequestCount", c.requests, "", zone)
	d.count("HTTP_Redirect_Count", c.redirects, "", zone)
	d.count("HTTP_Fixed_Response_Count", c.fixed, "", zone)
	for i, name := range map[int]string{3: "HTTPCode_ELB_3XX_Count", 4: "HTTPCode_ELB_4XX_Count", 5: "HTTPCode_ELB_5XX_Count"} {
		d.count(name, c.own[i], "", zone)
	}
	for status, name := range map[int]string{http.StatusInternalServerError: "HTTPCode_ELB_500_Count", http.StatusBadGateway: "HTTPCode_ELB_502_Count",
		http.StatusServiceUnavailable: "HTTPCode_ELB_503_Count", http.StatusGatewayTimeout: "HTTPCode_ELB_504_Count"} {
		d.count(name, c.status[status], "", zone)
	}
	d.targetCounts(c, "", zone)
}

func (d *data) groupCounts(c *counts, group, zone string) {
	d.count("RequestCount", c.requests, group, zone)
	d.targetCounts(c, group, zone)
}

func (d *data) targetCounts(c *counts, group, zone string) {
	for i, name := range map[int]string{2: "HTTPCode_Target_2XX_Count", 3: "HTTPCode_Target_3XX_Count", 4: "HTTPCode_Target_4XX_Count", 5: "HTTPCode_Target_5XX_Count"} {
		d.count(name, c.target[i], group, zone)
	}
	d.count("TargetConnectionErrorCount", c.connectErrors, group, zone)
	if len(c.times) == 0 {
		return
	}
	var values, numbers []float64
	for _, b := range slices.Sorted(maps.Keys(c.times)) {
		v := 0.0
		if b != noTime {
			v = math.Pow(bucketBase, float64(b))
		}
		values, numbers = append(values, v), append(numbers, c.times[b])
	}
	d.put("TargetResponseTime", "Seconds", values, numbers, d.dims(group, zone))
}
