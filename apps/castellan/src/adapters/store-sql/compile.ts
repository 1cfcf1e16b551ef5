import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { once } from '../../kernel/index.ts'
import type { Dialect, Query, SqlValue } from './database.ts'
import type { Tables } from './tables.ts'

export type Compiler = Kysely<Tables>

/** A query builder that only compiles: what it makes is run by the database's own code, without it. */
export function compilerFor(dialect: Dialect): Compiler {
  return new Kysely<Tables>({
    dialect: {
      createDriver: () => new DummyDriver(),
      ...(dialect === 'sqlite'
        ? {
            createAdapter: () => new SqliteAdapter(),
            createIntrospector: db => new SqliteIntrospector(db),
            createQueryCompiler: () => new SqliteQueryCompiler(),
          }
        : {
            createAdapter: () => new PostgresAdapter(),
            createIntrospector: db => new PostgresIntrospector(db),
            createQueryCompiler: () => new PostgresQueryCompiler(),
          }),
    },
  })
}

/**
 * Compiles a query once, when it is first asked for. `build` sees a placeholder for each of its arguments and must use them
 * as plain values; the returned function only fills in the real ones.
 */
export function prepare<Args extends object, Row>(build: (args: Args) => Compilable<Row>): (args: Args) => Query<Row> {
  const prepared = once(() => {
    const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as Args
    const { sql, parameters } = build(placeholders).compile()
    return { sql, slots: parameters.map(each => (each instanceof Placeholder ? each : { value: each as SqlValue })) }
  })
  return args => {
    const { sql, slots } = prepared()
    const given = args as Readonly<Record<string, SqlValue>>
    return { sql, values: slots.map(slot => (slot instanceof Placeholder ? given[slot.name]! : slot.value)) }
  }
}

/** Compiles a query whose shape depends on its arguments. */
export function compile<Row>(query: Compilable<Row>): Query<Row> {
  const { sql, parameters } = query.compile()
  return { sql, values: parameters as readonly SqlValue[] }
}

class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}
