import type { Actor } from '../../identity/index.ts'
import type { Journal } from '../../journal/index.ts'
import { canonicalize, digestBytes, fault, isJsonObject, type JsonObject, newId } from '../../kernel/index.ts'
import type { Expressions } from './expressions.ts'
import { type KnownTools, type Reading, readWorkflow, type Source } from './read-workflow.ts'
import type { StoredWorkflow, Workflow } from './workflow.ts'
import type { WorkflowStore } from './workflow-store.ts'

/** The workflows of the tenants; every change goes through store and journal. */
export class Workflows {
  readonly #store: WorkflowStore
  readonly #journal: Journal
  readonly #expressions: Expressions

  constructor(store: WorkflowStore, journal: Journal, expressions: Expressions) {
    this.#store = store
    this.#journal = journal
    this.#expressions = expressions
  }

  list(tenant: string): Promise<readonly StoredWorkflow[]> {
    return this.#store.workflows(tenant)
  }

  /** Throws `NOT_FOUND`. */
  async get(tenant: string, idOrName: string): Promise<StoredWorkflow> {
    const found = (await this.#store.workflows(tenant)).find(({ id, name }) => id === idOrName || name === idOrName)
    if (!found) throw fault('NOT_FOUND', { what: 'workflow' })
    return found
  }

  /** What is right and wrong about a document, with which nothing is done. */
  check(source: Source, tools?: KnownTools): Promise<Reading> {
    return readWorkflow(source, this.#expressions, tools)
  }

  /** A document in its normal form. Throws `WORKFLOW_INVALID`. */
  async read(source: Source): Promise<{ readonly workflow: Workflow; readonly document: JsonObject }> {
    const { workflow, document, problems } = await this.check(source)
    if (workflow !== null) return { workflow, document }
    const [first] = problems
    const { at, line, column, message } = first!
    const place = line === null ? at : `line ${line}, column ${column}${at === '' ? '' : ` (${at})`}`
    const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
    throw fault('WORKFLOW_INVALID', { why: `${place === '' ? '' : `${place}: `}${message}${more}` })
  }

  /** Makes it, or changes it to what is written; the same document changes nothing. Throws `WORKFLOW_INVALID`, `VERSION_CONFLICT`. */
  async put(name: string, source: Source, actor: Actor): Promise<StoredWorkflow> {
    const { workflow, document } = await this.read(source)
    if (workflow.name !== name)
      throw fault('WORKFLOW_INVALID', { why: `its name is "${workflow.name}", and it was to be put as "${name}"` })
    const before = (await this.#store.workflows(actor.tenant)).find(each => each.name === name)
    const text = 'text' in source ? source.text : null
    const digest = digestBytes(canonicalize(workflow as unknown as JsonObject))
    if (before && before.digest === digest && before.source === text) return before
    const { id = newId(), version = 0 } = before ?? {}
    const next = { id, tenant: actor.tenant, name, source: text, document, workflow, digest, version: version + 1 }
    const type = next.version === 1 ? 'workflow.created' : 'workflow.updated'
    await this.#store.save(next, [this.#entry(next, version, type, actor)])
    return next
  }

  /** Removes it; its runs go on. Throws `NOT_FOUND`. */
  async remove(idOrName: string, actor: Actor): Promise<void> {
    const workflow = await this.get(actor.tenant, idOrName)
    const entry = this.#entry(workflow, workflow.version, 'workflow.removed', actor)
    await this.#store.remove(workflow.tenant, workflow.id, [entry])
  }

  #entry({ tenant, id, name, digest, document }: StoredWorkflow, seq: number, type: string, actor: Actor) {
    const nodes = Array.isArray(document['nodes']) ? (document['nodes'] as readonly unknown[]) : []
    return this.#journal.seal({
      tenant,
      stream: `workflow:${id}`,
      seq,
      type,
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { name, digest, nodes: nodes.filter(each => isJsonObject(each as JsonObject)).length },
    })
  }
}
