package dynamodb

import "time"

// What an on-demand table can always serve, in units per second.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
const (
	onDemandReads  = 12000
	onDemandWrites = 4000
)

// setThroughput takes the throughput of a new table, or of one whose billing mode was set.
func (r *tableRecord) setThroughput(p *ProvisionedThroughput, o *OnDemandThroughput) error {
	if r.OnDemand {
		if p != nil {
			return invalidValue("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		r.Throughput = throughput{}
		return r.OnDemandMax.set(o)
	}
	if p == nil {
		return invalidValue("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	if o != nil {
		return invalidValue("OnDemandThroughput cannot be specified when BillingMode is PROVISIONED")
	}
	r.OnDemandMax = limits{}
	return r.Throughput.set(p, nil)
}

func (r *tableRecord) indexThroughput(ix *indexRecord, p *ProvisionedThroughput, o *OnDemandThroughput) error {
	if r.OnDemand {
		if p != nil {
			return invalidValue("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", ix.Name)
		}
		return ix.OnDemandMax.set(o)
	}
	if p == nil {
		return invalidValue("ProvisionedThroughput must be specified for index: %s", ix.Name)
	}
	if o != nil {
		return invalidValue("OnDemandThroughput should not be specified for index: %s when BillingMode is PROVISIONED", ix.Name)
	}
	return ix.Throughput.set(p, nil)
}

// set takes provisioned units; at notes when, for a change of what was there.
func (p *throughput) set(in *ProvisionedThroughput, at *time.Time) error {
	next := units{*in.ReadCapacityUnits, *in.WriteCapacityUnits}
	if next.Read < 1 || next.Write < 1 {
		member, value := "readCapacityUnits", next.Read
		if next.Read >= 1 {
			member, value = "writeCapacityUnits", next.Write
		}
		return invalid("1 validation error detected: Value '%d' at 'provisionedThroughput.%s' failed to satisfy constraint: Member must have value greater than or equal to 1", value, member)
	}
	if at != nil && (next.Read > p.Read || next.Write > p.Write) {
		p.Increased = at
	}
	if at != nil && (next.Read < p.Read || next.Write < p.Write) {
		p.Decreased = at
	}
	p.units = next
	return nil
}

// set takes the bounds that are given; -1 lifts one.
func (l *limits) set(in *OnDemandThroughput) error {
	if in == nil {
		return nil
	}
	for _, m := range []struct {
		to   **int64
		from *int64
		name string
	}{{&l.Read, in.MaxReadRequestUnits, "MaxReadRequestUnits"}, {&l.Write, in.MaxWriteRequestUnits, "MaxWriteRequestUnits"}} {
		switch {
		case m.from == nil:
		case *m.from == -1:
			*m.to = nil
		case *m.from < 1:
			return invalidValue("%s must be greater than or equal to 1, or -1 to remove the limit", m.name)
		default:
			*m.to = m.from
		}
	}
	return nil
}

func (l limits) show() *OnDemandThroughput {
	if l.Read == nil && l.Write == nil {
		return nil
	}
	return &OnDemandThroughput{MaxReadRequestUnits: l.Read, MaxWriteRequestUnits: l.Write}
}

func (p throughput) show() *ProvisionedThroughputDescription {
	return &ProvisionedThroughputDescription{
		LastIncreaseDateTime: p.Increased, LastDecreaseDateTime: p.Decreased, NumberOfDecreasesToday: new(int64(0)),
		ReadCapacityUnits: &p.Read, WriteCapacityUnits: &p.Write,
	}
}

// warm gives a table's warm throughput: what was asked for, or what its billing mode gives by itself.
func (r *tableRecord) warm() units { return r.atLeast(r.Warm, r.Throughput) }

func (r *tableRecord) indexWarm(ix *indexRecord) units { return r.atLeast(ix.Warm, ix.Throughput) }

func (r *tableRecord) atLeast(asked units, p throughput) units {
	if r.OnDemand {
		return units{max(asked.Read, onDemandReads), max(asked.Write, onDemandWrites)}
	}
	return units{max(asked.Read, p.Read), max(asked.Write, p.Write)}
}

// setWarm takes warm throughput, which only grows.
func setWarm(asked *units, in *WarmThroughput, current units, what string) error {
	if in == nil {
		return nil
	}
	if in.ReadUnitsPerSecond == nil && in.WriteUnitsPerSecond == nil {
		return invalidValue("At least one of ReadUnitsPerSecond and WriteUnitsPerSecond must be specified for WarmThroughput for %s", what)
	}
	for _, m := range []struct {
		to      *int64
		from    *int64
		current int64
		name    string
	}{{&asked.Read, in.ReadUnitsPerSecond, current.Read, "ReadUnitsPerSecond"}, {&asked.Write, in.WriteUnitsPerSecond, current.Write, "WriteUnitsPerSecond"}} {
		if m.from == nil {
			continue
		}
		if *m.from < m.current {
			return invalidValue("Requested %s for WarmThroughput for %s is lower than current WarmThroughput, decreasing WarmThroughput is not supported", m.name, what)
		}
		*m.to = *m.from
	}
	return nil
}
