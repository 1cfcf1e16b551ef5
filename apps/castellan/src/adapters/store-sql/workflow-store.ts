import type { StoredWorkflow, WorkflowStore } from '../../runs/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import type { Compiler } from './compile.ts'
import type { Database } from './database.ts'
import { namedRow, prepareNamed } from './named-table.ts'
import { nameTaken, parseBody, refusal, saveVersion } from './resource.ts'

export function workflowStore(database: Database, db: Compiler, commit: CommitEntries): WorkflowStore {
  const of = prepareNamed(db, 'workflows')
  return {
    workflows: async tenant => (await database.read(of.ofTenant({ tenant }))).map(parseBody<StoredWorkflow>),
    save: (workflow, entries) =>
      commit(
        [saveVersion('workflow', namedRow(workflow), of.insert, of.update, nameTaken('workflow', workflow.name))],
        entries,
      ),
    remove: (tenant, id, entries) =>
      commit([{ ...of.remove({ tenant, id }), one: refusal('NOT_FOUND', { what: 'workflow' }) }], entries),
  }
}
