import type { Migration } from './migration.ts'

export const subscriptions: Migration = {
  number: 13,
  name: 'subscriptions',
  statements: ({ text, integer }) => [
    `CREATE TABLE subscriptions (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      name ${text} NOT NULL,
      version ${integer} NOT NULL,
      paused ${integer} NOT NULL,
      concurrency ${integer} NOT NULL,
      position ${integer} NOT NULL,
      pending ${integer} NOT NULL,
      delivered ${integer} NOT NULL,
      dead ${integer} NOT NULL,
      failures ${integer} NOT NULL,
      trouble ${text},
      body ${text} NOT NULL,
      UNIQUE (tenant, name)
    )`,
    'CREATE INDEX subscriptions_behind ON subscriptions (tenant, id) WHERE pending > 0 AND paused = 0',
    // Only what has not arrived, so that looking for work stays as fast as the work there is.
    `CREATE TABLE deliveries (
      subscription ${text} NOT NULL,
      "offset" ${integer} NOT NULL,
      lane ${text} NOT NULL,
      attempts ${integer} NOT NULL,
      due_at ${integer},
      owner ${text},
      fence ${integer} NOT NULL,
      why ${text},
      PRIMARY KEY (subscription, "offset")
    )`,
    'CREATE INDEX deliveries_by_lane ON deliveries (subscription, lane, "offset")',
    'CREATE INDEX deliveries_due ON deliveries (subscription, due_at, "offset") WHERE due_at IS NOT NULL',
    'CREATE INDEX deliveries_next ON deliveries (due_at) WHERE due_at IS NOT NULL',
    'CREATE INDEX deliveries_held ON deliveries (subscription) WHERE owner IS NOT NULL',
    `CREATE TABLE dead_letters (
      id ${text} PRIMARY KEY,
      tenant ${text} NOT NULL,
      subscription ${text} NOT NULL,
      "offset" ${integer} NOT NULL,
      lane ${text} NOT NULL,
      attempts ${integer} NOT NULL,
      why ${text} NOT NULL,
      died_at ${text} NOT NULL
    )`,
    'CREATE INDEX dead_letters_by_tenant ON dead_letters (tenant, id)',
    'CREATE INDEX dead_letters_by_subscription ON dead_letters (subscription, id)',
  ],
}
