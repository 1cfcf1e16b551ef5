import type { Definitions, PinBook, PinStore } from '../../registry/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { parseBody, saveVersion } from './resource.ts'
import type { Tables } from './tables.ts'

export function pinStore(database: Database, db: Compiler, commit: CommitEntries): PinStore {
  const pins = preparePins(db)

  return {
    books: async () => (await database.read(pins.all({}))).map(parseBody<PinBook>),
    book: async (tenant, server) => (await database.read(pins.one({ tenant, server }))).map(parseBody<PinBook>)[0],
    async definitions(tenant, server) {
      const [row] = await database.read(pins.definitions({ tenant, server }))
      return row ? (JSON.parse(row.definitions) as Definitions) : {}
    },
    save(book, definitions, entries) {
      const { tenant, server, version } = book
      const texts = { body: JSON.stringify(book), definitions: JSON.stringify(definitions) }
      return commit([saveVersion('pins', { tenant, server, version, ...texts }, pins.insert, pins.update)], entries)
    },
  }
}

function preparePins(db: Compiler) {
  type Row = Tables['pins']
  return {
    all: prepare(() => db.selectFrom('pins').select('body').orderBy('tenant').orderBy('server')),
    one: prepare(({ tenant, server }: Pick<Row, 'tenant' | 'server'>) =>
      db.selectFrom('pins').select('body').where('tenant', '=', tenant).where('server', '=', server),
    ),
    definitions: prepare(({ tenant, server }: Pick<Row, 'tenant' | 'server'>) =>
      db.selectFrom('pins').select('definitions').where('tenant', '=', tenant).where('server', '=', server),
    ),
    insert: prepare(({ tenant, server, version, body, definitions }: Row) =>
      db.insertInto('pins').values({ tenant, server, version, body, definitions }),
    ),
    update: prepare(({ tenant, server, version, body, definitions, before }: Row & { before: number }) =>
      db
        .updateTable('pins')
        .set({ version, body, definitions })
        .where('tenant', '=', tenant)
        .where('server', '=', server)
        .where('version', '=', before),
    ),
  }
}
