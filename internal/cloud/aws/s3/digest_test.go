package s3_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// TestDocumentDigests sends documents that are not what their digests say.
func TestDocumentDigests(t *testing.T) {
	_, cl := start(t)
	for header, c := range map[string]struct{ value, code string }{
		"Content-Md5":           {"1B2M2Y8AsgTpgAmY7PhCfg==", "BadDigest"},
		"content-md5":           {"odd", "InvalidDigest"},
		"X-Amz-Checksum-Sha256": {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "BadDigest"},
	} {
		set := func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("digest", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				h := in.Request.(*smithyhttp.Request).Header
				for name := range h {
					if strings.HasPrefix(name, "X-Amz-Checksum-") || strings.HasPrefix(name, "X-Amz-Sdk-Checksum") {
						h.Del(name)
					}
				}
				h.Set(header, c.value)
				return next.HandleFinalize(ctx, in)
			}), "Signing", middleware.Before)
		}
		_, err := cl.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: box, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: box}}}},
			s3.WithAPIOptions(set))
		wantCode(t, err, c.code)
		wantStatus(t, err, http.StatusBadRequest)
	}
}
