import { readFile } from 'node:fs/promises'
import {
  guardrailMode,
  type GuardrailProvider,
  guardrailsInput,
  type GuardrailsInput,
  guardrailStage,
} from '@castellan/contracts'
import { type Command, Option } from 'commander'
import { parse, stringify } from 'yaml'
import type { Mode, Scan, Stage } from '../guardrails/index.ts'
import { fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'
import { printable, shortened, table } from './output.ts'
import { configFor } from './static-config.ts'

export function guardrailsCommand(program: Command, line: CommandLine): void {
  const guardrails = program
    .command('guardrails')
    .description('What the guardrails see in a text, and what they do about it')
  showCommand(guardrails, line)
  setCommand(guardrails, line)
  healthCommand(guardrails, line)
  scanCommand(guardrails, line)
}

function showCommand(guardrails: Command, line: CommandLine): void {
  guardrails
    .command('show')
    .description('What the guardrails of the tenant do about what they find, as YAML')
    .action(async () => {
      const current = await line.during('asking for the guardrails', line.controlPlane().guardrails.get())
      line.speak().result(current, ({ version: _, ...wish }) => stringify(wish).trimEnd())
    })
}

function setCommand(guardrails: Command, line: CommandLine): void {
  guardrails
    .command('set <file>')
    .description('Replace it by what a file of YAML or JSON says; what the file leaves out is as by default')
    .action(async (file: string) => {
      const wish = parsed(file, await textFrom(file, line))
      const put = line.controlPlane().guardrails.put(wish)
      const { version, rules } = await line.during('changing the guardrails', put)
      line
        .speak()
        .result(
          { version },
          () =>
            `The guardrails are changed: version ${version}, ${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}.`,
        )
    })
}

function parsed(file: string, text: string): GuardrailsInput {
  let wish: unknown
  try {
    wish = parse(text)
  } catch (cause) {
    throw fault('REQUEST_INVALID', { why: `the file "${file}" is neither YAML nor JSON` }, { cause })
  }
  const checked = guardrailsInput.safeParse(wish ?? {})
  if (checked.success) return checked.data
  const [first] = checked.error.issues
  throw fault('REQUEST_INVALID', { why: `${file}: ${first?.path.join('.') || 'the file'}: ${first?.message}` })
}

function healthCommand(guardrails: Command, line: CommandLine): void {
  guardrails
    .command('health')
    .description('The detectors and external providers, and whether each works; exits with 1 when one does not')
    .action(async () => {
      const { providers } = await line.during('asking the detectors', line.controlPlane().guardrails.health())
      line.speak().result(providers, list =>
        table(
          ['name', 'kind', 'looks for', 'version', 'works'],
          list.map(({ name, kind, metric, version, available, external }) => [
            name,
            kind,
            metric ?? '',
            version ?? '',
            available ? 'yes' : `no: ${troubleOf(external)}`,
          ]),
        ),
      )
      if (providers.some(({ available }) => !available)) line.endWith(exitCodes.failed)
    })
}

function troubleOf(external: GuardrailProvider['external']): string {
  return external?.missing.join('; ') || external?.last_failure?.why || 'it fails'
}

function scanCommand(guardrails: Command, line: CommandLine): void {
  guardrails
    .command('scan [file]')
    .description(
      'Look for personal data, secrets, injection, toxicity and ways out; exits with 1 when the text is blocked',
    )
    .addOption(new Option('--stage <stage>', 'What the text is').choices(guardrailStage.options).default('model_input'))
    .addOption(
      new Option('--mode <mode>', 'What is done about findings').choices(guardrailMode.options).default('mixed'),
    )
    .option('--redacted', 'Print the text without what was found')
    .option('--config <file>', 'castellan.yaml whose external providers are asked, too')
    .action(
      async (file: string | undefined, options: { stage: Stage; mode: Mode; redacted?: true; config?: string }) => {
        const text = await textFrom(file, line)
        const { config } = configFor({ config: options.config }, line.world.variables)
        const guardrails = await line.world.guardrails(config)
        try {
          const detectors = await guardrails.load()
          const scan = await detectors.scan(text, options.stage, { mode: options.mode })
          report(line, scan, text, { ...options, rulesHash: detectors.digest({ mode: options.mode }) })
        } finally {
          await guardrails.close()
        }
      },
    )
}

function report(
  line: CommandLine,
  scan: Scan,
  text: string,
  { redacted, rulesHash }: { readonly redacted?: true; readonly rulesHash: string },
): void {
  const signals = scan.signals.map(({ provider, ...signal }) =>
    provider ? { ...signal, provider: provider.name } : signal,
  )
  line
    .speak()
    .result({ ...scan, signals, rules_hash: rulesHash }, () =>
      redacted === true ? scan.redacted : inWords(scan, text),
    )
  if (scan.unavailable.length > 0) line.speak().note(`These did not work: ${scan.unavailable.join(', ')}.`)
  if (scan.verdict === 'block') line.endWith(exitCodes.failed)
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
