import { z } from 'zod'
import {
  agentToolSettings,
  fileToolsSettings,
  historySettings,
  httpFetchSettings,
  networkReconSettings,
} from './builtin.ts'
import { duration, effect, id, line, serverName, size, text, timestamp } from './common.ts'

/**
 * A secret on its way in: in the clear, and then sealed at once; or a reference to one that is stored, to a variable of the
 * control plane's environment, to a file beside it, or to a field in a vault. What a server answers with may be sent back and keeps the value.
 */
export const secretInput = z
  .union(
    [
      text(65_536),
      z.strictObject({ secret: line(300), masked: z.literal(true).optional() }),
      z.strictObject({ env: line(200) }),
      z.strictObject({ file: line(500) }),
      z.strictObject({ vault: line(400), field: line(100) }),
    ],
    'must be text, {"secret": <name of a stored secret>}, {"env": <variable of the control plane>}, {"file": <path>} or {"vault": <path>, "field": <name>}',
  )
  .meta({ id: 'SecretWish' })
export const secretOutput = z
  .union([
    z.object({ secret: z.string(), masked: z.literal(true) }),
    z.object({ env: z.string() }),
    z.object({ file: z.string() }),
    z.object({ vault: z.string(), field: z.string() }),
  ])
  .meta({ id: 'SecretReference' })

const timeouts = z.strictObject({ connect: duration, read: duration, write: duration, pool: duration, call: duration })

/** How it is found out whether a call took effect whose end nobody saw. Texts that begin with `=` are JSONata. */
const verification = z
  .strictObject({
    /** A tool of the same server whose effect was said to be `read`. */
    tool: line(500),
    /** Its arguments; expressions speak of the `args` of the call. */
    args: z.record(line(200), z.unknown()).optional(),
    /** Of the `args` of the call, the `result` and the `text` of the answer: true or false. */
    happened: text(10_000),
    /** What the call would have answered. */
    result: text(10_000).optional(),
    /** For how long the server may still be at a call that nobody waits for any more. */
    after: duration.optional(),
  })
  .meta({ id: 'Verification' })

const toolSettings = z.strictObject({
  effect: effect.optional(),
  /** Whether the tool reaches beyond its server. */
  network: z.boolean().optional(),
  timeout: duration.optional(),
  verify: verification.optional(),
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

/** How strictly definitions are held to what was reviewed. */
const pinning = z.enum(['enforce', 'review', 'warn', 'off'])
const sandboxPreset = z.enum(['strict', 'standard', 'open'])
/** Absolute, or below the home of the control plane's user: `~`, `~/…`. */
const paths = z.array(line(4_096)).max(100)

const sandboxFields = {
  /** `strict` unless told. What it says of network and files holds where nothing else is said. */
  preset: sandboxPreset.optional(),
  network: z.enum(['none', 'host']).optional(),
  read_only: paths.optional(),
  hidden: paths.optional(),
  writable: paths.optional(),
  /** Of all its processes together. */
  memory: size.optional(),
  /** Of each process. */
  cpu_seconds: z.int().min(1).max(31_536_000).optional(),
  /** Processes and threads at once. */
  processes: z.int().min(1).max(1_000_000).optional(),
  open_files: z.int().min(3).max(1_000_000).optional(),
  /** Of each file it writes. */
  file_size: size.optional(),
}
/** How the process of a stdio server is confined: a preset alone, or a preset with what is said beyond. */
const sandboxIn = z
  .union(
    [sandboxPreset, z.strictObject(sandboxFields)],
    'must be strict, standard, open, or an object with "preset", "network", "read_only", "hidden", "writable", "memory", "cpu_seconds", "processes", "open_files" or "file_size"',
  )
  .meta({ id: 'SandboxWish' })
const sandboxOut = z.object({ ...sandboxFields, preset: sandboxPreset }).meta({ id: 'Sandbox' })

/** Where a server that is reached over the network may lead us. */
const egressIn = z
  .strictObject({
    /** Other hosts it may name, `*.example.com` for all below one; null for any that is public. */
    hosts: z.array(line(255)).max(100).nullable().optional(),
    /** Whether addresses that are not public may be connected to, whoever named them. */
    allow_private: z.boolean().optional(),
  })
  .meta({ id: 'EgressWish' })
const egressOut = z.object({ hosts: z.array(z.string()).nullable(), allow_private: z.boolean() }).meta({ id: 'Egress' })

const common = {
  name: serverName,
  description: text(2_000).optional(),
  timeouts: timeouts.partial().optional(),
  trusted: z.boolean().optional(),
  tools: z.record(line(500), toolSettings).optional(),
  pinning: pinning.optional(),
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
  sandbox: sandboxIn.nullable().optional(),
})
const overNetwork = z.strictObject({
  ...common,
  transport: z.enum(['streamable-http', 'sse', 'websocket', 'http-adapter']),
  /** One URL for each replica. */
  endpoints: endpoints.min(1).optional(),
  /** Short for one endpoint. */
  url: line(2_000).optional(),
  headers: secretsIn.optional(),
  egress: egressIn.nullable().optional(),
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
  egress: egressIn.nullable().optional(),
})
const builtin = { ...common, transport: z.literal('builtin') }
const agentTool = z.strictObject({ ...builtin, builtin: z.literal('agent'), settings: agentToolSettings })
const fileTools = z.strictObject({ ...builtin, builtin: z.literal('file_tools'), settings: fileToolsSettings })
const history = z.strictObject({ ...builtin, builtin: z.literal('history'), settings: historySettings })
const httpFetch = z.strictObject({ ...builtin, builtin: z.literal('http_fetch'), settings: httpFetchSettings })
const networkRecon = z.strictObject({ ...builtin, builtin: z.literal('network_recon'), settings: networkReconSettings })

/** All that can be said of a server, with what is said besides. */
function anyServer<More extends z.ZodRawShape>(more: More) {
  return z.discriminatedUnion('transport', [
    stdio.extend(more),
    overNetwork.extend(more),
    openapi.extend(more),
    z.discriminatedUnion('builtin', [
      agentTool.extend(more),
      fileTools.extend(more),
      history.extend(more),
      httpFetch.extend(more),
      networkRecon.extend(more),
    ]),
  ])
}

/** What someone says about a server. */
export const serverInput = anyServer({})
export type ServerInput = z.input<typeof serverInput>

const creating = { allow_unhealthy: z.boolean().optional() }
export const serverCreate = anyServer(creating).meta({ id: 'ServerWish' })
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
export const serverUpdate = anyServer(changing).meta({ id: 'ServerChange' })
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
    transport: z.enum(['builtin', 'stdio', 'streamable-http', 'sse', 'websocket', 'http-adapter', 'openapi']),
    command: z.string().optional(),
    args: z.array(z.string()).optional(),
    cwd: z.string().nullable().optional(),
    env: secretsOut.optional(),
    replicas: z.int().optional(),
    sandbox: sandboxOut.optional(),
    endpoints: z.array(z.string()).optional(),
    document: z.string().optional(),
    headers: secretsOut.optional(),
    egress: egressOut.optional(),
    auth: oauthOut.optional(),
    builtin: z.string().optional(),
    settings: z.record(z.string(), z.unknown()).optional(),
    authorization: authorization.optional(),
    timeouts,
    trusted: z.boolean(),
    tools: z.record(z.string(), toolSettings),
    pinning,
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
    /** In lists of all a server offers: why it is not offered to anybody; null when it is. */
    withheld: z.string().nullable().optional(),
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
