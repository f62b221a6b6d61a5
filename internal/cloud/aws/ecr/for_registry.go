package ecr

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// What the registry's endpoint asks beside the API's operations. The context carries the call.

// EndUpload drops an upload.
func (s *Service) EndUpload(ctx context.Context, repository, id string) error {
	place, err := s.placeOf(ctx, nil, &repository)
	if err != nil {
		return err
	}
	return s.uploadFault(ctx, &repository, &id, s.blobs.end(id, place))
}

// Received gives the number of bytes that an upload has.
func (s *Service) Received(ctx context.Context, repository, id string) (int64, error) {
	place, err := s.placeOf(ctx, nil, &repository)
	if err != nil {
		return 0, err
	}
	size, _, err := s.blobs.received(id, place)
	return size, s.uploadFault(ctx, &repository, &id, err)
}

// Receive appends to an upload what r gives, of any length, and gives the number of bytes that the upload has then. What came counts also
// if r fails. Where first is not the number of bytes that it had before, nothing is read and the error is InvalidLayerPartException.
func (s *Service) Receive(ctx context.Context, repository, id string, first int64, r io.Reader) (int64, error) {
	place, err := s.placeOf(ctx, nil, &repository)
	if err != nil {
		return 0, err
	}
	size, err := s.blobs.add(id, place, first, r)
	var position *errPosition
	if errors.As(err, &position) {
		return position.received, wire.Errorf("InvalidLayerPartException", "The first byte is not consecutive to the last byte of a previous layer part upload.")
	}
	return size, s.uploadFault(ctx, &repository, &id, err)
}

// Sound reports whether the file of a layer or configuration has the content of its digest.
func (s *Service) Sound(digest string) bool { return s.blobs.sound(digest) }

// Mount gives a repository a layer that another one of the registry has. It reports false if that one has not got it.
func (s *Service) Mount(ctx context.Context, repository, from, digest string) (mounted bool, err error) {
	err = s.update(ctx, func(t *txn) error {
		r, err := t.repository(nil, &repository)
		if err != nil {
			return err
		}
		if _, mounted = t.layers.Get(t.tx, t.sc, layerKey(r, digest)); mounted {
			return nil
		}
		l, ok := t.layers.Get(t.tx, t.sc, from+":"+digest)
		if ok {
			t.addLayer(r, digest, l.Size)
			mounted = true
		}
		return nil
	})
	return mounted && err == nil, err
}

// TagList gives up to limit tags of a repository in alphabetical order, those after another one, and whether there are more.
func (s *Service) TagList(ctx context.Context, repository, after string, limit int) (tags []string, more bool, err error) {
	err = s.readImages(ctx, nil, &repository, func(t *txn, r *repositoryRecord) error {
		from := r.Name + ":" + after + "\x01" // after the index's value, which a NUL byte ends
		if after == "" {
			from = r.Name + ":"
		}
		for at := range t.images.ByRange(t.tx, t.sc, "tag", from, r.Name+";", false) { // ";" comes after ":"
			if more = len(tags) == limit; more {
				return nil
			}
			tag, _, _ := strings.Cut(strings.TrimPrefix(at, r.Name+":"), "\x00")
			tags = append(tags, tag)
		}
		return nil
	})
	return tags, more, err
}

// Referrer is an image that speaks of another one, such as a signature.
type Referrer struct {
	Manifest
	ArtifactType string
}

// Referrers gives the images of a repository that name another one as their subject.
func (s *Service) Referrers(ctx context.Context, repository, subject string) (out []Referrer, err error) {
	return out, s.readImages(ctx, nil, &repository, func(t *txn, r *repositoryRecord) error {
		for _, i := range t.images.By(t.tx, t.sc, "subject", r.Name+":"+subject) {
			out = append(out, Referrer{Manifest{Digest: i.Digest, MediaType: i.MediaType, Content: []byte(i.Manifest)}, i.Artifact})
		}
		slices.SortFunc(out, func(a, b Referrer) int { return strings.Compare(a.Digest, b.Digest) })
		return nil
	})
}

// Catalog gives up to limit names of the registry's repositories, those after another one, and whether there are more.
func (s *Service) Catalog(ctx context.Context, after string, limit int) (names []string, more bool) {
	_ = s.view(ctx, func(t *txn) error {
		found, next := state.Page(t.repositories.From(t.tx, t.sc, after), limit, nil)
		for _, r := range found {
			names = append(names, r.Name)
		}
		more = next != ""
		return nil
	})
	return names, more
}
