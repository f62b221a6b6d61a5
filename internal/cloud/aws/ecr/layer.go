package ecr

import (
	"bytes"
	"context"
	"errors"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

const (
	partSize    = 10 << 20 // bytes, that ECR asks for
	minPartSize = 5 << 20  // bytes, but for the last part
)

// layerRecord is a layer, or an image's configuration, of a repository; its id is the repository's name, a colon and its digest.
type layerRecord struct {
	Digest string
	Size   int64
}

// contentRecord counts the repositories that have content; its id is the digest. It belongs to no account.
type contentRecord struct{ Repositories int }

func layerKey(r *repositoryRecord, digest string) string { return r.Name + ":" + digest }

// addLayer gives a repository a layer whose content is stored.
func (t *txn) addLayer(r *repositoryRecord, digest string, size int64) {
	c, ok := t.contents.Get(t.tx, state.Scope{}, digest)
	if !ok {
		c = &contentRecord{}
	}
	c.Repositories++
	t.contents.Put(t.tx, state.Scope{}, digest, c)
	t.layers.Put(t.tx, t.sc, layerKey(r, digest), &layerRecord{Digest: digest, Size: size})
}

// dropLayer takes a layer from a repository, and its content away with the last one that has it.
func (t *txn) dropLayer(r *repositoryRecord, digest string) {
	if !t.layers.Delete(t.tx, t.sc, layerKey(r, digest)) {
		return
	}
	c, ok := t.contents.Get(t.tx, state.Scope{}, digest)
	if !ok {
		return
	}
	if c.Repositories--; c.Repositories > 0 {
		t.contents.Put(t.tx, state.Scope{}, digest, c)
		return
	}
	t.contents.Delete(t.tx, state.Scope{}, digest)
	t.dead = append(t.dead, digest)
}

// place names a repository to the store of blobs.
func (t *txn) place(r *repositoryRecord) string {
	return t.sc.Account + "/" + t.sc.Region + "/" + r.Name
}

func (s *Service) placeOf(ctx context.Context, registry, name *string) (place string, err error) {
	return place, s.read(ctx, registry, name, func(t *txn, r *repositoryRecord) error {
		place = t.place(r)
		return nil
	})
}

// BatchCheckLayerAvailability says which layers a repository has.
func (s *Service) BatchCheckLayerAvailability(ctx context.Context, in *BatchCheckLayerAvailabilityInput) (*BatchCheckLayerAvailabilityOutput, error) {
	if len(in.LayerDigests) < 1 || len(in.LayerDigests) > 100 {
		return nil, invalid("layerDigests", "Member must have length between 1 and 100")
	}
	out := &BatchCheckLayerAvailabilityOutput{Layers: []Layer{}, Failures: []LayerFailure{}}
	err := s.read(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		for _, digest := range in.LayerDigests {
			if !digests.MatchString(digest) {
				out.Failures = append(out.Failures, LayerFailure{LayerDigest: new(digest), FailureCode: new("InvalidLayerDigest"), FailureReason: new("Invalid layer digest")})
				continue
			}
			l, ok := t.layers.Get(t.tx, t.sc, layerKey(r, digest))
			if !ok {
				out.Layers = append(out.Layers, Layer{LayerDigest: new(digest), LayerAvailability: new("UNAVAILABLE"), LayerSize: new(int64(0))})
				continue
			}
			out.Layers = append(out.Layers, Layer{LayerDigest: new(digest), LayerAvailability: new("AVAILABLE"), LayerSize: new(l.Size)})
		}
		return nil
	})
	for i := range out.Layers {
		if l := &out.Layers[i]; *l.LayerAvailability == "AVAILABLE" && !s.blobs.sound(*l.LayerDigest) { // who pushes sends it again
			l.LayerAvailability = new("UNAVAILABLE")
		}
	}
	return out, err
}

// InitiateLayerUpload begins to receive a layer.
func (s *Service) InitiateLayerUpload(ctx context.Context, in *InitiateLayerUploadInput) (*InitiateLayerUploadOutput, error) {
	place, err := s.placeOf(ctx, in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	id := s.d.IDs.UUID()
	return &InitiateLayerUploadOutput{UploadId: new(id), PartSize: new(int64(partSize))}, s.blobs.begin(id, place, s.d.Clock.Now())
}

// UploadLayerPart receives a part of a layer. Parts come one after the other, all but the last of 5 MiB at least.
func (s *Service) UploadLayerPart(ctx context.Context, in *UploadLayerPartInput) (*UploadLayerPartOutput, error) {
	place, err := s.placeOf(ctx, in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if int64(len(in.LayerPartBlob)) != *in.PartLastByte-*in.PartFirstByte+1 {
		return nil, invalid("layerPartBlob", "its length must be that of the range from partFirstByte to partLastByte")
	}
	size, last, err := s.blobs.received(*in.UploadId, place)
	if err == nil && size > 0 && last < minPartSize {
		return nil, wire.Errorf("LayerPartTooSmallException", "Layer parts must be at least %d bytes in size; the last one that was received has %d.", minPartSize, last)
	}
	if err == nil {
		size, err = s.blobs.add(*in.UploadId, place, *in.PartFirstByte, bytes.NewReader(in.LayerPartBlob))
	}
	var position *errPosition
	switch {
	case errors.As(err, &position):
		fault := wire.Errorf("InvalidLayerPartException", "The layer part size is not valid, or the first byte specified is not consecutive to the last byte of a previous layer part upload.")
		fault.Detail = &invalidPart{RegistryId: new(wire.CallFrom(ctx).Account), RepositoryName: in.RepositoryName, UploadId: in.UploadId, LastValidByteReceived: new(position.received - 1)}
		return nil, fault
	case err != nil:
		return nil, s.uploadFault(ctx, in.RepositoryName, in.UploadId, err)
	}
	return &UploadLayerPartOutput{RegistryId: new(wire.CallFrom(ctx).Account), RepositoryName: in.RepositoryName, UploadId: in.UploadId, LastByteReceived: new(size - 1)}, nil
}

// invalidPart has the further members of InvalidLayerPartException.
type invalidPart struct {
	_                     struct{} `aws:"InvalidLayerPartException"`
	RegistryId            *string  `aws:"registryId"`
	RepositoryName        *string  `aws:"repositoryName"`
	UploadId              *string  `aws:"uploadId"`
	LastValidByteReceived *int64   `aws:"lastValidByteReceived"`
}

func (s *Service) uploadFault(ctx context.Context, repository, id *string, err error) error {
	if errors.Is(err, errUploadGone) {
		return wire.Errorf("UploadNotFoundException", "The upload with id '%s' could not be found in the repository with name '%s' in the registry with id '%s'", *id, *repository, wire.CallFrom(ctx).Account)
	}
	return err
}

// CompleteLayerUpload gives a repository the layer that was received, if it has the digest that it should.
func (s *Service) CompleteLayerUpload(ctx context.Context, in *CompleteLayerUploadInput) (*CompleteLayerUploadOutput, error) {
	if len(in.LayerDigests) != 1 || !digests.MatchString(in.LayerDigests[0]) {
		return nil, invalid("layerDigests", "must be one SHA-256 digest")
	}
	digest := in.LayerDigests[0]
	place, exists := "", false
	err := s.read(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		place = t.place(r)
		_, exists = t.layers.Get(t.tx, t.sc, layerKey(r, digest))
		return nil
	})
	if err != nil {
		return nil, err
	}
	damaged := exists && !s.blobs.sound(digest)
	if exists && !damaged {
		return nil, errLayerExists(in.RepositoryName, digest)
	}
	size, _, err := s.blobs.received(*in.UploadId, place)
	if err == nil && size == 0 {
		return nil, wire.Errorf("EmptyUploadException", "No layer part was uploaded to the upload with id '%s'", *in.UploadId)
	}
	if err == nil {
		size, err = s.blobs.finish(*in.UploadId, place, digest)
	}
	if errors.Is(err, errDigest) {
		return nil, wire.Errorf("InvalidLayerException", "The layer digest calculation performed by Amazon ECR upon receipt of the image layer does not match the digest specified.")
	}
	if err != nil {
		return nil, s.uploadFault(ctx, in.RepositoryName, in.UploadId, err)
	}
	err = s.update(ctx, func(t *txn) error {
		r, err := t.repository(in.RegistryId, in.RepositoryName)
		if err != nil {
			return err
		}
		if _, exists := t.layers.Get(t.tx, t.sc, layerKey(r, digest)); exists && !damaged {
			return errLayerExists(in.RepositoryName, digest)
		} else if exists {
			return nil
		}
		t.addLayer(r, digest, size)
		return nil
	})
	if err = errors.Join(err, s.blobs.release(digest, s.stored)); err != nil {
		return nil, err
	}
	return &CompleteLayerUploadOutput{RegistryId: new(wire.CallFrom(ctx).Account), RepositoryName: in.RepositoryName, UploadId: in.UploadId, LayerDigest: new(digest)}, nil
}

func errLayerExists(repository *string, digest string) error {
	return wire.Errorf("LayerAlreadyExistsException", "The image layer '%s' already exists in the repository with name '%s'", digest, *repository)
}
