import type { Limits, PolicySet, RulesStore } from '../../gate/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { namedRow, prepareNamed } from './named-table.ts'
import { nameTaken, parseBody, saveVersion } from './resource.ts'
import type { Tables } from './tables.ts'

export function rulesStore(database: Database, db: Compiler, commit: CommitEntries): RulesStore {
  const policySets = preparePolicySets(db)
  const limits = prepareNamed(db, 'limits')

  return {
    async policySets() {
      return (await database.read(policySets.all({}))).map(parseBody<PolicySet>)
    },
    savePolicySet(set, entries) {
      const { tenant, version } = set
      const row = { tenant, version, body: JSON.stringify(set) }
      return commit([saveVersion('policy set', row, policySets.insert, policySets.update)], entries)
    },

    async limits(tenant) {
      const query = tenant === undefined ? limits.all({}) : limits.ofTenant({ tenant })
      return (await database.read(query)).map(parseBody<Limits>)
    },
    saveLimits(each, entries) {
      const save = saveVersion('limits', namedRow(each), limits.insert, limits.update, nameTaken('limits', each.name))
      return commit([save], entries)
    },
    removeLimits: (tenant, id, entries) => commit([{ ...limits.remove({ tenant, id }), one: 'nothingToDo' }], entries),
  }
}

function preparePolicySets(db: Compiler) {
  type Row = Tables['policy_sets']
  return {
    all: prepare(() => db.selectFrom('policy_sets').select('body').orderBy('tenant')),
    insert: prepare(({ tenant, version, body }: Row) => db.insertInto('policy_sets').values({ tenant, version, body })),
    update: prepare(({ tenant, version, body, before }: Row & { before: number }) =>
      db.updateTable('policy_sets').set({ version, body }).where('tenant', '=', tenant).where('version', '=', before),
    ),
  }
}
