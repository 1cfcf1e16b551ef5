import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from './database.ts'

/** The texts of a list in JSON, as what a column may be `IN`. */
export function listedIn(dialect: Dialect, texts: string): RawBuilder<string> {
  return dialect === 'postgres'
    ? sql<string>`(SELECT jsonb_array_elements_text(${texts}::jsonb))`
    : sql<string>`(SELECT value FROM json_each(${texts}))`
}
