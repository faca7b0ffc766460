import type { Rights } from './rights.ts'

/** What a request shows of who sends it: two headers, or entries of gRPC's metadata of the same names. */
export interface Credentials {
  /** `api-key`; comes first. A key or a token. */
  readonly apiKey: string | undefined
  /** `authorization`; `Bearer ` and a key or a token. */
  readonly authorization: string | undefined
}

/** Knows the keys and tokens of one server. */
export interface Guard {
  /** @throws WireError 401, 403 with the whole text of the answer, which has no envelope */
  authenticate(credentials: Credentials): Promise<Rights>
}
