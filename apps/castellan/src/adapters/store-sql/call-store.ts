import { sql } from 'kysely'
import { savingApproval } from './approval-row.ts'
import type { CallFilter, CallStore, Outcome } from '../../gate/index.ts'
import { blobInsert } from './blobs.ts'
import { chargeStatements } from './charges.ts'
import { callColumns, callOf, rowOf } from './call-row.ts'
import type { CommitEntries } from './commit-entries.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database, Dialect, Statement } from './database.ts'
import { refusal } from './resource.ts'
import { storeTime } from './store-time.ts'
import type { CallRow, Tables } from './tables.ts'

/** Calls are those of the process that is known by `node`. */
export function callStore(database: Database, db: Compiler, commit: CommitEntries, node: string): CallStore {
  const { insert, end, one, open, labelled } = prepareCalls(db, database.dialect)
  const claims = prepareClaims(db)
  const insertBlob = blobInsert(db)
  const saveApproval = savingApproval(db, database.dialect)
  const charging = chargeStatements(db)

  return {
    open(record, entries, blobs, haste, { approval, charges = [] } = {}) {
      const { id, tenant, principal, idempotencyKey: key, state } = record
      const change: Statement[] = [{ ...insert({ ...rowOf(record), node }), violations: { pkey: changed } }]
      if (key !== null && state === 'open') {
        const taken = refusal('IDEMPOTENCY_IN_FLIGHT', {})
        change.push({
          ...claims.make({ tenant, principal, key, call: id, outcome: null }),
          violations: { pkey: taken },
        })
      }
      if (approval) change.push(...saveApproval(approval, refusal('APPROVAL_SPENT', {})))
      for (const blob of blobs) change.push(insertBlob(blob))
      for (const charge of charges) change.push(state === 'open' ? charging.hold(charge) : charging.spend(charge))
      return commit(change, entries, haste)
    },

    close(record, outcome, entries, charges = []) {
      const { id, tenant, principal, idempotencyKey: key } = record
      const change: Statement[] = [{ ...end(rowOf(record)), one: changed }]
      if (key !== null) {
        const claim = { tenant, principal, key, call: id }
        change.push(outcome ? claims.answer({ ...claim, outcome: JSON.stringify(outcome) }) : claims.release(claim))
      }
      for (const charge of charges) change.push(charging.settle(charge))
      return commit(change, entries)
    },

    async byKey(tenant, principal, key) {
      const [row] = await database.read(claims.one({ tenant, principal, key }))
      if (!row) return undefined
      const { answer, ...call } = row
      return { record: callOf(call), outcome: answer === null ? null : (JSON.parse(answer) as Outcome) }
    },

    async call(tenant, id) {
      return (await database.read(one({ tenant, id }))).map(callOf)[0]
    },
    async calls(tenant, filter, before, limit) {
      return (await database.read(compile(page(db, tenant, filter, before, limit)))).map(callOf)
    },
    async unfinished(limit) {
      return (await database.read(open({ limit }))).map(callOf)
    },
    async labelled(since, after, limit) {
      return (await database.read(labelled({ since, after: after ?? '', limit }))).map(callOf)
    },
  }
}

const changed = refusal('VERSION_CONFLICT', { what: 'call' })

function page(db: Compiler, tenant: string, filter: CallFilter, before: string | null, limit: number) {
  const { principal, server, outcome, correlationId } = filter
  return db
    .selectFrom('calls')
    .select(callColumns)
    .where('tenant', '=', tenant)
    .$if(before !== null, query => query.where('id', '<', before!))
    .$if(principal !== undefined, query => query.where('principal', '=', principal!))
    .$if(server !== undefined, query => query.where('server', '=', server!))
    .$if(outcome !== undefined, query => query.where('outcome', '=', outcome!))
    .$if(correlationId !== undefined, query => query.where('correlation_id', '=', correlationId!))
    .orderBy('id', 'desc')
    .limit(limit)
}

function prepareCalls(db: Compiler, dialect: Dialect) {
  const { now } = storeTime(dialect)
  return {
    insert: prepare((row: CallRow & { node: string }) => {
      const { id, tenant, principal, server, capability, method, effect, digest } = row
      const { idempotency_key, correlation_id, state, outcome, started_at, ended_at, session, labels, node } = row
      return db.insertInto('calls').values({
        id,
        tenant,
        principal,
        server,
        capability,
        method,
        effect,
        digest,
        idempotency_key,
        correlation_id,
        state,
        outcome,
        started_at,
        ended_at,
        session,
        labels,
        node,
      })
    }),
    end: prepare(({ id, tenant, state, outcome, ended_at, labels }: CallRow) =>
      db
        .updateTable('calls')
        .set({ state, outcome, ended_at, labels })
        .where('id', '=', id)
        .where('tenant', '=', tenant)
        .where('state', '=', 'open'),
    ),
    one: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.selectFrom('calls').select(callColumns).where('id', '=', id).where('tenant', '=', tenant),
    ),
    open: prepare(({ limit }: { limit: number }) =>
      db
        .selectFrom('calls')
        .select(callColumns)
        // A literal, so that the index of open calls is seen to apply.
        .where('state', '=', sql.lit('open'))
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('nodes').select('id').whereRef('nodes.id', '=', 'calls.node').where('alive_until', '>', now),
            ),
          ),
        )
        .orderBy('id')
        .limit(limit),
    ),
    labelled: prepare(({ since, after, limit }: { since: string; after: string; limit: number }) =>
      db
        .selectFrom('calls')
        .select(callColumns)
        .where('labels', 'is not', null)
        .where('started_at', '>=', since)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit),
    ),
  }
}

function prepareClaims(db: Compiler) {
  type Key = Pick<Tables['claims'], 'tenant' | 'principal' | 'key'>
  type Held = Key & { readonly call: string }
  return {
    make: prepare(({ tenant, principal, key, call, outcome }: Tables['claims']) =>
      db.insertInto('claims').values({ tenant, principal, key, call, outcome }),
    ),
    answer: prepare(({ tenant, principal, key, call, outcome }: Tables['claims']) =>
      db
        .updateTable('claims')
        .set({ outcome })
        .where('tenant', '=', tenant)
        .where('principal', '=', principal)
        .where('key', '=', key)
        .where('call', '=', call),
    ),
    release: prepare(({ tenant, principal, key, call }: Held) =>
      db
        .deleteFrom('claims')
        .where('tenant', '=', tenant)
        .where('principal', '=', principal)
        .where('key', '=', key)
        .where('call', '=', call),
    ),
    one: prepare(({ tenant, principal, key }: Key) =>
      db
        .selectFrom('claims')
        .innerJoin('calls', 'calls.id', 'claims.call')
        .select(callColumns)
        .select('claims.outcome as answer')
        .where('claims.tenant', '=', tenant)
        .where('claims.principal', '=', principal)
        .where('claims.key', '=', key),
    ),
  }
}
