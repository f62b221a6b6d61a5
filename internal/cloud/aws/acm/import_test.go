package acm_test

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"atoll/internal/cloud/cloudtest"
)

func TestImport(t *testing.T) {
	c := start(t, cloudtest.Durable())
	root := c.sign("Example Root", ecKey(t), nil, authority)
	middle := c.sign("Example CA", ecKey(t), &root, authority)
	leaf := c.sign("www.example.com", ecKey(t), &middle, func(x *x509.Certificate) { x.DNSNames = []string{"example.com", "www.example.com"} })
	chain := slices.Concat(middle.certPEM(), root.certPEM())
	arn := *must(c.ImportCertificate(c.ctx, &sdk.ImportCertificateInput{
		Certificate: leaf.certPEM(), PrivateKey: leaf.keyPEM(), CertificateChain: chain, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
	}))(t).CertificateArn

	d := c.describe(arn)
	if d.Type != types.CertificateTypeImported || d.Status != types.CertificateStatusIssued || *d.DomainName != "www.example.com" ||
		!slices.Equal(d.SubjectAlternativeNames, []string{"example.com", "www.example.com"}) || d.KeyAlgorithm != "EC-prime256v1" ||
		*d.Issuer != "Example" || *d.SignatureAlgorithm != "SHA256WITHECDSA" || d.RenewalEligibility != types.RenewalEligibilityIneligible ||
		len(d.DomainValidationOptions) != 0 || !d.NotAfter.Equal(leaf.cert.NotAfter) || d.ImportedAt == nil || d.RenewalSummary != nil {
		t.Errorf("imported: %+v", d)
	}
	if d.KeyUsages[0].Name != types.KeyUsageNameDigitalSignature || d.ExtendedKeyUsages[0].Name != types.ExtendedKeyUsageNameTlsWebServerAuthentication {
		t.Errorf("usages: %v %v", d.KeyUsages, d.ExtendedKeyUsages)
	}
	c.cloud.Restart()
	got := must(c.GetCertificate(c.ctx, &sdk.GetCertificateInput{CertificateArn: &arn}))(t)
	if *got.Certificate != string(leaf.certPEM()) || *got.CertificateChain != string(chain) {
		t.Error("the certificate is not the one that was imported")
	}
	_, err := c.ExportCertificate(c.ctx, &sdk.ExportCertificateInput{CertificateArn: &arn, Passphrase: []byte("secret")})
	refused(t, err, "ValidationException", "cannot be exported")
	_, err = c.RenewCertificate(c.ctx, &sdk.RenewCertificateInput{CertificateArn: &arn})
	refused(t, err, "ValidationException", "not eligible")

	c.cloud.Clock.Advance(91 * 24 * time.Hour)
	if d := c.describe(arn); d.Status != types.CertificateStatusExpired {
		t.Errorf("after its end the certificate is %s", d.Status)
	}
}

func TestImportChecks(t *testing.T) {
	c := start(t)
	root := c.sign("Example Root", ecKey(t), nil, authority)
	middle := c.sign("Example CA", ecKey(t), &root, authority)
	leaf := c.sign("www.example.com", ecKey(t), &middle, nil)
	self := c.sign("www.example.com", ecKey(t), nil, nil)
	late := c.sign("www.example.com", ecKey(t), nil, func(x *x509.Certificate) { x.NotAfter = c.cloud.Clock.Now().Add(-time.Minute) })
	early := c.sign("www.example.com", ecKey(t), nil, func(x *x509.Certificate) { x.NotBefore = c.cloud.Clock.Now().Add(time.Hour) })
	locked := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}})
	for name, test := range map[string]struct {
		cert, key, chain []byte
		want             string
	}{
		"no PEM":            {[]byte("x"), self.keyPEM(), nil, "Unable to parse certificate"},
		"two certificates":  {slices.Concat(leaf.certPEM(), middle.certPEM()), leaf.keyPEM(), nil, "more than one certificate"},
		"no key":            {self.certPEM(), []byte("x"), nil, "The private key is not supported."},
		"encrypted key":     {self.certPEM(), locked, nil, "should not be encrypted"},
		"another key":       {self.certPEM(), leaf.keyPEM(), nil, "does not match"},
		"expired":           {late.certPEM(), late.keyPEM(), nil, "has expired"},
		"not yet":           {early.certPEM(), early.keyPEM(), nil, "not in effect yet"},
		"no chain":          {leaf.certPEM(), leaf.keyPEM(), nil, "not a valid self signed"},
		"another chain":     {leaf.certPEM(), leaf.keyPEM(), root.certPEM(), "Could not validate the certificate with the certificate chain."},
		"itself in chain":   {leaf.certPEM(), leaf.keyPEM(), slices.Concat(leaf.certPEM(), middle.certPEM()), "is: 0"},
		"unordered chain":   {leaf.certPEM(), leaf.keyPEM(), slices.Concat(middle.certPEM(), self.certPEM()), "Unable to validate certificate chain"},
		"chain without PEM": {leaf.certPEM(), leaf.keyPEM(), []byte("x"), "Unable to parse certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.ImportCertificate(c.ctx, &sdk.ImportCertificateInput{Certificate: test.cert, PrivateKey: test.key, CertificateChain: test.chain})
			refused(t, err, "ValidationException", test.want)
		})
	}
}

func TestReimport(t *testing.T) {
	c := start(t)
	first := c.sign("www.example.com", rsaKey(t), nil, nil)
	arn := *must(c.ImportCertificate(c.ctx, &sdk.ImportCertificateInput{Certificate: first.certPEM(), PrivateKey: first.keyPEM()}))(t).CertificateArn
	again := func(p pair, tags ...types.Tag) error {
		_, err := c.ImportCertificate(c.ctx, &sdk.ImportCertificateInput{CertificateArn: &arn, Certificate: p.certPEM(), PrivateKey: p.keyPEM(), Tags: tags})
		return err
	}
	next := c.sign("api.example.com", rsaKey(t), nil, func(x *x509.Certificate) { x.KeyUsage |= x509.KeyUsageKeyEncipherment })
	if err := again(next); err != nil {
		t.Fatal(err)
	}
	if d := c.describe(arn); *d.DomainName != "api.example.com" || !strings.Contains(*d.Subject, "CN=api.example.com") {
		t.Errorf("after the import: %+v", d)
	}
	refused(t, again(next, types.Tag{Key: aws.String("a")}), "ValidationException", "Tagging is not permitted on re-import")
	refused(t, again(first), "ValidationException", "KEY_ENCIPHERMENT cannot be removed")
	refused(t, again(c.sign("api.example.com", ecKey(t), nil, nil)), "ValidationException", "key type and size")
	refused(t, again(c.sign("10.0.0.1", next.key, nil, nil)), "ValidationException", "domain names")

	arn = c.request(sdk.RequestCertificateInput{DomainName: aws.String("example.com"), ValidationMethod: types.ValidationMethodDns})
	refused(t, again(first), "ValidationException", "was not imported")
	arn = strings.Replace(arn, "certificate/", "certificate/0", 1)
	refused(t, again(first), "ResourceNotFoundException")
}
