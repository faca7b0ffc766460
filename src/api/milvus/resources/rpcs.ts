import type { MilvusDoor } from '../door.ts'
import type { Handlers } from '../rpcs/handler.ts'
import { MilvusError } from '../status.ts'

export const resourceRpcs: Handlers = {
  ListResourceGroups: listResourceGroups,
  DescribeResourceGroup: describeResourceGroup,
}

/** The group of all nodes, which is this server. */
const defaultGroup = '__default_resource_group'
const groupNotFound = 300
const nodesMax = 1_000_000

function listResourceGroups(): object {
  return { resource_groups: [defaultGroup] }
}

/** @throws 300 */
function describeResourceGroup(_door: MilvusDoor, request: { readonly resource_group: string }): object {
  const { resource_group: name } = request
  if (name !== defaultGroup) throw new MilvusError(groupNotFound, `resource group not found[rg=${name}]`)
  const config = { requests: { node_num: 0 }, limits: { node_num: nodesMax } }
  return {
    resource_group: { name, capacity: nodesMax, num_available_node: 1, config },
  }
}
