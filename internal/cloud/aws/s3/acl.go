package s3

import (
	"slices"
	"strings"

	"atoll/internal/cloud/wire"
)

const (
	allUsers    = "http://acs.amazonaws.com/groups/global/AllUsers"
	allAuth     = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	logDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery"

	bucketOwnerEnforced = "BucketOwnerEnforced"
	bucketOwnerFull     = "bucket-owner-full-control"
)

// aclRequest is the ways in which a call may give an ACL.
type aclRequest struct {
	canned *string
	policy *AccessControlPolicy
	grants [5]*string // by permission, in the order of permissions
}

var permissions = [...]string{"FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"}

func bucketGrants(canned, full, read, readACP, write, writeACP *string) aclRequest {
	return aclRequest{canned: canned, grants: [5]*string{full, read, readACP, write, writeACP}}
}

func canonicalGrantee(id string) *Grantee { return &Grantee{Type: new("CanonicalUser"), ID: &id} }

func groupGrantee(uri string) *Grantee { return &Grantee{Type: new("Group"), URI: &uri} }

// grantsOf gives the grants that a request asks for, and whether it asks for any. account owns the object (or the bucket),
// bucketAccount the bucket.
func grantsOf(r aclRequest, account, bucketAccount string) (grants []Grant, given bool, err error) {
	own := Grant{Grantee: canonicalGrantee(canonicalID(account)), Permission: new("FULL_CONTROL")}
	ways := 0
	if r.canned != nil {
		ways++
		if grants, err = cannedGrants(*r.canned, own, bucketAccount); err != nil {
			return nil, true, err
		}
	}
	if r.policy != nil {
		ways++
		if grants, err = policyGrants(r.policy, account); err != nil {
			return nil, true, err
		}
	}
	var listed []Grant
	for i, header := range r.grants {
		if header == nil {
			continue
		}
		more, err := headerGrants(*header, permissions[i])
		if err != nil {
			return nil, true, err
		}
		listed = append(listed, more...)
	}
	if listed != nil {
		ways++
		grants = listed
	}
	switch ways {
	case 0:
		return []Grant{own}, false, nil
	case 1:
		return grants, true, nil
	}
	return nil, true, invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
}

func cannedGrants(canned string, own Grant, bucketAccount string) ([]Grant, error) {
	group := func(uri string, perms ...string) []Grant {
		list := []Grant{own}
		for _, p := range perms {
			list = append(list, Grant{Grantee: groupGrantee(uri), Permission: new(p)})
		}
		return list
	}
	bucketOwner := func(permission string) []Grant {
		id := canonicalID(bucketAccount)
		if id == *own.Grantee.ID {
			return []Grant{own}
		}
		return []Grant{own, {Grantee: canonicalGrantee(id), Permission: &permission}}
	}
	switch canned {
	case "private", "aws-exec-read":
		return []Grant{own}, nil
	case "public-read":
		return group(allUsers, "READ"), nil
	case "public-read-write":
		return group(allUsers, "READ", "WRITE"), nil
	case "authenticated-read":
		return group(allAuth, "READ"), nil
	case "log-delivery-write":
		return group(logDelivery, "WRITE", "READ_ACP"), nil
	case "bucket-owner-read":
		return bucketOwner("READ"), nil
	case bucketOwnerFull:
		return bucketOwner("FULL_CONTROL"), nil
	}
	return nil, invalid("x-amz-acl", canned, "%s is not a valid canned ACL", canned)
}

func policyGrants(p *AccessControlPolicy, account string) ([]Grant, error) {
	if p.Owner == nil || p.Grants == nil {
		return nil, fail("MalformedACLError", detail{})
	}
	if text(p.Owner.ID) != canonicalID(account) {
		return nil, fail("AccessDenied", detail{})
	}
	grants := make([]Grant, 0, len(p.Grants))
	for _, g := range p.Grants {
		if g.Grantee == nil || !slices.Contains(permissions[:], text(g.Permission)) {
			return nil, fail("MalformedACLError", detail{})
		}
		grantee, err := checkGrantee(g.Grantee)
		if err != nil {
			return nil, err
		}
		grants = append(grants, Grant{Grantee: grantee, Permission: g.Permission})
	}
	return grants, nil
}

func checkGrantee(g *Grantee) (*Grantee, error) {
	switch text(g.Type) {
	case "CanonicalUser":
		if len(text(g.ID)) != 64 {
			return nil, invalid("CanonicalUser/ID", text(g.ID), "Invalid id")
		}
		return canonicalGrantee(*g.ID), nil
	case "Group":
		switch uri := text(g.URI); uri {
		case allUsers, allAuth, logDelivery:
			return groupGrantee(uri), nil
		default:
			return nil, invalid("Group/URI", uri, "Invalid group uri")
		}
	case "AmazonCustomerByEmail":
		return nil, wire.Errorf("UnresolvableGrantByEmailAddress", "The e-mail address you provided does not match any account on record.")
	}
	return nil, fail("MalformedACLError", detail{})
}

// headerGrants reads the value of an x-amz-grant-* header: id="…", uri="…", emailAddress="…".
func headerGrants(header, permission string) ([]Grant, error) {
	var out []Grant
	for part := range strings.SplitSeq(header, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		g := &Grantee{}
		value = strings.Trim(value, `"`)
		switch strings.ToLower(key) {
		case "id":
			g.Type, g.ID = new("CanonicalUser"), &value
		case "uri":
			g.Type, g.URI = new("Group"), &value
		case "emailaddress":
			g.Type, g.EmailAddress = new("AmazonCustomerByEmail"), &value
		default:
			ok = false
		}
		if !ok {
			return nil, invalid("x-amz-grant", part, "Argument format not recognized")
		}
		grantee, err := checkGrantee(g)
		if err != nil {
			return nil, err
		}
		out = append(out, Grant{Grantee: grantee, Permission: new(permission)})
	}
	return out, nil
}

// isPublic reports whether grants give anything to everybody, or to everybody with an AWS account.
func isPublic(grants []Grant) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool {
		uri := text(g.Grantee.URI)
		return uri == allUsers || uri == allAuth
	})
}

// admitACL checks grants against the bucket's object ownership and the public access blocks.
func (t *txn) admitACL(r aclRequest, grants []Grant) error {
	b := t.b
	if b.Ownership == bucketOwnerEnforced {
		full := len(grants) == 1 && text(grants[0].Grantee.ID) == canonicalID(b.Account) && text(grants[0].Permission) == "FULL_CONTROL"
		if !full || r.canned != nil && *r.canned != bucketOwnerFull {
			return fail("AccessControlListNotSupported", detail{})
		}
	}
	if isPublic(grants) && t.blocks(func(c *PublicAccessBlockConfiguration) *bool { return c.BlockPublicAcls }) {
		return deny("User is not authorized to put a public ACL because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.")
	}
	return nil
}
