import type { z } from 'zod'
import type * as Wire from '@castellan/contracts'
import type { serverInput } from '@castellan/contracts'
import { fault, formatDuration, formatSize, type JsonObject, parseDuration, parseSize } from '../../../kernel/index.ts'
import {
  type AuthorizationStatus,
  type ConnectionSpec,
  type EgressSettings,
  type Health,
  noSandboxWishes,
  type OAuthSettings,
  type SandboxSettings,
  type SecretInput,
  type SecretRef,
  type Server,
  type ServerSpec,
  type ToolSettings,
  type Verification,
} from '../../../registry/index.ts'

type Input = z.output<typeof serverInput>
type RemoteInput = Exclude<Input, { transport: 'builtin' | 'stdio' }>
type ToolInput = NonNullable<Input['tools']>[string]
type AuthInput = NonNullable<Exclude<RemoteInput, { transport: 'openapi' }>['auth']>

/** What someone says about a server, in our words. Throws `REQUEST_INVALID` for an endpoint given twice over. */
export function serverSpec(input: Input): ServerSpec {
  return {
    name: input.name,
    description: input.description ?? '',
    connection: connectionSpec(input),
    timeouts: mapValues(input.timeouts ?? {}, parseDuration),
    trusted: input.trusted ?? false,
    tools: mapValues(input.tools ?? {}, toolSettings),
    ...(input.pinning === undefined ? {} : { pinning: input.pinning }),
    ...(input.per_client === undefined ? {} : { perClient: input.per_client }),
    ...(input.max_concurrent === undefined ? {} : { maxConcurrent: input.max_concurrent }),
    ...(input.probe_every === undefined ? {} : { probeEvery: parseDuration(input.probe_every) }),
    ...(input.max_attempts === undefined ? {} : { maxAttempts: input.max_attempts }),
  }
}

function connectionSpec(input: Input): ConnectionSpec {
  switch (input.transport) {
    case 'builtin':
      return { transport: input.transport, builtin: input.builtin, settings: input.settings }
    case 'stdio': {
      const { transport, command, args = [], cwd = null, replicas = 1, sandbox = null } = input
      const env = mapValues(input.env ?? {}, secretInput)
      const confined = sandbox === null ? {} : { sandbox: sandboxSettings(sandbox) }
      return { transport, command, args, cwd, replicas, env, ...confined }
    }
    case 'openapi': {
      const { transport, document, endpoints = [] } = input
      const headers = mapValues(input.headers ?? {}, secretInput)
      return { transport, document, endpoints, headers, ...egressSettings(input.egress) }
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
      const rest = { endpoints: all, headers, ...egressSettings(input.egress) }
      return auth === null ? { transport, ...rest } : { transport, ...rest, auth: authSpec(auth) }
    }
    default:
      throw input satisfies never
  }
}

function sandboxSettings(given: NonNullable<Extract<Input, { transport: 'stdio' }>['sandbox']>): SandboxSettings {
  if (typeof given === 'string') return { preset: given, ...noSandboxWishes }
  return {
    preset: given.preset ?? 'strict',
    network: given.network ?? null,
    readOnly: given.read_only ?? [],
    hidden: given.hidden ?? [],
    writable: given.writable ?? [],
    memory: given.memory === undefined ? null : parseSize(given.memory),
    cpuSeconds: given.cpu_seconds ?? null,
    processes: given.processes ?? null,
    openFiles: given.open_files ?? null,
    fileSize: given.file_size === undefined ? null : parseSize(given.file_size),
  }
}

function egressSettings(given: RemoteInput['egress']): { readonly egress?: EgressSettings } {
  if (given == null) return {}
  const hosts = given.hosts?.map(host => host.toLowerCase()) ?? null
  return { egress: { hosts, allowPrivate: given.allow_private ?? false } }
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

function secretInput(given: z.output<typeof Wire.secretInput>): SecretInput {
  if (typeof given === 'string') return { value: given }
  return 'secret' in given ? { secret: given.secret } : given
}

function toolSettings({ timeout, verify, ...said }: ToolInput): ToolSettings {
  return {
    ...said,
    ...(timeout === undefined ? {} : { timeout: parseDuration(timeout) }),
    ...(verify === undefined ? {} : { verify: verification(verify) }),
  }
}

function verification(given: NonNullable<ToolInput['verify']>): Verification {
  const { tool, args = {}, happened, result, after } = given
  const wait = after === undefined ? 0 : parseDuration(after)
  return { tool, args: args as JsonObject, happened, result: result ?? null, after: wait }
}

function wireTool({ timeout, verify, ...rest }: ToolSettings): Wire.Server['tools'][string] {
  return {
    ...rest,
    ...(timeout === undefined ? {} : { timeout: formatDuration(timeout) }),
    ...(verify === undefined ? {} : { verify: wireVerification(verify) }),
  }
}

function wireVerification({ tool, args, happened, result, after }: Verification) {
  const more = { ...(result === null ? {} : { result }), ...(after === 0 ? {} : { after: formatDuration(after) }) }
  return { tool, ...(Object.keys(args).length === 0 ? {} : { args: { ...args } }), happened, ...more }
}

export function wireServer(server: Server, health: Health, authorization: AuthorizationStatus | null): Wire.Server {
  return {
    id: server.id,
    name: server.name,
    description: server.description,
    ...wireConnection(server),
    timeouts: mapValues({ ...server.timeouts }, formatDuration) as Wire.Server['timeouts'],
    trusted: server.trusted,
    tools: mapValues(server.tools, wireTool),
    pinning: server.pinning ?? 'enforce',
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
    case 'builtin':
      return { ...connection }
    case 'stdio': {
      const { transport, command, args, cwd, replicas, sandbox } = connection
      const env = mapValues(connection.env, masked)
      const confined = sandbox === undefined ? {} : { sandbox: wireSandbox(sandbox) }
      return { transport, command, args: [...args], cwd, replicas, env, ...confined }
    }
    case 'openapi': {
      const { transport, document, endpoints } = connection
      const headers = mapValues(connection.headers, masked)
      return { transport, document, endpoints: [...endpoints], headers, ...wireEgress(connection.egress) }
    }
    case 'streamable-http':
    case 'sse':
    case 'websocket':
    case 'http-adapter': {
      const { transport, endpoints } = connection
      const headers = mapValues(connection.headers, masked)
      const { auth } = connection
      const rest = { endpoints: [...endpoints], headers, ...wireEgress(connection.egress) }
      return { transport, ...rest, ...(auth === undefined ? {} : { auth: wireAuth(auth) }) }
    }
    default:
      throw connection satisfies never
  }
}

/** Only what was said, so that it can be sent back as it came. */
function wireSandbox(given: SandboxSettings): NonNullable<Wire.Server['sandbox']> {
  const { preset, network, readOnly, hidden, writable, memory, cpuSeconds, processes, openFiles, fileSize } = given
  return {
    preset,
    ...(network === null ? {} : { network }),
    ...(readOnly.length === 0 ? {} : { read_only: [...readOnly] }),
    ...(hidden.length === 0 ? {} : { hidden: [...hidden] }),
    ...(writable.length === 0 ? {} : { writable: [...writable] }),
    ...(memory === null ? {} : { memory: formatSize(memory) }),
    ...(cpuSeconds === null ? {} : { cpu_seconds: cpuSeconds }),
    ...(processes === null ? {} : { processes }),
    ...(openFiles === null ? {} : { open_files: openFiles }),
    ...(fileSize === null ? {} : { file_size: formatSize(fileSize) }),
  }
}

function wireEgress(given: EgressSettings | undefined): Pick<Wire.Server, 'egress'> {
  if (given === undefined) return {}
  const { hosts, allowPrivate } = given
  return { egress: { hosts: hosts && [...hosts], allow_private: allowPrivate } }
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
  return 'secret' in ref ? { secret: ref.secret, masked: true as const } : { ...ref }
}

export function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
