import type { BundleHolder, Decision, Judge, PolicyEngine, PolicyInput } from '../../gate/index.ts'
import { fault } from '../../kernel/index.ts'
import { BundleInForce, type InForce } from './bundle-in-force.ts'
import { BundleProblem } from './bundle-problem.ts'
import { decisionPath, fitsDecisionPath } from './decision-path.ts'
import type { Evaluation, Evaluator } from './evaluator.ts'
import { probeInput } from './probe-input.ts'
import { questionOf } from './question.ts'
import { parseBundle } from './read-bundle.ts'
import { readResult } from './read-result.ts'

export interface OpaWasmOptions {
  /** Path of a bundle with `policy.wasm` and `data.json` (`.tar.gz`), or of a bare `.wasm`. */
  readonly bundle: string
  /** Entrypoint of the decision; `{tenant}` stands for the tenant. */
  readonly path: string
  /** Milliseconds for one decision. */
  readonly timeout: number
  /** Bytes of memory for the policy, its data and one question. */
  readonly memory: number
  /** Milliseconds between two looks at the file. */
  readonly lookEvery?: number
  /** Told of a file that is not put in force, and why. */
  readonly onRefused?: (why: string) => void
}

/**
 * A policy in Rego that was compiled to WebAssembly, evaluated in this process: the same questions and answers as with OPA, and
 * nobody to be reached. It denies whatever it cannot decide: no bundle, an undefined decision, an error, too much memory, too
 * much time.
 *
 * A bundle has to answer a plain question before it is put in force.
 */
export function opaWasmPolicyEngine(options: OpaWasmOptions): PolicyEngine & BundleHolder {
  const { bundle, path, timeout, memory, lookEvery = 1_000, onRefused = () => undefined } = options
  const kept = new BundleInForce({
    path: bundle,
    bounds: { timeout, memory },
    lookEvery,
    trial: evaluator => trial(evaluator, path),
    onRefused,
  })
  // So that the first call does not wait for it.
  void kept.look()

  async function decide(input: PolicyInput, by: () => Promise<InForce | null>): Promise<Decision> {
    const entrypoint = decisionPath(path, input.tenant)
    if (entrypoint === null) return denied('the name of the tenant cannot stand in a path')
    const question = questionOf(input)
    if ('refused' in question) return denied(question.refused)
    const inForce = await within(timeout, by())
    if (!inForce) return denied(`no bundle is in force: ${kept.refused ?? 'it is being read'}`)
    if (!inForce.evaluator.entrypoints.includes(entrypoint))
      return denied('the bundle has no entrypoint for it', inForce)
    const said = spoken(await inForce.evaluator.evaluate({ entrypoint, input: question.text }))
    if ('why' in said) return denied(said.why, inForce)
    return { ...readResult(said.result), ...marks(inForce) }
  }

  async function unlessAborted(signal: AbortSignal, decision: () => Promise<Decision>): Promise<Decision> {
    if (!signal.aborted) {
      const decided = await decision()
      if (!signal.aborted) return decided
    }
    return denied('the call was cancelled before it was decided')
  }

  const inForce: PolicyEngine['decide'] = (input, signal) =>
    unlessAborted(signal, () => decide(input, () => kept.get()))

  async function tried(bytes: Uint8Array): Promise<InForce> {
    try {
      return await kept.try(await parseBundle(Buffer.from(bytes)))
    } catch (error) {
      if (!(error instanceof BundleProblem)) throw error
      throw fault('POLICY_INVALID', { why: `the bundle ${error.message}` }, { cause: error })
    }
  }

  return {
    name: NAME,
    failOpen: false,
    decide: inForce,

    async rehearse(bytes) {
      const candidate = await tried(bytes)
      const decideBy: Judge['decide'] = (input, signal) =>
        unlessAborted(signal, () => decide(input, async () => candidate))
      const digest = (await kept.get())?.digest ?? 'none'
      return {
        candidate: {
          engine: NAME,
          digest: candidate.digest,
          reads: 'all',
          decide: decideBy,
          close: () => candidate.evaluator.close(),
        },
        inForce: { engine: NAME, digest, reads: 'all', decide: inForce, close: async () => undefined },
      }
    },

    async trouble(tenant) {
      await kept.look()
      const { refused } = kept
      if (refused !== null) return `the bundle ${refused}${(await kept.get()) ? '; the one before it decides' : ''}`
      const entrypoint = decisionPath(path, tenant)
      const inForce = await kept.get()
      if (entrypoint === null || !inForce?.evaluator.entrypoints.includes(entrypoint))
        return 'the bundle has no entrypoint for this tenant'
      const said = spoken(await inForce.evaluator.evaluate({ entrypoint, input: probe(tenant) }))
      return 'why' in said ? said.why : null
    },

    close: () => kept.close(),
  }
}

const NAME = 'opa-wasm'

/** Throws {@link BundleProblem} unless every decision that could be asked for can be made. */
async function trial(evaluator: Evaluator, path: string): Promise<void> {
  const entrypoints = evaluator.entrypoints.filter(each => fitsDecisionPath(path, each))
  if (entrypoints.length === 0) throw new BundleProblem(`has no entrypoint ${path}; name it with: opa build -e ${path}`)
  for (const entrypoint of entrypoints) {
    const said = spoken(await evaluator.evaluate({ entrypoint, input: probe('default') }))
    if ('why' in said) throw new BundleProblem(`does not decide at ${entrypoint}: ${said.why}`)
  }
}

function probe(tenant: string): string {
  const question = questionOf(probeInput(tenant))
  return 'text' in question ? question.text : '{}'
}

function spoken(evaluation: Evaluation): { readonly result: unknown } | { readonly why: string } {
  switch (evaluation.is) {
    case 'result':
      return { result: evaluation.result }
    case 'undefined':
      return { why: 'it has no decision under this path' }
    case 'failed':
      return { why: evaluation.why }
    default:
      throw evaluation satisfies never
  }
}

function denied(why: string, inForce?: InForce): Decision {
  return { allow: false, reasons: [`OPA: ${why}`], ...(inForce ? marks(inForce) : { policyDigest: 'none' }) }
}

function marks({ digest, revision }: InForce): Pick<Decision, 'policyDigest' | 'revision'> {
  return { policyDigest: digest, ...(revision === null ? {} : { revision }) }
}

async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(() => resolve(null), milliseconds)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
