package dynamodb

import (
	"atoll/internal/cloud/state"
)

// What other services may ask of DynamoDB, each within a transaction of theirs.

// Provisioned gives the units that a table, or one of its global secondary indexes, has; an on-demand table has none. It reports
// whether there is such a table and index.
func (s *Service) Provisioned(tx *state.Tx, sc state.Scope, table, index string) (read, write int64, ok bool) {
	r, ok := first(s.tables.Range(tx, sc, table, table+"\x00", false))
	if !ok {
		return 0, 0, false
	}
	if index == "" {
		return r.Throughput.Read, r.Throughput.Write, true
	}
	ix := r.index(index)
	if ix == nil || ix.Local {
		return 0, 0, false
	}
	return ix.Throughput.Read, ix.Throughput.Write, true
}

// SetProvisioned sets the units of a table or of one of its global secondary indexes; 0 leaves one as it is. Its errors are those of
// UpdateTable.
func (s *Service) SetProvisioned(tx *state.Tx, sc state.Scope, table, index string, read, write int64) error {
	t := &txn{s: s, tx: tx, sc: sc, now: s.d.Clock.Now()}
	r, ok := s.tables.Get(tx, sc, table)
	if !ok {
		return notFound(table)
	}
	if r.OnDemand {
		return invalidValue("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	}
	p := &r.Throughput
	if index != "" {
		ix, err := t.globalIndex(r, index)
		if err != nil {
			return err
		}
		p = &ix.Throughput
	}
	next := &ProvisionedThroughput{ReadCapacityUnits: new(p.Read), WriteCapacityUnits: new(p.Write)}
	if read > 0 {
		next.ReadCapacityUnits = &read
	}
	if write > 0 {
		next.WriteCapacityUnits = &write
	}
	if err := p.set(next, &t.now); err != nil {
		return err
	}
	t.put(r)
	return nil
}
