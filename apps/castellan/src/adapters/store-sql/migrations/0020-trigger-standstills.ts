import type { Migration } from './migration.ts'

export const triggerStandstills: Migration = {
  number: 20,
  name: 'trigger-standstills',
  statements: ({ integer }) => [`ALTER TABLE triggers ADD COLUMN standstills ${integer} NOT NULL DEFAULT 0`],
}
