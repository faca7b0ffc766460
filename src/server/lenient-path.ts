// Where a path is percent-encoded wrongly, the router gives up. Qdrant takes such a path as far as it makes sense, and so
// do we: a collection `100%` is found under `/collections/100%`, and bytes that are no UTF-8 are U+FFFD.

const encodedRun = /(?:%[0-9a-f]{2})+/gi
const strayPercent = /%(?![0-9a-f]{2})/gi

/** The URL with a path that can be decoded; the same URL if it can be already. */
export function lenientUrl(url: string): string {
  const queryAt = url.indexOf('?')
  const path = queryAt < 0 ? url : url.slice(0, queryAt)
  if (!path.includes('%') || canDecode(path)) return url
  const mended = path.replace(strayPercent, '%25').replace(encodedRun, reencode)
  return queryAt < 0 ? mended : mended + url.slice(queryAt)
}

function reencode(run: string): string {
  return encodeURIComponent(Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

function canDecode(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
