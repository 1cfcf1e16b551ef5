import { createHash } from 'node:crypto'
import { Client, type ClientConfig, Pool, type PoolClient, type QueryConfig } from 'pg'
import { calmly, type Entry } from '../../../journal/index.ts'
import { type Clock, fault, isFault, systemClock } from '../../../kernel/index.ts'
import { type Database, type Query, type Statement, type Stats, unavailable } from '../database.ts'
import { migrate, type MigrationStatus, type MigrationTarget } from '../migrate.ts'
import { WakeList } from '../wake-list.ts'
import { connectionTo } from './connection.ts'
import { problemOf } from './postgres-error.ts'
import { Sequencer } from './sequencer.ts'

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. Not through a pooler that shares sessions: it would lose `LISTEN`. */
  readonly url: string
  readonly clock?: Clock
  /** Most connections for reads and writes; one more is for sequencing. */
  readonly connections?: number
}

/** A PostgreSQL database, shared with any number of other processes. */
export class PostgresDatabase implements Database {
  readonly dialect = 'postgres'
  readonly migrations: readonly MigrationStatus[]
  readonly #pool: Pool
  readonly #sequencer: Sequencer
  readonly #wakes = new WakeList()
  /** Each of many nodes hears of what all of them write, and whoever is woken reads. */
  readonly #waking = calmly(BETWEEN_WAKES, () => this.#wakes.wake())
  readonly #tellers = new Set<(head: number) => void>()
  readonly #plain = new Map<string, NamedText>()
  readonly #insisting = new Map<string, NamedText>()
  readonly #underWay = new Set<Promise<unknown>>()
  #written = 0
  #closing: Promise<void> | undefined

  private constructor(pool: Pool, config: ClientConfig, migrations: readonly MigrationStatus[]) {
    this.#pool = pool
    this.migrations = migrations
    this.#sequencer = new Sequencer(
      config,
      () => this.#waking.add(0),
      head => this.#tellers.forEach(tell => tell(head)),
    )
    this.#sequencer.nudge()
  }

  /** Throws `STORE_INCOMPATIBLE` or `STORE_UNAVAILABLE`. */
  static async open({ url, clock = systemClock, connections = 10 }: PostgresOptions): Promise<PostgresDatabase> {
    const config = connectionTo(url)
    try {
      const migrations = await migrateDatabase(config, clock)
      const pool = new Pool({ ...config, max: connections, pipeline: true })
      // An idle connection that breaks is replaced when the next one is needed.
      pool.on('error', () => undefined)
      // One that breaks while it is in use fails what it was used for.
      pool.on('connect', client => client.on('error', () => undefined))
      return new PostgresDatabase(pool, config, migrations)
    } catch (error) {
      throw isFault(error) ? error : readable(error)
    }
  }

  read<Row>(query: Query<Row>): Promise<Row[]> {
    return this.#accept(() => this.#read(query))
  }

  write(statements: readonly Statement[], entries: readonly Entry[] = []): Promise<void> {
    return this.#accept(() => this.#write(statements, entries.length > 0))
  }

  /** Others write as well. */
  tail(): undefined {
    return undefined
  }

  onAppended(wake: () => void): () => void {
    return this.#wakes.add(wake)
  }

  readonly news = {
    onOwn: (tell: (head: number) => void): (() => void) => {
      this.#tellers.add(tell)
      return () => void this.#tellers.delete(tell)
    },
    fromOthers: (): void => this.#waking.add(0),
  }

  stats(): Stats {
    return { batches: this.#written, commits: this.#written }
  }

  /** Waits for what is under way; afterwards no connection or timer is left. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // The pool, once it ends, leaves those unanswered who wait for a connection.
    await Promise.allSettled(this.#underWay)
    await this.#pool.end()
    await this.#sequencer.close()
    this.#waking.stop()
  }

  async #read<Row>(query: Query<Row>): Promise<Row[]> {
    try {
      return (await this.#pool.query(this.#named(query))).rows as Row[]
    } catch (error) {
      throw readable(error)
    }
  }

  async #write(statements: readonly Statement[], appends: boolean): Promise<void> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw readable(error)
    })
    let broken = false
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          await this.#attempt(client, statements)
          break
        } catch (error) {
          if (isFault(error) || error === NOTHING_TO_DO) throw error
          const problem = problemOf(error)
          if (problem.is === 'race' && attempt < MOST_ATTEMPTS) continue
          broken = problem.is === 'unavailable' && problem.broken
          throw readable(error)
        }
      }
      this.#written++
      if (appends) this.#sequencer.nudge()
    } catch (error) {
      if (error !== NOTHING_TO_DO) throw error
    } finally {
      client.release(broken)
    }
  }

  /**
   * All of it is on its way, the commit as well, before the first statement is answered: how long a batch takes, and holds what it locked,
   * depends neither on how many statements there are nor on how busy this process is. So the database itself must see that each has done
   * what it was to.
   */
  async #attempt(client: PoolClient, statements: readonly Statement[]): Promise<void> {
    // A lone statement that changes nothing has nothing to undo, so it needs no transaction around it.
    const [first] = statements
    if (statements.length === 1) return fulfilled(first!, await settled(client.query(this.#named(first!))))
    const { stream } = client.connection
    // In one packet: each of its own would cost a system call here, and wake the server.
    stream.cork()
    const begun = settled(client.query('BEGIN'))
    const answering = statements.map(each => settled(client.query(this.#named(each, each.one !== undefined))))
    const committed = settled(client.query('COMMIT'))
    stream.uncork()
    const [beginning, commit, ...answers] = await Promise.all([begun, committed, ...answering])
    if (beginning.is === 'error') throw beginning.error
    // Those after one that failed only say that it did.
    for (const [index, statement] of statements.entries()) fulfilled(statement, answers[index]!)
    if (commit.is === 'error') throw commit.error
  }

  /** As a statement that each connection prepares once; one that insists fails unless it changes exactly one row. */
  #named({ sql, values }: Query, insists = false): QueryConfig {
    const known = insists ? this.#insisting : this.#plain
    let named = known.get(sql)
    if (named === undefined) {
      const text = insists ? insisting(sql) : sql
      named = { name: createHash('sha256').update(text).digest('hex').slice(0, 32), text }
      known.set(sql, named)
    }
    return { ...named, values: values as unknown[] }
  }

  /** Starts what close will wait for, as long as nobody has closed. */
  async #accept<T>(start: () => Promise<T>): Promise<T> {
    if (this.#closing) throw unavailable('it is closed')
    const work = start()
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }
}

/** A text with the name under which connections prepare it. */
type NamedText = Pick<QueryConfig, 'name' | 'text'>

type Answer =
  { readonly is: 'changed'; readonly rows: number | null } | { readonly is: 'error'; readonly error: unknown }

function settled(query: Promise<{ readonly rowCount: number | null }>): Promise<Answer> {
  return query.then(
    ({ rowCount }) => ({ is: 'changed', rows: rowCount }),
    (error: unknown) => ({ is: 'error', error }),
  )
}

function insisting(sql: string): string {
  return `WITH changed AS (${sql} RETURNING 1) SELECT 1 / (count(*) = 1)::integer FROM changed`
}

/** Throws when a statement has failed, or has not done what it was to. */
function fulfilled({ one, violations }: Statement, answer: Answer): void {
  if (answer.is === 'changed') {
    if (one && answer.rows !== 1) throw unmet(one)
    return
  }
  const { error } = answer
  const problem = problemOf(error)
  if (problem.is === 'unmet' && one) throw unmet(one, error)
  const refusal = problem.is === 'violation' ? violations?.[problem.constraint] : undefined
  throw refusal ? fault(refusal.code, refusal.details, { cause: error }) : error
}

function unmet(one: NonNullable<Statement['one']>, cause?: unknown): unknown {
  return one === 'nothingToDo' ? NOTHING_TO_DO : fault(one.code, one.details, { cause })
}

async function migrateDatabase(config: ClientConfig, clock: Clock): Promise<readonly MigrationStatus[]> {
  return whileNobodyMigrates(config, client => migrate(migrationTarget(client), clock))
}

/** Lends a connection on which nobody else migrates meanwhile, nor opens the database. */
export async function whileNobodyMigrates<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  // Without a limit on a statement: a step may rewrite a large table, or wait for another process that does.
  const client = new Client({
    ...config,
    query_timeout: undefined,
    statement_timeout: undefined,
    idle_in_transaction_session_timeout: undefined,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    // Of the session, and so released with it, however it ends.
    await client.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`)
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

export function migrationTarget(client: Client): MigrationTarget {
  return {
    dialect: 'postgres',
    query: async (sql, values = []) => (await client.query(sql, [...values])).rows as unknown[],
  }
}

/** An error of the database as who uses the store is told of it. */
export function readable(error: unknown): Error {
  const problem = problemOf(error)
  if (problem.is === 'race') return unavailable('it is too busy', error)
  if (problem.is === 'invalid') return fault('REQUEST_INVALID', { why: problem.why }, { cause: error })
  return problem.is === 'unavailable' ? unavailable(problem.why, error) : (error as Error)
}

const NOTHING_TO_DO = Symbol('nothing to do')
const MIGRATION_LOCK = 4_812_022_002
const MOST_ATTEMPTS = 5
/** Milliseconds. */
const BETWEEN_WAKES = 10
