import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Account } from '../support/account.ts'
import { type CastellanProcess, castellanProcessUnder } from '../support/castellan-process.ts'
import { Orphans } from '../support/orphans.ts'
import { type Random, randomFrom } from '../support/random.ts'
import { adminOf, type Rest } from '../support/rest.ts'
import { everybody } from './crew/index.ts'
import { pause } from './crew/work.ts'
import { networkServers } from './fixtures/network-servers.ts'
import { complaintsIn, heapAfterRest, inspectorIn } from './inspector.ts'
import { judge } from './judge.ts'
import type { Soaked } from './report.ts'
import { markOf, register } from './stage.ts'
import { Tally } from './tally.ts'
import { type Vitals, vitalsOf } from './vitals.ts'

/** Seconds between samples at work. */
const SAMPLE_EVERY = 5
/** Longest wait until all is quiet, seconds. */
const TO_REST = 60

/**
 * Lets clients of every kind work on a real control plane, with faults on, for so many minutes. Every answer is checked; now
 * and then everybody rests, and what the control plane still holds is looked at. `told` hears of each rest.
 */
export async function soak(
  { minutes, seed, elicitation }: { readonly minutes: number; readonly seed: number; readonly elicitation: boolean },
  told: (line: string) => void,
): Promise<Soaked> {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-soak-'))
  const tally = new Tally(wrong => told(`wrong: ${wrong}`))
  const samples: Vitals[] = []
  const rests: Vitals[] = []
  try {
    await using steady = await networkServers(true)
    await using unsteady = await networkServers(false)
    const data = join(folder, 'data')
    // So that garbage can be collected, and what stays be told from what was only not collected yet.
    const settings = ['--log-level', 'error', '--mcp-session-idle', '5s', '--mcp-max-sessions', '200']
    await using plane = await castellanProcessUnder(['--inspect=127.0.0.1:0'], data, ...settings)
    const rest = await adminOf(plane.url, data)
    await register(rest, folder, { steady, unsteady, perClient: elicitation })
    const orphans = new Orphans(`SOAK_RUN=${folder}`)
    const all = {
      plane,
      rest,
      tally,
      data,
      folder,
      elicitation,
      random: randomFrom(seed),
      account: new Account(),
      began: performance.now(),
    }
    const cycle = Math.min(60, Math.max(10, minutes * 6))
    for (let left = minutes * 60; left > 0; left -= cycle) {
      await work(all, Math.min(cycle, left), samples)
      rests.push(await restOf(all))
      await orphans.remember()
      told(line(rests.at(-1)!, tally))
    }
    for (const each of judge(rests)) tally.found('not flat', each)
    for (const each of undone(tally)) tally.found('not done', each)
    await end(plane, orphans, tally)
  } catch (error) {
    // What was found before is not lost with it.
    tally.found('cut short', error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { seed, minutes, tally, samples, rests }
}

interface Soaking {
  readonly plane: CastellanProcess
  readonly rest: Rest
  readonly tally: Tally
  readonly data: string
  readonly folder: string
  readonly elicitation: boolean
  readonly random: Random
  readonly account: Account
  /** On the monotonic clock. */
  readonly began: number
}

async function work(soaking: Soaking, seconds: number, samples: Vitals[]): Promise<void> {
  const { rest, tally, random, folder, elicitation } = soaking
  const over = new AbortController()
  const working = everybody({ rest, tally, elicitation, over: over.signal }, random.fork(), markOf(folder))
  const end = performance.now() + seconds * 1_000
  while (performance.now() < end) {
    await pause(Math.min(SAMPLE_EVERY * 1_000, Math.max(0, end - performance.now())))
    samples.push(await look(soaking, null))
  }
  over.abort()
  await working
}

/** Waits until nothing is under way and sessions are gone; then counts what is left, and reads the journal on. */
async function restOf(soaking: Soaking): Promise<Vitals> {
  const { plane, rest, tally, account } = soaking
  for (let second = 0; second < TO_REST; second++) {
    const { sessions, underWay } = await look(soaking, null)
    if (sessions === 0 && underWay === 0) break
    await pause(1_000)
  }
  for (const each of await account.readOn(rest)) tally.found('wrong journal', each)
  const complaints = complaintsIn(plane.errors())
  if (complaints !== '') tally.found('complaint', complaints.slice(0, 1_000))
  const heap = await heapAfterRest(inspectorIn(plane.errors()))
  return look(soaking, heap)
}

function look({ plane, data, rest, began }: Soaking, heap: number | null): Promise<Vitals> {
  return vitalsOf(plane.pid, data, rest, (performance.now() - began) / 1_000, heap)
}

/** A soak in which something never happened says nothing about it. */
function undone(tally: Tally): string[] {
  const must = [
    'steady ok',
    'steady error',
    'unsteady ok',
    'unsteady error',
    'lists',
    'searches',
    'progress',
    'cancelled',
    'vanished',
  ]
  const more = ['never read', 'read slowly', 'sessions', 'watched', 'listened', 'entries read']
  return [...must, ...more].filter(what => !tally.counts.has(what)).map(what => `"${what}" never happened`)
}

async function end(plane: CastellanProcess, orphans: Orphans, tally: Tally): Promise<void> {
  plane.signal('SIGTERM')
  const hang = pause(30_000).then(() => null)
  const ending = await Promise.race([plane.ended, hang])
  if (ending?.code !== 0)
    tally.found('the end', ending === null ? 'it did not end when asked to' : `it ended with ${ending.code}`)
  for (const each of (await orphans.gone(null)).left) tally.found('the end', each)
}

function line({ at, resident, heap, descriptors, children, entries }: Vitals, tally: Tally): string {
  const held = `${resident.toFixed(0)} MB resident, ${heap?.toFixed(1)} MB heap, ${descriptors} descriptors, ${children} processes`
  const done = `${tally.of('steady ') + tally.of('unsteady ')} calls, ${entries} entries`
  return `${at.toFixed(0)} s: ${held}; ${done}; ${tally.violations} wrong`
}
