import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { quietPort } from '../support/quiet-port.ts'
import { Account } from '../support/account.ts'
import { Attempts } from './attempts.ts'
import { audit } from './audit.ts'
import { restCaller } from './clients.ts'
import { killAt, type Moment, moments } from './kills.ts'
import { lastLook } from './last-look.ts'
import { Orphans } from '../support/orphans.ts'
import { Plane } from './plane.ts'
import { type Random, randomFrom } from '../support/random.ts'
import { repeatKeyed } from './repeats.ts'
import { Report } from './report.ts'
import { kindsFor } from './resources.ts'
import { adminOf } from '../support/rest.ts'
import { Shelf } from './shelf.ts'
import { effectsBy, register, tokenOf } from './stage.ts'
import { storm } from './storm.ts'
import { Tail } from './tail.ts'
import { type ToolServer, toolServer } from './tool-server.ts'

/**
 * Kills a control plane at work so many times, each time at another moment, starts it again on the same data, and holds
 * what it says then against what clients were told and what servers did. `told` hears of each round.
 */
export async function besiege(
  { rounds, seed }: { readonly rounds: number; readonly seed: number },
  told: (line: string) => void = () => undefined,
): Promise<Report> {
  const random = randomFrom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'castellan-chaos-'))
  const siege = new Siege(folder, random, await quietPort(), new Report(seed))
  await using tools = await toolServer(random.fork(), () => siege.kill())
  try {
    await siege.begin(tools)
    for (let round = 1, order: Moment[] = []; round <= rounds; round++) {
      if (order.length === 0) order = random.shuffled(moments)
      told(await siege.round(round, order.pop()!))
    }
    await siege.end()
  } catch (error) {
    // What was found before is not lost with it.
    siege.report.wrong('cut short', [error instanceof Error ? (error.stack ?? error.message) : String(error)])
  } finally {
    await siege.abandon()
    await rm(folder, { recursive: true, force: true })
  }
  return siege.report
}

class Siege {
  readonly report: Report
  readonly #folder: string
  readonly #data: string
  readonly #port: number
  readonly #random: Random
  readonly #attempts = new Attempts()
  readonly #account = new Account()
  readonly #tail = new Tail()
  readonly #orphans: Orphans
  #shelf = new Shelf([])
  #plane: Plane
  #tools: ToolServer | undefined

  constructor(folder: string, random: Random, port: number, report: Report) {
    this.#folder = folder
    this.#data = join(folder, 'data')
    this.#port = port
    this.#random = random
    this.report = report
    this.#orphans = new Orphans(tokenOf(folder))
    this.#plane = new Plane(port, this.#data)
  }

  kill(): void {
    this.#plane.kill()
  }

  async begin(tools: ToolServer): Promise<void> {
    this.#tools = tools
    await this.#plane.ready()
    const rest = await this.#rest()
    await register(rest, this.#folder, tools.url)
    this.#shelf = new Shelf(await kindsFor(rest))
  }

  /** Works, kills, starts again and checks. Returns what happened in a line. */
  async round(round: number, moment: Moment): Promise<string> {
    this.#attempts.round = round
    const before = this.report.violations.length
    await this.#storm(moment)
    this.report.killed(moment)
    if (this.#random.chance(0.25)) await this.#killAtStart()
    this.#plane = new Plane(this.#port, this.#data)
    const ready = await this.#plane.ready()
    this.report.starts.push(ready)
    await this.#check(round)
    if (this.#plane.isGone) {
      this.report.wrong(`round ${round}`, [
        `the control plane ended with ${await this.#plane.ended} while it was checked`,
      ])
      this.#plane = new Plane(this.#port, this.#data)
      await this.#plane.ready()
    }
    const found = this.report.violations.length - before
    return `round ${round}: killed at "${moment}", ready after ${Math.round(ready.milliseconds)} ms, ${found} violations`
  }

  async #storm(moment: Moment): Promise<void> {
    const plane = this.#plane
    const rest = await this.#rest()
    const over = new AbortController()
    const parts = { rest, attempts: this.#attempts, shelf: this.#shelf, tail: this.#tail, random: this.#random.fork() }
    const storming = storm({ ...parts, crowd: moment === 'crowd' ? 120 : 0 }, plane, over.signal)
    await killAt(moment, { ...parts, plane, caller: restCaller(rest, over.signal) })
    const how = await plane.ended
    if (how !== 'SIGKILL') this.report.wrong(moment, [`the control plane ended by itself with ${how}: ${plane.said}`])
    // What was sent before the kill may still arrive.
    await Promise.race([storming, delay(250)])
    over.abort()
    await storming
  }

  /** Kills one more control plane, while it starts. */
  async #killAtStart(): Promise<void> {
    const plane = new Plane(this.#port, this.#data)
    await delay(this.#random.int(0, 1_500))
    plane.kill()
    await plane.ended
    this.report.killed('starting')
  }

  async #check(round: number): Promise<void> {
    const { report } = this
    const wrong = (found: readonly string[]) => report.wrong(`round ${round}`, found)
    const rest = await this.#rest()
    wrong(await this.#account.readOn(rest))
    for (const [offset, leaf] of this.#tail.seen) {
      if (this.#account.leaves[offset] !== leaf) wrong([`entry ${offset} was shown to a reader and is not there`])
    }
    this.#tail.seen.clear()
    wrong(await this.#shelf.check(rest))
    wrong(this.#shelf.acknowledged.filter(id => !this.#account.tellsOf(id)).map(id => `write ${id} is not journaled`))
    wrong([...this.#shelf.refused.splice(0), ...this.#attempts.broken.splice(0)])

    const { milliseconds, left } = await this.#orphans.gone(this.#plane.pid)
    report.reaped.push(milliseconds)
    wrong(left)

    const latest = this.#attempts.all.filter(attempt => attempt.round === round)
    const effectsOf = await this.#effects()
    wrong(audit(latest, this.#account, effectsOf))
    const caller = restCaller(rest, new AbortController().signal)
    const repeated = await repeatKeyed(caller, latest, this.#account, () => this.#effects())
    report.repeats += repeated.asked
    wrong(repeated.wrong)
    await this.#orphans.remember()
    if (this.#plane.said !== '') wrong([`it complained: ${this.#plane.said.slice(0, 1_000)}`])
  }

  /** Ends the control plane as one should, and looks at everything once more. */
  async end(): Promise<void> {
    const { report } = this
    const wrong = (found: readonly string[]) => report.wrong('the end', found)
    wrong(await this.#account.readOn(await this.#rest()))
    wrong(audit(this.#attempts.all, this.#account, await this.#effects()))
    const code = await this.#plane.stop()
    if (code !== 0) wrong([`SIGTERM ended it with ${code}`])
    wrong((await this.#orphans.gone(null)).left)
    wrong(lastLook(this.#data, this.#account))
    report.add(this.#attempts, this.#account, this.#shelf.acknowledged.length)
  }

  async abandon(): Promise<void> {
    this.#plane.kill()
    await this.#plane.ended
  }

  #rest() {
    return adminOf(this.#plane.url, this.#data)
  }

  #effects() {
    return effectsBy(this.#folder, this.#tools?.effects ?? new Map())
  }
}
