import { listenForOperations, Probes } from '../worker/index.ts'
import { sweepUnfinished } from '../gate/index.ts'
import type { Config } from '../config/index.ts'
import type { Parts } from './compose.ts'
import { every, type Loop } from './every.ts'
import type { Face } from './face.ts'
import { hintEngine } from './runs.ts'

/** What goes on whether clients ask or not. */
export interface Work {
  /** Begins nothing more, and lets what is under way end until the signal aborts. */
  stop(patience: AbortSignal): Promise<void>
}

/** Finds out what became of the calls of processes that are gone. */
export async function sweep({ stores, core, log }: Parts): Promise<void> {
  const swept = await sweepUnfinished(stores.calls, core.journal, core.clock)
  if (swept > 0) log('warn', 'calls.swept', { count: swept })
}

/** Carries out runs, hands the journal over to subscribers, probes servers, and ends what nobody else will. */
export function startWork(parts: Parts): Work {
  const { core, stores, engine, triggerLoop, bus, upstreams, notices } = parts
  const onError = (error: unknown) => core.onBug(error)
  const ending = new AbortController()
  engine.start()
  const hinting = hintEngine(stores, engine, ending.signal).catch(onError)
  triggerLoop.start()
  bus.start()
  const probes = new Probes(core.registry, core.clock, server => upstreams.openLinks(server.id) > 0, onError)
  const loops: readonly Loop[] = [
    every(1_000, () => probes.turn(), onError),
    every(1_000, async () => void (await core.approvals.expireOverdue()), onError),
    every(1_000, signal => notices.turn(signal), onError),
  ]
  return {
    async stop(patience) {
      await Promise.all(loops.map(loop => loop.stop()))
      await Promise.all([triggerLoop.stop(), engine.stop(patience), bus.stop(patience)])
      ending.abort()
      await hinting
    },
  }
}

/** What a process shows that answers no clients. Throws plain errors of `listen`. */
export async function showOperations(config: Config, { core }: Parts): Promise<Face> {
  const { version, authenticator, notReady, impaired, metrics, onBug } = core
  const parts = { version, authenticator, notReady, impaired, metrics, onBug }
  const { host, port, close } = await listenForOperations(parts, config)
  return { host, port, sessions: () => 0, closeIdle: () => undefined, prepare: async () => undefined, close }
}
