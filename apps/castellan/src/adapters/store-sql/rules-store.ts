import type { GuardrailSet, Limits, PolicySet, PolicyVersion, RulesStore } from '../../gate/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { namedRow, prepareNamed } from './named-table.ts'
import { nameTaken, parseBody, saveVersion } from './resource.ts'
import type { PolicyVersionRow, Tables } from './tables.ts'

export function rulesStore(database: Database, db: Compiler, commit: CommitEntries): RulesStore {
  const policySets = prepareSets(db, 'policy_sets')
  const versions = preparePolicyVersions(db)
  const guardrailSets = prepareSets(db, 'guardrail_sets')
  const limits = prepareNamed(db, 'limits')

  return {
    async policySets() {
      return (await database.read(policySets.all({}))).map(parseBody<PolicySet>)
    },
    savePolicySet({ at, principal, restores, ...set }, entries) {
      const { tenant, version, digest, files } = set
      const row = { tenant, version, body: JSON.stringify(set) }
      const kept = { tenant, version, digest, at, principal, restores, files: JSON.stringify(files) }
      const save = saveVersion('policy set', row, policySets.insert, policySets.update)
      return commit([save, versions.insert(kept)], entries)
    },
    async policyVersions(tenant, before, limit) {
      const query = db
        .selectFrom('policy_versions')
        .select(versionColumns)
        .where('tenant', '=', tenant)
        .$if(before !== null, each => each.where('version', '<', before!))
        .orderBy('version', 'desc')
        .limit(limit)
      return (await database.read(compile(query)))
        .map(versionOf)
        .map(each => ({ ...each, files: Object.keys(each.files) }))
    },
    async policyVersion(tenant, which) {
      const query =
        typeof which === 'number'
          ? versions.one({ tenant, version: which })
          : versions.newestOf({ tenant, digest: which })
      return (await database.read(query)).map(versionOf)[0]
    },

    async limits(tenant) {
      const query = tenant === undefined ? limits.all({}) : limits.ofTenant({ tenant })
      return (await database.read(query)).map(parseBody<Limits>)
    },
    saveLimits(each, entries) {
      const save = saveVersion('limits', namedRow(each), limits.insert, limits.update, nameTaken('limits', each.name))
      return commit([save], entries)
    },
    async guardrailSets() {
      return (await database.read(guardrailSets.all({}))).map(parseBody<GuardrailSet>)
    },
    saveGuardrailSet(set, entries) {
      const { tenant, version } = set
      const row = { tenant, version, body: JSON.stringify(set) }
      return commit([saveVersion('guardrails', row, guardrailSets.insert, guardrailSets.update)], entries)
    },
    removeLimits: (tenant, id, entries) => commit([{ ...limits.remove({ tenant, id }), one: 'nothingToDo' }], entries),
  }
}

/** The queries of a table that has one versioned row for each tenant. */
function prepareSets(db: Compiler, table: 'policy_sets' | 'guardrail_sets') {
  type Row = Tables[typeof table]
  return {
    all: prepare(() => db.selectFrom(table).select('body').orderBy('tenant')),
    insert: prepare(({ tenant, version, body }: Row) => db.insertInto(table).values({ tenant, version, body })),
    update: prepare(({ tenant, version, body, before }: Row & { before: number }) =>
      db.updateTable(table).set({ version, body }).where('tenant', '=', tenant).where('version', '=', before),
    ),
  }
}

const versionColumns = ['tenant', 'version', 'digest', 'at', 'principal', 'restores', 'files'] as const

function preparePolicyVersions(db: Compiler) {
  const all = db.selectFrom('policy_versions').select(versionColumns)
  type Key = Pick<PolicyVersionRow, 'tenant' | 'version'>
  type Digested = Pick<PolicyVersionRow, 'tenant' | 'digest'>
  return {
    insert: prepare(({ tenant, version, digest, at, principal, restores, files }: PolicyVersionRow) =>
      db.insertInto('policy_versions').values({ tenant, version, digest, at, principal, restores, files }),
    ),
    one: prepare(({ tenant, version }: Key) => all.where('tenant', '=', tenant).where('version', '=', version)),
    newestOf: prepare(({ tenant, digest }: Digested) =>
      all.where('tenant', '=', tenant).where('digest', '=', digest).orderBy('version', 'desc').limit(1),
    ),
  }
}

function versionOf({ files, ...same }: PolicyVersionRow): PolicyVersion {
  return {
    ...same,
    digest: same.digest as PolicyVersion['digest'],
    files: JSON.parse(files) as Record<string, string>,
  }
}
