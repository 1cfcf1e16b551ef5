import { type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Decider, Decision, Happening } from '../decider.ts'
import type { Computation } from '../step.ts'
import { word } from '../word.ts'
import type { BlockResult, Undo } from './block-result.ts'
import { walkBlock } from './blocks.ts'
import type { WorkflowDefinition } from './definition.ts'
import { type NodeError, shownError, shownResult } from './node-result.ts'
import { type End, type Mode, type Seen, Walk } from './walk.ts'

/** What a run knows of itself; null before it has begun. */
type State = Known | null

interface Known extends Pick<Seen, 'definition' | 'input' | 'began'> {
  /** What happened last, and before: so a history of any length grows by one without being copied. */
  readonly last: Happened | null
  readonly memory: Memory
}

/** What was made of a history, so that a longer one need not be gone through from its beginning; a look at another forgets it. */
interface Memory {
  upTo: Happened | null
  readonly asked: Map<string, number>
  readonly ends: Map<string, End>
  readonly turns: Seen['turns']
}

interface Happened {
  readonly happening: Exclude<Happening, { is: 'began' }>
  readonly before: Happened | null
}

/**
 * What a workflow does next: its nodes are gone through from the beginning at each look, with what their steps came to, so that there
 * is no other state than that. What it calls, evaluates, waits for and begins are steps of the run, named after the place of their
 * node: `check`, `orders[3].ship`, `check#2` for a second attempt, `check:args` for its arguments, `check:undo` for taking it back.
 */
export const workflowDecider: Decider<State> = {
  begin: () => null,
  evolve,
  decide: (state, now) => (state === null ? nothing : look(state, now, 'going').decision),
  request: (_, step) => {
    throw new Error(`no model is asked in a workflow: ${step}`)
  },
  compute(state, step) {
    const found =
      thoughtOf.get(state!)?.get(step) ??
      look(state!, Infinity, 'going').walk.computations.get(step) ??
      look(state!, Infinity, 'stopped').walk.computations.get(step)
    if (!found) throw new Error(`the step ${step} is no computation`)
    return found
  },
  keeps: step => step.includes(':undo'),
  unwind: (state, now) => (state === null ? nothing : look(state, now, 'stopped').decision),
  report: state => (state === null ? { nodes: {} } : { nodes: shown(look(state, Infinity, 'going').walk) }),
}

function evolve(state: State, happening: Happening): State {
  if (happening.is !== 'began') return { ...state!, last: { happening, before: state!.last } }
  const { at: began, definition, input } = happening
  const memory: Memory = { upTo: null, asked: new Map(), ends: new Map(), turns: new Map() }
  return { definition: definition as unknown as WorkflowDefinition, input, began, last: null, memory }
}

function seenIn({ last, memory, ...known }: Known): Seen {
  const { asked, ends, turns } = memory
  const news: Happened['happening'][] = []
  let each = last
  for (; each !== null && each !== memory.upTo; each = each.before) news.push(each.happening)
  if (each !== memory.upTo) for (const all of [asked, ends, turns]) all.clear()
  for (const happening of news.toReversed()) {
    const { at, step } = happening
    if (happening.is === 'asked') asked.set(step, at)
    else {
      const { outcome, data, payload } = happening
      ends.set(step, { at, order: ends.size + 1, outcome, data, payload })
    }
  }
  memory.upTo = last
  return { ...known, asked, ends, turns }
}

/** What a look at a state found is to be evaluated, since each step of it is asked for. */
const thoughtOf = new WeakMap<Known, ReadonlyMap<string, Computation>>()

const nothing: Decision = { asks: [], until: null, ends: null }

interface Look {
  readonly walk: Walk
  readonly decision: Decision
}

function look(state: Known, now: number, wanted: Mode): Look {
  const seen = seenIn(state)
  const walk = new Walk(seen, now)
  thoughtOf.set(state, walk.computations)
  const { workflow } = seen.definition
  const scope = { input: seen.input, nodes: {} }
  const undo: Undo[] = []
  const late = wanted === 'going' && isLate(walk)
  const mode = late ? 'closing' : wanted
  const root = walkBlock(walk, workflow.nodes, { prefix: '', scope, since: seen.began, undo }, mode)
  const open = (): Look => ({ walk, decision: { asks: walk.asks, stops: walk.stops, until: walk.until, ends: null } })
  if (!root.ended) return open()
  if (root.failed === null && mode === 'going') {
    const { end, output, why } = outputOf(walk, root)
    if (!end) return open()
    if (why === null) return { walk, decision: ends({ is: 'completed', output: { nodes: shown(walk), output } }) }
    return takeBack(walk, undo, { message: why })
  }
  const cause =
    root.failed === null
      ? { message: `it did not end within ${workflow.timeout} ms` }
      : { ...root.failed.error, message: `the node "${root.failed.node}" failed: ${root.failed.error.message}` }
  return takeBack(walk, undo, cause)
}

/** Whether the time of the whole run is up. */
function isLate(walk: Walk): boolean {
  const { definition, began } = walk.seen
  const { timeout } = definition.workflow
  if (timeout === null) return false
  const end = walk.step({ is: 'wait', step: ':deadline', for: { is: 'time' }, until: began + timeout }, 'going')
  return end !== 'open'
}

function outputOf(walk: Walk, root: BlockResult): { end: boolean; output: JsonValue; why: string | null } {
  const { definition, input } = walk.seen
  const { output: template, nodes: block } = definition.workflow
  if (template === null) return { end: true, output: root.output, why: null }
  const nodes = Object.fromEntries(block.map(({ id }) => [id, shownResult(walk.results.get(id)!)]))
  const stand = walk.value(template, ':output', { input, nodes }, {}, 'going')
  if (stand.is === 'known') return { end: true, output: stand.value, why: null }
  if (stand.is === 'failed') return { end: true, output: null, why: `the output failed: ${stand.error.message}` }
  return { end: false, output: null, why: null }
}

/**
 * Takes back what was done, what ended last first, one after the other. What cannot be taken back does not keep the others from it, and
 * is told. What the run was forked from did is left to that.
 */
function takeBack(walk: Walk, undo: readonly Undo[], cause: Pick<NodeError, 'message' | 'step'>): Look {
  const done: JsonObject[] = []
  const waiting = (): Look => ({ walk, decision: { asks: walk.asks, until: walk.until, ends: null } })
  const own = undo.filter(({ order }) => !walk.isCopied(order))
  for (const { path, call, scope } of own.toSorted((one, other) => other.order - one.order)) {
    const args = walk.value(call.args, `${path}:undo.args`, scope, {}, 'going')
    const stand = args.is === 'known' ? walk.call(call, `${path}:undo`, args.value, walk.seen.began, 'going') : args
    if (stand.is === 'open') return waiting()
    const error = stand.is === 'failed' ? shownError(stand.error) : null
    done.push({ node: path, state: error === null ? 'done' : 'failed', ...(error === null ? {} : { error }) })
  }
  const failed = done.filter(({ state }) => state === 'failed').map(({ node }) => `"${word(node)}"`)
  const { message, step } = cause
  const why =
    failed.length === 0 ? message : `${message}; and what these did could not be taken back: ${failed.join(', ')}`
  const output = { nodes: shown(walk), output: null, ...(done.length === 0 ? {} : { compensations: done }) }
  return { walk, decision: ends({ is: 'failed', why, steps: step === undefined ? [] : [step], output }) }
}

function ends(end: NonNullable<Decision['ends']>): Decision {
  return { asks: [], until: null, ends: end }
}

/** Every node that was thought of, by its place. */
function shown({ nodes }: Walk): JsonObject {
  return Object.fromEntries(nodes.map(([path, result]) => [path, shownResult(result)]))
}
