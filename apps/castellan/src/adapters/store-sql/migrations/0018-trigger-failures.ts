import type { Migration } from './migration.ts'

export const triggerFailures: Migration = {
  number: 18,
  name: 'trigger-failures',
  statements: ({ text, integer }) => [
    `CREATE TABLE trigger_failures (
      trigger_id ${text} NOT NULL,
      "offset" ${integer} NOT NULL,
      why ${text} NOT NULL,
      PRIMARY KEY (trigger_id, "offset")
    )`,
  ],
}
