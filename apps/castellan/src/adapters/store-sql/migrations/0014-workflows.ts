import type { Migration } from './migration.ts'

export const workflows: Migration = {
  number: 14,
  name: 'workflows',
  statements: ({ text, integer }) => [
    `CREATE TABLE workflows (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
  ],
}
