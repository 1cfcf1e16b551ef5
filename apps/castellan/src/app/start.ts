import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Config } from '../config/index.ts'
import { systemClock } from '../kernel/index.ts'
import type { Surroundings } from './compose.ts'
import { openStores } from './open-stores.ts'
import type { Running } from './running.ts'

/**
 * Starts a control plane. Throws what opening the store throws, and plain errors of `listen`; leaves nothing behind then.
 */
export async function start(config: Config, surroundings: Surroundings): Promise<Running> {
  // Loading keeps this thread busy, so it waits a turn: the store's own thread, or its connections, are under way by then.
  const loading = nextTurn().then(() => import('./serve.ts'))
  const [stores, { serve }] = await Promise.all([openStores(config, systemClock), loading])
  return serve(stores, config, surroundings)
}
