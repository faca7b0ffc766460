import { codes, invalidParameter, MilvusError } from '../status.ts'

const nameLengthMax = 255
const userLengthMax = 32

/** @throws 1100 */
export function checkUserName(name: string): void {
  if (name.trim() === '') throw invalidParameter('username must be not empty')
  const invalid = `invalid user name ${name}`
  if (name.length > userLengthMax)
    throw invalidParameter(
      `invalid username ${name} with length ${name.length}, the length of username must be less than ${userLengthMax}`,
    )
  if (!/^[A-Za-z]/.test(name))
    throw invalidParameter(`${invalid}, the first character must be a letter, but got ${name.slice(0, 1)}`)
  const other = /[^\w.-]/.exec(name)?.[0]
  if (other !== undefined)
    throw invalidParameter(
      `${invalid}, username must contain only numbers, letters, underscores, dots, and hyphens, but got ${other}`,
    )
}

const passwordLengths = [6, 72] as const

/** @throws 1100 */
export function checkPassword(password: string): void {
  const [min, max] = passwordLengths
  const length = Buffer.byteLength(password)
  if (length >= min && length <= max) return
  throw new MilvusError(
    codes.invalidParameter,
    `invalid password length: invalid parameter[${min} <= value <= ${max}][value=${length}]`,
  )
}

/** @throws 1100 */
export function checkAccessName(kind: 'role' | 'privilege group', name: string): void {
  if (name.trim() === '') throw invalidParameter(`${kind} name should not be empty`)
  if (Buffer.byteLength(name) > nameLengthMax)
    throw invalidParameter(
      `invalid ${kind} name ${name}: the length of a ${kind} name must be less than ${nameLengthMax} characters`,
    )
  if (!/^[A-Za-z_]/.test(name))
    throw invalidParameter(`invalid ${kind} name ${name}: the first character must be a letter or underscore`)
  if (!/^[\w$]*$/.test(name))
    throw invalidParameter(
      kind === 'role'
        ? `invalid role name ${name}: role name can only contain letters, numbers and underscores`
        : `privilege group name ${name} can only contain numbers, letters and underscores`,
    )
}
