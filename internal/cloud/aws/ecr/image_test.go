package ecr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"atoll/internal/cloud/cloudtest"
)

func TestLayers(t *testing.T) {
	r := start(t)
	app := r.repository("app").RepositoryName
	begin := func() *string {
		return must(r.InitiateLayerUpload(r.ctx, &awsecr.InitiateLayerUploadInput{RepositoryName: app}))(t).UploadId
	}
	send := func(id *string, from int, content string) (*awsecr.UploadLayerPartOutput, error) {
		return r.UploadLayerPart(r.ctx, &awsecr.UploadLayerPartInput{RepositoryName: app, UploadId: id, PartFirstByte: aws.Int64(int64(from)),
			PartLastByte: aws.Int64(int64(from+len(content)) - 1), LayerPartBlob: []byte(content)})
	}
	first, second := strings.Repeat("a", 5<<20), "the rest"
	id := begin()
	if out := must(send(id, 0, first))(t); *out.LastByteReceived != 5<<20-1 {
		t.Errorf("received up to %d", *out.LastByteReceived)
	}
	_, err := send(id, 7, second)
	refused(t, err, "InvalidLayerPartException")
	must(send(id, len(first), second))(t)
	_, err = send(id, len(first+second), "more")
	refused(t, err, "LayerPartTooSmallException")
	digest := digestOf(first + second)
	if err := r.complete("app", id, digest); err != nil {
		t.Fatal(err)
	}
	refused(t, r.complete("app", id, digestOf("x")), "UploadNotFoundException")
	refused(t, r.complete("app", begin(), digest), "LayerAlreadyExistsException")
	refused(t, r.complete("app", begin(), digestOf("x")), "EmptyUploadException")
	refused(t, r.complete("app", r.upload("app", "x"), digestOf("y")), "InvalidLayerException")
	out := must(r.BatchCheckLayerAvailability(r.ctx, &awsecr.BatchCheckLayerAvailabilityInput{RepositoryName: app, LayerDigests: []string{digest, digestOf("x"), "md5:1"}}))(t)
	if out.Layers[0].LayerAvailability != types.LayerAvailabilityAvailable || *out.Layers[0].LayerSize != int64(len(first+second)) ||
		out.Layers[1].LayerAvailability != types.LayerAvailabilityUnavailable || len(out.Failures) != 1 {
		t.Errorf("got %+v", out)
	}
	// The content is stored once for both repositories, and goes with the last one. Two uploads have been begun and not ended.
	r.repository("other")
	r.layer("other", first+second)
	if n := r.files(); n != 1+2 {
		t.Errorf("there are %d files", n)
	}
	for _, name := range []string{"app", "other"} {
		must(r.DeleteRepository(r.ctx, &awsecr.DeleteRepositoryInput{RepositoryName: &name}))(t)
	}
	if n := r.files(); n != 2 {
		t.Errorf("there are %d files", n)
	}
}

func TestImages(t *testing.T) {
	r := start(t)
	app := r.repository("app").RepositoryName
	if out := must(r.DescribeImages(r.ctx, &awsecr.DescribeImagesInput{RepositoryName: app}))(t); len(out.ImageDetails) != 0 {
		t.Errorf("got %v", out.ImageDetails)
	}
	_, err := r.put("app", manifest(digestOf("none"), digestOf("nothing")), "v1")
	refused(t, err, "LayersNotFoundException", digestOf("nothing"))
	_, err = r.put("app", "{", "v1")
	refused(t, err, "InvalidParameterException", "Invalid JSON syntax")
	_, err = r.put("app", `{"schemaVersion":1}`, "v1")
	refused(t, err, "UnsupportedImageTypeException")
	one := r.push("app", "config one", "v1")
	document := manifest(digestOf("config one"), digestOf("base"))
	_, err = r.put("app", document, "v1")
	refused(t, err, "ImageAlreadyExistsException")
	_, err = r.put("app", document, "")
	refused(t, err, "ImageAlreadyExistsException")
	_, err = r.PutImage(r.ctx, &awsecr.PutImageInput{RepositoryName: app, ImageManifest: &document, ImageDigest: aws.String(digestOf("x"))})
	refused(t, err, "ImageDigestDoesNotMatchException")
	must(r.put("app", document, "stable"))(t)
	two := r.push("app", "config two", "v2")
	r.push("app", "config three", "")
	detail := must(r.DescribeImages(r.ctx, &awsecr.DescribeImagesInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("v1")}}}))(t).ImageDetails[0]
	if *detail.ImageDigest != one || strings.Join(detail.ImageTags, " ") != "stable v1" || *detail.ImageSizeInBytes != int64(len("config one"+"base")) ||
		*detail.ImageManifestMediaType != "application/vnd.oci.image.manifest.v1+json" || detail.LastRecordedPullTime != nil ||
		*detail.ArtifactMediaType != "application/vnd.oci.image.config.v1+json" {
		t.Errorf("got %+v", detail)
	}
	_, err = r.DescribeImages(r.ctx, &awsecr.DescribeImagesInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("none")}}})
	refused(t, err, "ImageNotFoundException", "imageTag:'none'")
	if tags := r.tags("app"); len(tags) != 4 || !tags["stable"] || !tags["v1"] || !tags["v2"] {
		t.Errorf("got %v", tags)
	}
	untagged := must(r.ListImages(r.ctx, &awsecr.ListImagesInput{RepositoryName: app, Filter: &types.ListImagesFilter{TagStatus: types.TagStatusUntagged}}))(t)
	if len(untagged.ImageIds) != 1 {
		t.Errorf("got %v", untagged.ImageIds)
	}
	got := must(r.BatchGetImage(r.ctx, &awsecr.BatchGetImageInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{
		{ImageTag: aws.String("v2")}, {ImageTag: aws.String("none")}, {ImageDigest: &one, ImageTag: aws.String("v2")}, {}}}))(t)
	if len(got.Images) != 1 || *got.Images[0].ImageId.ImageDigest != two || len(got.Failures) != 3 || got.Failures[0].FailureCode != types.ImageFailureCodeImageNotFound ||
		got.Failures[1].FailureCode != types.ImageFailureCodeImageTagDoesNotMatchDigest || got.Failures[2].FailureCode != types.ImageFailureCodeMissingDigestAndTag {
		t.Errorf("got %+v and %+v", got.Images, got.Failures)
	}
	r.push("app", "config four", "v1") // takes the tag
	gone := must(r.BatchDeleteImage(r.ctx, &awsecr.BatchDeleteImageInput{RepositoryName: app, ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("stable")}, {ImageDigest: &two}}}))(t)
	if len(gone.ImageIds) != 2 || len(gone.Failures) != 0 {
		t.Errorf("got %+v", gone)
	}
	if tags := r.tags("app"); len(tags) != 2 || !tags["v1"] {
		t.Errorf("got %v", tags)
	}
	if n := r.files(); n != 3 { // two configurations and the base
		t.Errorf("there are %d files", n)
	}
	_, err = r.DeleteRepository(r.ctx, &awsecr.DeleteRepositoryInput{RepositoryName: app})
	refused(t, err, "RepositoryNotEmptyException")
	must(r.DeleteRepository(r.ctx, &awsecr.DeleteRepositoryInput{RepositoryName: app, Force: true}))(t)
	if n := r.files(); n != 0 {
		t.Errorf("there are %d files", n)
	}
}

func TestIndexes(t *testing.T) {
	r := start(t)
	r.repository("app")
	index := func(digests ...string) string {
		var list []string
		for _, d := range digests {
			list = append(list, fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":1}`, d))
		}
		return `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` + strings.Join(list, ",") + `]}`
	}
	_, err := r.put("app", index(digestOf("none")), "v1")
	refused(t, err, "ReferencedImagesNotFoundException")
	child := r.push("app", "config", "")
	must(r.put("app", index(child), "v1"))(t)
	out := must(r.BatchDeleteImage(r.ctx, &awsecr.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{{ImageDigest: &child}}}))(t)
	if len(out.Failures) != 1 || out.Failures[0].FailureCode != types.ImageFailureCodeImageReferencedByManifestList {
		t.Errorf("got %+v", out)
	}
	r.lifecycle("app", `{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":1},"action":{"type":"expire"}}`)
	r.days(3)
	if tags := r.tags("app"); len(tags) != 2 {
		t.Errorf("got %v", tags)
	}
	must(r.BatchDeleteImage(r.ctx, &awsecr.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("v1")}}}))(t)
	r.days(1)
	if tags := r.tags("app"); len(tags) != 0 {
		t.Errorf("got %v", tags)
	}
}

func TestRestart(t *testing.T) {
	r := start(t, cloudtest.Durable())
	r.repository("app")
	digest := r.push("app", "config", "v1")
	r.upload("app", "not completed")
	r.cloud.Restart()
	if tags := r.tags("app"); !tags["v1"] || r.files() != 2 {
		t.Errorf("got %v and %d files", tags, r.files())
	}
	if got := must(r.BatchGetImage(r.ctx, &awsecr.BatchGetImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{{ImageDigest: &digest}}}))(t); len(got.Images) != 1 {
		t.Errorf("got %+v", got)
	}
}
