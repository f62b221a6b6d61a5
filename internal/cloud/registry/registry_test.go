package registry_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/crane"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	ocitypes "github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"atoll/internal/cloud/cloudtest"
	"atoll/internal/cloud/registry"
)

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestPushAndPull(t *testing.T) {
	c := start(t, cloudtest.Durable())
	image := must(random.Image(100_000, 3))(t)
	check(t, remote.Write(c.ref("app:v1"), image, c.options()...))
	check(t, remote.Write(c.ref("app:v1"), image, c.options()...)) // again is no failure
	check(t, remote.Tag(c.ref("app:v2").Context().Tag("v2"), image, c.options()...))
	digest := must(image.Digest())(t)
	pull := func(reference string) {
		t.Helper()
		got := must(remote.Image(c.ref(reference), c.options()...))(t)
		check(t, validate.Image(got))
		if d := must(got.Digest())(t); d != digest {
			t.Errorf("%s has the digest %s", reference, d)
		}
	}
	pull("app:v1")
	pull("app@" + digest.String())
	c.cloud.Restart()
	pull("app:v2")
	if d := must(crane.Digest(host+"/app:v1", crane.WithTransport(c.http), func(o *crane.Options) { o.Remote = c.options() }))(t); d != digest.String() {
		t.Errorf("HEAD gave %s", d)
	}
	// ECR's API sees the same.
	out := must(c.DescribeImages(t.Context(), &awsecr.DescribeImagesInput{RepositoryName: new("app")}))(t)
	if d := out.ImageDetails[0]; *d.ImageDigest != digest.String() || !slices.Equal(d.ImageTags, []string{"v1", "v2"}) || d.LastRecordedPullTime == nil {
		t.Errorf("got %+v", d)
	}
	must(c.BatchDeleteImage(t.Context(), &awsecr.BatchDeleteImageInput{RepositoryName: new("app"), ImageIds: []types.ImageIdentifier{{ImageDigest: new(digest.String())}}}))(t)
	c.do("GET", "/v2/app/manifests/v1", "").wants(t, http.StatusNotFound, "MANIFEST_UNKNOWN")
	// What the API puts, the registry gives.
	raw := must(image.RawManifest())(t)
	check(t, remote.Write(c.ref("team/other:x"), image, c.options()...))
	check(t, remote.WriteLayer(c.ref("app:x").Context(), must(image.Layers())(t)[0], c.options()...))
	_, err := c.PutImage(t.Context(), &awsecr.PutImageInput{RepositoryName: new("app"), ImageManifest: new(string(raw)), ImageTag: new("api")})
	if err == nil || !strings.Contains(err.Error(), "LayersNotFoundException") {
		t.Errorf("got %v", err)
	}
	for _, l := range must(image.Layers())(t) {
		check(t, remote.WriteLayer(c.ref("app:x").Context(), l, c.options()...))
	}
	check(t, remote.WriteLayer(c.ref("app:x").Context(), must(partialConfig(image))(t), c.options()...))
	must(c.PutImage(t.Context(), &awsecr.PutImageInput{RepositoryName: new("app"), ImageManifest: new(string(raw)), ImageTag: new("api")}))(t)
	pull("app:api")
}

// partialConfig is an image's configuration as a layer.
func partialConfig(image v1.Image) (v1.Layer, error) {
	raw, err := image.RawConfigFile()
	return static.NewLayer(raw, ocitypes.OCIConfigJSON), err
}

func TestIndexesAndReferrers(t *testing.T) {
	c := start(t)
	index := must(random.Index(1000, 1, 2))(t)
	check(t, remote.WriteIndex(c.ref("app:all"), index, c.options()...))
	check(t, validate.Index(must(remote.Index(c.ref("app:all"), c.options()...))(t)))
	subject := must(index.IndexManifest())(t).Manifests[0]
	signature := mutate.MediaType(mutate.ConfigMediaType(must(random.Image(10, 1))(t), "application/x.signature"), ocitypes.OCIManifestSchema1)
	signature = mutate.Subject(mutate.Annotations(signature, map[string]string{"by": "me"}), subject).(v1.Image)
	check(t, remote.Write(c.ref("app:signature"), signature, c.options()...))
	for filter, want := range map[string]int{"": 1, "application/x.signature": 1, "application/x.other": 0} {
		options := c.options()
		if filter != "" {
			options = append(options, remote.WithFilter("artifactType", filter))
		}
		list := must(must(remote.Referrers(c.ref("app@"+subject.Digest.String()).Context().Digest(subject.Digest.String()), options...))(t).IndexManifest())(t)
		if len(list.Manifests) != want || want == 1 && (list.Manifests[0].Digest != must(signature.Digest())(t) || list.Manifests[0].Annotations["by"] != "me") {
			t.Errorf("%s: got %+v", filter, list.Manifests)
		}
	}
}

func TestTokens(t *testing.T) {
	c := start(t)
	c.do("GET", "/v2/", "").wants(t, http.StatusOK, "")
	good := c.password
	c.password = "wrong"
	if r := c.do("GET", "/v2/", "").wants(t, http.StatusUnauthorized, "UNAUTHORIZED"); !strings.HasPrefix(r.Header.Get("Www-Authenticate"), `Basic realm="https://`+host) {
		t.Errorf("got %v", r.Header)
	}
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v2/app/tags/list", nil))(t)
	answer := must(c.http.RoundTrip(r))(t)
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %s", answer.Status)
	}
	c.password = good
	c.cloud.Clock.Advance(12 * time.Hour)
	if r := c.do("GET", "/v2/", "").wants(t, http.StatusForbidden, "DENIED"); !strings.Contains(string(r.body), "expired") {
		t.Errorf("got %s", r.body)
	}
	c.password = c.token()
	elsewhere := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "http://222222222222.dkr.ecr.us-east-1.amazonaws.com/v2/", nil))(t)
	elsewhere.SetBasicAuth("AWS", c.password)
	answer = must(c.http.RoundTrip(elsewhere))(t)
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("another account's registry: %s", answer.Status)
	}
}

func TestScope(t *testing.T) {
	for host, want := range map[string]bool{
		"111111111111.dkr.ecr.us-east-1.amazonaws.com": true, "111111111111.DKR.ecr.us-gov-east-1.localhost:4566": true, "11.dkr.ecr.us-east-1.localhost": false,
		"111111111111.dkr.ecr.us-east-1.example.com": false, "127.0.0.1:4566": false, "s3.us-east-1.localhost": false,
	} {
		if _, ok := registry.Scope(host); ok != want {
			t.Errorf("%s: %v", host, ok)
		}
	}
}

func TestImmutableTags(t *testing.T) {
	c := start(t)
	must(c.PutImageTagMutability(t.Context(), &awsecr.PutImageTagMutabilityInput{RepositoryName: new("app"), ImageTagMutability: types.ImageTagMutabilityImmutable}))(t)
	check(t, remote.Write(c.ref("app:v1"), must(random.Image(10, 1))(t), c.options()...))
	err := remote.Write(c.ref("app:v1"), must(random.Image(10, 1))(t), c.options()...)
	if err == nil || !strings.Contains(err.Error(), "TAG_INVALID") || !strings.Contains(err.Error(), "immutable") {
		t.Errorf("got %v", err)
	}
	err = remote.Write(c.ref("none:v1"), must(random.Image(10, 1))(t), c.options()...)
	if err == nil || !strings.Contains(err.Error(), "NAME_UNKNOWN") || !strings.Contains(err.Error(), "The repository with name 'none' does not exist") {
		t.Errorf("got %v", err)
	}
}

func TestUploads(t *testing.T) {
	c := start(t)
	begin := func() string {
		t.Helper()
		return c.do("POST", "/v2/app/blobs/uploads/", "").wants(t, http.StatusAccepted, "").Header.Get("Location")
	}
	at := begin()
	if r := c.do("PATCH", at, "hello ", "Content-Range: 0-5").wants(t, http.StatusAccepted, ""); r.Header.Get("Range") != "0-5" {
		t.Errorf("got %v", r.Header)
	}
	if r := c.do("PATCH", at, "x", "Content-Range: 0-1").wants(t, http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID"); r.Header.Get("Range") != "0-5" {
		t.Errorf("got %v", r.Header)
	}
	if r := c.do("GET", at, "").wants(t, http.StatusNoContent, ""); r.Header.Get("Range") != "0-5" {
		t.Errorf("got %v", r.Header)
	}
	c.do("PATCH", at, "wor").wants(t, http.StatusAccepted, "")
	digest := digestOf("hello world")
	if r := c.do("PUT", at+"?digest="+digest, "ld").wants(t, http.StatusCreated, ""); r.Header.Get("Location") != "/v2/app/blobs/"+digest {
		t.Errorf("got %v", r.Header)
	}
	blob := "/v2/app/blobs/" + digest
	if r := c.do("HEAD", blob, "").wants(t, http.StatusOK, ""); r.ContentLength != 11 || r.Header.Get("Docker-Content-Digest") != digest {
		t.Errorf("got %v", r.Header)
	}
	if r := c.do("GET", blob, "", "Range: bytes=6-").wants(t, http.StatusPartialContent, ""); string(r.body) != "world" {
		t.Errorf("got %s", r.body)
	}
	c.do("GET", "/v2/app/blobs/"+digestOf("none"), "").wants(t, http.StatusNotFound, "BLOB_UNKNOWN")
	c.do("HEAD", "/v2/app/blobs/"+digestOf("none"), "").wants(t, http.StatusNotFound, "")
	c.do("GET", "/v2/app/blobs/md5:1", "").wants(t, http.StatusBadRequest, "DIGEST_INVALID")
	c.do("POST", "/v2/app/blobs/uploads/?digest="+digestOf("one"), "one").wants(t, http.StatusCreated, "")
	c.do("POST", "/v2/app/blobs/uploads/?digest="+digestOf("one"), "one").wants(t, http.StatusCreated, "")
	c.do("POST", "/v2/app/blobs/uploads/?digest="+digestOf("other"), "changed").wants(t, http.StatusBadRequest, "DIGEST_INVALID")
	dropped := begin()
	c.do("DELETE", dropped, "").wants(t, http.StatusNoContent, "")
	c.do("PATCH", dropped, "x").wants(t, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN")
	c.do("PUT", begin()+"?digest="+digest, "").wants(t, http.StatusCreated, "") // it is there already
	// A layer of another repository.
	mount := "/v2/team/other/blobs/uploads/?from=app&mount="
	c.do("POST", mount+digest, "").wants(t, http.StatusCreated, "")
	c.do("HEAD", "/v2/team/other/blobs/"+digest, "").wants(t, http.StatusOK, "")
	c.do("POST", mount+digestOf("none"), "").wants(t, http.StatusAccepted, "")
	must(c.DeleteRepository(t.Context(), &awsecr.DeleteRepositoryInput{RepositoryName: new("app")}))(t)
	c.do("GET", "/v2/team/other/blobs/"+digest, "").wants(t, http.StatusOK, "")
}

func TestRefusals(t *testing.T) {
	c := start(t)
	c.do("GET", "/v2/none/tags/list", "").wants(t, http.StatusNotFound, "NAME_UNKNOWN")
	c.do("GET", "/v2/UPPER/tags/list", "").wants(t, http.StatusBadRequest, "NAME_INVALID")
	c.do("GET", "/v2/app/manifests/none", "").wants(t, http.StatusNotFound, "MANIFEST_UNKNOWN")
	c.do("GET", "/v2/app/manifests/-bad", "").wants(t, http.StatusBadRequest, "TAG_INVALID")
	c.do("PUT", "/v2/app/manifests/v1", "{").wants(t, http.StatusBadRequest, "MANIFEST_INVALID")
	missing := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":%q},"layers":[]}`, digestOf("none"))
	c.do("PUT", "/v2/app/manifests/v1", missing).wants(t, http.StatusNotFound, "MANIFEST_BLOB_UNKNOWN")
	c.do("PUT", "/v2/app/manifests/"+digestOf("other"), missing).wants(t, http.StatusBadRequest, "DIGEST_INVALID")
	c.do("PUT", "/v2/app/manifests/v1", strings.Repeat(" ", 4<<20+1)).wants(t, http.StatusRequestEntityTooLarge, "SIZE_INVALID")
	c.do("DELETE", "/v2/app/manifests/v1", "").wants(t, http.StatusMethodNotAllowed, "UNSUPPORTED")
	c.do("POST", "/v2/app/tags/list", "").wants(t, http.StatusMethodNotAllowed, "UNSUPPORTED")
	for _, path := range []string{"/", "/v2x", "/v2/app", "/v2/app/colours/red"} {
		c.do("GET", path, "").wants(t, http.StatusNotFound, "NAME_UNKNOWN")
	}
}

func TestLists(t *testing.T) {
	c := start(t)
	image := must(random.Image(10, 1))(t)
	for _, tag := range []string{"c", "a", "d", "b", "a.1"} {
		check(t, remote.Write(c.ref("app:"+tag), image, c.options()...))
	}
	list := must(remote.List(c.ref("app:x").Context(), append(c.options(), remote.WithPageSize(2))...))(t)
	if !slices.Equal(list, []string{"a", "a.1", "b", "c", "d"}) {
		t.Errorf("got %v", list)
	}
	if r := c.do("GET", "/v2/team/other/tags/list", "").wants(t, http.StatusOK, ""); strings.TrimSpace(string(r.body)) != `{"name":"team/other","tags":[]}` {
		t.Errorf("got %s", r.body)
	}
	repos := must(remote.Catalog(t.Context(), c.ref("app:x").Context().Registry, append(c.options(), remote.WithPageSize(1))...))(t)
	if !slices.Equal(repos, []string{"app", "team/other"}) {
		t.Errorf("got %v", repos)
	}
	c.do("GET", "/v2/app/tags/list?n=0", "").wants(t, http.StatusBadRequest, "UNSUPPORTED")
}

func TestDownloadURL(t *testing.T) {
	c := start(t)
	digest := digestOf("content")
	c.do("POST", "/v2/team/other/blobs/uploads/?digest="+digest, "content").wants(t, http.StatusCreated, "")
	out := must(c.GetDownloadUrlForLayer(t.Context(), &awsecr.GetDownloadUrlForLayerInput{RepositoryName: new("team/other"), LayerDigest: &digest}))(t)
	get := func(url string) (int, string) {
		t.Helper()
		answer := must(http.DefaultClient.Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil))(t)))(t)
		defer answer.Body.Close()
		return answer.StatusCode, string(must(io.ReadAll(answer.Body))(t))
	}
	if status, body := get(*out.DownloadUrl); status != http.StatusOK || body != "content" {
		t.Errorf("got %d %s", status, body)
	}
	if status, _ := get(strings.Replace(*out.DownloadUrl, "other", "secret", 1)); status != http.StatusForbidden {
		t.Errorf("another repository: %d", status)
	}
	c.cloud.Clock.Advance(61 * time.Minute)
	if status, _ := get(*out.DownloadUrl); status != http.StatusForbidden {
		t.Errorf("for ever: %d", status)
	}
	_, err := c.GetDownloadUrlForLayer(t.Context(), &awsecr.GetDownloadUrlForLayerInput{RepositoryName: new("app"), LayerDigest: &digest})
	if err == nil || !strings.Contains(err.Error(), "LayersNotFoundException") {
		t.Errorf("got %v", err)
	}
}

// zeros gives n zero bytes, without having them.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(z.n, int64(len(p)))
	clear(p[:n])
	z.n -= n
	return int(n), nil
}

// Layers go through the cloud without being in its memory.
func TestBigLayersAreStreamed(t *testing.T) {
	const size = 256 << 20
	c := start(t)
	sum := sha256.New()
	must(io.Copy(sum, &zeros{size}))(t)
	digest := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+"/v2/app/blobs/uploads/?digest="+digest, &zeros{size}))(t)
	r.SetBasicAuth("AWS", c.password)
	answer := must(c.http.RoundTrip(r))(t)
	answer.Body.Close()
	r = must(http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v2/app/blobs/"+digest, nil))(t)
	r.SetBasicAuth("AWS", c.password)
	answer = must(c.http.RoundTrip(r))(t)
	n := must(io.Copy(io.Discard, answer.Body))(t)
	answer.Body.Close()
	runtime.ReadMemStats(&after)
	if n != size || after.TotalAlloc-before.TotalAlloc > size/4 {
		t.Errorf("got %d bytes; %d were allocated", n, after.TotalAlloc-before.TotalAlloc)
	}
}

func TestRecorded(t *testing.T) {
	c := start(t)
	check(t, remote.Write(c.ref("app:v1"), must(random.Image(10, 1))(t), c.options()...))
	check(t, c.cloud.Idle(t.Context()))
	for _, name := range []string{"InitiateLayerUpload", "CompleteLayerUpload", "PutImage"} {
		if n := c.events(name); n == 0 {
			t.Errorf("no event %s was recorded", name)
		}
	}
}

// TestDamaged pushes an image again whose files were changed: what is damaged is sent anew.
func TestDamaged(t *testing.T) {
	c := start(t, cloudtest.Durable())
	image := must(random.Image(100_000, 2))(t)
	check(t, remote.Write(c.ref("app:v1"), image, c.options()...))
	files := must(filepath.Glob(filepath.Join(c.cloud.Dir, "images", "sha256", "*", "*")))(t)
	for _, file := range files {
		check(t, os.WriteFile(file, []byte("other content"), 0o600))
	}
	if got := must(remote.Image(c.ref("app:v1"), c.options()...))(t); len(files) != 3 || validate.Image(got) == nil {
		t.Fatalf("%q are changed, and the image is as before", files)
	}
	for _, l := range must(image.Layers())(t) {
		c.do("HEAD", "/v2/app/blobs/"+must(l.Digest())(t).String(), "").wants(t, http.StatusNotFound, "")
	}
	check(t, remote.Write(c.ref("app:v1"), image, c.options()...))
	check(t, validate.Image(must(remote.Image(c.ref("app:v1"), c.options()...))(t)))
}
