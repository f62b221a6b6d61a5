package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atoll/internal/cloud/aws/ecr"
	"atoll/internal/cloud/wire"
)

// code gives the code of an error of ECR's API.
func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func digestOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func badDigest(digest string) error {
	return &fault{http.StatusBadRequest, "DIGEST_INVALID", strconv.Quote(digest) + " is not a digest of SHA-256"}
}

// blobs is /v2/NAME/blobs/DIGEST.
func (q *request) blobs(digest string) error {
	if !digests.MatchString(digest) {
		return badDigest(digest)
	}
	return q.allow(map[string]func() error{
		http.MethodGet:  func() error { return q.getBlob(digest) },
		http.MethodHead: func() error { return q.headBlob(digest) },
	})
}

var errBlob = &fault{http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry"}

func (q *request) headBlob(digest string) error {
	out, err := invoke[ecr.BatchCheckLayerAvailabilityOutput](q, "BatchCheckLayerAvailability",
		&ecr.BatchCheckLayerAvailabilityInput{RepositoryName: &q.repo, LayerDigests: []string{digest}})
	if err != nil {
		return err
	}
	if len(out.Layers) == 0 || *out.Layers[0].LayerAvailability != "AVAILABLE" {
		return errBlob
	}
	h := q.w.Header()
	h.Set("Docker-Content-Digest", digest)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(*out.Layers[0].LayerSize, 10))
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (q *request) getBlob(digest string) error {
	_, err := invoke[ecr.GetDownloadUrlForLayerOutput](q, "GetDownloadUrlForLayer", &ecr.GetDownloadUrlForLayerInput{RepositoryName: &q.repo, LayerDigest: &digest})
	if err == nil {
		var layer *ecr.Content
		if layer, err = q.config.ECR.OpenLayer(q.scope, q.repo, digest); err == nil {
			serve(q.w, q.http, layer)
			return nil
		}
	}
	if code(err) == "LayersNotFoundException" {
		return errBlob
	}
	return err
}

// serve sends a layer, or the range of it that is asked for.
func serve(w http.ResponseWriter, r *http.Request, layer *ecr.Content) {
	defer layer.Close()
	h := w.Header()
	h.Set("Docker-Content-Digest", layer.Digest)
	h.Set("Etag", strconv.Quote(layer.Digest))
	h.Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, layer)
}

// download answers at a URL of GetDownloadUrlForLayer.
func (h *Handler) download(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	layer, err := h.config.ECR.Download(r.URL)
	switch {
	case errors.Is(err, ecr.ErrDownload):
		http.Error(w, err.Error(), http.StatusForbidden)
	case code(err) != "":
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		h.config.Logger.Error("sending a layer", "err", err)
		http.Error(w, "atoll's local cloud failed on this request. Its log has the cause.", http.StatusInternalServerError)
	default:
		serve(w, r, layer)
	}
}

// uploads is /v2/NAME/blobs/uploads/ and what is below it.
func (q *request) uploads(id string) error {
	if id == "" {
		return q.allow(map[string]func() error{http.MethodPost: q.beginUpload})
	}
	return q.allow(map[string]func() error{
		http.MethodGet:    func() error { return q.uploadStatus(id) },
		http.MethodPatch:  func() error { return q.sendPart(id) },
		http.MethodPut:    func() error { return q.endUpload(id, q.http.URL.Query().Get("digest")) },
		http.MethodDelete: func() error { return q.dropUpload(id) },
	})
}

// beginUpload begins an upload, or takes all of one, or a layer that another repository has.
func (q *request) beginUpload() error {
	query := q.http.URL.Query()
	if mount, from := query.Get("mount"), query.Get("from"); mount != "" && from != "" {
		if !digests.MatchString(mount) {
			return badDigest(mount)
		}
		mounted, err := q.config.ECR.Mount(q.ctx, q.repo, from, mount)
		if err != nil {
			return err
		}
		if mounted {
			return q.stored(mount)
		}
	}
	out, err := invoke[ecr.InitiateLayerUploadOutput](q, "InitiateLayerUpload", &ecr.InitiateLayerUploadInput{RepositoryName: &q.repo})
	if err != nil {
		return err
	}
	if digest := query.Get("digest"); digest != "" {
		return q.endUpload(*out.UploadId, digest)
	}
	return q.received(http.StatusAccepted, *out.UploadId, 0)
}

// received answers how far an upload is.
func (q *request) received(status int, id string, size int64) error {
	h := q.w.Header()
	h.Set("Location", "/v2/"+q.repo+"/blobs/uploads/"+id)
	h.Set("Docker-Upload-Uuid", id)
	h.Set("Range", fmt.Sprintf("0-%d", max(size-1, 0)))
	h.Set("Content-Length", "0")
	q.w.WriteHeader(status)
	return nil
}

// stored answers that the repository has a layer.
func (q *request) stored(digest string) error {
	q.w.Header().Set("Location", "/v2/"+q.repo+"/blobs/"+digest)
	q.w.Header().Set("Docker-Content-Digest", digest)
	q.send(http.StatusCreated, "text/plain; charset=utf-8", nil)
	return nil
}

func (q *request) uploadStatus(id string) error {
	size, err := q.config.ECR.Received(q.ctx, q.repo, id)
	if err != nil {
		return err
	}
	return q.received(http.StatusNoContent, id, size)
}

func (q *request) sendPart(id string) error {
	size, err := q.receive(id)
	if err != nil {
		return err
	}
	return q.received(http.StatusAccepted, id, size)
}

// receive takes the request's body as the next part of an upload.
func (q *request) receive(id string) (int64, error) {
	size, err := q.config.ECR.Received(q.ctx, q.repo, id)
	if err != nil {
		return 0, err
	}
	first := size
	if part := q.http.Header.Get("Content-Range"); part != "" {
		text, _, _ := strings.Cut(strings.TrimPrefix(part, "bytes "), "-")
		if first, err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, &fault{http.StatusBadRequest, "BLOB_UPLOAD_INVALID", "the header Content-Range is not of the form FIRST-LAST"}
		}
	}
	size, err = q.config.ECR.Receive(q.ctx, q.repo, id, first, q.http.Body)
	if code(err) == "InvalidLayerPartException" {
		q.w.Header().Set("Location", "/v2/"+q.repo+"/blobs/uploads/"+id)
		q.w.Header().Set("Range", fmt.Sprintf("0-%d", max(size-1, 0)))
	}
	return size, err
}

// endUpload takes the last part of an upload and stores it as a layer.
func (q *request) endUpload(id, digest string) error {
	if !digests.MatchString(digest) {
		return badDigest(digest)
	}
	if _, err := q.receive(id); err != nil {
		return err
	}
	_, err := invoke[ecr.CompleteLayerUploadOutput](q, "CompleteLayerUpload",
		&ecr.CompleteLayerUploadInput{RepositoryName: &q.repo, UploadId: &id, LayerDigests: []string{digest}})
	if code(err) == "LayerAlreadyExistsException" { // as it should be
		err = q.config.ECR.EndUpload(q.ctx, q.repo, id)
		if code(err) == "UploadNotFoundException" { // it had been completed when another one came first
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return q.stored(digest)
}

func (q *request) dropUpload(id string) error {
	if err := q.config.ECR.EndUpload(q.ctx, q.repo, id); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}
