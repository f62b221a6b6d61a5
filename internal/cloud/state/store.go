package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	iradix "github.com/hashicorp/go-immutable-radix/v2"
	bolt "go.etcd.io/bbolt"
)

// Scope is the account and region that a record belongs to. Region is empty for global services.
type Scope struct{ Account, Region string }

// Options for Open.
type Options struct {
	Logger *slog.Logger
}

type tree = iradix.Tree[any]

// Store is an open store.
type Store struct {
	log  *slog.Logger
	disk *disk // nil: memory only
	root atomic.Pointer[tree]

	mu     sync.Mutex // one Update at a time
	tables map[string]loader
	closed bool
	err    error // the first record that could not be read

	commits chan *commit
	done    chan struct{}
}

// loader rebuilds a table's part of the tree.
type loader func(tx *Tx) error

// commit is the write set of one Update, waiting for its fsync.
type commit struct {
	writes []write
	after  []func()
	result chan error
}

type write struct {
	table string
	key   []byte
	value []byte // nil deletes
}

// Open opens or makes the store in a file; an empty path keeps it in memory.
func Open(path string, opts Options) (*Store, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{log: opts.Logger, tables: map[string]loader{}}
	s.root.Store(iradix.New[any]())
	if path == "" {
		return s, nil
	}
	d, err := openDisk(path)
	if err != nil {
		return nil, err
	}
	s.disk = d
	root, err := s.loadTags(s.root.Load())
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	s.root.Store(root)
	s.commits, s.done = make(chan *commit, 1024), make(chan struct{})
	go s.committer()
	return s, nil
}

// Err gives the first fault met while reading tables, such as a damaged record.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the store after the Updates under way.
func (s *Store) Close() error {
	if !s.shut() || s.disk == nil {
		return nil
	}
	<-s.done
	return s.disk.close()
}

// shut stops further Updates, and reports whether it was open.
func (s *Store) shut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	if s.commits != nil {
		close(s.commits)
	}
	return true
}

// View runs fn on a snapshot. Values that it reads are shared: they must not be changed.
func (s *Store) View(fn func(tx *Tx) error) error {
	return fn(&Tx{root: s.root.Load()})
}

// Update runs fn alone, on top of all earlier Updates, and returns once its writes are on disk. If fn errs, nothing has changed
// and the error is returned as it is; if the disk fails, the error is ErrNotDurable. fn must not block.
func (s *Store) Update(ctx context.Context, fn func(tx *Tx) error) error {
	c, err := s.apply(ctx, fn)
	if err != nil || c == nil {
		return err
	}
	return <-c.result
}

// apply runs fn, publishes the result, and hands the writes to the committer.
func (s *Store) apply(ctx context.Context, fn func(tx *Tx) error) (*commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.closed {
		return nil, ErrClosed
	}
	if s.err != nil {
		return nil, s.err
	}
	root := s.root.Load()
	tx := &Tx{root: root, txn: root.Txn(), writes: map[string]write{}}
	if err := fn(tx); err != nil {
		return nil, err
	}
	if tx.err != nil {
		return nil, tx.err
	}
	s.root.Store(tx.txn.Commit())
	if s.disk == nil || len(tx.writes) == 0 {
		for _, f := range tx.after {
			f()
		}
		return nil, nil
	}
	c := &commit{after: tx.after, result: make(chan error, 1), writes: make([]write, 0, len(tx.writes))}
	for _, w := range tx.writes {
		c.writes = append(c.writes, w)
	}
	s.commits <- c
	return c, nil
}

// committer writes what Updates left to disk, as many of them at once as are waiting.
func (s *Store) committer() {
	defer close(s.done)
	for first := range s.commits {
		batch := s.gather(first)
		err := s.disk.write(batch)
		if err != nil {
			s.log.Error("writing the state", "err", err)
			batch = append(batch, s.undo()...)
			err = fmt.Errorf("%w: %w", ErrNotDurable, err)
		}
		for _, c := range batch {
			if err == nil {
				for _, f := range c.after {
					f()
				}
			}
			c.result <- err
		}
	}
}

func (s *Store) gather(first *commit) []*commit {
	batch := []*commit{first}
	for len(batch) < cap(s.commits) {
		select {
		case c, ok := <-s.commits:
			if !ok {
				return batch
			}
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

// undo sets the tree back to what is on disk, and gives the commits that were published meanwhile: they are lost with it.
func (s *Store) undo() []*commit {
	var lost []*commit
	for !s.mu.TryLock() { // an Update may hold it while it waits for room in the channel: take what it puts there
		select {
		case c, ok := <-s.commits:
			if ok {
				lost = append(lost, c)
			}
		default:
		}
		runtime.Gosched()
	}
	defer s.mu.Unlock()
	for more := true; more; {
		select {
		case c, ok := <-s.commits:
			if more = ok; ok {
				lost = append(lost, c)
			}
		default:
			more = false
		}
	}
	root, err := s.loadTags(iradix.New[any]())
	for _, load := range s.tables {
		if err == nil {
			root, err = loadTable(root, load)
		}
	}
	if err != nil { // the tree stays as it is: no Update will follow on it
		s.err = fmt.Errorf("reading the state after a failed write: %w", err)
		return lost
	}
	s.root.Store(root) // at once: Views must not see half of it
	return lost
}

// register adds a table and loads its records.
func (s *Store) register(name string, load loader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, twice := s.tables[name]; twice {
		panic("state: the table " + name + " is registered twice")
	}
	s.tables[name] = load
	root, err := loadTable(s.root.Load(), load)
	if err != nil && s.err == nil {
		s.err = err
	}
	if err == nil {
		s.root.Store(root)
	}
}

// loadTable adds a table's stored records to a tree.
func loadTable(root *tree, load loader) (*tree, error) {
	tx := &Tx{root: root, txn: root.Txn(), loading: true}
	if err := load(tx); err != nil {
		return root, err
	}
	if tx.err != nil {
		return root, tx.err
	}
	return tx.txn.Commit(), nil
}

// each calls f for the stored records of a table.
func (s *Store) each(table string, f func(key, value []byte) error) error {
	if s.disk == nil {
		return nil
	}
	return view(s.disk.db, s.disk.path, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(table))
		if b == nil {
			return nil
		}
		return b.ForEach(f)
	})
}
