import type { Handlers } from '../rpcs/handler.ts'
import { operatePrivilege, operatePrivilegeV2, selectGrant } from './handlers/grants.ts'
import { createGroup, dropGroup, listGroups, operateGroup } from './handlers/privilege-groups.ts'
import { alterRole, createRole, dropRole, operateUserRole, selectRole } from './handlers/roles.ts'
import {
  createCredential,
  deleteCredential,
  listUsers,
  selectUser,
  updateCredential,
} from './handlers/users.ts'

/** Users, their roles, and what is granted to these. */
export const accessRpcs: Handlers = {
  CreateCredential: createCredential,
  UpdateCredential: updateCredential,
  DeleteCredential: deleteCredential,
  ListCredUsers: listUsers,
  SelectUser: selectUser,
  CreateRole: createRole,
  AlterRole: alterRole,
  DropRole: dropRole,
  OperateUserRole: operateUserRole,
  SelectRole: selectRole,
  OperatePrivilege: operatePrivilege,
  OperatePrivilegeV2: operatePrivilegeV2,
  SelectGrant: selectGrant,
  CreatePrivilegeGroup: createGroup,
  DropPrivilegeGroup: dropGroup,
  ListPrivilegeGroups: listGroups,
  OperatePrivilegeGroup: operateGroup,
}
