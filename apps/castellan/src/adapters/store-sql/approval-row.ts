import type { Approval } from '../../approvals/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Query } from './database.ts'
import type { ApprovalRow } from './tables.ts'

export function approvalRow(approval: Approval): ApprovalRow {
  const { id, tenant, state, binding, asked, expiresAt, version } = approval
  const body = JSON.stringify(approval)
  return { id, tenant, state, binding, principal: asked.by.id, expires_at: expiresAt, version, body }
}

/** The query that keeps the next version of an approval, and changes nothing when that is not the next. */
export function approvalUpdate(db: Compiler): (row: ApprovalRow) => Query {
  const update = prepare(({ id, tenant, state, expires_at, version, body, before }: ApprovalRow & { before: number }) =>
    db
      .updateTable('approvals')
      .set({ state, expires_at, version, body })
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .where('version', '=', before),
  )
  return row => update({ ...row, before: row.version - 1 })
}
