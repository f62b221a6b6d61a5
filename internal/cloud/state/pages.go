package state

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// bbolt checks of a page little more than its number, partly in goroutines of its own, where a damaged file ends the process. So
// every page in use is checked here before bbolt sees the file. The layout is that of bbolt's file format, version 2:
// https://pkg.go.dev/go.etcd.io/bbolt (package internal/common: page.go, meta.go, bucket.go).
const (
	pageHead    = 16 // id u64, flags u16, count u16, overflow u32
	metaSize    = 64 // behind the page head: magic, version, page size, flags u32; root, sequence, free list, pages, txid, checksum u64
	elementSize = 16 // of branches: pos, key size u32, page u64; of leaves: flags, pos, key size, value size u32
	bucketHead  = 16 // root u64, sequence u64; a root of 0 means that the bucket's only page follows inline

	branchPage = 0x01
	leafPage   = 0x02
	freePage   = 0x10

	bucketLeaf = 0x01

	boltMagic   = 0xED0CDAED
	boltVersion = 2
	noFreeList  = ^uint64(0)

	// maxTree bounds the height of a tree of pages; one of eight levels holds more than a disk does.
	maxTree = 16
)

// pageFile is a file of pages under check.
type pageFile struct {
	r        io.ReaderAt
	size     int64 // of a page
	pages    uint64
	freeList uint64
	root     uint64
	seen     []bool
}

// precheck refuses a file that is no store, that is cut short, or whose pages do not hang together. It leaves the file as it is.
func precheck(path string) error {
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	held, err := lock.TryRLockContext(ctx, 10*time.Millisecond)
	if errors.Is(err, context.DeadlineExceeded) || err == nil && !held {
		return fmt.Errorf("%w: %s", ErrLocked, path)
	}
	if err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	return errors.Join(checkFile(path), lock.Close())
}

func checkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	p, err := readMetas(f, info.Size())
	if err != nil {
		return fmt.Errorf("%w: %s %w", ErrCorrupt, path, err)
	}
	if need := int64(p.pages) * p.size; info.Size() < need {
		return fmt.Errorf("%w: %s is cut short: it has %d of %d bytes", ErrCorrupt, path, info.Size(), need)
	}
	p.seen = make([]bool, p.pages)
	if p.freeList != noFreeList {
		err = p.checkFreeList()
	}
	if err = errors.Join(err, p.tree(p.root, 0, span{})); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, path, err)
	}
	return nil
}

// readMetas reads the two pages at the beginning. The newer one that is sound tells where the data is.
func readMetas(r io.ReaderAt, size int64) (*pageFile, error) {
	if size == 0 {
		return nil, errors.New("is empty")
	}
	head := make([]byte, pageHead+metaSize)
	var newest []byte
	take := func(at int64) bool {
		if _, err := r.ReadAt(head, at); err != nil {
			return false
		}
		m := head[pageHead:]
		h := fnv.New64a()
		h.Write(m[:metaSize-8])
		if u32(m) != boltMagic || u32(m[4:]) != boltVersion || u64(m[56:]) != h.Sum64() {
			return false
		}
		if newest == nil || u64(m[48:]) > u64(newest[48:]) {
			newest = append([]byte(nil), m...)
		}
		return true
	}
	if take(0) {
		take(int64(u32(newest[8:])))
	} else {
		for pageSize := int64(1 << 10); pageSize <= 1<<24 && !take(pageSize); pageSize <<= 1 {
		}
	}
	if newest == nil {
		return nil, errors.New("is no state file")
	}
	p := &pageFile{r: r, size: int64(u32(newest[8:])), root: u64(newest[16:]), freeList: u64(newest[32:]), pages: u64(newest[40:])}
	if p.size < 512 || p.size > 1<<24 || p.pages < 2 || p.pages > uint64(1<<62/p.size) {
		return nil, errors.New("has a damaged head")
	}
	return p, nil
}

// page reads a page with its overflow and wants it to say of itself what it is.
func (p *pageFile) page(id uint64, kinds uint16) ([]byte, error) {
	if id < 2 || id >= p.pages {
		return nil, fmt.Errorf("the page %d is beyond the end", id)
	}
	head := make([]byte, pageHead)
	if _, err := p.r.ReadAt(head, int64(id)*p.size); err != nil {
		return nil, fmt.Errorf("reading the page %d: %w", id, err)
	}
	flags, overflow := u16(head[8:]), uint64(u32(head[12:]))
	if u64(head) != id || flags&kinds == 0 || flags&(flags-1) != 0 || overflow >= p.pages-id {
		return nil, fmt.Errorf("the page %d has a damaged head", id)
	}
	for i := id; i <= id+overflow; i++ {
		if p.seen[i] {
			return nil, fmt.Errorf("the page %d is used twice", i)
		}
		p.seen[i] = true
	}
	body := make([]byte, int64(overflow+1)*p.size)
	if _, err := p.r.ReadAt(body, int64(id)*p.size); err != nil {
		return nil, fmt.Errorf("reading the page %d: %w", id, err)
	}
	return body, nil
}

// span is where the keys of a page must lie: from on, and before to. Nil is no bound.
type span struct{ from, to []byte }

// key checks the next key of a page, and narrows the span for the one after it.
func (s *span) key(k []byte) bool {
	ok := (s.from == nil || bytes.Compare(k, s.from) >= 0) && (s.to == nil || bytes.Compare(k, s.to) < 0)
	s.from = append(k[:len(k):len(k)], 0) // the least key that is greater
	return ok
}

// tree checks the pages of a bucket from its root on.
func (p *pageFile) tree(id uint64, depth int, keys span) error {
	if depth > maxTree {
		return fmt.Errorf("the page %d lies too deep", id)
	}
	b, err := p.page(id, branchPage|leafPage)
	if err != nil {
		return err
	}
	if u16(b[8:]) == leafPage {
		return p.leaf(b, id, depth, keys)
	}
	count := int(u16(b[10:]))
	if count == 0 || pageHead+count*elementSize > len(b) {
		return fmt.Errorf("the page %d has a damaged count", id)
	}
	names := make([][]byte, count+1)
	names[count] = keys.to
	for i := range count {
		at := pageHead + i*elementSize
		pos, size := uint64(u32(b[at:])), uint64(u32(b[at+4:]))
		if !within(b, at, pos, size) {
			return fmt.Errorf("the page %d has a damaged key", id)
		}
		names[i] = b[uint64(at)+pos:][:size]
		if !keys.key(names[i]) {
			return fmt.Errorf("the page %d has its keys out of order", id)
		}
	}
	for i := range count {
		if err := p.tree(u64(b[pageHead+i*elementSize+8:]), depth+1, span{names[i], names[i+1]}); err != nil {
			return err
		}
	}
	return nil
}

func (p *pageFile) leaf(b []byte, id uint64, depth int, keys span) error {
	count := int(u16(b[10:]))
	if pageHead+count*elementSize > len(b) {
		return fmt.Errorf("the page %d has a damaged count", id)
	}
	for i := range count {
		at := pageHead + i*elementSize
		flags, pos, key, value := u32(b[at:]), uint64(u32(b[at+4:])), uint64(u32(b[at+8:])), uint64(u32(b[at+12:]))
		if flags > bucketLeaf || key == 0 || !within(b, at, pos, key+value) {
			return fmt.Errorf("the page %d has a damaged record", id)
		}
		if !keys.key(b[uint64(at)+pos:][:key]) {
			return fmt.Errorf("the page %d has its keys out of order", id)
		}
		if flags != bucketLeaf {
			continue
		}
		bucket := b[uint64(at)+pos+key:][:value]
		switch {
		case len(bucket) < bucketHead:
			return fmt.Errorf("the page %d has a damaged table", id)
		case u64(bucket) != 0:
			if err := p.tree(u64(bucket), depth+1, span{}); err != nil {
				return err
			}
		case len(bucket) < bucketHead+pageHead || u16(bucket[bucketHead+8:]) != leafPage || depth > maxTree:
			return fmt.Errorf("the page %d has a damaged table", id)
		default:
			if err := p.leaf(bucket[bucketHead:], id, depth+1, span{}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pageFile) checkFreeList() error {
	b, err := p.page(p.freeList, freePage)
	if err != nil {
		return err
	}
	count, at := uint64(u16(b[10:])), uint64(pageHead)
	if count == 0xFFFF { // then the true count comes first
		count, at = u64(b[at:]), at+8
	}
	if count > (uint64(len(b))-at)/8 {
		return errors.New("the list of free pages is damaged")
	}
	for i := range count {
		if free := u64(b[at+i*8:]); free < 2 || free >= p.pages {
			return errors.New("the list of free pages is damaged")
		}
	}
	return nil
}

// within reports whether size bytes at a distance from the element at an offset lie behind the elements' table and in the page.
func within(b []byte, element int, distance, size uint64) bool {
	return distance >= elementSize && uint64(element)+distance+size <= uint64(len(b))
}

func u16(b []byte) uint16 { return binary.NativeEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.NativeEndian.Uint64(b) }
