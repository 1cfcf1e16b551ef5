import {
  type Clock,
  fault,
  formatDuration,
  isFault,
  isJsonObject,
  type JsonObject,
  Recent,
} from '../../kernel/index.ts'
import type { SecretSource } from '../../registry/index.ts'
import { type Answer, headersFrom, HttpClient } from '../http-client/index.ts'

export interface VaultOptions {
  /** `http://…` or `https://…`, perhaps with a path before `/v1`. */
  readonly url: string
  /** Below `/v1`, with the mount and its `data`, such as `secret/data/castellan/{tenant}`. */
  readonly path: string
  /** Who may read where the path has no `{tenant}`. */
  readonly only: string
  readonly namespace: string | null
  /** The token to show; asked for again when it was refused. */
  readonly token: () => Promise<string>
  /** Milliseconds for one answer. */
  readonly timeout: number
  /** Milliseconds for which what was read is good; a shorter lease of the secret itself counts. */
  readonly keep: number
  /** PEM of the authorities it must be certified by. */
  readonly ca?: string
  readonly clock: Clock
}

/**
 * The key-value engine, version 2, of HashiCorp Vault or whoever speaks like it. A name is the path of a secret and one of its fields,
 * `database#password`. What was read is kept for a short time; when that is over and nobody answers, there is no value: fail closed.
 *
 * Source: Vault HTTP API, "KV secrets engine version 2 (API)", read secret version; "HTTP API", authentication, namespaces, statuses.
 */
export function vaultSource(options: VaultOptions): SecretSource {
  const { url, path, only, namespace, timeout, keep, ca, clock } = options
  const { origin, pathname } = new URL(url)
  const client = new HttpClient(
    origin,
    { connect: timeout, pool: timeout, read: timeout },
    ca === undefined ? {} : { ca },
  )
  const kept = new Recent<string, Kept>(MOST_KEPT)
  const underWay = new Map<string, Promise<JsonObject>>()
  let token: Promise<string> | undefined

  async function secretAt(place: string, name: string): Promise<JsonObject> {
    const known = kept.get(place)
    if (known && clock.monotonic() < known.until) return known.fields
    kept.delete(place)
    // Many connections may open at once, and want the same.
    let asking = underWay.get(place)
    if (!asking) {
      asking = ask(place, name).finally(() => underWay.delete(place))
      underWay.set(place, asking)
    }
    return asking
  }

  async function ask(place: string, name: string): Promise<JsonObject> {
    const asked = clock.monotonic()
    let answer = await send(place, name)
    if (answer.is === 'answered' && (answer.status === 403 || answer.status === 401)) {
      // The token may have been renewed since it was read.
      token = undefined
      answer = await send(place, name)
    }
    const { fields, lease } = readSecret(answer, name)
    kept.set(place, { fields, until: asked + Math.min(keep, lease) })
    return fields
  }

  async function send(place: string, name: string): Promise<Answer> {
    const headers = headersFrom({
      accept: 'application/json',
      'x-vault-request': 'true',
      'x-vault-token': (await tokenFor(name)).trim(),
      ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
    })
    const at = `${pathname.replace(/\/$/, '')}/v1/${place}`
    return client.ask({ method: 'GET', path: at, headers }, AbortSignal.timeout(timeout), LARGEST)
  }

  async function tokenFor(name: string): Promise<string> {
    try {
      return await (token ??= options.token())
    } catch (cause) {
      token = undefined
      throw fault('SECRET_UNREADABLE', { name, why: 'the token for the vault cannot be read' }, { cause })
    }
  }

  async function read(tenant: string, name: string): Promise<string> {
    const [, secret, field] = NAME.exec(name) ?? []
    if (secret === undefined || field === undefined || !secret.split('/').every(part => PART.test(part)))
      throw unreadable(name, 'it is no path and field such as database#password')
    // Unlike a path, a name of a tenant is nothing that an operator wrote for this place.
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(tenant) || (!path.includes('{tenant}') && tenant !== only))
      throw unreadable(name, MISSING)
    const fields = await secretAt(`${path.replaceAll('{tenant}', tenant)}/${secret}`, name)
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined
    if (value === undefined) throw unreadable(name, MISSING)
    if (typeof value !== 'string') throw unreadable(name, 'this field of the secret is not text')
    return value
  }

  return {
    async read(tenant, name) {
      try {
        return await read(tenant, name)
      } catch (error) {
        if (isFault(error, 'SECRET_UNREADABLE')) throw error
        throw unreadable(name, 'the vault cannot be asked', error)
      }
    },
    async close() {
      kept.clear()
      await client.close()
    },
  }

  /** The fields of a secret, and for how long they are good in milliseconds. */
  function readSecret(answer: Answer, name: string): { readonly fields: JsonObject; readonly lease: number } {
    if (answer.is === 'lost')
      throw unreadable(
        name,
        answer.aborted
          ? `the vault did not answer within ${formatDuration(timeout)}`
          : `the vault cannot be reached: ${answer.why}`,
      )
    if (answer.is === 'oversized') throw unreadable(name, 'the answer of the vault is too large')
    const why = refusals[answer.status] ?? (answer.status === 200 ? undefined : `the vault answered ${answer.status}`)
    if (why !== undefined) throw unreadable(name, why)
    const body = parsed(answer.body)
    const data = isJsonObject(body) ? body['data'] : undefined
    const fields = isJsonObject(data) ? data['data'] : undefined
    if (!isJsonObject(body) || !isJsonObject(fields))
      throw unreadable(
        name,
        'the answer of the vault is no secret; the setting secrets.vault.path must lead to a KV engine of version 2',
      )
    const seconds = body['lease_duration']
    return { fields, lease: typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : Infinity }
  }
}

interface Kept {
  readonly fields: JsonObject
  /** By the monotonic clock. */
  readonly until: number
}

const MOST_KEPT = 500
/** Bytes of one answer. */
const LARGEST = 1_048_576
const NAME = /^([^#]{1,400})#([A-Za-z0-9_][A-Za-z0-9._-]{0,99})$/
const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/
const MISSING = 'the vault has no such secret for this tenant'

/** A deleted version is answered like one that never was. Messages of the vault are not repeated. */
const refusals: Readonly<Record<number, string>> = {
  400: 'the vault does not understand the request; look at the setting secrets.vault.path',
  401: 'the vault refuses the token',
  403: 'the vault refuses it: the token has ended, or its policy does not let it read this path',
  404: MISSING,
  429: 'the vault is busy',
  472: 'the vault is a standby of a recovery cluster',
  473: 'the vault is a performance standby',
  501: 'the vault is not initialized',
  503: 'the vault is sealed or under maintenance',
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

function unreadable(name: string, why: string, cause?: unknown) {
  return fault('SECRET_UNREADABLE', { name, why }, { cause })
}
