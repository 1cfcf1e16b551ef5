import type { z } from 'zod'
import type * as Wire from '@castellan/contracts'
import type { serverInput } from '@castellan/contracts'
import { fault, formatDuration, parseDuration } from '../../../kernel/index.ts'
import type {
  ConnectionSpec,
  EffectClass,
  Health,
  SecretInput,
  SecretRef,
  Server,
  ServerSpec,
} from '../../../registry/index.ts'

type Input = z.output<typeof serverInput>

/** What someone says about a server, in our words. Throws `REQUEST_INVALID` for an endpoint given twice over. */
export function serverSpec(input: Input): ServerSpec {
  return {
    name: input.name,
    description: input.description ?? '',
    connection: connectionSpec(input),
    timeouts: mapValues(input.timeouts ?? {}, parseDuration),
    trusted: input.trusted ?? false,
    tools: mapValues(input.tools ?? {}, toolSettings),
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
      return { transport, endpoints: all, headers: mapValues(input.headers ?? {}, secretInput) }
    }
    default:
      throw input satisfies never
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

export function wireServer(server: Server, health: Health): Wire.Server {
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
    max_concurrent: server.maxConcurrent,
    probe_every: formatDuration(server.probeEvery),
    max_attempts: server.maxAttempts,
    health: wireHealth(health),
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
      return { transport, endpoints: [...endpoints], headers: mapValues(connection.headers, masked) }
    }
    default:
      throw connection satisfies never
  }
}

function masked(ref: SecretRef) {
  return 'env' in ref ? { env: ref.env } : { secret: ref.secret, masked: true as const }
}

export function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
