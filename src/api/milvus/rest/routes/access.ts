import { doing, type RestCall, type RestRoutes } from '../route.ts'

// Passwords are plain texts here, and base64 in calls.

export const userRoutes: RestRoutes = {
  '/users/list': async (request) => {
    const { usernames } = (await request.rpc('ListCredUsers', {})) as { usernames: readonly string[] }
    return { data: [...usernames] }
  },
  '/users/describe': async (request) => {
    const name = request.body.neededText('userName')
    const { results } = (await request.rpc('SelectUser', { user: { name }, include_role_info: true })) as {
      readonly results: readonly { readonly roles: readonly { readonly name: string }[] }[]
    }
    return { data: results.flatMap(({ roles }) => roles.map((role) => role.name)) }
  },
  '/users/create': doing('CreateCredential', ({ body }) => ({
    username: body.neededText('userName'),
    password: base64(body.neededText('password')),
  })),
  '/users/update_password': doing('UpdateCredential', ({ body }) => ({
    username: body.neededText('userName'),
    oldPassword: base64(body.text('password')),
    newPassword: base64(body.neededText('newPassword')),
  })),
  '/users/drop': doing('DeleteCredential', ({ body }) => ({ username: body.neededText('userName') })),
  '/users/grant_role': doing('OperateUserRole', (request) => userRole(request, 0)),
  '/users/revoke_role': doing('OperateUserRole', (request) => userRole(request, 1)),
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function userRole({ body }: RestCall, type: number): object {
  return { username: body.neededText('userName'), role_name: body.neededText('roleName'), type }
}

interface GrantMessage {
  readonly object: { readonly name: string }
  readonly object_name: string
  readonly grantor: {
    readonly user: { readonly name: string }
    readonly privilege: { readonly name: string }
  }
  readonly db_name: string
}

export const roleRoutes: RestRoutes = {
  '/roles/list': async (request) => {
    const { results } = (await request.rpc('SelectRole', {})) as {
      readonly results: readonly { readonly role: { readonly name: string } }[]
    }
    return { data: results.map(({ role }) => role.name) }
  },
  '/roles/describe': async (request) => {
    const entity = { role: { name: request.body.neededText('roleName') } }
    const { entities } = (await request.rpc('SelectGrant', { entity })) as {
      readonly entities: readonly GrantMessage[]
    }
    return {
      data: entities.map((grant) => ({
        objectType: grant.object.name,
        objectName: grant.object_name,
        privilege: grant.grantor.privilege.name,
        dbName: grant.db_name,
        grantor: grant.grantor.user.name,
      })),
    }
  },
  '/roles/create': doing('CreateRole', ({ body }) => ({
    entity: { name: body.neededText('roleName'), description: body.text('description') },
  })),
  '/roles/drop': doing('DropRole', ({ body }) => ({
    role_name: body.neededText('roleName'),
    force_drop: body.flag('forceDrop'),
  })),
  '/roles/grant_privilege': doing('OperatePrivilege', (request) => grant(request, 0)),
  '/roles/revoke_privilege': doing('OperatePrivilege', (request) => grant(request, 1)),
  '/roles/grant_privilege_v2': doing('OperatePrivilegeV2', (request) => grantV2(request, 0)),
  '/roles/revoke_privilege_v2': doing('OperatePrivilegeV2', (request) => grantV2(request, 1)),
}

function grant({ body, database }: RestCall, type: number): object {
  return {
    entity: {
      role: { name: body.neededText('roleName') },
      object: { name: body.neededText('objectType') },
      object_name: body.neededText('objectName'),
      grantor: { privilege: { name: body.neededText('privilege') } },
      db_name: database,
    },
    type,
  }
}

function grantV2({ body, database }: RestCall, type: number): object {
  return {
    role: { name: body.neededText('roleName') },
    grantor: { privilege: { name: body.neededText('privilege') } },
    db_name: database,
    collection_name: body.text('collectionName') || '*',
    type,
  }
}

export const privilegeGroupRoutes: RestRoutes = {
  '/privilege_groups/list': async (request) => {
    const answer = (await request.rpc('ListPrivilegeGroups', {})) as {
      readonly privilege_groups: readonly {
        readonly group_name: string
        readonly privileges: readonly { readonly name: string }[]
      }[]
    }
    return {
      data: answer.privilege_groups.map(({ group_name, privileges }) => ({
        privilegeGroupName: group_name,
        privileges: privileges.map(({ name }) => name).join(','),
      })),
    }
  },
  '/privilege_groups/create': doing('CreatePrivilegeGroup', groupName),
  '/privilege_groups/drop': doing('DropPrivilegeGroup', groupName),
  '/privilege_groups/add_privileges_to_group': doing('OperatePrivilegeGroup', (request) =>
    members(request, 0),
  ),
  '/privilege_groups/remove_privileges_from_group': doing('OperatePrivilegeGroup', (request) =>
    members(request, 1),
  ),
}

function groupName({ body }: RestCall): object {
  return { group_name: body.neededText('privilegeGroupName') }
}

function members(request: RestCall, type: number): object {
  const privileges = request.body.texts('privileges').map((name) => ({ name }))
  return { ...groupName(request), privileges, type }
}
