import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { GivenInput } from '../call.ts'
import type { CallerClient } from '../connector.ts'
import type { UpstreamError } from '../verdict.ts'

/** What the server gets when it asked for more input, or why it does not get it. */
export type Gathered =
  { readonly is: 'given'; readonly input: GivenInput } | { readonly is: 'refused'; readonly error: UpstreamError }

/**
 * Asks a client that is asked while its call is under way for everything a server wants to know, one question after the
 * other in the server's order. The first error ends it: the server could not go on without the answer.
 *
 * Source: MCP 2026-07-28, multi round-trip requests (SEP-2322).
 */
export async function gatherInput(wish: JsonObject, client: CallerClient, signal: AbortSignal): Promise<Gathered> {
  const { inputRequests, requestState } = wish
  const responses: Record<string, JsonObject> = {}
  for (const [name, request] of Object.entries(isJsonObject(inputRequests) ? inputRequests : {})) {
    if (!isJsonObject(request) || typeof request.method !== 'string') return malformed
    const answer = await client.ask(request.method, isJsonObject(request.params) ? request.params : {}, signal)
    if (answer.is === 'error') return { is: 'refused', error: answer.error }
    responses[name] = answer.result
  }
  return { is: 'given', input: { responses, state: typeof requestState === 'string' ? requestState : null } }
}

/** For callers who come through an interface where nobody can be asked. */
export const nobodyToAsk: Gathered = {
  is: 'refused',
  error: { code: -32603, message: 'The server asked for input from its client; this caller cannot be asked.' },
}

const malformed: Gathered = {
  is: 'refused',
  error: { code: -32603, message: 'The server asked for input in a form that is not MCP.' },
}
