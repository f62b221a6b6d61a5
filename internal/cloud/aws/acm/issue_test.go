package acm

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// zones are the records of an account's public zones, by name.
type zones map[string]string

func (z zones) RecordValues(_ *state.Tx, _, name, recordType string) []string {
	if v, ok := z[name]; ok && recordType == "CNAME" {
		return []string{v}
	}
	return nil
}

type bench struct {
	*Service
	t     *testing.T
	ctx   context.Context
	clock *clock.Manual
	zones zones
	sc    state.Scope
}

func newBench(t *testing.T) *bench {
	store, err := state.Open("", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	b := &bench{t: t, clock: clock.NewManual(time.Now()), zones: zones{}, sc: state.Scope{Account: "111111111111", Region: "us-east-1"}}
	b.Service = New(Deps{Store: store, Clock: b.clock, Logger: slog.New(slog.DiscardHandler), Records: b.zones})
	b.ctx = wire.WithCall(t.Context(), &wire.Call{Principal: auth.Principal{Account: b.sc.Account}, Region: b.sc.Region, Time: b.clock.Now()})
	return b
}

// request asks for a certificate with DNS validation.
func (b *bench) request(export, algorithm string, names ...string) string {
	b.t.Helper()
	out, err := b.RequestCertificate(b.ctx, &RequestCertificateInput{DomainName: new(names[0]), SubjectAlternativeNames: names, ValidationMethod: new("DNS"),
		KeyAlgorithm: new(algorithm), Options: &CertificateOptions{Export: new(export)}})
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.CertificateArn
}

func (b *bench) describe(arn string) *CertificateDetail {
	b.t.Helper()
	out, err := b.DescribeCertificate(b.ctx, &DescribeCertificateInput{CertificateArn: &arn})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Certificate
}

// prove puts the validation records of a certificate into the zones.
func (b *bench) prove(arn string) {
	for _, v := range b.describe(arn).DomainValidationOptions {
		b.zones[*v.ResourceRecord.Name] = *v.ResourceRecord.Value
	}
}

// pair gives a certificate as a server uses it, and the pool that trusts it.
func (b *bench) pair(arn string) (tls.Certificate, *x509.CertPool) {
	b.t.Helper()
	pool := x509.NewCertPool()
	var pair tls.Certificate
	err := b.d.Store.View(func(tx *state.Tx) error {
		cert, chain, key, ok := b.KeyPair(tx, b.sc, arn)
		if !ok || !pool.AppendCertsFromPEM(b.CA(tx)) {
			b.t.Fatal("there is no key pair")
		}
		var err error
		pair, err = tls.X509KeyPair(append(cert, chain...), key)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return pair, pool
}

func (b *bench) use(arn, user string) {
	_ = b.d.Store.Update(b.ctx, func(tx *state.Tx) error { b.UseCertificate(tx, b.sc, arn, user); return nil })
}

func TestIssue(t *testing.T) {
	for _, algorithm := range []string{"RSA_2048", "EC_prime256v1", "EC_secp384r1"} {
		t.Run(algorithm, func(t *testing.T) {
			b := newBench(t)
			arn := b.request("DISABLED", algorithm, "example.com", "*.example.com", "www.example.org")
			options := b.describe(arn).DomainValidationOptions
			b.zones[*options[0].ResourceRecord.Name] = *options[0].ResourceRecord.Value
			d := b.describe(arn)
			if *d.Status != statusPending || *d.DomainValidationOptions[1].ValidationStatus != statusSuccess || *d.DomainValidationOptions[2].ValidationStatus != statusPending {
				t.Fatalf("with one of the records: %s", *d.Status)
			}
			b.prove(arn)
			d = b.describe(arn)
			if *d.Status != statusIssued || d.IssuedAt == nil || d.NotAfter.Sub(*d.NotBefore) != lifeDays*24*time.Hour-time.Second || *d.Issuer != authorityName {
				t.Fatalf("with all records: %s, from %v to %v", *d.Status, d.NotBefore, d.NotAfter)
			}
			pair, pool := b.pair(arn)
			for _, name := range []string{"example.com", "a.example.com", "www.example.org"} {
				if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: b.clock.Now()}); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if want := strings.ReplaceAll(algorithm, "_", "-"); *d.KeyAlgorithm != want {
				t.Errorf("the key is %s, want %s", *d.KeyAlgorithm, want)
			}
		})
	}
}

func TestRenewal(t *testing.T) {
	b := newBench(t)
	arn := b.request("DISABLED", "EC_prime256v1", "example.com")
	b.prove(arn)
	first := b.describe(arn)
	if _, err := b.RenewCertificate(b.ctx, &RenewCertificateInput{CertificateArn: &arn}); err == nil {
		t.Error("a certificate that nothing uses was renewed")
	}
	b.use(arn, "arn:aws:elasticloadbalancing:a")
	if d := b.describe(arn); *d.RenewalEligibility != "ELIGIBLE" || len(d.InUseBy) != 1 || d.RenewalSummary != nil {
		t.Errorf("in use: %s, %v", *d.RenewalEligibility, d.InUseBy)
	}
	if _, err := b.DeleteCertificate(b.ctx, &DeleteCertificateInput{CertificateArn: &arn}); err == nil || !strings.Contains(err.Error(), "ResourceInUseException") {
		t.Errorf("deleting a certificate in use: %v", err)
	}
	b.clock.Advance(340 * 24 * time.Hour)
	renewed := b.describe(arn)
	if *renewed.RenewalSummary.RenewalStatus != statusSuccess || *renewed.Serial == *first.Serial || !renewed.NotAfter.After(*first.NotAfter) {
		t.Errorf("60 days before the end: %+v", renewed.RenewalSummary)
	}

	clear(b.zones)
	b.clock.Advance(340 * 24 * time.Hour)
	if d := b.describe(arn); *d.RenewalSummary.RenewalStatus != statusPending || *d.DomainValidationOptions[0].ValidationStatus != statusPending || *d.Status != statusIssued {
		t.Errorf("without the record: %+v", d.RenewalSummary)
	}
	b.prove(arn)
	if d := b.describe(arn); *d.RenewalSummary.RenewalStatus != statusSuccess || *d.DomainValidationOptions[0].ValidationStatus != statusSuccess {
		t.Errorf("with the record again: %+v", d.RenewalSummary)
	}
	clear(b.zones)
	b.clock.Advance(400 * 24 * time.Hour)
	if d := b.describe(arn); *d.Status != statusExpired {
		t.Errorf("after its end the certificate is %s", *d.Status)
	}
}

func TestExport(t *testing.T) {
	b := newBench(t)
	arn := b.request("ENABLED", "EC_prime256v1", "example.com")
	in := &ExportCertificateInput{CertificateArn: &arn, Passphrase: []byte("sec ret")}
	if _, err := b.ExportCertificate(b.ctx, in); err == nil || !strings.Contains(err.Error(), "RequestInProgressException") {
		t.Errorf("before it was issued: %v", err)
	}
	b.prove(arn)
	out, err := b.ExportCertificate(b.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(*out.PrivateKey, "-----BEGIN ENCRYPTED PRIVATE KEY-----") || *out.CertificateChain == "" {
		t.Errorf("exported: %s", *out.PrivateKey)
	}
	if _, err := readKey([]byte(*out.PrivateKey)); err == nil || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("reading the exported key: %v", err)
	}
	if d := b.describe(arn); *d.RenewalEligibility != "ELIGIBLE" {
		t.Error("an exported certificate is not renewed")
	}
	in.Passphrase = []byte("a#bcd")
	if _, err := b.ExportCertificate(b.ctx, in); err == nil {
		t.Error("a passphrase with # was taken")
	}
	_, err = b.UpdateCertificateOptions(b.ctx, &UpdateCertificateOptionsInput{CertificateArn: &arn, Options: &CertificateOptions{Export: new("DISABLED")}})
	if err == nil || !strings.Contains(err.Error(), "InvalidStateException") {
		t.Errorf("changing the export option of an issued certificate: %v", err)
	}
}

// openSSL decrypts a key with the openssl command, and skips the test where there is none.
func openSSL(t *testing.T, key []byte, passphrase string) (string, error) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	cmd := exec.CommandContext(t.Context(), path, "pkcs8", "-passin", "pass:"+passphrase)
	cmd.Stdin = bytes.NewReader(key)
	out, err := cmd.Output()
	return string(out), err
}

func TestExportReadsWithOpenSSL(t *testing.T) {
	key, err := newKey("EC_prime256v1")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := encryptKey(key, "secret")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := openSSL(t, sealed, "secret")
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(opened) != strings.TrimSpace(string(key)) {
		t.Error("OpenSSL reads another key")
	}
}
