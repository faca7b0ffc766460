import { isAbsolute, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { MilvusDoor } from '../../door.ts'
import { codes, invalidParameter, MilvusError } from '../../status.ts'
import type { ArchivePlace } from './job-input.ts'

const suffix = '.snapshot'

/**
 * A file within the folder of snapshots: by a path relative to it, by an absolute path, or by a `file://` URL. What does
 * not end in `.snapshot` is a folder, and `otherwise` the file's name in it. @throws 1100, 10
 */
export function placeOf(door: MilvusDoor, text: string, field: string, otherwise?: string): ArchivePlace {
  const root = folderOf(door)
  const path = relative(root, resolve(root, localPath(text, field)))
  const parts = path === '' ? [] : path.split('/')
  if (parts[0] === '..' || isAbsolute(path))
    throw invalidParameter(`${field} ${text} lies outside of the folder of snapshots`)
  const last = parts.at(-1)
  if (last?.endsWith(suffix) === true) return { directory: parts.slice(0, -1).join('/'), name: last }
  if (otherwise === undefined) throw invalidParameter(`${field} ${text} is no ${suffix} file`)
  return { directory: parts.join('/'), name: otherwise }
}

/** How `RestoreExternalSnapshot` finds it again. */
export const uriOf = (door: MilvusDoor, { directory, name }: ArchivePlace): string =>
  pathToFileURL(resolve(folderOf(door), directory, name)).href

/** Where the bytes lie is all that can be said of them here. @throws 1100 */
export function checkNoSpec(spec: string): void {
  if (spec.trim() === '' || spec.trim() === '{}') return
  throw invalidParameter('external_spec is not supported: this server reads and writes its own files only')
}

function folderOf(door: MilvusDoor): string {
  if (door.exports === undefined)
    throw new MilvusError(
      codes.unimplemented,
      'this server has no folder of snapshots: service unimplemented',
    )
  return resolve(door.exports.path)
}

function localPath(text: string, field: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) return text
  if (scheme !== 'file')
    throw invalidParameter(`${field} ${text}: ${scheme} is not supported, only files of this server are`)
  try {
    return fileURLToPath(text)
  } catch (error) {
    throw new MilvusError(codes.invalidParameter, `${field} ${text} is no URL of a file: invalid parameter`, {
      cause: error,
    })
  }
}
