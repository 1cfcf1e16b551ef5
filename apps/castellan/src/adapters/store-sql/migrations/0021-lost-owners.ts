import type { Migration } from './migration.ts'

export const lostOwners: Migration = {
  number: 21,
  name: 'lost-owners',
  statements: ({ text }) => [`ALTER TABLE server_owners ADD COLUMN lost ${text}`],
}
