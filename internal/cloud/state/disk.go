package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// formatVersion is raised when an older atoll could not read what a newer one writes.
const formatVersion = 1

// metaBucket holds the format's version; its name is no table's.
const metaBucket = "\x00meta"

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = 200 * time.Millisecond

type disk struct {
	path string
	db   *bolt.DB
}

func openDisk(path string) (*disk, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("making %s: %w", path, err)
		}
	}
	if err := precheck(path); err != nil {
		return nil, err
	}
	db, err := openBolt(path, false)
	if err != nil {
		return nil, err
	}
	if err := checkVersion(db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &disk{path: path, db: db}, nil
}

// create makes an empty store under another name and moves it to its place whole, so that a process that dies meanwhile leaves
// no half-made store. If another process was faster, its store stays.
func create(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	temporary := f.Name()
	defer os.Remove(temporary)
	if err := f.Close(); err != nil {
		return err
	}
	db, err := openBolt(temporary, false)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(metaBucket))
		if err != nil {
			return err
		}
		return b.Put([]byte("version"), []byte(strconv.Itoa(formatVersion)))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// guard runs f, with the panics and memory faults that bbolt meets in damaged files as errors.
func guard(path string, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s: %v", ErrCorrupt, path, p)
		}
	}()
	return f()
}

func openBolt(path string, readOnly bool) (db *bolt.DB, err error) {
	err = guard(path, func() error {
		db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout, FreelistType: bolt.FreelistMapType, NoFreelistSync: true, ReadOnly: readOnly})
		return err
	})
	switch {
	case errors.Is(err, ErrCorrupt):
		return nil, err
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%w: %s", ErrLocked, path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %s: %w", ErrCorrupt, path, err)
	case err != nil:
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return db, nil
}

func checkVersion(db *bolt.DB, path string) error {
	return view(db, path, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(metaBucket))
		if b == nil {
			return fmt.Errorf("%w: %s has no version", ErrCorrupt, path)
		}
		version, err := strconv.Atoi(string(b.Get([]byte("version"))))
		if err != nil {
			return fmt.Errorf("%w: %s has no version", ErrCorrupt, path)
		}
		if version > formatVersion {
			return fmt.Errorf("%w: %s has format %d, this atoll reads up to %d", ErrNewer, path, version, formatVersion)
		}
		return nil
	})
}

// view reads from the file.
func view(db *bolt.DB, path string, f func(tx *bolt.Tx) error) error {
	return guard(path, func() error { return db.View(f) })
}

// write puts the write sets of a batch into one transaction, in their order.
func (d *disk) write(batch []*commit) error {
	update := func(tx *bolt.Tx) error {
		for _, c := range batch {
			for _, w := range c.writes {
				b, err := tx.CreateBucketIfNotExists([]byte(w.table))
				if err != nil {
					return err
				}
				if w.value == nil {
					err = b.Delete(w.key)
				} else {
					err = b.Put(w.key, w.value)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	}
	return guard(d.path, func() error { return d.db.Update(update) })
}

func (d *disk) close() error {
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("closing %s: %w", d.path, err)
	}
	return nil
}

// Save writes a consistent copy of the store's file while it is in use.
func (s *Store) Save(w io.Writer) error {
	if s.disk == nil {
		return errors.New("a store in memory has no file to save")
	}
	return view(s.disk.db, s.disk.path, func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(w)
		return err
	})
}

// Check reports whether a file is a sound store that this version reads: ErrCorrupt, ErrNewer or ErrLocked if not.
func Check(path string) error {
	if err := precheck(path); err != nil {
		return err
	}
	db, err := openBolt(path, true)
	if err != nil {
		return err
	}
	err = checkVersion(db, path)
	if err == nil {
		err = checkPages(db, path)
	}
	return errors.Join(err, db.Close())
}

func checkPages(db *bolt.DB, path string) error {
	return view(db, path, func(tx *bolt.Tx) error {
		var faults bytes.Buffer
		for fault := range tx.Check() {
			fmt.Fprintf(&faults, " %v", fault)
		}
		if faults.Len() > 0 {
			return fmt.Errorf("%w: %s:%s", ErrCorrupt, path, faults.String())
		}
		return nil
	})
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
