import { type Command, Option } from 'commander'
import type { Server, ServerInput } from '@castellan/contracts'
import type { Variables } from '../../config/index.ts'
import { fault } from '../../kernel/index.ts'
import { pinnings } from '../../registry/index.ts'
import { wholeNumber } from '../whole-number.ts'
import { secretFrom, secretHere } from './secret-from.ts'

export interface ServerOptions {
  readonly transport?: string
  readonly endpoint?: readonly string[]
  readonly document?: string
  readonly builtin?: string
  readonly setting?: readonly string[]
  readonly cwd?: string
  readonly replicas?: string
  readonly sandbox?: readonly string[] | false
  readonly allowHost?: readonly string[] | false
  readonly allowPrivate?: boolean
  readonly env?: readonly string[]
  readonly header?: readonly string[]
  readonly oauth?: boolean
  readonly clientId?: string
  readonly clientSecret?: string
  readonly issuer?: string
  readonly scope?: readonly string[]
  readonly clientMetadataUrl?: string
  readonly description?: string
  readonly trust?: boolean
  readonly timeout?: readonly string[]
  readonly effect?: readonly string[]
  readonly network?: readonly string[]
  readonly verify?: readonly string[]
  readonly pinning?: string
  readonly perClient?: boolean
  readonly maxConcurrent?: string
  readonly maxAttempts?: string
  readonly probeEvery?: string
  readonly allowUnhealthy?: boolean
}

/** Gives a command everything that can be said about a server; options that may be repeated say so. */
export function withServerOptions(command: Command): Command {
  const repeated = (flags: string, about: string) =>
    new Option(flags, `${about} (may be repeated)`).argParser((value: string, before?: readonly string[] | false) => [
      ...(before || []),
      value,
    ])
  return command
    .addOption(repeated('--endpoint <url>', 'URL of a replica'))
    .option('--document <url>', 'OpenAPI 3.x document, by URL or absolute path')
    .option(
      '--builtin <name>',
      'Tool server that comes with the control plane: file_tools, history, agent, http_fetch or network_recon',
    )
    .addOption(repeated('--setting <name=value>', 'What it may do, such as root=/srv/data'))
    .option('--cwd <folder>', 'Working directory of the command')
    .option('--replicas <number>', 'How many processes of the command share the calls')
    .addOption(
      repeated(
        '--sandbox <how>',
        'Confine its process: strict, standard or open; network=none or =host; read-only=, hidden= or writable=<path>; memory=, cpu-seconds=, processes=, open-files= or file-size=<limit>',
      ),
    )
    .option('--no-sandbox', 'Let its process do what the control plane may')
    .addOption(
      repeated('--env <name=value>', 'Variable of the command, sealed; NAME alone takes the value it has here'),
    )
    .addOption(repeated('--header <name=value>', "Header of every request, sealed; 'Name=${env:VAR}' is a reference"))
    .addOption(repeated('--allow-host <host>', 'The only other hosts it may lead to, such as *.example.com'))
    .option('--no-allow-host', 'Let it lead to any public host')
    .option('--allow-private', 'Let it be at, and lead to, addresses that are not public')
    .option('--no-allow-private', 'Keep it to public addresses, and those its own endpoints name')
    .option('--oauth', 'It wants tokens of an authorization server; see castellan servers authorize')
    .option('--no-oauth', 'It wants no tokens of an authorization server')
    .option('--client-id <id>', 'Who we are to its authorization server, when that was registered by hand')
    .option(
      '--client-secret <variable>',
      "Variable that holds the secret of that client here; '${env:VAR}' is a reference",
    )
    .option('--issuer <url>', 'The only authorization server it may name')
    .addOption(repeated('--scope <scope>', 'Scope to ask for in any case'))
    .option(
      '--client-metadata-url <url>',
      'Document about us, for authorization servers that take its URL as client id',
    )
    .option('--description <text>', 'What it is for')
    .option('--trust', 'Believe what it says about its tools')
    .option('--no-trust', 'Do not believe what it says about its tools')
    .addOption(repeated('--timeout <which=duration>', 'connect, read, write, pool or call, such as call=2m'))
    .addOption(repeated('--effect <tool=class>', 'Effect class of a tool: read, idempotent or unsafe'))
    .addOption(repeated('--network <tool=true|false>', 'Whether a tool reaches beyond the server'))
    .addOption(
      repeated(
        '--verify <tool=json>',
        'Which tool says what became of a call whose end nobody saw, such as act={"tool":"look","happened":"=result.structuredContent.found"}',
      ),
    )
    .addOption(
      new Option('--pinning <how>', 'How strictly definitions are held to what was reviewed').choices(pinnings),
    )
    .option('--per-client', 'Give each client a connection of its own, and over stdio a process')
    .option('--no-per-client', 'Let clients share connections')
    .option('--max-concurrent <number>', 'Most calls under way at once on one replica')
    .option('--max-attempts <number>', 'Most attempts for a call that may be repeated')
    .option('--probe-every <duration>', 'Time between probes')
    .option('--allow-unhealthy', 'Do it even when the server does not answer a probe')
}

/** A server from the words of a command line. Throws `REQUEST_INVALID`; the control plane checks the rest. */
export function newServer(
  name: string,
  command: readonly string[],
  options: ServerOptions,
  variables: Variables,
): ServerInput {
  const transport = options.transport ?? guessed(command, options)
  return complete({ name, transport, ...said(transport, command, options, variables) })
}

/** What a server is, with what the command line says changed. Secrets that are not given again keep their values. */
export function changedServer(
  before: Server,
  command: readonly string[],
  options: ServerOptions,
  variables: Variables,
): ServerInput {
  const {
    id: _id,
    health: _health,
    authorization: _authorization,
    version: _version,
    created_at: _created,
    updated_at: _updated,
    ...kept
  } = before
  const changes = said(before.transport, command, options, variables)
  const tools = { ...before.tools }
  for (const [tool, settings] of Object.entries((changes.tools ?? {}) as typeof tools)) {
    tools[tool] = { ...tools[tool], ...settings }
  }
  return complete({
    ...kept,
    ...changes,
    tools,
    ...(changes.sandbox ? { sandbox: { ...before.sandbox, ...changes.sandbox } } : {}),
    ...(changes.egress ? { egress: { ...before.egress, ...changes.egress } } : {}),
    ...(changes.settings ? { settings: { ...before.settings, ...changes.settings } } : {}),
    ...(changes.auth ? { auth: { ...before.auth, ...changes.auth } } : {}),
    timeouts: { ...before.timeouts, ...(changes.timeouts as object | undefined) },
    ...(before.env === undefined ? {} : { env: { ...before.env, ...(changes.env as object | undefined) } }),
    ...(before.headers === undefined
      ? {}
      : { headers: { ...before.headers, ...(changes.headers as object | undefined) } }),
  })
}

function said(
  transport: string,
  command: readonly string[],
  options: ServerOptions,
  variables: Variables,
): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {}
  const give = (field: string, value: unknown) => {
    if (value !== undefined) fields[field] = value
  }
  const [program, ...args] = command
  if (program !== undefined) Object.assign(fields, { command: program, args })
  give('endpoints', options.endpoint)
  give('document', options.document)
  give('builtin', options.builtin)
  give('settings', builtinSettings(options))
  give('cwd', options.cwd)
  give('replicas', wholeNumber('--replicas', options.replicas))
  give('description', options.description)
  give('trusted', options.trust)
  give('pinning', options.pinning)
  give('per_client', options.perClient)
  give('max_concurrent', wholeNumber('--max-concurrent', options.maxConcurrent))
  give('max_attempts', wholeNumber('--max-attempts', options.maxAttempts))
  give('probe_every', options.probeEvery)
  if (options.timeout) give('timeouts', Object.fromEntries(options.timeout.map(each => pair('--timeout', each))))
  const secrets = (flag: string, given: readonly string[]) =>
    Object.fromEntries(given.map(each => secretFrom(flag, each, variables)))
  if (options.env) give('env', secrets('--env', options.env))
  if (options.header) give('headers', secrets('--header', options.header))
  give('auth', authSettings(options, variables))
  give('sandbox', sandboxSettings(options))
  give('egress', egressSettings(options))
  give('tools', toolSettings(options))
  if (transport !== 'stdio' && program !== undefined)
    throw invalid(`a server reached by ${transport} has no command; leave "${program}" out`)
  return fields
}

/** Null for none; undefined when nothing was said. */
function authSettings(options: ServerOptions, variables: Variables): object | null | undefined {
  const { oauth, clientId, clientSecret, issuer, scope, clientMetadataUrl } = options
  const given = {
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(clientSecret === undefined ? {} : { client_secret: secretHere('--client-secret', clientSecret, variables) }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(scope === undefined ? {} : { scopes: scope }),
    ...(clientMetadataUrl === undefined ? {} : { client_metadata_url: clientMetadataUrl }),
  }
  if (oauth === false) return null
  return oauth === true || Object.keys(given).length > 0 ? { type: 'oauth', ...given } : undefined
}

/** What an option may say of a sandbox: the field it goes into, and whether that is a list or a number. */
const sandboxWords: Readonly<Record<string, readonly [field: string, kind: 'text' | 'list' | 'number']>> = {
  network: ['network', 'text'],
  'read-only': ['read_only', 'list'],
  hidden: ['hidden', 'list'],
  writable: ['writable', 'list'],
  memory: ['memory', 'text'],
  'cpu-seconds': ['cpu_seconds', 'number'],
  processes: ['processes', 'number'],
  'open-files': ['open_files', 'number'],
  'file-size': ['file_size', 'text'],
}

/** Null for none; undefined when nothing was said. */
function sandboxSettings({ sandbox }: ServerOptions): object | null | undefined {
  if (sandbox === false) return null
  const fields: Record<string, unknown> = {}
  for (const each of sandbox ?? []) {
    const at = each.indexOf('=')
    if (at < 0) {
      fields['preset'] = each
      continue
    }
    const word = sandboxWords[each.slice(0, at)]
    if (word === undefined) {
      throw invalid(
        `--sandbox must be a preset, or begin with one of ${Object.keys(sandboxWords).join(', ')} and "=", not "${each}"`,
      )
    }
    const [field, kind] = word
    const value = each.slice(at + 1)
    if (kind === 'list') fields[field] = [...((fields[field] as string[] | undefined) ?? []), value]
    else fields[field] = kind === 'number' ? wholeNumber('--sandbox', value) : value
  }
  return sandbox === undefined ? undefined : fields
}

/** What an option may say of a built-in: the setting it goes into, and what that is. */
export const settingWords: Readonly<
  Record<string, readonly [setting: string, kind: 'text' | 'list' | 'number' | 'flag']>
> = {
  agent: ['agent', 'text'],
  model: ['model', 'text'],
  'max-depth': ['max_depth', 'number'],
  root: ['roots', 'list'],
  write: ['write', 'flag'],
  delete: ['delete', 'flag'],
  hidden: ['hidden', 'flag'],
  host: ['hosts', 'list'],
  post: ['post', 'flag'],
  'allow-private': ['allow_private', 'flag'],
  'max-redirects': ['max_redirects', 'number'],
  target: ['targets', 'list'],
  port: ['ports', 'list'],
  'max-hosts': ['max_hosts', 'number'],
  'max-ports': ['max_ports', 'number'],
  concurrency: ['concurrency', 'number'],
  rate: ['rate', 'number'],
  scope: ['scope', 'text'],
  'max-notes': ['max_notes', 'number'],
  'max-size': ['max_size', 'text'],
  timeout: ['timeout', 'text'],
}

/** Undefined when nothing was said. A list that is given replaces the one before. */
function builtinSettings({ builtin, setting }: ServerOptions): object | undefined {
  if (setting === undefined) return builtin === undefined ? undefined : {}
  const fields: Record<string, unknown> = {}
  for (const each of setting) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(each) ?? []
    const word = settingWords[name]
    if (word === undefined) {
      throw invalid(`--setting must begin with one of ${Object.keys(settingWords).join(', ')} and "=", not "${each}"`)
    }
    const [field, kind] = word
    if (kind === 'list') fields[field] = [...((fields[field] as string[] | undefined) ?? []), value]
    else if (kind === 'flag') fields[field] = flag(each, value)
    else fields[field] = kind === 'number' ? wholeNumber('--setting', value) : value
  }
  return fields
}

function flag(given: string, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw invalid(`"${given}" must end in =true or =false`)
  return value === 'true'
}

function egressSettings({ allowHost, allowPrivate }: ServerOptions): object | undefined {
  const given = {
    ...(allowHost === undefined ? {} : { hosts: allowHost === false ? null : allowHost }),
    ...(allowPrivate === undefined ? {} : { allow_private: allowPrivate }),
  }
  return Object.keys(given).length > 0 ? given : undefined
}

function toolSettings({ effect = [], network = [], verify = [] }: ServerOptions): object | undefined {
  if (effect.length + network.length + verify.length === 0) return undefined
  const tools: Record<string, { effect?: string; network?: boolean; verify?: object }> = {}
  for (const each of effect) {
    const [tool, value] = pair('--effect', each)
    tools[tool] = { ...tools[tool], effect: value }
  }
  for (const each of network) {
    const [tool, value] = pair('--network', each)
    if (value !== 'true' && value !== 'false') throw invalid(`--network must be written like tool=false, not "${each}"`)
    tools[tool] = { ...tools[tool], network: value === 'true' }
  }
  for (const each of verify) {
    const { tool, how } = verification(each)
    tools[tool] = { ...tools[tool], verify: how }
  }
  return tools
}

function verification(given: string): { readonly tool: string; readonly how: object } {
  const at = given.indexOf('={')
  try {
    if (at > 0) return { tool: given.slice(0, at), how: JSON.parse(given.slice(at + 1)) as object }
  } catch {
    // Said below.
  }
  throw invalid(`--verify must be written like tool={"tool":"look","happened":"=text = 'done'"}, not "${given}"`)
}

function guessed(command: readonly string[], { endpoint, document, builtin }: ServerOptions): string {
  if (command.length > 0) return 'stdio'
  if (document !== undefined) return 'openapi'
  if (builtin !== undefined) return 'builtin'
  const first = endpoint?.[0]
  if (first === undefined) {
    throw invalid(
      'a server needs a command (after --), an --endpoint, a --document or a --builtin; see castellan servers add --help',
    )
  }
  return /^wss?:/i.test(first) ? 'websocket' : 'streamable-http'
}

function pair(flag: string, given: string): [name: string, value: string] {
  // The last one: names of tools may hold the character, values do not.
  const at = given.lastIndexOf('=')
  if (at < 1) throw invalid(`${flag} must be written like name=value, not "${given}"`)
  return [given.slice(0, at), given.slice(at + 1)]
}

/** Fields of one transport that belong to another are refused by the control plane, which knows them all. */
function complete(fields: Readonly<Record<string, unknown>>): ServerInput {
  return fields as unknown as ServerInput
}

function invalid(why: string) {
  return fault('REQUEST_INVALID', { why })
}
