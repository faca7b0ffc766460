import type { AliasAction, JsonValue } from '../../../index.ts'
import { list, required, struct, text, untagged, type Decoder } from '../decode.ts'

const createAlias = struct('CreateAlias', { collection_name: required(text), alias_name: required(text) })
const deleteAlias = struct('DeleteAlias', { alias_name: required(text) })
const renameAlias = struct('RenameAlias', { old_alias_name: required(text), new_alias_name: required(text) })

const aliasOperation = untagged<AliasAction>(
  'AliasOperations',
  (value: JsonValue) => {
    const { create_alias: given } = struct('CreateAliasOperation', { create_alias: required(createAlias) })(
      value,
    )
    return { kind: 'create', alias: given.alias_name, collection: given.collection_name }
  },
  (value: JsonValue) => {
    const { delete_alias: given } = struct('DeleteAliasOperation', { delete_alias: required(deleteAlias) })(
      value,
    )
    return { kind: 'delete', alias: given.alias_name }
  },
  (value: JsonValue) => {
    const { rename_alias: given } = struct('RenameAliasOperation', { rename_alias: required(renameAlias) })(
      value,
    )
    return { kind: 'rename', from: given.old_alias_name, to: given.new_alias_name }
  },
)

const changeAliases = struct('ChangeAliasesOperation', { actions: required(list(aliasOperation)) })

export const aliasActions: Decoder<readonly AliasAction[]> = (value) => changeAliases(value).actions
