import { sql } from 'kysely'
import type { NodeStore } from '../../gate/index.ts'
import { newId } from '../../kernel/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { storeTime } from './store-time.ts'

export function nodeStore(database: Database, db: Compiler): NodeStore {
  const { now, whole } = storeTime(database.dialect)
  const id = newId()
  const enter = prepare(({ lease }: { lease: number }) =>
    db
      .insertInto('nodes')
      .values({ id, alive_until: sql`${now} + ${whole(lease)}` })
      .onConflict(conflict => conflict.column('id').doUpdateSet({ alive_until: sql`${now} + ${whole(lease)}` })),
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
      database.write([database.dialect === 'sqlite' ? others({}) : forget({ age: OLD }), enter({ lease })]),
    stay: lease => database.write([enter({ lease })]),
    leave: () => database.write([leave({})]),
  }
}

/** Milliseconds after which a process that is gone is forgotten. */
const OLD = 24 * 3_600_000
