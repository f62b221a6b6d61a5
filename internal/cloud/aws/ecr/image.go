package ecr

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/wire"
)

// Kinds of manifests.
const (
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	ociManifest    = "application/vnd.oci.image.manifest.v1+json"
	ociIndex       = "application/vnd.oci.image.index.v1+json"
)

const maxManifest = 4 << 20 // bytes

// imageRecord is an image of a repository; its id is the repository's name, a colon and its digest.
type imageRecord struct {
	Repository string
	Digest     string
	Manifest   string
	MediaType  string
	Artifact   string   // media type of what an OCI artifact holds
	Subject    string   // digest of the image that it speaks of
	Layers     []string // digests of its layers and its configuration
	Manifests  []string // digests of the images that an index names
	Tags       []string // in order
	Size       int64
	Pushed     time.Time
	Pulled     time.Time
}

// needs gives the keys of what the image needs to be there, for the index of that name.
func (i *imageRecord) needs() []string {
	var out []string
	for _, digest := range slices.Concat(i.Layers, i.Manifests) {
		out = append(out, i.Repository+":"+digest)
	}
	return out
}

// tags gives the keys of the image's tags, for the index of that name.
func (i *imageRecord) tags() []string {
	var out []string
	for _, tag := range i.Tags {
		out = append(out, i.Repository+":"+tag)
	}
	return out
}

// subject gives the key of the image that the image speaks of, for the index of that name.
func (i *imageRecord) subject() []string {
	if i.Subject == "" {
		return nil
	}
	return []string{i.Repository + ":" + i.Subject}
}

// manifest is what ECR reads of a manifest.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	ArtifactType  string       `json:"artifactType"`
	Config        *descriptor  `json:"config"`
	Layers        []descriptor `json:"layers"`
	Manifests     []descriptor `json:"manifests"`
	Subject       *descriptor  `json:"subject"`
}

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// parseManifest reads a manifest; mediaType is that of the request, empty where the manifest says it.
func parseManifest(document, mediaType string) (*imageRecord, error) {
	var m manifest
	if len(document) > maxManifest {
		return nil, invalid("ImageManifest", "Member must have length less than or equal to 4194304")
	}
	if err := json.Unmarshal([]byte(document), &m); err != nil {
		return nil, invalid("ImageManifest", "Invalid JSON syntax")
	}
	if m.SchemaVersion != 2 {
		return nil, wire.Errorf("UnsupportedImageTypeException", "The image manifest has the schema version %d; ECR's local cloud takes version 2.", m.SchemaVersion)
	}
	sum := sha256.Sum256([]byte(document))
	i := &imageRecord{Digest: "sha256:" + hex.EncodeToString(sum[:]), Manifest: document, MediaType: mediaType, Artifact: m.ArtifactType}
	if i.MediaType == "" {
		i.MediaType = m.MediaType
	}
	switch {
	case i.MediaType == "" && m.Manifests != nil:
		i.MediaType = ociIndex
	case i.MediaType == "":
		i.MediaType = ociManifest
	}
	if m.MediaType != "" && m.MediaType != i.MediaType {
		return nil, invalid("ImageManifestMediaType", "must be the media type in the manifest, "+m.MediaType)
	}
	if m.Subject != nil {
		i.Subject = m.Subject.Digest
	}
	switch i.MediaType {
	case dockerManifest, ociManifest:
		if m.Config == nil {
			return nil, invalid("ImageManifest", "the manifest has no config")
		}
		if i.Artifact == "" {
			i.Artifact = m.Config.MediaType
		}
		for _, d := range append(m.Layers, *m.Config) {
			i.Layers = append(i.Layers, d.Digest)
		}
	case dockerList, ociIndex:
		for _, d := range m.Manifests {
			i.Manifests = append(i.Manifests, d.Digest)
		}
	default:
		return nil, wire.Errorf("UnsupportedImageTypeException", "The media type %s is not supported.", i.MediaType)
	}
	for _, list := range []*[]string{&i.Layers, &i.Manifests} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
		for _, digest := range *list {
			if !digests.MatchString(digest) {
				return nil, invalid("ImageManifest", "the manifest has the digest '"+digest+"'")
			}
		}
	}
	return i, nil
}

func imageKey(r *repositoryRecord, digest string) string { return r.Name + ":" + digest }

func (t *txn) image(r *repositoryRecord, digest string) (*imageRecord, bool) {
	return t.images.Get(t.tx, t.sc, imageKey(r, digest))
}

func (t *txn) putImage(r *repositoryRecord, i *imageRecord) {
	t.images.Put(t.tx, t.sc, imageKey(r, i.Digest), i)
}

// withTag finds the image that has a tag.
func (t *txn) withTag(r *repositoryRecord, tag string) (*imageRecord, bool) {
	for _, i := range t.images.By(t.tx, t.sc, "tag", r.Name+":"+tag) {
		return t.image(r, i.Digest)
	}
	return nil, false
}

// PutImage gives a repository an image whose layers it has, a further tag for one, or an existing tag to another one.
func (s *Service) PutImage(ctx context.Context, in *PutImageInput) (*PutImageOutput, error) {
	image, err := parseManifest(*in.ImageManifest, text(in.ImageManifestMediaType))
	if err != nil {
		return nil, err
	}
	if in.ImageTag != nil && !tagNames.MatchString(*in.ImageTag) {
		return nil, invalid("imageTag", "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'")
	}
	if in.ImageDigest != nil && *in.ImageDigest != image.Digest {
		return nil, wire.Errorf("ImageDigestDoesNotMatchException", "The digest that was specified, '%s', does not match the digest of the manifest, '%s'", *in.ImageDigest, image.Digest)
	}
	out := &PutImageOutput{}
	return out, s.update(ctx, func(t *txn) error {
		r, err := t.repository(in.RegistryId, in.RepositoryName)
		if err != nil {
			return err
		}
		image, err := t.push(r, image, text(in.ImageTag))
		if err != nil {
			return err
		}
		out.Image = t.renderImage(r, image, text(in.ImageTag))
		return nil
	})
}

// push adds an image to a repository, or a tag to one that is there.
func (t *txn) push(r *repositoryRecord, image *imageRecord, tag string) (*imageRecord, error) {
	known, exists := t.image(r, image.Digest)
	if exists && (tag == "" || slices.Contains(known.Tags, tag)) {
		return nil, wire.Errorf("ImageAlreadyExistsException", "Image with digest '%s' and tag '%s' already exists in the repository with name '%s' in registry with id '%s'", image.Digest, tag, r.Name, t.sc.Account)
	}
	if exists {
		image = known
	} else {
		if err := t.complete(r, image); err != nil {
			return nil, err
		}
		image.Repository, image.Pushed = r.Name, t.now
	}
	if tag != "" {
		if other, taken := t.withTag(r, tag); taken {
			if !r.movable(tag) {
				return nil, wire.Errorf("ImageTagAlreadyExistsException", "The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the tag is immutable.", tag, r.Name)
			}
			other.Tags = slices.DeleteFunc(other.Tags, func(have string) bool { return have == tag })
			t.putImage(r, other)
		}
		image.Tags = append(image.Tags, tag)
		slices.Sort(image.Tags)
	}
	t.putImage(r, image)
	return image, nil
}

// complete checks that what an image needs is there, and sets its size: the sum of its layers', or the largest image's of an index.
func (t *txn) complete(r *repositoryRecord, image *imageRecord) error {
	var missing []string
	for _, digest := range image.Layers {
		if l, ok := t.layers.Get(t.tx, t.sc, layerKey(r, digest)); ok {
			image.Size += l.Size
		} else {
			missing = append(missing, digest)
		}
	}
	if len(missing) > 0 {
		return wire.Errorf("LayersNotFoundException", "Layers with digests '[%s]' required for pushing image into repository with name '%s' in the registry with id '%s' do not exist", strings.Join(missing, ", "), r.Name, t.sc.Account)
	}
	for _, digest := range image.Manifests {
		if i, ok := t.image(r, digest); ok {
			image.Size = max(image.Size, i.Size)
		} else {
			missing = append(missing, digest)
		}
	}
	if len(missing) > 0 {
		return wire.Errorf("ReferencedImagesNotFoundException", "Images with digests '[%s]' required for pushing image into repository with name '%s' in the registry with id '%s' do not exist", strings.Join(missing, ", "), r.Name, t.sc.Account)
	}
	return nil
}

func (t *txn) renderImage(r *repositoryRecord, i *imageRecord, tag string) *Image {
	return &Image{RegistryId: new(t.sc.Account), RepositoryName: new(r.Name), ImageId: &ImageIdentifier{ImageDigest: new(i.Digest), ImageTag: optional(tag)},
		ImageManifest: new(i.Manifest), ImageManifestMediaType: new(i.MediaType)}
}

// deleteImage removes an image, and the layers that no other image of the repository needs.
func (t *txn) deleteImage(r *repositoryRecord, i *imageRecord) {
	t.images.Delete(t.tx, t.sc, imageKey(r, i.Digest))
	for _, digest := range i.Layers {
		if !t.needed(r, digest) {
			t.dropLayer(r, digest)
		}
	}
}

// needed reports whether an image of the repository needs a layer or another image.
func (t *txn) needed(r *repositoryRecord, digest string) bool {
	for range t.images.By(t.tx, t.sc, "needs", r.Name+":"+digest) {
		return true
	}
	return false
}
