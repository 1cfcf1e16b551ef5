import { execFile, spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'

export const revisions = ['2025-11-25', '2026-07-28'] as const
export type Revision = (typeof revisions)[number]

/** Which side of the protocol is looked at. */
export const legs = ['server', 'client'] as const
export type Leg = (typeof legs)[number]

/** What one scenario found, each check of it by its worst result. */
export interface Score {
  readonly scenario: string
  /** Why it does not count, as the suite says it; null when it does. */
  readonly unscored: string | null
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  /** Not as it should be, which the suite does not hold against anybody. */
  readonly warned: readonly string[]
}

/** What is looked at: the URL of a server, or the command of a client, to which the suite adds the URL of a server of its own. */
export type Subject =
  { readonly leg: 'server'; readonly url: string } | { readonly leg: 'client'; readonly command: string }

/**
 * Runs the scenarios of a requirement set and gives a score for each, in the order of the set. Of a single one it also lets the
 * suite say on the terminal what it saw.
 */
export async function runSuite(revision: Revision, subject: Subject, only?: string): Promise<readonly Score[]> {
  const requirements = [...(await requirementsOf(revision, subject.leg))].filter(
    ([name]) => only === undefined || name === only,
  )
  const folder = await mkdtemp(join(tmpdir(), 'castellan-conformance-results-'))
  try {
    const target = subject.leg === 'server' ? ['--url', subject.url] : ['--command', subject.command]
    const each = requirements.map(([scenario]) => ['--scenario', scenario, '--spec-version', revision, '--force'])
    // Left to itself, the suite starts a client for each scenario at once, and those that come too late fail.
    const runs = (only === undefined && subject.leg === 'server' ? [['--requirements', revision]] : each).values()
    const errors: string[] = []
    const take = async () => {
      for (const which of runs) {
        const args = [subject.leg, ...target, ...which, '--output-dir', folder]
        errors.push(await conformance(args, only === undefined))
      }
    }
    await Promise.all([take(), take()])
    const checks = new Map(
      globSync('**/checks.json', { cwd: folder }).map(path => [
        scenarioOf(subject.leg, dirname(path)),
        JSON.parse(readFileSync(join(folder, path), 'utf8')) as Check[],
      ]),
    )
    if (checks.size === 0 && requirements.length > 0) throw new Error(`The suite did not run. ${errors.join('\n')}`)
    return requirements.map(([scenario, unscored]) => judge(scenario, unscored, checks.get(scenario)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Check {
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
}

function judge(scenario: string, unscored: string | null, checks: readonly Check[] = []): Score {
  const ids = (status: Check['status']) => new Set(checks.filter(check => check.status === status).map(({ id }) => id))
  const failed = ids('FAILURE')
  const warned = ids('WARNING').difference(failed)
  const passed = ids('SUCCESS').difference(failed).difference(warned)
  // Where nobody came nothing was wrong, which the suite lets pass.
  if (unscored === null && passed.size + failed.size + warned.size === 0) failed.add('saw-nothing')
  return { scenario, unscored, passed: [...passed], failed: [...failed], warned: [...warned] }
}

/** The scenarios of a requirement set that look at one side, each with why it does not count, or null when it does. */
async function requirementsOf(revision: Revision, leg: Leg): Promise<ReadonlyMap<string, string | null>> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'list', '--requirements', revision])
  const found = new Map<string, string | null>()
  let section = ''
  let reason = ''
  for (const line of stdout.split('\n')) {
    const name = /^ +- (\S+)(?: \[(\w+)\])?$/.exec(line)
    section = /^(Server|Client) scenarios/.exec(line)?.[1]?.toLowerCase() ?? section
    reason = /^ {2}([\w-]+) \(\d+\):$/.exec(line)?.[1] ?? reason
    if (name === null) continue
    const [, scenario = '', mark] = name
    if ((mark ?? section) === leg) found.set(scenario, mark === undefined ? null : reason)
  }
  if (found.size === 0) throw new Error(`The suite names no ${leg} scenarios for ${revision}: ${stdout}`)
  return found
}

/** The folder of a result is named after the side, the scenario and the time. */
function scenarioOf(leg: Leg, folder: string): string {
  const name = folder.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
  return leg === 'server' ? name.replace(/^server-/, '') : name
}

const require = createRequire(import.meta.url)
const manifest = require.resolve('@modelcontextprotocol/conformance/package.json')
const program = join(dirname(manifest), 'dist/index.js')
export const { version: suiteVersion } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
/** The servers of the suite would listen on all interfaces. */
const loopback = join(import.meta.dirname, '../support/bind-loopback.mjs')

/** Gives what it wrote to standard error. Its exit code says what its results say, too. */
async function conformance(args: readonly string[], quiet: boolean): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', quiet ? 'pipe' : 'inherit'],
    env: { ...process.env, NODE_OPTIONS: `--import ${loopback}` },
  })
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  const errors = child.stderr === null ? '' : await text(child.stderr)
  await ended
  return errors
}
