import { flushCompileCache } from 'node:module'
import type { Stores } from '../adapters/store-sql/index.ts'
import type { Config } from '../config/index.ts'
import { DEFAULT_TENANT } from '../identity/index.ts'
import { newId } from '../kernel/index.ts'
import { observe } from '../telemetry/index.ts'
import { every } from './every.ts'
import { followOthers } from './follow-others.ts'
import { compose, type Parts, type Surroundings } from './compose.ts'
import type { Face } from './face.ts'
import type { Running } from './running.ts'
import { welcome } from './welcome.ts'

/**
 * Puts a control plane in front of its stores, which are its own from here on. Throws plain errors of `listen`; leaves
 * nothing behind then.
 */
export async function serve(stores: Stores, config: Config, surroundings: Surroundings): Promise<Running> {
  const stopping: (() => Promise<unknown>)[] = [() => stores.close()]
  const stop = async () => {
    for (const step of stopping.splice(0).reverse()) await step()
  }
  // Those that work, and those that answer, load only what they need for it.
  const work = config.role === 'api' ? null : await import('./work.ts')
  const face: { own?: Face } = {}
  try {
    const parts = await compose(stores, config, surroundings, () => face.own?.sessions() ?? 0)
    const { core, upstreams, late, log } = parts
    stopping.push(() => Promise.all(core.engines.map(engine => engine.close())))
    stopping.push(parts.closeSecrets)
    stopping.push(() => core.models.close())
    stopping.push(parts.closeGuardrails)
    stopping.push(parts.closeExpressions)
    const rotated = await core.rotation.finish({ tenant: DEFAULT_TENANT, principal: 'system', correlationId: newId() })
    if (rotated) {
      const { key, rewrapped, unreadable, forgotten } = rotated
      log('info', 'secrets.rotated', { key, rewrapped, unreadable: unreadable.length, forgotten: forgotten.join(' ') })
    }
    // Before anything is read: what others change from here on is read back.
    const known = config.database === null ? null : await stores.journal.head()
    await core.registry.load()
    await core.authorizations.load(core.registry.servers())
    for (const refused of await core.rules.load()) log('error', 'policy.refused', refused)
    await parts.labels.load(stores.calls)
    await core.sessions.load()
    await core.approvals.rules.load()
    await stores.runs.freeOrphans()
    await stores.subscriptions.freeOrphans()
    await stores.nodes.join(LEASE)
    stopping.push(() => stores.nodes.leave().catch(core.onBug))
    if (work) await work.sweep(parts)
    else await core.registry.loadHealth()
    await core.budgets.load()
    await welcome(core, config.data)

    stopping.push(async () => parts.cluster?.close())
    stopping.push(() => upstreams.close())
    stopping.push(watchJournal(parts))
    if (config.nats !== null) stopping.push(await fanOut(config.nats, parts))
    if (known !== null) stopping.push(followingOthers(parts, known, work === null))
    const working = work?.startWork(parts)
    // Until there is more to it: a start that fails breaks off what was begun.
    if (working) stopping.push(() => working.stop(AbortSignal.abort()))
    face.own = await show(config, parts, surroundings)
    const own = face.own
    parts.address.url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${own.port}`
    const loops = loopsOf(config, parts, own, work?.sweep)
    stopping.push(async () => {
      await Promise.all(loops.map(loop => loop.stop()))
      // Those inside may finish, and their answers leave, first.
      const patience = AbortSignal.timeout(config.drainTimeout)
      const leaving = parts.cluster?.leave(patience)
      if (parts.cluster) await upstreams.handOver()
      await Promise.all([core.gate.drain(patience), working?.stop(patience), leaving])
      // Others wait for the servers that are run here.
      if (parts.cluster) await upstreams.close()
      await own.close()
    })
    const preparing = setTimeout(() => void prepared(parts, own).catch(core.onBug), QUIET)
    stopping.push(async () => clearTimeout(preparing))
    log('info', 'started', { url: parts.address.url, role: config.role, data: config.data, version: core.version })
    let stopped: Promise<void> | undefined
    return {
      url: parts.address.url,
      host: own.host,
      port: own.port,
      stop: () =>
        (stopped ??= stop().then(() => {
          log('info', 'stopped', { unwritten: late.backlog })
        })),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Lets clients in, or only those who look after this process. */
async function show(config: Config, parts: Parts, { requestTimeout = 60_000 }: Surroundings): Promise<Face> {
  if (config.role === 'worker') return (await import('./work.ts')).showOperations(config, parts)
  return (await import('./answer.ts')).answerClients(config, parts, requestTimeout)
}

/** Does what was put off for a fast start. */
async function prepared(parts: Parts, face: Face): Promise<void> {
  await face.prepare()
  await parts.prepare()
  // The next start needs what this one did, compiled; when it ends, V8 may have forgotten some of it.
  flushCompileCache()
}

/** Milliseconds for those who have waited for this process to ask their first questions in. */
const QUIET = 1_000
/** Milliseconds for which others believe that a process is there after it last said so. */
const LEASE = 20_000
/** Milliseconds. To compile a schema again takes one or two. */
const SCHEMAS_KEPT = 10 * 60_000

function loopsOf(config: Config, parts: Parts, face: Face, sweep?: (parts: Parts) => Promise<void>) {
  const { core, stores, upstreams, validator, late, log } = parts
  const onError = (error: unknown) => core.onBug(error)
  return [
    every(
      LEASE / 4,
      async () => {
        // First, so that after a standstill we do not take ourselves for gone.
        await stores.nodes.stay(LEASE)
        await sweep?.(parts)
      },
      onError,
    ),
    every(Math.min(config.stdio.idleStop, 15_000), () => upstreams.closeIdle(config.stdio.idleStop), onError),
    every(2_000, () => core.registry.mendPins(), onError),
    every(SCHEMAS_KEPT, async () => validator.dropUnused(), onError),
    every(Math.min(config.mcp.sessionIdle, 15_000), async () => face.closeIdle(), onError),
    every(
      1_000,
      async () => {
        if (late.trouble === null) return
        await late.flush()
        log(late.trouble === null ? 'info' : 'error', 'store.retried', { trouble: late.trouble, backlog: late.backlog })
      },
      onError,
    ),
  ]
}

function followingOthers({ stores, core }: Parts, after: number, healthToo: boolean): () => Promise<void> {
  const ending = new AbortController()
  const following = followOthers(stores.journal, after, core, healthToo, ending.signal, core.onBug).catch(core.onBug)
  return async () => {
    ending.abort()
    await following
  }
}

/** Hints to others that there is news, and hears them. */
async function fanOut(url: string, { stores, impairments, log }: Parts): Promise<() => Promise<void>> {
  const { natsFanout } = await import('../adapters/fanout-nats/index.ts')
  const fanout = natsFanout({
    url,
    installation: await stores.nodes.installation(),
    onChange: why => (why === null ? log('info', 'fanout.works', {}) : log('warn', 'fanout.away', { why })),
  })
  impairments.push(() =>
    fanout.trouble === null ? null : 'NATS is away, so that news of other nodes may be seen later; none is lost',
  )
  const stopHearing = fanout.onAnnounced(() => stores.news?.fromOthers())
  const stopTelling = stores.news?.onOwn(head => fanout.announce(head))
  return () => {
    stopHearing()
    stopTelling?.()
    return fanout.close()
  }
}

function watchJournal({ stores, log, meter, core }: Parts): () => Promise<void> {
  const ending = new AbortController()
  const watching = observe(stores.journal, log, meter, ending.signal).catch(error => core.onBug(error))
  return async () => {
    ending.abort()
    await watching
  }
}
