// Computes for as many milliseconds as it is told and answers how many rounds of it there were in each: additions and products that
// do not wait for each other, of 2 KiB, so that nothing but the processor counts.
import { parentPort } from 'node:worker_threads'

const values = new Float32Array(512).fill(1.1)

function round() {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let i = 0; i < values.length; i += 8) {
    a += values[i] * values[i]
    b += values[i + 1] * values[i + 1]
    c += values[i + 2] * values[i + 2]
    d += values[i + 3] * values[i + 3]
    e += values[i + 4] * values[i + 4]
    f += values[i + 5] * values[i + 5]
    g += values[i + 6] * values[i + 6]
    h += values[i + 7] * values[i + 7]
  }
  return a + b + c + d + e + f + g + h
}

let sum = 0

function roundsPerMs(ms) {
  const start = performance.now()
  let rounds = 0
  let elapsed = 0
  while (elapsed < ms) {
    for (let i = 0; i < 20; i++) sum += round()
    rounds += 20
    elapsed = performance.now() - start
  }
  // Nobody may leave out what has no use.
  if (Number.isNaN(sum)) throw new Error('A sum of numbers is a number')
  return rounds / elapsed
}

parentPort.on('message', (ms) => parentPort.postMessage(roundsPerMs(ms)))
