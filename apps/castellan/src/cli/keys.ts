import { type Command, Option } from 'commander'
import { type Key, type NewKey, roles, scope } from '@castellan/contracts'
import type { CommandLine } from './command-line.ts'
import type { ControlPlane } from './connection.ts'
import { everything } from './everything.ts'
import { fault, isId, notFound, parseDuration } from '../kernel/index.ts'
import { table } from './output.ts'
import { several } from './several.ts'

interface CreateOptions {
  readonly principal: string
  readonly name?: string
  readonly kind: 'user' | 'agent' | 'service' | 'site'
  readonly role?: readonly (typeof roles)[number][]
  readonly scopes: readonly (typeof scope.options)[number][]
  readonly expires?: string
}

export function keysCommand(program: Command, line: CommandLine): void {
  const keys = program.command('keys').description('API keys, and the principals they stand for')
  listCommand(keys, line)
  createCommand(keys, line)
  revokeCommand(keys, line)
}

function listCommand(keys: Command, line: CommandLine): void {
  keys
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the keys; the keys themselves are kept nowhere')
    .action(async () => {
      const plane = line.controlPlane()
      const [all, principals] = await line.during(
        'asking for the keys',
        Promise.all([everything(page => plane.keys.list(page)), everything(page => plane.principals.list(page))]),
      )
      const names = new Map(principals.map(({ id, name }) => [id, name]))
      line.speak().result(all, list =>
        table(
          ['id', 'name', 'principal', 'scopes', 'state', 'created'],
          list.map(key => [
            key.id,
            key.name,
            names.get(key.principal) ?? key.principal,
            key.scopes.join(' '),
            stateOf(key),
            key.created_at,
          ]),
        ),
      )
    })
}

function createCommand(keys: Command, line: CommandLine): void {
  keys
    .command('create')
    .description('Make a key, and the principal it stands for if there is none of that name; prints the key once')
    .requiredOption('--principal <name>', 'Who uses the key: name or id')
    .option('--name <text>', 'Name of the key (default: that of the principal)')
    .addOption(
      new Option('--kind <kind>', 'What a new principal is')
        .choices(['user', 'agent', 'service', 'site'])
        .default('agent'),
    )
    .addOption(several('--role <role...>', 'Roles of a new principal (default: member)', roles))
    .addOption(several('--scopes <scope...>', 'What the key may be used for', scope.options, DEFAULT_SCOPES))
    .option('--expires <duration>', 'When the key ends, such as 30d (default: when it is revoked)')
    .action(async (options: CreateOptions) => {
      const plane = line.controlPlane()
      const made = await line.during('making the key', create(plane, options))
      line.speak().note('This is the only time the key is shown; keep it where secrets are kept.')
      line.speak().result(made, key => key.plaintext)
    })
}

function revokeCommand(keys: Command, line: CommandLine): void {
  keys
    .command('revoke <id>')
    .description('End a key from the next request on')
    .action(async (id: string) => {
      await line.during('revoking the key', line.controlPlane().keys.revoke(id))
      line.speak().result({ revoked: id }, () => `Revoked ${id}.`)
    })
}

async function create(plane: ControlPlane, options: CreateOptions): Promise<NewKey> {
  const expires_at =
    options.expires === undefined ? null : new Date(Date.now() + parseDuration(options.expires)).toISOString()
  const principal = await principalFor(plane, options)
  return plane.keys.create({
    principal,
    name: options.name ?? options.principal,
    scopes: [...options.scopes],
    expires_at,
  })
}

/** The id of the principal, who is made when there is none of that name. Throws `REQUEST_INVALID`. */
async function principalFor(plane: ControlPlane, { principal, role, kind }: CreateOptions): Promise<string> {
  const all = await everything(page => plane.principals.list(page))
  const known = all.find(each => each.id === principal || each.name === principal)
  if (known) {
    const missing = (role ?? []).filter(each => !known.roles.includes(each))
    if (missing.length === 0) return known.id
    // A key is no way to hand out roles: who made the principal knew what it may be.
    throw fault('REQUEST_INVALID', {
      why: `"${known.name}" is there already and has not the role ${missing.join(', ')}; change the principal first, or leave --role out`,
    })
  }
  if (isId(principal)) throw notFound('principal', principal)
  return (await plane.principals.create({ name: principal, kind, roles: [...(role ?? ['member'])] })).id
}

function stateOf({ revoked_at, expires_at }: Key): string {
  if (revoked_at !== null) return `revoked ${revoked_at}`
  if (expires_at === null) return 'until revoked'
  return Date.parse(expires_at) <= Date.now() ? `expired ${expires_at}` : `until ${expires_at}`
}

const DEFAULT_SCOPES = ['mcp'] as const
