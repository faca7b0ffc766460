import { ok, same, type Draw, type Operation } from './draw.ts'

export function maintain(draw: Draw): Operation {
  const kind = draw.pick(['flush', 'flush', 'optimize', 'collect garbage', 'sweep'] as const)!
  return {
    text: kind,
    send: async () => {
      if (kind === 'flush') await draw.db.flush()
      else if (kind === 'optimize') await draw.db.optimize()
      else if (kind === 'sweep') await draw.around.folder.sweep()
      else await draw.db.collectGarbage()
      return { text: ok }
    },
    possibilities: (state) => [same(state, ok)],
  }
}

export function sleep(draw: Draw): Operation {
  const ms = draw.int(4) === 0 ? draw.int(90_000) : draw.int(500)
  return {
    text: `sleep ${ms} ms`,
    send: async () => {
      await draw.around.sleep(ms)
      return { text: ok }
    },
    possibilities: (state) => [same(state, ok)],
  }
}

export function jumpClock(draw: Draw): Operation {
  const size = draw.pick([60_000, 86_400_000, 40 * 365 * 86_400_000])!
  const ms = (draw.int(2) === 0 ? 1 : -1) * draw.int(size)
  return {
    text: 'clock jump',
    send: async () => {
      draw.around.jumpClock(ms)
      return { text: ok }
    },
    possibilities: (state) => [same(state, ok)],
  }
}
