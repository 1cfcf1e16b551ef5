import type { Standing } from '../gate/index.ts'
import type { JsonObject } from '../kernel/index.ts'

/** What the line says of a budget that had no room for a step: whoever waits for the run is told of it. */
export function standingData({ tenant, unit, taken, limit, grace, resetsAt }: Standing): JsonObject {
  return { standing: { tenant, unit, taken, limit, grace, resetsAt } }
}
