import { sql } from 'kysely'
import { type Entry } from '../../journal/index.ts'
import { fault, isFault, type JsonValue } from '../../kernel/index.ts'
import {
  hasEnded,
  type Held,
  type RunMessage,
  type NewRun,
  type Payload,
  type Run,
  type RunFilter,
  type RunStore,
} from '../../runs/index.ts'
import { chargeStatements } from './charges.ts'
import { claimWithin } from './claim-within.ts'
import type { CommitEntries } from './commit-entries.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database, Dialect, Statement } from './database.ts'
import { firstOfEach } from './first-of-each.ts'
import { hearing } from './hearing.ts'
import { entryOf } from './journal-store.ts'
import { listedIn } from './listed-in.ts'
import { parseBody, refusal } from './resource.ts'
import { storeTime } from './store-time.ts'
import { takeTurns } from './take-turns.ts'
import { entryColumns, type PayloadRow, type RunRow } from './tables.ts'

export function runStore(database: Database, db: Compiler, commit: CommitEntries): RunStore {
  const of = prepareRuns(db, database.dialect)
  const within = claimWithin(db, database.dialect)
  const charging = chargeStatements(db)
  const lost = refusal('RUN_LOST', {})
  const { saveNew, savePayload } = savingRuns(db, database.dialect)

  function passOn({ tenant, run, payload }: RunMessage): Statement[] {
    return [
      { ...of.tell({ tenant, run }), one: refusal('RUN_ENDED', { run }) },
      ...(payload ? [savePayload(payload)] : []),
    ]
  }

  return {
    start: one => commit(saveNew(one), one.entries),

    async run(tenant, id) {
      return (await database.read(of.one({ tenant, id }))).map(parseBody<Run>)[0]
    },

    async runs(tenant, filter, before, limit) {
      return (await database.read(compile(page(db, tenant, filter, before, limit)))).map(parseBody<Run>)
    },

    async lines(tenant, run, from) {
      const rows = await database.read(of.lines({ tenant, run, stream: `run:${run}`, from }))
      const payloads = new Map<number, Payload>()
      for (const { seq, salt, value } of rows)
        if (salt !== null && value !== null)
          payloads.set(seq, { tenant, run, seq, salt, value: JSON.parse(value) as JsonValue })
      return { entries: rows.map(entryOf), payloads }
    },

    async next(tenant, run) {
      const [row] = await database.read(of.next({ tenant, stream: `run:${run}` }))
      return row?.next ?? 0
    },

    async claim(wish) {
      const [rows, held] = await Promise.all([database.read(of.due({ most: wish.most })), database.read(of.held({}))])
      const heldOfTenant = (tenant: string) => {
        const of = held.filter(each => each.tenant === tenant)
        const inAll = of.reduce((sum, each) => sum + Number(each.held), 0)
        const own = Number(of.find(({ owner }) => owner === wish.owner)?.held ?? 0)
        // As many as leave the smaller of the two rooms.
        return Math.max(own, wish.mostOfTenant - (wish.mostOfTenantInAll - inAll))
      }
      const wanted = takeTurns(rows, heldOfTenant, wish)
      if (wanted.length === 0) return []
      const { owner, lease } = wish
      const names = JSON.stringify(wanted.map(({ run }) => run))
      const most = wish.mostOfTenantInAll
      const claiming =
        most === Infinity ? [of.claim({ runs: names, owner, lease })] : within({ runs: wanted, owner, lease, most })
      await database.write(claiming)
      const now = new Map((await database.read(of.claimed({ runs: names, owner }))).map(row => [row.run, row]))
      return wanted.flatMap(({ run, fence }): Held[] => {
        const got = now.get(run)
        // One that this owner had, and was slow to renew, is not claimed anew.
        return got && got.fence > fence ? [heldOf(got)] : []
      })
    },

    freeOrphans: () => (database.dialect === 'sqlite' ? database.write([of.freeAll({})]) : Promise.resolve()),

    async renew(owner, held, lease) {
      await database.write(held.map(({ run, fence }) => of.renew({ run, fence, owner, lease })))
    },

    async holding(owner) {
      const rows = await database.read(of.holding({ owner }))
      return rows.map(heldOf)
    },

    async advance({ tenant, run: id, fence }, { run, entries, payloads, children, messages, awaits, charges }) {
      const ends = run !== null && hasEnded(run)
      const change: Statement[] = [
        { ...(ends ? of.leave({ run: id, fence }) : of.hold({ run: id, fence })), one: lost },
        ...(ends || awaits !== null ? [of.forgetWaits({ run: id })] : []),
        ...(awaits ?? []).map(what => of.await({ run: id, tenant, what })),
        ...(run === null ? [] : [of.update(rowOf(run))]),
        ...payloads.map(savePayload),
        ...children.flatMap(saveNew),
        ...messages.flatMap(passOn),
        ...charges.map(charging.spend),
      ]
      const others: Entry[] = [...children.flatMap(each => each.entries), ...messages.map(each => each.entry)]
      await commit(change, [...entries, ...others])
    },

    async release({ run, fence, told }, dueIn) {
      const heard = refusal('VERSION_CONFLICT', { what: 'run' })
      try {
        await database.write([
          { ...of.hold({ run, fence }), one: lost },
          { ...(dueIn === null ? of.rest({ run, told }) : of.letGo({ run, told, dueIn })), one: heard },
        ])
        return true
      } catch (error) {
        if (isFault(error, 'VERSION_CONFLICT')) return false
        throw error
      }
    },

    async told({ run, fence }) {
      const [row] = await database.read(of.told({ run, fence }))
      if (!row) throw fault('RUN_LOST')
      return row.told
    },

    tell: message => commit(passOn(message), [message.entry]),

    async nextDue(most) {
      const [row] = await database.read(of.nextDue({}))
      return row?.wait == null ? most : Math.max(0, Math.min(most, Number(row.wait)))
    },

    async backlog() {
      const rows = await database.read(of.backlog({}))
      return rows.map(({ tenant, queued, held }) => ({ tenant, queued: Number(queued), held: Number(held) }))
    },
  }
}

function heldOf({ tenant, run, fence, told }: Held): Held {
  return { tenant, run, fence, told }
}

/** The statements that save a new run, and what a line of one carries. */
export function savingRuns(db: Compiler, dialect: Dialect) {
  const of = prepareNewRuns(db, dialect)
  const savePayload = ({ tenant, run, seq, salt, value }: Payload): Statement => {
    const taken = refusal('STREAM_CONFLICT', { stream: `run:${run}`, seq })
    return {
      ...of.keepPayload({ tenant, run, seq, salt, value: JSON.stringify(value) }),
      violations: { pkey: taken },
    }
  }
  const saveNew = ({ run, payloads, dueIn, trigger }: NewRun): Statement[] => {
    const there = { violations: { pkey: refusal('VERSION_CONFLICT', { what: 'run' }) } }
    const { id, tenant, priority } = run
    return [
      { ...of.insert(rowOf(run)), ...there },
      { ...of.enqueue({ run: id, tenant, priority, dueIn, trigger: trigger ?? null }), ...there },
      ...payloads.map(savePayload),
    ]
  }
  return { saveNew, savePayload }
}

function page(db: Compiler, tenant: string, filter: RunFilter, before: string | null, limit: number) {
  const { kind, state, name, principal, parent, session } = filter
  return db
    .selectFrom('runs')
    .select('body')
    .where('tenant', '=', tenant)
    .$if(before !== null, query => query.where('id', '<', before!))
    .$if(kind !== undefined, query => query.where('kind', '=', kind!))
    .$if(state !== undefined, query => query.where('state', '=', state!))
    .$if(name !== undefined, query => query.where('name', '=', name!))
    .$if(principal !== undefined, query => query.where('principal', '=', principal!))
    .$if(session !== undefined, query => query.where('session', '=', session!))
    .$if(parent !== undefined, query => query.where('parent', '=', parent!))
    .orderBy('id', 'desc')
    .limit(limit)
}

function rowOf(run: Run): RunRow {
  const { id, tenant, kind, name, state, by, parent, session } = run
  return {
    id,
    tenant,
    kind,
    name,
    state,
    principal: by.principal,
    parent: parent?.run ?? null,
    session,
    body: JSON.stringify(run),
  }
}

function prepareNewRuns(db: Compiler, dialect: Dialect) {
  const { now, whole } = storeTime(dialect)
  return {
    insert: prepare((row: RunRow) => {
      const { id, tenant, kind, name, state, principal, parent, session, body } = row
      return db.insertInto('runs').values({ id, tenant, kind, name, state, principal, parent, session, body })
    }),
    keepPayload: prepare(({ tenant, run, seq, salt, value }: PayloadRow) =>
      db.insertInto('run_payloads').values({ tenant, run, seq, salt, value }),
    ),
    enqueue: prepare(({ run, tenant, priority, dueIn, trigger }: NewPlace) =>
      db.insertInto('run_queue').values({
        run,
        tenant,
        priority,
        due_at: sql`${now} + ${whole(dueIn)}`,
        owner: null,
        fence: 0,
        told: 0,
        started_by: trigger,
      }),
    ),
  }
}

function prepareRuns(db: Compiler, dialect: Dialect) {
  const { now, whole } = storeTime(dialect)
  const at = (held: { run: string; fence: number }) =>
    db.updateTable('run_queue').where('run', '=', held.run).where('fence', '=', held.fence)
  return {
    update: prepare(({ id, tenant, state, body }: RunRow) =>
      db.updateTable('runs').set({ state, body }).where('id', '=', id).where('tenant', '=', tenant),
    ),
    one: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.selectFrom('runs').select('body').where('id', '=', id).where('tenant', '=', tenant),
    ),
    /** In one statement: of two, the later would see lines whose payloads were not there for the earlier. */
    lines: prepare(({ tenant, run, stream, from }: { tenant: string; run: string; stream: string; from: number }) =>
      db
        .selectFrom('journal')
        .leftJoin('run_payloads', join =>
          join
            .on('run_payloads.tenant', '=', tenant)
            .on('run_payloads.run', '=', run)
            .onRef('run_payloads.seq', '=', 'journal.seq'),
        )
        .select(entryColumns.map(column => `journal.${column}` as const))
        .select(['run_payloads.salt', 'run_payloads.value'])
        .where('journal.tenant', '=', tenant)
        .where('journal.stream', '=', stream)
        .where('journal.seq', '>=', from)
        .orderBy('journal.seq'),
    ),
    next: prepare(({ tenant, stream }: { tenant: string; stream: string }) =>
      db
        .selectFrom('journal')
        .select(sql<number | null>`max(seq) + 1`.as('next'))
        .where('tenant', '=', tenant)
        .where('stream', '=', stream),
    ),
    /** Of each tenant with something due the first few: found by its index, however long the queue of another is. */
    due: prepare(({ most }: { most: number }) => ({
      compile: () =>
        sql<QueueRow>`
          WITH RECURSIVE waiting(tenant) AS (
            SELECT * FROM (SELECT tenant FROM run_queue WHERE due_at IS NOT NULL ORDER BY tenant LIMIT 1) AS first
            UNION ALL
            SELECT (SELECT tenant FROM run_queue WHERE due_at IS NOT NULL AND tenant > waiting.tenant ORDER BY tenant LIMIT 1)
            FROM waiting WHERE waiting.tenant IS NOT NULL
          )
          SELECT queue.run, queue.tenant, queue.fence, queue.told
          FROM waiting ${firstOfEach(dialect, {
            table: 'run_queue',
            own: sql``,
            key: 'run',
            rest: sql`
              WHERE tenant = waiting.tenant AND due_at IS NOT NULL AND due_at <= ${now}
              ORDER BY priority DESC, due_at, run LIMIT ${most}`,
          })}
          ORDER BY queue.tenant, queue.priority DESC, queue.due_at, queue.run`.compile(db),
    })),
    held: prepare(() =>
      db
        .selectFrom('run_queue')
        .select(({ fn }) => ['tenant', 'owner', fn.countAll<number | string>().as('held')])
        .where('owner', 'is not', null)
        .where('due_at', '>', now)
        .groupBy(['tenant', 'owner']),
    ),
    /** Whoever is at one of them already is not waited for. */
    claim: prepare(({ runs, owner, lease }: { runs: string; owner: string; lease: number }) => {
      const due = db
        .selectFrom('run_queue')
        .select('run')
        .where('run', 'in', listedIn(dialect, runs))
        .where('due_at', '<=', now)
      return db
        .updateTable('run_queue')
        .set({ owner, fence: sql`fence + 1`, due_at: sql`${now} + ${whole(lease)}` })
        .where('run', 'in', dialect === 'postgres' ? due.forUpdate().skipLocked() : due)
    }),
    claimed: prepare(({ runs, owner }: { runs: string; owner: string }) =>
      db
        .selectFrom('run_queue')
        .select(['run', 'tenant', 'fence', 'told'])
        .where('run', 'in', listedIn(dialect, runs))
        .where('owner', '=', owner),
    ),
    freeAll: prepare(() =>
      db.updateTable('run_queue').set({ owner: null, due_at: now }).where('owner', 'is not', null),
    ),
    renew: prepare((wish: { run: string; fence: number; owner: string; lease: number }) =>
      at(wish)
        .set({ due_at: sql`${now} + ${whole(wish.lease)}` })
        .where('owner', '=', wish.owner),
    ),
    holding: prepare(({ owner }: { owner: string }) =>
      db.selectFrom('run_queue').select(['tenant', 'run', 'fence', 'told']).where('owner', '=', owner),
    ),
    hold: prepare((held: { run: string; fence: number }) => at(held).set({ fence: sql`fence` })),
    leave: prepare(({ run, fence }: { run: string; fence: number }) =>
      db.deleteFrom('run_queue').where('run', '=', run).where('fence', '=', fence),
    ),
    letGo: prepare(({ run, told, dueIn }: { run: string; told: number; dueIn: number }) =>
      db
        .updateTable('run_queue')
        .set({ owner: null, due_at: sql`${now} + ${whole(dueIn)}` })
        .where('run', '=', run)
        .where('told', '=', told),
    ),
    rest: prepare(({ run, told }: { run: string; told: number }) =>
      db.updateTable('run_queue').set({ owner: null, due_at: null }).where('run', '=', run).where('told', '=', told),
    ),
    await: prepare(({ run, tenant, what }: { run: string; tenant: string; what: string }) =>
      db.insertInto('run_waits').values({ run, tenant, what }),
    ),
    forgetWaits: prepare(({ run }: { run: string }) => db.deleteFrom('run_waits').where('run', '=', run)),
    told: prepare(({ run, fence }: { run: string; fence: number }) =>
      db.selectFrom('run_queue').select('told').where('run', '=', run).where('fence', '=', fence),
    ),
    tell: prepare(({ tenant, run }: { tenant: string; run: string }) =>
      db.updateTable('run_queue').set(hearing(dialect)).where('run', '=', run).where('tenant', '=', tenant),
    ),
    nextDue: prepare(() =>
      db.selectFrom('run_queue').select(sql<number | string | null>`min(due_at) - ${now}`.as('wait')),
    ),
    backlog: prepare(() =>
      db
        .selectFrom('run_queue')
        .select(({ fn }) => [
          'tenant',
          fn.countAll<number | string>().as('queued'),
          fn.count<number | string>('owner').as('held'),
        ])
        .groupBy('tenant')
        .orderBy('tenant'),
    ),
  }
}

interface NewPlace {
  readonly run: string
  readonly tenant: string
  readonly priority: number
  readonly dueIn: number
  readonly trigger: string | null
}

interface QueueRow {
  readonly run: string
  readonly tenant: string
  readonly fence: number
  readonly told: number
}
