import type { CallContext } from '../gate/index.ts'
import { newId } from '../kernel/index.ts'
import type { View } from '../registry/index.ts'
import type { Core } from './core.ts'

/** A call of somebody who could not be identified is refused by the gate itself, so the journal has it like any other. */
export async function refuseCallOfNobody(
  core: Pick<Core, 'gate'>,
  asked: {
    readonly name: string
    readonly view: View
    readonly via: CallContext['via']
    readonly correlationId?: string
  },
): Promise<void> {
  const { name, view, via, correlationId = newId() } = asked
  await core.gate.pass({
    identity: null,
    view,
    use: 'tool',
    as: 'tool',
    name,
    args: {},
    context: {
      correlationId,
      causationId: null,
      sessionId: null,
      idempotencyKey: null,
      dryRun: false,
      via,
      meta: null,
    },
    io: { signal: AbortSignal.timeout(1_000), onProgress: null, client: null },
  })
}
