import {
  type Catalog,
  type Grant,
  type Group,
  type Health,
  type RegistryStore,
  type SealedSecret,
  type Server,
} from '../../registry/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database, Query } from './database.ts'
import { namedRow, prepareNamed } from './named-table.ts'
import { nameTaken, parseBody, refusal, saveVersion } from './resource.ts'
import type { Tables } from './tables.ts'

export function registryStore(database: Database, db: Compiler, commit: CommitEntries): RegistryStore {
  const servers = prepareNamed(db, 'servers')
  const groups = prepareNamed(db, 'groups')
  const grants = prepareGrants(db)
  const catalogs = prepareCatalogs(db)
  const health = prepareHealth(db)
  const secrets = prepareSecrets(db)
  const read = async <T>(query: Query<{ readonly body: string }>) => (await database.read(query)).map(parseBody<T>)

  return {
    servers: tenant => read<Server>(tenant === undefined ? servers.all({}) : servers.ofTenant({ tenant })),
    saveServer: (server, sealed, entries) =>
      commit(
        [
          saveVersion('server', namedRow(server), servers.insert, servers.update, nameTaken('server', server.name)),
          ...sealed.map(secret => secrets.save(rowOf(secret))),
        ],
        entries,
      ),
    removeServer: (tenant, id, entries) =>
      commit(
        [
          // Its catalogue goes with it.
          { ...servers.remove({ tenant, id }), one: 'nothingToDo' },
          secrets.removeBelow({ tenant, prefix: `${id}/`, length: id.length + 1 }),
        ],
        entries,
      ),

    catalogs: tenant => read<Catalog>(tenant === undefined ? catalogs.all({}) : catalogs.ofTenant({ tenant })),
    saveCatalog(tenant, catalog, entries) {
      const row = { server: catalog.server, tenant, body: JSON.stringify(catalog) }
      const gone = refusal('NOT_FOUND', { what: 'server' })
      return commit([{ ...catalogs.save(row), violations: { fkey: gone } }], entries)
    },

    async healths() {
      const rows = await database.read(health.all({}))
      return new Map(rows.map(row => [row.server, parseBody<Health>(row)]))
    },
    saveHealth(server, found, entries) {
      const gone = refusal('NOT_FOUND', { what: 'server' })
      const row = { server, body: JSON.stringify(found) }
      return commit([{ ...health.save(row), violations: { fkey: gone } }], entries)
    },

    grants: tenant => read<Grant>(tenant === undefined ? grants.all({}) : grants.ofTenant({ tenant })),
    saveGrant(grant, entries) {
      const { id, tenant, version } = grant
      const row = { id, tenant, version, body: JSON.stringify(grant) }
      return commit([saveVersion('grant', row, grants.insert, grants.update)], entries)
    },
    removeGrant: (tenant, id, entries) => commit([{ ...grants.remove({ tenant, id }), one: 'nothingToDo' }], entries),

    groups: tenant => read<Group>(tenant === undefined ? groups.all({}) : groups.ofTenant({ tenant })),
    saveGroup: (group, entries) =>
      commit(
        [saveVersion('group', namedRow(group), groups.insert, groups.update, nameTaken('group', group.name))],
        entries,
      ),
    removeGroup: (tenant, id, entries) => commit([{ ...groups.remove({ tenant, id }), one: 'nothingToDo' }], entries),

    async secret(tenant, name) {
      return (await database.read(secrets.one({ tenant, name }))).map(secretOf)[0]
    },
    saveSecret: (secret, entries) => commit([secrets.save(rowOf(secret))], entries),
    async secretsNotUnder(keyId, after, limit) {
      const { tenant, name } = after ?? { tenant: '', name: '' }
      return (await database.read(secrets.notUnder({ keyId, tenant, name, limit }))).map(secretOf)
    },
    replaceSecrets: (changes, entries) =>
      commit(
        changes.map(({ before, after }) =>
          secrets.replace({ ...rowOf(after), old_key: before.keyId, old_nonce: before.nonce }),
        ),
        entries,
      ),
  }
}

function prepareCatalogs(db: Compiler) {
  return {
    all: prepare(() => db.selectFrom('catalogs').select('body').orderBy('server')),
    ofTenant: prepare(({ tenant }: { tenant: string }) =>
      db.selectFrom('catalogs').select('body').where('tenant', '=', tenant).orderBy('server'),
    ),
    save: prepare(({ server, tenant, body }: Tables['catalogs']) =>
      db
        .insertInto('catalogs')
        .values({ server, tenant, body })
        .onConflict(conflict => conflict.column('server').doUpdateSet({ body })),
    ),
  }
}

function prepareHealth(db: Compiler) {
  return {
    all: prepare(() => db.selectFrom('server_health').select(['server', 'body'])),
    save: prepare(({ server, body }: Tables['server_health']) =>
      db
        .insertInto('server_health')
        .values({ server, body })
        .onConflict(conflict => conflict.column('server').doUpdateSet({ body })),
    ),
  }
}

function prepareGrants(db: Compiler) {
  type Row = Tables['grants']
  return {
    all: prepare(() => db.selectFrom('grants').select('body').orderBy('id')),
    ofTenant: prepare(({ tenant }: { tenant: string }) =>
      db.selectFrom('grants').select('body').where('tenant', '=', tenant).orderBy('id'),
    ),
    insert: prepare(({ id, tenant, version, body }: Row) =>
      db.insertInto('grants').values({ id, tenant, version, body }),
    ),
    update: prepare(({ id, tenant, version, body, before }: Row & { before: number }) =>
      db
        .updateTable('grants')
        .set({ version, body })
        .where('id', '=', id)
        .where('tenant', '=', tenant)
        .where('version', '=', before),
    ),
    remove: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.deleteFrom('grants').where('id', '=', id).where('tenant', '=', tenant),
    ),
  }
}

const secretColumns = ['tenant', 'name', 'key_id', 'wrapped', 'nonce', 'ciphertext'] as const

function prepareSecrets(db: Compiler) {
  return {
    one: prepare(({ tenant, name }: { tenant: string; name: string }) =>
      db.selectFrom('secrets').select(secretColumns).where('tenant', '=', tenant).where('name', '=', name),
    ),
    save: prepare(({ tenant, name, key_id, wrapped, nonce, ciphertext }: Tables['secrets']) =>
      db
        .insertInto('secrets')
        .values({ tenant, name, key_id, wrapped, nonce, ciphertext })
        .onConflict(conflict =>
          conflict.columns(['tenant', 'name']).doUpdateSet({ key_id, wrapped, nonce, ciphertext }),
        ),
    ),
    notUnder: prepare((asked: { keyId: string; tenant: string; name: string; limit: number }) =>
      db
        .selectFrom('secrets')
        .select(secretColumns)
        .where('key_id', '!=', asked.keyId)
        .where(({ eb, or, and }) =>
          or([eb('tenant', '>', asked.tenant), and([eb('tenant', '=', asked.tenant), eb('name', '>', asked.name)])]),
        )
        .orderBy('tenant')
        .orderBy('name')
        .limit(asked.limit),
    ),
    // No two sealings have the same nonce, so what has it still is what was read.
    replace: prepare((row: Tables['secrets'] & { old_key: string; old_nonce: Uint8Array }) =>
      db
        .updateTable('secrets')
        .set({ key_id: row.key_id, wrapped: row.wrapped, nonce: row.nonce, ciphertext: row.ciphertext })
        .where('tenant', '=', row.tenant)
        .where('name', '=', row.name)
        .where('key_id', '=', row.old_key)
        .where('nonce', '=', row.old_nonce),
    ),
    removeBelow: prepare(({ tenant, prefix, length }: { tenant: string; prefix: string; length: number }) =>
      db
        .deleteFrom('secrets')
        .where('tenant', '=', tenant)
        .where(({ eb, fn, val, lit }) => eb(fn('substr', ['name', lit(1), val(length)]), '=', prefix)),
    ),
  }
}

function rowOf(secret: SealedSecret): Tables['secrets'] {
  return {
    tenant: secret.tenant,
    name: secret.name,
    key_id: secret.keyId,
    wrapped: secret.wrapped && new Uint8Array(secret.wrapped),
    nonce: new Uint8Array(secret.nonce),
    ciphertext: new Uint8Array(secret.ciphertext),
  }
}

function secretOf({ key_id: keyId, ...same }: Tables['secrets']): SealedSecret {
  return { ...same, keyId }
}
