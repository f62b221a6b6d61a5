package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"

	"crypto/sha256"
	"encoding/hex"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Source gives the content of images by its digests. What it gives is checked by those who ask.
type Source interface {
	// Manifest gives the manifest or index with a digest.
	Manifest(ctx context.Context, digest v1.Hash) ([]byte, error)
	// Blob gives a configuration or layer, compressed as it is stored.
	Blob(ctx context.Context, digest v1.Hash) (io.ReadCloser, error)
}

// ErrNotFound is what a Source's or Puller's error wraps when there is no such content.
var ErrNotFound = errors.New("not found")

// DigestError says that content is not what its digest says.
type DigestError struct {
	What string // "layer", "manifest" or "configuration"
	Want v1.Hash
	Got  v1.Hash
	Size int64 // bytes that came
}

// Damaged is what a DigestError says of content, also where only its text has come through.
const Damaged = "was tampered with or damaged"

func (e *DigestError) Error() string {
	return fmt.Sprintf("the %s %s %s: its content, %d bytes, has the digest %s", e.What, e.Want, Damaged, e.Size, e.Got)
}

// FromImage is a Source of one image.
func FromImage(i v1.Image) Source { return imageSource{i} }

type imageSource struct{ image v1.Image }

func (s imageSource) Manifest(_ context.Context, digest v1.Hash) ([]byte, error) {
	have, err := s.image.Digest()
	if err != nil {
		return nil, err
	}
	if have != digest {
		return nil, fmt.Errorf("manifest %s: %w", digest, ErrNotFound)
	}
	return s.image.RawManifest()
}

func (s imageSource) Blob(_ context.Context, digest v1.Hash) (io.ReadCloser, error) {
	if name, err := s.image.ConfigName(); err != nil {
		return nil, err
	} else if name == digest {
		raw, err := s.image.RawConfigFile()
		return io.NopCloser(bytes.NewReader(raw)), err
	}
	layer, err := s.image.LayerByDigest(digest)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", digest, err)
	}
	return layer.Compressed()
}

// maxDocument bounds manifests and configurations, in bytes; registries take manifests of up to 4 MiB.
const maxDocument = 8 << 20

// manifest gives a manifest whose digest is right.
func manifest(ctx context.Context, source Source, digest v1.Hash) ([]byte, error) {
	raw, err := source.Manifest(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest %s: %w", digest, err)
	}
	return raw, checkDigest("manifest", raw, digest)
}

// configuration gives a configuration whose digest is right.
func configuration(ctx context.Context, source Source, digest v1.Hash) ([]byte, error) {
	body, err := source.Blob(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration %s: %w", digest, err)
	}
	raw, err := io.ReadAll(io.LimitReader(body, maxDocument))
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, fmt.Errorf("reading the configuration %s: %w", digest, err)
	}
	return raw, checkDigest("configuration", raw, digest)
}

func checkDigest(what string, raw []byte, want v1.Hash) error {
	sum := sha256.Sum256(raw)
	if got := (v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}); got != want {
		return &DigestError{What: what, Want: want, Got: got, Size: int64(len(raw))}
	}
	return nil
}

// verified is a reader that knows the digest of what was read.
type verified struct {
	r    io.Reader
	sum  hash.Hash
	size int64
}

func newVerified(r io.Reader) *verified { return &verified{r: r, sum: sha256.New()} }

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.r.Read(p)
	v.sum.Write(p[:n])
	v.size += int64(n)
	return n, err
}

// check reads what is left and compares the digest.
func (v *verified) check(what string, want v1.Hash) error {
	if _, err := io.Copy(io.Discard, v); err != nil {
		return fmt.Errorf("reading the %s %s: %w", what, want, err)
	}
	if got := (v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(v.sum.Sum(nil))}); got != want {
		return &DigestError{What: what, Want: want, Got: got, Size: v.size}
	}
	return nil
}
