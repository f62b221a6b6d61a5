package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"
)

// unpackLayer puts a layer over what an unpacker has. A layer that is not what its digest says is a *DigestError, whatever else
// the unpacking stumbled over before.
func unpackLayer(ctx context.Context, source Source, layer v1.Descriptor, u *unpacker) error {
	if !layer.MediaType.IsDistributable() {
		return fmt.Errorf("the layer %s is of the type %s, which registries do not hold", layer.Digest, layer.MediaType)
	}
	if !layer.MediaType.IsLayer() && layer.MediaType != "" {
		return fmt.Errorf("the layer %s is of the type %s, not one of a file system", layer.Digest, layer.MediaType)
	}
	body, err := source.Blob(ctx, layer.Digest)
	if err != nil {
		return fmt.Errorf("reading the layer %s: %w", layer.Digest, err)
	}
	defer body.Close()
	content := newVerified(&cancelable{ctx, body})
	err = unpackStream(content, u)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if bad := content.check("layer", layer.Digest); bad != nil {
		return bad
	}
	if err != nil {
		return fmt.Errorf("unpacking the layer %s: %w", layer.Digest, err)
	}
	return nil
}

func unpackStream(r io.Reader, u *unpacker) error {
	plain, err := decompress(r)
	if err != nil {
		return err
	}
	err = u.layer(tar.NewReader(plain))
	if err == nil {
		_, err = io.Copy(io.Discard, plain) // the compression's own checksum
	}
	return errors.Join(err, plain.Close())
}

// decompress undoes a layer's compression, told by its first bytes: what media types say is not always so.
func decompress(r io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	magic, err := buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(buffered)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(buffered), nil
}

// cancelable is a reader that ends with a context.
type cancelable struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
