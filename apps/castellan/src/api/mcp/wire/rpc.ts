import type { JsonObject } from '../../../kernel/index.ts'

export type RequestId = string | number

/** A message that wants an answer. */
export interface Request {
  readonly id: RequestId
  readonly method: string
  readonly params: JsonObject
}

/** An error as JSON-RPC has it; the surface throws nothing else on purpose. Source: JSON-RPC 2.0 section 5.1. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** Codes of JSON-RPC 2.0 and of MCP; what is only ours is {@link code.ours}, outside the range MCP keeps for itself. */
export const code = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  ours: -32000,
  sessionNotFound: -32001,
  /** Of revisions up to 2025-11-25. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  missingClientCapability: -32021,
  unsupportedVersion: -32022,
} as const

/** Throws {@link RpcError} for a result that no JSON writer takes: servers may send what is nested thousands of levels deep. */
export function resultText(id: RequestId, result: JsonObject): string {
  try {
    return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RpcError(code.ours, 'The result is nested too deeply to be passed on')
  }
}

export function errorText(id: RequestId | null, { code, message, data }: RpcError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } })
}

export function notificationText(method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params })
}
