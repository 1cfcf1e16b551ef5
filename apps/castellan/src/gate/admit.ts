import {
  canonicalize,
  deepFreeze,
  digestBytes,
  digestJson,
  isFault,
  isJsonObject,
  newId,
  type Clock,
} from '../kernel/index.ts'
import type { JsonObject } from '../kernel/index.ts'
import type { Identity } from '../identity/index.ts'
import {
  type EffectClass,
  effectOf,
  fitsTemplate,
  inputSchemaOf,
  isOpenWorld,
  type Offer,
  offerForUri,
  type Offers,
} from '../registry/index.ts'
import type { Call, CallMethod, GivenInput } from './call.ts'
import type { CallRequest } from './request.ts'
import type { SchemaValidator, SchemaViolation } from './schema-validator.ts'
import { deny, type Verdict } from './verdict.ts'

type Denied = Extract<Verdict, { is: 'deny' }>

/** A refusal before there was a call to judge. */
export interface NotAdmitted {
  readonly is: 'refused'
  readonly guard: 'identity' | 'resolve' | 'schema' | 'pin'
  readonly verdict: Denied
  readonly violations: readonly SchemaViolation[]
  /** What was asked for, when it is known to exist for the caller. */
  readonly offer: Offer | null
}

export type Admission = { readonly is: 'admitted'; readonly call: Call; readonly offer: Offer } | NotAdmitted

/** Who is asking? Credentials may have expired since the session began. */
export function identify(request: CallRequest, clock: Clock): Identity | Denied {
  const { identity } = request
  if (!identity) return deny('denied_identity', 'nobody was identified')
  if (identity.expiresAt !== null && identity.expiresAt <= clock.now().toISOString()) {
    return deny('denied_identity', 'the credentials have expired')
  }
  if (!identity.scopes.includes('mcp')) return deny('denied_identity', 'the credentials lack the scope mcp')
  return identity
}

/** What is asked for? Something not granted and something that does not exist are the same answer. */
export function resolve(
  request: CallRequest,
  offers: Offers,
): { readonly offer: Offer; readonly uri: string | null } | Denied {
  const found = lookUp(request, offers)
  return found ?? deny('denied_policy', 'nothing of this name is granted to the caller')
}

function lookUp(request: CallRequest, offers: Offers): { offer: Offer; uri: string | null } | undefined {
  if (isByUri(request)) return offerForUri(offers, request.name)
  const offer = offers.find(request.as, request.name)
  return offer && { offer, uri: null }
}

/** Whether a resource is asked for by its URI, which may also be one that a template stands for. */
function isByUri({ use, as }: CallRequest): boolean {
  return as === 'resource' && (use === 'resource' || use === 'subscription')
}

/**
 * Makes the frozen call that every guard judges and that, if allowed, is the very one to run: arguments canonical, checked
 * against the schema of the capability, and frozen.
 */
export function freezeCall(
  request: CallRequest,
  identity: Identity,
  found: { readonly offer: Offer; readonly uri: string | null },
  validator: SchemaValidator,
): Admission {
  const { offer } = found
  const { server, capability } = offer
  const refuse = (violations: readonly SchemaViolation[]): NotAdmitted => {
    // What does not fit a schema nobody reviewed would be told in its words.
    if (offer.withheld !== undefined) {
      return { is: 'refused', guard: 'pin', verdict: deny('denied_pin', offer.withheld), violations: [], offer }
    }
    return schemaRefusal(violations, offer)
  }
  const given = request.args ?? {}
  if (!isJsonObject(given)) return refuse([{ at: '', message: 'arguments must be an object' }])
  let text: string
  try {
    text = canonicalize(given)
  } catch (error) {
    if (!isFault(error)) throw error
    return refuse([{ at: String(error.details.at ?? ''), message: String(error.details.why) }])
  }
  // Parsed anew so that the caller holds no reference into what is judged and run.
  const asked = deepFreeze(JSON.parse(text) as JsonObject)
  // What is asked about a capability is no use of it, and has no schema of its own.
  if (request.use !== 'completion' && request.use !== 'task') {
    const schema = isByUri(request) ? null : inputSchemaOf(capability)
    const violations = schema ? validator.check(`${capability.digest} ${capability.primitive}`, schema, asked) : []
    if (violations.length > 0) return refuse(violations)
  }
  const method = methodFor(request, offer)
  const args =
    method === 'resources/read' || method === 'resources/subscribe'
      ? deepFreeze({ uri: found.uri ?? asked.uri ?? capability.name })
      : asked
  // A grant for a template is a grant for the URIs that fit it.
  if (capability.primitive === 'template' && typeof args.uri === 'string' && !fitsTemplate(capability.name, args.uri)) {
    return refuse([{ at: '/uri', message: `must have the form ${capability.name}` }])
  }
  const argsDigest = args === asked ? digestBytes(text) : digestJson(args)
  const input = request.input === undefined ? null : frozen(request.input)
  const parts = [
    identity.tenant,
    identity.principal.id,
    server.id,
    capability.primitive,
    capability.name,
    capability.digest,
    method,
    argsDigest,
  ]
  if (input !== null) parts.push(digestJson([input.responses, input.state]))
  // Without the brackets, as kept outcomes were digested from the beginning.
  const digest = digestBytes(JSON.stringify(parts).slice(1, -1))
  const call: Call = Object.freeze({
    id: newId(),
    identity,
    server,
    capability,
    method,
    args,
    argsDigest,
    effect: effectFor(method, offer),
    openWorld: isOpenWorld(server, capability),
    input,
    context: request.context,
    upstreamKey: upstreamKey(identity, request.context.idempotencyKey),
    digest,
  })
  return { is: 'admitted', call, offer }
}

function schemaRefusal(violations: readonly SchemaViolation[], offer: Offer): NotAdmitted {
  const reasons = violations.slice(0, 10).map(each => `${each.at || '/'}: ${each.message}`)
  return { is: 'refused', guard: 'schema', verdict: deny('denied_schema', ...reasons), violations, offer }
}

function frozen({ responses, state }: GivenInput): GivenInput {
  return Object.freeze({ responses: deepFreeze(structuredClone(responses)), state })
}

/** Two principals may choose the same key without meaning the same call. */
function upstreamKey({ tenant, principal }: Identity, key: string | null): string | null {
  return key === null ? null : digestJson([tenant, principal.id, key]).slice('sha256:'.length)
}

/** A task is looked at as often as one likes; an answer or an end that comes twice is the same as once. */
function effectFor(method: CallMethod, { server, capability }: Offer): EffectClass {
  switch (method) {
    case 'tasks/get':
      return 'read'
    case 'tasks/update':
    case 'tasks/cancel':
      return 'idempotent'
    default:
      return effectOf(server, capability)
  }
}

function methodFor(request: CallRequest, offer: Offer): CallMethod {
  if (request.use === 'completion') return 'completion/complete'
  if (request.use === 'subscription') return 'resources/subscribe'
  if (request.use === 'task') return request.about ?? 'tasks/get'
  switch (offer.capability.primitive) {
    case 'tool':
      return 'tools/call'
    case 'resource':
    case 'template':
      return 'resources/read'
    case 'prompt':
      return 'prompts/get'
    default:
      throw offer.capability.primitive satisfies never
  }
}
