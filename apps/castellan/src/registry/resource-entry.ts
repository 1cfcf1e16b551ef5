import type { Actor } from '../identity/index.ts'
import type { Entry, Journal } from '../journal/index.ts'
import type { JsonObject } from '../kernel/index.ts'

/** The journal entry of one version of a resource: version n is entry n - 1 of its stream. */
export function resourceEntry(
  journal: Journal,
  kind: string,
  type: string,
  resource: { readonly id: string; readonly version: number },
  actor: Actor,
  data: JsonObject,
): Entry {
  return journal.seal({
    tenant: actor.tenant,
    stream: `${kind}:${resource.id}`,
    seq: resource.version - 1,
    type,
    principal: actor.principal,
    correlationId: actor.correlationId,
    data,
  })
}
