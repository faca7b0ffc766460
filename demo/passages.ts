import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

export interface Passage {
  /** The npm package whose README it is. */
  readonly package: string
  /** Below the root of the repository. */
  readonly file: string
  /** The headings above it, outermost first. */
  readonly heading: string
  readonly text: string
}

const readme = /^readme\.(md|markdown)$/i
const charactersMax = 900
const wordsMin = 12

/** The README files of all installed packages, sorted by path. */
export async function findReadmes(root: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, 'node_modules'), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && readme.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

/** Cuts the files into passages; what occurs twice, word for word, is kept once. */
export async function readPassages(root: string, files: readonly string[]): Promise<readonly Passage[]> {
  const seen = new Set<string>()
  const passages: Passage[] = []
  for (const file of files) {
    for (const { heading, text } of cut(await readFile(join(root, file), 'utf8'))) {
      if (seen.has(text) || countWords(text) < wordsMin) continue
      seen.add(text)
      passages.push({ package: packageOf(file), file, heading, text })
    }
  }
  return passages
}

/** `node_modules/a/node_modules/@b/c/docs/README.md` belongs to `@b/c`. */
function packageOf(file: string): string {
  const [scope = '', name = ''] = file.split('node_modules/').at(-1)?.split('/') ?? []
  return scope.startsWith('@') ? `${scope}/${name}` : scope
}

interface Section {
  readonly heading: string
  readonly text: string
}

/** One or more passages for what stands below each heading, cut between paragraphs. */
function cut(markdown: string): readonly Section[] {
  return sectionsOf(markdown).flatMap(({ heading, text }) =>
    paragraphsTogether(text).map((passage) => ({ heading, text: passage })),
  )
}

function sectionsOf(markdown: string): readonly Section[] {
  const sections: Section[] = []
  const headings: string[] = []
  let lines: string[] = []
  let isCode = false
  const close = () => {
    sections.push({ heading: headings.filter(Boolean).join(' > '), text: lines.join('\n') })
    lines = []
  }
  for (const line of markdown.split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode
    const heading = isCode ? null : /^(#{1,6})\s+(.*?)\s*#*$/.exec(line)
    if (heading === null) {
      lines.push(withoutMarkup(line))
      continue
    }
    close()
    const depth = heading[1]?.length ?? 1
    headings.length = Math.min(headings.length, depth - 1)
    headings[depth - 1] = withoutMarkup(heading[2] ?? '')
  }
  close()
  return sections
}

/** Neither HTML nor the addresses of links and badges say what a passage is about. */
function withoutMarkup(line: string): string {
  return line
    .replace(/!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, '')
    .replace(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/https?:\/\/\S+/g, '')
    .trimEnd()
}

/** Paragraphs are put together up to `charactersMax`; a longer one stays whole. */
function paragraphsTogether(text: string): readonly string[] {
  const passages: string[] = []
  for (const paragraph of text.split(/\n\s*\n/).map((part) => part.trim())) {
    const last = passages.at(-1)
    if (paragraph === '') continue
    if (last !== undefined && last.length + paragraph.length < charactersMax)
      passages[passages.length - 1] = `${last}\n\n${paragraph}`
    else passages.push(paragraph)
  }
  return passages
}

function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => /\p{L}{2}/u.test(word)).length
}
