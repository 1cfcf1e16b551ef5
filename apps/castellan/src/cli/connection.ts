import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CastellanClient } from '@castellan/sdk'
import type { Config } from '../config/index.ts'
import { fault, isLoopback } from '../kernel/index.ts'
import { configFor } from './static-config.ts'
import type { World } from './world.ts'

/** A control plane as the commands see it. */
export type ControlPlane = CastellanClient

export interface Connection {
  readonly url: string
  readonly client: ControlPlane
  /** The same control plane with the same key, in another tenant. */
  readonly inTenant: (tenant: string) => ControlPlane
  /** What whoever asks should know about the way there, or null. */
  readonly warning: string | null
}

/** Options of the command. */
export interface Where {
  readonly url?: string
  readonly key?: string
  readonly tenant?: string
  readonly settings?: Readonly<Record<string, unknown>>
}

/**
 * The control plane that options or environment name, else the one the settings here describe. The administrator's key from
 * the data folder is for this machine only: to any other the key must be given. Throws `CONFIG_INVALID`, `UNAUTHENTICATED`.
 */
export function connectionOf(
  where: Where,
  { variables, interruption }: Pick<World, 'variables' | 'interruption'>,
): Connection {
  let read: Config | undefined
  const settings = () => (read ??= configFor(where.settings ?? {}, variables).config)
  const url = checked(where.url ?? (variables['CASTELLAN_URL'] || undefined) ?? `http://127.0.0.1:${settings().port}`)
  const local = isLoopback(url.hostname)
  const given = where.key ?? (variables['CASTELLAN_KEY'] || undefined)
  const key = (given ?? (local ? keyIn(settings().data) : undefined))?.trim()
  if (!key) throw fault('CONFIG_INVALID', { why: missingKey(local, local ? settings().data : '') })
  const address = url.href.replace(/\/$/, '')
  const connect = (tenant: string | undefined) =>
    new CastellanClient({
      url: address,
      key,
      ...(tenant === undefined ? {} : { tenant }),
      fetch: (input, init) => fetch(input, { ...init, signal: either(init?.signal, interruption()) }),
    })
  return {
    url: address,
    client: connect(where.tenant),
    inTenant: connect,
    warning:
      url.protocol === 'http:' && !local ? `Warning: the key travels readable to ${url.hostname}; use https.` : null,
  }
}

function checked(given: string): URL {
  const url = URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    // Without what was given: it may hold credentials.
    throw fault('CONFIG_INVALID', {
      why: 'the URL of the control plane must be http or https and hold no credentials, such as http://127.0.0.1:7400',
    })
  }
  return url
}

function keyIn(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'admin.key'), 'utf8')
  } catch {
    return undefined
  }
}

function missingKey(local: boolean, folder: string): string {
  return local
    ? `there is no key for the control plane; set CASTELLAN_KEY, or run this where ${join(folder, 'admin.key')} can be read`
    : 'there is no key for a control plane on another machine; set CASTELLAN_KEY'
}

function either(one: AbortSignal | null | undefined, other: AbortSignal): AbortSignal {
  return one ? AbortSignal.any([one, other]) : other
}
