import { sql } from 'kysely'
import type {
  DeadLetter,
  Delivery,
  DeliveryWish,
  PendingDelivery,
  Standing,
  Subscription,
  SubscriptionStore,
} from '../../journal/index.ts'
import { isFault } from '../../kernel/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database, Dialect, Statement } from './database.ts'
import { firstOfEach } from './first-of-each.ts'
import { nameTaken, parseBody, refusal, saveVersion } from './resource.ts'
import { storeTime } from './store-time.ts'
import type { DeadLetterRow, SubscriptionRow } from './tables.ts'
import { takeTurns } from './take-turns.ts'
import { together } from './together.ts'

/**
 * Whoever changes what is on its way to a subscription changes the subscription first, which lets them through one at a time. So nobody
 * adds to a lane while another looks for the next in it.
 */
export function subscriptionStore(database: Database, db: Compiler, commit: CommitEntries): SubscriptionStore {
  const of = prepareSubscriptions(db)
  const letters = prepareLetters(db)
  const queue = prepareDeliveries(db, database.dialect)

  function save(row: SavedRow): Statement {
    return saveVersion('subscription', row, of.insert, of.update, nameTaken('subscription', row.name))
  }

  /** Takes a delivery that is held out of its lane. */
  function leave({ subscription: { id }, offset, lane, fence }: Delivery): Statement[] {
    return [
      { ...queue.remove({ subscription: id, offset, fence }), one: lost },
      queue.wakeNext({ subscription: id, lane }),
    ]
  }

  const delivered = together<Delivery>(
    ({ subscription }) => subscription.id,
    some => {
      const { id } = some[0]!.subscription
      return database.write([{ ...of.countDelivered({ id, count: some.length }), one: lost }, ...some.flatMap(leave)])
    },
  )

  /** All of some deliveries of a subscription; or, when others want them as well, those that are to be had. */
  async function claimed(due: readonly Due[], wish: DeliveryWish): Promise<Delivery[]> {
    const { owner, lease } = wish
    const subscription = parseBody<Subscription>(due[0]!)
    const { id, version, concurrency } = subscription
    try {
      await database.write([
        { ...of.pass({ id, version }), one: taken },
        ...due.map(({ offset, fence }) => ({
          ...queue.claim({ subscription: id, offset, fence, owner, lease, concurrency }),
          one: taken,
        })),
      ])
      return due.map(({ offset, lane, attempts, fence }) => {
        return { subscription, offset, lane, attempt: attempts + 1, fence: fence + 1 }
      })
    } catch (error) {
      if (!isFault(error, 'VERSION_CONFLICT')) throw error
      if (due.length === 1) return []
      return (await Promise.all(due.map(one => claimed([one], wish)))).flat()
    }
  }

  return {
    async subscriptions(tenant) {
      return (await database.read(tenant === undefined ? of.all({}) : of.ofTenant({ tenant }))).map(standingOf)
    },
    create: (subscription, cursor, entries) => commit([save(savedRow(subscription, cursor))], entries),
    save: (subscription, entries) =>
      commit([save(savedRow(subscription, 0)), queue.hurry({ subscription: subscription.id })], entries),
    remove(tenant, id, entries) {
      const change: Statement[] = [
        { ...of.remove({ tenant, id }), one: refusal('NOT_FOUND', { what: 'subscription' }) },
        queue.removeAll({ subscription: id }),
        letters.removeAll({ subscription: id }),
      ]
      return commit(change, entries)
    },

    feed({ id, version }, from, to, matched) {
      const moved = refusal('VERSION_CONFLICT', { what: 'subscription' })
      return database.write([
        { ...of.advance({ id, version, from, to, count: matched.length }), one: moved },
        ...matched.map(({ offset, lane }) => queue.insert({ subscription: id, offset, lane })),
      ])
    },

    async claim(wish) {
      const groups = Map.groupBy(await wantedBy(wish), ({ id }) => id)
      return (await Promise.all([...groups.values()].map(due => claimed(due, wish)))).flat()
    },

    freeOrphans: () => (database.dialect === 'sqlite' ? database.write([queue.freeAll({})]) : Promise.resolve()),

    delivered,

    async retry({ subscription: { id }, offset, fence }, dueIn, why) {
      await database.write([
        { ...of.countFailure({ id, why }), one: lost },
        { ...queue.letGo({ subscription: id, offset, fence, dueIn, why }), one: lost },
      ])
    },

    giveBack: ({ subscription: { id }, offset, fence }, dueIn) =>
      database.write([queue.giveBack({ subscription: id, offset, fence, dueIn })]),

    bury(delivery, letter, entries) {
      const count = of.countDead({ id: delivery.subscription.id, why: letter.why })
      const change = [{ ...count, one: lost }, ...leave(delivery), letters.insert(letterRow(letter))]
      return commit(change, entries)
    },

    async nextDue(most) {
      const [row] = await database.read(queue.nextDue({}))
      return row?.wait == null ? most : Math.max(0, Math.min(most, Number(row.wait)))
    },

    async pending(tenant, subscription, after, limit) {
      const rows = await database.read(queue.page({ tenant, subscription, after, limit }))
      return rows.map(({ offset, lane, attempts, owner, wait, why }): PendingDelivery => {
        const dueIn = wait === null ? null : Math.max(0, Number(wait))
        const state = dueIn === null ? 'waiting' : owner !== null && dueIn > 0 ? 'underWay' : 'due'
        return { offset, lane, attempts, state, dueIn: state === 'due' ? dueIn : null, why }
      })
    },

    async deadLetters(tenant, subscription, before, limit) {
      return (await database.read(compile(letterPage(db, tenant, subscription, before, limit)))).map(letterOf)
    },
    async deadLetter(tenant, id) {
      return (await database.read(letters.one({ tenant, id }))).map(letterOf)[0]
    },
    redrive({ id, tenant, subscription, offset, lane }, entries) {
      const change: Statement[] = [
        { ...of.countRedriven({ id: subscription }), one: noLetter },
        { ...letters.remove({ tenant, id }), one: noLetter },
        queue.insert({ subscription, offset, lane }),
      ]
      return commit(change, entries)
    },
    drop({ id, tenant, subscription }, entries) {
      const change: Statement[] = [
        { ...of.countDropped({ id: subscription }), one: noLetter },
        { ...letters.remove({ tenant, id }), one: noLetter },
      ]
      return commit(change, entries)
    },
  }

  async function wantedBy(wish: DeliveryWish): Promise<readonly Due[]> {
    const [rows, held] = await Promise.all([
      database.read(queue.due({ most: wish.most })),
      database.read(queue.heldBy({ owner: wish.owner })),
    ])
    const counts = new Map(held.map(({ tenant, held: count }) => [tenant, Number(count)]))
    const wanted = rows.filter(({ id }) => !wish.except.has(id))
    // Of the subscriptions of a tenant the first of each comes before the second of any.
    const inTurn = [...Map.groupBy(wanted, ({ id }) => id).values()]
      .flatMap(due => due.slice(0, roomOf(due[0]!)).map((row, turn) => ({ row, turn })))
      .toSorted((one, other) => one.turn - other.turn)
      .map(({ row }) => row)
    return takeTurns(inTurn, tenant => counts.get(tenant) ?? 0, wish)
  }
}

const lost = refusal('DELIVERY_LOST', {})
const taken = refusal('VERSION_CONFLICT', { what: 'delivery' })
const noLetter = refusal('NOT_FOUND', { what: 'dead letter' })

/** A delivery that somebody may claim, with what is asked of its subscription. */
interface Due {
  readonly id: string
  readonly tenant: string
  readonly concurrency: number
  /** Those under way, whoever attempts them. */
  readonly held: number | string
  readonly body: string
  readonly offset: number
  readonly lane: string
  readonly attempts: number
  readonly fence: number
}

/** How many more of its subscription may be under way. */
function roomOf({ concurrency, held }: Due): number {
  return Math.max(0, concurrency - Number(held))
}

type SavedRow = Pick<
  SubscriptionRow,
  'id' | 'tenant' | 'name' | 'version' | 'body' | 'paused' | 'concurrency' | 'position'
>

function savedRow(subscription: Subscription, cursor: number): SavedRow {
  const { id, tenant, name, version, paused, concurrency } = subscription
  const body = JSON.stringify(subscription)
  return { id, tenant, name, version, body, paused: paused === null ? 0 : 1, concurrency, position: cursor }
}

type StandingRow = Omit<SubscriptionRow, 'id' | 'tenant' | 'name' | 'version' | 'paused' | 'concurrency'>

function standingOf({ body, position, pending, delivered, dead, failures, trouble }: StandingRow): Standing {
  return { subscription: parseBody({ body }), cursor: position, pending, delivered, dead, failures, trouble }
}

function letterRow({ diedAt, ...letter }: DeadLetter): DeadLetterRow {
  return { ...letter, died_at: diedAt }
}

function letterOf({ died_at: diedAt, ...row }: DeadLetterRow): DeadLetter {
  return { ...row, diedAt }
}

function letterPage(db: Compiler, tenant: string, subscription: string | null, before: string | null, limit: number) {
  return db
    .selectFrom('dead_letters')
    .select(letterColumns)
    .where('tenant', '=', tenant)
    .$if(subscription !== null, query => query.where('subscription', '=', subscription!))
    .$if(before !== null, query => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit)
}

const letterColumns = ['id', 'tenant', 'subscription', 'offset', 'lane', 'attempts', 'why', 'died_at'] as const

function prepareSubscriptions(db: Compiler) {
  const standing = db
    .selectFrom('subscriptions')
    .select(['body', 'position', 'pending', 'delivered', 'dead', 'failures', 'trouble'])
    .orderBy('name')
    .orderBy('tenant')
  const at = (id: string) => db.updateTable('subscriptions').where('id', '=', id)
  const fails = (why: string) => ({ failures: sql<number>`failures + 1`, trouble: why })
  return {
    all: prepare(() => standing),
    ofTenant: prepare(({ tenant }: { tenant: string }) => standing.where('tenant', '=', tenant)),
    insert: prepare(({ id, tenant, name, version, body, paused, concurrency, position }: SavedRow) =>
      db.insertInto('subscriptions').values({
        id,
        tenant,
        name,
        version,
        body,
        paused,
        concurrency,
        position,
        pending: sql`0`,
        delivered: sql`0`,
        dead: sql`0`,
        failures: sql`0`,
        trouble: null,
      }),
    ),
    update: prepare(({ id, tenant, name, version, body, paused, concurrency, before }: SavedRow & { before: number }) =>
      at(id)
        .set({ name, version, body, paused, concurrency })
        .where('tenant', '=', tenant)
        .where('version', '=', before),
    ),
    remove: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.deleteFrom('subscriptions').where('id', '=', id).where('tenant', '=', tenant),
    ),
    advance: prepare(
      ({ id, version, from, to, count }: { id: string; version: number; from: number; to: number; count: number }) =>
        at(id)
          .set({ position: to, pending: sql`pending + ${count}` })
          .where('version', '=', version)
          .where('position', '=', from)
          .where('paused', '=', sql.lit(0)),
    ),
    /** Changes nothing, and lets nobody else through meanwhile. */
    pass: prepare(({ id, version }: { id: string; version: number }) =>
      at(id)
        .set({ version: sql`version` })
        .where('version', '=', version)
        .where('paused', '=', sql.lit(0)),
    ),
    countDelivered: prepare(({ id, count }: { id: string; count: number }) =>
      at(id).set({
        pending: sql`pending - ${count}`,
        delivered: sql`delivered + ${count}`,
        failures: sql`0`,
        trouble: null,
      }),
    ),
    countFailure: prepare(({ id, why }: { id: string; why: string }) => at(id).set(fails(why))),
    countDead: prepare(({ id, why }: { id: string; why: string }) =>
      at(id).set({ ...fails(why), pending: sql`pending - 1`, dead: sql`dead + 1` }),
    ),
    countRedriven: prepare(({ id }: { id: string }) => at(id).set({ pending: sql`pending + 1`, dead: sql`dead - 1` })),
    countDropped: prepare(({ id }: { id: string }) => at(id).set({ dead: sql`dead - 1` })),
  }
}

interface Place {
  readonly subscription: string
  readonly offset: number
}
type HeldPlace = Place & { readonly fence: number }

function prepareDeliveries(db: Compiler, dialect: Dialect) {
  const { now, whole } = storeTime(dialect)
  const at = ({ subscription, offset, fence }: HeldPlace) =>
    db
      .updateTable('deliveries')
      .where('subscription', '=', subscription)
      .where('offset', '=', offset)
      .where('fence', '=', fence)
  const after = (milliseconds: number) => sql<number>`${now} + ${whole(milliseconds)}`
  const underWay = (subscription: string) =>
    sql`SELECT count(*) FROM deliveries AS others
      WHERE others.subscription = ${subscription} AND others.owner IS NOT NULL AND others.due_at > ${now}`
  return {
    insert: prepare(({ subscription, offset, lane }: Place & { lane: string }) =>
      db.insertInto('deliveries').values({
        subscription,
        offset,
        lane,
        attempts: sql`0`,
        due_at: sql`CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE subscription = ${subscription} AND lane = ${lane})
          THEN NULL ELSE ${now} END`,
        owner: null,
        fence: sql`0`,
        why: null,
      }),
    ),
    /** Of each subscription that has something due the first few. */
    due: prepare(({ most }: { most: number }) => ({
      compile: () =>
        sql<Due>`
          SELECT subscriptions.id, subscriptions.tenant, subscriptions.concurrency, subscriptions.body,
            (SELECT count(*) FROM deliveries AS others
              WHERE others.subscription = subscriptions.id AND others.owner IS NOT NULL AND others.due_at > ${now}) AS held,
            queue."offset", queue.lane, queue.attempts, queue.fence
          FROM subscriptions ${firstOfEach(dialect, {
            table: 'deliveries',
            own: sql`queue.subscription = subscriptions.id AND `,
            key: 'offset',
            rest: sql`
              WHERE subscription = subscriptions.id AND due_at IS NOT NULL AND due_at <= ${now}
              ORDER BY due_at, "offset" LIMIT ${most}`,
          })}
          WHERE subscriptions.pending > 0 AND subscriptions.paused = 0
          ORDER BY subscriptions.tenant, subscriptions.id, queue.due_at, queue."offset"`.compile(db),
    })),
    heldBy: prepare(({ owner }: { owner: string }) =>
      db
        .selectFrom('deliveries')
        .innerJoin('subscriptions', 'subscriptions.id', 'deliveries.subscription')
        .select(({ fn }) => ['subscriptions.tenant', fn.countAll<number | string>().as('held')])
        .where('owner', '=', owner)
        .where('due_at', '>', now)
        .groupBy('subscriptions.tenant'),
    ),
    claim: prepare((wish: HeldPlace & { owner: string; lease: number; concurrency: number }) =>
      at(wish)
        .set({ owner: wish.owner, fence: sql`fence + 1`, attempts: sql`attempts + 1`, due_at: after(wish.lease) })
        .where('due_at', '<=', now)
        .where(sql<boolean>`(${underWay(wish.subscription)}) < ${whole(wish.concurrency)}`),
    ),
    freeAll: prepare(() =>
      db.updateTable('deliveries').set({ owner: null, due_at: now }).where('owner', 'is not', null),
    ),
    remove: prepare(({ subscription, offset, fence }: HeldPlace) =>
      db
        .deleteFrom('deliveries')
        .where('subscription', '=', subscription)
        .where('offset', '=', offset)
        .where('fence', '=', fence),
    ),
    wakeNext: prepare(({ subscription, lane }: { subscription: string; lane: string }) =>
      db
        .updateTable('deliveries')
        .set({ due_at: now })
        .where('subscription', '=', subscription)
        .where('due_at', 'is', null)
        .where('offset', '=', first =>
          first
            .selectFrom('deliveries')
            .select(({ fn }) => fn.min<number>('offset').as('first'))
            .where('subscription', '=', subscription)
            .where('lane', '=', lane),
        ),
    ),
    letGo: prepare((held: HeldPlace & { dueIn: number; why: string }) =>
      at(held).set({ owner: null, due_at: after(held.dueIn), why: held.why }),
    ),
    giveBack: prepare((held: HeldPlace & { dueIn: number }) =>
      at(held).set({ owner: null, due_at: after(held.dueIn), attempts: sql`attempts - 1` }),
    ),
    hurry: prepare(({ subscription }: { subscription: string }) =>
      db
        .updateTable('deliveries')
        .set({ due_at: now })
        .where('subscription', '=', subscription)
        .where('owner', 'is', null)
        .where('due_at', 'is not', null),
    ),
    removeAll: prepare(({ subscription }: { subscription: string }) =>
      db.deleteFrom('deliveries').where('subscription', '=', subscription),
    ),
    nextDue: prepare(() =>
      db
        .selectFrom('deliveries')
        .select(sql<number | string | null>`min(due_at) - ${now}`.as('wait'))
        .where('due_at', '>', now),
    ),
    page: prepare(
      ({
        tenant,
        subscription,
        after: from,
        limit,
      }: {
        tenant: string
        subscription: string
        after: number
        limit: number
      }) =>
        db
          .selectFrom('deliveries')
          .innerJoin('subscriptions', 'subscriptions.id', 'deliveries.subscription')
          .select([
            'offset',
            'lane',
            'attempts',
            'owner',
            'why',
            sql<number | string | null>`due_at - ${now}`.as('wait'),
          ])
          .where('subscription', '=', subscription)
          .where('tenant', '=', tenant)
          .where('offset', '>', from)
          .orderBy('offset')
          .limit(limit),
    ),
  }
}

function prepareLetters(db: Compiler) {
  return {
    insert: prepare(({ id, tenant, subscription, offset, lane, attempts, why, died_at }: DeadLetterRow) =>
      db.insertInto('dead_letters').values({ id, tenant, subscription, offset, lane, attempts, why, died_at }),
    ),
    one: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.selectFrom('dead_letters').select(letterColumns).where('id', '=', id).where('tenant', '=', tenant),
    ),
    remove: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.deleteFrom('dead_letters').where('id', '=', id).where('tenant', '=', tenant),
    ),
    removeAll: prepare(({ subscription }: { subscription: string }) =>
      db.deleteFrom('dead_letters').where('subscription', '=', subscription),
    ),
  }
}
