import type { Migration } from './migration.ts'

export const pins: Migration = {
  number: 5,
  name: 'pins',
  statements: ({ text, integer }) => [
    // By the name of a server, and without a reference to it: pins outlive the server. The definitions are apart, since they are
    // only read when one of them is asked for or compared.
    `CREATE TABLE pins (
      tenant ${text} NOT NULL,
      server ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      definitions ${text} NOT NULL,
      PRIMARY KEY (tenant, server)
    )`,
  ],
}
