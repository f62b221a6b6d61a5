package acm

import (
	"context"

	"atoll/internal/cloud/wire"
)

// Operations is the service's operation table.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AddTagsToCertificate, on(func(in *AddTagsToCertificateInput) *string { return in.CertificateArn })),
		wire.Write(s.DeleteCertificate, on(func(in *DeleteCertificateInput) *string { return in.CertificateArn })),
		wire.Read(s.DescribeCertificate, on(func(in *DescribeCertificateInput) *string { return in.CertificateArn })),
		wire.Write(s.ExportCertificate, on(func(in *ExportCertificateInput) *string { return in.CertificateArn })),
		wire.Read(s.GetAccountConfiguration),
		wire.Read(s.GetCertificate, on(func(in *GetCertificateInput) *string { return in.CertificateArn })),
		wire.Write(s.ImportCertificate, on(func(in *ImportCertificateInput) *string { return in.CertificateArn })),
		wire.Read(s.ListCertificates),
		wire.Read(s.ListTagsForCertificate, on(func(in *ListTagsForCertificateInput) *string { return in.CertificateArn })),
		wire.Write(s.PutAccountConfiguration),
		wire.Write(s.RemoveTagsFromCertificate, on(func(in *RemoveTagsFromCertificateInput) *string { return in.CertificateArn })),
		wire.Write(s.RenewCertificate, on(func(in *RenewCertificateInput) *string { return in.CertificateArn })),
		wire.Write(s.RequestCertificate),
		wire.Write(s.ResendValidationEmail, on(func(in *ResendValidationEmailInput) *string { return in.CertificateArn })),
		wire.Write(s.UpdateCertificateOptions, on(func(in *UpdateCertificateOptionsInput) *string { return in.CertificateArn })),
	}
}

// on says which member of the input names the certificate.
func on[I any](arn func(in *I) *string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string {
		if a := arn(in); a != nil {
			return []string{*a}
		}
		return nil
	})
}
