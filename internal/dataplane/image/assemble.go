package image

import (
	"bytes"
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Assemble gives the image that a manifest describes, not an index, with its content as a source has it. Layers are read, and not checked,
// when they are asked for; ctx must live as long.
func Assemble(ctx context.Context, source Source, digest v1.Hash) (v1.Image, error) {
	raw, err := manifest(ctx, source, digest)
	if err != nil {
		return nil, err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("reading the manifest %s: %w", digest, err)
	}
	config, err := configuration(ctx, source, m.Config.Digest)
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(&assembled{ctx: ctx, source: source, manifest: m, raw: raw, config: config})
}

type assembled struct {
	ctx         context.Context //nolint:containedctx // v1.Image has none of its own
	source      Source
	manifest    *v1.Manifest
	raw, config []byte
}

func (a *assembled) RawManifest() ([]byte, error)   { return a.raw, nil }
func (a *assembled) RawConfigFile() ([]byte, error) { return a.config, nil }

func (a *assembled) MediaType() (types.MediaType, error) { return a.manifest.MediaType, nil }

func (a *assembled) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	for _, d := range a.manifest.Layers {
		if d.Digest == digest {
			return &assembledLayer{a, d}, nil
		}
	}
	return nil, fmt.Errorf("layer %s: %w", digest, ErrNotFound)
}

type assembledLayer struct {
	image      *assembled
	descriptor v1.Descriptor
}

func (l *assembledLayer) Digest() (v1.Hash, error)            { return l.descriptor.Digest, nil }
func (l *assembledLayer) Size() (int64, error)                { return l.descriptor.Size, nil }
func (l *assembledLayer) MediaType() (types.MediaType, error) { return l.descriptor.MediaType, nil }

func (l *assembledLayer) Compressed() (io.ReadCloser, error) {
	return l.image.source.Blob(l.image.ctx, l.descriptor.Digest)
}
