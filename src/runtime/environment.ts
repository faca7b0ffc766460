/** The process' environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>

export function systemEnvironment(): Environment {
  return { ...process.env }
}
