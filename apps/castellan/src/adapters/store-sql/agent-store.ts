import type { Agent, AgentStore } from '../../runs/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import type { Compiler } from './compile.ts'
import type { Database } from './database.ts'
import { namedRow, prepareNamed } from './named-table.ts'
import { nameTaken, parseBody, refusal, saveVersion } from './resource.ts'

export function agentStore(database: Database, db: Compiler, commit: CommitEntries): AgentStore {
  const of = prepareNamed(db, 'agents')
  return {
    agents: async tenant => (await database.read(of.ofTenant({ tenant }))).map(parseBody<Agent>),
    save: (agent, entries) =>
      commit([saveVersion('agent', namedRow(agent), of.insert, of.update, nameTaken('agent', agent.name))], entries),
    remove: (tenant, id, entries) =>
      commit([{ ...of.remove({ tenant, id }), one: refusal('NOT_FOUND', { what: 'agent' }) }], entries),
  }
}
