import type { Migration } from './migration.ts'

export const journal: Migration = {
  number: 1,
  name: 'journal',
  statements: ({ text, integer, bytes, journalPlace }) => [
    `CREATE TABLE journal (
      ${journalPlace},
      id ${text} NOT NULL,
      tenant ${text} NOT NULL,
      stream ${text} NOT NULL,
      seq ${integer} NOT NULL,
      type ${text} NOT NULL,
      at ${text} NOT NULL,
      principal ${text} NOT NULL,
      correlation_id ${text} NOT NULL,
      causation_id ${text},
      data ${text} NOT NULL,
      leaf_hash ${text} NOT NULL,
      UNIQUE (tenant, stream, seq)
    )`,
    // A small tenant's reading must not become slow because another tenant's journal is long.
    'CREATE INDEX journal_by_tenant ON journal (tenant, "offset")',
    'CREATE INDEX journal_by_correlation ON journal (correlation_id, "offset")',
    ...(integer === 'bigint' ? ['CREATE INDEX journal_unsequenced ON journal (ordinal) WHERE "offset" IS NULL'] : []),
    `CREATE TABLE cursors (name ${text} PRIMARY KEY, position ${integer} NOT NULL)`,
    `CREATE TABLE blobs (
      tenant ${text} NOT NULL,
      digest ${text} NOT NULL,
      salt ${bytes} NOT NULL,
      bytes ${bytes} NOT NULL,
      PRIMARY KEY (tenant, digest)
    )`,
  ],
}
