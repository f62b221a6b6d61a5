package cloudtest

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Signer signs with the time of the cloud's clock, so that calls are accepted after the clock was moved. It fits every SDK
// client's Options.HTTPSignerV4.
type Signer struct{ cloud *Cloud }

// Signer gives the cloud's Signer.
func (c *Cloud) Signer() Signer { return Signer{c} }

// SignHTTP signs a request; the time that the SDK gives is not used.
func (s Signer) SignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request, payloadHash, service, region string, at time.Time, opts ...func(*v4.SignerOptions)) error {
	if s.cloud.Clock != nil {
		at = s.cloud.Clock.Now()
	}
	return v4.NewSigner().SignHTTP(ctx, creds, r, payloadHash, service, region, at, opts...)
}
