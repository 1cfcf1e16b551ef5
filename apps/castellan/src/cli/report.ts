import { open, rename, rm } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { ReportFormat, ReportScope } from '@castellan/contracts'
import { fault, newId } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { Bar } from './progress.ts'

interface ReportOptions extends ReportScope {
  readonly format: ReportFormat
  readonly out?: string
}

export function reportCommand(program: Command, line: CommandLine): void {
  program
    .command('report')
    .description(
      'Report on a session, a run, or all that happened since a time: for programs, as a workbook, or as a page',
    )
    .option('--session <id>', 'One session: one that was opened, or by the id its client gave it')
    .option('--run <id>', 'The calls of one run')
    .option('--since <when>', 'All from then on: how long ago, such as 7d, or a time')
    .addOption(new Option('--format <format>', 'What becomes of it').choices(['json', 'xlsx', 'html']).default('json'))
    .option(
      '--out <file>',
      'Where it goes, "-" for standard output (default: a file named after what it is about; JSON goes to standard output when that is no screen)',
    )
    .action(async ({ format, out, session, run, since }: ReportOptions) => {
      const given = Object.entries({ session, run, since }).filter(([, value]) => value !== undefined)
      if (given.length !== 1)
        throw fault('REQUEST_INVALID', { why: 'say what the report is about: one of --session, --run and --since' })
      const { world } = line
      const scope = Object.fromEntries(given) as ReportScope
      const parts = line.controlPlane().reports.download({ ...scope, format }, world.interruption())
      const poured = out === '-' || (out === undefined && format === 'json' && !world.screen)
      const bar = new Bar(world)
      let target: Target = poured
        ? { write: world.pour, keep: async () => undefined, drop: async () => undefined }
        : nowhere
      let steps = 0
      let name = ''
      try {
        for await (const part of parts) {
          if ('progress' in part) {
            const { doing, done, of } = part.progress
            bar.show(doing === 'reading' ? 'reading the journal' : `${done} of ${of} steps`, done, of)
          } else if ('file' in part) {
            steps = part.file.steps
            name = out ?? part.file.name
            if (!poured) target = await fileFor(name)
          } else await target.write(part.bytes)
          if (world.readerGone.aborted) return
        }
        await target.keep()
      } catch (error) {
        await target.drop()
        throw error
      } finally {
        bar.end()
      }
      if (!poured)
        line.speak().result({ file: name, format, steps }, each => `${each.steps} steps are in ${each.file}.`)
    })
}

/** Where the bytes go; a file is there under its name only once it is whole. */
interface Target {
  write(bytes: Uint8Array): Promise<void>
  keep(): Promise<void>
  drop(): Promise<void>
}

const nowhere: Target = { write: async () => undefined, keep: async () => undefined, drop: async () => undefined }

/** Throws `REQUEST_INVALID` when there can be no such file. */
async function fileFor(name: string): Promise<Target> {
  const unfinished = `${name}.${newId()}.part`
  const file = await open(unfinished, 'wx').catch((cause: unknown) => {
    throw fault('REQUEST_INVALID', { why: `the file "${name}" cannot be written` }, { cause })
  })
  return {
    write: bytes => file.writeFile(bytes),
    async keep() {
      await file.sync()
      await file.close()
      await rename(unfinished, name)
    },
    async drop() {
      await file.close()
      await rm(unfinished, { force: true })
    },
  }
}
