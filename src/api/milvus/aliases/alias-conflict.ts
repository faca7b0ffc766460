import { codes, MilvusError } from '../status.ts'

/** What is to be a collection's name is an alias, or the other way round. 1601 */
export const aliasConflict = (database: string, alias: string): MilvusError =>
  new MilvusError(
    codes.aliasConflict,
    `alias and collection name conflict[database=${database}][alias=${alias}]`,
  )
