import { notFound, wrongInput } from '../../failures.ts'
import { readScope } from '../shard-key.ts'
import type { SearchedCollection } from './engine-query.ts'
import { givenExamples, levelsOf, type GivenLevel } from './given-query.ts'

/**
 * Whether the points are there that a query and its prefetches name as examples, and know the vectors that are asked of
 * them. Qdrant looks at this before it looks at how the parts of a query fit together.
 * @throws WireError 400, 404
 */
export async function checkExamples(given: GivenLevel, searched: SearchedCollection): Promise<void> {
  const levels = levelsOf(given)
  // Except for what the texts of a formula say, which is looked at even earlier.
  for (const { aim } of levels) if (aim.kind === 'formula') aim.formula()
  let missing: string | undefined
  for (const { aim, lookup, using = '' } of levels) {
    const reader =
      (lookup === undefined ? undefined : searched.others.get(lookup.collection)) ?? searched.reader
    const name = lookup?.vector ?? using
    for (const example of givenExamples(aim)) {
      if (example.kind === 'vector') continue
      const { partitions } = lookup?.shard_key === undefined ? {} : readScope(reader, lookup.shard_key)
      const { length: found } = await reader.get([example.id], partitions === undefined ? {} : { partitions })
      if (found === 0) missing ??= String(example.id)
      else if (!Object.hasOwn(reader.config().vectors, name)) {
        throw wrongInput(`Not existing vector name error: ${name}`)
      }
    }
  }
  if (missing !== undefined) throw notFound(`No point with id ${missing} found`)
}
