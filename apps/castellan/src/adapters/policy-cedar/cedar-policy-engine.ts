import { digestJson, fault, once, Recent } from '../../kernel/index.ts'
import type { Decision, Obligations, PolicyEngine, PolicyHolder, PolicyInput, PolicySet } from '../../gate/index.ts'
import { authorizationCall } from './authorization-call.ts'
import { CedarInstance } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'
import { decisionKey } from './decision-key.ts'
import type { PolicyReads } from './policy-reads.ts'
import { projectArguments } from './project-arguments.ts'
import { readPolicies } from './read-policies.ts'
import { ValidTexts } from './valid-texts.ts'

/**
 * Cedar inside the process. Files end in `.cedar` and are written against `policies/schema.cedarschema`; a reason is
 * `file.cedar#id`, where the id is the policy's `@id` or, without one, its number in the file from 1.
 *
 * An evaluation error denies even when Cedar says allow: Cedar skips the policy that failed, and it may have been a forbid.
 * Its message is not repeated, because it may hold values of the arguments.
 *
 * A permit annotated with `@require_approval("why")` counts only when a person agrees, even where others permit the same: who wants
 * it otherwise says so in its conditions. What becomes of a task is part of the call that was approved, and asks nobody again.
 *
 * A policy knows no time and no chance: to what it looks at it always says the same. So decisions are remembered, `remembered`
 * of them and more, until any set is loaded. What was no clean answer of Cedar is asked anew each time.
 *
 * `validTexts` is a file to remember in what was found valid, so that the next start is faster. A set that was in force before is
 * read, and Cedar loaded, with the first question about its tenant, or by `prepare`.
 */
export function cedarPolicyEngine({
  remembered = 20_000,
  validTexts = null,
}: { readonly remembered?: number; readonly validTexts?: string | null } = {}): CedarPolicyEngine {
  return engineOver(new CedarInstance(), new ValidTexts(validTexts), remembered)
}

export interface CedarPolicyEngine extends PolicyEngine, PolicyHolder {
  /** Reads what it has put off. */
  prepare(): void
}

function engineOver(reader: CedarInstance, valid: ValidTexts, remembered: number): CedarPolicyEngine {
  // Text that nobody has checked yet meets the reader; decisions are made by an instance that has only seen good text.
  const judge = new CedarInstance()
  const tenants = new Map<string, Held>()
  const decisions = new Recent<string, Decision>(remembered)
  let loaded = 0

  function read({ tenant, files, digest }: PolicySet): InForce {
    const { policies, reads, approvals, problems } = readPolicies(reader, valid, files)
    if (problems.length > 0) {
      const why = problems.map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`)
      throw fault('POLICY_INVALID', { why: why.join('; ') })
    }
    const inForce: InForce = {
      number: ++loaded,
      digest,
      policies: Object.fromEntries(policies),
      reads,
      approvals,
      preparedIn: null,
    }
    try {
      give(tenant, inForce)
    } catch (cause) {
      throw fault('POLICY_INVALID', { why: 'the policy engine cannot hold it' }, { cause })
    }
    return inForce
  }

  /** Gives policies to the judge unless it has them: it forgets everything when it has to be replaced. */
  function give(tenant: string, inForce: InForce): void {
    if (inForce.preparedIn === judge.generation) return
    judge.ask(cedar => {
      must(cedar.preparseSchema(SCHEMA, cedarSchema))
      must(cedar.preparsePolicySet(tenant, { staticPolicies: inForce.policies }))
    })
    inForce.preparedIn = judge.generation
  }

  function decide(input: PolicyInput, inForce: InForce): Decision {
    const { principal, capability } = input
    if (![principal.id, principal.name, capability.server, capability.name].every(text => text.isWellFormed())) {
      return denied(inForce, 'a name is not valid Unicode')
    }
    const args =
      inForce.reads.arguments === 'all' || inForce.reads.arguments.size > 0 ? projectArguments(input.args) : null
    if (args && 'refused' in args) return denied(inForce, args.refused)
    const key = decisionKey(inForce, input, args)
    const known = decisions.get(key)
    if (known) return known
    give(input.tenant, inForce)
    const call = authorizationCall(input, args, { policies: input.tenant, schema: SCHEMA })
    const answer = judge.ask(cedar => cedar.statefulIsAuthorized(call))
    if (answer.type === 'failure') return denied(inForce, 'the question does not fit the policy schema')
    const { decision, diagnostics } = answer.response
    if (diagnostics.errors.length > 0)
      return denied(inForce, ...diagnostics.errors.map(error => `error in ${error.policyId}`).sort())
    const reasons = Object.freeze(diagnostics.reason.toSorted())
    const allow = decision === 'allow'
    const obligations = allow && !input.method.startsWith('tasks/') ? approvalFor(reasons, inForce) : null
    const clean = Object.freeze({ allow, reasons, policyDigest: inForce.digest, ...(obligations && { obligations }) })
    if (remembered > 0) decisions.set(key, clean)
    return clean
  }

  function answer(input: PolicyInput, signal: AbortSignal): Decision {
    const held = tenants.get(input.tenant)
    if (!held) return { allow: false, reasons: ['the tenant has no policies'], policyDigest: 'none' }
    try {
      if (signal.aborted) return denied(held, 'the call was cancelled before it was decided')
      return decide(input, held.inForce())
    } catch {
      return denied(held, 'the policy engine failed')
    }
  }

  return {
    name: NAME,
    failOpen: false,

    check: files => readPolicies(reader, valid, files).problems,

    load(set: PolicySet) {
      const inForce = once(() => read(set))
      if (!valid.hasSet(set.files)) {
        inForce()
        valid.addSet(set.files)
      }
      tenants.set(set.tenant, { digest: set.digest, inForce })
      decisions.clear()
    },

    prepare() {
      for (const held of tenants.values()) held.inForce()
    },

    // Another judge with other policies, and with it what only it remembers; it is gone when nobody has it any more.
    rehearse(tenant, files) {
      const apart = engineOver(reader, valid, REMEMBERED_IN_REHEARSAL)
      const digest = files === null ? 'none' : digestJson(files)
      if (files !== null) apart.load({ tenant, files, digest: digestJson(files), version: 0 })
      return { engine: NAME, digest, reads: apart.reads!(tenant), decide: apart.decide, close: apart.close }
    },

    decide: (input, signal) => Promise.resolve(answer(input, signal)),
    reads: tenant => tenants.get(tenant)?.inForce().reads.arguments ?? NOTHING,

    // It is part of this process: while we can ask, it can answer.
    trouble: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }
}

interface Held {
  readonly digest: string
  /** Read when it is first asked for. Throws `POLICY_INVALID`. */
  readonly inForce: () => InForce
}

interface InForce {
  /** Different for everything that was ever loaded. */
  readonly number: number
  readonly digest: string
  readonly policies: Readonly<Record<string, string>>
  readonly reads: PolicyReads
  /** What those that want a person to agree say about it. */
  readonly approvals: ReadonlyMap<string, string>
  /** The judge's generation that holds the policies. */
  preparedIn: number | null
}

const NAME = 'cedar'
const SCHEMA = 'castellan'
const NOTHING: ReadonlySet<string> = new Set()
const REMEMBERED_IN_REHEARSAL = 5_000

function approvalFor(permits: readonly string[], { approvals }: InForce): Obligations | null {
  const wanting = permits.filter(permit => approvals.has(permit))
  if (wanting.length === 0) return null
  const approvalReasons = wanting.map(permit =>
    approvals.get(permit) ? `${approvals.get(permit)} (${permit})` : permit,
  )
  return Object.freeze({
    requireApproval: true,
    redact: false,
    dryRun: false,
    approvalReasons: Object.freeze(approvalReasons),
  })
}

function denied({ digest }: Held | InForce, ...reasons: readonly string[]): Decision {
  return { allow: false, reasons, policyDigest: digest }
}

function must(
  answer: { readonly type: 'success' } | { readonly type: 'failure'; readonly errors: readonly { message: string }[] },
): void {
  if (answer.type === 'failure') throw new Error(`Cedar refuses what it accepted before: ${answer.errors[0]?.message}`)
}
