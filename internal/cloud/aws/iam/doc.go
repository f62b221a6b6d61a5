// Package iam is the local cloud's IAM: roles, users, groups, access keys, policies, instance profiles and OpenID Connect providers, as
// records with AWS's checks.
//
// Covered: roles with trust policies, permissions boundaries, inline and managed policies; managed policies with up to five
// versions; users with access keys, which sign calls, and groups, whose policies are their members' too; instance profiles; OpenID
// Connect providers; service-linked roles; the account's alias and password policy; tags. A user or role that a trust policy names must exist if its account is one of the local cloud's, and
// when it is deleted its unique id takes the place of its ARN in the policy, as on AWS.
//
// Deviations:
//   - Everything is consistent at once; a deletion task of a service-linked role has succeeded when it is first asked for, and
//     what the service may still use of the role is not looked at.
//   - Of the policies that AWS manages there are those in managed_policies.go, with the documents that AWS publishes, in their
//     default version only. Their unique ids are the local cloud's own. Others do not exist.
//   - Service-linked roles carry no policies: the local cloud's services act without them. They can be made for the services
//     in service_linked_role.go.
//   - A service in a trust policy is checked by the form of its name only, and a federated provider is not looked up.
//   - When a key was last used is forgotten at a restart.
//   - There is no console: passwords are checked by the account's password policy and not kept, and nothing expires them.
//   - MFA devices, SSH keys, service credentials, SAML providers and certificates are not there: what asks for a user's is answered with
//     none, what makes them is refused.
//   - An OpenID Connect provider's URL may have a port, for issuers on the own machine. Without thumbprints the provider gets
//     that of the certificate authority which its host presents, or none while the host cannot be reached. Thumbprints are
//     kept and not compared: the issuer's certificate must be one that the machine trusts.
package iam
