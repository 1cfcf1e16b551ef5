import type { Entry } from '../../journal/index.ts'
import type { IdentityStore, Key, Principal, Scope, Tenant } from '../../identity/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database, Statement } from './database.ts'
import { nameTaken, parseBody, refusal, saveVersion } from './resource.ts'
import type { Tables } from './tables.ts'

export function identityStore(database: Database, db: Compiler, commit: CommitEntries): IdentityStore {
  const tenants = prepareTenants(db)
  const principals = preparePrincipals(db)
  const keys = prepareKeys(db)
  let [changes, underWay] = [0, 0]

  async function change(statements: readonly Statement[], entries: readonly Entry[]): Promise<void> {
    underWay++
    try {
      await commit(statements, entries)
    } finally {
      // Also when it was refused: a writer in doubt may have changed something.
      changes++
      underWay--
    }
  }

  return {
    // The folder of a SQLite database is locked for this process. PostgreSQL is written to by all nodes.
    edition: () => (database.dialect === 'sqlite' && underWay === 0 ? changes : null),

    async tenants() {
      return (await database.read(tenants.all({}))).map(parseBody<Tenant>)
    },
    async tenant(id) {
      return (await database.read(tenants.one({ id }))).map(parseBody<Tenant>)[0]
    },
    saveTenant(tenant, entries) {
      const { id, version } = tenant
      const row = { id, version, body: JSON.stringify(tenant) }
      const taken = refusal('NAME_TAKEN', { what: 'tenant', name: id })
      // The id of a tenant is its name.
      return change([saveVersion('tenant', row, tenants.insert, tenants.update, { pkey: taken })], entries)
    },

    async principals(tenant) {
      return (await database.read(principals.ofTenant({ tenant }))).map(parseBody<Principal>)
    },
    async principal(id) {
      return (await database.read(principals.one({ id }))).map(parseBody<Principal>)[0]
    },
    async principalByExternal(issuer, subject) {
      return (await database.read(principals.byExternal({ issuer, subject }))).map(parseBody<Principal>)[0]
    },
    savePrincipal(principal, entries) {
      const { id, name, external, memberships, version } = principal
      const row = {
        id,
        tenant: memberships[0]?.tenant ?? null,
        name,
        issuer: external?.issuer ?? null,
        subject: external?.subject ?? null,
        version,
        body: JSON.stringify(principal),
      }
      const unique = {
        ...nameTaken('principal', name),
        issuer_subject: refusal('NAME_TAKEN', { what: 'principal', name: external?.subject }),
      }
      const joined = [...new Set(memberships.map(each => each.tenant))]
      return change(
        [
          saveVersion('principal', row, principals.insert, principals.update, unique),
          principals.leaveAll({ principal: id }),
          ...joined.map(tenant => principals.join({ tenant, principal: id })),
        ],
        entries,
      )
    },

    async keys(tenant) {
      return (await database.read(keys.ofTenant({ tenant }))).map(keyOf)
    },
    async key(id) {
      return (await database.read(keys.one({ id }))).map(keyOf)[0]
    },
    saveKey: (key, entries) => change([keys.save(rowOf(key))], entries),
  }
}

function prepareTenants(db: Compiler) {
  type Row = Tables['tenants']
  return {
    all: prepare(() => db.selectFrom('tenants').select('body').orderBy('id')),
    one: prepare(({ id }: { id: string }) => db.selectFrom('tenants').select('body').where('id', '=', id)),
    insert: prepare(({ id, version, body }: Row) => db.insertInto('tenants').values({ id, version, body })),
    update: prepare(({ id, version, body, before }: Row & { before: number }) =>
      db.updateTable('tenants').set({ version, body }).where('id', '=', id).where('version', '=', before),
    ),
  }
}

function preparePrincipals(db: Compiler) {
  type Row = Tables['principals']
  return {
    ofTenant: prepare(({ tenant }: { tenant: string }) =>
      db
        .selectFrom('principals')
        .innerJoin('memberships', 'memberships.principal', 'principals.id')
        .select('principals.body')
        .where('memberships.tenant', '=', tenant)
        .orderBy('principals.name')
        .orderBy('principals.id'),
    ),
    one: prepare(({ id }: { id: string }) => db.selectFrom('principals').select('body').where('id', '=', id)),
    byExternal: prepare(({ issuer, subject }: { issuer: string; subject: string }) =>
      db.selectFrom('principals').select('body').where('issuer', '=', issuer).where('subject', '=', subject),
    ),
    insert: prepare(({ id, tenant, name, issuer, subject, version, body }: Row) =>
      db.insertInto('principals').values({ id, tenant, name, issuer, subject, version, body }),
    ),
    update: prepare(({ id, tenant, name, issuer, subject, version, body, before }: Row & { before: number }) =>
      db
        .updateTable('principals')
        .set({ tenant, name, issuer, subject, version, body })
        .where('id', '=', id)
        .where('version', '=', before),
    ),
    leaveAll: prepare(({ principal }: { principal: string }) =>
      db.deleteFrom('memberships').where('principal', '=', principal),
    ),
    join: prepare(({ tenant, principal }: Tables['memberships']) =>
      db.insertInto('memberships').values({ tenant, principal }),
    ),
  }
}

function prepareKeys(db: Compiler) {
  return {
    ofTenant: prepare(({ tenant }: { tenant: string }) =>
      db.selectFrom('keys').select(keyColumns).where('tenant', '=', tenant).orderBy('created_at').orderBy('id'),
    ),
    one: prepare(({ id }: { id: string }) => db.selectFrom('keys').select(keyColumns).where('id', '=', id)),
    save: prepare((row: Tables['keys']) => {
      const { id, tenant, principal, name, hash, scopes, expires_at, revoked_at, created_at } = row
      return db
        .insertInto('keys')
        .values({ id, tenant, principal, name, hash, scopes, expires_at, revoked_at, created_at })
        .onConflict(conflict => conflict.column('id').doUpdateSet({ revoked_at }))
    }),
  }
}

const keyColumns = [
  'id',
  'tenant',
  'principal',
  'name',
  'hash',
  'scopes',
  'expires_at',
  'revoked_at',
  'created_at',
] as const

function rowOf(key: Key): Tables['keys'] {
  const { scopes, expiresAt, revokedAt, createdAt, ...same } = key
  return {
    ...same,
    scopes: JSON.stringify(scopes),
    expires_at: expiresAt,
    revoked_at: revokedAt,
    created_at: createdAt,
  }
}

function keyOf(row: Tables['keys']): Key {
  return {
    id: row.id,
    tenant: row.tenant,
    principal: row.principal,
    name: row.name,
    hash: row.hash,
    scopes: JSON.parse(row.scopes) as Scope[],
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    createdAt: row.created_at,
  }
}
