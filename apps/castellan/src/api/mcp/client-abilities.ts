import type { UpstreamError } from '../../gate/index.ts'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'

/**
 * Why a client cannot be asked this, by what it said it can; null when it can. An `elicitation` without modes means forms,
 * as it did before there were others.
 *
 * Source: MCP 2025-11-25 and 2026-07-28, client features.
 */
export function cannotBeAsked(capabilities: JsonObject, method: string, params: JsonObject): UpstreamError | null {
  switch (method) {
    case 'elicitation/create': {
      const { elicitation } = capabilities
      if (!isJsonObject(elicitation)) return lacks('elicitation')
      const mode = params.mode === 'url' ? 'url' : 'form'
      const offersForms = elicitation.form !== undefined || elicitation.url === undefined
      return (mode === 'url' ? elicitation.url !== undefined : offersForms) ? null : lacks(`elicitation.${mode}`)
    }
    case 'sampling/createMessage':
      return isJsonObject(capabilities.sampling) ? null : lacks('sampling')
    case 'roots/list':
      return isJsonObject(capabilities.roots) ? null : lacks('roots')
    default:
      return { code: -32601, message: `Clients are not asked ${method.slice(0, 80)}.` }
  }
}

function lacks(ability: string): UpstreamError {
  return { code: -32601, message: `The client behind this call does not support ${ability}.` }
}
