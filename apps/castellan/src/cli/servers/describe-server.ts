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
      ['folder', server.cwd],
      ['replicas', server.replicas],
      [server.env === undefined ? 'headers' : 'environment', secrets.map(shownSecret).join(', ')],
      ['authorization', server.authorization && authorizationOf(server.authorization)],
      ['trusted', server.trusted ? 'yes: its own word about its tools is believed' : 'no'],
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

function authorizationOf({ status, issuer, scope, reason }: Authorization): string {
  return [status, issuer && `by ${issuer}`, scope && `for ${scope}`, reason && `(${reason})`].filter(Boolean).join(' ')
}

/** Values of secrets never come back, so only where they are kept is shown. */
function shownSecret([key, value]: [string, { readonly env: string } | { readonly secret: string }]): string {
  return 'env' in value ? `${key} (variable ${value.env})` : `${key} (sealed)`
}

/** The command or the addresses it is reached by. */
export function placeOf({ transport, command, args, endpoints, document }: Server): string {
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

/** What was remarked when it was discovered. */
export function warnings(catalog: Catalog): string[] {
  return catalog.warnings.map(warning => `note: ${printable(warning)}`)
}
