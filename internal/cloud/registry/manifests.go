package registry

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"atoll/internal/cloud/aws/ecr"
)

var (
	digests = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	tags    = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

// maxManifest is what a registry must take, in bytes.
const maxManifest = 4 << 20

// send answers with bytes; a HEAD's answer tells their number alone.
func (q *request) send(status int, contentType string, body []byte) {
	h := q.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(status)
	if q.http.Method == http.MethodHead {
		return
	}
	if _, err := q.w.Write(body); err != nil {
		q.config.Logger.Debug("answering a registry's request", "err", err)
	}
}

// manifests is /v2/NAME/manifests/REFERENCE.
func (q *request) manifests(reference string) error {
	if !digests.MatchString(reference) && !tags.MatchString(reference) {
		return &fault{http.StatusBadRequest, "TAG_INVALID", "the reference " + strconv.Quote(reference) + " is neither a tag nor a digest of SHA-256"}
	}
	return q.allow(map[string]func() error{
		http.MethodGet: func() error { return q.getManifest(reference) },
		http.MethodPut: func() error { return q.putManifest(reference) },
		http.MethodDelete: func() error {
			return &fault{http.StatusMethodNotAllowed, "UNSUPPORTED", "Images are deleted by ecr:BatchDeleteImage."}
		},
	})
}

func identifier(reference string) ecr.ImageIdentifier {
	if digests.MatchString(reference) {
		return ecr.ImageIdentifier{ImageDigest: &reference}
	}
	return ecr.ImageIdentifier{ImageTag: &reference}
}

func (q *request) getManifest(reference string) error {
	out, err := invoke[ecr.BatchGetImageOutput](q, "BatchGetImage", &ecr.BatchGetImageInput{RepositoryName: &q.repo, ImageIds: []ecr.ImageIdentifier{identifier(reference)}})
	if err != nil {
		return err
	}
	if len(out.Images) == 0 {
		return &fault{http.StatusNotFound, "MANIFEST_UNKNOWN", "Requested image not found"}
	}
	image := out.Images[0]
	if q.http.Method == http.MethodHead && !q.sound(*image.ImageManifest) {
		return &fault{http.StatusNotFound, "MANIFEST_UNKNOWN", "Parts of the image are damaged. Push it again."}
	}
	q.w.Header().Set("Docker-Content-Digest", *image.ImageId.ImageDigest)
	q.w.Header().Set("Etag", strconv.Quote(*image.ImageId.ImageDigest))
	q.send(http.StatusOK, *image.ImageManifestMediaType, []byte(*image.ImageManifest))
	return nil
}

// sound reports whether the content of an image is as it was pushed. Clients ask for an image's existence before they push it: one that is damaged
// is to be sent again.
func (q *request) sound(manifest string) bool {
	type content struct {
		Digest string   `json:"digest"`
		URLs   []string `json:"urls"` // where it is, if not here
	}
	var m struct {
		Config *content  `json:"config"`
		Layers []content `json:"layers"`
	}
	if json.Unmarshal([]byte(manifest), &m) != nil || m.Config == nil {
		return true // an index, whose images are asked for themselves
	}
	return !slices.ContainsFunc(append(m.Layers, *m.Config), func(c content) bool {
		return len(c.URLs) == 0 && digests.MatchString(c.Digest) && !q.config.ECR.Sound(c.Digest)
	})
}

func (q *request) putManifest(reference string) error {
	raw, err := io.ReadAll(http.MaxBytesReader(q.w, q.http.Body, maxManifest))
	if err != nil {
		return &fault{http.StatusRequestEntityTooLarge, "SIZE_INVALID", "the manifest is cut short, or larger than 4 MiB"}
	}
	in := &ecr.PutImageInput{RepositoryName: &q.repo, ImageManifest: new(string(raw))}
	if kind := q.http.Header.Get("Content-Type"); kind != "" && kind != "application/json" {
		in.ImageManifestMediaType = &kind
	}
	id := identifier(reference)
	in.ImageTag, in.ImageDigest = id.ImageTag, id.ImageDigest
	digest := ""
	out, err := invoke[ecr.PutImageOutput](q, "PutImage", in)
	switch {
	case err == nil:
		digest = *out.Image.ImageId.ImageDigest
	case code(err) == "ImageAlreadyExistsException": // as it should be
		digest = digestOf(raw)
	default:
		return err
	}
	var m struct {
		Subject *struct {
			Digest string `json:"digest"`
		} `json:"subject"`
	}
	if json.Unmarshal(raw, &m) == nil && m.Subject != nil {
		q.w.Header().Set("Oci-Subject", m.Subject.Digest)
	}
	q.w.Header().Set("Docker-Content-Digest", digest)
	q.w.Header().Set("Location", "/v2/"+q.repo+"/manifests/"+digest)
	q.send(http.StatusCreated, "text/plain; charset=utf-8", nil)
	return nil
}

// tags is /v2/NAME/tags/list.
func (q *request) tags() error {
	limit, after, err := q.page()
	if err != nil {
		return err
	}
	// On AWS this is ListImages, whose order is another one. It is run for the audit record.
	if _, err := invoke[ecr.ListImagesOutput](q, "ListImages", &ecr.ListImagesInput{RepositoryName: &q.repo}); err != nil {
		return err
	}
	list, more, err := q.config.ECR.TagList(q.ctx, q.repo, after, limit)
	if err != nil {
		return err
	}
	q.next("/v2/"+q.repo+"/tags/list", list, more, limit)
	return q.json(http.StatusOK, "application/json", map[string]any{"name": q.repo, "tags": append([]string{}, list...)})
}

// catalog is /v2/_catalog.
func (q *request) catalog() error {
	limit, after, err := q.page()
	if err != nil {
		return err
	}
	if _, err := invoke[ecr.DescribeRepositoriesOutput](q, "DescribeRepositories", &ecr.DescribeRepositoriesInput{}); err != nil {
		return err
	}
	list, more := q.config.ECR.Catalog(q.ctx, after, limit)
	q.next("/v2/_catalog", list, more, limit)
	return q.json(http.StatusOK, "application/json", map[string]any{"repositories": append([]string{}, list...)})
}

// page reads which part of a list is asked for.
func (q *request) page() (limit int, after string, err error) {
	query := q.http.URL.Query()
	limit = 1000
	if n := query.Get("n"); n != "" {
		if limit, err = strconv.Atoi(n); err != nil || limit < 1 || limit > 1000 {
			return 0, "", &fault{http.StatusBadRequest, "UNSUPPORTED", "n must be between 1 and 1000"}
		}
	}
	return limit, query.Get("last"), nil
}

// next says where a list goes on.
func (q *request) next(path string, list []string, more bool, limit int) {
	if more {
		u := url.URL{Path: path, RawQuery: url.Values{"n": {strconv.Itoa(limit)}, "last": {list[len(list)-1]}}.Encode()}
		q.w.Header().Set("Link", "<"+u.String()+`>; rel="next"`)
	}
}

// descriptor is an entry of an OCI index.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int               `json:"size"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
}

// referrers is /v2/NAME/referrers/DIGEST.
func (q *request) referrers(digest string) error {
	if !digests.MatchString(digest) {
		return &fault{http.StatusBadRequest, "DIGEST_INVALID", strconv.Quote(digest) + " is not a digest of SHA-256"}
	}
	return q.allow(map[string]func() error{http.MethodGet: func() error {
		list, err := q.config.ECR.Referrers(q.ctx, q.repo, digest)
		if err != nil {
			return err
		}
		manifests := []descriptor{}
		want := q.http.URL.Query().Get("artifactType")
		for _, r := range list {
			if want != "" && r.ArtifactType != want {
				continue
			}
			var m struct {
				Annotations map[string]string `json:"annotations"`
			}
			if err := json.Unmarshal(r.Content, &m); err != nil {
				return err
			}
			manifests = append(manifests, descriptor{r.MediaType, r.Digest, len(r.Content), r.ArtifactType, m.Annotations})
		}
		if want != "" {
			q.w.Header().Set("Oci-Filters-Applied", "artifactType")
		}
		const index = "application/vnd.oci.image.index.v1+json"
		return q.json(http.StatusOK, index, map[string]any{"schemaVersion": 2, "mediaType": index, "manifests": manifests})
	}})
}
