import { connect, type Revision } from '../support/mcp-client.ts'
import type { Answer, Attempt } from './attempts.ts'
import type { Rest } from '../support/rest.ts'

/** Makes a call over some surface. Throws when there was no whole answer. */
export interface Caller extends AsyncDisposable {
  call(attempt: Attempt, correlationId?: string): Promise<Answer>
}

export function restCaller(rest: Rest, over: AbortSignal): Caller {
  return {
    async call(attempt, correlationId = attempt.id) {
      const body = {
        name: exposed(attempt),
        args: attempt.args,
        ...(attempt.keyed ? { idempotency_key: attempt.id } : {}),
      }
      const answered = await rest.ask('POST', '/api/calls', { body, correlationId, signal: over })
      const { outcome, code, call_id: callId, replay_of: replayOf, result } = answered.body as RestAnswer
      return {
        outcome: outcome ?? code ?? String(answered.status),
        callId: callId ?? null,
        replayOf: replayOf ?? null,
        text: result?.content?.[0]?.text ?? null,
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

interface RestAnswer {
  readonly outcome?: string
  readonly code?: string
  readonly call_id?: string
  readonly replay_of?: string | null
  readonly result?: { readonly content?: readonly { readonly text?: string }[] }
}

export async function mcpCaller(rest: Rest, revision: Revision, over: AbortSignal): Promise<Caller> {
  const client = await connect(rest, revision)
  return {
    async call(attempt, correlationId = attempt.id) {
      const _meta = {
        'castellan/correlationId': correlationId,
        ...(attempt.keyed ? { 'castellan/idempotencyKey': attempt.id } : {}),
      }
      const params = { name: exposed(attempt), arguments: { ...attempt.args }, _meta }
      const { content, _meta: said } = await client.callTool(params, { signal: over })
      const [first] = content as { text?: string }[]
      const outcome = said?.['castellan/outcome']
      const callId = said?.['castellan/callId']
      return {
        outcome: typeof outcome === 'string' ? outcome : 'ok',
        callId: typeof callId === 'string' ? callId : null,
        replayOf: null,
        text: outcome === undefined ? (first?.text ?? null) : null,
      }
    },
    async [Symbol.asyncDispose]() {
      await client.close().catch(() => undefined)
    },
  }
}

function exposed({ server, tool }: Attempt): string {
  return `${server}__${tool}`
}
