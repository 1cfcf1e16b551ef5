import type { Authorization, Catalog, Server } from '@castellan/contracts'
import { printable, properties } from '../output.ts'

/** A server with what is known of it, for people. */
export function describe(server: Server, catalog: Catalog | null): string {
  const { health } = server
  const secrets = Object.entries(server.env ?? server.headers ?? {})
  return [
    properties([
      ['name', server.name],
      ['id', server.id],
      ['description', server.description],
      ['transport', server.transport],
      ['where', placeOf(server)],
      ['settings', server.settings && settingsOf(server.settings)],
      ['folder', server.cwd],
      ['replicas', server.replicas],
      ['sandbox', server.transport === 'stdio' ? sandboxOf(server) : undefined],
      ['may lead to', server.egress && egressOf(server.egress)],
      [server.env === undefined ? 'headers' : 'environment', secrets.map(shownSecret).join(', ')],
      ['authorization', server.authorization && authorizationOf(server.authorization)],
      ['trusted', server.trusted ? 'yes: its own word about its tools is believed' : 'no'],
      ['pinning', howPinned[server.pinning]],
      [
        'status',
        `${health.status}${health.reason === null ? '' : `: ${health.reason}`}${health.failures > 1 ? `, ${health.failures} times in a row` : ''}`,
      ],
      ['checked', health.checked_at],
      [
        'timeouts',
        Object.entries(server.timeouts)
          .map(each => each.join(' '))
          .join(', '),
      ],
      ['connections', server.per_client ? 'each client has its own' : 'shared by clients'],
      ['most calls at once', server.max_concurrent],
      ['attempts', server.max_attempts],
      ['probed every', server.probe_every],
      ['protocol', catalog?.protocol_version],
      ['offers', catalog && offered(catalog)],
    ]),
    ...(catalog ? warnings(catalog) : []),
  ].join('\n')
}

const howPinned = {
  enforce: 'enforce: risky changes of what it offers wait for review',
  review: 'review: whatever is new or changes waits for review',
  warn: 'warn: risky changes are recorded, and pass',
  off: 'off: changes of what it offers are not noticed',
} as const

/** What no client is offered now. */
function withheld({ capabilities }: Catalog): string | null {
  const names = capabilities.filter(each => each.withheld != null).map(({ name }) => name)
  return names.length === 0 ? null : `${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`
}

/** What it is confined to, preset first. */
function sandboxOf({ sandbox }: Server): string {
  if (sandbox === undefined) return 'none: it may do what the control plane may'
  const { preset, ...rest } = sandbox
  return [preset, ...Object.entries(rest).map(([name, value]) => `${name.replace('_', '-')} ${String(value)}`)].join(
    ', ',
  )
}

function settingsOf(settings: NonNullable<Server['settings']>): string {
  const shown = Object.entries(settings).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(' ') : String(value)
    return `${name.replaceAll('_', '-')} ${text}`
  })
  return shown.join(', ')
}

function egressOf({ hosts, allow_private }: NonNullable<Server['egress']>): string {
  const places = hosts === null ? 'any public host' : hosts.join(', ') || 'no other host'
  return allow_private ? `${places}, also at addresses that are not public` : places
}

function authorizationOf({ status, issuer, scope, reason }: Authorization): string {
  return [status, issuer && `by ${issuer}`, scope && `for ${scope}`, reason && `(${reason})`].filter(Boolean).join(' ')
}

/** Values of secrets never come back, so only where they are kept is shown. */
function shownSecret([key, value]: [string, NonNullable<Server['env']>[string]]): string {
  if ('env' in value) return `${key} (variable ${value.env})`
  if ('file' in value) return `${key} (file ${value.file})`
  return 'vault' in value ? `${key} (vault ${value.vault}#${value.field})` : `${key} (sealed)`
}

/** The command or the addresses it is reached by. */
export function placeOf({ transport, command, args, endpoints, document, builtin }: Server): string {
  if (builtin !== undefined) return builtin
  if (transport === 'stdio') return [command, ...(args ?? [])].join(' ')
  return [...(document === undefined ? [] : [document]), ...(endpoints ?? [])].join(', ')
}

export function offered({ capabilities }: Catalog): string {
  const count = (type: string) => {
    const many = capabilities.filter(each => each.primitive_type === type).length
    return `${many} ${type}${many === 1 ? '' : 's'}`
  }
  return ['tool', 'resource', 'template', 'prompt'].map(count).join(', ')
}

/** What was remarked when it was discovered, and how much of it nobody is offered. */
export function warnings(catalog: Catalog): string[] {
  const notes = catalog.warnings.map(warning => `note: ${printable(warning)}`)
  const names = withheld(catalog)
  return names === null
    ? notes
    : [...notes, `note: waiting for review, and offered to nobody: ${printable(names)}; see castellan pins`]
}
