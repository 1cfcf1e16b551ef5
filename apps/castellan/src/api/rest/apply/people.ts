import type { Manifest } from '@castellan/contracts'
import type { Actor, Principal, Role } from '../../../identity/index.ts'
import { fault, notFound } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'

/** In a manifest by name, in the store by id. */
type Recipient = { readonly role: Role } | { readonly principal: string }

/**
 * The principals that a manifest speaks of by name: those that are there, and those it declares and an earlier step makes.
 * Names are compared in Unicode NFC, as they are stored.
 */
export class People {
  readonly #directory: Core['directory']
  readonly #actor: Actor
  readonly #known: readonly Principal[]
  readonly #declared: ReadonlySet<string>

  private constructor(core: Pick<Core, 'directory'>, actor: Actor, known: readonly Principal[], manifest: Manifest) {
    this.#directory = core.directory
    this.#actor = actor
    this.#known = known
    this.#declared = new Set(manifest.principals?.map(({ name }) => name.normalize('NFC')))
  }

  static async of(core: Pick<Core, 'directory'>, manifest: Manifest, actor: Actor): Promise<People> {
    return new People(core, actor, await core.directory.principals.list(actor.tenant), manifest)
  }

  named(name: string): Principal | undefined {
    return this.#known.find(each => each.name === name.normalize('NFC'))
  }

  /** Who a recipient of the manifest is, in words. Throws `REQUEST_INVALID` for a name that is nowhere to be found. */
  declared(to: Recipient): string {
    if ('role' in to) return `role ${to.role}`
    const name = to.principal.normalize('NFC')
    if (this.named(name) || this.#declared.has(name)) return `principal ${name}`
    throw fault('REQUEST_INVALID', { why: `no principal is named "${name}"; declare it under "principals"` })
  }

  /** Who a recipient that is stored is, in the same words. */
  stored(to: Recipient): string {
    if ('role' in to) return `role ${to.role}`
    return `principal ${this.#known.find(each => each.id === to.principal)?.name ?? to.principal}`
  }

  /** The recipient by id. For when a step runs: the principal may have been made by a step before. Throws `NOT_FOUND`. */
  async resolve(to: Recipient): Promise<Recipient> {
    return 'role' in to ? to : { principal: await this.idOf(to.principal) }
  }

  /** The id of a principal. For when a step runs, as well. Throws `NOT_FOUND`. */
  async idOf(given: string): Promise<string> {
    const name = given.normalize('NFC')
    const found = (await this.#directory.principals.list(this.#actor.tenant)).find(each => each.name === name)
    if (!found) throw notFound('principal', given)
    return found.id
  }
}
