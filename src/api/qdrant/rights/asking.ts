import type { FastifyRequest } from 'fastify'
import { assert } from '../../../runtime/assert.ts'
import type { Guard } from './guard.ts'
import { Rights, type Requirement } from './rights.ts'
import { requirementFor, routeRequirement } from './route-requirements.ts'

// Who sent a request is found out before its body is read (server/auth for HTTP, the gRPC door for its calls) and noted
// here. Most requests are refused at that point; a few routes read the request first and then ask themselves.

interface Asking {
  readonly rights: Rights
  /** What the route still has to ask for. */
  readonly pending: Requirement | undefined
}

const askings = new WeakMap<FastifyRequest, Asking>()

/**
 * Notes who sent a request, and refuses it unless its route asks later.
 * @throws WireError 403
 */
export function admit(
  request: FastifyRequest,
  rights: Rights,
  route: { method: string; pattern: string },
): void {
  const { collection = '' } = (request.params ?? {}) as { readonly collection?: string }
  const found = routeRequirement(route.method, route.pattern)
  const requirement = requirementFor(found, collection)
  const isLater = found.manner === 'later'
  if (!isLater) rights.require(requirement)
  askings.set(request, { rights, pending: isLater ? requirement : undefined })
}

/** What the sender of a request may do. Only a server without keys may not know. */
export function rightsOf({ guard }: { readonly guard?: Guard }, request: FastifyRequest): Rights {
  const asking = askings.get(request)
  if (asking !== undefined) return asking.rights
  assert(guard === undefined, 'a request has come past the guard')
  return Rights.everything
}

/** For routes that ask once they have read the request. @throws WireError 403 */
export function askNow(door: { readonly guard?: Guard }, request: FastifyRequest): void {
  const rights = rightsOf(door, request)
  const pending = askings.get(request)?.pending
  if (pending !== undefined) rights.require(pending)
}
