import type { Approval } from '../../approvals/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Dialect, Statement } from './database.ts'
import { refusal } from './resource.ts'
import { hearing } from './hearing.ts'
import type { ApprovalRow } from './tables.ts'

export function approvalRow(approval: Approval): ApprovalRow {
  const { id, tenant, state, binding, asked, expiresAt, version } = approval
  const body = JSON.stringify(approval)
  return { id, tenant, state, binding, principal: asked.by.id, expires_at: expiresAt, version, body }
}

export const approvalChanged = refusal('VERSION_CONFLICT', { what: 'approval' })

/** The statements that keep the next version of an approval, refused as told when it is not the next, and make the runs due that await it. */
export function savingApproval(db: Compiler, dialect: Dialect) {
  const update = prepare(({ id, tenant, state, expires_at, version, body, before }: ApprovalRow & { before: number }) =>
    db
      .updateTable('approvals')
      .set({ state, expires_at, version, body })
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .where('version', '=', before),
  )
  const wake = prepare(({ tenant, what }: { tenant: string; what: string }) =>
    db
      .updateTable('run_queue')
      .set(hearing(dialect))
      .where('run', 'in', waits =>
        waits.selectFrom('run_waits').select('run').where('tenant', '=', tenant).where('what', '=', what),
      ),
  )
  return (approval: Approval, otherwise: Statement['one'] = approvalChanged): Statement[] => {
    const { id, tenant, version } = approval
    return [
      { ...update({ ...approvalRow(approval), before: version - 1 }), one: otherwise },
      wake({ tenant, what: `approval:${id}` }),
    ]
  }
}
