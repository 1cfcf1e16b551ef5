import type { Team, TeamStore } from '../../runs/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import type { Compiler } from './compile.ts'
import type { Database } from './database.ts'
import { namedRow, prepareNamed } from './named-table.ts'
import { nameTaken, parseBody, refusal, saveVersion } from './resource.ts'

export function teamStore(database: Database, db: Compiler, commit: CommitEntries): TeamStore {
  const of = prepareNamed(db, 'teams')
  return {
    teams: async tenant => (await database.read(of.ofTenant({ tenant }))).map(parseBody<Team>),
    save: (team, entries) =>
      commit([saveVersion('team', namedRow(team), of.insert, of.update, nameTaken('team', team.name))], entries),
    remove: (tenant, id, entries) =>
      commit([{ ...of.remove({ tenant, id }), one: refusal('NOT_FOUND', { what: 'team' }) }], entries),
  }
}
