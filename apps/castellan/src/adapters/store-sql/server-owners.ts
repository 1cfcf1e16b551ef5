import { sql } from 'kysely'
import type { ServerOwners } from '../../gate/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { storeTime } from './store-time.ts'

/** Released rows stay, so that fences go on from where they were. */
export function serverOwners(database: Database, db: Compiler, node: string): ServerOwners {
  const { now, whole } = storeTime(database.dialect)
  const take = prepare(({ pool, address, lease }: { pool: string; address: string; lease: number }) => {
    const until = sql<number>`${now} + ${whole(lease)}`
    return db
      .insertInto('server_owners')
      .values({ pool, node, address, fence: 1, until })
      .onConflict(conflict =>
        conflict
          .column('pool')
          .doUpdateSet({ node, address, fence: sql`server_owners.fence + 1`, until })
          .where(sql<number>`server_owners.until`, '<=', now),
      )
  })
  const who = prepare(({ pool }: { pool: string }) =>
    db.selectFrom('server_owners').select(['node', 'address', 'fence']).where('pool', '=', pool),
  )
  /** Whose lease is over, though they never gave it back. */
  const late = prepare(({ pool }: { pool: string }) =>
    db
      .selectFrom('server_owners')
      .select(['node', 'fence'])
      .where('pool', '=', pool)
      .where('until', '>', 0)
      .where(sql<number>`until`, '<=', now)
      .where('node', '!=', node),
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
      const [before] = await database.read(late({ pool }))
      await database.write([take({ pool, address, lease })])
      const [owner] = await database.read(who({ pool }))
      if (!owner) throw new Error('a claim left nothing')
      // Fences go up one by one, so nobody had it in between.
      const lost = before && owner.node === node && owner.fence === before.fence + 1 ? before.node : null
      return { ...owner, lost }
    },
    async renew(lease) {
      await database.write([stay({ lease })])
      return new Map((await database.read(own({}))).map(({ pool, fence }) => [pool, fence]))
    },
    release: (pool, fence) => database.write([leave({ pool, fence })]),
  }
}
