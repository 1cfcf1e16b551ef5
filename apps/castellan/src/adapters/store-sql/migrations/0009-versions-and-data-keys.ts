import type { Migration } from './migration.ts'

export const versionsAndDataKeys: Migration = {
  number: 9,
  name: 'versions-and-data-keys',
  statements: ({ text, integer, bytes }) => {
    const bodyOf = (name: string) =>
      integer === 'bigint' ? `(p.body::json)->>'${name}'` : `json_extract(p.body, '$.${name}')`
    return [
      `CREATE TABLE policy_versions (
        tenant ${text} NOT NULL,
        version ${integer} NOT NULL,
        digest ${text} NOT NULL,
        at ${text} NOT NULL,
        principal ${text} NOT NULL,
        restores ${integer},
        files ${text} NOT NULL,
        PRIMARY KEY (tenant, version)
      )`,
      'CREATE INDEX policy_versions_by_digest ON policy_versions (tenant, digest)',
      // Of the versions before this step only the last was kept; the journal has who put it in force, and when.
      `INSERT INTO policy_versions (tenant, version, digest, at, principal, files)
       SELECT p.tenant, p.version, ${bodyOf('digest')}, j.at, j.principal, ${bodyOf('files')}
       FROM policy_sets p
       JOIN journal j ON j.tenant = p.tenant AND j.stream = 'policy:' || p.tenant AND j.seq = p.version - 1`,
      `ALTER TABLE secrets ADD COLUMN wrapped ${bytes}`,
    ]
  },
}
