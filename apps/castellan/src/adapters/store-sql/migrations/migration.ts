/** One step of the schema. Once released it never changes: what must change becomes the next step. */
export interface Migration {
  /** From 1 without gaps; the file carries it, too. */
  readonly number: number
  readonly name: string
  readonly statements: (words: DialectWords) => readonly string[]
}

/** Where the dialects of SQL differ. */
export interface DialectWords {
  readonly integer: 'INTEGER' | 'bigint'
  readonly bytes: 'BLOB' | 'bytea'
  /** Text that is compared and sorted by its UTF-8 bytes, whatever the locale of the database. */
  readonly text: 'TEXT' | 'text COLLATE "C"'
  /** Columns that place a journal entry in the whole. */
  readonly journalPlace: string
}

export const words: Readonly<Record<'sqlite' | 'postgres', DialectWords>> = {
  sqlite: {
    integer: 'INTEGER',
    bytes: 'BLOB',
    text: 'TEXT',
    // Assigned by SQLite as the largest so far plus one, so a row that was rolled back leaves no gap.
    journalPlace: '"offset" INTEGER PRIMARY KEY',
  },
  postgres: {
    integer: 'bigint',
    bytes: 'bytea',
    text: 'text COLLATE "C"',
    // The identity has gaps and may commit out of order; the offset, assigned afterwards, has and does neither.
    journalPlace: 'ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "offset" bigint UNIQUE',
  },
}
