import type { Migration } from './migration.ts'

export const identity: Migration = {
  number: 2,
  name: 'identity',
  statements: ({ text, integer }) => [
    `CREATE TABLE tenants (id ${text} PRIMARY KEY, version ${integer} NOT NULL, body ${text} NOT NULL)`,
    `CREATE TABLE principals (
      id ${text} PRIMARY KEY,
      tenant ${text},
      name ${text} NOT NULL,
      issuer ${text},
      subject ${text},
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      UNIQUE (tenant, name),
      UNIQUE (issuer, subject)
    )`,
    `CREATE TABLE memberships (
      tenant ${text} NOT NULL,
      principal ${text} NOT NULL REFERENCES principals (id),
      PRIMARY KEY (tenant, principal)
    )`,
    'CREATE INDEX memberships_by_principal ON memberships (principal)',
    `CREATE TABLE keys (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      principal ${text} NOT NULL,
      name ${text} NOT NULL,
      hash ${text} NOT NULL,
      scopes ${text} NOT NULL,
      expires_at ${text},
      revoked_at ${text},
      created_at ${text} NOT NULL
    )`,
    'CREATE INDEX keys_by_tenant ON keys (tenant)',
  ],
}
