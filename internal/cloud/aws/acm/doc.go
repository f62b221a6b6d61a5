// Package acm is AWS Certificate Manager: certificates that it issues after validating their domains, and imported ones.
// https://docs.aws.amazon.com/acm/latest/APIReference/
//
// Issued certificates are real: each cloud has one certificate authority of its own, which signs them. What trusts that authority's
// certificate accepts theirs. A certificate asked for with DNS validation is issued once the CNAME records that it asks for stand
// in the account's public hosted zones; this is looked up whenever the certificate is read, and what was found is kept.
//
// What differs from AWS:
//   - The issuer is the cloud's own authority, also in name, with an RSA key whatever the key of the certificate. It has no
//     intermediates: the chain is its certificate.
//   - Validation records count in Route 53 zones of the same account only: nothing is asked of the internet's DNS.
//   - No email is sent, so a certificate that waits for an email's answer stays PENDING_VALIDATION until it times out.
//   - Renewal happens when a certificate is read after its time has come, 60 days before the end, and keeps the key pair.
//   - The number of days before expiry at which events begin is kept and shown; the events themselves are not sent.
//   - Certificate transparency logging is a setting without effect: no public log would take the certificates.
//   - Quotas on the number of certificates are not counted. A certificate has up to ten names, AWS's quota for new accounts.
//   - Private certificates (a CertificateAuthorityArn), HTTP validation, certificates managed by CloudFront and changing the
//     validation method are refused.
package acm
