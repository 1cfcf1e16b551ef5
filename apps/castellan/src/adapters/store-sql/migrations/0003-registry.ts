import type { Migration } from './migration.ts'

export const registry: Migration = {
  number: 3,
  name: 'registry',
  statements: ({ text, integer, bytes }) => [
    `CREATE TABLE servers (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
    // One row for a whole catalogue: it is replaced and read as a whole, thousands of definitions at a time.
    `CREATE TABLE catalogs (
      server ${text} PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
      tenant ${text} NOT NULL,
      body ${text} NOT NULL
    )`,
    'CREATE INDEX catalogs_by_tenant ON catalogs (tenant)',
    `CREATE TABLE grants (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL
    )`,
    'CREATE INDEX grants_by_tenant ON grants (tenant)',
    `CREATE TABLE groups (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
    `CREATE TABLE secrets (
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      key_id ${text} NOT NULL,
      nonce ${bytes} NOT NULL,
      ciphertext ${bytes} NOT NULL,
      PRIMARY KEY (tenant, name)
    )`,
  ],
}
