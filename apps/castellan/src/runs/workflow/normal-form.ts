import type { WorkflowDocument, WorkflowNode as Written } from '@castellan/contracts'
import { type JsonObject, type JsonValue, parseDuration } from '../../kernel/index.ts'
import type { Block, Edge, Retry, ToolCall, WaitFor, Workflow, WorkflowNode } from './workflow.ts'

/** The normal form of a document of the right shape; what it means only once its names and its order are right, too. */
export function normalWorkflow({ name, description, nodes, edges, output, timeout }: WorkflowDocument): Workflow {
  return {
    name,
    description,
    nodes: normalBlock(nodes, edges),
    output: (output as JsonValue | undefined) ?? null,
    timeout: milliseconds(timeout),
  }
}

export function normalBlock(nodes: readonly Written[], edges: WorkflowDocument['edges'] = []): Block {
  const after = new Map<string, Edge[]>(nodes.map(({ id, needs }) => [id, needs.map(from => ({ from, way: null }))]))
  const lead = (from: string, to: readonly string[], way: string | null) => {
    for (const id of to) after.get(id)?.push({ from, way })
  }
  for (const { from, to } of edges) lead(from, [to], null)
  for (const node of nodes) {
    if (typeof node.on_error === 'object') lead(node.id, node.on_error.branch, 'error')
    if (node.type === 'if') {
      lead(node.id, node.then, 'then')
      lead(node.id, node.else, 'else')
    }
    if (node.type === 'switch') {
      for (const [index, { then }] of node.cases.entries()) lead(node.id, then, String(index))
      lead(node.id, node.default, 'default')
    }
  }
  const seen = seenBy(after)
  return nodes.map(node => ({
    id: node.id,
    after: after.get(node.id)!,
    sees: seen.get(node.id)!,
    onError: typeof node.on_error === 'object' ? 'branch' : node.on_error,
    ...kind(node),
  }))
}

/** What each comes after, however far back; in a circle nobody minds what. */
function seenBy(after: ReadonlyMap<string, readonly Edge[]>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const id of after.keys()) {
    const seen = new Set<string>()
    const open = [id]
    while (open.length > 0)
      for (const { from } of after.get(open.pop()!) ?? [])
        if (!seen.has(from)) {
          seen.add(from)
          open.push(from)
        }
    found.set(id, [...seen].toSorted())
  }
  return found
}

type Kind = WorkflowNode extends infer Node
  ? Node extends unknown
    ? Omit<Node, 'id' | 'after' | 'sees' | 'onError'>
    : never
  : never

function kind(node: Written): Kind {
  switch (node.type) {
    case 'tool':
    case 'mcp_call':
      return { is: 'tool', ...toolCall(node), compensate: compensation(node) }
    case 'agent': {
      const input = { message: node.message, context: node.context } as JsonObject
      return { is: 'agent', name: node.agent, input, ...inside(node) }
    }
    case 'team':
      return { is: 'team', name: node.team, input: node.input as JsonValue, ...inside(node) }
    case 'workflow':
      return { is: 'workflow', name: node.workflow, input: node.input as JsonValue, ...inside(node) }
    case 'if':
      return { is: 'if', condition: node.condition }
    case 'switch':
      return { is: 'switch', value: node.value, cases: node.cases.map(each => (each.is ?? null) as JsonValue) }
    case 'foreach':
      return { is: 'foreach', items: node.items, concurrency: node.concurrency, do: normalBlock(node.do) }
    case 'parallel': {
      const branches = Object.entries(node.branches).map(([name, block]) => [name, normalBlock(block)] as const)
      return { is: 'parallel', branches: Object.fromEntries(branches) }
    }
    case 'wait':
      return { is: 'wait', for: waitFor(node), timeout: milliseconds(node.timeout) }
    case 'approval': {
      const { question, roles, quorum, four_eyes: fourEyes, expires } = node
      return {
        is: 'approval',
        question: question as JsonValue,
        roles,
        quorum,
        fourEyes,
        expires: parseDuration(expires),
      }
    }
    case 'transform':
      return { is: 'transform', expression: node.expression }
    default:
      throw node satisfies never
  }
}

type WrittenCall = Pick<Extract<Written, { type: 'tool' | 'mcp_call' }>, 'tool' | 'args' | 'timeout' | 'retry'>

function toolCall({ tool, args, timeout, retry }: WrittenCall): ToolCall {
  return { tool, args: args as JsonValue, timeout: parseDuration(timeout), retry: retryOf(retry) }
}

function compensation({ compensate }: { readonly compensate?: WrittenCall | undefined }): ToolCall | null {
  return compensate ? toolCall(compensate) : null
}

function inside(node: Extract<Written, { type: 'agent' | 'team' | 'workflow' }>) {
  return { timeout: milliseconds(node.timeout), retry: retryOf(node.retry), compensate: compensation(node) }
}

function retryOf(retry: WrittenCall['retry']): Retry | null {
  if (!retry) return null
  const { attempts, wait, factor, longest } = retry
  return { attempts, wait: parseDuration(wait), factor, longest: parseDuration(longest) }
}

function waitFor(node: Extract<Written, { type: 'wait' }>): WaitFor {
  if (node.signal !== undefined) return { is: 'signal', name: node.signal }
  if (node.until !== undefined) return { is: 'moment', until: node.until }
  return node.for === undefined ? { is: 'call' } : { is: 'time', for: parseDuration(node.for) }
}

function milliseconds(duration: string | undefined): number | null {
  return duration === undefined ? null : parseDuration(duration)
}
