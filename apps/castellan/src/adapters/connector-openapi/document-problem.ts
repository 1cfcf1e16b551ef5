/**
 * Why a document cannot be used as a whole, as it leaves the thread that compiles it; the fault is made on the other side.
 * Never quotes the document: an operator may point at a file that is none.
 */
export class DocumentProblem extends Error {
  readonly kind: 'invalid' | 'unreachable' | 'timeout' | 'refused'

  constructor(kind: DocumentProblem['kind'], why: string) {
    super(why)
    this.kind = kind
  }
}

export function invalid(why: string): DocumentProblem {
  return new DocumentProblem('invalid', why)
}

/** Why one operation, or one part of it, cannot be offered. */
export class Unsupported extends Error {}

/** A name of the document's, fit for a warning. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 120)
}
