import { sql } from 'kysely'
import type { Session, SessionStore } from '../../sessions/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { parseBody, saveVersion } from './resource.ts'
import type { SessionRow } from './tables.ts'

export function sessionStore(database: Database, db: Compiler, commit: CommitEntries): SessionStore {
  const { insert, update, one, open } = prepareSessions(db)
  return {
    save: (session, entries) => commit([saveVersion('session', rowOf(session), insert, update)], entries),
    async session(tenant, id) {
      return (await database.read(one({ tenant, id }))).map(parseBody<Session>)[0]
    },
    async sessions(tenant, principal, before, limit) {
      return (await database.read(compile(page(db, tenant, principal, before, limit)))).map(parseBody<Session>)
    },
    async open() {
      return (await database.read(open({}))).map(parseBody<Session>)
    },
  }
}

function page(db: Compiler, tenant: string, principal: string | null, before: string | null, limit: number) {
  return db
    .selectFrom('sessions')
    .select('body')
    .where('tenant', '=', tenant)
    .$if(before !== null, query => query.where('id', '<', before!))
    .$if(principal !== null, query => query.where('principal', '=', principal!))
    .orderBy('id', 'desc')
    .limit(limit)
}

function prepareSessions(db: Compiler) {
  return {
    insert: prepare(({ id, tenant, principal, state, version, body }: SessionRow) =>
      db.insertInto('sessions').values({ id, tenant, principal, state, version, body }),
    ),
    update: prepare(({ id, tenant, state, version, body, before }: SessionRow & { before: number }) =>
      db
        .updateTable('sessions')
        .set({ state, version, body })
        .where('id', '=', id)
        .where('tenant', '=', tenant)
        .where('version', '=', before),
    ),
    one: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.selectFrom('sessions').select('body').where('id', '=', id).where('tenant', '=', tenant),
    ),
    // A literal, so that the index of open sessions is seen to apply.
    open: prepare(() => db.selectFrom('sessions').select('body').where('state', '=', sql.lit('open')).orderBy('id')),
  }
}

function rowOf(session: Session): SessionRow {
  const { id, tenant, principal, state, version } = session
  return { id, tenant, principal: principal.id, state, version, body: JSON.stringify(session) }
}
