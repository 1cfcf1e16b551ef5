import { type RawBuilder, sql } from 'kysely'
import type { NewRun, Passage, Trigger, TriggerStanding, TriggerStore } from '../../runs/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database, Statement } from './database.ts'
import { nameTaken, parseBody, refusal } from './resource.ts'
import { savingRuns } from './run-store.ts'
import type { TriggerRow } from './tables.ts'

export function triggerStore(database: Database, db: Compiler, commit: CommitEntries): TriggerStore {
  const of = prepareTriggers(db)
  const { saveNew } = savingRuns(db, database.dialect)
  const moved = refusal('VERSION_CONFLICT', { what: 'trigger' })
  const noFailure = refusal('NOT_FOUND', { what: 'failure' })

  /** The place first: on PostgreSQL that lets others through one at a time, so that the runs which are open are counted right. */
  function settling(trigger: Trigger, offset: number, passage: Passage): Statement[] {
    const { id } = trigger
    switch (passage.is) {
      case 'started':
        return starting(trigger, passage.run)
      case 'failed':
        return [of.countFailed({ id, why: passage.why }), of.keep({ id, offset, why: passage.why })]
      case 'refused':
        return [of.countRefused({ id, why: passage.why })]
      default:
        throw passage satisfies never
    }
  }

  function starting({ id, name, mostOpen }: Trigger, run: NewRun): Statement[] {
    const full = refusal('TRIGGER_FULL', { name, limit: mostOpen })
    return [{ ...of.countStarted({ id, mostOpen }), one: full }, ...saveNew({ ...run, trigger: id })]
  }

  return {
    async triggers(tenant) {
      return (await database.read(tenant === undefined ? of.all({}) : of.ofTenant({ tenant }))).map(standingOf)
    },
    one: async (tenant, id) => (await database.read(of.one({ tenant, id }))).map(parseBody<Trigger>)[0],
    create: (trigger, { position, moment }, entries) =>
      commit(
        [
          {
            ...of.insert({ ...rowOf(trigger), position, moment }),
            violations: { pkey: moved, ...nameTaken('trigger', trigger.name) },
          },
        ],
        entries,
      ),
    save(trigger, beginning, entries) {
      const { name, version } = trigger
      const row = { ...rowOf(trigger), before: version - 1 }
      const saved = { ...of.update(row), one: moved, violations: nameTaken('trigger', name) }
      return commit([saved, ...(beginning === null ? [] : [of.begin({ id: trigger.id, ...beginning })])], entries)
    },
    remove: (tenant, id, entries) =>
      commit(
        [{ ...of.remove({ tenant, id }), one: refusal('NOT_FOUND', { what: 'trigger' }) }, of.forgetAll({ id })],
        entries,
      ),
    skip: ({ id, version }, from, to) => database.write([{ ...of.move({ id, version, from, to }), one: moved }]),
    pass: (trigger, from, to, passage, entries) =>
      commit(
        [
          { ...of.move({ id: trigger.id, version: trigger.version, from, to }), one: moved },
          ...settling(trigger, to, passage),
        ],
        [...(passage.is === 'started' ? passage.run.entries : []), ...entries],
      ),
    tick: ({ id, version }, from, to, entries) =>
      commit([{ ...of.tick({ id, version, from, to }), one: moved }], entries),
    turn: ({ id, version }, { standstills, moment: from }, to, entries) =>
      commit([{ ...of.turn({ id, version, standstills, from, to }), one: moved }], entries),
    async kept(id) {
      const [row] = await database.read(of.kept({ id }))
      return Number(row!.kept)
    },
    async failures(id, before, limit) {
      const rows = await database.read(of.failures({ id, before: Math.min(before, Number.MAX_SAFE_INTEGER), limit }))
      return rows.map(row => ({ ...row }))
    },
    redrive: (trigger, offset, run, entries) =>
      commit(
        [...starting(trigger, run), { ...of.forget({ id: trigger.id, offset }), one: noFailure }],
        [...run.entries, ...entries],
      ),
    drop: ({ id }, offset, entries) => commit([{ ...of.forget({ id, offset }), one: noFailure }], entries),
  }
}

type SavedRow = Pick<TriggerRow, 'id' | 'tenant' | 'name' | 'version' | 'body'>

function rowOf(trigger: Trigger): SavedRow {
  const { id, tenant, name, version } = trigger
  return { id, tenant, name, version, body: JSON.stringify(trigger) }
}

type Count = number | string | bigint | null

interface StandingRow extends Pick<TriggerRow, 'body' | Standing> {
  readonly open: Count
  readonly kept: Count
}

type Standing = (typeof STANDING)[number]
const STANDING = ['position', 'moment', 'started', 'failed', 'refused', 'trouble', 'standstills'] as const

function standingOf(row: StandingRow): TriggerStanding {
  const { body, open, kept, ...standing } = row
  return { trigger: parseBody({ body }), open: Number(open), kept: Number(kept), ...standing }
}

function prepareTriggers(db: Compiler) {
  const openOf = (id: string) => sql<number>`(SELECT count(*) FROM run_queue WHERE started_by = ${sql.ref(id)})`
  const keptOf = (id: RawBuilder<unknown>) =>
    sql<Count>`(SELECT count(*) FROM trigger_failures WHERE trigger_id = ${id})`
  const standings = () =>
    db
      .selectFrom('triggers')
      .select(['body', ...STANDING])
      .select([openOf('triggers.id').as('open'), keptOf(sql.ref('triggers.id')).as('kept')])
      .orderBy('name')
      .orderBy('tenant')
  const at = ({ id, version }: { id: string; version: number }) =>
    db.updateTable('triggers').where('id', '=', id).where('version', '=', version)
  return {
    all: prepare(() => standings()),
    ofTenant: prepare(({ tenant }: { tenant: string }) => standings().where('tenant', '=', tenant)),
    one: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.selectFrom('triggers').select('body').where('id', '=', id).where('tenant', '=', tenant),
    ),
    insert: prepare(({ id, tenant, name, version, body, position, moment }: SavedRow & Place) =>
      db.insertInto('triggers').values({
        id,
        tenant,
        name,
        version,
        body,
        position,
        moment,
        started: 0,
        failed: 0,
        refused: 0,
        trouble: null,
        standstills: 0,
      }),
    ),
    update: prepare(({ id, tenant, name, version, body, before }: SavedRow & { before: number }) =>
      db
        .updateTable('triggers')
        .set({ name, version, body, trouble: null })
        .where('id', '=', id)
        .where('tenant', '=', tenant)
        .where('version', '=', before),
    ),
    begin: prepare(({ id, position, moment }: Place & { id: string }) =>
      db.updateTable('triggers').set({ position, moment }).where('id', '=', id),
    ),
    remove: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.deleteFrom('triggers').where('id', '=', id).where('tenant', '=', tenant),
    ),
    move: prepare((step: Step) => at(step).set({ position: step.to }).where('position', '=', step.from)),
    tick: prepare((step: Step) => at(step).set({ moment: step.to }).where('moment', '=', step.from)),
    turn: prepare((step: Step & Pick<TriggerRow, 'standstills'>) =>
      at(step)
        .set({ moment: step.to, standstills: sql`standstills + 1` })
        .where('moment', '=', step.from)
        .where('standstills', '=', step.standstills),
    ),
    kept: prepare(({ id }: { id: string }) => db.selectNoFrom(keptOf(sql`${id}`).as('kept'))),
    countStarted: prepare(({ id, mostOpen }: { id: string; mostOpen: number }) =>
      db
        .updateTable('triggers')
        .set({ started: sql`started + 1`, trouble: null })
        .where('id', '=', id)
        .where(openOf('triggers.id'), '<', mostOpen),
    ),
    countFailed: prepare(({ id, why }: { id: string; why: string }) =>
      db
        .updateTable('triggers')
        .set({ failed: sql`failed + 1`, trouble: why })
        .where('id', '=', id),
    ),
    failures: prepare(({ id, before, limit }: { id: string; before: number; limit: number }) =>
      db
        .selectFrom('trigger_failures')
        .select(['offset', 'why'])
        .where('trigger_id', '=', id)
        .where('offset', '<', before)
        .orderBy('offset', 'desc')
        .limit(limit),
    ),
    keep: prepare(({ id, offset, why }: { id: string; offset: number; why: string }) =>
      db.insertInto('trigger_failures').values({ trigger_id: id, offset, why }),
    ),
    forget: prepare(({ id, offset }: { id: string; offset: number }) =>
      db.deleteFrom('trigger_failures').where('trigger_id', '=', id).where('offset', '=', offset),
    ),
    forgetAll: prepare(({ id }: { id: string }) => db.deleteFrom('trigger_failures').where('trigger_id', '=', id)),
    countRefused: prepare(({ id, why }: { id: string; why: string }) =>
      db
        .updateTable('triggers')
        .set({ refused: sql`refused + 1`, trouble: why })
        .where('id', '=', id),
    ),
  }
}

interface Place {
  readonly position: number
  readonly moment: number
}

interface Step {
  readonly id: string
  readonly version: number
  readonly from: number
  readonly to: number
}
