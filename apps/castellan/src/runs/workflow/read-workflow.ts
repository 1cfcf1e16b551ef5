import {
  workflowDocument,
  type WorkflowDocument,
  type WorkflowNode as Written,
  type WorkflowRemark,
} from '@castellan/contracts'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Expressions } from './expressions.ts'
import { isExpression } from './expressions.ts'
import { normalBlock, normalWorkflow } from './normal-form.ts'
import type { Block, Workflow } from './workflow.ts'

/** What came of reading a document. */
export interface Reading {
  /** Null when there are problems. */
  readonly workflow: Workflow | null
  readonly document: JsonObject
  readonly problems: readonly WorkflowRemark[]
  readonly warnings: readonly WorkflowRemark[]
}

export type Source = { readonly text: string } | { readonly document: JsonObject }

/** Tools there are for whoever asks, by exposed name. */
export type KnownTools = ReadonlySet<string>

/**
 * Reads a workflow, and says everything that is wrong with it and where: by JSON Pointer and node, and for a text by line and column.
 * Nothing is asked of the names of agents, teams and other workflows, which are looked up when a run begins.
 */
export async function readWorkflow(source: Source, expressions: Expressions, tools?: KnownTools): Promise<Reading> {
  const reader = new Reader(source)
  const written = reader.shape()
  if (written === null) return reader.reading(null)
  const workflow = normalWorkflow(written)
  reader.checkBlock(written.nodes, ['nodes'], new Set(), 1)
  reader.checkEdges(written)
  if (reader.sound) reader.checkOrder(written)
  await reader.checkExpressions(written, workflow, expressions)
  if (tools) reader.checkTools(written.nodes, ['nodes'], tools)
  return reader.reading(workflow)
}

type Path = readonly (string | number)[]

class Reader {
  readonly #problems: WorkflowRemark[] = []
  readonly #warnings: WorkflowRemark[] = []
  readonly #lines = new LineCounter()
  readonly #yaml: Document | null
  readonly #value: unknown

  constructor(source: Source) {
    this.#yaml = 'text' in source ? parseDocument(source.text, { lineCounter: this.#lines }) : null
    for (const { message, pos } of this.#yaml?.errors ?? []) {
      const { line, col } = this.#lines.linePos(pos[0])
      const [what = ''] = message.split(/ at line \d+/)
      this.#problems.push({ at: '', node: null, line, column: col, message: `this is no YAML: ${what}` })
    }
    this.#value = 'text' in source ? this.#plain() : source.document
  }

  get sound(): boolean {
    return this.#problems.length === 0
  }

  reading(workflow: Workflow | null): Reading {
    return {
      workflow: this.sound ? workflow : null,
      document: isJsonObject(this.#value) ? this.#value : {},
      problems: this.#problems.slice(0, MOST_TOLD),
      warnings: this.#warnings.slice(0, MOST_TOLD),
    }
  }

  shape(): WorkflowDocument | null {
    if (!this.sound) return null
    const depth = depthOf(this.#value)
    if (depth > DEEPEST) {
      this.#problem([], `it is more than ${DEEPEST} levels deep`)
      return null
    }
    const { success, data, error } = workflowDocument.safeParse(this.#value)
    if (success) return data
    for (const issue of error.issues)
      this.#problem(
        issue.path.map(part => (typeof part === 'number' ? part : String(part))),
        complaintOf(issue),
      )
    return null
  }

  /** What one block must be for itself. */
  checkBlock(nodes: readonly Written[], path: Path, around: ReadonlySet<string>, depth: number): void {
    const ids = new Set<string>()
    for (const [index, node] of nodes.entries()) {
      const at = [...path, index]
      if (ids.has(node.id)) this.#problem([...at, 'id'], `there is another node "${node.id}" beside this one`)
      if (around.has(node.id))
        this.#problem(
          [...at, 'id'],
          `there is a node "${node.id}" around this one, which its expressions could not tell apart`,
        )
      ids.add(node.id)
    }
    if (depth > MOST_NESTED) this.#problem(path, `nodes lie in one another more than ${MOST_NESTED} deep`)
    const inner = new Set([...around, ...ids])
    for (const [index, node] of nodes.entries()) {
      const at = [...path, index]
      for (const { path: where, id } of namesIn(node)) {
        if (!ids.has(id))
          this.#problem(
            [...at, ...where],
            `there is no node "${id}" beside this one; there are: ${[...ids].slice(0, 20).join(', ')}`,
          )
        else if (id === node.id) this.#problem([...at, ...where], 'a node cannot come after itself')
      }
      this.#checkWait(node, at)
      for (const [where, block] of blocksIn(node)) this.checkBlock(block, [...at, ...where], inner, depth + 1)
    }
  }

  checkEdges({ nodes, edges }: WorkflowDocument): void {
    const ids = new Set(nodes.map(({ id }) => id))
    for (const [index, edge] of edges.entries())
      for (const end of ['from', 'to'] as const)
        if (!ids.has(edge[end])) this.#problem(['edges', index, end], `there is no node "${edge[end]}"`)
  }

  /** No node may come after itself, however far around. */
  checkOrder(written: WorkflowDocument): void {
    const check = (nodes: readonly Written[], path: Path, edges: WorkflowDocument['edges']) => {
      const circle = circleIn(normalBlock(nodes, edges))
      if (circle !== null) {
        const index = nodes.findIndex(({ id }) => id === circle[0])
        this.#problem([...path, index], `these come after one another in a circle: ${circle.join(' > ')}`)
      }
      for (const [index, node] of nodes.entries())
        for (const [where, block] of blocksIn(node)) check(block, [...path, index, ...where], [])
    }
    check(written.nodes, ['nodes'], written.edges)
  }

  async checkExpressions(written: WorkflowDocument, workflow: Workflow, expressions: Expressions): Promise<void> {
    const check = async (text: string, at: Path, seen: ReadonlySet<string> | null) => {
      if (text.length > LONGEST) return this.#problem(at, `the expression is longer than ${LONGEST} characters`)
      const { problem, mentions } = await expressions.parse(text)
      if (problem !== null) this.#problem(at, `the expression cannot be read: ${problem}`)
      for (const id of mentions)
        if (seen !== null && !seen.has(id))
          this.#warn(at, `"nodes.${id}" is nothing here: the node does not come after one of that name`)
    }
    const checkBlock = async (nodes: readonly Written[], block: Block, path: Path, around: ReadonlySet<string>) => {
      for (const [index, node] of nodes.entries()) {
        const normal = block[index]!
        const seen = new Set([...around, ...normal.sees])
        for (const { text, path: where, own } of expressionsIn(node))
          await check(text, [...path, index, ...where], own ? new Set([...seen, node.id]) : seen)
        for (const [where, inner] of blocksIn(node)) {
          const innerBlock =
            normal.is === 'foreach' ? normal.do : normal.is === 'parallel' ? normal.branches[String(where[1])]! : []
          await checkBlock(inner, innerBlock, [...path, index, ...where], seen)
        }
      }
    }
    await checkBlock(written.nodes, workflow.nodes, ['nodes'], new Set())
    const all = new Set(written.nodes.map(({ id }) => id))
    for (const { text, path } of templateExpressions(written.output, ['output'])) await check(text, path, all)
  }

  checkTools(nodes: readonly Written[], path: Path, tools: KnownTools): void {
    for (const [index, node] of nodes.entries()) {
      const at = [...path, index]
      const isTool = node.type === 'tool' || node.type === 'mcp_call'
      if (isTool && !tools.has(node.tool)) this.#warn([...at, 'tool'], unknownTool(node.tool))
      if ('compensate' in node && node.compensate && !tools.has(node.compensate.tool))
        this.#warn([...at, 'compensate', 'tool'], unknownTool(node.compensate.tool))
      for (const [where, block] of blocksIn(node)) this.checkTools(block, [...at, ...where], tools)
    }
  }

  #checkWait(node: Written, at: Path): void {
    if (node.type !== 'wait') return
    const given = (['for', 'until', 'signal', 'webhook'] as const).filter(each => node[each] !== undefined)
    if (given.length !== 1) this.#problem(at, 'it must have exactly one of "for", "until", "signal" and "webhook"')
    if (node.timeout !== undefined && (node.for !== undefined || node.until !== undefined))
      this.#problem([...at, 'timeout'], 'it is for a signal or a webhook; a time comes by itself')
  }

  #plain(): unknown {
    try {
      return this.#yaml!.toJS()
    } catch (error) {
      // Aliases that would grow without end.
      this.#problem([], error instanceof Error ? error.message : 'it cannot be read')
      return null
    }
  }

  #problem(path: Path, message: string): void {
    this.#problems.push(this.#remark(path, message))
  }

  #warn(path: Path, message: string): void {
    this.#warnings.push(this.#remark(path, message))
  }

  #remark(path: Path, message: string): WorkflowRemark {
    const at = path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
    return { at, node: this.#nodeOf(path), ...this.#place(path), message }
  }

  /** The innermost node around a place. */
  #nodeOf(path: Path): string | null {
    let value: unknown = this.#value
    let found: string | null = null
    for (const part of path) {
      if (typeof value !== 'object' || value === null) break
      value = (value as Readonly<Record<string | number, unknown>>)[part]
      if (typeof part !== 'number' || typeof value !== 'object' || value === null) continue
      const { id, type } = value as { readonly id?: unknown; readonly type?: unknown }
      if (typeof id === 'string' && type !== undefined) found = id
    }
    return found
  }

  /** Where it is in the text: what is missing is where it should be. */
  #place(path: Path): { line: number | null; column: number | null } {
    if (this.#yaml === null) return { line: null, column: null }
    for (let length = path.length; length >= 0; length--) {
      const found = length === 0 ? this.#yaml.contents : this.#yaml.getIn(path.slice(0, length), true)
      if (!isNode(found) || !found.range) continue
      const { line, col } = this.#lines.linePos(found.range[0])
      return { line, column: col }
    }
    return { line: 1, column: 1 }
  }
}

type Issue = NonNullable<ReturnType<typeof workflowDocument.safeParse>['error']>['issues'][number]

function complaintOf(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined && issue.message.endsWith('received undefined'))
    return `is missing; it must be of the type ${issue.expected}`
  if (issue.code === 'unrecognized_keys') return `has the unknown field ${issue.keys.join(', ')}`
  if (issue.code === 'invalid_union' && 'discriminator' in issue) return `must be one of ${NODE_TYPES.join(', ')}`
  return issue.message
}

/** A circle in a block, from a node back to itself; null when there is none. */
function circleIn(block: Block): readonly string[] | null {
  const before = new Map(block.map(({ id, after }) => [id, after.map(({ from }) => from)]))
  const done = new Set<string>()
  const visit = (id: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(id)) return [...trail.slice(trail.indexOf(id)), id].toReversed()
    if (done.has(id)) return null
    for (const from of before.get(id) ?? []) {
      const circle = visit(from, [...trail, id])
      if (circle) return circle
    }
    done.add(id)
    return null
  }
  for (const id of before.keys()) {
    const circle = visit(id, [])
    if (circle) return circle
  }
  return null
}

/** Other nodes that a node names, and where. */
function namesIn(node: Written): { readonly path: Path; readonly id: string }[] {
  const listed = (ids: readonly string[], ...path: Path) => ids.map((id, index) => ({ path: [...path, index], id }))
  const found = listed(node.needs, 'needs')
  if (typeof node.on_error === 'object') found.push(...listed(node.on_error.branch, 'on_error', 'branch'))
  if (node.type === 'if') found.push(...listed(node.then, 'then'), ...listed(node.else, 'else'))
  if (node.type === 'switch') {
    for (const [index, { then }] of node.cases.entries()) found.push(...listed(then, 'cases', index, 'then'))
    found.push(...listed(node.default, 'default'))
  }
  return found
}

/** Nodes that lie in a node, and where. */
function blocksIn(node: Written): (readonly [Path, readonly Written[]])[] {
  if (node.type === 'foreach') return [[['do'], node.do]]
  if (node.type !== 'parallel') return []
  return Object.entries(node.branches).map(([name, block]) => [['branches', name], block] as const)
}

interface Found {
  readonly text: string
  readonly path: Path
  /** Whether it may speak of the node itself. */
  readonly own: boolean
}

function expressionsIn(node: Written): readonly Found[] {
  const found: Found[] = []
  const bare = { if: 'condition', switch: 'value', foreach: 'items', transform: 'expression', wait: 'until' } as const
  for (const [type, field] of Object.entries(bare)) {
    const text = (node as Readonly<Record<string, unknown>>)[field]
    if (node.type === type && typeof text === 'string') found.push({ text, path: [field], own: false })
  }
  for (const field of ['args', 'message', 'context', 'input', 'question'] as const)
    if (field in node) found.push(...templateExpressions((node as Readonly<Record<string, unknown>>)[field], [field]))
  if ('compensate' in node && node.compensate)
    for (const each of templateExpressions(node.compensate.args, ['compensate', 'args']))
      found.push({ ...each, own: true })
  return found
}

function templateExpressions(template: unknown, path: Path): Found[] {
  if (isExpression(template as JsonValue)) return [{ text: String(template).slice(1), path, own: false }]
  if (typeof template !== 'object' || template === null) return []
  return Object.entries(template).flatMap(([key, value]) =>
    templateExpressions(value, [...path, Array.isArray(template) ? Number(key) : key]),
  )
}

function depthOf(value: unknown): number {
  let depth = 0
  let level: unknown[] = [value]
  while (level.length > 0 && depth <= DEEPEST) {
    level = level.flatMap(each => (typeof each === 'object' && each !== null ? Object.values(each) : []))
    depth++
  }
  return depth
}

function unknownTool(tool: string): string {
  return `there is no tool "${tool}" for you here now; a run that gets to it will fail`
}

const NODE_TYPES: readonly Written['type'][] = [
  'tool',
  'mcp_call',
  'agent',
  'team',
  'workflow',
  'if',
  'switch',
  'foreach',
  'parallel',
  'wait',
  'approval',
  'transform',
]
/** Nobody reads more. */
const MOST_TOLD = 50
/** Characters of an expression. */
const LONGEST = 10_000
const DEEPEST = 64
const MOST_NESTED = 8
