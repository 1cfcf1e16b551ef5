import { sql } from 'kysely'
import type { ServerOwners } from '../../gate/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { storeTime } from './store-time.ts'

/** Released rows stay, so that fences go on from where they were. */
export function serverOwners(database: Database, db: Compiler, node: string): ServerOwners {
  const { now, whole } = storeTime(database.dialect)
  /** Who never gave it back, though the lease is over. */
  const lateNode = sql<
    string | null
  >`CASE WHEN server_owners.until > 0 AND server_owners.node <> ${node} THEN server_owners.node END`
  const take = prepare(({ pool, address, lease }: { pool: string; address: string; lease: number }) => {
    const until = sql<number>`${now} + ${whole(lease)}`
    return db
      .insertInto('server_owners')
      .values({ pool, node, address, fence: 1, until, lost: null })
      .onConflict(conflict =>
        conflict
          .column('pool')
          .doUpdateSet({ node, address, fence: sql`server_owners.fence + 1`, until, lost: lateNode })
          .where(sql<number>`server_owners.until`, '<=', now),
      )
  })
  const who = prepare(({ pool }: { pool: string }) =>
    db.selectFrom('server_owners').select(['node', 'address', 'fence', 'lost']).where('pool', '=', pool),
  )
  const stay = prepare(({ lease }: { lease: number }) =>
    db
      .updateTable('server_owners')
      .set({ until: sql<number>`${now} + ${whole(lease)}` })
      .where('node', '=', node)
      .where('until', '>', 0),
  )
  const own = prepare(() =>
    db.selectFrom('server_owners').select(['pool', 'fence']).where('node', '=', node).where('until', '>', 0),
  )
  const leave = prepare(({ pool, fence }: { pool: string; fence: number }) =>
    db
      .updateTable('server_owners')
      .set({ until: 0 })
      .where('pool', '=', pool)
      .where('node', '=', node)
      .where('fence', '=', fence),
  )
  return {
    async claim(pool, address, lease) {
      const [before] = await database.read(who({ pool }))
      await database.write([take({ pool, address, lease })])
      const [owner] = await database.read(who({ pool }))
      if (!owner) throw new Error('a claim left nothing')
      const isNew = owner.node === node && owner.fence !== before?.fence
      return { ...owner, lost: isNew ? owner.lost : null }
    },
    async renew(lease) {
      await database.write([stay({ lease })])
      return new Map((await database.read(own({}))).map(({ pool, fence }) => [pool, fence]))
    },
    release: (pool, fence) => database.write([leave({ pool, fence })]),
  }
}
