import { createRequire } from 'node:module'
import type { StemmerLanguage } from './languages.ts'

type Stem = (word: string) => string

interface SnowballPackage {
  newStemmer(language: string): { stem(word: string): string }
}

// The packages are large and most stores never stem a word: they are loaded when the first one does.
const load = createRequire(import.meta.url)
const stemmers = new Map<StemmerLanguage, Stem>()
// A stem costs some microseconds, and the words of a language come again and again.
const knownMax = 50_000

/** The stem of a word by Snowball's algorithm; the word is in lower case. */
export function stem(word: string, language: StemmerLanguage): string {
  let stemmer = stemmers.get(language)
  if (stemmer === undefined) {
    stemmer = remembering(createStemmer(language))
    stemmers.set(language, stemmer)
  }
  return stemmer(word)
}

function createStemmer(language: StemmerLanguage): Stem {
  if (language === 'greek') return (load('@orama/stemmers/greek') as { readonly stemmer: Stem }).stemmer
  const stemmer = (load('snowball-stemmers') as SnowballPackage).newStemmer(language)
  return (word) => stemmer.stem(word)
}

function remembering(stemmer: Stem): Stem {
  const known = new Map<string, string>()
  return (word) => {
    let found = known.get(word)
    if (found === undefined) {
      found = stemmer(word)
      if (known.size >= knownMax) known.clear()
      known.set(word, found)
    }
    return found
  }
}
