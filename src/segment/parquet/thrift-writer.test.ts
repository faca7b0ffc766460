import { expect, test } from 'vitest'
import { thriftTypes, ThriftReader } from './thrift.ts'
import { ThriftWriter } from './thrift-writer.ts'

test('a struct is read as it was written, whatever lies between its fields', () => {
  const items = Array.from({ length: 20 }, (_, index) => index - 10)
  const bytes = ThriftWriter.struct((out) => {
    out.i32(1, -1)
    out.i64(3, 2 ** 52)
    out.structs(4, items, (item, index) => {
      out.i32(2, item)
      out.binary(40, `item ${index}`)
    })
    out.bool(5, false)
    out.binary(100, Buffer.alloc(3_000, 'x'))
    out.struct(101, () => out.i64(2, -(2 ** 52)))
    out.ints(102, 'i64', [0, 127, 128, -65])
    out.texts(103, ['', 'é'])
    out.i16(104, 300)
    out.i8(105, 64)
    out.bool(106, true)
  })
  const found: unknown[] = []
  const reader = new ThriftReader(Buffer.from(bytes))
  const numbers: unknown[] = []
  const texts: string[] = []
  reader.struct((field, type) => {
    if (type === thriftTypes.true || type === thriftTypes.false)
      found.push([field, type === thriftTypes.true])
    else if (type === thriftTypes.i32 || type === thriftTypes.i64 || type === thriftTypes.i16)
      found.push([field, reader.int()])
    else if (type === thriftTypes.binary) found.push([field, reader.text().length])
    else if (type === thriftTypes.struct)
      reader.struct((inner) => {
        found.push([field, inner, reader.int()])
        return true
      })
    else if (field === 102) reader.list(thriftTypes.i64, () => numbers.push(reader.int()))
    else if (field === 103) reader.list(thriftTypes.binary, () => texts.push(reader.text()))
    else if (field === 4) {
      reader.list(thriftTypes.struct, () =>
        reader.struct((inner) => {
          numbers.push(inner === 2 ? reader.int() : reader.text())
          return true
        }),
      )
    } else return false
    return true
  })
  expect(found).toEqual([
    [1, -1],
    [3, 2 ** 52],
    [5, false],
    [100, 3_000],
    [101, 2, -(2 ** 52)],
    [104, 300],
    [106, true],
  ])
  expect(numbers).toEqual([...items.flatMap((item, index) => [item, `item ${index}`]), 0, 127, 128, -65])
  expect(texts).toEqual(['', 'é'])
  expect(reader.offset).toBe(bytes.length)
})
