package ecr_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud"
	"atoll/internal/cloud/cloudtest"
)

const (
	account   = cloud.DefaultAccount
	arnPrefix = "arn:aws:ecr:" + cloudtest.Region + ":" + account + ":repository/"
)

// registry is a client of a running cloud.
type registry struct {
	*awsecr.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *registry {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	client := awsecr.NewFromConfig(cloud.Config(), func(o *awsecr.Options) { o.HTTPSignerV4 = cloud.Signer() })
	return &registry{Client: client, t: t, ctx: t.Context(), cloud: cloud}
}

// must gives a function that ends the test if the call failed, and gives its output if not.
func must[O any](out O, err error) func(t testing.TB) O {
	return func(t testing.TB) O {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code of a failed call, and words that its message has.
func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code {
		t.Errorf("got %s: %s, want %s", e.ErrorCode(), e.ErrorMessage(), code)
	}
	for _, w := range words {
		if !strings.Contains(e.ErrorMessage(), w) {
			t.Errorf("the message %q does not have %q", e.ErrorMessage(), w)
		}
	}
}

func (r *registry) repository(name string) *types.Repository {
	r.t.Helper()
	return must(r.CreateRepository(r.ctx, &awsecr.CreateRepositoryInput{RepositoryName: &name}))(r.t).Repository
}

func (r *registry) describe(name string) types.Repository {
	r.t.Helper()
	return must(r.DescribeRepositories(r.ctx, &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{name}}))(r.t).Repositories[0]
}

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// upload begins an upload and sends it in one part.
func (r *registry) upload(repository, content string) *string {
	r.t.Helper()
	id := must(r.InitiateLayerUpload(r.ctx, &awsecr.InitiateLayerUploadInput{RepositoryName: &repository}))(r.t).UploadId
	must(r.UploadLayerPart(r.ctx, &awsecr.UploadLayerPartInput{RepositoryName: &repository, UploadId: id, PartFirstByte: aws.Int64(0),
		PartLastByte: aws.Int64(int64(len(content)) - 1), LayerPartBlob: []byte(content)}))(r.t)
	return id
}

func (r *registry) complete(repository string, id *string, digest string) error {
	_, err := r.CompleteLayerUpload(r.ctx, &awsecr.CompleteLayerUploadInput{RepositoryName: &repository, UploadId: id, LayerDigests: []string{digest}})
	return err
}

// layer gives a repository a layer, if it has not got it, and gives its digest.
func (r *registry) layer(repository, content string) string {
	r.t.Helper()
	digest := digestOf(content)
	out := must(r.BatchCheckLayerAvailability(r.ctx, &awsecr.BatchCheckLayerAvailabilityInput{RepositoryName: &repository, LayerDigests: []string{digest}}))(r.t)
	if out.Layers[0].LayerAvailability == types.LayerAvailabilityUnavailable {
		if err := r.complete(repository, r.upload(repository, content), digest); err != nil {
			r.t.Fatal(err)
		}
	}
	return digest
}

func manifest(config string, layers ...string) string {
	var list []string
	for _, l := range layers {
		list = append(list, fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":%q,"size":1}`, l))
	}
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":1},"layers":[%s]}`,
		config, strings.Join(list, ","))
}

// push gives a repository an image of one layer "base" and a configuration of its own, and gives its digest. An empty tag is none.
func (r *registry) push(repository, config, tag string) string {
	r.t.Helper()
	m := manifest(r.layer(repository, config), r.layer(repository, "base"))
	must(r.put(repository, m, tag))(r.t)
	return digestOf(m)
}

func (r *registry) put(repository, document, tag string) (*awsecr.PutImageOutput, error) {
	in := &awsecr.PutImageInput{RepositoryName: &repository, ImageManifest: &document}
	if tag != "" {
		in.ImageTag = &tag
	}
	return r.PutImage(r.ctx, in)
}

// tags lists a repository's images by their tags, "-" for one without, in alphabetical order of the digests.
func (r *registry) tags(repository string) map[string]bool {
	r.t.Helper()
	tags := map[string]bool{}
	in := &awsecr.ListImagesInput{RepositoryName: &repository, MaxResults: aws.Int32(2)}
	for pages := awsecr.NewListImagesPaginator(r, in); pages.HasMorePages(); {
		for _, i := range must(pages.NextPage(r.ctx))(r.t).ImageIds {
			if i.ImageTag == nil {
				i.ImageTag = aws.String("-" + *i.ImageDigest)
			}
			tags[*i.ImageTag] = true
		}
	}
	return tags
}

// files counts the files of layers' content.
func (r *registry) files() int {
	r.t.Helper()
	n := 0
	err := filepath.WalkDir(filepath.Join(r.cloud.Dir, "images"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *registry) days(n int) { r.cloud.Clock.Advance(time.Duration(n) * 24 * time.Hour) }

func identifier(tag string) types.ImageIdentifier { return types.ImageIdentifier{ImageTag: &tag} }
