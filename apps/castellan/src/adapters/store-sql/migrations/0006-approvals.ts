import type { Migration } from './migration.ts'

export const approvals: Migration = {
  number: 6,
  name: 'approvals',
  statements: ({ text, integer }) => [
    `CREATE TABLE approvals (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      state ${text} NOT NULL,
      binding ${text} NOT NULL,
      principal ${text} NOT NULL,
      expires_at ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL
    )`,
    // One question at a time about the same call; named as a constraint would be.
    `CREATE UNIQUE INDEX approvals_tenant_binding_key ON approvals (tenant, binding)
      WHERE state IN ('pending', 'approved')`,
    'CREATE INDEX approvals_by_tenant ON approvals (tenant, id)',
    'CREATE INDEX approvals_by_binding ON approvals (tenant, binding, id)',
    "CREATE INDEX approvals_pending ON approvals (tenant, principal) WHERE state = 'pending'",
    "CREATE INDEX approvals_open ON approvals (expires_at) WHERE state IN ('pending', 'approved')",
    `CREATE TABLE approval_notices (
      id ${text} PRIMARY KEY REFERENCES approvals (id),
      tenant ${text} NOT NULL,
      version ${integer} NOT NULL,
      next_at ${text},
      body ${text} NOT NULL
    )`,
    'CREATE INDEX approval_notices_due ON approval_notices (next_at) WHERE next_at IS NOT NULL',
    `CREATE TABLE approval_rules (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
  ],
}
