import type { Migration } from './migration.ts'

export const listeningNodes: Migration = {
  number: 22,
  name: 'listening-nodes',
  // Where others find a process on which somebody listens to what models say.
  statements: ({ text }) => [`ALTER TABLE nodes ADD COLUMN listens_at ${text}`],
}
