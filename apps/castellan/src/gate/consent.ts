import { type Approval, type Approvals, questionFor, readAnswer, type Standing } from '../approvals/index.ts'
import { digestJson, isFault, isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'
import type { Call } from './call.ts'
import type { CallerClient } from './connector.ts'
import type { CallRequest } from './request.ts'
import { withoutMarked } from './secret-arguments.ts'

/** What a call needs the agreement of people for. */
export interface Demand {
  /** Names of the guards that ask for it. */
  readonly guards: readonly string[]
  readonly reasons: readonly string[]
  /** What all guards said of the call. */
  readonly facts: JsonObject
}

/** Gets the approval that some calls need: one that was given, or one to be asked for. */
export class Consent {
  readonly #approvals: Approvals

  constructor(approvals: Approvals) {
    this.#approvals = approvals
  }

  /** How it stands with this very call under these very policies. Throws `STORE_UNAVAILABLE`. */
  standing(call: Call, { guards, reasons, facts }: Demand): Promise<Standing> {
    const { identity, server, capability, method, effect, openWorld, args, context } = call
    const { id, kind, name } = identity.principal
    const policyDigest = digestJson(policiesIn(facts))
    return this.#approvals.standing({
      tenant: identity.tenant,
      // The digest of the call covers tenant, principal, server, capability and its definition, method, arguments and input.
      binding: digestJson([call.digest, policyDigest, guards.toSorted()]),
      asked: {
        callId: call.id,
        correlationId: context.correlationId,
        by: { id, kind, name },
        server: server.name,
        capability: capability.name,
        definition: capability.digest,
        method,
        effect,
        openWorld,
        policyDigest,
        guards,
        reasons,
      },
      args: withoutMarked(args, call.capability),
    })
  }

  /** What the call makes of an approval when it runs. Throws `APPROVAL_SPENT`. */
  use(approval: Approval, call: Call) {
    return this.#approvals.use(approval, { id: call.id, principal: call.identity.principal.id })
  }

  /**
   * Waits for a decision as far as the caller does: its own user is asked, if that may decide and the client can ask; and the
   * decision of others is waited for as long as the caller said. Resolves with whether anyone was waited for.
   */
  async seek(approval: Approval, call: Call, { io, patience = 0 }: CallRequest, ending: AbortSignal): Promise<boolean> {
    const signal = AbortSignal.any([io.signal, ending])
    const { client } = io
    const asks = client !== null && canShowForms(client) && this.#approvals.isOwnToDecide(approval, call.identity)
    if (asks) await this.#askUser(approval, call, client, signal)
    if (patience === 0) return asks
    await this.#approvals.settled(approval, AbortSignal.any([signal, AbortSignal.timeout(patience)]))
    return true
  }

  /** Ends when the user answered, or somebody else decided meanwhile. */
  async #askUser(approval: Approval, call: Call, client: CallerClient, signal: AbortSignal): Promise<void> {
    const args = await this.#approvals.argumentsOf(approval, 'decides')
    const withdrawn = new AbortController()
    const asking = AbortSignal.any([signal, withdrawn.signal])
    const answering = client.ask('elicitation/create', questionFor(approval, args), asking)
    // A client that has gone to come back later is not to miss what its call did meanwhile.
    const others = client.takesInputRequired ? [] : [this.#approvals.settled(approval, asking).then(() => null)]
    try {
      const answer = await Promise.race([answering, ...others])
      const said = answer?.is === 'result' ? readAnswer(answer.result) : null
      if (said === null) return
      const by = { is: 'principal', identity: call.identity, through: 'client' } as const
      const command = { is: said.agrees ? 'approve' : 'reject', by, reason: said.reason } as const
      await this.#approvals.act(approval.tenant, approval.id, command, call.context.correlationId)
    } catch (error) {
      // Others have decided while the user did.
      if (!isFault(error, 'APPROVAL_CLOSED') && !isFault(error, 'APPROVAL_REPEATED')) throw error
    } finally {
      withdrawn.abort()
    }
  }
}

/** What of the engines' decisions an approval is good for: who decided, by which policies. */
function policiesIn({ policy }: JsonObject): JsonValue {
  if (!Array.isArray(policy)) return []
  return policy
    .filter(isJsonObject)
    .map(({ engine, digest, revision }) => [engine ?? null, digest ?? null, revision ?? null])
}

function canShowForms({ capabilities }: CallerClient): boolean {
  return isJsonObject(capabilities.elicitation)
}
