import { codes, MilvusError } from '../status.ts'

const nameBytesMax = 255
const form = /^[A-Za-z0-9_-]*$/
const first = /^[A-Za-z0-9_]/

/** Milvus' rule, which lets partitions begin with a digit and have hyphens. @throws 65535 */
export function checkPartitionName(given: string): void {
  const name = given.trim()
  const fail = (text: string): MilvusError =>
    new MilvusError(codes.unexpected, `Invalid partition name: ${name}. ${text}`)
  if (name === '') throw fail('Partition name should not be empty.')
  if (Buffer.byteLength(name) > nameBytesMax)
    throw fail(`The length of a partition name must be less than ${nameBytesMax} characters.`)
  if (!first.test(name))
    throw fail('The first character of a partition name must be an underscore or letter.')
  if (!form.test(name)) throw fail('Partition name can only contain numbers, letters and underscores.')
}
