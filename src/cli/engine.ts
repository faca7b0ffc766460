/**
 * The engine, loaded when it is called: a command that only asks a server starts without it. Such commands take types from
 * src/index.ts, and JSON and errors from where they are made.
 */
export const engine = () => import('../index.ts')
