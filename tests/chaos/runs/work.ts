import { setTimeout as delay } from 'node:timers/promises'
import { httpServer } from '../../../apps/castellan/src/adapters/http-client/fixtures/http-server.ts'
import { answer, wordings } from '../../../apps/castellan/src/adapters/model-ai-sdk/fixtures/fake-provider.ts'
import type { JsonObject } from '../../../apps/castellan/src/kernel/index.ts'
import type { Random } from '../../support/random.ts'
import type { Rest } from '../../support/rest.ts'
import { ledgerFile } from '../stage.ts'

/** When a call kills whoever made it. */
export const deaths = ['asked', 'late', 'done', 'answered'] as const
export type Death = (typeof deaths)[number]

/** One call of a run, in the order in which it asks for them. */
export interface Wanted {
  /** Of these, a person has to agree before `pay` is called. */
  readonly tool: 'act' | 'pay' | 'put' | 'look'
  readonly id: string
  readonly die: Death | 'never'
  /** Milliseconds until it is done; none unless told. */
  readonly ms?: number
}

/** Something that is to be executed. */
export interface Task {
  readonly path: '/api/agents/worker/runs' | '/api/workflows/chain/runs' | '/api/teams/panel/runs'
  readonly body: object
  readonly wanted: readonly Wanted[]
  /** A workflow that fails in the end, and takes back what it did. */
  readonly fails: boolean
  /** Milliseconds after which somebody stops it; null for what may end by itself. */
  readonly stops: number | null
  readonly name: string
}

/** An agent that makes a few calls, and one besides that it was given. */
export function agentTask(random: Random, name: string, last: Pick<Wanted, 'tool' | 'die'> | null = null): Task {
  const wanted = plan(random, name)
  if (last) wanted.push({ ...last, id: `${name}-last` })
  const body = { user_message: JSON.stringify(wanted), timeout_seconds: 600 }
  return { path: '/api/agents/worker/runs', body, wanted, fails: false, stops: null, name }
}

/** A team whose members each make a few calls before they propose, and vote for the first of them in the end. */
export function teamTask(random: Random, name: string): Task {
  const parts = Object.fromEntries(members.map(member => [member, plan(random, `${name}-${member}`)]))
  const body = { user_message: JSON.stringify(parts) }
  return { path: '/api/teams/panel/runs', body, wanted: Object.values(parts).flat(), fails: false, stops: null, name }
}

/** A workflow with a branch, a loop, an agent beside a wait, a question and, when it fails, something to take back. */
export function workflowTask(random: Random, name: string, fails: boolean): Task {
  const [looped, told] = [plan(random, `${name}-loop`), plan(random, `${name}-told`)]
  const made: Wanted = { tool: 'put', id: `${name}-made`, die: 'never' }
  const input = { name, wanted: looped, told: JSON.stringify(told), fails }
  return {
    path: '/api/workflows/chain/runs',
    body: { input },
    wanted: [made, ...looped],
    fails,
    stops: null,
    name,
  }
}

/** What takes back what a workflow did. */
export function takenBack({ name }: Task): string {
  return `${name}-unmade`
}

export const agent = {
  name: 'worker',
  llm_config: { provider: 'local', model: 'planner' },
  available_mcps: ['ledger'],
  max_iterations: 20,
  timeout_seconds: 600,
}

const members = ['ann', 'bob', 'cid'] as const

export const team = {
  name: 'panel',
  members: members.map(name => ({ name, agent: agent.name })),
  protocol: { type: 'collaborative', rounds: 1, quorum: 'majority', early_stop: false },
}

/** What the team comes to whatever happens meanwhile. */
export const agreed = { response: revisionOf(members[0]), entries: members.length * 4 }

export const workflow = `
name: chain
nodes:
  - id: made
    type: tool
    tool: ledger__put
    args: { id: "=input.name & '-made'" }
    compensate: { tool: ledger__put, args: { id: "=input.name & '-unmade'" } }
  - id: each
    type: foreach
    needs: [made]
    items: input.wanted
    concurrency: 2
    do:
      - { id: which, type: switch, value: item.tool, cases: [{ is: act, then: [act] }, { is: pay, then: [pay] }, { is: put, then: [put] }], default: [look] }
      - { id: act, type: tool, tool: ledger__act, args: { id: "=item.id", die: "=item.die" } }
      - { id: pay, type: tool, tool: ledger__pay, args: { id: "=item.id", die: "=item.die" } }
      - { id: put, type: tool, tool: ledger__put, args: { id: "=item.id", die: "=item.die" } }
      - { id: look, type: tool, tool: ledger__look, args: { id: "=item.id", die: "=item.die" } }
  - id: aside
    type: parallel
    needs: [each]
    branches:
      rest: [{ id: nap, type: wait, for: 50ms }]
      ask: [{ id: told, type: agent, agent: worker, message: "=input.told" }]
  - { id: sure, type: approval, needs: [aside], question: Go on?, four_eyes: false }
  - { id: end, type: transform, needs: [sure], expression: "input.fails ? $error('as it was to') : 'done'" }
`

export const policy = `
@id("all") permit (principal, action, resource) unless { resource == Capability::"ledger/pay" };
@id("pay") @require_approval("somebody agrees") permit (principal, action, resource == Capability::"ledger/pay");
`

/** The tool server, which writes down each effect before it answers. */
export function ledger(folder: string) {
  const program = new URL('../fixtures/ledger-server.ts', import.meta.url).pathname
  return {
    name: 'ledger',
    transport: 'stdio',
    command: process.execPath,
    args: [program, ledgerFile(folder)],
    env: { CHAOS_RUN: folder },
    tools: {
      act: { effect: 'unsafe' },
      pay: { effect: 'unsafe' },
      put: { effect: 'idempotent' },
      look: { effect: 'read' },
    },
  }
}

/** Waits until a node knows the tools of the ledger. */
export async function sees(rest: Rest): Promise<void> {
  for (let time = 0; time < 200; time++) {
    const { status, body } = await rest.ask('GET', '/api/mcp-servers/ledger/capabilities')
    if (status === 200 && JSON.stringify(body).includes('look')) return
    await delay(50)
  }
  throw new Error('a node does not learn of the tools')
}

/** A model that asks for what its task lists, one after the other, and then says that it is done, or its part in a team. */
export async function modelServer(onAsked: () => void): Promise<{ readonly url: string } & AsyncDisposable> {
  const { url, stop } = await httpServer(({ body: text }, response) => {
    onAsked()
    const body = JSON.parse(text) as JsonObject & {
      readonly messages: readonly { readonly role: string; readonly content: string | null }[]
    }
    const part = partOf(body.messages.find(({ role }) => role === 'user')!.content!)
    const next = part.wanted[body.messages.filter(({ role }) => role === 'tool').length]
    const { tool = '', ...args } = next ?? {}
    const said = next
      ? { text: '', calls: [{ id: `c-${next.id}`, tool: `ledger__${tool}`, args: JSON.stringify(args) }] }
      : { text: part.answer }
    answer(response, wordings.compatible, said, body)
  })
  return { url: `${url}/v1`, [Symbol.asyncDispose]: stop }
}

/** What a model is to ask for, and to answer then. */
function partOf(told: string): { readonly wanted: readonly Wanted[]; readonly answer: string } {
  const who = /^You are "(\w+)"/m.exec(told)?.[1]
  if (who === undefined) return { wanted: JSON.parse(told) as readonly Wanted[], answer: 'done' }
  if (told.includes('Propose your own')) {
    const parts = JSON.parse(/^## Task\n\n(.*)$/m.exec(told)![1]!) as Readonly<Record<string, readonly Wanted[]>>
    return { wanted: parts[who]!, answer: `the plan of ${who}` }
  }
  const answer = told.includes('Say what is wrong')
    ? JSON.stringify({ critique: `${who} doubts`, best: who })
    : told.includes('Answer the task anew')
      ? revisionOf(who)
      : JSON.stringify({ choice: members[0], reason: 'it is sound' })
  return { wanted: [], answer }
}

function revisionOf(who: string): string {
  return `the better plan of ${who}`
}

function plan(random: Random, name: string): Wanted[] {
  return Array.from({ length: random.int(1, 3) }, (_, index) => {
    return { tool: random.pick(['act', 'act', 'pay', 'put', 'look'] as const), id: `${name}-${index}`, die: 'never' }
  })
}
