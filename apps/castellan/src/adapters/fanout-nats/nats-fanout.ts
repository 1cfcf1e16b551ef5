import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'
import { calmly, type Fanout } from '../../journal/index.ts'

export interface NatsSettings {
  /** `nats://` or `tls://`, with a user and password, or a token in place of the user. */
  readonly url: string
  /** What tells it from others on the same NATS. */
  readonly installation: string
  /** Told when it goes away, with the reason, and when it is back, with null. */
  readonly onChange?: (trouble: string | null) => void
}

/**
 * Hints through NATS: one subject for each installation, by which nothing goes but an offset. Connects, and connects again, in the
 * background for as long as it is not closed; while there is no NATS, hints are lost and nothing else happens.
 */
export function natsFanout(settings: NatsSettings): Fanout {
  return new NatsFanout(settings)
}

class NatsFanout implements Fanout {
  readonly #settings: NatsSettings
  readonly #subject: string
  readonly #listeners = new Set<{ readonly listener: (offset: number) => void }>()
  readonly #saying = calmly(BETWEEN, offset => this.#say(offset))
  // Many may speak at once.
  readonly #hearing = calmly(BETWEEN, offset => {
    for (const { listener } of this.#listeners) listener(offset)
  })
  readonly #closing = Promise.withResolvers<void>()
  readonly #over: Promise<void>
  #connection: NatsConnection | null = null
  #trouble: string | null = NOT_YET
  #closed = false

  constructor(settings: NatsSettings) {
    this.#settings = settings
    this.#subject = `castellan.${settings.installation}.journal`
    this.#over = this.#stayConnected()
  }

  get trouble(): string | null {
    return this.#trouble
  }

  announce(offset: number): void {
    if (!this.#closed) this.#saying.add(offset)
  }

  onAnnounced(listener: (offset: number) => void): () => void {
    const place = { listener }
    this.#listeners.add(place)
    return () => void this.#listeners.delete(place)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#saying.stop()
    this.#hearing.stop()
    this.#closing.resolve()
    await this.#connection?.close()
    await this.#over
  }

  #say(offset: number): void {
    try {
      this.#connection?.publish(this.#subject, String(offset))
    } catch {
      // It was lost just now, and so is the hint.
    }
  }

  async #stayConnected(): Promise<void> {
    for (let failures = 0; !this.#closed;) {
      const why = await this.#connectedOnce(() => (failures = 0))
      if (this.#closed) return
      this.#tell(why)
      await this.#pause(Math.min(LONGEST_PAUSE, 100 * 2 ** failures++) * (0.5 + Math.random() / 2))
    }
  }

  /** Resolves with the reason once there is no connection. */
  async #connectedOnce(onConnected: () => void): Promise<string> {
    try {
      const connection = await connect(optionsOf(this.#settings.url))
      this.#connection = connection
      if (this.#closed) await connection.close()
      connection.subscribe(this.#subject, {
        callback: (error, message) => {
          if (error === null) this.#hear(message.data)
        },
      })
      // Others can be sure to be heard from here on.
      await connection.flush()
      onConnected()
      this.#tell(null)
      const why = await connection.closed()
      return reasonOf(why) ?? 'the connection was lost'
    } catch (error) {
      return reasonOf(error) ?? 'it cannot be reached'
    } finally {
      await this.#connection?.close().catch(() => undefined)
      this.#connection = null
    }
  }

  #hear(data: Uint8Array): void {
    // Whoever may publish on this NATS can say what they like here: it makes us look, and that is all.
    const text = data.length <= 16 ? new TextDecoder().decode(data) : ''
    if (/^\d+$/.test(text) && !this.#closed) this.#hearing.add(Number(text))
  }

  #tell(trouble: string | null): void {
    if ((this.#trouble === null) !== (trouble === null) || this.#trouble === NOT_YET) this.#settings.onChange?.(trouble)
    this.#trouble = trouble
  }

  async #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, milliseconds)
    await Promise.race([promise, this.#closing.promise])
    clearTimeout(timer)
  }
}

/** Milliseconds. */
const BETWEEN = 20
const LONGEST_PAUSE = 5_000
const NOT_YET = 'it has not been reached yet'

function optionsOf(text: string): NodeConnectionOptions {
  const { protocol, hostname, port, username, password } = new URL(text)
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)]
  return {
    servers: `${hostname}:${port || '4222'}`,
    name: 'castellan',
    // What we say is known here.
    noEcho: true,
    // Connecting again is ours to do: it must go on for ever, and end at once when we do.
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: 2_000,
    pingInterval: 10_000,
    ...(user === '' ? {} : pass === '' ? { token: user } : { user, pass }),
    ...(protocol === 'tls:' ? { tls: {} } : {}),
  }
}

/** Without what may be a secret: the words of the client library for what went wrong. */
function reasonOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const cause = error.cause instanceof Error ? error.cause.message : ''
  return cause !== '' && !error.message.includes(cause) ? `${error.message}: ${cause}` : error.message
}
