import type { z } from 'zod'
import type * as Wire from '@castellan/contracts'
import type { serverInput } from '@castellan/contracts'
import { fault, formatDuration, parseDuration } from '../../../kernel/index.ts'
import type {
  AuthorizationStatus,
  ConnectionSpec,
  EffectClass,
  Health,
  OAuthSettings,
  SecretInput,
  SecretRef,
  Server,
  ServerSpec,
} from '../../../registry/index.ts'

type Input = z.output<typeof serverInput>
type AuthInput = NonNullable<Exclude<Input, { transport: 'stdio' | 'openapi' }>['auth']>

/** What someone says about a server, in our words. Throws `REQUEST_INVALID` for an endpoint given twice over. */
export function serverSpec(input: Input): ServerSpec {
  return {
    name: input.name,
    description: input.description ?? '',
    connection: connectionSpec(input),
    timeouts: mapValues(input.timeouts ?? {}, parseDuration),
    trusted: input.trusted ?? false,
    tools: mapValues(input.tools ?? {}, toolSettings),
    ...(input.per_client === undefined ? {} : { perClient: input.per_client }),
    ...(input.max_concurrent === undefined ? {} : { maxConcurrent: input.max_concurrent }),
    ...(input.probe_every === undefined ? {} : { probeEvery: parseDuration(input.probe_every) }),
    ...(input.max_attempts === undefined ? {} : { maxAttempts: input.max_attempts }),
  }
}

function connectionSpec(input: Input): ConnectionSpec {
  switch (input.transport) {
    case 'stdio': {
      const { transport, command, args = [], cwd = null, replicas = 1 } = input
      return { transport, command, args, cwd, replicas, env: mapValues(input.env ?? {}, secretInput) }
    }
    case 'openapi': {
      const { transport, document, endpoints = [] } = input
      return { transport, document, endpoints, headers: mapValues(input.headers ?? {}, secretInput) }
    }
    case 'streamable-http':
    case 'sse':
    case 'websocket':
    case 'http-adapter': {
      const { transport, url, endpoints } = input
      if (url !== undefined && endpoints !== undefined) {
        throw fault('REQUEST_INVALID', { why: 'give either "url" or "endpoints", not both' })
      }
      const all = endpoints ?? (url === undefined ? [] : [url])
      const headers = mapValues(input.headers ?? {}, secretInput)
      const { auth = null } = input
      return auth === null
        ? { transport, endpoints: all, headers }
        : { transport, endpoints: all, headers, auth: authSpec(auth) }
    }
    default:
      throw input satisfies never
  }
}

function authSpec(given: AuthInput): OAuthSettings<SecretInput> {
  return {
    type: 'oauth',
    clientId: given.client_id ?? null,
    clientSecret: given.client_secret == null ? null : secretInput(given.client_secret),
    issuer: given.issuer ?? null,
    scopes: given.scopes ?? [],
    clientMetadataUrl: given.client_metadata_url ?? null,
  }
}

function secretInput(given: string | { secret: string } | { env: string }): SecretInput {
  if (typeof given === 'string') return { value: given }
  return 'env' in given ? { env: given.env } : { secret: given.secret }
}

function toolSettings({ effect, network, timeout }: { effect?: EffectClass; network?: boolean; timeout?: string }) {
  return {
    ...(effect === undefined ? {} : { effect }),
    ...(network === undefined ? {} : { network }),
    ...(timeout === undefined ? {} : { timeout: parseDuration(timeout) }),
  }
}

export function wireServer(server: Server, health: Health, authorization: AuthorizationStatus | null): Wire.Server {
  return {
    id: server.id,
    name: server.name,
    description: server.description,
    ...wireConnection(server),
    timeouts: mapValues({ ...server.timeouts }, formatDuration) as Wire.Server['timeouts'],
    trusted: server.trusted,
    tools: mapValues(server.tools, ({ timeout, ...rest }) => ({
      ...rest,
      ...(timeout === undefined ? {} : { timeout: formatDuration(timeout) }),
    })),
    per_client: server.perClient ?? false,
    max_concurrent: server.maxConcurrent,
    probe_every: formatDuration(server.probeEvery),
    max_attempts: server.maxAttempts,
    health: wireHealth(health),
    ...(authorization === null ? {} : { authorization: wireAuthorization(authorization) }),
    version: server.version,
    created_at: server.createdAt,
    updated_at: server.updatedAt,
  }
}

export function wireHealth({ status, failures, checkedAt, latency, reason }: Health): Wire.Health {
  return { status, failures, checked_at: checkedAt, latency_ms: latency, reason }
}

function wireConnection({ connection }: Server) {
  switch (connection.transport) {
    case 'stdio': {
      const { transport, command, args, cwd, replicas } = connection
      return { transport, command, args: [...args], cwd, replicas, env: mapValues(connection.env, masked) }
    }
    case 'openapi': {
      const { transport, document, endpoints } = connection
      return { transport, document, endpoints: [...endpoints], headers: mapValues(connection.headers, masked) }
    }
    case 'streamable-http':
    case 'sse':
    case 'websocket':
    case 'http-adapter': {
      const { transport, endpoints } = connection
      const headers = mapValues(connection.headers, masked)
      const { auth } = connection
      return { transport, endpoints: [...endpoints], headers, ...(auth === undefined ? {} : { auth: wireAuth(auth) }) }
    }
    default:
      throw connection satisfies never
  }
}

function wireAuth({ type, clientId, clientSecret, issuer, scopes, clientMetadataUrl }: OAuthSettings) {
  return {
    type,
    client_id: clientId,
    client_secret: clientSecret && masked(clientSecret),
    issuer,
    scopes: [...scopes],
    client_metadata_url: clientMetadataUrl,
  }
}

function wireAuthorization(given: AuthorizationStatus): Wire.Authorization {
  return {
    status: given.status,
    reason: given.reason,
    issuer: given.issuer,
    scope: given.scope,
    authorized_at: given.authorizedAt,
    authorized_by: given.authorizedBy,
    asked_until: given.askedUntil,
  }
}

function masked(ref: SecretRef) {
  return 'env' in ref ? { env: ref.env } : { secret: ref.secret, masked: true as const }
}

export function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
