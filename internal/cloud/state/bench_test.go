package state_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"atoll/internal/cloud/state"
)

// filled gives a store with n records, ten to a group.
func filled(b *testing.B, path string, n int) (*state.Store, state.Table[record]) {
	b.Helper()
	s, table := open(b, path)
	update(b, s, func(tx *state.Tx) {
		for i := range n {
			table.Put(tx, east, fmt.Sprintf("vpc-%017d", i), &record{Name: fmt.Sprint(i), Groups: []string{fmt.Sprint(i / 10)}})
		}
	})
	return s, table
}

func BenchmarkGet(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("of=%d", n), func(b *testing.B) {
			s, table := filled(b, "", n)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					view(b, s, func(tx *state.Tx) {
						if _, ok := table.Get(tx, east, "vpc-00000000000000042"); !ok {
							b.Error("not there")
						}
					})
				}
			})
		})
	}
}

func BenchmarkBy(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("of=%d", n), func(b *testing.B) {
			s, table := filled(b, "", n)
			b.ReportAllocs()
			for b.Loop() {
				found := 0
				view(b, s, func(tx *state.Tx) {
					for range table.By(tx, east, "group", "4") {
						found++
					}
				})
				if found != 10 {
					b.Fatalf("%d found", found)
				}
			}
		})
	}
}

// BenchmarkUpdate makes durable writes from several writers at once; an operation is one acknowledged Update.
func BenchmarkUpdate(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s, table := filled(b, filepath.Join(b.TempDir(), "state.db"), 1000)
			next := make(chan int)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for i := range next {
						err := s.Update(context.Background(), func(tx *state.Tx) error {
							table.Put(tx, east, fmt.Sprintf("vpc-%017d", i%1000), &record{Size: i, Groups: []string{"0"}})
							return nil
						})
						if err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
		})
	}
}

// BenchmarkOpen opens a store of 10,000 records.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state.db")
	s, _ := filled(b, path, 10_000)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := state.Open(path, state.Options{})
		if err != nil {
			b.Fatal(err)
		}
		records(s)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
