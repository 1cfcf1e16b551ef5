import { type Compiler, prepare } from './compile.ts'
import type { NamedRow } from './tables.ts'

/** The queries of a table of versioned resources with names, each kept whole as JSON. */
export function prepareNamed(
  db: Compiler,
  table: 'servers' | 'groups' | 'limits' | 'approval_rules' | 'budgets' | 'prices' | 'agents' | 'workflows' | 'teams',
) {
  return {
    all: prepare(() => db.selectFrom(table).select('body').orderBy('name').orderBy('tenant')),
    ofTenant: prepare(({ tenant }: { tenant: string }) =>
      db.selectFrom(table).select('body').where('tenant', '=', tenant).orderBy('name'),
    ),
    insert: prepare(({ id, tenant, name, version, body }: NamedRow) =>
      db.insertInto(table).values({ id, tenant, name, version, body }),
    ),
    update: prepare(({ id, tenant, name, version, body, before }: NamedRow & { before: number }) =>
      db
        .updateTable(table)
        .set({ name, version, body })
        .where('id', '=', id)
        .where('tenant', '=', tenant)
        .where('version', '=', before),
    ),
    remove: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.deleteFrom(table).where('id', '=', id).where('tenant', '=', tenant),
    ),
  }
}

/** The row of a resource. */
export function namedRow(resource: Omit<NamedRow, 'body'>): NamedRow {
  const { id, tenant, name, version } = resource
  return { id, tenant, name, version, body: JSON.stringify(resource) }
}
