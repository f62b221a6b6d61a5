package iam

import (
	"context"
	"strings"

	"atoll/internal/cloud/state"
	"atoll/internal/cloud/wire"
)

// Operations is the table of what the service answers.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Write(s.AddClientIDToOpenIDConnectProvider, resource(func(in *AddClientIDToOpenIDConnectProviderInput) *string { return in.OpenIDConnectProviderArn })),
		wire.Write(s.AddRoleToInstanceProfile, profileResource(s, func(in *AddRoleToInstanceProfileInput) *string { return in.InstanceProfileName })),
		wire.Write(s.AddUserToGroup, groupResource(s, func(in *AddUserToGroupInput) *string { return in.GroupName })),
		wire.Write(s.AttachGroupPolicy, groupResource(s, func(in *AttachGroupPolicyInput) *string { return in.GroupName })),
		wire.Write(s.AttachRolePolicy, roleResource(s, func(in *AttachRolePolicyInput) *string { return in.RoleName })),
		wire.Write(s.AttachUserPolicy, userResource(s, func(in *AttachUserPolicyInput) *string { return in.UserName })),
		wire.Write(s.CreateAccessKey, userResource(s, func(in *CreateAccessKeyInput) *string { return in.UserName })),
		wire.Write(s.CreateAccountAlias),
		wire.Write(s.CreateGroup, newResource("group", func(in *CreateGroupInput) (path, name *string) { return in.Path, in.GroupName })),
		wire.Write(s.CreateInstanceProfile, newResource("instance-profile", func(in *CreateInstanceProfileInput) (path, name *string) { return in.Path, in.InstanceProfileName })),
		wire.Write(s.CreateLoginProfile, userResource(s, func(in *CreateLoginProfileInput) *string { return in.UserName })),
		wire.Write(s.CreateOpenIDConnectProvider, wire.On(func(ctx context.Context, in *CreateOpenIDConnectProviderInput) []string {
			return []string{providerARN(wire.CallFrom(ctx).Account, strings.TrimPrefix(*in.Url, "https://"))}
		})),
		wire.Write(s.CreatePolicy, newResource("policy", func(in *CreatePolicyInput) (path, name *string) { return in.Path, in.PolicyName })),
		wire.Write(s.CreatePolicyVersion, resource(func(in *CreatePolicyVersionInput) *string { return in.PolicyArn })),
		wire.Write(s.CreateRole, newResource("role", func(in *CreateRoleInput) (path, name *string) { return in.Path, in.RoleName })),
		wire.Write(s.CreateServiceLinkedRole),
		wire.Write(s.CreateUser, newResource("user", func(in *CreateUserInput) (path, name *string) { return in.Path, in.UserName })),
		wire.Write(s.DeleteAccessKey, userResource(s, func(in *DeleteAccessKeyInput) *string { return in.UserName })),
		wire.Write(s.DeleteAccountAlias),
		wire.Write(s.DeleteAccountPasswordPolicy),
		wire.Write(s.DeleteGroup, groupResource(s, func(in *DeleteGroupInput) *string { return in.GroupName })),
		wire.Write(s.DeleteGroupPolicy, groupResource(s, func(in *DeleteGroupPolicyInput) *string { return in.GroupName })),
		wire.Write(s.DeleteInstanceProfile, profileResource(s, func(in *DeleteInstanceProfileInput) *string { return in.InstanceProfileName })),
		wire.Write(s.DeleteLoginProfile, userResource(s, func(in *DeleteLoginProfileInput) *string { return in.UserName })),
		wire.Write(s.DeleteOpenIDConnectProvider, resource(func(in *DeleteOpenIDConnectProviderInput) *string { return in.OpenIDConnectProviderArn })),
		wire.Write(s.DeletePolicy, resource(func(in *DeletePolicyInput) *string { return in.PolicyArn })),
		wire.Write(s.DeletePolicyVersion, resource(func(in *DeletePolicyVersionInput) *string { return in.PolicyArn })),
		wire.Write(s.DeleteRole, roleResource(s, func(in *DeleteRoleInput) *string { return in.RoleName })),
		wire.Write(s.DeleteRolePermissionsBoundary, roleResource(s, func(in *DeleteRolePermissionsBoundaryInput) *string { return in.RoleName })),
		wire.Write(s.DeleteRolePolicy, roleResource(s, func(in *DeleteRolePolicyInput) *string { return in.RoleName })),
		wire.Write(s.DeleteServiceLinkedRole, roleResource(s, func(in *DeleteServiceLinkedRoleInput) *string { return in.RoleName })),
		wire.Write(s.DeleteUser, userResource(s, func(in *DeleteUserInput) *string { return in.UserName })),
		wire.Write(s.DeleteUserPermissionsBoundary, userResource(s, func(in *DeleteUserPermissionsBoundaryInput) *string { return in.UserName })),
		wire.Write(s.DeleteUserPolicy, userResource(s, func(in *DeleteUserPolicyInput) *string { return in.UserName })),
		wire.Write(s.DetachGroupPolicy, groupResource(s, func(in *DetachGroupPolicyInput) *string { return in.GroupName })),
		wire.Write(s.DetachRolePolicy, roleResource(s, func(in *DetachRolePolicyInput) *string { return in.RoleName })),
		wire.Write(s.DetachUserPolicy, userResource(s, func(in *DetachUserPolicyInput) *string { return in.UserName })),
		wire.Read(s.GetAccountPasswordPolicy),
		wire.Read(s.GetGroup, groupResource(s, func(in *GetGroupInput) *string { return in.GroupName })),
		wire.Read(s.GetGroupPolicy, groupResource(s, func(in *GetGroupPolicyInput) *string { return in.GroupName })),
		wire.Read(s.GetInstanceProfile, profileResource(s, func(in *GetInstanceProfileInput) *string { return in.InstanceProfileName })),
		wire.Read(s.GetLoginProfile, userResource(s, func(in *GetLoginProfileInput) *string { return in.UserName })),
		wire.Read(s.GetOpenIDConnectProvider, resource(func(in *GetOpenIDConnectProviderInput) *string { return in.OpenIDConnectProviderArn })),
		wire.Read(s.GetPolicy, resource(func(in *GetPolicyInput) *string { return in.PolicyArn })),
		wire.Read(s.GetPolicyVersion, resource(func(in *GetPolicyVersionInput) *string { return in.PolicyArn })),
		wire.Read(s.GetRole, roleResource(s, func(in *GetRoleInput) *string { return in.RoleName })),
		wire.Read(s.GetRolePolicy, roleResource(s, func(in *GetRolePolicyInput) *string { return in.RoleName })),
		wire.Read(s.GetServiceLinkedRoleDeletionStatus),
		wire.Read(s.GetUser, userResource(s, func(in *GetUserInput) *string { return in.UserName })),
		wire.Read(s.GetUserPolicy, userResource(s, func(in *GetUserPolicyInput) *string { return in.UserName })),
		wire.Read(s.GetAccessKeyLastUsed),
		wire.Read(s.ListAccessKeys, userResource(s, func(in *ListAccessKeysInput) *string { return in.UserName })),
		wire.Read(s.ListAccountAliases),
		wire.Read(s.ListAttachedGroupPolicies, groupResource(s, func(in *ListAttachedGroupPoliciesInput) *string { return in.GroupName })),
		wire.Read(s.ListAttachedRolePolicies, roleResource(s, func(in *ListAttachedRolePoliciesInput) *string { return in.RoleName })),
		wire.Read(s.ListAttachedUserPolicies, userResource(s, func(in *ListAttachedUserPoliciesInput) *string { return in.UserName })),
		wire.Read(s.ListEntitiesForPolicy, resource(func(in *ListEntitiesForPolicyInput) *string { return in.PolicyArn })),
		wire.Read(s.ListGroupPolicies, groupResource(s, func(in *ListGroupPoliciesInput) *string { return in.GroupName })),
		wire.Read(s.ListGroups),
		wire.Read(s.ListGroupsForUser, userResource(s, func(in *ListGroupsForUserInput) *string { return in.UserName })),
		wire.Read(s.ListInstanceProfileTags, profileResource(s, func(in *ListInstanceProfileTagsInput) *string { return in.InstanceProfileName })),
		wire.Read(s.ListInstanceProfiles),
		wire.Read(s.ListInstanceProfilesForRole, roleResource(s, func(in *ListInstanceProfilesForRoleInput) *string { return in.RoleName })),
		wire.Read(s.ListMFADevices, userResource(s, func(in *ListMFADevicesInput) *string { return in.UserName })),
		wire.Read(s.ListOpenIDConnectProviderTags, resource(func(in *ListOpenIDConnectProviderTagsInput) *string { return in.OpenIDConnectProviderArn })),
		wire.Read(s.ListOpenIDConnectProviders),
		wire.Read(s.ListPolicies),
		wire.Read(s.ListPolicyTags, resource(func(in *ListPolicyTagsInput) *string { return in.PolicyArn })),
		wire.Read(s.ListPolicyVersions, resource(func(in *ListPolicyVersionsInput) *string { return in.PolicyArn })),
		wire.Read(s.ListRolePolicies, roleResource(s, func(in *ListRolePoliciesInput) *string { return in.RoleName })),
		wire.Read(s.ListRoleTags, roleResource(s, func(in *ListRoleTagsInput) *string { return in.RoleName })),
		wire.Read(s.ListRoles),
		wire.Read(s.ListSSHPublicKeys, userResource(s, func(in *ListSSHPublicKeysInput) *string { return in.UserName })),
		wire.Read(s.ListServiceSpecificCredentials, userResource(s, func(in *ListServiceSpecificCredentialsInput) *string { return in.UserName })),
		wire.Read(s.ListSigningCertificates, userResource(s, func(in *ListSigningCertificatesInput) *string { return in.UserName })),
		wire.Read(s.ListUserPolicies, userResource(s, func(in *ListUserPoliciesInput) *string { return in.UserName })),
		wire.Read(s.ListUserTags, userResource(s, func(in *ListUserTagsInput) *string { return in.UserName })),
		wire.Read(s.ListUsers),
		wire.Read(s.ListVirtualMFADevices),
		wire.Write(s.PutGroupPolicy, groupResource(s, func(in *PutGroupPolicyInput) *string { return in.GroupName })),
		wire.Write(s.PutRolePermissionsBoundary, roleResource(s, func(in *PutRolePermissionsBoundaryInput) *string { return in.RoleName })),
		wire.Write(s.PutRolePolicy, roleResource(s, func(in *PutRolePolicyInput) *string { return in.RoleName })),
		wire.Write(s.PutUserPermissionsBoundary, userResource(s, func(in *PutUserPermissionsBoundaryInput) *string { return in.UserName })),
		wire.Write(s.PutUserPolicy, userResource(s, func(in *PutUserPolicyInput) *string { return in.UserName })),
		wire.Write(s.RemoveClientIDFromOpenIDConnectProvider, resource(func(in *RemoveClientIDFromOpenIDConnectProviderInput) *string { return in.OpenIDConnectProviderArn })),
		wire.Write(s.RemoveRoleFromInstanceProfile, profileResource(s, func(in *RemoveRoleFromInstanceProfileInput) *string { return in.InstanceProfileName })),
		wire.Write(s.RemoveUserFromGroup, groupResource(s, func(in *RemoveUserFromGroupInput) *string { return in.GroupName })),
		wire.Write(s.SetDefaultPolicyVersion, resource(func(in *SetDefaultPolicyVersionInput) *string { return in.PolicyArn })),
		wire.Write(s.TagInstanceProfile, profileResource(s, func(in *TagInstanceProfileInput) *string { return in.InstanceProfileName })),
		wire.Write(s.TagOpenIDConnectProvider, resource(func(in *TagOpenIDConnectProviderInput) *string { return in.OpenIDConnectProviderArn })),
		wire.Write(s.TagPolicy, resource(func(in *TagPolicyInput) *string { return in.PolicyArn })),
		wire.Write(s.TagRole, roleResource(s, func(in *TagRoleInput) *string { return in.RoleName })),
		wire.Write(s.TagUser, userResource(s, func(in *TagUserInput) *string { return in.UserName })),
		wire.Write(s.UntagInstanceProfile, profileResource(s, func(in *UntagInstanceProfileInput) *string { return in.InstanceProfileName })),
		wire.Write(s.UntagOpenIDConnectProvider, resource(func(in *UntagOpenIDConnectProviderInput) *string { return in.OpenIDConnectProviderArn })),
		wire.Write(s.UntagPolicy, resource(func(in *UntagPolicyInput) *string { return in.PolicyArn })),
		wire.Write(s.UntagRole, roleResource(s, func(in *UntagRoleInput) *string { return in.RoleName })),
		wire.Write(s.UntagUser, userResource(s, func(in *UntagUserInput) *string { return in.UserName })),
		wire.Write(s.UpdateAccessKey, userResource(s, func(in *UpdateAccessKeyInput) *string { return in.UserName })),
		wire.Write(s.UpdateAccountPasswordPolicy),
		wire.Write(s.UpdateAssumeRolePolicy, roleResource(s, func(in *UpdateAssumeRolePolicyInput) *string { return in.RoleName })),
		wire.Write(s.UpdateGroup, groupResource(s, func(in *UpdateGroupInput) *string { return in.GroupName })),
		wire.Write(s.UpdateLoginProfile, userResource(s, func(in *UpdateLoginProfileInput) *string { return in.UserName })),
		wire.Write(s.UpdateOpenIDConnectProviderThumbprint, resource(func(in *UpdateOpenIDConnectProviderThumbprintInput) *string { return in.OpenIDConnectProviderArn })),
		wire.Write(s.UpdateRole, roleResource(s, func(in *UpdateRoleInput) *string { return in.RoleName })),
		wire.Write(s.UpdateRoleDescription, roleResource(s, func(in *UpdateRoleDescriptionInput) *string { return in.RoleName })),
		wire.Write(s.UpdateUser, userResource(s, func(in *UpdateUserInput) *string { return in.UserName })),
	}
}

// resource says that a call is about the ARN in its input.
func resource[I any](arn func(*I) *string) wire.Option {
	return wire.On(func(_ context.Context, in *I) []string { return []string{text(arn(in))} })
}

// newResource says that a call is about what it is going to make.
func newResource[I any](kind string, of func(*I) (path, name *string)) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		path, name := of(in)
		at := "/"
		if path != nil {
			at = *path
		}
		return []string{"arn:aws:iam::" + wire.CallFrom(ctx).Account + ":" + kind + at + text(name)}
	})
}

func roleResource[I any](s *Service, name func(*I) *string) wire.Option {
	return named(s, "role", name, s.roles, (*roleRecord).arn)
}

func userResource[I any](s *Service, name func(*I) *string) wire.Option {
	return named(s, "user", name, s.users, (*userRecord).arn)
}

func groupResource[I any](s *Service, name func(*I) *string) wire.Option {
	return named(s, "group", name, s.groups, (*groupRecord).arn)
}

func profileResource[I any](s *Service, name func(*I) *string) wire.Option {
	return named(s, "instance-profile", name, s.profiles, (*instanceProfileRecord).arn)
}

// named says that a call is about the entity with a name, whose path is in its record; without a name, about the caller.
func named[I, T any](s *Service, kind string, name func(*I) *string, table state.Table[T], arn func(*T, string) string) wire.Option {
	return wire.On(func(ctx context.Context, in *I) []string {
		call := wire.CallFrom(ctx)
		n := name(in)
		if n == nil {
			return []string{call.ARN}
		}
		found := "arn:aws:iam::" + call.Account + ":" + kind + "/" + *n
		_ = s.d.Store.View(func(tx *state.Tx) error {
			if r, ok := table.Get(tx, call.Global(), strings.ToLower(*n)); ok {
				found = arn(r, call.Account)
			}
			return nil
		})
		return []string{found}
	})
}
