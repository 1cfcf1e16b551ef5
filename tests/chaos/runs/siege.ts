import { writeFileSync } from 'node:fs'
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { NatsProcess } from '../../../apps/castellan/src/adapters/fanout-nats/fixtures/nats-process.ts'
import type { Run, RunLine } from '../../../packages/contracts/src/index.ts'
import { quietPort } from '../../support/quiet-port.ts'
import type { OwnPostgres } from '../../support/own-postgres.ts'
import { type Random, randomFrom } from '../../support/random.ts'
import { adminOf, type Rest } from '../../support/rest.ts'
import { Plane } from '../plane.ts'
import { ledgerFile } from '../stage.ts'
import { auditRun } from './audit.ts'
import { type Clock, wallClock } from './clock.ts'
import { isBoundary, type Moment, moments } from './moments.ts'
import { Person } from './person.ts'
import { RunsReport } from './report.ts'
import {
  agent,
  agentTask,
  deaths,
  ledger,
  modelServer,
  policy,
  sees,
  type Task,
  team,
  teamTask,
  workflow,
  workflowTask,
} from './work.ts'

/** Where the runs of a siege are. */
export type Ground =
  /** The embedded store, on which there can be one control plane. */
  | { readonly is: 'embedded' }
  | {
      readonly is: 'postgres'
      readonly url: string
      readonly nodes: number
      readonly own: OwnPostgres | null
      readonly nats: NatsProcess | null
    }

/**
 * Keeps agents, workflows and teams at work on one control plane or several, and lets these die, each time at another moment, stand still for
 * longer than their leases, have their clocks put forward and back, and lose their database or NATS. In the end every run must have ended as it
 * was to, and no unsafe effect may have happened more often than somebody decided.
 */
export async function besiegeRuns(
  { rounds, seed, ground }: { readonly rounds: number; readonly seed: number; readonly ground: Ground },
  told: (line: string) => void = () => undefined,
): Promise<RunsReport> {
  const random = randomFrom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'castellan-runs-chaos-'))
  const report = new RunsReport(seed)
  const siege = new Siege(folder, random, ground, report)
  try {
    await using model = await modelServer(() => siege.modelIsAsked())
    await siege.begin(model.url)
    const possible = moments.filter(moment => siege.canBe(moment))
    for (let round = 1, order: Moment[] = []; round <= rounds; round++) {
      if (order.length === 0) order = random.shuffled(possible)
      told(await siege.round(round, order.pop()!))
    }
    await siege.end()
  } catch (error) {
    // What was found before is not lost with it.
    report.wrong('cut short', [error instanceof Error ? (error.stack ?? error.message) : String(error)])
  } finally {
    await siege.abandon()
    await rm(folder, { recursive: true, force: true })
  }
  return report
}

class Siege {
  readonly #folder: string
  readonly #data: string
  readonly #random: Random
  readonly #ground: Ground
  readonly #report: RunsReport
  readonly #clock: Clock | null
  readonly #boundary: string
  readonly #planes: Plane[] = []
  readonly #ports: number[] = []
  readonly #tasks = new Map<string, Task>()
  readonly #open = new Set<string>()
  /** When somebody stops a run, in milliseconds of the epoch. */
  readonly #stops = new Map<string, number>()
  /** What was asked for, and may have been begun or not. */
  readonly #unsure: Task[] = []
  readonly #person: Person
  #onModel: (() => void) | null = null

  constructor(folder: string, random: Random, ground: Ground, report: RunsReport) {
    this.#folder = folder
    this.#data = join(folder, 'data')
    this.#boundary = join(folder, 'boundary')
    this.#random = random
    this.#ground = ground
    this.#report = report
    this.#clock = wallClock(folder)
    this.#person = new Person(ledgerFile(folder), report)
  }

  modelIsAsked(): void {
    const hook = this.#onModel
    this.#onModel = null
    hook?.()
  }

  canBe(moment: Moment): boolean {
    if (moment === 'the clock jumps') return this.#clock !== null
    if (moment === 'the database falls') return this.#ground.is === 'postgres' && this.#ground.own !== null
    return moment !== 'NATS is away' || (this.#ground.is === 'postgres' && this.#ground.nats !== null)
  }

  async begin(model: string): Promise<void> {
    const providers = { local: { kind: 'openai-compatible', base_url: model } }
    await writeFile(this.#settings, JSON.stringify({ settings: { models: { providers } } }))
    await writeFile(ledgerFile(this.#folder), '')
    const nodes = this.#ground.is === 'postgres' ? this.#ground.nodes : 1
    for (let index = 0; index < nodes; index++) this.#ports.push(await quietPort())
    for (let index = 0; index < nodes; index++) await this.#start(index)
    const rest = await this.#rest()
    await rest.must('POST', '/api/mcp-servers', { body: ledger(this.#folder) })
    await rest.must('PUT', '/api/policies', { body: { files: { 'siege.cedar': policy } } })
    await rest.must('POST', '/api/agents', { body: agent })
    await rest.must('POST', '/api/teams', { body: team })
    await rest.must('PUT', '/api/workflows/chain', { body: { source: workflow } })
    for (const plane of this.#planes) await sees(await adminOf(plane.url, this.#data))
  }

  /** Lets things go wrong in the midst of work, and puts them right again. Returns what happened in a line. */
  async round(round: number, moment: Moment): Promise<string> {
    const before = this.#report.violations.length
    const spell = this.#spell(moment)
    const kills = this.#report.kills
    await this.#work(round, moment)
    await spell()
    await this.#revive()
    this.#report.met(moment)
    const found = this.#report.violations.length - before
    return `round ${round}: "${moment}", ${this.#report.kills - kills} kills, ${this.#open.size} runs open, ${found} violations`
  }

  /** Lets every run end, and looks at all of them. */
  async end(): Promise<void> {
    this.#clock?.put(0)
    await this.#revive()
    await this.#adopt()
    const over = Date.now() + PATIENCE
    while (this.#open.size > 0 && Date.now() < over) {
      await this.#revive()
      await this.#tend()
      await delay(50)
    }
    const wrong = (found: readonly string[]) => this.#report.wrong('the end', found)
    const rest = await this.#rest()
    if (this.#open.size > 0) {
      const some = await Promise.all([...this.#open].slice(0, 3).map(id => standing(rest, id)))
      wrong([`${this.#open.size} of ${this.#tasks.size} runs have not ended: ${some.join('; ')}`])
    }
    const effects = await this.#person.effects()
    for (const [id, task] of this.#tasks) {
      if (this.#open.has(id)) continue
      wrong(await auditRun(rest, id, task, effects, this.#person.gaveUp.has(id)))
    }
    wrong(this.#planes.filter(({ said }) => /bug/.test(said)).map(({ said }) => `it said: ${said.slice(0, 1_000)}`))
    this.#report.runs = this.#tasks.size
  }

  async abandon(): Promise<void> {
    for (const plane of this.#planes) plane.kill()
    await Promise.all(this.#planes.map(plane => plane.ended))
  }

  /** Lets something go wrong soon; the result resolves once it has. */
  #spell(moment: Moment): () => Promise<void> {
    const random = this.#random
    const victim = random.pick(this.#planes)
    if (isBoundary(moment)) {
      writeFileSync(this.#boundary, moment)
      return async () => {
        await this.#untilOneIsGone(moment)
        await unlink(this.#boundary).catch(() => undefined)
      }
    }
    switch (moment) {
      case 'any time': {
        const killed = delay(random.int(0, 400)).then(() => victim.kill())
        return () => killed
      }
      case 'a model is asked':
        this.#onModel = () => victim.kill()
        return () => this.#untilOneIsGone(moment)
      case 'stands still': {
        const still = delay(random.int(0, 200)).then(() => victim.standStill(LONGER_THAN_A_LEASE))
        return () => this.#tendUntil(still)
      }
      case 'the clock jumps': {
        const jumps = [random.int(30, 120), -random.int(30, 120), 0]
        return async () => {
          for (const seconds of jumps) {
            this.#clock!.put(seconds)
            // As long as it takes to be noticed.
            await this.#tendUntil(delay(1_500))
          }
        }
      }
      case 'the database falls': {
        const own = this.#ground.is === 'postgres' ? this.#ground.own! : null
        const fallen = delay(random.int(0, 300)).then(() => own!.fall(random.int(0, 3_000)))
        return async () => {
          await this.#tendUntil(fallen)
          for (const plane of this.#planes) {
            if (plane.isGone)
              this.#report.wrong(moment, [`a control plane ended with it: ${plane.said.slice(0, 1_000)}`])
            else await plane.ready()
          }
        }
      }
      case 'NATS is away': {
        const nats = this.#ground.is === 'postgres' ? this.#ground.nats! : null
        const away = delay(random.int(0, 200)).then(() => nats!.kill())
        return async () => {
          await this.#tendUntil(away.then(() => delay(random.int(100, 3_000))))
          await nats!.start()
        }
      }
      case 'call asked':
      case 'call late':
      case 'call done':
      case 'call answered':
        return () => this.#untilOneIsGone(moment)
      default:
        throw moment satisfies never
    }
  }

  async #work(round: number, moment: Moment): Promise<void> {
    const random = this.#random
    const die = deaths.find(each => moment === `call ${each}`) ?? 'never'
    const asks = /approval|parked/.test(moment)
    const tasks = [
      agentTask(random, `${round}-a`, asks || die !== 'never' ? { tool: asks ? 'pay' : 'act', die } : null),
      workflowTask(random, `${round}-w`, moment.endsWith('run.failed') || random.chance(0.3)),
    ]
    for (let more = random.int(0, 2); more > 0; more--) tasks.push(agentTask(random, `${round}-b${more}`))
    if (random.chance(0.5)) tasks.push(teamTask(random, `${round}-t`))
    if (random.chance(0.3)) {
      const stops = random.int(0, 800)
      tasks.push({ ...random.pick([agentTask(random, `${round}-c`), teamTask(random, `${round}-c`)]), stops })
    }
    for (const task of tasks) await this.#startRun(task)
  }

  async #startRun(task: Task): Promise<void> {
    try {
      const { id } = await (await this.#rest()).must<Run>('POST', task.path, { body: task.body })
      this.#take(id, task)
    } catch (error) {
      // Whoever is killed in the midst of it has promised nothing, and may have begun it; any other refusal is wrong.
      if (this.#isUpset(error)) this.#unsure.push(task)
      else this.#report.wrong('a start', [String(error)])
    }
  }

  /** Takes care of runs that were begun, though nobody could say so any more. */
  async #adopt(): Promise<void> {
    const rest = await this.#rest()
    for (const { id, parent } of await rest.all<Run>('/api/runs')) {
      if (parent !== null || this.#tasks.has(id)) continue
      const { items } = await rest.must<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines?limit=1`)
      const told = JSON.stringify(items[0]?.payload)
      const task = this.#unsure.find(({ name }) => new RegExp(`(?<!\\d)${name}\\b`).test(told))
      if (!task) {
        this.#report.wrong('the end', [`nobody asked for the run ${id}: ${told}`])
        continue
      }
      this.#unsure.splice(this.#unsure.indexOf(task), 1)
      this.#take(id, task)
    }
  }

  #take(id: string, task: Task): void {
    this.#tasks.set(id, task)
    this.#open.add(id)
    if (task.stops !== null) this.#stops.set(id, Date.now() + task.stops)
  }

  async #untilOneIsGone(moment: Moment): Promise<void> {
    const end = Date.now() + MOMENT_COMES
    while (!this.#planes.some(plane => plane.isGone)) {
      if (Date.now() > end) {
        this.#report.wrong(moment, [`it did not come within ${MOMENT_COMES} ms`])
        break
      }
      await this.#tend()
      await delay(20)
    }
    this.#onModel = null
  }

  async #tendUntil(over: Promise<unknown>): Promise<void> {
    const noted = over.then(() => true)
    do await this.#tend()
    while (!(await Promise.race([noted, delay(50, false)])))
  }

  /** Plays the person whom runs need. */
  async #tend(): Promise<void> {
    try {
      const rest = await this.#rest()
      for (const [id, at] of this.#stops) {
        if (Date.now() < at) continue
        await this.#person.stop(rest, id)
        this.#stops.delete(id)
      }
      await this.#person.agree(rest)
      for (const id of this.#open) if (await this.#person.tend(rest, id)) this.#open.delete(id)
    } catch (error) {
      if (!this.#isUpset(error)) throw error
    }
  }

  /** Whether somebody was asked who is gone, stands still or has no database. */
  #isUpset(error: unknown): boolean {
    const text = String(error)
    return (
      error instanceof TypeError ||
      / answered 50[0-9]/.test(text) ||
      text.includes('TimeoutError') ||
      text.includes('nobody is there')
    )
  }

  async #revive(): Promise<void> {
    for (const [index, plane] of this.#planes.entries()) {
      if (!plane.isGone) continue
      const how = await plane.ended
      if (how !== 'SIGKILL')
        this.#report.wrong('the siege', [`a control plane ended by itself with ${how}: ${plane.said.slice(0, 1_000)}`])
      this.#report.kills++
      await this.#start(index)
    }
  }

  async #start(index: number): Promise<void> {
    const database = this.#ground.is === 'postgres' ? ['--database', this.#ground.url] : []
    if (this.#ground.is === 'postgres' && this.#ground.nats) database.push('--nats', this.#ground.nats.url)
    const preload = new URL('../fixtures/ill-fated.ts', import.meta.url).pathname
    for (let attempt = 1; ; attempt++) {
      const plane = new Plane(this.#ports[index]!, this.#data, [...database, '--config', this.#settings], {
        node: ['--import', preload],
        variables: { ...this.#clock?.settings.variables, CHAOS_BOUNDARY: this.#boundary },
      })
      this.#planes[index] = plane
      try {
        await plane.ready()
        return
      } catch (error) {
        // A database that does not let anybody in for the moment is no fault of theirs.
        if (attempt === MOST_STARTS || !plane.said.includes('The store cannot be used')) throw error
      }
    }
  }

  get #settings(): string {
    return join(this.#folder, 'castellan.yaml')
  }

  async #rest(): Promise<Rest> {
    const plane = this.#planes.find(({ isGone, isStill }) => !isGone && !isStill)
    if (!plane) throw new TypeError('nobody is there')
    return adminOf(plane.url, this.#data)
  }
}

/** How a run stands, and its last lines. */
async function standing(rest: Rest, id: string): Promise<string> {
  const { kind, name, state } = await rest.must<Run>('GET', `/api/runs/${id}`)
  const lines = await rest.all<RunLine>(`/api/runs/${id}/lines`)
  const last = lines.slice(-6).map(({ type, at, data }) => `${type} ${at} ${JSON.stringify(data)}`)
  return `the ${kind} "${name}" ${id} is ${state} after\n${last.join('\n')}`
}

/** Milliseconds: longer than a wait can last that a clock was put back in the midst of. */
const PATIENCE = 240_000
const MOMENT_COMES = 45_000
const MOST_STARTS = 3
const LONGER_THAN_A_LEASE = 25_000
