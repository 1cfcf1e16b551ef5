import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import { word } from '../word.ts'
import type { BlockResult, Undo } from './block-result.ts'
import { MOST_DEEP, type WorkflowDefinition } from './definition.ts'
import { hasEnded, type NodeResult, spokenOf } from './node-result.ts'
import type { Mode, Stand, Walk } from './walk.ts'
import type { Block, NodeOf, WorkflowNode } from './workflow.ts'

/** Where a block is, and what its expressions may speak of. */
export interface Place {
  /** In front of the ids of its nodes. */
  readonly prefix: string
  readonly scope: JsonObject
  readonly since: number
  /** What is to be taken back, should the run fail. */
  readonly undo: Undo[]
}

/** Goes through a block: whatever may begin is asked for, unless a node has failed; then what is under way ends, and nothing begins. */
export function walkBlock(walk: Walk, block: Block, place: Place, mode: Mode): BlockResult {
  const asks = walk.asks.length
  const undo = place.undo.length
  const result = inMode(walk, block, place, mode)
  if (result.failed === null || mode !== 'going') return result
  walk.asks.length = asks
  place.undo.length = undo
  walk.forget(place.prefix)
  return inMode(walk, block, place, 'closing')
}

/** As {@link walkBlock}, for a turn of a loop: one that has ended well is remembered, so that a loop of any length is gone through once. */
function walkTurn(walk: Walk, block: Block, place: Place, mode: Mode): BlockResult {
  const ended = walk.endedTurn(place.prefix, place.undo)
  if (ended) return ended
  const before = place.undo.length
  const result = walkBlock(walk, block, place, mode)
  if (result.ended && result.failed === null && !result.cut)
    walk.keepTurn(place.prefix, result, place.undo.slice(before))
  return result
}

function inMode(walk: Walk, block: Block, place: Place, mode: Mode): BlockResult {
  const results = new Map<string, NodeResult>()
  const visit = (node: WorkflowNode): NodeResult => {
    const known = results.get(node.id)
    if (known) return known
    const before = node.after.map(({ from, way }) => ({ way, result: visit(block.find(({ id }) => id === from)!) }))
    const result = standOf(node, before)
    results.set(node.id, result)
    walk.results.set(place.prefix + node.id, result)
    return result
  }
  const standOf = (node: WorkflowNode, before: readonly Before[]): NodeResult => {
    if (before.some(({ result }) => !hasEnded(result))) return pending
    const since = Math.max(place.since, ...before.map(({ result }) => result.endedAt ?? place.since))
    if (!isWanted(before)) return { state: 'skipped', startedAt: null, endedAt: since, order: 0 }
    const seen = Object.fromEntries(node.sees.map(id => [id, spokenOf(visit(block.find(each => each.id === id)!))]))
    const around = isJsonObject(place.scope['nodes']) ? place.scope['nodes'] : {}
    const here = { ...place, since, scope: { ...place.scope, nodes: { ...around, ...seen } } }
    return new Visit(walk, here, mode, block).result(node)
  }
  for (const node of block) visit(node)
  return blockResult(block, results, place)
}

/** A look at one node whose turn it is: what each kind of node takes, and what it comes to. */
class Visit {
  readonly #walk: Walk
  readonly #place: Place
  readonly #mode: Mode
  readonly #block: Block

  constructor(walk: Walk, place: Place, mode: Mode, block: Block) {
    this.#walk = walk
    this.#place = place
    this.#mode = mode
    this.#block = block
  }

  result(node: WorkflowNode): NodeResult {
    const path = this.#place.prefix + node.id
    const result = this.#resultOf(node, path)
    if (result.state === 'failed' && node.onError === 'branch') return { ...result, way: 'error' }
    if (result.state === 'done' && 'compensate' in node && node.compensate !== null) {
      const nodes = this.#place.scope['nodes'] as JsonObject
      const scope = { ...this.#place.scope, nodes: { ...nodes, [node.id]: spokenOf(result) } }
      this.#place.undo.push({ path, call: node.compensate, scope, order: result.order })
    }
    return result
  }

  #resultOf(node: WorkflowNode, path: string): NodeResult {
    switch (node.is) {
      case 'tool':
        return this.#given(node.args, path, 'args', args =>
          this.#took(this.#walk.call(node, path, args, this.#place.since, this.#mode)),
        )
      case 'agent':
      case 'team':
      case 'workflow':
        return this.#given(node.input, path, 'input', input => this.#took(this.#inside(node, path, input)))
      case 'if':
        return this.#value(`=${node.condition}`, path, value => (isTrue(value) ? 'then' : 'else'))
      case 'switch':
        return this.#value(`=${node.value}`, path, value => {
          const taken = node.cases.findIndex(each => same(each, value))
          return taken < 0 ? 'default' : String(taken)
        })
      case 'transform':
        return this.#value(`=${node.expression}`, path)
      case 'foreach':
        return this.#given(`=${node.items}`, path, 'items', items => this.#foreach(node, path, items))
      case 'parallel':
        return this.#parallel(node, path)
      case 'wait':
        return this.#wait(node, path)
      case 'approval':
        return this.#given(node.question, path, 'question', question => this.#approval(node, path, question))
      default:
        throw node satisfies never
    }
  }

  /** Something that is evaluated first, and what follows from it. */
  #given(template: JsonValue, path: string, what: string, then: (value: JsonValue) => NodeResult): NodeResult {
    const stand = this.#walk.value(template, `${path}:${what}`, this.#place.scope, this.#callbacks(), this.#mode)
    return stand.is === 'known' ? then(stand.value) : this.#took(stand)
  }

  #value(template: string, path: string, wayOf?: (value: JsonValue) => string): NodeResult {
    const stand = this.#walk.value(template, path, this.#place.scope, this.#callbacks(), this.#mode)
    const result = this.#took(stand)
    return stand.is === 'known' && wayOf ? { ...result, way: wayOf(stand.value) } : result
  }

  #took(stand: Stand): NodeResult {
    const { since } = this.#place
    switch (stand.is) {
      case 'known':
        return {
          state: 'done',
          startedAt: since,
          endedAt: stand.end?.at ?? since,
          output: stand.value,
          order: stand.end?.order ?? 0,
        }
      case 'open':
        return { state: stand.state, startedAt: since, endedAt: null, order: 0 }
      case 'failed':
        return {
          state: 'failed',
          startedAt: since,
          endedAt: stand.end.at,
          error: stand.error,
          order: stand.end.order,
        }
      case 'given up':
        return { state: 'cancelled', startedAt: null, endedAt: since, order: 0 }
      default:
        throw stand satisfies never
    }
  }

  /** A run inside of this one, in its time. */
  #inside(node: NodeOf<'agent' | 'team' | 'workflow'>, path: string, input: JsonValue): Stand {
    const walk = this.#walk
    const { definition } = walk.seen
    if (node.is === 'workflow' && definition.depth + 1 >= MOST_DEEP) {
      const message = `workflows lie in one another ${MOST_DEEP} deep here, which is as deep as they may; let "${node.name}" be run by itself`
      return { is: 'failed', error: { code: 'too_deep', message }, end: { at: this.#place.since, order: 0 } }
    }
    const wish = {
      kind: node.is,
      name: node.name,
      ...(node.is === 'agent' ? { subject: definition.agents[node.name]!.id } : {}),
      definition: definitionOf(node, definition),
      input: inputOf(node, input),
    }
    const stand = walk.attempts(path, node.retry, this.#mode, step => {
      const began = walk.seen.asked.get(step)
      if (node.timeout !== null && began !== undefined && !walk.seen.ends.has(step)) {
        const until = began + node.timeout
        const deadline = walk.step({ is: 'wait', step: `${step}:deadline`, for: { is: 'time' }, until }, this.#mode)
        if (deadline !== 'open' && deadline !== 'given up') walk.stops.push(step)
      }
      return { is: 'run', step, wish }
    })
    if (stand.is !== 'failed' || stand.error.code !== 'cancelled' || !walk.endedLate(stand.end)) return stand
    return { ...stand, error: { code: 'timeout', message: `it did not end within ${node.timeout} ms` } }
  }

  #foreach(node: NodeOf<'foreach'>, path: string, given: JsonValue): NodeResult {
    const items = given === null ? [] : Array.isArray(given) ? (given as readonly JsonValue[]) : [given]
    const { since, scope, undo } = this.#place
    if (items.length > MOST_ITEMS) {
      const message = `there are ${items.length} items, and at most ${MOST_ITEMS} may be gone through`
      return { state: 'failed', startedAt: since, endedAt: since, error: { code: 'too_many', message }, order: 0 }
    }
    const turns: BlockResult[] = []
    /** When those before ended, the earliest first: each turn begins when another made room for it. */
    const ends: number[] = []
    let under = 0
    let mode = this.#mode
    for (const [index, item] of items.entries()) {
      if (under >= node.concurrency || (mode !== 'going' && !this.#hasBegun(`${path}[${index}].`))) break
      const freed = ends[index - node.concurrency] ?? since
      const place = {
        prefix: `${path}[${index}].`,
        scope: { ...scope, item, index },
        since: Math.max(since, freed),
        undo,
      }
      const turn = walkTurn(this.#walk, node.do, place, mode)
      turns.push(turn)
      if (turn.endedAt === null) under++
      else ends.splice(ends.findLastIndex(each => each <= turn.endedAt!) + 1, 0, turn.endedAt)
      if (turn.failed !== null && mode === 'going') mode = 'closing'
    }
    return this.#ofBlocks(
      turns,
      items.length,
      turns.map(({ output }) => output),
    )
  }

  #hasBegun(prefix: string): boolean {
    for (const step of this.#walk.seen.asked.keys()) if (step.startsWith(prefix)) return true
    return false
  }

  #parallel(node: NodeOf<'parallel'>, path: string): NodeResult {
    const walkAll = (mode: Mode) =>
      Object.entries(node.branches).map(([name, block]) => {
        const place = { ...this.#place, prefix: `${path}.${name}.` }
        return [name, walkBlock(this.#walk, block, place, mode)] as const
      })
    const asks = this.#walk.asks.length
    const undo = this.#place.undo.length
    let branches = walkAll(this.#mode)
    if (this.#mode === 'going' && branches.some(([, { failed }]) => failed !== null)) {
      this.#walk.asks.length = asks
      this.#place.undo.length = undo
      this.#walk.forget(`${path}.`)
      branches = walkAll('closing')
    }
    const output = Object.fromEntries(branches.map(([name, each]) => [name, each.output]))
    return this.#ofBlocks(
      branches.map(([, each]) => each),
      branches.length,
      output,
    )
  }

  /** What blocks inside of a node come to, once as many have ended as there are. */
  #ofBlocks(blocks: readonly BlockResult[], wanted: number, output: JsonValue): NodeResult {
    const { since } = this.#place
    const failed = blocks.find(each => each.failed !== null)?.failed ?? null
    const ended =
      blocks.every(each => each.ended) && (blocks.length === wanted || failed !== null || this.#mode !== 'going')
    if (!ended) return { state: 'running', startedAt: since, endedAt: null, order: 0 }
    const endedAt = Math.max(since, ...blocks.map(each => each.endedAt ?? since))
    const order = Math.max(0, ...blocks.map(each => each.order))
    if (failed !== null) {
      const error = { ...failed.error, message: `the node "${failed.node}" failed: ${failed.error.message}` }
      return { state: 'failed', startedAt: since, endedAt, error, order }
    }
    if (blocks.length < wanted || blocks.some(({ cut }) => cut))
      return { state: 'cancelled', startedAt: since, endedAt, order }
    return { state: 'done', startedAt: since, endedAt, output, order }
  }

  #wait(node: NodeOf<'wait'>, path: string): NodeResult {
    const { since } = this.#place
    const waits = (forWhat: Parameters<Walk['step']>[0] & { is: 'wait' }): NodeResult => {
      const end = this.#walk.step(forWhat, this.#mode)
      if (end === 'open') return { state: 'waiting', startedAt: since, endedAt: null, order: 0 }
      if (end === 'given up') return this.#took({ is: 'given up' })
      const { at, order, outcome, payload = null } = end
      const late = { code: 'timeout', message: `nothing came within ${node.timeout} ms` }
      if (outcome !== 'ok') return this.#took({ is: 'failed', error: late, end })
      return this.#took({ is: 'known', value: payload, end: { at, order } })
    }
    const limit = node.timeout === null ? null : since + node.timeout
    switch (node.for.is) {
      case 'time':
        return waits({ is: 'wait', step: path, for: { is: 'time' }, until: since + node.for.for })
      case 'signal':
        return waits({ is: 'wait', step: path, for: { is: 'signal', name: node.for.name }, until: limit })
      case 'call':
        return waits({ is: 'wait', step: path, for: { is: 'call' }, until: limit })
      case 'moment':
        return this.#given(`=${node.for.until}`, path, 'until', value => {
          const until = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : NaN
          // What a date can be.
          if (Math.abs(until) <= 8.64e15) return waits({ is: 'wait', step: path, for: { is: 'time' }, until })
          const message = '"until" comes to no time: it must be RFC 3339 or milliseconds of the epoch'
          return this.#took({ is: 'failed', error: { code: 'expression', message }, end: { at: since, order: 0 } })
        })
      default:
        throw node.for satisfies never
    }
  }

  #approval({ roles, quorum, fourEyes, expires }: NodeOf<'approval'>, path: string, question: JsonValue): NodeResult {
    const { since } = this.#place
    const text = typeof question === 'string' ? question : JSON.stringify(question)
    const forWhat = { is: 'answer', question: text, terms: { roles, quorum, fourEyes } } as const
    const end = this.#walk.step({ is: 'wait', step: path, for: forWhat, until: since + expires }, this.#mode)
    if (end === 'open') return { state: 'waiting', startedAt: since, endedAt: null, order: 0 }
    if (end === 'given up') return this.#took({ is: 'given up' })
    const { outcome, data, payload } = end
    if (outcome === 'ok') return this.#took({ is: 'known', value: payload ?? null, end })
    const reason = data['reason'] === undefined ? '' : `: ${word(data['reason'])}`
    const error =
      outcome === 'refused'
        ? { code: 'refused', message: `it was refused${reason}` }
        : { code: 'expired', message: 'nobody answered in time' }
    return this.#took({ is: 'failed', error, end })
  }

  /** Addresses that those of this block wait for calls at. */
  #callbacks(): Readonly<Record<string, string>> {
    const waiting = this.#block.filter(each => each.is === 'wait' && each.for.is === 'call')
    return Object.fromEntries(waiting.map(({ id }) => [id, this.#place.prefix + id]))
  }
}

interface Before {
  readonly way: string | null
  readonly result: NodeResult
}

/** One of the ways that lead to it must have been taken, when there are any; and not all that it needs may have been left out. */
function isWanted(before: readonly Before[]): boolean {
  const ways = before.filter(({ way }) => way !== null)
  const plain = before.filter(({ way }) => way === null)
  const taken = ways.length === 0 || ways.some(({ way, result }) => result.way === way)
  return taken && (plain.length === 0 || plain.some(({ result }) => result.state === 'done' || wentOn(result)))
}

/** It failed, and that was to lead nowhere else. */
function wentOn({ state, way }: NodeResult): boolean {
  return state === 'failed' && way === undefined
}

function blockResult(block: Block, results: ReadonlyMap<string, NodeResult>, { prefix, since }: Place): BlockResult {
  const all = block.map(node => ({ node, result: results.get(node.id)! }))
  const [fatal] = all
    .filter(({ node, result }) => result.state === 'failed' && node.onError === 'fail')
    .toSorted((one, other) => one.result.order - other.result.order)
  const failed = fatal ? { node: prefix + fatal.node.id, error: fatal.result.error! } : null
  const ended = all.every(({ result }) => hasEnded(result) || (failed !== null && result.state === 'pending'))
  return {
    ended,
    failed,
    cut: all.some(({ result }) => result.state === 'cancelled'),
    output: all.at(-1)?.result.output ?? null,
    endedAt: ended ? Math.max(since, ...all.map(({ result }) => result.endedAt ?? since)) : null,
    order: Math.max(0, ...all.map(({ result }) => result.order)),
  }
}

function definitionOf({ is, name }: NodeOf<'agent' | 'team' | 'workflow'>, definition: WorkflowDefinition): JsonValue {
  if (is === 'agent') return definition.agents[name]!.definition as unknown as JsonValue
  if (is === 'team') return definition.teams[name]! as unknown as JsonValue
  const { workflows, depth } = definition
  return { ...definition, workflow: workflows[name], depth: depth + 1 } as unknown as JsonValue
}

/** Agents and teams are told a text. A team may be given nothing else: what has no message is one as a whole. */
function inputOf({ is }: NodeOf<'agent' | 'team' | 'workflow'>, input: JsonValue): JsonValue {
  if (is === 'workflow') return input
  const given = isJsonObject(input) && 'message' in input ? input : { message: input }
  const { message = null, context = null } = given
  return { message: typeof message === 'string' ? message : JSON.stringify(message), context }
}

/** As JSONata sees it: what is empty, zero or nothing is false. */
function isTrue(value: JsonValue): boolean {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some(isTrue)
  if (isJsonObject(value)) return Object.keys(value).length > 0
  return value !== null && value !== false && value !== 0 && value !== ''
}

function same(one: JsonValue, other: JsonValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

const pending: NodeResult = { state: 'pending', startedAt: null, endedAt: null, order: 0 }
const MOST_ITEMS = 1_000
