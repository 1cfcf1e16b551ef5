import type { Migration } from './migration.ts'

export const manyNodes: Migration = {
  number: 16,
  name: 'many-nodes',
  statements: ({ text, integer }) => [
    // What tells this installation from others that use the same NATS; made when it is first asked for.
    `CREATE TABLE installation (place ${integer} PRIMARY KEY, id ${text} NOT NULL)`,
    // As those who probe found it, for those who do not.
    `CREATE TABLE server_health (
      server ${text} PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
      body ${text} NOT NULL
    )`,
    // Which process runs a server whose connections cannot be shared otherwise. The number goes up with each who does.
    `CREATE TABLE server_owners (
      pool ${text} PRIMARY KEY,
      node ${text} NOT NULL,
      address ${text} NOT NULL,
      fence ${integer} NOT NULL,
      until ${integer} NOT NULL
    )`,
  ],
}
