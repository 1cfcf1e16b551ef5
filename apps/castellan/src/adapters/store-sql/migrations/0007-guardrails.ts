import type { Migration } from './migration.ts'

export const guardrails: Migration = {
  number: 7,
  name: 'guardrails',
  statements: ({ text, integer }) => [
    `CREATE TABLE guardrail_sets (tenant ${text} PRIMARY KEY, version ${integer} NOT NULL, body ${text} NOT NULL)`,
    `ALTER TABLE calls ADD COLUMN session ${text}`,
    `ALTER TABLE calls ADD COLUMN labels ${text}`,
    'CREATE INDEX calls_labelled ON calls (id) WHERE labels IS NOT NULL',
  ],
}
