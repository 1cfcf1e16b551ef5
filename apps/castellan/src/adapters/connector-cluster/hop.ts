import type { TLSSocket } from 'node:tls'
import type { AllowedCall, CallIo, Link, LinkEvents, Owner, Reply, Target } from '../../gate/index.ts'
import { type Fault, fault } from '../../kernel/index.ts'
import type { Discovery } from '../../registry/index.ts'
import { Lines } from './lines.ts'
import { type Asked, type Gone, type Hello, PROTOCOL, type Told, type Welcome } from './messages.ts'
import { dial } from './dial.ts'
import type { SharedKeys } from './shared-key.ts'
import { Watchdog } from './watchdog.ts'

/** A question that the owner has not answered. */
interface Open {
  readonly io: CallIo | null
  /** What clients are being asked meanwhile. */
  readonly asking: Map<number, AbortController>
  readonly settle: (told: Settled) => void
}

type Settled = Extract<Told, { is: 'reply' | 'discovered' | 'probed' | 'fault' | 'gone' }> | { readonly is: 'broken' }

/**
 * A link to a replica that another node runs. What is asked over it was allowed here and goes there as it is; progress, cancelling and
 * questions to the client pass. Resolves with what the owner says instead when it does not, or cannot be reached.
 */
export async function hopTo(
  owner: Owner,
  target: Target & { readonly pool: string },
  events: LinkEvents,
  {
    keys,
    silence,
    signal,
    onEnded,
  }: {
    readonly keys: SharedKeys
    /** Milliseconds without a sign of life after which the owner counts as gone. */
    readonly silence: number
    readonly signal: AbortSignal
    /** Nothing of it is left. */
    readonly onEnded: (hop: Link) => void
  },
): Promise<Link | Gone> {
  const socket = dial(owner.address, keys)
  if (!socket) return { is: 'gone', why: `its address ${owner.address} is none` }
  const hop = new Hop(socket, target, events, silence)
  const { pool, replica } = target
  const welcome = await hop.greet({ protocol: PROTOCOL, pool, replica, fence: owner.fence }, signal)
  void hop.over.then(() => onEnded(hop))
  if (welcome.is === 'welcome') return hop
  await hop.close()
  return welcome
}

class Hop implements Link {
  readonly closed: Promise<string>
  readonly #retired = Promise.withResolvers<string>()
  #isRetired = false
  readonly #socket: TLSSocket
  readonly #lines: Lines
  readonly #target: Target
  readonly #events: LinkEvents
  readonly #open = new Map<number, Open>()
  readonly #welcome = Promise.withResolvers<Welcome>()
  readonly #gone = Promise.withResolvers<void>()
  readonly #watchdog: Watchdog
  #why = ''
  #next = 0
  #ended = false

  constructor(socket: TLSSocket, target: Target, events: LinkEvents, silence: number) {
    this.#socket = socket
    this.#target = target
    this.#events = events
    this.closed = this.#retired.promise
    this.#lines = new Lines(socket, message => this.#take(message as Told | Welcome))
    socket.on('error', (error: Error) => (this.#why ||= `the node that runs it cannot be reached: ${error.message}`))
    socket.on('close', () => {
      this.#end('the node that runs it hung up')
      this.#gone.resolve()
    })
    this.#watchdog = new Watchdog(silence, () => this.#end('the node that runs it has fallen silent'))
  }

  /** Resolves once nothing of it is left. */
  get over(): Promise<void> {
    return this.#gone.promise
  }

  async greet(hello: Hello, signal: AbortSignal): Promise<Welcome> {
    const abort = () => this.#end('there was no time to reach the node that runs it')
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    this.#lines.send(hello)
    const welcome = await this.#welcome.promise
    signal.removeEventListener('abort', abort)
    return welcome
  }

  async call({ call }: AllowedCall, io: CallIo): Promise<Reply> {
    if (io.signal.aborted) return broken(false, false, 'the call was given up before it was sent')
    const { server: _, ...travelling } = call
    const { onProgress, client } = io
    const told = await this.#ask(
      n => ({
        is: 'call',
        n,
        call: travelling,
        wantsProgress: onProgress !== null,
        client: client && {
          id: client.id,
          capabilities: client.capabilities,
          logLevel: client.logLevel,
          takesInputRequired: client.takesInputRequired,
        },
      }),
      io.signal,
      io,
    )
    switch (told.is) {
      case 'reply':
        return told.reply
      case 'gone':
        return { ...broken(false, true, told.why), ours: true }
      case 'broken':
        // Whether it arrived there nobody can say.
        return this.#ended
          ? { ...broken(true, true, this.#why), ours: true }
          : broken(true, true, 'the call was given up')
      case 'fault':
        return broken(false, false, fault(told.code, told.details).message)
      case 'discovered':
      case 'probed':
        throw new Error('the answer to another question')
      default:
        throw told satisfies never
    }
  }

  async discover(signal: AbortSignal): Promise<Discovery> {
    const told = await this.#ask(n => ({ is: 'discover', n }), signal, null)
    if (told.is === 'discovered') return told.discovery
    throw this.#faultOf(told)
  }

  async probe(signal: AbortSignal): Promise<void> {
    const told = await this.#ask(n => ({ is: 'probe', n }), signal, null)
    if (told.is !== 'probed') throw this.#faultOf(told)
  }

  unwatch(uri: string): void {
    this.#lines.send({ is: 'unwatch', uri } satisfies Asked)
  }

  async close(): Promise<void> {
    this.#end('it was closed here')
    await this.#gone.promise
  }

  async #ask(question: (n: number) => Asked, signal: AbortSignal, io: CallIo | null): Promise<Settled> {
    const n = this.#next++
    if (this.#isRetired) return { is: 'gone', why: this.#why }
    const { promise, resolve } = Promise.withResolvers<Settled>()
    this.#open.set(n, { io, asking: new Map(), settle: resolve })
    const cancel = () => {
      this.#lines.send({ is: 'cancel', n } satisfies Asked)
      this.#settle(n, { is: 'broken' })
    }
    signal.addEventListener('abort', cancel, { once: true })
    this.#lines.send(question(n))
    if (signal.aborted) cancel()
    const told = await promise
    signal.removeEventListener('abort', cancel)
    return told
  }

  #take(message: Told | Welcome): void {
    this.#watchdog.hear()
    switch (message.is) {
      case 'welcome':
        return this.#welcome.resolve(message)
      case 'gone':
        this.#welcome.resolve(message)
        this.#retire(message.why)
        if (message.n !== undefined) this.#settle(message.n, message)
        if (this.#open.size === 0) this.#end(message.why)
        return
      case 'reply':
      case 'discovered':
      case 'probed':
      case 'fault':
        return this.#settle(message.n, message)
      case 'progress':
        return this.#open.get(message.n)?.io?.onProgress?.(message.params)
      case 'notice':
        return this.#open.get(message.n)?.io?.client?.notify(message.method, message.params)
      case 'question':
        return this.#put(message)
      case 'questionOver':
        return this.#open.get(message.n)?.asking.get(message.question)?.abort()
      case 'listChanged':
        return this.#events.onListChanged(message.list)
      case 'resourceUpdated':
        return this.#events.onResourceUpdated?.(message.uri)
      case 'here':
      case 'said':
      case 'wentOn':
      case 'wanted':
        return
      default:
        // Of a node that knows more than this one.
        message satisfies never
    }
  }

  /** Asks the client behind a call what the server wants to know. */
  #put({ n, question, method, params }: Extract<Told, { is: 'question' }>): void {
    const open = this.#open.get(n)
    if (!open?.io?.client) return
    const over = new AbortController()
    open.asking.set(question, over)
    void open.io.client.ask(method, params, over.signal).then(answer => {
      open.asking.delete(question)
      this.#lines.send({ is: 'answer', n, question, answer } satisfies Asked)
    })
  }

  #settle(n: number, told: Settled): void {
    const open = this.#open.get(n)
    if (!open) return
    this.#open.delete(n)
    for (const over of open.asking.values()) over.abort()
    open.settle(told)
    if (this.#isRetired && this.#open.size === 0) this.#end(this.#why)
  }

  /** What is under way may still end well; nothing new goes this way. */
  #retire(why: string): void {
    this.#isRetired = true
    this.#why ||= why
    this.#retired.resolve(this.#why)
  }

  #end(why: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#retire(why)
    this.#watchdog.end()
    this.#welcome.resolve({ is: 'gone', why: this.#why })
    for (const n of this.#open.keys()) this.#settle(n, { is: 'broken' })
    this.#socket.destroy()
  }

  #faultOf(told: Settled): Fault {
    if (told.is === 'fault') return fault(told.code, told.details)
    return fault('UPSTREAM_UNREACHABLE', {
      server: this.#target.server,
      why: told.is === 'gone' ? told.why : this.#why,
    })
  }
}

function broken(sent: boolean, retryable: boolean, why: string): Extract<Reply, { is: 'broken' }> {
  return { is: 'broken', sent, retryable, retryAfter: null, why }
}
