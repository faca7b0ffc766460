import { Worker } from 'node:worker_threads'
import { crc32c } from '../encoding/crc32c.ts'
import { expect, test } from 'vitest'
import { readGraph } from './graph-reader.ts'
import { writeGraph } from './graph-writer.ts'
import { VectorColumn, type VectorColumnImage } from './vector-column.ts'

function columnOf(dimensions: number, rows: readonly (Float32Array | undefined)[]): VectorColumn {
  const column = new VectorColumn(dimensions)
  for (const row of rows) column.append(row)
  return column
}

test('the bytes are what docs/format/segment-graph.md says', () => {
  const column = columnOf(3, [Float32Array.of(1, 2, 3), undefined, Float32Array.of(-1, 0.5, 0)])
  const file = Buffer.concat(writeGraph(column))
  const numbers = (from: number, to: number) => {
    const found: number[] = []
    for (let at = from; at < to; at += 4) found.push(file.readUInt32LE(at))
    return found
  }
  expect(file.subarray(0, 8).toString('latin1')).toBe('SPGRAPH\0')
  // Version, dimensions, stride, element type, rows, rows with a vector, sections.
  expect(numbers(8, 36)).toEqual([1, 3, 4, 1, 3, 2, 2])
  expect(file.readUInt32LE(36)).toBe(crc32c(Buffer.concat([file.subarray(0, 36), file.subarray(40, 88)])))
  // Kind, checksum, offset and length of each section.
  expect(numbers(40, 64)).toEqual([1, crc32c(file.subarray(96, 100)), 96, 0, 4, 0])
  expect(numbers(64, 88)).toEqual([2, crc32c(file.subarray(112, 160)), 112, 0, 48, 0])
  expect(numbers(88, 96)).toEqual([0, 0])
  expect(numbers(96, 112)).toEqual([0b101, 0, 0, 0])
  const floats = new Float32Array(new Uint8Array(file.subarray(112)).buffer)
  expect([...floats]).toEqual([1, 2, 3, 0, 0, 0, 0, 0, -1, 0.5, 0, 0])
  column.dispose()
})

test('the vectors are not copied', () => {
  const column = columnOf(8, [new Float32Array(8).fill(1)])
  const { memory, offset } = column.image().chunks[0]!
  const part = writeGraph(column).at(-1)!
  expect(part.buffer).toBe(memory.buffer)
  expect([part.byteOffset, part.byteLength]).toEqual([offset, 32])
  column.dispose()
})

test('an image holds the rows of its moment, though the column goes on growing', () => {
  const column = columnOf(2, [Float32Array.of(1, 2), undefined, Float32Array.of(3, 4)])
  const before = Buffer.concat(writeGraph(column))
  const image = column.image()
  for (let row = 3; row < 200; row++) column.append(Float32Array.of(row, row))
  expect(Buffer.concat(writeGraph(image)).equals(before)).toBe(true)
  const read = readGraph(Buffer.concat(writeGraph(image)), { dimensions: 2, rowCount: 3 })
  expect([read.rowCount, read.presentCount]).toEqual([3, 2])
  read.dispose()
  column.dispose()
})

// Plain JavaScript, which loads the sources through tsx.
const worker = `
  const { parentPort, workerData } = require('node:worker_threads')
  parentPort.once('message', async (image) => {
    const { tsImport } = await import(workerData.loader)
    const { writeGraph } = await tsImport(workerData.writer, workerData.writer)
    const { memory, offset } = image.chunks[0]
    parentPort.postMessage({
      parts: writeGraph(image).map((part) => new Uint8Array(part)),
      first: new Float32Array(memory.buffer, offset, 1),
    })
  })
`

test('another thread writes the same file from the image, over the same memory', async () => {
  const rows = Array.from({ length: 5_000 }, (_, row) =>
    row % 5 === 2 ? undefined : new Float32Array(300).fill(row),
  )
  const column = columnOf(300, rows)
  expect(column.image().chunks.length).toBeGreaterThan(1)
  const { parts, first } = await askWorker(column.image())
  expect(Buffer.concat(parts).equals(Buffer.concat(writeGraph(column)))).toBe(true)
  // What the thread hands back is this memory: a change shows here.
  first[0] = 77
  expect(column.get(0)![0]).toBe(77)
  column.dispose()
})

async function askWorker(image: VectorColumnImage): Promise<{ parts: Uint8Array[]; first: Float32Array }> {
  const loader = import.meta.resolve('tsx/esm/api')
  const writer = new URL('./graph-writer.ts', import.meta.url).href
  const thread = new Worker(worker, { eval: true, workerData: { loader, writer } })
  try {
    return await new Promise((resolve, reject) => {
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.postMessage(image)
    })
  } finally {
    await thread.terminate()
  }
}
