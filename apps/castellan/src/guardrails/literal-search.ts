/**
 * Finds many literals in one pass over a text, without regard to the case of ASCII letters. It is the cheap look that tells
 * where the dear ones are worth their price: two reads of a table for each character, however many literals there are.
 * Source: Aho and Corasick, Efficient String Matching: An Aid to Bibliographic Search (1975), with all moves filled in.
 */
export class LiteralSearch {
  readonly #lengths: readonly number[]
  /** What kind of character a code unit is: 0 for all that no literal has. */
  readonly #kinds = new Uint8Array(65_536)
  readonly #moves: Uint16Array | Uint32Array
  /** Literals that end where the automaton is, by state; the states that have any are the last ones. */
  readonly #ending: readonly (readonly number[])[]
  readonly #firstEnding: number
  readonly #width: number

  /** Literals are not empty, in lower case, and have at most 255 different characters between them. */
  constructor(literals: readonly string[]) {
    this.#lengths = literals.map(literal => literal.length)
    this.#width = this.#learnKinds(literals)
    const tree = this.#tree(literals)
    const order = tree.map((_, state) => state).sort((a, b) => rank(tree[a]!) - rank(tree[b]!) || a - b)
    const place = new Uint32Array(tree.length)
    order.forEach((state, at) => (place[state] = at))
    // Half as long where that is enough, so that more of it stays in the nearest cache.
    const size = tree.length * this.#width
    this.#moves = size <= 0x10000 ? new Uint16Array(size) : new Uint32Array(size)
    for (const [state, { moves }] of tree.entries()) {
      moves.forEach((to, kind) => (this.#moves[place[state]! * this.#width + kind] = place[to]! * this.#width))
    }
    this.#ending = order.map(state => tree[state]!.ending)
    this.#firstEnding = this.#ending.findIndex(ending => ending.length > 0) * this.#width
  }

  /** Tells of every place where a literal is, those that end first being told first; `literal` counts as they were given. */
  each(text: string, found: (literal: number, start: number, end: number) => void): void {
    const kinds = this.#kinds
    const moves = this.#moves
    const firstEnding = this.#firstEnding
    let state = 0
    for (let at = 0; at < text.length; at++) {
      state = moves[state + kinds[text.charCodeAt(at)]!]!
      if (state < firstEnding) continue
      for (const literal of this.#ending[state / this.#width]!) found(literal, at + 1 - this.#lengths[literal]!, at + 1)
    }
  }

  #learnKinds(literals: readonly string[]): number {
    const kinds = this.#kinds
    let width = 1
    for (const literal of literals) {
      for (let at = 0; at < literal.length; at++) kinds[literal.charCodeAt(at)] ||= width++
    }
    for (let capital = 65; capital <= 90; capital++) kinds[capital] = kinds[capital + 32]!
    return width
  }

  #tree(literals: readonly string[]): readonly State[] {
    const tree: State[] = [{ moves: [], ending: [] }]
    literals.forEach((literal, number) => {
      let state = 0
      for (let at = 0; at < literal.length; at++) {
        const kind = this.#kinds[literal.charCodeAt(at)]!
        state = tree[state]!.moves[kind] ??= tree.push({ moves: [], ending: [] }) - 1
      }
      tree[state]!.ending.push(number)
    })
    this.#fillIn(tree)
    return tree
  }

  /** Where a state has no way on, it goes where the longest ending of what it has seen would go. */
  #fillIn(tree: readonly State[]): void {
    const shorter = new Uint32Array(tree.length)
    const queue = [0]
    for (const state of queue) {
      const { moves, ending } = tree[state]!
      const fallback = tree[shorter[state]!]!
      if (state > 0) ending.push(...fallback.ending)
      for (let kind = 0; kind < this.#width; kind++) {
        const instead = state === 0 ? 0 : fallback.moves[kind]!
        const own = moves[kind]
        if (own === undefined) {
          moves[kind] = instead
        } else {
          shorter[own] = instead
          queue.push(own)
        }
      }
    }
  }
}

/** Literals as they are written in tables: lines of them, with `|` between. */
export function literalsIn(...lines: readonly string[]): readonly string[] {
  return lines.flatMap(line => line.split('|'))
}

interface State {
  readonly moves: number[]
  readonly ending: number[]
}

function rank(state: State): number {
  return state.ending.length > 0 ? 1 : 0
}
