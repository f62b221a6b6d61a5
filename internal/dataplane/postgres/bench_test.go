package postgres_test

import (
	"fmt"
	"testing"

	"atoll/internal/dataplane/postgres"
)

// BenchmarkNewServer measures from nothing but the template to the first query's answer.
func BenchmarkNewServer(b *testing.B) {
	f := start(b)
	f.run()
	n := 0
	for b.Loop() {
		name := fmt.Sprint("n", n)
		n++
		f.run(func(s *postgres.Spec) { s.Name = name })
		f.sql(name, "SELECT 1")
		b.StopTimer()
		if err := f.Remove(f.ctx, name); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkSnapshot measures the copy of a server with 100 MB of rows, beside the 25 MB of an empty one.
func BenchmarkSnapshot(b *testing.B) {
	f := start(b)
	f.run()
	f.sql("one", "CREATE TABLE t AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 92000)")
	b.Logf("the table has %s bytes", f.sql("one", "SELECT pg_total_relation_size('t')"))
	n := 0
	for b.Loop() {
		name := fmt.Sprint("s", n)
		n++
		if err := f.Snapshot(f.ctx, "one", name); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := f.KeepSnapshots(nil, nil); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
