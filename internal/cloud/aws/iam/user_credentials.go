package iam

import (
	"context"

	"atoll/internal/cloud/wire"
)

// The local cloud's users have access keys, passwords and groups, and nothing else: no devices, certificates and so on, and no
// operation makes any. The operations here say so, truthfully. Tools ask for all of it before they delete a user.

// none answers a list about a user that has nothing of its kind. Without a name it is about the caller.
func (s *Service) none(ctx context.Context, user, marker *string, maxItems *int64) (truncated *bool, err error) {
	if _, err := newPaging(marker, maxItems); err != nil {
		return nil, err
	}
	return new(false), s.view(ctx, func(t *txn) error {
		if user == nil && wire.CallFrom(ctx).IsRoot() {
			return nil
		}
		name, err := callingUser(ctx, user)
		if err != nil {
			return err
		}
		_, err = t.user(name)
		return err
	})
}

// ListMFADevices answers with no devices.
func (s *Service) ListMFADevices(ctx context.Context, in *ListMFADevicesInput) (*ListMFADevicesOutput, error) {
	truncated, err := s.none(ctx, in.UserName, in.Marker, in.MaxItems)
	return &ListMFADevicesOutput{MFADevices: []MFADevice{}, IsTruncated: truncated}, err
}

// ListVirtualMFADevices answers with no devices.
func (s *Service) ListVirtualMFADevices(_ context.Context, in *ListVirtualMFADevicesInput) (*ListVirtualMFADevicesOutput, error) {
	if in.AssignmentStatus != nil {
		if err := oneOf(*in.AssignmentStatus, "assignmentStatus", "Assigned", "Unassigned", "Any"); err != nil {
			return nil, err
		}
	}
	_, err := newPaging(in.Marker, in.MaxItems)
	return &ListVirtualMFADevicesOutput{VirtualMFADevices: []VirtualMFADevice{}, IsTruncated: new(false)}, err
}

// ListSSHPublicKeys answers with no keys.
func (s *Service) ListSSHPublicKeys(ctx context.Context, in *ListSSHPublicKeysInput) (*ListSSHPublicKeysOutput, error) {
	truncated, err := s.none(ctx, in.UserName, in.Marker, in.MaxItems)
	return &ListSSHPublicKeysOutput{SSHPublicKeys: []SSHPublicKeyMetadata{}, IsTruncated: truncated}, err
}

// ListSigningCertificates answers with no certificates.
func (s *Service) ListSigningCertificates(ctx context.Context, in *ListSigningCertificatesInput) (*ListSigningCertificatesOutput, error) {
	truncated, err := s.none(ctx, in.UserName, in.Marker, in.MaxItems)
	return &ListSigningCertificatesOutput{Certificates: []SigningCertificate{}, IsTruncated: truncated}, err
}

// ListServiceSpecificCredentials answers with no credentials.
func (s *Service) ListServiceSpecificCredentials(ctx context.Context, in *ListServiceSpecificCredentialsInput) (*ListServiceSpecificCredentialsOutput, error) {
	out := &ListServiceSpecificCredentialsOutput{ServiceSpecificCredentials: []ServiceSpecificCredentialMetadata{}, IsTruncated: new(false)}
	if in.AllUsers != nil && *in.AllUsers {
		return out, nil
	}
	_, err := s.none(ctx, in.UserName, in.Marker, in.MaxItems)
	return out, err
}
