import { type LookupFunction, Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher, Pool } from 'undici'
import type { Target } from '../../gate/index.ts'
import { dialler } from '../http-client/index.ts'
import { egressFor } from './egress-for.ts'

/** Most connections to one replica at once. */
const CONNECTIONS = 100
/** As many may stay open while idle. */
const IDLE = 20
/** Milliseconds an idle connection is kept, unless the server announces less. */
const KEEP = 30_000
/** The same for those beyond {@link IDLE}, whatever the server announces. */
const KEEP_SURPLUS = 1_000

/** Connections of one link; nobody else's requests travel on them. */
export interface HttpPool {
  readonly dispatcher: Dispatcher
  /** Breaks what is under way; resolves when the last socket is closed. */
  close(): Promise<void>
}

/**
 * The client library has no limit for idle connections. It always takes the oldest connection that is free, so the limit is
 * set by age: the first 20 live on while idle, any above that for one second.
 */
export function openPool(target: Target, lookup?: LookupFunction): HttpPool {
  const sockets = new Set<Socket>()
  const { origin } = new URL(target.endpoint)
  const options = { timeout: target.timeouts.connect, allowH2: false }
  const dial = dialler(new URL(origin), egressFor(target), options, lookup)
  const connect: buildConnector.connector = (options, callback) => {
    const socket: unknown = dial(options, callback)
    if (!(socket instanceof Socket)) return
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  let kept: Client[] = []
  const pool = new Pool(origin, {
    connections: CONNECTIONS,
    // One request at a time on a connection: a cancelled request takes its connection with it, and must take no other's.
    pipelining: 1,
    allowH2: false,
    connect,
    factory: (at, options) => {
      kept = kept.filter(client => !client.closed && !client.destroyed)
      const keep = kept.length < IDLE ? KEEP : KEEP_SURPLUS
      const client = new Client(at, { ...options, keepAliveTimeout: keep, keepAliveMaxTimeout: keep })
      if (keep === KEEP) kept.push(client)
      return client
    },
  })
  return {
    dispatcher: pool,
    async close() {
      await pool.destroy()
      // Sockets that are still connecting, or closing, outlive their client by a moment.
      const gone = [...sockets].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve())))
      for (const socket of sockets) socket.destroy(new Error('the pool was closed'))
      await Promise.all(gone)
    },
  }
}
