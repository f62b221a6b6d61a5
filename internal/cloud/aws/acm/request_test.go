package acm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
)

func TestRequest(t *testing.T) {
	c := start(t)
	arn := c.request(sdk.RequestCertificateInput{
		DomainName: aws.String("Example.com"), SubjectAlternativeNames: []string{"*.example.com", "www.example.com", "example.com"},
		ValidationMethod: types.ValidationMethodDns,
	})
	if !strings.HasPrefix(arn, "arn:aws:acm:us-east-1:111111111111:certificate/") {
		t.Errorf("the ARN is %s", arn)
	}
	d := c.describe(arn)
	if d.Type != types.CertificateTypeAmazonIssued || d.Status != types.CertificateStatusPendingValidation || d.KeyAlgorithm != "RSA-2048" ||
		!slices.Equal(d.SubjectAlternativeNames, []string{"example.com", "*.example.com", "www.example.com"}) || d.NotAfter != nil || d.InUseBy == nil ||
		d.Options.CertificateTransparencyLoggingPreference != types.CertificateTransparencyLoggingPreferenceEnabled ||
		d.Options.Export != types.CertificateExportDisabled || d.RenewalEligibility != types.RenewalEligibilityIneligible || d.IssuedAt != nil {
		t.Errorf("described: %+v", d)
	}
	root, wildcard, www := d.DomainValidationOptions[0], d.DomainValidationOptions[1], d.DomainValidationOptions[2]
	if *root.ResourceRecord.Name != *wildcard.ResourceRecord.Name || *root.ResourceRecord.Value != *wildcard.ResourceRecord.Value || *root.ResourceRecord.Name == *www.ResourceRecord.Name ||
		!strings.HasSuffix(*root.ResourceRecord.Name, ".example.com.") || !strings.HasSuffix(*root.ResourceRecord.Value, ".acm-validations.aws.") ||
		root.ValidationStatus != types.DomainStatusPendingValidation || root.ValidationMethod != types.ValidationMethodDns {
		t.Errorf("validation: %s %s, %s", *root.ResourceRecord.Name, *root.ResourceRecord.Value, *wildcard.ResourceRecord.Name)
	}
	_, err := c.GetCertificate(c.ctx, &sdk.GetCertificateInput{CertificateArn: &arn})
	refused(t, err, "RequestInProgressException")
	_, err = c.UpdateCertificateOptions(c.ctx, &sdk.UpdateCertificateOptionsInput{CertificateArn: &arn, Options: &types.CertificateOptions{
		CertificateTransparencyLoggingPreference: types.CertificateTransparencyLoggingPreferenceDisabled,
	}})
	if d := c.describe(arn); err != nil || d.Options.CertificateTransparencyLoggingPreference != types.CertificateTransparencyLoggingPreferenceDisabled {
		t.Errorf("after the update: %+v, %v", d.Options, err)
	}

	c.cloud.Clock.Advance(72 * time.Hour)
	if d := c.describe(arn); d.Status != types.CertificateStatusValidationTimedOut {
		t.Errorf("after 72 hours the certificate is %s", d.Status)
	}
	must(c.DeleteCertificate(c.ctx, &sdk.DeleteCertificateInput{CertificateArn: &arn}))(t)
	_, err = c.DescribeCertificate(c.ctx, &sdk.DescribeCertificateInput{CertificateArn: &arn})
	refused(t, err, "ResourceNotFoundException", arn)
}

func TestRequestChecks(t *testing.T) {
	c := start(t)
	many := []string{}
	for i := range 10 {
		many = append(many, fmt.Sprintf("a%d.example.com", i))
	}
	for name, test := range map[string]struct {
		in   sdk.RequestCertificateInput
		code string
	}{
		"no domain":       {sdk.RequestCertificateInput{DomainName: aws.String("example")}, "ValidationException"},
		"underscore":      {sdk.RequestCertificateInput{DomainName: aws.String("a_b.example.com")}, "ValidationException"},
		"inner wildcard":  {sdk.RequestCertificateInput{DomainName: aws.String("a.*.example.com")}, "ValidationException"},
		"long first name": {sdk.RequestCertificateInput{DomainName: aws.String(strings.Repeat("a", 60) + ".example.com")}, "ValidationException"},
		"empty SAN":       {sdk.RequestCertificateInput{DomainName: aws.String("example.com"), SubjectAlternativeNames: []string{""}}, "ValidationException"},
		"eleven names":    {sdk.RequestCertificateInput{DomainName: aws.String("example.com"), SubjectAlternativeNames: many}, "LimitExceededException"},
		"token":           {sdk.RequestCertificateInput{DomainName: aws.String("example.com"), IdempotencyToken: aws.String("a-b")}, "ValidationException"},
		"key":             {sdk.RequestCertificateInput{DomainName: aws.String("example.com"), KeyAlgorithm: types.KeyAlgorithmRsa4096}, "ValidationException"},
		"private CA": {sdk.RequestCertificateInput{DomainName: aws.String("example.com"), CertificateAuthorityArn: aws.String("arn:aws:acm-pca:us-east-1:111111111111:certificate-authority/a")},
			"NotImplementedByLocalCloud"},
		"validation domain": {sdk.RequestCertificateInput{DomainName: aws.String("www.example.com"), DomainValidationOptions: []types.DomainValidationOption{
			{DomainName: aws.String("www.example.com"), ValidationDomain: aws.String("example.org")}}}, "InvalidDomainValidationOptionsException"},
		"tag": {sdk.RequestCertificateInput{DomainName: aws.String("example.com"), Tags: []types.Tag{{Key: aws.String("aws:a")}}}, "InvalidTagException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.RequestCertificate(c.ctx, &test.in)
			refused(t, err, test.code)
		})
	}
}

func TestEmailValidation(t *testing.T) {
	c := start(t)
	arn := c.request(sdk.RequestCertificateInput{DomainName: aws.String("www.example.com"), DomainValidationOptions: []types.DomainValidationOption{
		{DomainName: aws.String("www.example.com"), ValidationDomain: aws.String("example.com")}}})
	v := c.describe(arn).DomainValidationOptions[0]
	if v.ValidationMethod != types.ValidationMethodEmail || v.ResourceRecord != nil || !slices.Contains(v.ValidationEmails, "admin@example.com") {
		t.Errorf("validation: %+v", v)
	}
	_, err := c.ResendValidationEmail(c.ctx, &sdk.ResendValidationEmailInput{CertificateArn: &arn, Domain: aws.String("www.example.com"), ValidationDomain: aws.String("www.example.com")})
	if v := c.describe(arn).DomainValidationOptions[0]; err != nil || *v.ValidationDomain != "www.example.com" {
		t.Errorf("after sending again: %+v, %v", v, err)
	}
	_, err = c.ResendValidationEmail(c.ctx, &sdk.ResendValidationEmailInput{CertificateArn: &arn, Domain: aws.String("www.example.com"), ValidationDomain: aws.String("example.org")})
	refused(t, err, "InvalidDomainValidationOptionsException")
	other := c.request(sdk.RequestCertificateInput{DomainName: aws.String("example.com"), ValidationMethod: types.ValidationMethodDns})
	_, err = c.ResendValidationEmail(c.ctx, &sdk.ResendValidationEmailInput{CertificateArn: &other, Domain: aws.String("example.com"), ValidationDomain: aws.String("example.com")})
	refused(t, err, "InvalidStateException")
}

func TestIdempotencyToken(t *testing.T) {
	c := start(t)
	ask := func(domain, token string) string {
		return c.request(sdk.RequestCertificateInput{DomainName: &domain, IdempotencyToken: &token})
	}
	first := ask("example.com", "a")
	if ask("example.com", "a") != first || ask("example.org", "a") == first || ask("example.com", "b") == first {
		t.Error("a token and its parameters do not stand for one certificate")
	}
	c.cloud.Clock.Advance(time.Hour)
	if ask("example.com", "a") == first {
		t.Error("a token lives longer than an hour")
	}
}

func TestList(t *testing.T) {
	c := start(t)
	var arns []string
	for i, key := range []types.KeyAlgorithm{"", types.KeyAlgorithmEcPrime256v1, "", types.KeyAlgorithmEcSecp384r1} {
		arns = append(arns, c.request(sdk.RequestCertificateInput{DomainName: aws.String(fmt.Sprintf("a%d.example.com", i)), KeyAlgorithm: key}))
		c.cloud.Clock.Advance(time.Minute)
	}
	list := func(in sdk.ListCertificatesInput) []string {
		t.Helper()
		out := []string{}
		pages := sdk.NewListCertificatesPaginator(c.Client, &in)
		for pages.HasMorePages() {
			for _, s := range must(pages.NextPage(c.ctx))(t).CertificateSummaryList {
				out = append(out, *s.CertificateArn)
			}
		}
		return out
	}
	sorted := sdk.ListCertificatesInput{SortBy: types.SortByCreatedAt, SortOrder: types.SortOrderDescending, MaxItems: aws.Int32(1)}
	if got := list(sorted); !slices.Equal(got, []string{arns[2], arns[0]}) {
		t.Errorf("without a filter: %v", got)
	}
	sorted.SortOrder, sorted.Includes = types.SortOrderAscending, &types.Filters{KeyTypes: types.KeyAlgorithm("").Values()}
	if got := list(sorted); !slices.Equal(got, arns) {
		t.Errorf("all key types: %v", got)
	}
	if got := list(sdk.ListCertificatesInput{CertificateStatuses: []types.CertificateStatus{types.CertificateStatusIssued}}); len(got) != 0 {
		t.Errorf("issued: %v", got)
	}
	_, err := c.ListCertificates(c.ctx, &sdk.ListCertificatesInput{SortBy: types.SortByCreatedAt})
	refused(t, err, "ValidationException")
	_, err = c.ListCertificates(c.ctx, &sdk.ListCertificatesInput{MaxItems: aws.Int32(1001)})
	refused(t, err, "ValidationException")
}

func TestTags(t *testing.T) {
	c := start(t)
	arn := c.request(sdk.RequestCertificateInput{DomainName: aws.String("example.com"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}})
	must(c.AddTagsToCertificate(c.ctx, &sdk.AddTagsToCertificateInput{CertificateArn: &arn, Tags: []types.Tag{
		{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("c"), Value: aws.String("3")}}}))(t)
	must(c.RemoveTagsFromCertificate(c.ctx, &sdk.RemoveTagsFromCertificateInput{CertificateArn: &arn, Tags: []types.Tag{
		{Key: aws.String("a")}, {Key: aws.String("b"), Value: aws.String("other")}, {Key: aws.String("c"), Value: aws.String("3")}}}))(t)
	tags := must(c.ListTagsForCertificate(c.ctx, &sdk.ListTagsForCertificateInput{CertificateArn: &arn}))(t).Tags
	if len(tags) != 1 || *tags[0].Key != "b" || *tags[0].Value != "2" {
		t.Errorf("the tags are %v", tags)
	}
	var many []types.Tag
	for i := range 50 {
		many = append(many, types.Tag{Key: aws.String(fmt.Sprint(i))})
	}
	_, err := c.AddTagsToCertificate(c.ctx, &sdk.AddTagsToCertificateInput{CertificateArn: &arn, Tags: many})
	refused(t, err, "TooManyTagsException")
}

func TestAccountConfiguration(t *testing.T) {
	c := start(t)
	days := func() int32 {
		return *must(c.GetAccountConfiguration(c.ctx, &sdk.GetAccountConfigurationInput{}))(t).ExpiryEvents.DaysBeforeExpiry
	}
	put := func(token string, n int32) error {
		_, err := c.PutAccountConfiguration(c.ctx, &sdk.PutAccountConfigurationInput{IdempotencyToken: &token, ExpiryEvents: &types.ExpiryEventsConfiguration{DaysBeforeExpiry: &n}})
		return err
	}
	if got := days(); got != 45 {
		t.Errorf("by default %d days", got)
	}
	if err := put("a", 30); err != nil || days() != 30 {
		t.Errorf("after the change %d days, %v", days(), err)
	}
	refused(t, put("a", 20), "ConflictException")
	refused(t, put("b", 46), "ValidationException")
}
