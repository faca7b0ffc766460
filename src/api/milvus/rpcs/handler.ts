import type { Call, MilvusDoor } from '../door.ts'

/** Answers one RPC: the fields of its response, `status` being success unless it says otherwise. */
export type Handler<Request> = (door: MilvusDoor, request: Request, call: Call) => object | Promise<object>

/** The handlers of a family, by the name of the RPC. Requests are messages as they were decoded. */
export type Handlers = Readonly<Record<string, Handler<never>>>
