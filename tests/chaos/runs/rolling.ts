import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Run, RunLine } from '../../../packages/contracts/src/index.ts'
import { quietPort } from '../../support/quiet-port.ts'
import { randomFrom } from '../../support/random.ts'
import { adminOf } from '../../support/rest.ts'
import { Plane } from '../plane.ts'
import { ledgerFile } from '../stage.ts'
import { linesWrong } from './audit.ts'
import { agent, ledger, modelServer, sees, type Wanted } from './work.ts'

/** What a rolling restart saw. */
export interface RollingReport {
  readonly seed: number
  readonly runs: number
  readonly restarts: number
  /** Milliseconds that each stop took. */
  readonly stops: readonly number[]
  readonly violations: readonly string[]
}

/**
 * Keeps agents at work on three control planes on one PostgreSQL, and restarts these one after the other, as one does to bring a new
 * version. Every run must end well without anybody's help, and every call of it must have been made once.
 */
export async function rollingRestart({
  rounds,
  seed,
  database,
}: {
  readonly rounds: number
  readonly seed: number
  readonly database: string
}): Promise<RollingReport> {
  const random = randomFrom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'castellan-rolling-'))
  const data = join(folder, 'data')
  const planes: Plane[] = []
  const ports = [await quietPort(), await quietPort(), await quietPort()]
  const violations: string[] = []
  const stops: number[] = []
  await using model = await modelServer(() => undefined)
  const begin = async (index: number) => {
    const plane = new Plane(ports[index]!, data, ['--database', database, '--config', join(folder, 'castellan.yaml')])
    planes[index] = plane
    await plane.ready()
  }
  try {
    const providers = { local: { kind: 'openai-compatible', base_url: model.url } }
    await writeFile(join(folder, 'castellan.yaml'), JSON.stringify({ settings: { models: { providers } } }))
    await writeFile(ledgerFile(folder), '')
    for (const index of ports.keys()) await begin(index)
    const at = (index: number) => adminOf(planes[index % planes.length]!.url, data)
    await (await at(0)).must('POST', '/api/mcp-servers', { body: ledger(folder) })
    await (await at(0)).must('POST', '/api/agents', { body: agent })
    for (const index of planes.keys()) await sees(await at(index))

    const started = new Map<string, readonly Wanted[]>()
    for (let round = 0; round < rounds; round++) {
      const victim = round % planes.length
      for (let count = 0; count < 6; count++) {
        const wanted = Array.from({ length: 4 }, (_, index): Wanted => {
          const tool = random.pick(['act', 'act', 'put', 'look'] as const)
          return { tool, id: `${round}-${count}-${index}`, die: 'never', ms: random.int(0, 400) }
        })
        const body = { user_message: JSON.stringify(wanted), timeout_seconds: 600 }
        const { id } = await (await at(count)).must<Run>('POST', '/api/agents/worker/runs', { body })
        started.set(id, wanted)
      }
      await delay(random.int(0, 500))
      const asked = performance.now()
      const code = await planes[victim]!.stop()
      stops.push(Math.round(performance.now() - asked))
      if (code !== 0) violations.push(`the control plane ${victim} ended with ${code}: ${planes[victim]!.said}`)
      if (/bug/.test(planes[victim]!.said)) violations.push(planes[victim]!.said)
      await begin(victim)
    }

    const rest = await at(0)
    for (const id of started.keys()) {
      for (const end = Date.now() + 60_000; ;) {
        const run = await rest.must<Run>('GET', `/api/runs/${id}`)
        if ((run.in_doubt ?? []).length > 0) violations.push(`the run ${id} has calls in doubt`)
        if (run.ended_at !== null && run.state !== 'completed')
          violations.push(`the run ${id} is ${run.state}: ${run.error}`)
        if (run.ended_at !== null || violations.length > 0) break
        if (Date.now() > end) {
          violations.push(`the run ${id} has not ended`)
          break
        }
        await delay(50)
      }
    }
    const effects = (await readFile(ledgerFile(folder), 'utf8')).split('\n').map(line => line.split(' ')[1])
    for (const [id, wanted] of started) {
      const run = await rest.must<Run>('GET', `/api/runs/${id}`)
      const { items } = await rest.must<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines?limit=1000`)
      violations.push(...linesWrong(run, items))
      for (const line of items.filter(({ type }) => type === 'tool.ended'))
        if (line.data['outcome'] !== 'ok') violations.push(`a call of ${id} ended as ${String(line.data['outcome'])}`)
      for (const { id: what } of wanted) {
        const times = effects.filter(each => each === what).length
        if (times !== 1) violations.push(`${what} happened ${times} times`)
      }
    }
    violations.push(...planes.filter(plane => /bug/.test(plane.said)).map(plane => `it said: ${plane.said}`))
    return { seed, runs: started.size, restarts: rounds, stops, violations }
  } finally {
    for (const plane of planes) plane.kill()
    await Promise.all(planes.map(plane => plane.ended))
    await rm(folder, { recursive: true, force: true })
  }
}
