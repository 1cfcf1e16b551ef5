import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Ask, Computation } from '../step.ts'
import { resultText } from '../result-text.ts'
import { word } from '../word.ts'
import type { BlockResult, Undo } from './block-result.ts'
import { type WorkflowDefinition } from './definition.ts'
import { isPlain } from './expressions.ts'
import type { NodeError, NodeResult } from './node-result.ts'
import type { Retry, ToolCall } from './workflow.ts'

/** What a run has seen of its steps. */
export interface Seen {
  readonly definition: WorkflowDefinition
  readonly input: JsonValue
  readonly began: number
  /** When each was asked for. */
  readonly asked: ReadonlyMap<string, number>
  readonly ends: ReadonlyMap<string, End>
  /** Turns of loops that have ended well, by the place of their nodes: nothing that happens later changes them. */
  readonly turns: Map<string, EndedTurn>
}

/** What a turn of a loop came to, for good. */
export interface EndedTurn {
  readonly result: BlockResult
  readonly undo: readonly Undo[]
  readonly nodes: readonly NodePlace[]
}

/** What became of a node, by its place. */
export type NodePlace = readonly [path: string, result: NodeResult]

export interface End {
  readonly at: number
  /** How many steps had ended before. */
  readonly order: number
  readonly outcome: string
  readonly data: JsonObject
  readonly payload: JsonValue | undefined
}

/** How something stands that takes steps. */
export type Stand =
  | { readonly is: 'known'; readonly value: JsonValue; readonly end: Pick<End, 'at' | 'order'> | null }
  | { readonly is: 'open'; readonly state: 'running' | 'waiting' }
  | { readonly is: 'failed'; readonly error: NodeError; readonly end: Pick<End, 'at' | 'order'> }
  /** It was not begun, and will not be; or nobody waits for its end any more. */
  | { readonly is: 'given up' }

/** Whether what has not begun may: no more when the block fails, and what is under way is not waited for when the run was stopped. */
export type Mode = 'going' | 'closing' | 'stopped'

/** One look at a run from its beginning to where it stands: finds out what is wanted next, and touches nothing. */
export class Walk {
  readonly seen: Seen
  readonly now: number
  readonly asks: Ask[] = []
  /** Runs inside of this one that are to stop. */
  readonly stops: string[] = []
  /** What is evaluated in the steps that are open. */
  readonly computations = new Map<string, Computation>()
  /** What became of each node, by its place, without those of turns that ended before. */
  readonly results = new Map<string, NodeResult>()
  #turns = new Map<string, readonly NodePlace[]>()
  until: number | null = null

  constructor(seen: Seen, now: number) {
    this.seen = seen
    this.now = now
  }

  /** The step, which is asked for unless it was; as it ended, when it has. */
  step(ask: Ask, mode: Mode): End | 'open' | 'given up' {
    const end = this.seen.ends.get(ask.step)
    if (end) return end
    if (!this.seen.asked.has(ask.step)) {
      if (mode !== 'going') return 'given up'
      this.asks.push(ask)
      return 'open'
    }
    if (mode === 'going') return 'open'
    if (mode === 'stopped' || ask.is === 'wait') return 'given up'
    if (ask.is === 'run') this.stops.push(ask.step)
    return 'open'
  }

  /** What a template comes to. What holds no expression needs no step. */
  value(template: JsonValue, step: string, scope: JsonObject, callbacks: Computation['callbacks'], mode: Mode): Stand {
    if (isPlain(template)) return { is: 'known', value: template, end: null }
    this.computations.set(step, { template, scope, callbacks })
    const end = this.step({ is: 'compute', step }, mode)
    if (end === 'open') return { is: 'open', state: 'running' }
    if (end === 'given up') return { is: 'given up' }
    if (end.outcome === 'ok') return { is: 'known', value: carried(end)['value'] ?? null, end }
    return { is: 'failed', error: { code: 'expression', message: word(end.data['why']), step }, end }
  }

  /** A call with its arguments, as often as it may be tried. */
  call(call: ToolCall, step: string, args: JsonValue, since: number, mode: Mode): Stand {
    if (!isJsonObject(args)) {
      const error = { code: 'expression', message: 'the arguments of the tool come to something that is no object' }
      return { is: 'failed', error, end: { at: since, order: 0 } }
    }
    const { tool, timeout, retry } = call
    return this.attempts(step, retry, mode, each => ({ is: 'tool', step: each, tool, args, timeout }))
  }

  attempts(step: string, retry: Retry | null, mode: Mode, askFor: (step: string) => Ask): Stand {
    for (let attempt = 1; ; attempt++) {
      const each = attempt === 1 ? step : `${step}#${attempt}`
      const end = this.step(askFor(each), mode)
      if (end === 'open') return { is: 'open', state: 'running' }
      if (end === 'given up') return { is: 'given up' }
      if (end.outcome === 'ok') return { is: 'known', value: resultOf(end), end }
      if (retry === null || attempt >= retry.attempts || !repeatable.includes(end.outcome))
        return { is: 'failed', error: errorOf(each, end), end }
      const next = end.at + Math.min(retry.longest, retry.wait * retry.factor ** (attempt - 1))
      if (next > this.now && !this.seen.asked.has(`${step}#${attempt + 1}`)) {
        if (mode !== 'going') return { is: 'failed', error: errorOf(each, end), end }
        this.wakeAt(next)
        return { is: 'open', state: 'waiting' }
      }
    }
  }

  /** Whether what ended had run out of its time before. */
  endedLate({ order }: Pick<End, 'order'>): boolean {
    const step = [...this.seen.ends].find(([, end]) => end.order === order)?.[0]
    const deadline = this.seen.ends.get(`${step}:deadline`)
    return deadline !== undefined && deadline.order < order
  }

  /** Whether what ended was done by the run that this one was forked from. */
  isCopied(order: number): boolean {
    const end = this.seen.ends.values().find(each => each.order === order)
    return end?.data['copied'] !== undefined
  }

  /** What was thought of a part that is gone through once more. */
  forget(prefix: string): void {
    this.#take(prefix)
  }

  /** Every node that was thought of. */
  get nodes(): readonly NodePlace[] {
    return [...this.results, ...this.#turns.values().toArray().flat()]
  }

  /** A turn that has ended is not gone through again. */
  endedTurn(prefix: string, undo: Undo[]): BlockResult | undefined {
    const turn = this.seen.turns.get(prefix)
    if (!turn) return undefined
    undo.push(...turn.undo)
    this.#turns.set(prefix, turn.nodes)
    return turn.result
  }

  keepTurn(prefix: string, result: BlockResult, undo: readonly Undo[]): void {
    const nodes = this.#take(prefix)
    this.#turns.set(prefix, nodes)
    this.seen.turns.set(prefix, { result, undo, nodes })
  }

  /** What was thought of a part, which is so no longer. */
  #take(prefix: string): readonly NodePlace[] {
    const nodes: NodePlace[] = []
    for (const [path, result] of this.results) {
      if (!path.startsWith(prefix)) continue
      nodes.push([path, result])
      this.results.delete(path)
    }
    for (const [place, turn] of this.#turns) {
      if (!place.startsWith(prefix)) continue
      nodes.push(...turn)
      this.#turns.delete(place)
    }
    return nodes
  }

  wakeAt(time: number): void {
    this.until = Math.min(this.until ?? time, time)
  }
}

/** Outcomes after which it is certain that to try again repeats nothing that must not be. */
const repeatable = ['error', 'timeout', 'unavailable']

/** What a step came to: of a tool its result, of a run what it ended with. */
function resultOf(end: End): JsonValue {
  const { payload } = end
  if (!isJsonObject(payload)) return payload ?? null
  const { result } = payload
  return isJsonObject(result) && end.data['run'] === undefined ? { ...result, text: resultText(result) } : payload
}

function errorOf(step: string, end: End): NodeError {
  const payload = carried(end)
  const { result } = payload
  const said = isJsonObject(result) ? resultText(result) : word(payload['message'])
  const message = said || word(end.data['why']) || `it ended with: ${end.outcome}`
  return { code: end.outcome, message: message.slice(0, LONGEST_MESSAGE).toWellFormed(), step }
}

function carried({ payload }: End): JsonObject {
  return isJsonObject(payload) ? payload : {}
}

/** Characters. */
const LONGEST_MESSAGE = 2_000
