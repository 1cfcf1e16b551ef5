import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { wordings } from '../../apps/castellan/src/adapters/model-ai-sdk/fixtures/fake-provider.ts'
import type { Run, RunLine } from '../../packages/contracts/src/index.ts'
import { type Random, randomFrom } from '../support/random.ts'
import { adminOf, type Rest } from '../support/rest.ts'
import { Plane, quietPort } from './plane.ts'
import { ledgerFile } from './stage.ts'

/** What a siege of runs saw. */
export interface RunsReport {
  readonly seed: number
  readonly runs: number
  readonly kills: number
  /** Calls of which a person had to say what became of them. */
  settled: number
  readonly violations: string[]
}

/** One call of a run, in the order in which its model asks for them. */
interface Wanted {
  readonly tool: 'act' | 'put' | 'look'
  readonly id: string
  readonly die?: 'asked' | 'late' | 'done' | 'answered'
}

/**
 * Keeps agents at work on a number of control planes, on one store, and kills these again and again: at any time, in the midst of a
 * call by the tool itself, and while the model is asked. In the end every run must have ended well, and no unsafe effect may have
 * happened more often than somebody decided.
 */
export async function besiegeRuns({
  rounds,
  seed,
  nodes,
  database,
}: {
  readonly rounds: number
  readonly seed: number
  readonly nodes: number
  /** Null for the embedded store, on which there can be one node. */
  readonly database: string | null
}): Promise<RunsReport> {
  const random = randomFrom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'castellan-runs-chaos-'))
  const data = join(folder, 'data')
  const planes: Plane[] = []
  const ports: number[] = []
  const report: RunsReport = { seed, runs: 0, kills: 0, settled: 0, violations: [] }
  let kills = 0
  let onModel: (() => void) | null = null
  await using model = await modelServer(() => {
    const hook = onModel
    onModel = null
    hook?.()
  })
  const begin = async (index: number) => {
    const database_ = database === null ? [] : ['--database', database]
    planes[index] = new Plane(ports[index]!, data, [...database_, '--config', join(folder, 'castellan.yaml')])
    await planes[index].ready()
  }
  const revive = async () => {
    for (const [index, plane] of planes.entries()) {
      if (!plane.isGone) continue
      kills++
      await begin(index)
    }
  }
  try {
    const providers = { local: { kind: 'openai-compatible', base_url: model.url } }
    await writeFile(join(folder, 'castellan.yaml'), JSON.stringify({ settings: { models: { providers } } }))
    await writeFile(ledgerFile(folder), '')
    for (let index = 0; index < nodes; index++) ports.push(await quietPort(random))
    for (let index = 0; index < nodes; index++) await begin(index)
    const rest = () => restOf(planes, data)
    await (await rest()).must('POST', '/api/mcp-servers', { body: ledger(folder) })
    await (await rest()).must('POST', '/api/agents', { body: agent })
    for (const plane of planes) await sees(plane, data)

    const started = new Map<string, readonly Wanted[]>()
    for (let round = 0; round < rounds; round++) {
      const moment = random.pick(['any time', 'a model is asked', 'a call'] as const)
      for (let count = random.int(2, 5); count > 0; count--) {
        const die =
          moment === 'a call' && count === 1 ? random.pick(['asked', 'late', 'done', 'answered'] as const) : null
        const wanted = plan(random, `${round}-${count}`, die)
        const begun = await (
          await rest()
        ).must<Run>('POST', '/api/agents/worker/runs', {
          body: { user_message: JSON.stringify(wanted), timeout_seconds: 600 },
        })
        started.set(begun.id, wanted)
      }
      const victim = random.pick(planes)
      if (moment === 'a model is asked') onModel = () => victim.kill()
      else if (moment === 'any time') setTimeout(() => victim.kill(), random.int(0, 400))
      await Promise.race([...planes.map(plane => plane.ended), delay(5_000, undefined, { ref: false })])
      onModel = null
      await revive()
    }
    await settleAll(await rest(), rest, revive, started, folder, report)
    await audit(await rest(), started, folder, report)
    report.violations.push(...planes.filter(plane => /bug/.test(plane.said)).map(plane => `it said: ${plane.said}`))
    return { ...report, runs: started.size, kills }
  } finally {
    for (const plane of planes) plane.kill()
    await Promise.all(planes.map(plane => plane.ended))
    await rm(folder, { recursive: true, force: true })
  }
}

const agent = {
  name: 'worker',
  llm_config: { provider: 'local', model: 'planner' },
  available_mcps: ['ledger'],
  max_iterations: 20,
  timeout_seconds: 600,
}

function ledger(folder: string) {
  const program = new URL('./fixtures/ledger-server.ts', import.meta.url).pathname
  return {
    name: 'ledger',
    transport: 'stdio',
    command: process.execPath,
    args: [program, ledgerFile(folder)],
    env: { CHAOS_RUN: folder },
    tools: { act: { effect: 'unsafe' }, put: { effect: 'idempotent' }, look: { effect: 'read' } },
  }
}

function plan(random: Random, name: string, die: Wanted['die'] | null): readonly Wanted[] {
  const wanted = Array.from({ length: random.int(1, 3) }, (_, index): Wanted => {
    return { tool: random.pick(['act', 'put', 'look'] as const), id: `${name}-${index}` }
  })
  return die ? [...wanted, { tool: 'act', id: `${name}-die`, die }] : wanted
}

/** A model that asks for what its task lists, one after the other, and then says that it is done. */
async function modelServer(onAsked: () => void): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = (await json(request)) as {
        readonly stream?: boolean
        readonly messages: readonly { readonly role: string; readonly content: string | null }[]
      }
      onAsked()
      const wanted = JSON.parse(body.messages.find(({ role }) => role === 'user')!.content!) as readonly Wanted[]
      const next = wanted[body.messages.filter(({ role }) => role === 'tool').length]
      const { tool = '', ...args } = next ?? {}
      const said = next
        ? { text: '', calls: [{ id: `c-${next.id}`, tool: `ledger__${tool}`, args: JSON.stringify(args) }] }
        : { text: 'done' }
      if (body.stream !== true) {
        response.writeHead(200, { 'content-type': 'application/json' })
        return response.end(JSON.stringify(wordings.compatible.whole(said, body)))
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const { data } of wordings.compatible.events(said, body))
        response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
      return response.end()
    })().catch(() => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function restOf(planes: readonly Plane[], data: string): Promise<Rest> {
  return adminOf(planes.find(plane => !plane.isGone)!.url, data)
}

/** Waits until a node knows the tools. */
async function sees(plane: Plane, data: string): Promise<void> {
  const rest = await adminOf(plane.url, data)
  for (let time = 0; time < 200; time++) {
    const { status, body } = await rest.ask('GET', '/api/mcp-servers/ledger/capabilities')
    if (status === 200 && JSON.stringify(body).includes('look')) return
    await delay(50)
  }
  throw new Error('a node does not learn of the tools')
}

async function effectsOf(folder: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const line of (await readFile(ledgerFile(folder), 'utf8')).split('\n')) {
    const id = line.split(' ')[1]
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

/** Lets every run end; plays the person who looks what became of a call and says it. */
async function settleAll(
  first: Rest,
  rest: () => Promise<Rest>,
  revive: () => Promise<void>,
  started: ReadonlyMap<string, readonly Wanted[]>,
  folder: string,
  report: RunsReport,
): Promise<void> {
  let at = first
  const open = new Set(started.keys())
  for (const end = Date.now() + 120_000; open.size > 0;) {
    if (Date.now() > end) {
      report.violations.push(`${open.size} of ${started.size} runs have not ended: ${[...open].slice(0, 3).join(', ')}`)
      return
    }
    await revive()
    at = await rest()
    for (const id of open) {
      const run = await at.must<Run>('GET', `/api/runs/${id}`)
      if (run.ended_at !== null) open.delete(id)
      for (const step of run.in_doubt ?? []) {
        const { items } = await at.must<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines?limit=1000`)
        const asked = items.find(line => line.type === 'tool.requested' && line.data['step'] === step)!
        const { id: what, die } = asked.payload as Wanted
        const happened = (await effectsOf(folder)).has(what)
        // What would kill again is not asked for again.
        const as = happened ? 'happened' : die === undefined ? 'retry' : 'unknown'
        await at.must('POST', `/api/runs/${id}/steps/${step}/settle`, { body: { as } })
        report.settled++
      }
    }
    await delay(50)
  }
}

async function audit(
  rest: Rest,
  started: ReadonlyMap<string, readonly Wanted[]>,
  folder: string,
  { violations }: RunsReport,
): Promise<void> {
  const effects = await effectsOf(folder)
  for (const [id, wanted] of started) {
    const run = await rest.must<Run>('GET', `/api/runs/${id}`)
    if (run.state !== 'completed') violations.push(`the run ${id} is ${run.state}: ${run.error}`)
    const { items } = await rest.must<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines?limit=1000`)
    violations.push(...linesWrong(id, items))
    for (const { tool, id: what } of wanted) {
      const times = effects.get(what) ?? 0
      if (tool === 'act' && times > 1) violations.push(`the unsafe effect ${what} happened ${times} times`)
      const told = items.find(line => line.type === 'tool.requested' && (line.payload as Wanted).id === what)
      const end = items.find(line => line.type === 'tool.ended' && line.data['step'] === told?.data['step'])
      if (end?.data['outcome'] === 'ok' && times === 0) violations.push(`${what} is said to have happened, and has not`)
    }
  }
}

function linesWrong(id: string, lines: readonly RunLine[]): string[] {
  const wrong: string[] = []
  const open = new Set<string>()
  for (const [index, { number, type, data }] of lines.entries()) {
    if (number !== index) wrong.push(`the run ${id} has a gap before line ${number}`)
    const step = String(data['step'])
    if (type.endsWith('.requested')) {
      if (open.has(step)) wrong.push(`the run ${id} asked for ${step} twice`)
      open.add(step)
    }
    if (type.endsWith('.ended') && !open.has(step))
      wrong.push(`the run ${id} saw the end of ${step} before its beginning`)
  }
  if (lines.filter(({ type }) => type === 'run.completed').length !== 1) wrong.push(`the run ${id} did not end once`)
  return wrong
}
