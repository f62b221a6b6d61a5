// Package sigv4 verifies AWS Signature Version 4 on the server's side, and reads aws-chunked bodies. It has no bypass.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
package sigv4
