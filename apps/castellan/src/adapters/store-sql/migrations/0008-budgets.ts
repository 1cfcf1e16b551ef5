import type { Migration } from './migration.ts'

export const budgets: Migration = {
  number: 8,
  name: 'budgets',
  statements: ({ text, integer }) => [
    ...['budgets', 'prices'].map(
      table => `CREATE TABLE ${table} (
        id ${text} PRIMARY KEY,
        tenant ${text} NOT NULL,
        name ${text} NOT NULL,
        version ${integer} NOT NULL,
        body ${text} NOT NULL,
        UNIQUE (tenant, name)
      )`,
    ),
    `CREATE TABLE accounts (
      budget ${text} NOT NULL,
      subject ${text} NOT NULL,
      period ${text} NOT NULL,
      tenant ${text} NOT NULL,
      spent ${integer} NOT NULL,
      reserved ${integer} NOT NULL,
      unpriced ${integer} NOT NULL,
      PRIMARY KEY (budget, period, subject)
    )`,
  ],
}
