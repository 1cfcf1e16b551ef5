import type { CallRequest, GivenInput } from '../../gate/index.ts'
import { fault, isFault, isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { Offers, Primitive } from '../../registry/index.ts'
import type { Core } from '../core.ts'
import type { Asking, Method } from './asking.ts'
import { CALL_TOOL, metaTools, SEARCH_TOOLS } from './discovery/meta-tools.ts'
import { searchTools } from './discovery/search-tools.ts'
import { unwrapCall } from './discovery/unwrap-call.ts'
import { page } from './lists.ts'
import { contextOf, patienceOf } from './meta.ts'
import { resultOf } from './reply.ts'
import { code, RpcError } from './wire/rpc.ts'

type Asked = Pick<CallRequest, 'use' | 'about' | 'as' | 'name' | 'args'>

/**
 * What clients of every revision may ask. Lists come from the registry; whatever touches a server goes through the gate.
 * The shape of the params was checked by `paramsProblem`.
 */
export function methodsOf(core: Core): ReadonlyMap<string, Method> {
  const listing =
    (as: Primitive, field: string): Method =>
    ({ cursor }, { caller, legacy }) => {
      const offers = core.registry.offers(caller.identity, caller.view)
      const { definitions, next } = page(offers.list[as], cursor as string | undefined, legacy)
      return { [field]: definitions, ...next, ...unavailable(core, offers), ...(legacy ? {} : LISTS_ARE_PRIVATE) }
    }

  const tools = listing('tool', 'tools')

  return new Map<string, Method>([
    [
      'tools/list',
      (params, asking) =>
        asking.caller.listing === 'search'
          ? { tools: metaTools, ...(asking.legacy ? {} : LISTS_ARE_PRIVATE) }
          : tools(params, asking),
    ],
    ['resources/list', listing('resource', 'resources')],
    ['resources/templates/list', listing('template', 'resourceTemplates')],
    ['prompts/list', listing('prompt', 'prompts')],
    [
      'tools/call',
      (params, asking) => {
        const name = params.name as string
        return asking.caller.listing === 'search'
          ? metaCall(core, name, params, asking)
          : callTool(core, name, params.arguments, params, asking)
      },
    ],
    [
      'resources/read',
      async (params, asking) => {
        const name = params.uri as string
        const result = await throughGate(core, { use: 'resource', as: 'resource', name, args: {} }, params, asking)
        return asking.legacy ? result : privately(result)
      },
    ],
    [
      'prompts/get',
      (params, asking) => {
        const name = params.name as string
        return throughGate(core, { use: 'prompt', as: 'prompt', name, args: params.arguments }, params, asking)
      },
    ],
    [
      'completion/complete',
      (params, asking) => {
        const { ref, argument, context } = params as { ref: JsonObject; argument: JsonObject; context?: JsonObject }
        const args = { argument, ...(context === undefined ? {} : { context }) }
        return throughGate(core, { use: 'completion', ...referenceOf(ref), args }, params, asking)
      },
    ],
  ])
}

function callTool(core: Core, name: string, args: unknown, params: JsonObject, asking: Asking): Promise<JsonObject> {
  return throughGate(core, { use: 'tool', as: 'tool', name, args }, params, asking)
}

/** A call on an endpoint that lists two tools instead of all: finding touches no server, calling is a call like any other. */
async function metaCall(core: Core, name: string, params: JsonObject, asking: Asking): Promise<JsonObject> {
  const args = params.arguments as JsonObject | undefined
  const { identity, view } = asking.caller
  if (name === SEARCH_TOOLS) return searchTools(args, query => core.registry.search(identity, query, view))
  if (name !== CALL_TOOL) return callTool(core, name, args, params, asking)
  const inner = unwrapCall(args)
  return inner.is === 'refused' ? inner.result : callTool(core, inner.name, inner.arguments, params, asking)
}

/** Takes a request through the gate and gives its answer in the form of the client's revision. */
export async function throughGate(core: Core, asked: Asked, params: JsonObject, asking: Asking): Promise<JsonObject> {
  const { caller, legacy, signal, client, onProgress } = asking
  const { identity, view, sessionId } = caller
  const input = givenInput(params)
  const request: CallRequest = {
    ...asked,
    identity,
    view,
    context: contextOf(params._meta, sessionId),
    patience: patienceOf(params._meta),
    ...(input === null ? {} : { input }),
    io: { signal, onProgress, client },
  }
  const answer = await core.gate.pass(request)
  // Only a dry run depends on it, so a call that ran does not look it up.
  const promisesOutput =
    answer.is === 'dryRun' &&
    core.registry.offers(identity, view).find(asked.as, asked.name)?.definition.outputSchema !== undefined
  return resultOf(answer, request, legacy, promisesOutput)
}

/** The JSON-RPC form of whatever a method threw; of a bug, nothing but that there was one. */
export function rpcError(core: Core, error: unknown): RpcError {
  if (error instanceof RpcError) return error
  if (!isFault(error)) {
    core.onBug(error)
    return new RpcError(code.internal, 'Something went wrong inside Castellan; its log has the details.')
  }
  return new RpcError(error.kind === 'invalid' ? code.invalidParams : code.ours, error.message, { code: error.code })
}

/** What is offered depends on who asks; a change is announced to whoever listens, so it may be kept for a little while. */
const LISTS_ARE_PRIVATE = { ttlMs: 10_000, cacheScope: 'private' }

/** What one principal may read is not for the cache of another, whatever the server says; how long it lasts, it knows. */
function privately(result: JsonObject): JsonObject {
  const { resultType = 'complete', ttlMs } = result
  if (resultType !== 'complete') return result
  const lasts = typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 0 ? ttlMs : 0
  return { ...result, ttlMs: lasts, cacheScope: 'private' }
}

/** Names the servers whose part of a list may be missing or old, so that nobody takes the list for the whole. */
function unavailable(core: Core, { servers }: Offers): JsonObject {
  const names = servers.filter(
    ({ id }) =>
      core.registry.catalog(id) === undefined ||
      ['error', 'inactive', 'needs_authorization'].includes(core.registry.health(id).status),
  )
  return names.length === 0 ? {} : { _meta: { 'castellan/unavailable': names.map(({ name }) => name) } }
}

function givenInput({ inputResponses, requestState }: JsonObject): GivenInput | null {
  if (inputResponses === undefined && requestState === undefined) return null
  if (inputResponses !== undefined && !isJsonObject(inputResponses)) {
    throw new RpcError(code.invalidParams, 'Invalid params: "inputResponses" must be an object of answers by name')
  }
  return { responses: inputResponses ?? {}, state: typeof requestState === 'string' ? requestState : null }
}

function referenceOf(ref: JsonObject): Pick<CallRequest, 'as' | 'name'> {
  const { type, name, uri } = ref
  if (type === 'ref/prompt' && typeof name === 'string') return { as: 'prompt', name }
  if (type === 'ref/resource' && typeof uri === 'string') return { as: 'template', name: uri }
  throw fault('REQUEST_INVALID', {
    why: '"ref" must be { "type": "ref/prompt", "name": … } or { "type": "ref/resource", "uri": … }',
  })
}
