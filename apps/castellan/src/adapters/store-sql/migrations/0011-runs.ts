import type { Migration } from './migration.ts'

export const runs: Migration = {
  number: 11,
  name: 'runs',
  statements: ({ text, integer, bytes }) => [
    `CREATE TABLE agents (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
    `CREATE TABLE runs (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      kind ${text} NOT NULL,
      name ${text} NOT NULL,
      state ${text} NOT NULL,
      principal ${text} NOT NULL,
      parent ${text},
      session ${text},
      body ${text} NOT NULL
    )`,
    'CREATE INDEX runs_by_tenant ON runs (tenant, id)',
    'CREATE INDEX runs_by_session ON runs (tenant, session, id) WHERE session IS NOT NULL',
    'CREATE INDEX runs_by_parent ON runs (parent) WHERE parent IS NOT NULL',
    // Only those that have not ended, so that looking for work stays as fast as the work there is.
    `CREATE TABLE run_queue (
      run ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      priority ${integer} NOT NULL,
      due_at ${integer},
      owner ${text},
      fence ${integer} NOT NULL,
      told ${integer} NOT NULL
    )`,
    'CREATE INDEX run_queue_due ON run_queue (tenant, priority DESC, due_at, run) WHERE due_at IS NOT NULL',
    'CREATE INDEX run_queue_next ON run_queue (due_at) WHERE due_at IS NOT NULL',
    'CREATE INDEX run_queue_held ON run_queue (owner) WHERE owner IS NOT NULL',
    // Who is there, so that others know whose calls nobody will finish any more.
    `CREATE TABLE nodes (id ${text} PRIMARY KEY, alive_until ${integer} NOT NULL)`,
    `ALTER TABLE calls ADD COLUMN node ${text}`,
    `CREATE TABLE run_waits (
      run ${text} NOT NULL,
      tenant ${text} NOT NULL,
      what ${text} NOT NULL,
      PRIMARY KEY (run, what)
    )`,
    'CREATE INDEX run_waits_by_what ON run_waits (tenant, what)',
    `CREATE TABLE run_payloads (
      tenant ${text} NOT NULL,
      run ${text} NOT NULL,
      seq ${integer} NOT NULL,
      salt ${bytes} NOT NULL,
      value ${text} NOT NULL,
      PRIMARY KEY (tenant, run, seq)
    )`,
  ],
}
