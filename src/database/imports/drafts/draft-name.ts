// A draft is a collection that is being filled before anybody may see it: its name holds its own id. Nobody else can make
// such a collection, for a name is chosen before the id. Drafts are no part of the store's content: lists, cuts through the
// whole store and history pass them by. They survive a restart, so that whoever fills one can go on.

export const draftName = (id: string): string => `draft-${id}`

export function isDraft({ id, name }: { readonly id: string; readonly name: string }): boolean {
  return name === draftName(id)
}
