import type { Migration } from './migration.ts'

export const triggers: Migration = {
  number: 17,
  name: 'triggers',
  statements: ({ text, integer }) => [
    `CREATE TABLE triggers (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      position ${integer} NOT NULL,
      moment ${integer} NOT NULL,
      started ${integer} NOT NULL,
      failed ${integer} NOT NULL,
      refused ${integer} NOT NULL,
      trouble ${text},
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
    // Of those that have not ended, so that counting them stays as fast as they are few.
    `ALTER TABLE run_queue ADD COLUMN started_by ${text}`,
    'CREATE INDEX run_queue_by_trigger ON run_queue (started_by) WHERE started_by IS NOT NULL',
  ],
}
