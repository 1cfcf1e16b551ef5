import type { Migration } from './migration.ts'

export const gate: Migration = {
  number: 4,
  name: 'gate',
  statements: ({ text, integer }) => [
    `CREATE TABLE calls (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      principal ${text} NOT NULL,
      server ${text} NOT NULL,
      capability ${text} NOT NULL,
      method ${text} NOT NULL,
      effect ${text} NOT NULL,
      digest ${text} NOT NULL,
      idempotency_key ${text},
      correlation_id ${text} NOT NULL,
      state ${text} NOT NULL,
      outcome ${text},
      started_at ${text} NOT NULL,
      ended_at ${text}
    )`,
    'CREATE INDEX calls_by_tenant ON calls (tenant, id)',
    'CREATE INDEX calls_by_correlation ON calls (correlation_id)',
    "CREATE INDEX calls_open ON calls (id) WHERE state = 'open'",
    `CREATE TABLE claims (
      tenant ${text} NOT NULL,
      principal ${text} NOT NULL,
      key ${text} NOT NULL,
      call ${text} NOT NULL REFERENCES calls (id),
      outcome ${text},
      PRIMARY KEY (tenant, principal, key)
    )`,
    `CREATE TABLE policy_sets (tenant ${text} PRIMARY KEY, version ${integer} NOT NULL, body ${text} NOT NULL)`,
    `CREATE TABLE limits (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
  ],
}
