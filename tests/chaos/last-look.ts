import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Account } from '../support/account.ts'

/** Looks into the store itself, of which no control plane has hold any more: does it say what the journal said all along? */
export function lastLook(data: string, account: Account): string[] {
  const db = new DatabaseSync(join(data, 'castellan.db'), { readOnly: true })
  const rows = <Row>(sql: string) => db.prepare(sql).all() as Row[]
  try {
    const wrong: string[] = []
    for (const { integrity_check: found } of rows<{ integrity_check: string }>('pragma integrity_check')) {
      if (found !== 'ok') wrong.push(`the database is damaged: ${found}`)
    }
    const leaves = rows<{ offset: number; leaf_hash: string }>(
      'select "offset", leaf_hash from journal order by "offset"',
    )
    leaves.forEach(({ offset, leaf_hash: leaf }, index) => {
      if (offset !== index + 1) wrong.push(`the journal holds offset ${offset} at place ${index + 1}`)
      const known = account.leaves[offset]
      if (known !== undefined && known !== leaf) wrong.push(`entry ${offset} changed after it was read`)
    })
    if (leaves.length < account.leaves.length - 1) wrong.push(`only ${leaves.length} entries are left`)
    for (const { id, outcome } of rows<{ id: string; outcome: string | null }>('select id, outcome from calls')) {
      const said = account.calls.get(id)?.outcome
      const same = said === outcome || said === 'call.denied'
      if (said !== undefined && !same) wrong.push(`call ${id} is kept as ${outcome} and journaled as ${said}`)
    }
    for (const { id } of rows<{ id: string }>("select id from calls where state = 'open'")) {
      wrong.push(`call ${id} is still open`)
    }
    for (const { key } of rows<{ key: string }>('select "key" from claims where outcome is null')) {
      wrong.push(`the key ${key} is claimed and has no outcome`)
    }
    return wrong
  } finally {
    db.close()
  }
}
