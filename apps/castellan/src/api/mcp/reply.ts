import { ProtocolError } from '@modelcontextprotocol/server'
import type { Answer, CallRequest } from '../../gate/index.ts'
import type { JsonObject } from '../../kernel/index.ts'

/** JSON-RPC code of refusals and failures that are ours; outside the range that MCP reserves. */
const OURS = -32000
const INVALID_PARAMS = -32602
/** Of revisions up to 2025-11-25. */
const RESOURCE_NOT_FOUND = -32002

/**
 * The MCP form of an answer. What a server said passes through as it came. Refusals and failures of a tool call are
 * results a model can read; of anything else they are JSON-RPC errors.
 */
export function resultOf(
  answer: Answer,
  request: Pick<CallRequest, 'use' | 'name'>,
  legacy: boolean,
  hasOutput: boolean,
): JsonObject {
  switch (answer.is) {
    case 'outcome': {
      const { outcome } = answer
      switch (outcome.is) {
        case 'ok':
        case 'toolError':
        case 'inputRequired':
          return outcome.result
        case 'failed':
          if (outcome.fault === null) {
            throw new ProtocolError(outcome.error.code, outcome.error.message, outcome.error.data)
          }
          return ours(answer, 'error', outcome.error.message, request, true)
        case 'timeout':
        case 'cancelled':
        case 'indeterminate':
          return ours(answer, outcome.is, outcome.message, request, true)
        default:
          throw outcome satisfies never
      }
    }
    case 'denied': {
      if (answer.unknown) throw unknown(request, legacy)
      const places = answer.violations.slice(0, 10).map(({ at, message }) => `\n- ${at || 'arguments'}: ${message}`)
      return ours(answer, answer.code, answer.message + places.join(''), request, true)
    }
    case 'needsApproval':
      return ours(answer, 'needs_approval', 'The call waits for the approval of a person.', request, true)
    case 'dryRun': {
      const message = 'Dry run: the call would be allowed. Nothing was sent.'
      // Clients check the result of a tool that promises structured output, unless it is an error.
      return ours(answer, 'dry_run', message, request, hasOutput)
    }
    default:
      throw answer satisfies never
  }
}

function ours(
  answer: Answer,
  outcome: string,
  message: string,
  request: Pick<CallRequest, 'use'>,
  isError: boolean,
): JsonObject {
  const about = { 'castellan/outcome': outcome, 'castellan/callId': answer.callId }
  if (request.use !== 'tool') throw new ProtocolError(OURS, message, about)
  return { content: [{ type: 'text', text: message }], isError, _meta: about }
}

function unknown(request: Pick<CallRequest, 'use' | 'name'>, legacy: boolean): ProtocolError {
  const { use, name } = request
  if (use === 'resource') {
    return new ProtocolError(legacy ? RESOURCE_NOT_FOUND : INVALID_PARAMS, 'Resource not found', { uri: name })
  }
  // Cutting may halve a character, and half of one is not valid JSON text.
  const shown = name.slice(0, 200).toWellFormed()
  return new ProtocolError(INVALID_PARAMS, `Unknown ${use === 'completion' ? 'reference' : use}: ${shown}`)
}
