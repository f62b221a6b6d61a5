package cloudwatch

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dist says which values a point is made of: distinct values in order, and how often each came.
type dist struct {
	Values []float64 `json:"v"`
	Counts []float64 `json:"c"`
}

// maxDistinct is how many distinct values a point keeps apart; more are gathered in buckets that are 1 % wide, as AWS's are.
const maxDistinct = 150

// pointOf makes a point of one value that came count times.
func pointOf(value, count float64) point {
	return point{Count: count, Sum: value * count, Min: value, Max: value}
}

// distribution gives the point's values; there is none where a statistic set hides them, or one of them is negative.
func (p *point) distribution() (dist, bool) {
	switch {
	case p.Min < 0:
		return dist{}, false
	case p.Dist != nil:
		return *p.Dist, true
	case p.Min == p.Max:
		return dist{[]float64{p.Min}, []float64{p.Count}}, true
	}
	return dist{}, false
}

func (p point) clone() point {
	if p.Dist != nil {
		p.Dist = &dist{slices.Clone(p.Dist.Values), slices.Clone(p.Dist.Counts)}
	}
	return p
}

func (p *point) add(q point) {
	a, aOK := p.distribution()
	b, bOK := q.distribution()
	p.Count, p.Sum, p.Min, p.Max = p.Count+q.Count, p.Sum+q.Sum, min(p.Min, q.Min), max(p.Max, q.Max)
	p.Dist = nil
	if aOK && bOK && p.Min < p.Max {
		p.Dist = a.merged(b)
	}
}

func (d dist) merged(e dist) *dist {
	out := &dist{slices.Clone(d.Values), slices.Clone(d.Counts)}
	for i, v := range e.Values {
		at, found := slices.BinarySearch(out.Values, v)
		if found {
			out.Counts[at] += e.Counts[i]
			continue
		}
		out.Values, out.Counts = slices.Insert(out.Values, at, v), slices.Insert(out.Counts, at, e.Counts[i])
	}
	if len(out.Values) > maxDistinct {
		out.gather()
	}
	return out
}

// gather puts values that lie within 1 % of each other together; wider buckets follow if that is not enough.
func (d *dist) gather() {
	for width := 0.01; len(d.Values) > maxDistinct; width *= 2 {
		var out dist
		bucket := math.Inf(-1)
		for i, v := range d.Values {
			b := math.Inf(-1)
			if v > 0 {
				b = math.Floor(math.Log(v) / math.Log(1+width))
			}
			if n := len(out.Values); n > 0 && b == bucket {
				total := out.Counts[n-1] + d.Counts[i]
				out.Values[n-1] += (v - out.Values[n-1]) * d.Counts[i] / total
				out.Counts[n-1] = total
				continue
			}
			bucket = b
			out.Values, out.Counts = append(out.Values, v), append(out.Counts, d.Counts[i])
		}
		*d = out
	}
}

// statistic computes a value of a point.
type statistic struct {
	name  string
	kind  string  // "p", "tm", "wm", "tc", "ts", "pr"; empty for the simple ones
	low   float64 // bounds: percent, or values if absolute
	high  float64
	exact bool // the bounds are values
}

var (
	shortStats = regexp.MustCompile(`^(p|tm|wm|tc|ts)(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)$`)
	longStats  = regexp.MustCompile(`^(TM|WM|TC|TS|PR)\((\d*(?:\.\d{1,10})?)(%?):(\d*(?:\.\d{1,10})?)(%?)\)$`)
)

func simpleStatistics() []string {
	return []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
}

// parseStatistic reads the name of a statistic: a simple one, or an extended one such as p99.9, tm90, TC(0.1:5), PR(:300) or IQM.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
func parseStatistic(name string) (statistic, bool) {
	if slices.Contains(simpleStatistics(), name) {
		return statistic{name: name}, true
	}
	if name == "IQM" {
		return statistic{name: name, kind: "tm", low: 25, high: 75}, true
	}
	if m := shortStats.FindStringSubmatch(name); m != nil {
		high, err := strconv.ParseFloat(m[2], 64)
		return statistic{name: name, kind: m[1], high: high}, err == nil
	}
	m := longStats.FindStringSubmatch(name)
	if m == nil || m[2] == "" && m[4] == "" {
		return statistic{}, false
	}
	st := statistic{name: name, kind: strings.ToLower(m[1]), exact: m[3] == "" && m[5] == "", low: 0, high: 100}
	if st.exact {
		st.low, st.high = math.Inf(-1), math.Inf(1)
	}
	percents := (m[2] == "" || m[3] == "%") && (m[4] == "" || m[5] == "%")
	if !st.exact && !percents || st.kind == "pr" && !st.exact {
		return statistic{}, false
	}
	var err error
	if m[2] != "" {
		if st.low, err = strconv.ParseFloat(m[2], 64); err != nil {
			return statistic{}, false
		}
	}
	if m[4] != "" {
		if st.high, err = strconv.ParseFloat(m[4], 64); err != nil {
			return statistic{}, false
		}
	}
	return st, st.low <= st.high && (st.exact || st.high <= 100)
}

// of gives the statistic of a point, none where the point's values are not known.
func (st statistic) of(p *point) (float64, bool) {
	switch st.name {
	case "SampleCount":
		return p.Count, true
	case "Average":
		return p.Sum / p.Count, p.Count > 0
	case "Sum":
		return p.Sum, true
	case "Minimum":
		return p.Min, true
	case "Maximum":
		return p.Max, true
	}
	d, ok := p.distribution()
	if !ok || p.Count <= 0 {
		return 0, false
	}
	switch st.kind {
	case "p":
		return d.rank(st.high / 100 * p.Count), true
	case "wm":
		return st.winsorized(d, p.Count), true
	}
	sum, count := st.trimmed(d, p.Count)
	switch st.kind {
	case "tm":
		return sum / count, count > 0
	case "ts":
		return sum, true
	case "tc":
		return count, true
	default: // pr
		return count / p.Count * 100, true
	}
}

// rank gives the value at a position in the order of all values, 1 being the first.
func (d dist) rank(position float64) float64 {
	seen := 0.0
	for i, c := range d.Counts {
		if seen += c; seen >= position {
			return d.Values[i]
		}
	}
	return d.Values[len(d.Values)-1]
}

// trimmed sums and counts the values above the lower bound and up to the upper one.
func (st statistic) trimmed(d dist, total float64) (sum, count float64) {
	seen := 0.0
	for i, v := range d.Values {
		n := d.Counts[i]
		if st.exact {
			if v <= st.low || v > st.high {
				n = 0
			}
		} else {
			n = max(0, min(seen+n, st.high/100*total)-max(seen, st.low/100*total))
		}
		seen += d.Counts[i]
		sum, count = sum+v*n, count+n
	}
	return sum, count
}

// winsorized is the mean with values beyond the bounds taken as the bounds.
func (st statistic) winsorized(d dist, total float64) float64 {
	low, high := st.low, st.high
	if !st.exact {
		low, high = d.rank(st.low/100*total), d.rank(st.high/100*total)
	}
	sum := 0.0
	for i, v := range d.Values {
		sum += min(max(v, low), high) * d.Counts[i]
	}
	return sum / total
}

// enough reports whether a percentile of so many samples means something: ten samples beyond it.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
func (st statistic) enough(samples float64) bool {
	if st.kind != "p" || st.high <= 0 || st.high >= 100 {
		return true
	}
	return samples*min(st.high, 100-st.high) >= 10*100
}
