import { destination, pino, stdSerializers, type DestinationStream } from 'pino'
import { systemClock } from '../runtime/clock.ts'
import { levelsByName, type LevelledLogger } from '../runtime/logger.ts'

/** Names under which secrets could reach a log line by mistake. */
const secrets = ['api_key', 'apiKey', 'api-key', 'authorization', 'password', 'secret_key', 'token']

/** JSON lines on stderr. Written synchronously: the last line before a crash is the one that matters. */
export function createJsonLogger(
  level: 'error' | 'info' | 'debug',
  target: DestinationStream = destination({ dest: 2, sync: true }),
): LevelledLogger {
  const sink = pino(
    {
      level,
      base: {},
      timestamp: () => `,"time":"${new Date(systemClock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err },
      redact: { paths: secrets.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '<secret>' },
    },
    target,
  )
  return {
    error: (message, details) => sink.error(details ?? {}, message),
    info: (message, details) => sink.info(details ?? {}, message),
    debug: (message, details) => sink.debug(details ?? {}, message),
    get level() {
      return sink.level.toUpperCase()
    },
    setLevel(name) {
      const level = levelOf(name)
      if (level !== undefined) sink.level = level
      return level !== undefined
    },
  }
}

function levelOf(name: string): 'error' | 'info' | 'debug' | undefined {
  const key = name.toLowerCase()
  return Object.hasOwn(levelsByName, key) ? levelsByName[key] : undefined
}
