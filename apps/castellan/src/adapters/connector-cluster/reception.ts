import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import type { CallerClient, CallIo, ClientAnswer } from '../../gate/index.ts'
import { isFault } from '../../kernel/index.ts'
import type { Home } from './home.ts'
import { Lines } from './lines.ts'
import { type Asked, type Hello, PROTOCOL, SPEAKING, type Told, WAITING, type Welcome } from './messages.ts'
import { serverSide, type SharedKeys } from './shared-key.ts'

export interface ReceptionParts {
  readonly home: Home
  readonly keys: SharedKeys
  readonly isOurs: (pool: string, fence?: number) => boolean
  /** Milliseconds between signs of life. */
  readonly pulse: number
  readonly onBug: (error: unknown) => void
}

/** Where other nodes come to use the servers this one runs. */
export class Reception {
  readonly #guests = new Set<Guest>()
  readonly #server: Server
  #leaving = false

  constructor(parts: ReceptionParts) {
    this.#server = createServer(serverSide(parts.keys), socket => {
      const guest: Guest = new Guest(socket, { ...parts, isLeaving: () => this.#leaving }, () =>
        this.#guests.delete(guest),
      )
      this.#guests.add(guest)
    })
    // Somebody without the key, or who does not speak this.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  /** Resolves with the port. Throws plain errors of `listen`. */
  async listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject).listen(port, host, resolve)
    await promise
    return (this.#server.address() as AddressInfo).port
  }

  /** Takes nothing new; resolves once what is under way has ended, or the signal aborts. */
  async leave(signal: AbortSignal): Promise<void> {
    this.#leaving = true
    const aborted = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => aborted.resolve(), { once: true })
    if (signal.aborted) aborted.resolve()
    await Promise.race([aborted.promise, Promise.all([...this.#guests].map(guest => guest.drained()))])
  }

  /** It is not run here any more. */
  sendAway(pool: string): void {
    for (const guest of this.#guests) if (guest.pool === pool) guest.sendAway('it is not run here any more')
  }

  listChanged(serverId: string, list: 'tools' | 'resources' | 'prompts'): void {
    for (const guest of this.#guests) if (guest.isFor(serverId)) guest.tell({ is: 'listChanged', list })
  }

  resourceUpdated(serverId: string, uri: string): void {
    for (const guest of this.#guests) if (guest.isFor(serverId)) guest.tell({ is: 'resourceUpdated', uri })
  }

  /** Whether another node wants to know of a resource. */
  watches(serverId: string, uri: string): boolean {
    return [...this.#guests].some(guest => guest.isFor(serverId) && guest.watching.has(uri))
  }

  async close(): Promise<void> {
    for (const guest of this.#guests) guest.end()
    if (!this.#server.listening) return
    await new Promise(resolve => this.#server.close(resolve))
  }
}

/** A connection of another node to one replica. */
class Guest {
  pool: string | null = null
  readonly watching = new Set<string>()
  readonly #parts: ReceptionParts & { readonly isLeaving: () => boolean }
  readonly #socket: TLSSocket
  readonly #lines: Lines
  readonly #underWay = new Map<number, { readonly cancelling: AbortController; readonly answers: Answers }>()
  readonly #pulse: NodeJS.Timeout
  #replica = 0
  #drained = Promise.withResolvers<void>()
  #goesAway = false

  constructor(socket: TLSSocket, parts: ReceptionParts & { readonly isLeaving: () => boolean }, onClosed: () => void) {
    this.#parts = parts
    this.#socket = socket
    this.#lines = new Lines(socket, message => {
      if (this.pool === null) this.#welcome(message as Hello)
      else this.#take(message as Asked)
    })
    this.#pulse = setInterval(() => this.tell({ is: 'here' }), parts.pulse)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearInterval(this.#pulse)
      for (const { cancelling } of this.#underWay.values()) cancelling.abort()
      for (const uri of this.watching) this.#unwatch(uri)
      this.#drained.resolve()
      onClosed()
    })
  }

  isFor(serverId: string): boolean {
    return this.pool?.startsWith(`${serverId} `) === true
  }

  tell(told: Told): void {
    this.#lines.send(told)
  }

  /** Resolves once nothing of it is under way; nothing new is begun meanwhile. */
  drained(): Promise<void> {
    if (this.#underWay.size === 0) this.#drained.resolve()
    return this.#drained.promise
  }

  /** What is under way may end. */
  sendAway(why: string): void {
    this.tell({ is: 'gone', why })
    this.#goesAway = true
    if (this.#underWay.size === 0) this.#socket.end()
  }

  end(): void {
    this.#socket.destroy()
  }

  #welcome(hello: Hello): void {
    const why = this.#refusal(hello)
    this.pool = hello.pool
    this.#replica = hello.replica
    this.#lines.send((why === null ? { is: 'welcome' } : { is: 'gone', why }) satisfies Welcome)
    if (why !== null) this.#socket.end()
  }

  /** Why somebody is not welcome; null when they are. */
  #refusal({ protocol, pool, fence }: Hello): string | null {
    if (protocol !== PROTOCOL) return 'it speaks another version'
    if (pool === WAITING || pool === SPEAKING) return null
    if (this.#parts.isLeaving()) return 'it stops'
    return this.#parts.isOurs(pool, fence) ? null : 'it is not run here'
  }

  #take(asked: Asked): void {
    switch (asked.is) {
      case 'call':
      case 'discover':
      case 'probe':
      case 'goOn':
        return this.#begin(asked)
      case 'cancel':
        return this.#underWay.get(asked.n)?.cancelling.abort()
      case 'answer':
        return this.#underWay.get(asked.n)?.answers.take(asked.question, asked.answer)
      case 'unwatch':
        this.#unwatch(asked.uri)
        return
      case 'speaks': {
        const isWanted = this.#parts.home.listening.wants(asked.run)
        return this.tell({ is: 'wanted', run: asked.run.id, isWanted })
      }
      case 'piece':
        return this.#parts.home.listening.hear(asked.run, asked.piece)
      default:
        asked satisfies never
    }
  }

  #begin(asked: Begun): void {
    const { n } = asked
    // A call that waits is under way already: it may end, whatever happens to the servers.
    if (asked.is !== 'goOn' && (this.#parts.isLeaving() || this.#goesAway || !this.#parts.isOurs(this.pool!))) {
      return this.tell({ is: 'gone', n, why: 'it is not run here any more' })
    }
    const cancelling = new AbortController()
    const answers = new Answers((question, method, params) =>
      this.tell({ is: 'question', n, question, method, params }),
    )
    this.#underWay.set(n, { cancelling, answers })
    this.#carryOut(asked, cancelling.signal, answers)
      .then(told => this.tell(told))
      .catch((error: unknown) => {
        if (isFault(error)) return this.tell({ is: 'fault', n, code: error.code, details: error.details })
        this.#parts.onBug(error)
        // Whether it was sent nobody knows.
        this.#socket.destroy()
      })
      .finally(() => {
        this.#underWay.delete(n)
        if (this.#underWay.size > 0) return
        if (this.#goesAway) this.#socket.end()
        if (this.#parts.isLeaving() || this.#goesAway) this.#drained.resolve()
      })
  }

  async #carryOut(asked: Begun, signal: AbortSignal, answers: Answers): Promise<Told> {
    const { home } = this.#parts
    const [pool, replica, { n }] = [this.pool!, this.#replica, asked]
    switch (asked.is) {
      case 'probe':
        await home.onBehalf(pool, replica, signal, link => link.probe(signal))
        return { is: 'probed', n }
      case 'discover':
        return {
          is: 'discovered',
          n,
          discovery: await home.onBehalf(pool, replica, signal, link => link.discover(signal)),
        }
      case 'call': {
        const client: CallerClient | null = asked.client && {
          ...asked.client,
          notify: (method, params) => this.tell({ is: 'notice', n, method, params }),
          ask: (method, params, over) =>
            answers.ask(method, params, over, question => this.tell({ is: 'questionOver', n, question })),
        }
        const onProgress = asked.wantsProgress
          ? (params: Parameters<NonNullable<CallIo['onProgress']>>[0]) => this.tell({ is: 'progress', n, params })
          : null
        const { uri } = asked.call.args
        const reply = await home.callOnBehalf(pool, replica, asked.call, { signal, onProgress, client })
        if (asked.call.method === 'resources/subscribe' && reply.is === 'result' && typeof uri === 'string')
          this.watching.add(uri)
        return { is: 'reply', n, reply }
      }
      case 'goOn': {
        const say = (text: string) => this.tell({ is: 'said', n, text })
        return { is: 'wentOn', n, wentOn: await home.goOn(asked.back, say, signal) }
      }
      default:
        throw asked satisfies never
    }
  }

  #unwatch(uri: string): void {
    if (!this.watching.delete(uri) || this.pool === null) return
    this.#parts.home.unwatch(this.pool.split(' ')[0]!, uri)
  }
}

/** What takes its time. */
type Begun = Extract<Asked, { is: 'call' | 'discover' | 'probe' | 'goOn' }>

/** What clients of another node are asked during a call. */
class Answers {
  readonly #put: (question: number, method: string, params: Parameters<CallerClient['ask']>[1]) => void
  readonly #open = new Map<number, (answer: ClientAnswer) => void>()
  #next = 0

  constructor(put: (question: number, method: string, params: Parameters<CallerClient['ask']>[1]) => void) {
    this.#put = put
  }

  async ask(
    method: string,
    params: Parameters<CallerClient['ask']>[1],
    signal: AbortSignal,
    onOver: (question: number) => void,
  ): Promise<ClientAnswer> {
    const question = this.#next++
    const { promise, resolve } = Promise.withResolvers<ClientAnswer>()
    const giveUp = () => {
      onOver(question)
      resolve({ is: 'error', error: { code: -32800, message: 'Nobody waits for the answer any more.' } })
    }
    this.#open.set(question, resolve)
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    else this.#put(question, method, params)
    const answer = await promise
    signal.removeEventListener('abort', giveUp)
    this.#open.delete(question)
    return answer
  }

  take(question: number, answer: ClientAnswer): void {
    this.#open.get(question)?.(answer)
  }
}
