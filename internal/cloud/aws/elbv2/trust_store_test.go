package elbv2_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"atoll/internal/cloud/cloudtest"
)

// authority gives a CA's certificate, and a list of two certificates that it revoked, in PEM.
func authority(t *testing.T) (certificate, list []byte) {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "clients"}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))(t)
	revoked := []x509.RevocationListEntry{{SerialNumber: big.NewInt(7), RevocationTime: time.Now()}, {SerialNumber: big.NewInt(8), RevocationTime: time.Now()}}
	crl := must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
		RevokedCertificateEntries: revoked}, must(x509.ParseCertificate(der))(t), key))(t)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: crl})
}

func TestTrustStore(t *testing.T) {
	w := start(t, cloudtest.Durable())
	files := s3.NewFromConfig(w.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	bucket := new("trust")
	must(files.CreateBucket(w.ctx, &s3.CreateBucketInput{Bucket: bucket}))(t)
	put := func(key string, body []byte) {
		must(files.PutObject(w.ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(body)}))(t)
	}
	certificate, list := authority(t)
	put("ca.pem", certificate)
	put("two.pem", append(bytes.Clone(certificate), certificate...))
	put("crl.pem", list)
	create := func(name, key string) (*elb.CreateTrustStoreOutput, error) {
		return w.CreateTrustStore(w.ctx, &elb.CreateTrustStoreInput{Name: &name, CaCertificatesBundleS3Bucket: bucket, CaCertificatesBundleS3Key: &key,
			Tags: []types.Tag{{Key: new("a"), Value: new("b")}}})
	}
	refused(create("clients", "none.pem"))(t, "CaCertificatesBundleNotFound")
	refused(create("clients", "crl.pem"))(t, "InvalidCaCertificatesBundle")
	refused(create("-", "ca.pem"))(t, "ValidationError", "trust store name")
	store := must(create("clients", "ca.pem"))(t).TrustStores[0]
	refused(create("clients", "ca.pem"))(t, "DuplicateTrustStoreName")
	if *store.NumberOfCaCertificates != 1 || store.Status != types.TrustStoreStatusActive || *store.TotalRevokedEntries != 0 {
		t.Errorf("got %+v", store)
	}
	must(w.ModifyTrustStore(w.ctx, &elb.ModifyTrustStoreInput{TrustStoreArn: store.TrustStoreArn, CaCertificatesBundleS3Bucket: bucket, CaCertificatesBundleS3Key: new("two.pem")}))(t)
	add := &elb.AddTrustStoreRevocationsInput{TrustStoreArn: store.TrustStoreArn, RevocationContents: []types.RevocationContent{{S3Bucket: bucket, S3Key: new("crl.pem")}}}
	crl := must(w.AddTrustStoreRevocations(w.ctx, add))(t).TrustStoreRevocations[0]
	add.RevocationContents[0].S3Key = new("ca.pem")
	refused(w.AddTrustStoreRevocations(w.ctx, add))(t, "InvalidRevocationContent")

	b := w.balancer("web")
	in := w.listenerInput(b, 443, fixed("200"))
	in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: new(w.certificate("example.com"))}}
	in.MutualAuthentication = &types.MutualAuthenticationAttributes{Mode: new("verify")}
	refused(w.CreateListener(w.ctx, in))(t, "ValidationError", "A trust store ARN must be specified")
	in.MutualAuthentication.TrustStoreArn = store.TrustStoreArn
	listener := must(w.CreateListener(w.ctx, in))(t).Listeners[0]
	w.cloud.Restart()

	got := must(w.DescribeListeners(w.ctx, &elb.DescribeListenersInput{ListenerArns: []string{*listener.ListenerArn}}))(t).Listeners[0].MutualAuthentication
	if *got.Mode != "verify" || *got.TrustStoreArn != *store.TrustStoreArn || *got.IgnoreClientCertificateExpiry || got.AdvertiseTrustStoreCaNames != "off" ||
		got.TrustStoreAssociationStatus != types.TrustStoreAssociationStatusEnumActive {
		t.Errorf("got %+v", got)
	}
	named := must(w.DescribeTrustStores(w.ctx, &elb.DescribeTrustStoresInput{Names: []string{"clients"}}))(t).TrustStores
	if len(named) != 1 || *named[0].NumberOfCaCertificates != 2 || *named[0].TotalRevokedEntries != 2 {
		t.Errorf("got %+v", named)
	}
	users := must(w.DescribeTrustStoreAssociations(w.ctx, &elb.DescribeTrustStoreAssociationsInput{TrustStoreArn: store.TrustStoreArn}))(t).TrustStoreAssociations
	if len(users) != 1 || *users[0].ResourceArn != *b.LoadBalancerArn {
		t.Errorf("got %+v", users)
	}
	if tags := must(w.DescribeTags(w.ctx, &elb.DescribeTagsInput{ResourceArns: []string{*store.TrustStoreArn}}))(t).TagDescriptions[0].Tags; len(tags) != 1 {
		t.Errorf("got %+v", tags)
	}
	remove := &elb.RemoveTrustStoreRevocationsInput{TrustStoreArn: store.TrustStoreArn, RevocationIds: []int64{*crl.RevocationId}}
	must(w.RemoveTrustStoreRevocations(w.ctx, remove))(t)
	refused(w.RemoveTrustStoreRevocations(w.ctx, remove))(t, "RevocationIdNotFound")
	lists := must(w.DescribeTrustStoreRevocations(w.ctx, &elb.DescribeTrustStoreRevocationsInput{TrustStoreArn: store.TrustStoreArn}))(t).TrustStoreRevocations
	if len(lists) != 0 {
		t.Errorf("got %+v", lists)
	}
	deletion := &elb.DeleteTrustStoreInput{TrustStoreArn: store.TrustStoreArn}
	refused(w.DeleteTrustStore(w.ctx, deletion))(t, "TrustStoreInUse", "is currently in use by a listener")
	must(w.ModifyListener(w.ctx, &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, MutualAuthentication: &types.MutualAuthenticationAttributes{Mode: new("off")}}))(t)
	must(w.DeleteTrustStore(w.ctx, deletion))(t)
	refused(w.DescribeTrustStores(w.ctx, &elb.DescribeTrustStoresInput{TrustStoreArns: []string{*store.TrustStoreArn}}))(t, "TrustStoreNotFound")
}
