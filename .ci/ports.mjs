// Preloaded (`node --import`) into runners of recorded conversations that run side by side: whoever asks for any free port
// gets one of the range STILLPOINT_CI_PORTS (FIRST-LAST, both inclusive) that is free.
//
// A runner looks for a free port, lets it go and starts a server there a moment later. Of the system's own ports another runner,
// or the near end of any connection, may be given the same one in between, and a scenario then talks to another's server.
import { Server } from 'node:net'

const range = /^(\d+)-(\d+)$/.exec(process.env['STILLPOINT_CI_PORTS'] ?? '')
if (range === null) throw new Error('STILLPOINT_CI_PORTS must be FIRST-LAST')
const [first, last] = range.slice(1).map(Number)
const { listen } = Server.prototype
let next = first

Server.prototype.listen = function (port, host, ...rest) {
  if (port !== 0) return listen.call(this, port, host, ...rest)
  let attempts = 0
  const attempt = () => {
    listen.call(this, next, host)
    next = next === last ? first : next + 1
  }
  const onError = (error) => {
    if (error.code !== 'EADDRINUSE' || ++attempts > last - first) throw error
    attempt()
  }
  this.on('error', onError)
  this.once('listening', () => {
    this.off('error', onError)
    for (const listener of rest) listener.call(this)
  })
  attempt()
  return this
}
