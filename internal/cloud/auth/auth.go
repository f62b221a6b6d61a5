// Package auth has the identities behind calls, principals of the local cloud's accounts, and the policies that decide what
// they may do.
package auth

import "strings"

// Principal is who signed a call, resolved from the access key.
type Principal struct {
	Account     string // 12 digits
	ARN         string // such as arn:aws:iam::123456789012:root or arn:aws:sts::…:assumed-role/ROLE/SESSION
	UserID      string // the unique id: account id for the root user, AIDA…, or AROA…:SESSION
	AccessKeyID string
	Role        string // ARN of the role whose session this is, empty for root users and users
}

// IsRoot reports whether the principal is the account's root user.
func (p Principal) IsRoot() bool { return strings.HasSuffix(p.ARN, ":root") }

// Anonymous is a caller that signed nothing. Only operations that AWS itself leaves unsigned accept it.
func Anonymous() Principal { return Principal{ARN: "anonymous"} }
