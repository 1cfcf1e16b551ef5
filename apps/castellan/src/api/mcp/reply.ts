import { type Answer, type CallRequest, needsApproval, wireOutcome } from '../../gate/index.ts'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { code, RpcError } from './wire/rpc.ts'

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
          return legacy ? asBefore(outcome.result) : outcome.result
        case 'failed':
          if (outcome.fault === null) {
            throw new RpcError(outcome.error.code, outcome.error.message, outcome.error.data)
          }
          return ours(answer, 'error', outcome.error.message, request, true)
        case 'timeout':
        case 'cancelled':
        case 'withheld':
        case 'indeterminate':
          return ours(answer, wireOutcome(outcome), outcome.message, request, true)
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
      return ours(answer, 'needs_approval', needsApproval(answer), request, true)
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
  const about = {
    'castellan/outcome': outcome,
    'castellan/callId': answer.callId,
    ...(answer.is === 'needsApproval' ? { 'castellan/approvalId': answer.approvalId } : {}),
  }
  if (request.use !== 'tool') throw new RpcError(code.ours, message, about)
  return { content: [{ type: 'text', text: message }], isError, _meta: about }
}

/** Up to 2025-11-25 a result had no type, and structured content was an object; clients check this. */
function asBefore(result: JsonObject): JsonObject {
  const { resultType, structuredContent, ...rest } = result
  const typed = resultType === 'complete'
  const unknownForm = structuredContent !== undefined && !isJsonObject(structuredContent)
  if (!typed && !unknownForm) return result
  return {
    ...rest,
    ...(typed || resultType === undefined ? {} : { resultType }),
    ...(unknownForm || structuredContent === undefined ? {} : { structuredContent }),
  }
}

function unknown(request: Pick<CallRequest, 'use' | 'name'>, legacy: boolean): RpcError {
  const { use, name } = request
  if (use === 'resource') {
    return new RpcError(legacy ? code.resourceNotFound : code.invalidParams, 'Resource not found', { uri: name })
  }
  // Cutting may halve a character, and half of one is not valid JSON text.
  const shown = name.slice(0, 200).toWellFormed()
  return new RpcError(code.invalidParams, `Unknown ${use === 'completion' ? 'reference' : use}: ${shown}`)
}
