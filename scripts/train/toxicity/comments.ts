import { type Corpus, corpusOf, type Example } from '../corpus.ts'

/**
 * Comments to learn from: a file of a folder is a family, a line of it a comment; `toxic/` is guilty, `innocent/` and `ordinary/` are not.
 * In an order that is always the same.
 */
export function readComments(folder: string): Corpus {
  return corpusOf(folder, '{toxic,innocent,ordinary}/*.txt', commentsOf)
}

function commentsOf(file: string, content: string): Example[] {
  const family = file.slice(0, -'.txt'.length)
  const lines = content.split('\n').filter(line => line !== '')
  return lines.map(text => ({ guilty: file.startsWith('toxic/'), family, text, written: true }))
}
