/**
 * What all of the promises give, once every one of them has ended, also when some fail; then the first error in their
 * order is thrown. With `Promise.all` a caller that fails goes on while the others still write.
 */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(work)
  return ended.map((result) => {
    if (result.status === 'rejected') throw result.reason as Error
    return result.value
  })
}
