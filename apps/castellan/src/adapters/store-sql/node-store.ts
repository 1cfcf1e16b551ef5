import { sql } from 'kysely'
import type { NodeStore } from '../../gate/index.ts'
import { newId } from '../../kernel/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { storeTime } from './store-time.ts'

export function nodeStore(database: Database, db: Compiler): NodeStore {
  const { now, whole } = storeTime(database.dialect)
  const id = newId()
  let listensAt: string | null = null
  const enter = prepare(({ lease, at }: { lease: number; at: string | null }) => {
    const said = { alive_until: sql<number>`${now} + ${whole(lease)}`, listens_at: at }
    return db
      .insertInto('nodes')
      .values({ id, ...said })
      .onConflict(conflict => conflict.column('id').doUpdateSet(said))
  })
  const listen = prepare(({ at }: { at: string | null }) =>
    db.updateTable('nodes').set({ listens_at: at }).where('id', '=', id),
  )
  const listening = prepare(() =>
    db
      .selectFrom('nodes')
      .select(['id', 'listens_at'])
      .where('id', '!=', id)
      .where('alive_until', '>', now)
      .where('listens_at', 'is not', null),
  )
  const leave = prepare(() => db.deleteFrom('nodes').where('id', '=', id))
  // Long enough for anybody to have found out what they left.
  const forget = prepare(({ age }: { age: number }) =>
    db.deleteFrom('nodes').where('alive_until', '<', sql<number>`${now} - ${whole(age)}`),
  )
  const others = prepare(() => db.deleteFrom('nodes').where('id', '!=', id))
  const installation = prepare(() => db.selectFrom('installation').select('id'))
  const named = prepare(({ id }: { id: string }) =>
    db
      .insertInto('installation')
      .values({ place: 1, id })
      .onConflict(conflict => conflict.column('place').doNothing()),
  )
  return {
    id,
    async installation() {
      await database.write([named({ id: newId() })])
      const [row] = await database.read(installation({}))
      if (!row) throw new Error('the store does not say which installation it is of')
      return row.id
    },
    join: lease =>
      database.write([
        database.dialect === 'sqlite' ? others({}) : forget({ age: OLD }),
        enter({ lease, at: listensAt }),
      ]),
    stay: lease => database.write([enter({ lease, at: listensAt })]),
    leave: () => database.write([leave({})]),
    async listenAt(address) {
      listensAt = address
      await database.write([listen({ at: address })])
    },
    async listening() {
      const found = await database.read(listening({}))
      return new Map(found.flatMap(({ id, listens_at: at }) => (at === null ? [] : [[id, at]])))
    },
  }
}

/** Milliseconds after which a process that is gone is forgotten. */
const OLD = 24 * 3_600_000
