import type { Random } from '../support/random.ts'
import { answerTo, steadyTools, type Tool, unsteadyTools, type Wish } from './fixtures/deeds.ts'
import type { Tally } from './tally.ts'

/** One call that somebody asks for. */
export interface Asked {
  readonly server: string
  readonly tool: Tool
  readonly wish: Wish
}

/** What somebody was told. */
export interface Told {
  /** Wire name of an outcome; `ok` or `error` also for what the tool itself said; `rpc` for an error of JSON-RPC. */
  readonly outcome: string
  readonly text: string
}

/** Servers on which every call must succeed, and those on which anything may go wrong. */
export const steadyServers = ['files', 'web', 'web26', 'live', 'plain', 'shop'] as const
export const unsteadyServers = steadyServers.map(name => `${name}-x`)

let asked = 0

/** Any call. */
export function anyCall(
  random: Random,
  servers: readonly string[] = random.chance(0.75) ? steadyServers : unsteadyServers,
): Asked {
  const server = random.pick(servers)
  const all = server.endsWith('-x') ? unsteadyTools : steadyTools
  const common = ['echo', 'echo', 'echo', 'slow', 'count', 'large'] as const
  return callOf(random, server, random.chance(0.6) ? random.pick(common) : random.pick(all))
}

export function callOf(random: Random, server: string, tool: Tool): Asked {
  const id = `${process.pid}-${asked++}`
  switch (tool) {
    case 'echo':
      return { server, tool, wish: { id, pad: 'p'.repeat(random.int(0, 1_000)) } }
    case 'slow':
      return { server, tool, wish: { id, ms: random.int(1, 300) } }
    case 'count':
      return { server, tool, wish: { id, steps: random.int(1, 10), ms: random.int(0, 20) } }
    case 'large':
      return { server, tool, wish: { id, size: random.int(1_000, random.chance(0.1) ? 1_000_000 : 50_000) } }
    default:
      return { server, tool, wish: { id } }
  }
}

/** How a call of an unsteady server may end besides well: ours to say, and never with somebody else's words. */
const mishaps = ['error', 'timeout', 'indeterminate', 'cancelled', 'denied_schema', 'rpc']

/** Holds what somebody was told against what they asked for. */
export function check(tally: Tally, who: string, asked: Asked, told: Told): void {
  const { server, tool, wish } = asked
  tally.did(`${isSteady(server) ? 'steady' : 'unsteady'} ${told.outcome}`)
  if (isRight(asked, told)) return
  tally.found(
    'wrong answer',
    `${who} asked ${server} for ${tool} ${wish.id} and was told ${told.outcome}: ${told.text.slice(0, 200)}`,
  )
}

function isRight({ server, tool, wish }: Asked, { outcome, text }: Told): boolean {
  const [, whose] = /(?:^|\s)(\d+-\d+)\|/.exec(text) ?? []
  if (whose !== undefined && whose !== wish.id) return false
  const right = answerTo(tool, wish)
  if (outcome === 'ok') return text === right && tool !== 'fail'
  // A service says it in words of its own before.
  if (tool === 'fail' && outcome === 'error' && right !== null && text.endsWith(right)) return true
  return !isSteady(server) && mishaps.includes(outcome)
}

function isSteady(server: string): boolean {
  return !server.endsWith('-x')
}
