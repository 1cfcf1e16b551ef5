import type { Migration } from './migration.ts'

export const sessions: Migration = {
  number: 10,
  name: 'sessions',
  statements: ({ text, integer }) => [
    `CREATE TABLE sessions (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      principal ${text} NOT NULL,
      state ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL
    )`,
    'CREATE INDEX sessions_by_tenant ON sessions (tenant, id)',
    "CREATE INDEX sessions_open ON sessions (id) WHERE state = 'open'",
  ],
}
