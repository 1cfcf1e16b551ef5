import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { ReplayInput, ReplayReport } from '@castellan/contracts'
import { ApiProblem, Unreachable } from '@castellan/sdk'
import { fault, notFound } from '../../kernel/index.ts'
import type { CommandLine } from '../command-line.ts'
import type { ControlPlane } from '../connection.ts'
import { everything } from '../everything.ts'
import { exitCodes } from '../exit-codes.ts'
import { table } from '../output.ts'
import type { Terminal } from '../world.ts'
import { filesIn } from './files-in.ts'

interface ReplayOptions {
  readonly policy?: string
  readonly bundle?: string
  readonly since: string
  readonly until?: string
  readonly principal?: string
  readonly tool?: string
  readonly format: 'table' | 'json'
}

export function replayCommand(policy: Command, line: CommandLine): void {
  policy
    .command('replay')
    .description(
      'Try policies on calls that were decided, before they are in force; exits with 1 when any would change',
    )
    .option('--policy <folder>', 'The *.cedar files to try (default: policies)')
    .option('--bundle <file>', 'Try a compiled OPA bundle instead')
    .option('--since <when>', 'How long ago it begins, such as 7d, or a time', '7d')
    .option('--until <when>', 'Where it ends, likewise (default: now)')
    .option('--principal <name>', 'Only calls of one principal: name or id')
    .option('--tool <pattern>', 'Only calls of tools such as files/write_* (server/name)')
    .addOption(new Option('--format <format>', 'How the report is printed').choices(['table', 'json']).default('table'))
    .action(async (options: ReplayOptions) => {
      const plane = line.controlPlane()
      const report = await reportOf(plane, await wishOf(plane, options), line.world)
      if (options.format === 'json' && !line.json) line.world.out(`${JSON.stringify(report, null, 2)}\n`)
      else line.speak().result(report, inWords)
      if (report.changed > 0) line.endWith(exitCodes.failed)
    })
}

async function wishOf(plane: ControlPlane, options: ReplayOptions): Promise<ReplayInput> {
  const { policy, bundle, since, until, principal, tool } = options
  if (policy !== undefined && bundle !== undefined)
    throw fault('REQUEST_INVALID', { why: 'give either --policy or --bundle, since one replay tries one thing' })
  return {
    ...(bundle === undefined
      ? { files: await filesIn(policy ?? 'policies', '.cedar') }
      : { bundle: await base64Of(bundle) }),
    since,
    ...(until === undefined ? {} : { until }),
    ...(principal === undefined ? {} : { principal: await idOf(plane, principal) }),
    ...(tool === undefined ? {} : { tool }),
  }
}

async function base64Of(file: string): Promise<string> {
  try {
    return await readFile(file, 'base64')
  } catch (cause) {
    throw fault('REQUEST_INVALID', { why: `the file "${file}" cannot be read` }, { cause })
  }
}

/** The id of a principal of this name; what is no name may be the id of someone who is gone. Operators may only say the id. */
async function idOf(plane: ControlPlane, nameOrId: string): Promise<string> {
  if (/^[0-9a-f-]{36}$/.test(nameOrId)) return nameOrId
  const all = await everything(page => plane.principals.list(page))
  const found = all.find(each => each.name === nameOrId)
  if (!found) throw notFound('principal', nameOrId)
  return found.id
}

async function reportOf(plane: ControlPlane, wish: ReplayInput, terminal: Terminal): Promise<ReplayReport> {
  const { interactive, err, interruption } = terminal
  let shown = 0
  try {
    for await (const line of plane.policies.replay(wish, interruption())) {
      if ('report' in line) return line.report
      if ('problem' in line) throw new ApiProblem(line.problem)
      const { calls, changed, at } = line.progress
      if (!interactive && calls < shown + QUIET_STEP) continue
      shown = calls
      const text = `${calls} calls until ${at}, ${changed} would change`
      err(interactive ? `\r${text}\u001B[K` : `${text}\n`)
    }
  } finally {
    if (interactive && shown > 0) err('\r\u001B[K')
  }
  throw new Unreachable('The answer broke off before the report.')
}

/** Calls between two lines of progress where nobody watches. */
const QUIET_STEP = 10_000

function inWords(report: ReplayReport): string {
  const { calls, judged, changed, changes, beyond, candidate, in_force, since, until } = report
  const span = `${calls} calls from ${since} to ${until}, ${judged} of them judged by ${candidate} in place of ${in_force}.`
  const left = unjudged(report)
  const rows = changes.map(each => [
    each.principal.name,
    each.tool,
    `${each.from} → ${each.to}`,
    each.calls,
    each.reasons.join(', ') || null,
    each.examples[0],
  ])
  return [
    ...(rows.length > 0
      ? [table(['principal', 'tool', 'change', 'calls', 'because of', 'for example'], rows), '']
      : []),
    ...(beyond > 0 ? [`… and ${beyond} more calls in lines that are not shown.`] : []),
    span,
    ...left,
    changed === 0 ? 'No call would be ruled otherwise.' : `${changed} would be ruled otherwise.`,
  ].join('\n')
}

function unjudged({ unjudged: { not_asked, unrecorded, gone, redacted }, unrepeated }: ReplayReport): string[] {
  const rows: [number, string][] = [
    [not_asked, 'were stopped before policy was asked'],
    [unrecorded, 'were decided by a version that did not keep what it was asked'],
    [gone, 'are not judged, since their arguments were erased'],
    [redacted, 'are not judged, since secrets were taken out of their arguments where the policies look'],
    [unrepeated, 'were decided otherwise then, since the caller had left or the engine failed'],
  ]
  return rows.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}.`)
}
