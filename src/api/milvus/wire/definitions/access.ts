// Users, roles and what they may do. In the notation of api/grpc/notation.ts.

export const access = `
CreateCredentialRequest:
  base MsgBase 1, username text 2, password text 3, created_utc_timestamps u64 4,
  modified_utc_timestamps u64 5, description text? 6
UpdateCredentialRequest:
  base MsgBase 1, username text 2, oldPassword text 3, newPassword text 4, created_utc_timestamps u64 5,
  modified_utc_timestamps u64 6, description text? 7
DeleteCredentialRequest: base MsgBase 1, username text 2
ListCredUsersRequest: base MsgBase 1
ListCredUsersResponse: status Status 1, usernames [text] 2
CreateRoleRequest: base MsgBase 1, entity RoleEntity 2
RoleEntity: name text 1, description text 2
AlterRoleRequest: base MsgBase 1, role_name text 2, description text 3
DropRoleRequest: base MsgBase 1, role_name text 2, force_drop bool 3
OperateUserRoleRequest: base MsgBase 1, username text 2, role_name text 3, type OperateUserRoleType 4
OperateUserRoleType = AddUserToRole RemoveUserFromRole
SelectRoleRequest: base MsgBase 1, role RoleEntity 2, include_user_info bool 3
SelectRoleResponse: status Status 1, results [RoleResult] 2
RoleResult: role RoleEntity 1, users [UserEntity] 2
UserEntity: name text 1
SelectUserRequest: base MsgBase 1, user UserEntity 2, include_role_info bool 3
SelectUserResponse: status Status 1, results [UserResult] 2
UserResult: user UserEntity 1, roles [RoleEntity] 2, description text 3
OperatePrivilegeRequest: base MsgBase 1, entity GrantEntity 2, type OperatePrivilegeType 3, version text 4
GrantEntity:
  role RoleEntity 1, object ObjectEntity 2, object_name text 3, grantor GrantorEntity 4, db_name text 5
ObjectEntity: name text 1
GrantorEntity: user UserEntity 1, privilege PrivilegeEntity 2
PrivilegeEntity: name text 1
OperatePrivilegeType = Grant Revoke
OperatePrivilegeV2Request:
  base MsgBase 1, role RoleEntity 2, grantor GrantorEntity 3, type OperatePrivilegeType 4, db_name text 5,
  collection_name text 6
SelectGrantRequest: base MsgBase 1, entity GrantEntity 2
SelectGrantResponse: status Status 1, entities [GrantEntity] 2
BackupRBACMetaRequest: base MsgBase 1
BackupRBACMetaResponse: status Status 1, RBAC_meta RBACMeta 2
RBACMeta:
  users [UserInfo] 1, roles [RoleEntity] 2, grants [GrantEntity] 3,
  privilege_groups [PrivilegeGroupInfo] 4
UserInfo: user text 1, password text 2, roles [RoleEntity] 3
PrivilegeGroupInfo: group_name text 1, privileges [PrivilegeEntity] 2
RestoreRBACMetaRequest: base MsgBase 1, RBAC_meta RBACMeta 2
CreatePrivilegeGroupRequest: base MsgBase 1, group_name text 2
DropPrivilegeGroupRequest: base MsgBase 1, group_name text 2
ListPrivilegeGroupsRequest: base MsgBase 1
ListPrivilegeGroupsResponse: status Status 1, privilege_groups [PrivilegeGroupInfo] 2
OperatePrivilegeGroupRequest:
  base MsgBase 1, group_name text 2, privileges [PrivilegeEntity] 3, type OperatePrivilegeGroupType 4
OperatePrivilegeGroupType = AddPrivilegesToGroup RemovePrivilegesFromGroup
`
