// Package sts is the local cloud's Security Token Service: it tells callers who they are and gives temporary keys.
//
// Covered: GetCallerIdentity, GetSessionToken, AssumeRole and AssumeRoleWithWebIdentity. A role's trust policy really decides
// who may assume it, by its principals and conditions. A token of an OpenID Connect issuer is really verified: its signature by
// the issuer's published keys, which are fetched over HTTPS on every call, its times, its audience, and then the trust policy.
//
// Who may assume a role: a trust policy that names the caller itself is enough within one account. If it names the caller's
// account, or if the role is in another account, the caller's own policies must allow sts:AssumeRole on the role too: those of
// the user, or of the role behind the session, within its permissions boundary and the session's policies. A denial by either
// side is final. The root user's own side always allows. Session tags need sts:TagSession, a source identity
// sts:SetSourceIdentity, in the same way.
//
// Deviations: AWS forbids the root user to assume roles; here it may, since it is the first identity of a new cloud. There are
// no MFA devices, so calls with a SerialNumber or a TokenCode are refused, as are provided contexts. Login with Amazon, Google
// and Facebook without a provider of the account's own is not there. Condition keys of a token are sub, aud, oaud and amr.
package sts
