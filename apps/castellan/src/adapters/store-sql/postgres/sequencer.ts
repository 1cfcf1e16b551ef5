import { Client, type ClientConfig, type QueryResult } from 'pg'

/**
 * Gives committed journal entries their offsets, and wakes readers of every process when that happened.
 *
 * Every process runs one, woken by its own commits and by a poll that picks up what a process left when it died. A round
 * is one transaction under an advisory lock, so rounds follow each other whoever runs them; it numbers only what it sees
 * committed, so nothing can later appear before an offset that was read. The lock belongs to the round, not to a process:
 * one that hangs or is paused holds nobody up.
 */
export class Sequencer {
  readonly #config: ClientConfig
  readonly #wake: () => void
  readonly #placed: (head: number) => void
  #client: Client | undefined
  #round: Promise<void> | undefined
  #again = false
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** `placed` is told the newest offset whenever a round of this process gave some. */
  constructor(config: ClientConfig, wake: () => void, placed: (head: number) => void) {
    this.#config = config
    this.#wake = wake
    this.#placed = placed
  }

  /** Runs a round soon; calls while one is under way share the next. Never fails: what a round misses the poll makes up. */
  nudge(): void {
    if (this.#closed) return
    if (this.#round) {
      this.#again = true
      return
    }
    clearTimeout(this.#timer)
    this.#again = false
    this.#round = this.#run().finally(() => {
      this.#round = undefined
      if (this.#closed) return
      if (this.#again) this.nudge()
      else this.#timer = setTimeout(() => this.nudge(), POLL)
    })
  }

  /** Waits for a round under way. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#round
    await this.#drop()
  }

  async #run(): Promise<void> {
    try {
      this.#client ??= await this.#connect()
      for (let more = true; more && !this.#closed;) {
        const { placed, head } = await sequence(this.#client)
        if (placed > 0) this.#placed(head)
        more = placed === MOST_IN_ROUND
      }
    } catch {
      // The database is away, or ended this session; the next round finds out with a new one.
      await this.#drop()
    }
  }

  async #connect(): Promise<Client> {
    const client = new Client(this.#config)
    client.on('error', () => this.#client === client && void this.#drop())
    client.on('notification', this.#wake)
    try {
      await client.connect()
      await client.query(`${PLANNING}; LISTEN ${CHANNEL}`)
    } catch (error) {
      await client.end().catch(ignore)
      throw error
    }
    // Whatever was said while nobody listened.
    this.#wake()
    return client
  }

  async #drop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(ignore)
  }
}

/** One round: how many entries it gave an offset, and the newest there is. */
async function sequence(client: Client): Promise<Round> {
  // Several statements in one message: each has a snapshot of its own, so the numbering sees what the round before it
  // committed; and no client that stops in between can leave the lock taken.
  const results = (await client.query(ROUND)) as unknown as QueryResult<Round>[]
  return results[2]!.rows[0]!
}

interface Round {
  readonly placed: number
  readonly head: number
}

const POLL = 1_000
const MOST_IN_ROUND = 5_000
const CHANNEL = 'castellan_journal'
// Any number will do, as long as nothing else in the database uses it.
const LOCK = 4_812_022_001

/**
 * An entry that was given its offset leaves a dead one in the index of those that have none. Only a plain scan of the index marks what it
 * finds dead for the next to skip; any other looks at all of them again, which makes each round slower than the last until a vacuum.
 */
const PLANNING = 'SET enable_bitmapscan = off; SET enable_seqscan = off; SET enable_sort = off'

const ROUND = `
  BEGIN;
  SELECT pg_advisory_xact_lock(${LOCK});
  WITH head AS (
    SELECT coalesce(max("offset"), 0) AS head FROM journal
  ), waiting AS (
    SELECT ordinal FROM journal WHERE "offset" IS NULL ORDER BY ordinal LIMIT ${MOST_IN_ROUND}
  ), numbered AS (
    SELECT ordinal, row_number() OVER (ORDER BY ordinal) AS number FROM waiting
  ), placed AS (
    UPDATE journal SET "offset" = head + number FROM head, numbered WHERE journal.ordinal = numbered.ordinal RETURNING 1
  )
  SELECT count(*) AS placed, count(*) + (SELECT head FROM head) AS head,
    CASE WHEN count(*) > 0 THEN pg_notify('${CHANNEL}', '') END FROM placed;
  COMMIT`

function ignore(): void {
  // A connection that is already lost cannot be ended properly.
}
