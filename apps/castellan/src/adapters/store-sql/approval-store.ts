import { sql } from 'kysely'
import type { Approval, ApprovalFilter, ApprovalRule, ApprovalStore, Notice } from '../../approvals/index.ts'
import { approvalChanged, approvalRow, savingApproval } from './approval-row.ts'
import { blobInsert } from './blobs.ts'
import type { CommitEntries } from './commit-entries.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database, Statement } from './database.ts'
import { namedRow, prepareNamed } from './named-table.ts'
import { nameTaken, parseBody, refusal, saveVersion } from './resource.ts'
import type { ApprovalRow, Tables } from './tables.ts'

export function approvalStore(database: Database, db: Compiler, commit: CommitEntries): ApprovalStore {
  const approvals = prepareApprovals(db)
  const notices = prepareNotices(db)
  const rules = prepareNamed(db, 'approval_rules')
  const insertBlob = blobInsert(db)
  const saveNext = savingApproval(db, database.dialect)

  return {
    ask(approval, notice, entries, blobs) {
      const insert = {
        ...approvals.insert(approvalRow(approval)),
        violations: { pkey: approvalChanged, tenant_binding: approvalChanged },
      }
      const change: Statement[] = [insert]
      if (notice) change.push(notices.insert(noticeRow(notice)))
      for (const blob of blobs) change.push(insertBlob(blob))
      return commit(change, entries)
    },
    save: (approval, entries) => commit(saveNext(approval), entries),

    async approval(tenant, id) {
      return (await database.read(approvals.one({ tenant, id }))).map(parseBody<Approval>)[0]
    },
    async newest(tenant, binding) {
      return (await database.read(approvals.newest({ tenant, binding }))).map(parseBody<Approval>)[0]
    },
    async approvals(tenant, filter, before, limit) {
      return (await database.read(compile(page(db, tenant, filter, before, limit)))).map(parseBody<Approval>)
    },
    async pendingOf(tenant, principal) {
      const [row] = await database.read(approvals.pending({ tenant, principal }))
      return Number(row?.count ?? 0)
    },
    async overdue(now, limit) {
      return (await database.read(approvals.overdue({ now, limit }))).map(parseBody<Approval>)
    },

    async noticesDue(now, limit) {
      return (await database.read(notices.due({ now, limit }))).map(parseBody<Notice>)
    },
    saveNotice(notice, entries) {
      const update = notices.update({ ...noticeRow(notice), before: notice.version - 1 })
      return commit([{ ...update, one: refusal('VERSION_CONFLICT', { what: 'notice' }) }], entries)
    },

    async rules(tenant) {
      const query = tenant === undefined ? rules.all({}) : rules.ofTenant({ tenant })
      return (await database.read(query)).map(parseBody<ApprovalRule>)
    },
    saveRule(rule, entries) {
      const taken = nameTaken('approval rule', rule.name)
      return commit([saveVersion('approval rule', namedRow(rule), rules.insert, rules.update, taken)], entries)
    },
    removeRule: (tenant, id, entries) => commit([{ ...rules.remove({ tenant, id }), one: 'nothingToDo' }], entries),
  }
}

function page(db: Compiler, tenant: string, filter: ApprovalFilter, before: string | null, limit: number) {
  const { state, principal } = filter
  return db
    .selectFrom('approvals')
    .select('body')
    .where('tenant', '=', tenant)
    .$if(before !== null, query => query.where('id', '<', before!))
    .$if(state !== undefined, query => query.where('state', '=', state!))
    .$if(principal !== undefined, query => query.where('principal', '=', principal!))
    .orderBy('id', 'desc')
    .limit(limit)
}

function prepareApprovals(db: Compiler) {
  // Literals, so that the indexes of what is open are seen to apply.
  const open = sql<boolean>`state IN ('pending', 'approved')`
  return {
    insert: prepare(({ id, tenant, state, binding, principal, expires_at, version, body }: ApprovalRow) =>
      db.insertInto('approvals').values({ id, tenant, state, binding, principal, expires_at, version, body }),
    ),
    one: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.selectFrom('approvals').select('body').where('id', '=', id).where('tenant', '=', tenant),
    ),
    newest: prepare(({ tenant, binding }: { tenant: string; binding: string }) =>
      db
        .selectFrom('approvals')
        .select('body')
        .where('tenant', '=', tenant)
        .where('binding', '=', binding)
        // One that is open has been asked last, whatever the clocks of those who asked said.
        .orderBy(open, 'desc')
        .orderBy('id', 'desc')
        .limit(1),
    ),
    pending: prepare(({ tenant, principal }: { tenant: string; principal: string }) =>
      db
        .selectFrom('approvals')
        .select(query => query.fn.countAll().as('count'))
        .where('tenant', '=', tenant)
        .where('principal', '=', principal)
        .where('state', '=', sql.lit('pending')),
    ),
    overdue: prepare(({ now, limit }: { now: string; limit: number }) =>
      db
        .selectFrom('approvals')
        .select('body')
        .where(open)
        .where('expires_at', '<=', now)
        .orderBy('expires_at')
        .limit(limit),
    ),
  }
}

function prepareNotices(db: Compiler) {
  type Row = Tables['approval_notices']
  return {
    insert: prepare(({ id, tenant, version, next_at, body }: Row) =>
      db.insertInto('approval_notices').values({ id, tenant, version, next_at, body }),
    ),
    update: prepare(({ id, tenant, version, next_at, body, before }: Row & { before: number }) =>
      db
        .updateTable('approval_notices')
        .set({ version, next_at, body })
        .where('id', '=', id)
        .where('tenant', '=', tenant)
        .where('version', '=', before),
    ),
    due: prepare(({ now, limit }: { now: string; limit: number }) =>
      db.selectFrom('approval_notices').select('body').where('next_at', '<=', now).orderBy('next_at').limit(limit),
    ),
  }
}

function noticeRow(notice: Notice): Tables['approval_notices'] {
  const { id, tenant, version, nextAt } = notice
  return { id, tenant, version, next_at: nextAt, body: JSON.stringify(notice) }
}
