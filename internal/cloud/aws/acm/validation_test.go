package acm_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dns "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// TestDNSValidation puts the records that a certificate asks for into a zone of Route 53.
func TestDNSValidation(t *testing.T) {
	c := start(t)
	names := route53.NewFromConfig(c.cloud.Config())
	zone := must(names.CreateHostedZone(c.ctx, &route53.CreateHostedZoneInput{Name: aws.String("example.net"), CallerReference: aws.String("a")}))(t).HostedZone.Id
	arn := c.request(sdk.RequestCertificateInput{DomainName: aws.String("app.example.net"), SubjectAlternativeNames: []string{"*.app.example.net"}, ValidationMethod: types.ValidationMethodDns})
	record := c.describe(arn).DomainValidationOptions[0].ResourceRecord
	must(names.ChangeResourceRecordSets(c.ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone, ChangeBatch: &dns.ChangeBatch{Changes: []dns.Change{
		{Action: dns.ChangeActionCreate, ResourceRecordSet: &dns.ResourceRecordSet{Name: record.Name, Type: dns.RRTypeCname, TTL: aws.Int64(60),
			ResourceRecords: []dns.ResourceRecord{{Value: record.Value}}}},
	}}}))(t)
	// A list settles what it shows, as a description does.
	issued := must(c.ListCertificates(c.ctx, &sdk.ListCertificatesInput{CertificateStatuses: []types.CertificateStatus{types.CertificateStatusIssued}}))(t).CertificateSummaryList
	if len(issued) != 1 || *issued[0].CertificateArn != arn || issued[0].NotAfter == nil {
		t.Fatalf("issued certificates: %+v", issued)
	}
	got := must(c.GetCertificate(c.ctx, &sdk.GetCertificateInput{CertificateArn: &arn}))(t)
	if *got.Certificate == "" || *got.CertificateChain == "" {
		t.Errorf("the certificate is %+v", got)
	}
}
