package acm_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/smithy-go"

	"atoll/internal/cloud/cloudtest"
)

// client is a client of a running cloud.
type client struct {
	*sdk.Client
	t     testing.TB
	ctx   context.Context
	cloud *cloudtest.Cloud
}

func start(t testing.TB, opts ...cloudtest.Option) *client {
	t.Helper()
	cloud := cloudtest.Start(t, opts...)
	return &client{
		Client: sdk.NewFromConfig(cloud.Config(), func(o *sdk.Options) { o.HTTPSignerV4 = cloud.Signer() }),
		t:      t, ctx: t.Context(), cloud: cloud,
	}
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

func (c *client) request(in sdk.RequestCertificateInput) string {
	c.t.Helper()
	return *must(c.RequestCertificate(c.ctx, &in))(c.t).CertificateArn
}

func (c *client) describe(arn string) *types.CertificateDetail {
	c.t.Helper()
	return must(c.DescribeCertificate(c.ctx, &sdk.DescribeCertificateInput{CertificateArn: &arn}))(c.t).Certificate
}

// pair is a certificate and its key.
type pair struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func (p pair) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})
}

func (p pair) keyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func ecKey(t testing.TB) crypto.Signer {
	return must[crypto.Signer](ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
}

func rsaKey(t testing.TB) crypto.Signer {
	return must[crypto.Signer](rsa.GenerateKey(rand.Reader, 2048))(t)
}

// sign makes a certificate of 90 days that an issuer signs, or the key itself where there is none.
func (c *client) sign(cn string, key crypto.Signer, issuer *pair, change func(*x509.Certificate)) pair {
	c.t.Helper()
	now := c.cloud.Clock.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: cn, Organization: []string{"Example"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(90 * 24 * time.Hour), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer))(c.t)
	return pair{must(x509.ParseCertificate(der))(c.t), key}
}

func authority(c *x509.Certificate) {
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
}
