import type { Migration } from './migration.ts'

export const notes: Migration = {
  number: 12,
  name: 'notes',
  statements: ({ text, integer }) => [
    `CREATE TABLE notes (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      shelf ${text} NOT NULL,
      session ${text},
      at ${text} NOT NULL,
      length ${integer} NOT NULL,
      body ${text} NOT NULL
    )`,
    'CREATE INDEX notes_by_shelf ON notes (tenant, shelf, id)',
    // Words in our own table, and not in what each database has for it: so both find the same.
    `CREATE TABLE note_words (
      tenant ${text} NOT NULL,
      shelf ${text} NOT NULL,
      word ${text} NOT NULL,
      note ${text} NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
      times ${integer} NOT NULL,
      PRIMARY KEY (tenant, shelf, word, note)
    )`,
    'CREATE INDEX note_words_by_note ON note_words (note)',
  ],
}
