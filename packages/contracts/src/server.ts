import { z } from 'zod'
import { duration, effect, id, line, serverName, text, timestamp } from './common.ts'

/**
 * A secret on its way in: in the clear, and then sealed at once; or a reference to one that is stored, or to a variable of
 * the control plane's environment. What a server answers with may be sent back and keeps the value.
 */
export const secretInput = z
  .union(
    [
      text(65_536),
      z.strictObject({ secret: line(300), masked: z.literal(true).optional() }),
      z.strictObject({ env: line(200) }),
    ],
    'must be text, {"secret": <name of a stored secret>} or {"env": <variable of the control plane>}',
  )
  .meta({ id: 'SecretWish' })
export const secretOutput = z
  .union([z.object({ secret: z.string(), masked: z.literal(true) }), z.object({ env: z.string() })])
  .meta({ id: 'SecretReference' })

const timeouts = z.strictObject({ connect: duration, read: duration, write: duration, pool: duration, call: duration })

const toolSettings = z.strictObject({
  effect: effect.optional(),
  /** Whether the tool reaches beyond its server. */
  network: z.boolean().optional(),
  timeout: duration.optional(),
})

const secretsIn = z.record(line(200), secretInput)

const oauthIn = z
  .strictObject({
    type: z.literal('oauth'),
    /** Of a client registered by hand; without one we present the metadata URL, or register ourselves. */
    client_id: line(2_000).nullable().optional(),
    client_secret: secretInput.nullable().optional(),
    /** The only authorization server to be spoken to. */
    issuer: line(2_000).nullable().optional(),
    /** Asked for in any case, besides what the server asks for. */
    scopes: z.array(line(200)).max(100).optional(),
    /** Where a document about us is published, for authorization servers that take its URL as client id. */
    client_metadata_url: line(2_000).nullable().optional(),
  })
  .meta({ id: 'OAuthWish' })

const common = {
  name: serverName,
  description: text(2_000).optional(),
  timeouts: timeouts.partial().optional(),
  trusted: z.boolean().optional(),
  tools: z.record(line(500), toolSettings).optional(),
  /** Whether calls of different clients get connections, and over stdio processes, of their own. */
  per_client: z.boolean().optional(),
  max_concurrent: z.int().min(1).max(10_000).optional(),
  probe_every: duration.optional(),
  max_attempts: z.int().min(1).max(10).optional(),
}
const endpoints = z.array(line(2_000)).max(64)

const stdio = z.strictObject({
  ...common,
  transport: z.literal('stdio'),
  command: line(4_096),
  args: z.array(text(65_536)).max(1_000).optional(),
  cwd: line(4_096).nullable().optional(),
  env: secretsIn.optional(),
  replicas: z.int().min(1).max(16).optional(),
})
const overNetwork = z.strictObject({
  ...common,
  transport: z.enum(['streamable-http', 'sse', 'websocket', 'http-adapter']),
  /** One URL for each replica. */
  endpoints: endpoints.min(1).optional(),
  /** Short for one endpoint. */
  url: line(2_000).optional(),
  headers: secretsIn.optional(),
  /** OAuth 2.1, of streamable-http and sse alone. */
  auth: oauthIn.nullable().optional(),
})
const openapi = z.strictObject({
  ...common,
  transport: z.literal('openapi'),
  /** URL or absolute path of an OpenAPI 3.x document. */
  document: line(4_096),
  endpoints: endpoints.optional(),
  headers: secretsIn.optional(),
})

/** What someone says about a server. */
export const serverInput = z.discriminatedUnion('transport', [stdio, overNetwork, openapi])
export type ServerInput = z.input<typeof serverInput>

const creating = { allow_unhealthy: z.boolean().optional() }
export const serverCreate = z
  .discriminatedUnion('transport', [stdio.extend(creating), overNetwork.extend(creating), openapi.extend(creating)])
  .meta({ id: 'ServerWish' })
export type ServerCreate = z.input<typeof serverCreate>

/** Ignored: what was read can be sent back as it came, changed where it is to change. */
const asRead = z.unknown().optional()
const changing = {
  ...creating,
  version: z.int().optional(),
  id: asRead,
  health: asRead,
  authorization: asRead,
  created_at: asRead,
  updated_at: asRead,
}
/** A change as a whole; what `version` names must still be there, when it is given. */
export const serverUpdate = z
  .discriminatedUnion('transport', [stdio.extend(changing), overNetwork.extend(changing), openapi.extend(changing)])
  .meta({ id: 'ServerChange' })
export type ServerUpdate = z.input<typeof serverUpdate>

export const health = z
  .object({
    status: z.enum(['unknown', 'active', 'error', 'inactive', 'needs_authorization']),
    failures: z.int(),
    checked_at: timestamp.nullable(),
    latency_ms: z.number().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Health' })
export type Health = z.infer<typeof health>

const secretsOut = z.record(z.string(), secretOutput)

const oauthOut = z
  .object({
    type: z.literal('oauth'),
    client_id: z.string().nullable(),
    client_secret: secretOutput.nullable(),
    issuer: z.string().nullable(),
    scopes: z.array(z.string()),
    client_metadata_url: z.string().nullable(),
  })
  .meta({ id: 'OAuth' })

/** How it stands between us and a server with OAuth. */
export const authorization = z
  .object({
    status: z.enum(['unknown', 'authorized', 'needed']),
    /** Why a person is needed, or why the last attempt came to nothing. */
    reason: z.string().nullable(),
    issuer: z.string().nullable(),
    scope: z.string().nullable(),
    authorized_at: timestamp.nullable(),
    authorized_by: z.string().nullable(),
    /** Until when a person who was asked may answer. */
    asked_until: timestamp.nullable(),
  })
  .meta({ id: 'Authorization' })
export type Authorization = z.infer<typeof authorization>

/** Where a person goes to authorize a server. */
export const authorizationAsked = z
  .object({ authorization_url: z.string(), expires_at: timestamp })
  .meta({ id: 'AuthorizationAsked' })
export type AuthorizationAsked = z.infer<typeof authorizationAsked>

export const server = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    transport: z.enum(['stdio', 'streamable-http', 'sse', 'websocket', 'http-adapter', 'openapi']),
    command: z.string().optional(),
    args: z.array(z.string()).optional(),
    cwd: z.string().nullable().optional(),
    env: secretsOut.optional(),
    replicas: z.int().optional(),
    endpoints: z.array(z.string()).optional(),
    document: z.string().optional(),
    headers: secretsOut.optional(),
    auth: oauthOut.optional(),
    authorization: authorization.optional(),
    timeouts,
    trusted: z.boolean(),
    tools: z.record(z.string(), toolSettings),
    per_client: z.boolean(),
    max_concurrent: z.int(),
    probe_every: duration,
    max_attempts: z.int(),
    health,
    version: z.int(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Server' })
export type Server = z.infer<typeof server>

export const primitiveType = z.enum(['tool', 'resource', 'template', 'prompt'])

export const capability = z
  .object({
    server: z.string(),
    primitive_type: primitiveType,
    /** The original name or URI. */
    name: z.string(),
    /** How it is asked for at `/mcp`. */
    exposed: z.string(),
    effect,
    open_world: z.boolean(),
    digest: z.string(),
    definition: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Capability' })
export type Capability = z.infer<typeof capability>

export const catalog = z
  .object({
    server: z.string(),
    protocol_version: z.string().nullable(),
    discovered_at: timestamp.nullable(),
    warnings: z.array(z.string()),
    capabilities: z.array(capability),
  })
  .meta({ id: 'Catalog' })
export type Catalog = z.infer<typeof catalog>
