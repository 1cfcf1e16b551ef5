import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { Mode, Scan, Stage } from '../guardrails/index.ts'
import { fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'
import { printable, shortened, table } from './output.ts'

const stages = [
  'preflight',
  'tool_manifest',
  'arguments',
  'result',
  'model_input',
  'model_output',
] as const satisfies readonly Stage[]
const modes = ['hard_gate', 'mixed', 'advisory'] as const satisfies readonly Mode[]

export function guardrailsCommand(program: Command, line: CommandLine): void {
  program
    .command('guardrails')
    .description('What the guardrails see in a text')
    .command('scan [file]')
    .description(
      'Look for personal data, secrets, injection, toxicity and ways out; exits with 1 when the text is blocked',
    )
    .addOption(new Option('--stage <stage>', 'What the text is').choices(stages).default('model_input'))
    .addOption(new Option('--mode <mode>', 'What is done about findings').choices(modes).default('mixed'))
    .option('--redacted', 'Print the text without what was found')
    .action(async (file: string | undefined, options: { stage: Stage; mode: Mode; redacted?: true }) => {
      const text = await textFrom(file, line)
      const guardrails = await line.world.guardrails()
      const scan = guardrails.scan(text, options.stage, { mode: options.mode })
      line
        .speak()
        .result({ ...scan, rules_hash: guardrails.digest({ mode: options.mode }) }, () =>
          options.redacted === true ? scan.redacted : inWords(scan, text),
        )
      if (scan.unavailable.length > 0)
        line.speak().note(`These detectors did not work: ${scan.unavailable.join(', ')}.`)
      if (scan.verdict === 'block') line.endWith(exitCodes.failed)
    })
}

async function textFrom(file: string | undefined, { world }: CommandLine): Promise<string> {
  if (file === undefined || file === '-') return world.input()
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw fault('REQUEST_INVALID', { why: `the file "${file}" cannot be read` }, { cause })
  }
}

/** Where things are and what they are, not what they say: a terminal is no place for secrets. */
function inWords({ verdict, signals }: Scan, text: string): string {
  if (signals.length === 0) return 'Nothing was found.'
  const rows = signals.slice(0, MOST_SHOWN).map(({ metric, category, start, end, confidence, action }) => {
    const seen = metric === 'pii' || metric === 'secrets' ? '…' : shortened(printable(text.slice(start, end)), 40)
    return [action, metric, category, `${start}–${end}`, confidence.toFixed(2), seen]
  })
  const more = signals.length - rows.length
  return [
    table(['action', 'metric', 'category', 'where', 'confidence', 'what'], rows),
    ...(more > 0 ? [`… and ${more} more; --json has all of them.`] : []),
    `Verdict: ${verdict}.`,
  ].join('\n')
}

const MOST_SHOWN = 50
