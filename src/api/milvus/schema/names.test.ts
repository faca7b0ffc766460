import { expect, test } from 'vitest'
import { checkFieldName } from './names.ts'

test.each(['like', 'ARRAY_LENGTH', 'text_match', 'True'])('the word %s is no name of a field', (word) => {
  expect(() => checkFieldName(word)).toThrow(
    `Invalid field name: ${word}. ${word} is keyword in milvus.: field name invalid[field=${word}]`,
  )
})

test.each(['likes', 'Like', 'tRUE', '_in', 'Array_Length'])('%s is one', (name) => {
  expect(() => checkFieldName(name)).not.toThrow()
})
