import type { Command } from 'commander'
import type { JournalEvent, List } from '@castellan/contracts'
import type { CommandLine } from './command-line.ts'
import type { ControlPlane } from './connection.ts'
import { printable, shortened } from './output.ts'
import { wholeNumber } from './whole-number.ts'

interface TailOptions {
  readonly since?: string
  readonly topic?: string
  readonly follow: boolean
  readonly limit?: string
}

export function journalCommand(program: Command, line: CommandLine): void {
  const journal = program.command('journal').description('The record of everything that happened')
  journal
    .command('tail', { isDefault: true })
    .allowExcessArguments()
    .description('Print entries as they come; with --no-follow, those that are there')
    .option('--since <offset>', 'Begin after this offset; 0 is the start of the journal')
    .option('--topic <pattern>', 'Only entries of a topic; "*" is one level, a final ">" one or more: call.*')
    .option('--limit <number>', 'End after so many entries')
    .option('--no-follow', 'End when the newest entry was printed')
    .action(async (options: TailOptions) => {
      const since = wholeNumber('--since', options.since)
      const limit = wholeNumber('--limit', options.limit)
      const { world } = line
      const ending = AbortSignal.any([world.interruption(), world.readerGone])
      const entries = entriesOf(line.controlPlane(), { ...options, since, ending })
      // One object a line, so that it can be read as it comes.
      const show = line.json ? (entry: JournalEvent) => JSON.stringify(entry) : inWords
      let shown = 0
      if (limit === 0) return
      for await (const entry of entries) {
        world.out(`${show(entry)}\n`)
        if (++shown === limit) break
      }
    })
}

interface Wanted {
  readonly since: number | undefined
  readonly topic?: string
  readonly follow: boolean
  readonly ending: AbortSignal
}

async function* entriesOf(plane: ControlPlane, wanted: Wanted): AsyncGenerator<JournalEvent> {
  const { since, topic, follow, ending } = wanted
  const filter = topic === undefined ? {} : { topic }
  if (follow) return yield* plane.journal.tail({ ...filter, ...(since === undefined ? {} : { after: since }) }, ending)
  let after: number | null = since ?? 0
  while (after !== null && !ending.aborted) {
    const page: List<JournalEvent> = await plane.journal.list({ ...filter, after, limit: 500 })
    yield* page.items
    after = page.next === null ? null : Number(page.next)
  }
}

/** One line for people: where it stands, when, what, by whom, about what. */
function inWords({ offset, time, type, principal, subject, data }: JournalEvent): string {
  const facts = Object.entries(data)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')
  return printable(
    [String(offset ?? '–').padStart(6), time, type.padEnd(22), principal, subject, shortened(facts, 200)].join('  '),
  ).replace(/[\n\t]/g, ' ')
}
