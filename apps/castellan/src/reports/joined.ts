import type { SequencedEntry } from '../journal/index.ts'

/** The entries that tell of one step or call, by their place in the journal. */
export type Told = readonly SequencedEntry[]

/**
 * Joins the lines of one step or call as the journal is read: of a call its intent and its end, and of a step that made a call both
 * of them, too. A call names the step that caused it, and its lines may come a little before that of the step or after it. What is
 * held meanwhile is what is under way in the journal, never the journal.
 */
export class Joined {
  readonly #intents = new Map<string, SequencedEntry>()
  /** Calls whose step has not come, by its id. */
  readonly #calls = new Map<string, Told>()
  /** Steps whose call has not come. */
  readonly #steps = new Map<string, SequencedEntry>()

  /** What is complete with this entry. */
  take(entry: SequencedEntry): readonly Told[] {
    if (entry.type === 'session.step') return this.#step(entry)
    if (!entry.type.startsWith('call.') || !entry.stream.startsWith('call:')) return []
    if (entry.type === 'call.intended') {
      this.#intents.set(entry.stream, entry)
      return []
    }
    const intent = this.#intents.get(entry.stream)
    this.#intents.delete(entry.stream)
    return this.#call(intent === undefined ? [entry] : [intent, entry])
  }

  /** What was left alone: calls without an end, calls whose step was never written, and steps whose call was not. */
  rest(): readonly Told[] {
    const calls = [...this.#intents.values()].flatMap(intent => this.#call([intent]))
    const left = [...calls, ...this.#calls.values(), ...[...this.#steps.values()].map(step => [step])]
    for (const map of [this.#intents, this.#calls, this.#steps]) map.clear()
    return left
  }

  #call(call: Told): readonly Told[] {
    const cause = call[0]!.causationId
    if (cause === null) return [call]
    const step = this.#steps.get(cause)
    if (step) {
      this.#steps.delete(cause)
      return [inOrder([...call, step])]
    }
    this.#calls.set(cause, call)
    return overflowing(this.#calls)
  }

  #step(step: SequencedEntry): readonly Told[] {
    const { step_id: id, call_id: callId } = step.data
    if (typeof id !== 'string' || callId === null) return [[step]]
    const call = this.#calls.get(id)
    if (call) {
      this.#calls.delete(id)
      return [inOrder([...call, step])]
    }
    this.#steps.set(id, step)
    return overflowing(this.#steps).map(each => [each])
  }
}

/** Lines are written within seconds of each other: what waits behind so many others waits in vain. */
const MOST_WAITING = 2_000

function overflowing<T>(waiting: Map<string, T>): readonly T[] {
  if (waiting.size <= MOST_WAITING) return []
  const [[oldest, value]] = waiting as unknown as [[string, T]]
  waiting.delete(oldest)
  return [value]
}

function inOrder(told: Told): Told {
  return told.toSorted((one, other) => one.offset - other.offset)
}
