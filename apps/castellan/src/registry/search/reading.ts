import type { Offer, Offers } from '../offer.ts'
import { fieldWeights, toolText } from './tool-text.ts'
import { type Shown, WordIndex } from './word-index.ts'

/** How much is read in one go, in characters: some milliseconds of work, after which others have their turn. */
const AT_ONCE = 40_000
/** What a tool costs besides its text, when it is read and when it is known; in characters, too. */
const OPENING = 100
const LOOKING_UP = 5

/** What was read of tools: each definition of a server once, known by its fingerprint, whoever may see it. */
export class Reading {
  readonly #index = new WordIndex(Object.values(fieldWeights))
  /** Documents by the fingerprint of their definition, for each server and primitive. */
  readonly #documents = new Map<string, Map<string, number>>()
  readonly #views = new WeakMap<Offers, View>()

  /** How many definitions were read. */
  get size(): number {
    return this.#index.size
  }

  /** Reads on in the tools of an endpoint, for some milliseconds at most. Whether all are read. */
  readOn(offers: Offers): boolean {
    const { documents } = this.#viewOf(offers)
    const tools = offers.list.tool
    let left = AT_ONCE
    while (documents.length < tools.length && left > 0) {
      const offer = tools[documents.length]!
      const known = this.#documentsLike(offer)
      let document = known.get(offer.capability.digest)
      if (document === undefined) {
        const fields = Object.values(toolText(offer))
        document = this.#index.add(fields)
        known.set(offer.capability.digest, document)
        left -= fields.reduce((sum, { length }) => sum + length, OPENING)
      }
      documents.push(document)
      left -= LOOKING_UP
    }
    return documents.length === tools.length
  }

  /** How well the tools of an endpoint, all of which must have been read, fit a query; in the order of their list. */
  scores(query: string, offers: Offers): readonly number[] {
    const view = this.#viewOf(offers)
    view.shown ??= this.#index.show(view.documents)
    const scores = this.#index.scores(query, view.shown)
    return view.documents.map(document => scores[document]!)
  }

  /** Equal definitions may be of several servers, and mean different things of a tool and of a prompt. */
  #documentsLike({ server, capability }: Offer): Map<string, number> {
    const key = `${capability.primitive} ${server.name}`
    let documents = this.#documents.get(key)
    if (!documents) this.#documents.set(key, (documents = new Map()))
    return documents
  }

  #viewOf(offers: Offers): View {
    let view = this.#views.get(offers)
    if (!view) this.#views.set(offers, (view = { documents: [], shown: null }))
    return view
  }
}

interface View {
  /** Of the tools in the order of their list, as far as they are read. */
  readonly documents: number[]
  /** Once all are read. */
  shown: Shown | null
}
