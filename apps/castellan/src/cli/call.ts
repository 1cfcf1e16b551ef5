import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { CallAnswer } from '@castellan/contracts'
import type { CommandLine } from './command-line.ts'
import { exitCodeOfOutcome } from './exit-codes.ts'
import { fault, isJsonObject, type JsonObject, parseDuration, parseStrict } from '../kernel/index.ts'
import { printable } from './output.ts'
import type { World } from './world.ts'

interface CallOptions {
  readonly args?: string
  readonly argsFile?: string
  readonly dryRun?: boolean
  readonly idempotencyKey?: string
  readonly run?: string
  readonly timeout?: string
  readonly wait?: string
}

export function callCommand(program: Command, line: CommandLine): void {
  program
    .command('call <name> [source]')
    .description('Call a tool through the gate: castellan call files__read_file --args \'{"path": "/tmp/a"}\'')
    .option('--args <json>', 'Arguments, as one JSON object')
    .option('--args-file <file>', 'File with the arguments; "-", also as the last word, reads them from standard input')
    .option('--dry-run', 'Judge the call and do not run it')
    .option('--idempotency-key <key>', 'With the same key, the same call never runs twice')
    .option('--run <id>', 'The run it is a step of, for budgets of runs')
    .option('--timeout <duration>', 'How long to wait, such as 30s; the call is cancelled then')
    .option('--wait <duration>', 'How long to wait for a person to agree, when one has to, such as 5m')
    .action(async (name: string, source: string | undefined, options: CallOptions) => {
      const args = await argumentsFrom(source, options, line.world)
      if (options.timeout !== undefined) parseDuration(options.timeout)
      const wait = options.wait === undefined ? 0 : Math.ceil(parseDuration(options.wait) / 1_000)
      const answer = await line.during(
        `calling ${name}`,
        line.controlPlane().calls.create(
          {
            name,
            args,
            ...(options.dryRun === true ? { dry_run: true } : {}),
            ...(options.idempotencyKey === undefined ? {} : { idempotency_key: options.idempotencyKey }),
            ...(options.run === undefined ? {} : { run_id: options.run }),
            ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
          },
          undefined,
          { wait },
        ),
      )
      line.speak().result(answer, inWords)
      line.speak().note(remarkOn(answer))
      line.endWith(exitCodeOfOutcome(answer.outcome))
    })
}

/** The one source of arguments that was given. Throws `REQUEST_INVALID` or `JSON_MALFORMED`. */
async function argumentsFrom(
  source: string | undefined,
  { args, argsFile }: CallOptions,
  { input }: World,
): Promise<JsonObject> {
  if (source !== undefined && source !== '-')
    throw invalid(`"${source}" is no argument; give arguments with --args '{…}'`)
  const given = [args, argsFile, source].filter(each => each !== undefined)
  if (given.length > 1) throw invalid('give the arguments once: with --args, with --args-file or on standard input')
  if (given.length === 0) return {}
  const text = args ?? (argsFile === undefined || argsFile === '-' ? await input() : await readFile(argsFile, 'utf8'))
  const value = parseStrict(text)
  if (!isJsonObject(value)) throw invalid('the arguments must be a JSON object, such as {"path": "/tmp/a"}')
  return value
}

/** What the tool answered: its texts as they are, everything else as JSON. */
function inWords({ result, error }: CallAnswer): string {
  if (error !== undefined) return printable(`${error.message} (${error.code})`)
  if (result === undefined) return ''
  const { content, structuredContent } = result
  if (!Array.isArray(content)) return json(result)
  const parts = content.map((part: unknown) => partInWords(part))
  // Servers repeat structured content as text; it is shown once.
  return parts.length > 0 ? parts.join('\n') : structuredContent === undefined ? '' : json(structuredContent)
}

function partInWords(part: unknown): string {
  if (!isJsonObject(part)) return json(part)
  const { type, text, data, mimeType } = part
  if (type === 'text' && typeof text === 'string') return printable(text)
  if (typeof type !== 'string' || typeof data !== 'string') return json(part)
  const what = typeof mimeType === 'string' ? `${type}, ${mimeType}` : type
  return printable(`(${what}, ${data.length} characters of base64; --json shows them)`)
}

function remarkOn({ outcome, call_id, message, replay_of, approval_id }: CallAnswer): string {
  const replayed = replay_of === null ? '' : ` It answers an earlier call, ${replay_of}; nothing ran now.`
  switch (outcome) {
    case 'ok':
      return replayed.trim()
    case 'dry_run':
      return `Every guard would let this call pass. Nothing was sent. (${call_id})`
    case 'indeterminate':
      return `The call was sent and its end was never seen: it may have taken effect. Do not repeat it blindly; look at the system behind the tool first. (${call_id})${replayed}`
    case 'needs_approval':
      return `A person has to agree first: castellan approvals approve ${approval_id}. Then make the very same call again. (${call_id})`
    case 'timeout':
    case 'cancelled':
    case 'denied_guardrail':
    case 'error':
      return `${printable(message ?? `The call ended with ${outcome}.`)} (${call_id})${replayed}`
    default:
      throw outcome satisfies never
  }
}

function json(value: unknown): string {
  return printable(JSON.stringify(value, null, 2))
}

function invalid(why: string) {
  return fault('REQUEST_INVALID', { why })
}
