import type { JsonObject, JsonValue } from '../kernel/index.ts'
import type { Call } from './call.ts'
import type { Outcome } from './verdict.ts'

/** The outcome in the form a tool call answers with, when a resource or prompt was used as a tool. */
export function asToolResult(call: Call, outcome: Outcome): Outcome {
  if (call.method === 'tools/call' || outcome.is !== 'ok') return outcome
  return { is: 'ok', result: { content: content(call, outcome.result) } }
}

function content(call: Call, result: JsonObject): readonly JsonValue[] {
  if (call.method === 'resources/read') {
    return list(result.contents).map(resource => ({ type: 'resource', resource }))
  }
  return list(result.messages).flatMap(message => list([(message as JsonObject).content ?? null].flat()))
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
