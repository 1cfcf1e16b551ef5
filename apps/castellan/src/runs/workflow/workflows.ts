import type { Actor } from '../../identity/index.ts'
import type { Journal } from '../../journal/index.ts'
import {
  canonicalize,
  type Digest,
  digestBytes,
  fault,
  type JsonObject,
  type JsonValue,
  newId,
  notFound,
} from '../../kernel/index.ts'
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
    if (!found) throw notFound('workflow', idOrName)
    return found
  }

  /** What is right and wrong about a document, with which nothing is done. */
  check(source: Source, tools?: KnownTools): Promise<Reading> {
    return readWorkflow(source, this.#expressions, tools)
  }

  /** A document in its normal form. Throws `WORKFLOW_INVALID`. */
  async read(source: Source): Promise<ReadWorkflow> {
    const { workflow, document, problems } = await this.check(source)
    if (workflow !== null) return { workflow, document }
    const [first] = problems
    const places = problems.map(each => each.at)
    const messages = problems.map(inWords)
    const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
    const where = first!.at === '' ? '' : `${first!.at}: `
    throw fault('WORKFLOW_INVALID', { why: `${where}${messages[0]}${more}`, places, messages })
  }

  /** Makes it, or changes it to what is written; the same document changes nothing. Throws `WORKFLOW_INVALID`, `VERSION_CONFLICT`. */
  async put(name: string, source: Source, actor: Actor): Promise<StoredWorkflow> {
    const { workflow, document } = await this.read(source)
    if (workflow.name !== name)
      throw fault('WORKFLOW_INVALID', { why: `its name is "${workflow.name}", and it was to be put as "${name}"` })
    const before = (await this.#store.workflows(actor.tenant)).find(each => each.name === name)
    if (before && workflowDifferences(before, source, { workflow, document }).length === 0) return before
    return this.#save(stored(before ?? null, source, workflow, document, actor.tenant), actor)
  }

  /** Throws `WORKFLOW_INVALID`, `NAME_TAKEN`. */
  async create(source: Source, actor: Actor): Promise<StoredWorkflow> {
    const { workflow, document } = await this.read(source)
    return this.#save(stored(null, source, workflow, document, actor.tenant), actor)
  }

  /** Removes it; its runs go on. Throws `NOT_FOUND`. */
  async remove(idOrName: string, actor: Actor): Promise<void> {
    const workflow = await this.get(actor.tenant, idOrName)
    const entry = this.#entry(workflow, workflow.version, 'workflow.removed', actor)
    await this.#store.remove(workflow.tenant, workflow.id, [entry])
  }

  async #save(workflow: StoredWorkflow, actor: Actor): Promise<StoredWorkflow> {
    const type = workflow.version === 1 ? 'workflow.created' : 'workflow.updated'
    await this.#store.save(workflow, [this.#entry(workflow, workflow.version - 1, type, actor)])
    return workflow
  }

  #entry({ tenant, id, name, digest, workflow }: StoredWorkflow, seq: number, type: string, actor: Actor) {
    return this.#journal.seal({
      tenant,
      stream: `workflow:${id}`,
      seq,
      type,
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { name, digest, nodes: workflow.nodes.map(node => node.id) },
    })
  }
}

/** A document that is right, as it stands and in its normal form. */
export interface ReadWorkflow {
  readonly workflow: Workflow
  readonly document: JsonObject
}

/**
 * In what a document is other than the one that is kept: the names of its fields, and `source` when only what is around them is. Nothing
 * when it says the same, and in the same words if it came as a text.
 */
export function workflowDifferences(
  before: StoredWorkflow,
  source: Source,
  { workflow, document }: ReadWorkflow,
): readonly string[] {
  if (before.digest === digestOf(workflow) && before.source === textOf(source)) return []
  const names = new Set([...Object.keys(before.document), ...Object.keys(document)])
  const text = (value: JsonValue | undefined) => canonicalize(value ?? null)
  const other = [...names].filter(name => text(before.document[name]) !== text(document[name])).toSorted()
  return other.length === 0 ? ['source'] : other
}

function stored(
  before: StoredWorkflow | null,
  source: Source,
  workflow: Workflow,
  document: JsonObject,
  tenant: string,
): StoredWorkflow {
  const { id, version } = before ?? { id: newId(), version: 0 }
  const read = { document, workflow, digest: digestOf(workflow) }
  return { id, tenant, name: workflow.name, source: textOf(source), ...read, version: version + 1 }
}

function digestOf(workflow: Workflow): Digest {
  return digestBytes(canonicalize(workflow))
}

function textOf(source: Source): string | null {
  return 'text' in source ? source.text : null
}

function inWords({ node, line, column, message }: Reading['problems'][number]): string {
  const where = line === null ? '' : `line ${line}, column ${column}: `
  return `${where}${node === null ? '' : `node "${node}": `}${message}`
}
