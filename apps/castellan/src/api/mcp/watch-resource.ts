import { newId } from '../../kernel/index.ts'
import { offerForUri } from '../../registry/index.ts'
import type { Core } from '../core.ts'
import type { Caller } from './caller.ts'

const PATIENCE = 60_000

/**
 * Watches a resource for a caller, through the gate like everything else; null when it is refused, whatever the reason.
 * The result ends it.
 */
export async function watchResource(
  core: Core,
  { identity, view, sessionId }: Caller,
  uri: string,
  onChanged: () => void,
): Promise<(() => void) | null> {
  const found = offerForUri(core.registry.offers(identity, view), uri)
  const answer = await core.gate.pass({
    identity,
    view,
    use: 'subscription',
    as: 'resource',
    name: uri,
    args: {},
    context: {
      correlationId: newId(),
      causationId: null,
      sessionId,
      idempotencyKey: null,
      dryRun: false,
      via: 'mcp',
      meta: null,
    },
    io: { signal: AbortSignal.timeout(PATIENCE), onProgress: null, client: null },
  })
  const passed = answer.is === 'outcome' && answer.outcome.is === 'ok'
  return passed && found ? core.watches.add(found.offer.server.id, found.uri, onChanged) : null
}
