package expression

import (
	"math"
	"slices"
	"strings"
	"time"
)

func isFilling(word string) bool { return word == "REPEAT" || word == "LINEAR" }

// known refuses functions that are not here.
func known(function string) error {
	switch function {
	case "ABS", "CEIL", "FLOOR", "LOG", "LOG10", "SUM", "AVG", "MIN", "MAX", "STDDEV", "METRICS", "METRIC_COUNT", "FILL", "IF", "RATE", "DIFF",
		"DIFF_TIME", "PERIOD", "RUNNING_SUM", "TIME_SERIES", "FIRST", "LAST", "REMOVE_EMPTY", "DATAPOINT_COUNT", "EPOCH", "MINUTE", "HOUR", "DAY",
		"DATE", "MONTH", "YEAR":
		return nil
	case "ANOMALY_DETECTION_BAND", "SEARCH", "INSIGHT_RULE_METRIC", "DB_PERF_INSIGHTS", "SERVICE_QUOTA", "LAMBDA", "SLICE", "SORT":
		return &Unsupported{function}
	}
	return errorf("there is no function %s", function)
}

// eval calls the function on its arguments' values.
func (n *call) eval(env *Env) (Value, error) {
	args := make([]Value, len(n.args))
	for i, a := range n.args {
		v, err := a.eval(env)
		if err != nil {
			return v, err
		}
		args[i] = v
	}
	switch n.name {
	case "METRICS":
		return n.metrics(env, args)
	case "IF":
		return n.choose(args)
	case "FILL":
		return n.fill(env, args)
	case "TIME_SERIES":
		if err := n.want(args, 1, number); err != nil {
			return Value{}, err
		}
		points := map[int64]float64{}
		for at := env.Start; at < env.End; at += env.Period {
			points[at] = args[0].number
		}
		return Of(Series{Period: env.Period, Points: points}), nil
	}
	if len(args) != 1 || args[0].kind == text {
		return Value{}, errorf("%s takes one argument", n.name)
	}
	return n.simple(args[0])
}

// want checks the number of arguments, and the kind of the first.
func (n *call) want(args []Value, count int, k kind) error {
	if len(args) != count || args[0].kind != k {
		return errorf("the arguments of %s do not fit", n.name)
	}
	return nil
}

// simple calls a function of one value.
func (n *call) simple(v Value) (Value, error) {
	switch n.name {
	case "ABS":
		return v.each(func(_ int64, x float64) float64 { return math.Abs(x) }), nil
	case "CEIL":
		return v.each(func(_ int64, x float64) float64 { return math.Ceil(x) }), nil
	case "FLOOR":
		return v.each(func(_ int64, x float64) float64 { return math.Floor(x) }), nil
	case "LOG":
		return v.each(func(_ int64, x float64) float64 { return math.Log(x) }), nil
	case "LOG10":
		return v.each(func(_ int64, x float64) float64 { return math.Log10(x) }), nil
	case "SUM", "AVG", "MIN", "MAX", "STDDEV":
		return n.aggregate(v)
	}
	if v.kind == number {
		return v, errorf("%s takes time series", n.name)
	}
	switch n.name {
	case "METRIC_COUNT":
		return Number(float64(len(v.series))), nil
	case "FIRST", "LAST":
		if v.kind != array || len(v.series) == 0 {
			return v, errorf("%s takes an array of time series", n.name)
		}
		if n.name == "FIRST" {
			return Of(v.series[0]), nil
		}
		return Of(v.series[len(v.series)-1]), nil
	case "REMOVE_EMPTY":
		v.series = slices.DeleteFunc(slices.Clone(v.series), func(s Series) bool { return len(s.Points) == 0 })
		return v, nil
	case "PERIOD", "DATAPOINT_COUNT":
		if v.kind != series {
			return v, errorf("%s takes one time series", n.name)
		}
		if n.name == "PERIOD" {
			return Number(float64(v.one().Period)), nil
		}
		return Number(float64(len(v.one().Points))), nil
	case "RATE", "DIFF", "DIFF_TIME", "RUNNING_SUM":
		return n.successive(v), nil
	}
	return v.each(func(at int64, _ float64) float64 { return n.moment(time.Unix(at, 0).UTC()) }), nil
}

// moment gives a part of a point's time.
func (n *call) moment(at time.Time) float64 {
	switch n.name {
	case "MINUTE":
		return float64(at.Minute())
	case "HOUR":
		return float64(at.Hour())
	case "DAY": // Monday is 1
		return float64((int(at.Weekday())+6)%7 + 1)
	case "DATE":
		return float64(at.Day())
	case "MONTH":
		return float64(at.Month())
	case "YEAR":
		return float64(at.Year())
	default: // EPOCH
		return float64(at.Unix())
	}
}

// aggregate makes a number of one series, and a series of an array: what the series have at each time, those without left out.
func (n *call) aggregate(v Value) (Value, error) {
	switch v.kind {
	case number:
		return v, nil
	case series:
		s := v.one()
		values := make([]float64, 0, len(s.Points))
		for _, at := range s.Times() {
			values = append(values, s.Points[at])
		}
		if len(values) == 0 {
			return Of(s), nil
		}
		return Number(n.of(values)), nil
	}
	at := map[int64][]float64{}
	var period int64
	for _, s := range v.series {
		period = max(period, s.Period)
		for t, x := range s.Points {
			at[t] = append(at[t], x)
		}
	}
	points := make(map[int64]float64, len(at))
	for t, values := range at {
		points[t] = n.of(values)
	}
	return Of(Series{Period: period, Points: points}), nil
}

func (n *call) of(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	mean := sum / float64(len(values))
	switch n.name {
	case "SUM":
		return sum
	case "AVG":
		return mean
	case "MIN":
		return slices.Min(values)
	case "MAX":
		return slices.Max(values)
	default: // STDDEV
		squares := 0.0
		for _, x := range values {
			squares += (x - mean) * (x - mean)
		}
		return math.Sqrt(squares / float64(len(values)))
	}
}

// successive compares each point with the one before it, or adds them up.
func (n *call) successive(v Value) Value {
	out := Value{kind: v.kind}
	for _, s := range v.series {
		points := map[int64]float64{}
		sum := 0.0
		times := s.Times()
		for i, at := range times {
			sum += s.Points[at]
			if n.name == "RUNNING_SUM" {
				points[at] = sum
				continue
			}
			if i == 0 {
				continue
			}
			change, seconds := s.Points[at]-s.Points[times[i-1]], float64(at-times[i-1])
			switch n.name {
			case "RATE":
				points[at] = change / seconds
			case "DIFF":
				points[at] = change
			default: // DIFF_TIME
				points[at] = seconds
			}
		}
		out.series = append(out.series, s.with(points))
	}
	return out
}

// metrics gives all metrics of the request, or those with a string in their ids.
func (n *call) metrics(env *Env, args []Value) (Value, error) {
	part := ""
	if len(args) > 0 {
		if err := n.want(args, 1, text); err != nil {
			return Value{}, err
		}
		part = args[0].text
	}
	out := Value{kind: array}
	for _, s := range env.Metrics {
		if strings.Contains(s.ID, part) {
			out.series = append(out.series, s)
		}
	}
	return out, nil
}

// choose is IF(condition, then, else): else may be absent, and then there is no point where the condition does not hold.
func (n *call) choose(args []Value) (Value, error) {
	if len(args) < 2 || len(args) > 3 {
		return Value{}, errorf("IF takes two or three arguments")
	}
	for _, a := range args {
		if a.kind == array || a.kind == text {
			return Value{}, errorf("IF takes numbers and single time series")
		}
	}
	condition := args[0]
	if condition.kind == number {
		switch {
		case condition.number != 0:
			return args[1], nil
		case len(args) == 3:
			return args[2], nil
		}
		return Value{}, errorf("IF on a number needs a third argument")
	}
	points := map[int64]float64{}
	for at, x := range condition.one().Points {
		from := args[1]
		if x == 0 {
			if len(args) == 2 {
				continue
			}
			from = args[2]
		}
		if from.kind == number {
			points[at] = from.number
		} else if y, ok := from.one().Points[at]; ok {
			points[at] = y
		}
	}
	return Of(condition.one().with(points)), nil
}

// fill is FILL(series, number | series | REPEAT | LINEAR): a value for each period of the window that has none.
func (n *call) fill(env *Env, args []Value) (Value, error) {
	if len(args) != 2 || args[0].kind == number || args[0].kind == text || args[1].kind == array {
		return Value{}, errorf("the arguments of FILL do not fit")
	}
	how := args[1]
	if how.kind == text && !isFilling(how.text) {
		return Value{}, errorf("FILL fills with a number, a time series, REPEAT or LINEAR")
	}
	out := Value{kind: args[0].kind}
	for _, s := range args[0].series {
		out.series = append(out.series, s.with(filled(s, how, env)))
	}
	return out, nil
}

func filled(s Series, how Value, env *Env) map[int64]float64 {
	points := make(map[int64]float64, len(s.Points))
	times := s.Times()
	step := max(s.Period, 1)
	next := 0 // the first of times at or after at
	for at := env.Start; at < env.End; at += step {
		for next < len(times) && times[next] < at {
			next++
		}
		if x, ok := s.Points[at]; ok {
			points[at] = x
			continue
		}
		switch {
		case how.kind == number:
			points[at] = how.number
		case how.kind == series:
			if x, ok := how.one().Points[at]; ok {
				points[at] = x
			}
		case next == 0: // nothing before it to repeat or to go on from
		case how.text == "REPEAT":
			points[at] = s.Points[times[next-1]]
		case next < len(times):
			from, to := times[next-1], times[next]
			points[at] = s.Points[from] + (s.Points[to]-s.Points[from])*float64(at-from)/float64(to-from)
		}
	}
	return points
}
