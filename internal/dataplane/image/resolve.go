package image

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// PlatformError says that an index has no image for a platform.
type PlatformError struct {
	Digest v1.Hash // of the index
	Want   v1.Platform
	Have   []v1.Platform
}

func (e *PlatformError) Error() string {
	var have []string
	for _, p := range e.Have {
		have = append(have, p.String())
	}
	return fmt.Sprintf("the image index %s has nothing for the platform %s; it has %s", e.Digest, e.Want, strings.Join(have, ", "))
}

// maxIndexes is how deep indexes may lie in each other.
const maxIndexes = 4

// pick gives the manifest of an image; of an index, that of its image for a platform. digest is that of what was picked.
func pick(ctx context.Context, source Source, digest v1.Hash, platform v1.Platform) (m *v1.Manifest, picked v1.Hash, err error) {
	for range maxIndexes {
		raw, err := manifest(ctx, source, digest)
		if err != nil {
			return nil, digest, err
		}
		var kind struct {
			MediaType types.MediaType `json:"mediaType"`
			Manifests json.RawMessage `json:"manifests"`
		}
		if err := json.Unmarshal(raw, &kind); err != nil {
			return nil, digest, fmt.Errorf("reading the manifest %s: %w", digest, err)
		}
		if !kind.MediaType.IsIndex() && len(kind.Manifests) == 0 {
			m, err := v1.ParseManifest(bytes.NewReader(raw))
			if err != nil {
				return nil, digest, fmt.Errorf("reading the manifest %s: %w", digest, err)
			}
			return m, digest, nil
		}
		index, err := v1.ParseIndexManifest(bytes.NewReader(raw))
		if err != nil {
			return nil, digest, fmt.Errorf("reading the index %s: %w", digest, err)
		}
		if digest, err = choose(index, digest, platform); err != nil {
			return nil, digest, err
		}
	}
	return nil, digest, fmt.Errorf("the image index %s has indexes in indexes, more than %d deep", digest, maxIndexes)
}

// choose gives the first image of an index that is for a platform. An entry without a platform is for any.
func choose(index *v1.IndexManifest, digest v1.Hash, platform v1.Platform) (v1.Hash, error) {
	failed := &PlatformError{Digest: digest, Want: platform}
	for _, d := range index.Manifests {
		if d.Platform == nil || d.Platform.Satisfies(platform) {
			return d.Digest, nil
		}
		if d.Platform.OS != "unknown" { // attestations
			failed.Have = append(failed.Have, *d.Platform)
		}
	}
	return digest, failed
}
