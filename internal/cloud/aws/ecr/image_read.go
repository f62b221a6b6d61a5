package ecr

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// pullPrecision is how often ECR notes that an image is pulled.
const pullPrecision = 24 * time.Hour

// readImages runs a read of a repository's images, after its lifecycle policy has acted if that is due.
func (s *Service) readImages(ctx context.Context, registry, name *string, fn func(t *txn, r *repositoryRecord) error) error {
	due := false
	err := s.read(ctx, registry, name, func(t *txn, r *repositoryRecord) error {
		due = t.lifecycleDue(r)
		return nil
	})
	if err != nil {
		return err
	}
	if due {
		if err := s.change(ctx, registry, name, func(t *txn, r *repositoryRecord) error { t.expire(r); return nil }); err != nil {
			return err
		}
	}
	return s.read(ctx, registry, name, fn)
}

// identified finds the image that an identifier means. The failure's code is ECR's for batches.
func (t *txn) identified(r *repositoryRecord, id ImageIdentifier) (image *imageRecord, failure, reason string) {
	found := false
	switch {
	case id.ImageDigest == nil && id.ImageTag == nil:
		return nil, "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"
	case id.ImageDigest != nil && !digests.MatchString(*id.ImageDigest):
		return nil, "InvalidImageDigest", "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
	case id.ImageDigest != nil:
		image, found = t.image(r, *id.ImageDigest)
	case tagNames.MatchString(*id.ImageTag):
		image, found = t.withTag(r, *id.ImageTag)
	}
	if !found {
		return nil, "ImageNotFound", "Requested image not found"
	}
	if id.ImageTag != nil && !slices.Contains(image.Tags, *id.ImageTag) {
		return nil, "ImageTagDoesNotMatchDigest", "Requested image tag does not match the digest"
	}
	return image, "", ""
}

func checkIdentifiers(ids []ImageIdentifier) error {
	if len(ids) < 1 || len(ids) > 100 {
		return invalid("imageIds", "Member must have length between 1 and 100")
	}
	return nil
}

// BatchGetImage gives images' manifests.
func (s *Service) BatchGetImage(ctx context.Context, in *BatchGetImageInput) (*BatchGetImageOutput, error) {
	if err := checkIdentifiers(in.ImageIds); err != nil {
		return nil, err
	}
	out := &BatchGetImageOutput{Images: []Image{}, Failures: []ImageFailure{}}
	var pulled []string
	err := s.readImages(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		for _, id := range in.ImageIds {
			image, failure, reason := t.identified(r, id)
			if failure != "" {
				out.Failures = append(out.Failures, ImageFailure{ImageId: &id, FailureCode: &failure, FailureReason: &reason})
				continue
			}
			if len(in.AcceptedMediaTypes) > 0 && !slices.Contains(in.AcceptedMediaTypes, image.MediaType) {
				out.Failures = append(out.Failures, ImageFailure{ImageId: &id, FailureCode: new("ImageNotFound"), FailureReason: new("Requested image not found with an accepted media type")})
				continue
			}
			out.Images = append(out.Images, *t.renderImage(r, image, text(id.ImageTag)))
			if t.now.Sub(image.Pulled) >= pullPrecision {
				pulled = append(pulled, image.Digest)
			}
		}
		return nil
	})
	if err != nil || len(pulled) == 0 {
		return out, err
	}
	return out, s.change(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		for _, digest := range pulled {
			t.notePull(r, digest)
		}
		return nil
	})
}

// statusFilter makes the test of a filter by tags and by storage class; images are never archived here.
func statusFilter(tagStatus, imageStatus *string) (func(i *imageRecord) bool, error) {
	if err := oneOf("filter.tagStatus", tagStatus, "TAGGED", "UNTAGGED", "ANY"); err != nil {
		return nil, err
	}
	if err := oneOf("filter.imageStatus", imageStatus, "ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"); err != nil {
		return nil, err
	}
	active := imageStatus == nil || *imageStatus == "ACTIVE" || *imageStatus == "ANY"
	return func(i *imageRecord) bool {
		return active && (tagStatus == nil || *tagStatus == "ANY" || (*tagStatus == "TAGGED") == (len(i.Tags) > 0))
	}, nil
}

// ListImages lists the digests and tags of a repository's images: one entry for each tag, or for an image without tags.
func (s *Service) ListImages(ctx context.Context, in *ListImagesInput) (*ListImagesOutput, error) {
	f := ListImagesFilter{}
	if in.Filter != nil {
		f = *in.Filter
	}
	keep, err := statusFilter(f.TagStatus, f.ImageStatus)
	if err != nil {
		return nil, err
	}
	limit, after, err := page(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ListImagesOutput{ImageIds: []ImageIdentifier{}}
	return out, s.readImages(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		digest, _, _ := strings.Cut(after, " ")
		last := ""
		for _, i := range t.images.Range(t.tx, t.sc, r.Name+":"+digest, r.Name+";", false) { // ";" comes after ":"
			tags := i.Tags
			if len(tags) == 0 {
				tags = []string{""}
			}
			for _, tag := range tags {
				at := i.Digest + " " + tag
				if !keep(i) || after != "" && at <= after {
					continue
				}
				if len(out.ImageIds) == limit {
					out.NextToken = state.Token(last)
					return nil
				}
				out.ImageIds, last = append(out.ImageIds, ImageIdentifier{ImageDigest: new(i.Digest), ImageTag: optional(tag)}), at
			}
		}
		return nil
	})
}

// DescribeImages gives what is known of a repository's images, or of those that are named.
func (s *Service) DescribeImages(ctx context.Context, in *DescribeImagesInput) (*DescribeImagesOutput, error) {
	f := DescribeImagesFilter{}
	if in.Filter != nil {
		f = *in.Filter
	}
	keep, err := statusFilter(f.TagStatus, f.ImageStatus)
	if err != nil {
		return nil, err
	}
	limit, after, err := page(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	if len(in.ImageIds) > 0 && (in.MaxResults != nil || in.NextToken != nil) {
		return nil, invalid("imageIds", "cannot be used with maxResults or nextToken")
	}
	out := &DescribeImagesOutput{ImageDetails: []ImageDetail{}}
	return out, s.readImages(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		for _, id := range in.ImageIds {
			image, failure, _ := t.identified(r, id)
			if failure != "" {
				return wire.Errorf("ImageNotFoundException", "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository with name '%s' in the registry with id '%s'",
					cmp.Or(text(id.ImageDigest), "null"), cmp.Or(text(id.ImageTag), "null"), r.Name, t.sc.Account)
			}
			out.ImageDetails = append(out.ImageDetails, t.detail(r, image))
		}
		if len(in.ImageIds) > 0 {
			return nil
		}
		found, next := state.Page(t.images.PrefixFrom(t.tx, t.sc, r.Name+":", after), limit, keep)
		for _, image := range found {
			out.ImageDetails = append(out.ImageDetails, t.detail(r, image))
		}
		out.NextToken = state.Token(next)
		return nil
	})
}

func (t *txn) detail(r *repositoryRecord, i *imageRecord) ImageDetail {
	d := ImageDetail{
		RegistryId: new(t.sc.Account), RepositoryName: new(r.Name), ImageDigest: new(i.Digest), ImageTags: i.Tags, ImageSizeInBytes: new(i.Size),
		ImagePushedAt: new(i.Pushed), ImageManifestMediaType: new(i.MediaType), ArtifactMediaType: optional(i.Artifact),
		SubjectManifestDigest: optional(i.Subject), ImageStatus: new("ACTIVE"),
	}
	if !i.Pulled.IsZero() {
		d.LastRecordedPullTime = new(i.Pulled)
	}
	if r.ScanOnPush {
		d.ImageScanStatus = &ImageScanStatus{Status: new("FAILED"), Description: new("atoll's local cloud does not scan images.")}
	}
	return d
}

// BatchDeleteImage deletes images by their digests, and tags by their names; an image goes with its last tag.
func (s *Service) BatchDeleteImage(ctx context.Context, in *BatchDeleteImageInput) (*BatchDeleteImageOutput, error) {
	if err := checkIdentifiers(in.ImageIds); err != nil {
		return nil, err
	}
	out := &BatchDeleteImageOutput{ImageIds: []ImageIdentifier{}, Failures: []ImageFailure{}}
	return out, s.change(ctx, in.RegistryId, in.RepositoryName, func(t *txn, r *repositoryRecord) error {
		for _, id := range in.ImageIds {
			image, failure, reason := t.identified(r, id)
			if failure == "" && (id.ImageTag == nil || len(image.Tags) == 1) && t.needed(r, image.Digest) {
				failure, reason = "ImageReferencedByManifestList", "Requested image referenced by manifest list"
			}
			if failure != "" {
				out.Failures = append(out.Failures, ImageFailure{ImageId: &id, FailureCode: &failure, FailureReason: &reason})
				continue
			}
			out.ImageIds = append(out.ImageIds, t.untag(r, image, id)...)
		}
		return nil
	})
}

// untag takes the tag that an identifier names from an image, or deletes the image. It gives what is gone.
func (t *txn) untag(r *repositoryRecord, image *imageRecord, id ImageIdentifier) []ImageIdentifier {
	if id.ImageTag != nil && len(image.Tags) > 1 {
		image.Tags = slices.DeleteFunc(image.Tags, func(tag string) bool { return tag == *id.ImageTag })
		t.putImage(r, image)
		return []ImageIdentifier{{ImageDigest: new(image.Digest), ImageTag: id.ImageTag}}
	}
	t.deleteImage(r, image)
	var gone []ImageIdentifier
	for _, tag := range image.Tags {
		gone = append(gone, ImageIdentifier{ImageDigest: new(image.Digest), ImageTag: new(tag)})
	}
	if len(gone) == 0 {
		gone = []ImageIdentifier{{ImageDigest: new(image.Digest)}}
	}
	return gone
}
