package registry

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"syscall"

	"atoll/internal/cloud/wire"
)

// fault is an error of the distribution API.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
type fault struct {
	status  int
	code    string
	message string
}

func (f *fault) Error() string { return f.code + ": " + f.message }

// faultOf words an error of ECR's API as one of the registry.
func faultOf(err error) *fault {
	var own *fault
	if errors.As(err, &own) {
		return own
	}
	var e *wire.Error
	if !errors.As(err, &e) {
		return nil
	}
	f := &fault{message: e.Message}
	switch e.Code {
	case "RepositoryNotFoundException":
		f.status, f.code = http.StatusNotFound, "NAME_UNKNOWN"
	case "ImageNotFoundException":
		f.status, f.code = http.StatusNotFound, "MANIFEST_UNKNOWN"
	case "LayersNotFoundException", "ReferencedImagesNotFoundException":
		f.status, f.code = http.StatusNotFound, "MANIFEST_BLOB_UNKNOWN"
	case "UploadNotFoundException":
		f.status, f.code = http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN"
	case "ImageTagAlreadyExistsException":
		f.status, f.code = http.StatusBadRequest, "TAG_INVALID"
	case "InvalidLayerException", "ImageDigestDoesNotMatchException":
		f.status, f.code = http.StatusBadRequest, "DIGEST_INVALID"
	case "InvalidLayerPartException":
		f.status, f.code = http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID"
	case "EmptyUploadException":
		f.status, f.code = http.StatusBadRequest, "BLOB_UPLOAD_INVALID"
	case "UnsupportedImageTypeException":
		f.status, f.code = http.StatusBadRequest, "MANIFEST_INVALID"
	case "InvalidParameterException":
		f.status, f.code = http.StatusBadRequest, "MANIFEST_INVALID"
		if strings.Contains(e.Message, "'repositoryName'") {
			f.code = "NAME_INVALID"
		}
	case "AccessDeniedException":
		f.status, f.code = http.StatusForbidden, "DENIED"
	case wire.CodeDiskFull:
		f.status, f.code = http.StatusInsufficientStorage, "UNKNOWN"
	case wire.CodeNotImplemented:
		f.status, f.code = http.StatusMethodNotAllowed, "UNSUPPORTED"
	default:
		return nil
	}
	return f
}

// fail answers with an error.
func (q *request) fail(err error) {
	f := faultOf(err)
	switch {
	case f != nil:
	case errors.Is(err, syscall.ENOSPC):
		f = &fault{http.StatusInsufficientStorage, "UNKNOWN", "The disk that atoll's local cloud lies on is full. Free space on this machine, and push again: what was pushed stays."}
	default:
		f = &fault{http.StatusInternalServerError, "UNKNOWN", "atoll's local cloud failed on this request. Its log has the cause."}
		if q.http.Context().Err() == nil {
			q.config.Logger.Error("a registry's request failed", "method", q.http.Method, "path", q.http.URL.Path, "err", err)
		}
	}
	type entry struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	err = q.json(f.status, "application/json", map[string][]entry{"errors": {{f.code, f.message}}})
	if err != nil {
		q.config.Logger.Debug("answering a registry's request", "err", err)
	}
}

// json answers with a document; a HEAD's answer tells its length alone.
func (q *request) json(status int, contentType string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	q.send(status, contentType, raw)
	return nil
}
