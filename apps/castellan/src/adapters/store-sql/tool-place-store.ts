import { sql } from 'kysely'
import type { ToolPlace, ToolPlaceStore } from '../../runs/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { listedIn } from './listed-in.ts'
import { lockNames } from './lock-names.ts'
import { storeTime } from './store-time.ts'

/**
 * Whoever has a row is in the line, whatever its lease: that it is over only lets others delete it. So those before a row only ever become
 * fewer, and who was found among the first once is there as long as the row is.
 */
export function toolPlaceStore(database: Database, db: Compiler, node: string): ToolPlaceStore {
  const { dialect } = database
  const { now, whole } = storeTime(dialect)
  const lockTools = lockNames(db, dialect, 48_120_002)
  const given = (places: string) =>
    dialect === 'postgres'
      ? sql`SELECT place->>'id' AS id, place->>'tool' AS tool, number
          FROM jsonb_array_elements(${places}::jsonb) WITH ORDINALITY AS places (place, number)`
      : sql`SELECT value->>'id' AS id, value->>'tool' AS tool, key AS number FROM json_each(${places})`
  const until = (lease: number) => sql`${now} + ${whole(lease)}`

  const forgetLate = prepare(({ tools }: { tools: string }) =>
    db
      .deleteFrom('tool_places')
      .where('tool', 'in', listedIn(dialect, tools))
      .where(sql<number>`until`, '<=', now),
  )
  const enter = prepare(({ places, lease }: { places: string; lease: number }) => ({
    compile: () =>
      sql`
        INSERT INTO tool_places (id, tool, turn, node, until)
        SELECT id, tool,
          (SELECT coalesce(max(turn), 0) FROM tool_places AS line WHERE line.tool = given.tool)
            + row_number() OVER (PARTITION BY tool ORDER BY number),
          CAST(${node} AS text), ${until(lease)}
        FROM (${given(places)}) AS given WHERE true
        ON CONFLICT (id) DO UPDATE SET until = excluded.until`.compile(db),
  }))
  const keep = prepare(({ places, lease }: { places: string; lease: number }) => ({
    compile: () =>
      sql`
        INSERT INTO tool_places (id, tool, turn, node, until)
        SELECT id, tool, 0, CAST(${node} AS text), ${until(lease)} FROM (${given(places)}) AS given WHERE true
        ON CONFLICT (id) DO UPDATE SET turn = 0, until = excluded.until`.compile(db),
  }))
  const first = prepare(({ tools, most }: { tools: string; most: number }) => ({
    compile: () =>
      sql<{ id: string }>`
        SELECT id FROM (
          SELECT id, node, row_number() OVER (PARTITION BY tool ORDER BY turn, id) AS place
          FROM tool_places WHERE tool IN ${listedIn(dialect, tools)}
        ) AS lines WHERE node = ${node} AND place <= ${whole(most)} ORDER BY place`.compile(db),
  }))
  const leave = prepare(({ id }: { id: string }) => db.deleteFrom('tool_places').where('id', '=', id))

  return {
    async enter(waiting, lease) {
      const tools = toolsOf(waiting)
      const places = JSON.stringify(waiting)
      // The end of a line is where the one before has found it and committed.
      await database.write([
        ...lockTools(tools),
        forgetLate({ tools: JSON.stringify(tools) }),
        enter({ places, lease }),
      ])
    },
    keep: (calling, lease) => database.write([keep({ places: JSON.stringify(calling), lease })]),
    async first(tools, most) {
      return (await database.read(first({ tools: JSON.stringify(tools), most }))).map(({ id }) => id)
    },
    leave: id => database.write([leave({ id })]),
  }
}

function toolsOf(places: readonly ToolPlace[]): readonly string[] {
  return [...new Set(places.map(({ tool }) => tool))]
}
