import type { Migration } from './migration.ts'

export const teams: Migration = {
  number: 15,
  name: 'teams',
  statements: ({ text, integer }) => [
    `CREATE TABLE teams (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
  ],
}
